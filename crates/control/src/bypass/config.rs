//! What an operator decides about pushing to other servers.

use std::sync::Arc;
use std::time::Duration;

/// Settings of the bypass.
#[derive(Clone)]
pub struct BypassConfig {
    /// Allows targets with loopback and private addresses. For development only.
    pub allow_private: bool,
    /// For name resolution, TCP, TLS and the RTMP login, each.
    pub connect_timeout: Duration,
    /// A target that takes nothing of what waits for it for so long counts as gone (R-P2).
    pub stall: Duration,
    /// When to try again.
    pub retry: RetryConfig,
    /// Certificates to trust for `rtmps://`; `None`: the roots the web trusts.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// When a target is tried again (R-P3).
#[derive(Clone, Copy, Debug)]
pub struct RetryConfig {
    /// Longest wait after the first failure in a row; doubles with each further one.
    pub first: Duration,
    /// Longest wait at all.
    pub max: Duration,
    /// Failures are no longer counted together once a target has taken media for so long.
    pub stable: Duration,
    /// Longest wait after the first refusal in a row; doubles likewise.
    pub refused_first: Duration,
    /// Longest wait after a refusal.
    pub refused_max: Duration,
    /// Refusals in a row after which a target is given up.
    pub refusals: u32,
}

impl Default for BypassConfig {
    fn default() -> Self {
        Self {
            allow_private: false,
            connect_timeout: Duration::from_secs(10),
            stall: Duration::from_secs(15),
            retry: RetryConfig::default(),
            tls: None,
        }
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(60),
            stable: Duration::from_secs(30),
            refused_first: Duration::from_secs(15),
            refused_max: Duration::from_secs(300),
            refusals: 12,
        }
    }
}

impl std::fmt::Debug for BypassConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BypassConfig")
            .field("allow_private", &self.allow_private)
            .field("stall", &self.stall)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
