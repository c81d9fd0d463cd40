//! What an operator decides about the control plane.

use std::time::Duration;

use crate::bypass::BypassConfig;
use crate::calls::CallsConfig;
use crate::recordings::RecordingConfig;
use crate::service::{AppLimits, Clock};
use crate::vendor::VendorConfig;
use crate::webhook::WebhookConfig;
use crate::workers::WorkersConfig;

/// Settings of the service.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Host name (or address) that clients reach RTMP at.
    pub rtmp_host: String,
    /// Port of RTMP; left out of URLs when it is 1935.
    pub rtmp_port: u16,
    /// Port of RTMPS, where it is reachable; left out of URLs when it is 443.
    pub rtmps_port: Option<u16>,
    /// Where clients reach HTTP: `http://host[:port]` or `https://…`, without a trailing slash.
    pub http_base: String,
    /// How long a push URL is valid.
    pub push_url_ttl: Duration,
    /// How long a pull URL is valid.
    pub pull_url_ttl: Duration,
    /// How long a ticket is valid when the request does not say.
    pub ticket_ttl: Duration,
    /// Longest life a ticket may ask for.
    pub max_ticket_ttl: Duration,
    /// How long a session without a connection can be resumed.
    pub session_ttl: Duration,
    /// How long call records are kept.
    pub record_retention: Duration,
    /// Limits of apps whose policy does not set its own.
    pub default_limits: AppLimits,
    /// Apps at most.
    pub max_apps: usize,
    /// Events kept per room for those who resume.
    pub journal_events: usize,
    /// Bytes of events kept per room.
    pub journal_bytes: usize,
    /// Passwords hashed at the same time; each takes 9 MiB and some tens of milliseconds of CPU.
    pub password_concurrency: usize,
    /// Longest wait for an app's answer to the question whether somebody may publish or play (R-H3).
    pub access_hook_timeout: Duration,
    /// Delivery of webhooks.
    pub webhook: WebhookConfig,
    /// Allows hooks to loopback and private addresses. For development only.
    pub allow_private_targets: bool,
    /// Pushing streams to other servers.
    pub bypass: BypassConfig,
    /// Recordings.
    pub recording: RecordingConfig,
    /// Workers and what they make.
    pub workers: WorkersConfig,
    /// Apps of vendors whose clients are served.
    pub vendor: VendorConfig,
    /// Calls.
    pub calls: CallsConfig,
    /// Size and rates of the mix of a new room, until its layout says otherwise.
    pub mix_canvas: lianmai_rooms::layout::Canvas,
    /// The clock.
    pub clock: Clock,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            rtmp_host: "localhost".to_owned(),
            rtmp_port: 1935,
            rtmps_port: None,
            http_base: "http://localhost:8080".to_owned(),
            push_url_ttl: Duration::from_secs(24 * 3600),
            pull_url_ttl: Duration::from_secs(24 * 3600),
            ticket_ttl: Duration::from_secs(3600),
            max_ticket_ttl: Duration::from_secs(7 * 24 * 3600),
            session_ttl: Duration::from_secs(600),
            record_retention: Duration::from_secs(180 * 24 * 3600),
            default_limits: AppLimits::default(),
            max_apps: 1000,
            journal_events: 512,
            journal_bytes: 1 << 20,
            password_concurrency: 2,
            access_hook_timeout: Duration::from_secs(3),
            webhook: WebhookConfig::default(),
            allow_private_targets: false,
            bypass: BypassConfig::default(),
            recording: RecordingConfig::default(),
            workers: WorkersConfig::default(),
            vendor: VendorConfig::default(),
            calls: CallsConfig::default(),
            mix_canvas: lianmai_rooms::layout::Canvas::default(),
            clock: Clock::system(),
        }
    }
}
