//! RTMP for incoming connections: publishers feed the hub, players read from it.

mod config;
mod connection;
mod io;
mod limits;
mod listener;
mod playout;
mod publish;
mod tls;

pub use config::RtmpServerConfig;
pub use listener::RtmpServer;
pub(crate) use tls::certificates;
pub use tls::{TlsError, tls_acceptor};
