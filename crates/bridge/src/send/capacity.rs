//! How many bits per second a connection carries, from when packets left and when they arrived.
//!
//! What counts is a queue that stands: over a fifth of a second even the quickest packet is late. Jitter and single
//! large pictures do not look like that. While one stands, what arrives is what the connection carries. Loss alone counts
//! only when it is too much for repairs, because a bad radio link is not a narrow one. As long as nothing speaks
//! against it, the estimate grows: whoever takes it up tries what it says, and learns within a second. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bounds, in bits per second. Nothing speaks against anything at first.
const LEAST: f64 = 30_000.0;
const MOST: f64 = 50_000_000.0;
/// What is sent within this is looked at together, in microseconds.
const SLOT: i64 = 50_000;
const MAX_SLOTS: usize = 48;
/// Slots in which the quickest packet is looked for and what is carried then, those that say whether too much is sent
/// still, and those in which loss is measured.
const QUICKEST: i64 = 4;
const LATELY: i64 = 4;
const LOSS: i64 = 20;
/// A queue of this length stands, in microseconds, when it has been there for so long.
const STANDING: i64 = 70_000;
const LASTING: Duration = Duration::from_millis(60);
/// What is changed takes as long to show.
const AGAIN: Duration = Duration::from_millis(300);
/// The shortest way is the quickest packet of as many seconds.
const SHORTEST: usize = 10;
/// Times that are further apart are of another clock.
const OTHER_CLOCK: i64 = 10_000_000;
/// Less of what is sent than this arrives: the connection does not carry it.
const CARRIED: f64 = 0.92;
/// What the estimate leaves of what arrives, so that the queue goes.
const KEEP: f64 = 0.9;
/// Share lost from which the estimate stops growing, and from which it is too much, of so many packets.
const SOME_LOSS: f64 = 0.1;
const MUCH_LOSS: f64 = 0.25;
const ENOUGH: u32 = 40;
/// Growth in a second.
const GROWTH: f64 = 1.2;

#[derive(Clone, Copy, Default)]
struct Slot {
    /// Its place in time, in slots.
    at: i64,
    sent: u64,
    arrived: u64,
    /// Packets known to have arrived, and known to be lost.
    got: u32,
    lost: u32,
    /// Times of arrival, and the least delay.
    first: i64,
    last: i64,
    quickest: i64,
}

/// One connection's.
pub(super) struct Capacity {
    origin: Option<Instant>,
    slots: VecDeque<Slot>,
    /// Quickest packets of the last seconds, by second.
    shortest: VecDeque<(i64, i64)>,
    /// The newest slot of which something has arrived.
    heard: i64,
    standing_since: Option<Instant>,
    /// When it was found too high last, and when it was looked at.
    lowered: Option<Instant>,
    updated: Option<Instant>,
    estimate: f64,
}

impl Capacity {
    pub(super) fn new() -> Capacity {
        Capacity {
            origin: None,
            slots: VecDeque::new(),
            shortest: VecDeque::new(),
            heard: 0,
            standing_since: None,
            lowered: None,
            updated: None,
            estimate: MOST,
        }
    }

    /// A packet leaves.
    pub(super) fn sent(&mut self, at: Instant, bytes: usize) {
        let slot = self.micros(at) / SLOT;
        if self.slots.back().is_none_or(|last| last.at < slot) {
            if self.slots.len() >= MAX_SLOTS {
                self.slots.pop_front();
            }
            self.slots.push_back(Slot {
                at: slot,
                ..Slot::default()
            });
        }
        if let Some(last) = self.slots.back_mut() {
            last.sent += bytes as u64;
        }
    }

    /// A packet that left at `at` has arrived, at `arrival` of the far end's clock.
    pub(super) fn arrived(&mut self, at: Instant, bytes: usize, arrival: Option<Duration>) {
        let departure = self.micros(at);
        let arrival = arrival.map(|arrival| i64::try_from(arrival.as_micros()).unwrap_or(i64::MAX / 2));
        let number = departure / SLOT;
        self.heard = self.heard.max(number);
        if let Some(arrival) = arrival {
            self.note_shortest(departure, arrival - departure);
        }
        let Some(slot) = self.slot(number) else { return };
        let is_first = slot.arrived == 0;
        slot.arrived += bytes as u64;
        slot.got += 1;
        let Some(arrival) = arrival else { return };
        let delay = arrival - departure;
        if is_first {
            (slot.first, slot.last, slot.quickest) = (arrival, arrival, delay);
        } else {
            slot.first = slot.first.min(arrival);
            slot.last = slot.last.max(arrival);
            slot.quickest = slot.quickest.min(delay);
        }
    }

    /// A packet that left at `at` has not arrived.
    pub(super) fn lost(&mut self, at: Instant) {
        let number = self.micros(at) / SLOT;
        if let Some(slot) = self.slot(number) {
            slot.lost += 1;
        }
    }

    /// What is carried, after what has been heard.
    pub(super) fn update(&mut self, now: Instant) -> f64 {
        let since = self.updated.replace(now);
        let elapsed = since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let loss = self.loss();
        if self.is_standing() {
            let since = *self.standing_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= LASTING
                && self
                    .lowered
                    .is_none_or(|at| now.saturating_duration_since(at) >= AGAIN)
                && let Some((sent, carried)) = self.rates(QUICKEST)
                && carried < sent * CARRIED
                && self.sent_lately() > carried
            {
                self.lowered = Some(now);
                self.lower(carried * KEEP);
            }
        } else {
            self.standing_since = None;
            if loss >= MUCH_LOSS
                && let Some((_, carried)) = self.rates(LOSS)
            {
                if self.sent_lately() > carried {
                    self.lower(carried);
                }
            } else if loss < SOME_LOSS {
                let growth = GROWTH.powf(elapsed.as_secs_f64().min(1.0));
                self.estimate = (self.estimate * growth).min(MOST);
            }
        }
        self.estimate
    }

    fn lower(&mut self, to: f64) {
        self.estimate = self.estimate.min(to).max(LEAST);
    }

    /// Whether more is sent than is carried, and nobody has been told yet.
    pub(super) fn is_full(&self) -> bool {
        self.standing_since
            .is_some_and(|since| self.lowered.is_none_or(|lowered| lowered < since))
    }

    /// Whether even the quickest packets of late had to wait.
    fn is_standing(&self) -> bool {
        let quickest = self.recent(QUICKEST).filter(|slot| slot.got > 0);
        let quickest = quickest.map(|slot| slot.quickest).min();
        let shortest = self.shortest.iter().map(|(_, delay)| *delay).min();
        quickest
            .zip(shortest)
            .is_some_and(|(quickest, shortest)| quickest - shortest > STANDING)
    }

    /// Bits per second that left in the last slots heard of, and that arrive; `None` when too little has.
    fn rates(&self, slots: i64) -> Option<(f64, f64)> {
        let (mut sent, mut arrived, mut got) = (0, 0.0, 0.0);
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for slot in self.recent(slots) {
            sent += slot.sent;
            if slot.got > 0 {
                arrived += slot.arrived as f64;
                got += f64::from(slot.got);
                (first, last) = (first.min(slot.first), last.max(slot.last));
            }
        }
        // Shorter than the time in which it was sent while a queue goes.
        let span = last.checked_sub(first).filter(|span| *span >= 2 * SLOT)?;
        // What arrived first began to do so before.
        let carried = arrived * (got - 1.0) / got * 8e6 / span as f64;
        Some((sent as f64 * 8e6 / (slots * SLOT) as f64, carried))
    }

    /// Bits per second that left in the newest slots heard of. Less than what is carried: the queue goes already.
    fn sent_lately(&self) -> f64 {
        let sent: u64 = self.recent(LATELY).map(|slot| slot.sent).sum();
        sent as f64 * 8e6 / (LATELY * SLOT) as f64
    }

    /// Share of packets that did not arrive.
    fn loss(&self) -> f64 {
        let (got, lost) = self
            .recent(LOSS)
            .fold((0, 0), |(got, lost), slot| (got + slot.got, lost + slot.lost));
        match got + lost {
            all if all < ENOUGH => 0.0,
            all => f64::from(lost) / f64::from(all),
        }
    }

    /// The newest slots of which something has been heard.
    fn recent(&self, slots: i64) -> impl Iterator<Item = &Slot> {
        let (from, to) = (self.heard - slots, self.heard);
        let newest = self.slots.iter().rev().skip_while(move |slot| slot.at > to);
        newest.take_while(move |slot| slot.at > from)
    }

    fn note_shortest(&mut self, departure: i64, delay: i64) {
        if self
            .shortest
            .iter()
            .any(|(_, known)| (known - delay).abs() > OTHER_CLOCK)
        {
            self.shortest.clear();
        }
        let second = departure / 1_000_000;
        match self.shortest.back_mut() {
            Some((last, least)) if *last >= second => *least = delay.min(*least),
            _ => self.shortest.push_back((second, delay)),
        }
        if self.shortest.len() > SHORTEST {
            self.shortest.pop_front();
        }
    }

    fn slot(&mut self, at: i64) -> Option<&mut Slot> {
        let place = self.slots.binary_search_by_key(&at, |slot| slot.at).ok()?;
        self.slots.get_mut(place)
    }

    fn micros(&mut self, at: Instant) -> i64 {
        let origin = *self.origin.get_or_insert(at);
        let elapsed = at.saturating_duration_since(origin).as_micros();
        i64::try_from(elapsed).unwrap_or(i64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection with a queue, and what is told of it every 100 ms.
    struct Path {
        capacity: Capacity,
        rate: f64,
        queue: f64,
        loss: f64,
        jitter: f64,
        free_at: f64,
        random: u64,
        /// Told later: when the far end knows, when it left, its arrival.
        pending: Vec<(f64, Instant, usize, Option<f64>)>,
        start: Instant,
        millis: u64,
    }

    impl Path {
        fn new() -> Path {
            Path {
                capacity: Capacity::new(),
                rate: 10e6,
                queue: 0.3,
                loss: 0.0,
                jitter: 0.0,
                free_at: 0.0,
                random: 0x9E37_79B9_7F4A_7C15,
                pending: Vec::new(),
                start: Instant::now(),
                millis: 0,
            }
        }

        fn draw(&mut self) -> f64 {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            (self.random >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn send(&mut self, bytes: usize) {
            let now = self.millis as f64 / 1e3;
            let at = self.start + Duration::from_millis(self.millis);
            self.capacity.sent(at, bytes);
            let done = self.free_at.max(now) + bytes as f64 * 8.0 / self.rate;
            let dropped = done > now + self.queue || self.draw() < self.loss;
            let arrival = (!dropped).then(|| {
                self.free_at = done;
                done + self.jitter * self.draw() + 0.02
            });
            let known = arrival.unwrap_or(now + self.queue + 0.2);
            self.pending.push((known, at, bytes, arrival));
        }

        /// Pictures of 25 a second and sound, for so long; the estimate after each report.
        fn run(&mut self, millis: u64, bits_per_second: f64) -> Vec<f64> {
            let mut told = Vec::new();
            for _ in 0..millis {
                if self.millis.is_multiple_of(40) {
                    let mut left = (bits_per_second / 8.0 / 25.0) as usize;
                    while left > 0 {
                        let bytes = left.min(1_100);
                        self.send(bytes);
                        left -= bytes;
                    }
                }
                if self.millis.is_multiple_of(20) {
                    self.send(160);
                }
                self.millis += 1;
                if self.millis.is_multiple_of(100) {
                    told.push(self.tell());
                }
            }
            told
        }

        fn tell(&mut self) -> f64 {
            let now = self.millis as f64 / 1e3;
            let (known, pending): (Vec<_>, _) = self.pending.drain(..).partition(|entry| entry.0 <= now);
            self.pending = pending;
            for (_, at, bytes, arrival) in known {
                match arrival {
                    // Its clock began somewhere else.
                    Some(arrival) => {
                        let arrival = Duration::from_secs_f64(7_000.0 + arrival);
                        self.capacity.arrived(at, bytes, Some(arrival));
                    }
                    None => self.capacity.lost(at),
                }
            }
            self.capacity
                .update(self.start + Duration::from_millis(self.millis))
        }
    }

    fn least(told: &[f64]) -> f64 {
        told.iter().copied().fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn a_narrow_connection_is_noticed_soon() {
        for queue in [0.1, 0.3, 2.0] {
            let mut path = Path::new();
            assert!(least(&path.run(3_000, 1e6)) >= MOST);
            (path.rate, path.queue) = (300e3, queue);
            let told = path.run(2_000, 1e6);
            let at = told.iter().position(|estimate| *estimate < 350e3);
            assert!(at.is_some_and(|at| at <= 11), "queue of {queue} s: {told:.0?}");
            assert!(told.iter().all(|told| *told > 200e3), "{told:.0?}");
        }
    }

    /// Nobody's picture is taken away for it.
    #[test]
    fn jitter_and_loss_are_not_narrow() {
        let mut path = Path::new();
        path.jitter = 0.1;
        assert!(least(&path.run(10_000, 1e6)) >= MOST, "jitter");
        let mut path = Path::new();
        path.loss = 0.1;
        assert!(least(&path.run(10_000, 1e6)) >= MOST, "loss");
        // Half of it lost is too much, whatever the reason.
        path.loss = 0.5;
        let told = path.run(3_000, 1e6);
        assert!(least(&told) < 700e3, "{told:.0?}");
    }

    /// The way gets longer, or stops for a moment: nothing is lost and everything is carried.
    #[test]
    fn another_way_is_not_narrow() {
        let mut path = Path::new();
        path.run(2_000, 1e6);
        path.free_at = path.millis as f64 / 1e3 + 0.25;
        assert!(least(&path.run(3_000, 1e6)) >= MOST, "a pause");
    }

    /// Once less is sent, the queue goes and the estimate grows again; it does not fall with what is sent.
    #[test]
    fn less_is_sent_and_the_estimate_recovers() {
        let mut path = Path::new();
        path.run(2_000, 1e6);
        path.rate = 300e3;
        path.run(1_500, 1e6);
        let sound = path.run(3_000, 0.0);
        assert!(least(&sound) > 200e3, "{sound:.0?}");
        path.rate = 10e6;
        let told = path.run(12_000, 0.0);
        assert!(told.last().is_some_and(|last| *last > 1e6), "{told:.0?}");
    }
}
