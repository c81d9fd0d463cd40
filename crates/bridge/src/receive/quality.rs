//! How good a connection is, in one number.

use std::time::Duration;

/// What is known of one direction of a connection.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Link {
    /// Packets lost after repair, 0.0…1.0; `None` when nothing was sent.
    pub loss: Option<f64>,
    /// Round-trip time.
    pub round_trip: Option<Duration>,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Option<Duration>,
}

/// Up to which loss, in thousandths, the numbers 1…4 go; likewise milliseconds below.
const LOSS: [u64; 4] = [10, 30, 80, 150];
const ROUND_TRIP: [u64; 4] = [100, 200, 350, 600];
const JITTER: [u64; 4] = [20, 40, 80, 150];

/// 1 (best) to 5 (worst): the worst of what is known. 0 when nothing is.
pub fn quality(link: Link) -> u8 {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let grades = [
        link.loss.map(|loss| grade((loss * 1_000.0).round() as u64, LOSS)),
        link.round_trip.map(|time| grade(millis(time), ROUND_TRIP)),
        link.jitter.map(|time| grade(millis(time), JITTER)),
    ];
    grades.into_iter().flatten().max().unwrap_or(0)
}

fn grade(number: u64, limits: [u64; 4]) -> u8 {
    1 + limits.iter().filter(|&&limit| number > limit).count() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts() {
        let link = |loss, round_trip, jitter| Link {
            loss: Some(loss),
            round_trip: Some(Duration::from_millis(round_trip)),
            jitter: Some(Duration::from_millis(jitter)),
        };
        assert_eq!(quality(Link::default()), 0);
        assert_eq!(quality(link(0.0, 20, 3)), 1);
        assert_eq!(quality(link(0.02, 20, 3)), 2);
        assert_eq!(quality(link(0.0, 300, 3)), 3);
        assert_eq!(quality(link(0.0, 20, 100)), 4);
        assert_eq!(quality(link(0.3, 20, 3)), 5);
        assert_eq!(quality(link(f64::NAN, 20, 3)), 1);
        assert_eq!(
            quality(Link {
                loss: Some(f64::INFINITY),
                ..Link::default()
            }),
            5
        );
    }
}
