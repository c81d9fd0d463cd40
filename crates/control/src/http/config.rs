//! What an operator can set about the HTTP face. Defaults suit production.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderValue;
use lianmai_rooms::AppId;

use super::jwt::JwtPolicy;
use crate::vendor::NetcallConfig;

/// Which origins a browser may call from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CorsPolicy {
    /// Only pages served by the gateway itself.
    #[default]
    SameOrigin,
    /// Any page; for development.
    Any,
    /// These origins, such as `https://app.example.com`.
    Origins(Vec<HeaderValue>),
}

/// Who may read `/metrics` on this address.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Nobody: metrics have their own address, or are off.
    #[default]
    Denied,
    /// Whoever shows this bearer token.
    Bearer(String),
    /// Everybody; for development.
    Open,
}

impl std::fmt::Debug for MetricsAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Denied => "Denied",
            Self::Bearer(_) => "Bearer(..)",
            Self::Open => "Open",
        })
    }
}

/// A rate: so many per second, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Sustained requests per second.
    pub per_second: NonZeroU32,
    /// Requests that may come at once after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// Zero counts as one.
    #[must_use]
    pub const fn new(per_second: u32, burst: u32) -> Self {
        const fn at_least_one(n: u32) -> NonZeroU32 {
            match NonZeroU32::new(n) {
                Some(n) => n,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            per_second: at_least_one(per_second),
            burst: at_least_one(burst),
        }
    }
}

/// Settings of the `/v1/ws` connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WsConfig {
    /// Connections in total.
    pub max_connections: usize,
    /// Connections of one app.
    pub max_per_app: usize,
    /// Largest message a client may send, in bytes.
    pub max_message: usize,
    /// A client that takes longer to read one message is closed with 4008.
    pub send_timeout: Duration,
    /// How often the gateway pings.
    pub heartbeat: Duration,
    /// A connection from which nothing came for so long is gone.
    pub gone_after: Duration,
    /// Commands one connection may send.
    pub commands: Rate,
}

impl Default for WsConfig {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            max_per_app: 10_000,
            max_message: 64 * 1024,
            send_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(10),
            gone_after: Duration::from_secs(30),
            commands: Rate::new(50, 100),
        }
    }
}

/// Settings of the HTTP face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Largest request body, in bytes.
    pub max_body: usize,
    /// Largest request head (line and headers), in bytes.
    pub max_head: usize,
    /// Longest time from a request to the head of its answer.
    pub request_timeout: Duration,
    /// Longest time a connection may take to send a request's head.
    pub head_timeout: Duration,
    /// A client that takes nothing of an answer for so long is cut off.
    pub write_stall: Duration,
    /// Open connections in total; more wait to be accepted.
    pub max_connections: usize,
    /// Open connections from one address.
    pub max_connections_per_ip: usize,
    /// Requests from one address.
    pub rate_per_ip: Rate,
    /// Requests of one app.
    pub rate_per_app: Rate,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Which origins a browser may call from.
    pub cors: CorsPolicy,
    /// Who may read `/metrics` here.
    pub metrics: MetricsAccess,
    /// The app of which the console's page gets a token without login; for development only.
    pub open_app: Option<AppId>,
    /// How strictly token times are taken.
    pub jwt: JwtPolicy,
    /// Settings of `/v1/ws`.
    pub ws: WsConfig,
    /// Settings of the netcall gateway.
    pub netcall: NetcallConfig,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_body: 64 * 1024,
            max_head: 16 * 1024,
            request_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            max_connections: 20_000,
            max_connections_per_ip: 2_000,
            rate_per_ip: Rate::new(100, 200),
            rate_per_app: Rate::new(1_000, 2_000),
            trusted_proxies: Vec::new(),
            cors: CorsPolicy::SameOrigin,
            metrics: MetricsAccess::Denied,
            open_app: None,
            jwt: JwtPolicy::default(),
            ws: WsConfig::default(),
            netcall: NetcallConfig::default(),
        }
    }
}
