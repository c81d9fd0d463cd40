//! The server side of a connection: connect, publish, play.
//!
//! The session asks its driver for a verdict before it tells a client that it may publish or play (R-H2).
//! While a verdict is pending it reads nothing, so media an encoder sends early waits in the read buffer,
//! and then in the kernel's, but is never lost.

mod calls;
mod config;
mod connect;
mod dispatch;
mod event;
mod net_stream;
mod play;
mod publish;
mod reply;
mod session;

pub use config::{ConnectPolicy, ServerConfig};
pub use connect::Connect;
pub use event::{
    PlayEnd, PlayRequest, PublishKind, PublishRequest, Rejection, RequestId, ServerCounters, ServerEvent,
    StreamName, UnknownRequest,
};
pub use session::ServerSession;
