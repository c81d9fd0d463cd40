//! Interarrival jitter (RFC 3550 §6.4.1).

use std::time::{Duration, Instant};

use lianmai_media::Timescale;

/// A step between two packets longer than this says nothing about the network.
const MOST_STEP: f64 = 1.0;

/// How unevenly packets arrive: a mean and a peak that falls off slowly.
#[derive(Clone, Debug)]
pub struct JitterMeter {
    hz: f64,
    last: Option<(u32, Instant)>,
    /// In seconds.
    mean: f64,
    peak: f64,
}

impl JitterMeter {
    /// A meter for timestamps on `scale`.
    pub fn new(scale: Timescale) -> JitterMeter {
        JitterMeter {
            hz: f64::from(scale.hz()),
            last: None,
            mean: 0.0,
            peak: 0.0,
        }
    }

    /// Takes a packet, in the order of arrival.
    pub fn push(&mut self, timestamp: u32, arrival: Instant) {
        let Some((last_timestamp, last_arrival)) = self.last.replace((timestamp, arrival)) else {
            return;
        };
        let sent = f64::from(timestamp.wrapping_sub(last_timestamp) as i32) / self.hz;
        let arrived = arrival.saturating_duration_since(last_arrival).as_secs_f64();
        let difference = (arrived - sent).abs();
        if sent.abs() > MOST_STEP || difference > MOST_STEP {
            return;
        }
        self.mean += (difference - self.mean) / 16.0;
        self.peak = difference.max(self.peak - self.peak / 256.0);
    }

    /// The mean as reports have it.
    pub fn mean(&self) -> Duration {
        Duration::from_secs_f64(self.mean)
    }

    /// About the largest of the last few hundred packets.
    pub fn peak(&self) -> Duration {
        Duration::from_secs_f64(self.peak)
    }
}
