//! What an operator can set about the netcall gateway.

use std::time::Duration;

use crate::http::Rate;

/// Settings of the netcall gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetcallConfig {
    /// Where clients dial, as `host` or `host:port`; `None`: the host of the public HTTP address.
    pub host: Option<String>,
    /// A client that says nothing for so long is gone; it beats every 3 s.
    pub silent_after: Duration,
    /// Longest time from connecting to a login that is let in.
    pub login_timeout: Duration,
    /// Connections without login at a time.
    pub max_waiting: usize,
    /// Connections without login at a time from one address.
    pub max_waiting_per_ip: usize,
    /// Largest message of a client, in bytes.
    pub max_message: usize,
    /// Commands one connection may send.
    pub commands: Rate,
}

impl Default for NetcallConfig {
    fn default() -> Self {
        Self {
            host: None,
            silent_after: Duration::from_secs(12),
            login_timeout: Duration::from_secs(10),
            max_waiting: 1_000,
            max_waiting_per_ip: 100,
            max_message: 32 * 1024,
            commands: Rate::new(10, 40),
        }
    }
}
