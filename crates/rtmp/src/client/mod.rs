//! RTMP towards other servers: publish to them or play from them.

mod connection;
mod dial;

pub use connection::RtmpClient;
pub use dial::{ClientError, DialOptions, client_tls};
