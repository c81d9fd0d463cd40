//! How a client session behaves.

use std::time::Duration;

use crate::protocol::chunk::ChunkLimits;
use crate::protocol::enhanced::EnhancedCaps;
use crate::protocol::link::Keepalive;

/// What a client connects for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Send media.
    Publish,
    /// Receive media.
    Play,
}

/// Settings of a client session.
#[derive(Clone, PartialEq, Debug)]
pub struct ClientConfig {
    /// From connecting until media may flow.
    pub login_timeout: Duration,
    /// Our pings, and the silence after which the server counts as gone.
    pub keepalive: Keepalive,
    /// Bytes we ask the server to acknowledge, and after which we acknowledge unless it asks otherwise.
    pub window_ack_size: u32,
    /// Size of the chunks we send, 1 to 0xFFFFFF.
    pub chunk_size: u32,
    /// Limits of what the server may send.
    pub limits: ChunkLimits,
    /// `flashVer`.
    pub flash_version: String,
    /// What we offer of Enhanced RTMP; `None` for servers that dislike the properties.
    pub enhanced: Option<EnhancedCaps>,
    /// Whether C1 carries a digest, as most clients' does.
    pub digest_handshake: bool,
    /// Milliseconds a player tells the server it buffers.
    pub buffer_millis: u32,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            login_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
            window_ack_size: 2_500_000,
            chunk_size: 60_000,
            limits: ChunkLimits::after_login(),
            flash_version: "FMLE/3.0 (compatible; lianmai)".to_owned(),
            enhanced: Some(EnhancedCaps::gateway()),
            digest_handshake: true,
            buffer_millis: 1_000,
        }
    }
}
