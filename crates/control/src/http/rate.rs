//! How often an address and an app may ask.
//!
//! Keys of callers that paused are forgotten; the number of keys is bounded, and beyond the bound unknown callers are
//! refused rather than memory taken.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::config::Rate;

/// After how many checks callers that paused are forgotten.
const SWEEP_EVERY: u32 = 4096;
/// How many callers are told apart at most.
const MAX_KEYS: usize = 100_000;

/// Rates by key.
#[derive(Debug)]
pub(crate) struct Rates<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// One budget per key.
    pub(crate) fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// Takes one from the budget of `key`, or says after how long there will be one.
    pub(crate) fn check(&self, key: &K) -> Result<(), Duration> {
        if self
            .checks
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(SWEEP_EVERY)
        {
            self.limiter.retain_recent();
        }
        if self.limiter.len() > MAX_KEYS {
            return Err(Duration::from_secs(1));
        }
        self.limiter
            .check_key(key)
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }
}

/// What stands for a caller: an IPv4 address, or the /64 of an IPv6 address.
pub(crate) const fn caller_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from_be_bytes(address.octets()) & !(u64::MAX as u128);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

/// A wait in whole seconds, rounded up.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_budget() {
        let rates = Rates::new(Rate::new(1, 3));
        for _ in 0..3 {
            assert!(rates.check(&"a").is_ok());
        }
        let wait = rates.check(&"a").unwrap_err();
        assert_eq!(whole_seconds(wait), 1);
        assert!(rates.check(&"b").is_ok());
    }

    #[test]
    fn ipv6_callers_are_networks() {
        let key = |text: &str| caller_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:10.0.0.1"), key("10.0.0.1"));
    }
}
