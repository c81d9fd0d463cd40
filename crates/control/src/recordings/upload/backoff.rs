//! How long to wait before an upload is tried again.

use std::time::Duration;

use lianmai_rooms::Timestamp;

use super::UploadConfig;
use crate::service::random;

/// When attempt number `failures` + 1 is due. The wait doubles with each failure in a row up to the maximum, and is spread
/// by up to a quarter, so that many that failed together do not come back together.
pub(super) fn next(config: &UploadConfig, now: Timestamp, failures: u32) -> Timestamp {
    let [high, low] = random::bytes::<2>();
    let wait = spread(config, failures, u16::from_be_bytes([high, low]));
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_add(wait))
}

fn spread(config: &UploadConfig, failures: u32, random: u16) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let full = config.first_retry.saturating_mul(1 << doublings);
    let full = full.min(config.max_retry);
    full.mul_f64(0.75 + 0.25 * f64::from(random) / f64::from(u16::MAX))
}

/// Whether something that waits since then is given up.
pub(super) fn is_too_old(config: &UploadConfig, now: Timestamp, since: Timestamp) -> bool {
    u128::from(now.millis_since(since)) >= config.give_up.as_millis()
}

#[cfg(test)]
mod tests {
    use lianmai_recorder::upload::{RemoteConfig, SecretKey};

    use super::*;

    #[test]
    fn doubles_from_a_second_to_ten_minutes() {
        let config = UploadConfig::new(RemoteConfig::new("b", "k", SecretKey::new("s")));
        let longest: Vec<u64> = (1..=12).map(|n| spread(&config, n, u16::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(spread(&config, 3, 0), Duration::from_secs(3));
        let day = 24 * 3_600_000;
        let at = Timestamp::from_millis;
        assert!(!is_too_old(&config, at(7 * day), at(1)));
        assert!(is_too_old(&config, at(7 * day), at(0)));
    }
}
