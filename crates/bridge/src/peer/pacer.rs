//! Spreads the packets of large pictures and of a viewer's first moments over time (R-L2).
//!
//! A burst of a whole group of pictures overruns the queues on the way. Small pictures pass at once; beyond a burst's worth
//! packets leave at a multiple of the stream's own rate, and never later than half a second. Where the connection is
//! known to carry little, they leave as it carries them. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes that may leave at once.
const BURST: f64 = 24_000.0;
const MIN_BURST: f64 = 2_400.0;
/// Longest wait of a packet.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// How often a queue that is not empty is looked at.
const STEP: Duration = Duration::from_millis(5);
/// Slowest pace, bytes per second.
const MIN_PACE: f64 = 1_500_000.0;
/// What may leave at once is what the connection carries in this time, where that is less; packets there wait longer.
const BURST_TIME: f64 = 0.05;
const MAX_WAIT_NARROW: Duration = Duration::from_secs(1);
/// Packets held at most; the oldest leave early.
const MAX_PACKETS: usize = 4_096;

/// A queue of packets with a pace.
#[derive(Debug)]
pub(crate) struct Pacer<T> {
    /// Sound: small, and the first to be missed.
    urgent: VecDeque<T>,
    queue: VecDeque<Held<T>>,
    bytes: usize,
    budget: f64,
    at: Option<Instant>,
    /// Bytes per second that the connection carries, if that is known to be little.
    narrow: Option<f64>,
}

#[derive(Debug)]
struct Held<T> {
    packet: T,
    bytes: usize,
    since: Instant,
}

impl<T> Pacer<T> {
    pub(crate) fn new() -> Pacer<T> {
        Pacer {
            urgent: VecDeque::new(),
            queue: VecDeque::new(),
            bytes: 0,
            budget: BURST,
            at: None,
            narrow: None,
        }
    }

    /// The connection carries so many bits per second.
    pub(crate) fn set_carried(&mut self, bits_per_second: f64) {
        let bytes = bits_per_second / 8.0;
        self.narrow = Some(bytes).filter(|bytes| *bytes < MIN_PACE);
    }

    fn max_wait(&self) -> Duration {
        match self.narrow {
            Some(_) => MAX_WAIT_NARROW,
            None => MAX_WAIT,
        }
    }

    /// Queues a packet that leaves before all others, at once.
    pub(crate) fn push_urgent(&mut self, packet: T) {
        self.urgent.push_back(packet);
    }

    /// Queues a packet.
    pub(crate) fn push(&mut self, packet: T, bytes: usize, now: Instant) {
        self.bytes += bytes;
        self.queue.push_back(Held {
            packet,
            bytes,
            since: now,
        });
    }

    /// The next packet that may leave.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<T> {
        if let Some(packet) = self.urgent.pop_front() {
            return Some(packet);
        }
        let first = self.queue.front()?;
        let waited = now.saturating_duration_since(first.since);
        self.earn(now);
        let due = self.budget > 0.0 || waited >= self.max_wait() || self.queue.len() > MAX_PACKETS;
        if !due {
            return None;
        }
        let held = self.queue.pop_front()?;
        self.bytes -= held.bytes;
        self.budget = (self.budget - held.bytes as f64).max(-BURST);
        Some(held.packet)
    }

    /// When to poll again; `None` when there is nothing.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        (!self.queue.is_empty()).then(|| now + STEP)
    }

    /// The pace empties the queue in half of the longest wait.
    fn earn(&mut self, now: Instant) {
        let elapsed = self
            .at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(now);
        let (least, burst) = match self.narrow {
            Some(carried) => (carried, (carried * BURST_TIME).max(MIN_BURST)),
            None => (MIN_PACE, BURST),
        };
        let pace = (self.bytes as f64 / (self.max_wait().as_secs_f64() / 2.0)).max(least);
        self.budget = (self.budget + elapsed.as_secs_f64() * pace).min(burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(pacer: &mut Pacer<u32>, now: Instant) -> usize {
        std::iter::from_fn(|| pacer.poll(now)).count()
    }

    #[test]
    fn small_pictures_do_not_wait() {
        let now = Instant::now();
        let mut pacer = Pacer::new();
        for packet in 0..10 {
            pacer.push(packet, 1_200, now);
        }
        assert_eq!(drain(&mut pacer, now), 10);
        assert_eq!(pacer.deadline(now), None);
    }

    #[test]
    fn sound_does_not_wait_behind_pictures() {
        let now = Instant::now();
        let mut pacer = Pacer::new();
        for packet in 0..100 {
            pacer.push(packet, 1_200, now);
        }
        drain(&mut pacer, now);
        pacer.push_urgent(1_000);
        assert_eq!(pacer.poll(now), Some(1_000));
        assert_eq!(pacer.poll(now), None);
    }

    /// A key frame of 40 kB through 500 kb/s: no faster than that, and soon enough.
    #[test]
    fn a_narrow_connection_gets_what_it_carries() {
        let start = Instant::now();
        let mut pacer = Pacer::new();
        pacer.set_carried(640_000.0);
        for packet in 0..36 {
            pacer.push(packet, 1_100, start);
        }
        let (mut now, mut out) = (start, Vec::new());
        while let Some(at) = pacer.deadline(now) {
            now = at;
            out.push(drain(&mut pacer, now));
        }
        assert!(out.iter().all(|at_once| *at_once <= 4), "{out:?}");
        let took = now - start;
        assert!((400..600).contains(&took.as_millis()), "{took:?}");
        // Known to carry enough.
        pacer.set_carried(20e6);
        for packet in 0..20 {
            pacer.push(packet, 1_100, now);
        }
        now += STEP;
        assert!(drain(&mut pacer, now) >= 5);
    }

    /// R-L2: bounded to half a second, in order, nothing lost.
    #[test]
    fn a_burst_is_spread_and_bounded() {
        let start = Instant::now();
        let mut pacer = Pacer::new();
        for packet in 0..1_000 {
            pacer.push(packet, 1_200, start);
        }
        let at_once = drain(&mut pacer, start);
        assert!(at_once < 50, "{at_once} at once");
        let mut now = start;
        let mut out = at_once;
        let mut next = at_once as u32;
        while let Some(at) = pacer.deadline(now) {
            now = at;
            let mut step = 0;
            while let Some(packet) = pacer.poll(now) {
                assert_eq!(packet, next);
                (next, step) = (next + 1, step + 1);
            }
            assert!(step < 60 || now - start >= MAX_WAIT, "{step} in one step");
            out += step;
        }
        assert_eq!(out, 1_000);
        assert!(now - start <= MAX_WAIT + STEP, "{:?}", now - start);
    }
}
