//! How webhooks are delivered.

use std::time::Duration;

/// Settings of delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Wait before the first retry; doubled with each further one.
    pub first_retry: Duration,
    /// Longest wait between retries.
    pub max_retry: Duration,
    /// Age at which an event is given up.
    pub max_age: Duration,
    /// Rooms of one target that are served at the same time.
    pub concurrency: usize,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            first_retry: Duration::from_secs(1),
            max_retry: Duration::from_secs(600),
            max_age: Duration::from_secs(3 * 24 * 3600),
            concurrency: 4,
        }
    }
}
