//! What an operator decides about calls, apart from the limits of apps.

use std::time::Duration;

/// Settings of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallsConfig {
    /// How long whoever is inside may be without connection.
    pub grace: Duration,
    /// How long it rings when the caller does not say.
    pub ring: Duration,
}

impl Default for CallsConfig {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(20),
            ring: Duration::from_secs(60),
        }
    }
}
