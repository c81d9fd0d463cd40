//! Settings of the RTMP listeners.

use std::time::Duration;

use crate::protocol::ServerConfig;

/// How the server treats connections.
#[derive(Clone, Debug)]
pub struct RtmpServerConfig {
    /// Settings of each session.
    pub session: ServerConfig,
    /// Connections at a time, over all listeners.
    pub max_connections: usize,
    /// Connections at a time from one address.
    pub max_connections_per_ip: usize,
    /// A player that takes nothing for this long is cut off.
    pub write_stall: Duration,
    /// Bytes that may wait unsent in the kernel for one player; the rest waits in the ring, where a slow
    /// player can skip it.
    pub unsent_low_water: u32,
}

impl Default for RtmpServerConfig {
    fn default() -> RtmpServerConfig {
        RtmpServerConfig {
            session: ServerConfig::default(),
            max_connections: 20_000,
            max_connections_per_ip: 10_000,
            write_stall: Duration::from_secs(30),
            unsent_low_water: 256 * 1024,
        }
    }
}
