//! RTMP: the protocol without I/O, and the server and client on top of it.
//!
//! [`protocol`] is pure: bytes and time in, bytes, events and deadlines out. [`server`] drives it for incoming
//! connections and joins them to the hub; [`client`] drives it towards other servers.

pub mod client;
mod ingest;
pub mod protocol;
pub mod server;
mod transport;

pub use ingest::{Ingest, IngestCounters, IngestError};
