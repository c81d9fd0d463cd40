//! How a server session behaves and what it lets a peer cost.

use std::time::Duration;

use crate::protocol::chunk::ChunkLimits;
use crate::protocol::enhanced::EnhancedCaps;
use crate::protocol::link::Keepalive;

/// Who decides about `connect`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectPolicy {
    /// Every app is let in; the decision falls at publish or play.
    Accept,
    /// The driver answers `ServerEvent::ConnectRequested`.
    Ask,
}

/// Settings of a server session.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerConfig {
    /// Who decides about `connect`.
    pub connect: ConnectPolicy,
    /// From accept until publish or play is asked for: a peer slower than this is cut off.
    pub login_timeout: Duration,
    /// Our pings, and the silence after which a peer counts as gone.
    pub keepalive: Keepalive,
    /// Bytes we ask the peer to acknowledge, and after which we acknowledge unless it asks otherwise.
    pub window_ack_size: u32,
    /// Size of the chunks we send, 1 to 0xFFFFFF.
    pub chunk_size: u32,
    /// Limits until publish or play is accepted.
    pub limits_before: ChunkLimits,
    /// Limits afterwards.
    pub limits_after: ChunkLimits,
    /// Message streams (`createStream`) at a time.
    pub max_streams: usize,
    /// Bytes of an app or stream name with its query, and of each URL.
    pub max_name: usize,
    /// Bytes that may wait unread while a verdict is pending; beyond it `wants_read` says no.
    pub max_waiting: usize,
    /// `fmsVer` of the `connect` answer.
    pub server_version: String,
    /// What we tell a client that negotiates Enhanced RTMP.
    pub enhanced: EnhancedCaps,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            connect: ConnectPolicy::Accept,
            login_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
            window_ack_size: 2_500_000,
            chunk_size: 60_000,
            limits_before: ChunkLimits::before_login(),
            limits_after: ChunkLimits::after_login(),
            max_streams: 8,
            max_name: 2_048,
            max_waiting: 64 * 1024,
            server_version: "FMS/3,0,1,123".to_owned(),
            enhanced: EnhancedCaps::gateway(),
        }
    }
}
