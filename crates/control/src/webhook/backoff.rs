//! How long to wait before a delivery is tried again.

use std::time::Duration;

use super::WebhookConfig;
use crate::service::random;

/// Doubles with each attempt up to the maximum; spread by up to a quarter, so that many that failed together do not
/// come back together. `attempts` counts those made, from 1.
pub(super) fn wait(config: &WebhookConfig, attempts: u32) -> Duration {
    let [high, low] = random::bytes::<2>();
    spread(config, attempts, u16::from_be_bytes([high, low]))
}

fn spread(config: &WebhookConfig, attempts: u32, random: u16) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let full = config
        .first_retry
        .saturating_mul(1 << doublings)
        .min(config.max_retry);
    // From three quarters to the whole.
    full.mul_f64(0.75 + 0.25 * f64::from(random) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_a_second_to_ten_minutes() {
        let config = WebhookConfig::default();
        let longest: Vec<u64> = (1..=12).map(|n| spread(&config, n, u16::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(spread(&config, u32::MAX, u16::MAX), config.max_retry);
        assert_eq!(spread(&config, 3, 0), Duration::from_secs(3));
    }
}
