//! NTP times (32.32 fixed point, RFC 3550 §4), and ticks as nanoseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lianmai_media::Timescale;

/// Nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;
/// From 1900, where NTP starts, to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// The NTP time of a wall-clock time.
pub fn ntp_time(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = since_1970.as_secs().wrapping_add(NTP_TO_UNIX);
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / SECOND as u64;
    seconds << 32 | fraction
}

/// Nanoseconds from `a` to `b`, at most 68 years; eras may roll over (RFC 5905 §6).
pub(super) fn ntp_between(a: u64, b: u64) -> i64 {
    let difference = i128::from(b.wrapping_sub(a) as i64);
    // Below 2^31 seconds.
    ((difference * i128::from(SECOND)) >> 32) as i64
}

/// Ticks as nanoseconds.
pub(super) fn nanos(ticks: i64, scale: Timescale) -> i64 {
    convert(ticks, i128::from(SECOND), i128::from(scale.hz()))
}

/// Nanoseconds as ticks.
pub(super) fn ticks(nanos: i64, scale: Timescale) -> i64 {
    convert(nanos, i128::from(scale.hz()), i128::from(SECOND))
}

fn convert(number: i64, by: i128, per: i128) -> i64 {
    let result = (i128::from(number) * by).div_euclid(per);
    i64::try_from(result).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_and_back() {
        let time = UNIX_EPOCH + Duration::from_millis(1_500);
        let ntp = ntp_time(time);
        assert_eq!(ntp, (2_208_988_801 << 32) + (1 << 31));
        assert_eq!(ntp_between(ntp_time(UNIX_EPOCH), ntp), 1_500_000_000);
        assert_eq!(ntp_between(ntp, ntp_time(UNIX_EPOCH)), -1_500_000_000);
    }

    /// R-T3: the era that ends in 2036 is no jump.
    #[test]
    fn eras_roll_over() {
        assert_eq!(ntp_between(u64::MAX - (1 << 32) + 1, 1 << 32), 2 * SECOND);
    }

    #[test]
    fn the_ends_of_64_bits_are_no_panic() {
        assert_eq!(nanos(i64::MAX, Timescale::OPUS), i64::MAX);
        assert_eq!(nanos(i64::MIN, Timescale::OPUS), i64::MIN);
        assert!(ticks(i64::MAX, Timescale::RTP_VIDEO) > 0);
        assert_eq!(ticks(-1, Timescale::RTP_VIDEO), -1);
    }
}
