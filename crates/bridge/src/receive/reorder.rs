//! Packets of one SSRC in the order of their sequence numbers (RFC 3550 §5.1).
//!
//! A packet that follows the one before goes straight through. Behind a gap, packets are held until the missing ones
//! arrive, until the gap has been known for the waiting time, or until there are too many of them. Sequence numbers
//! may wrap, and a sender may start again anywhere: then what seems late for half a second is the new order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ordered<T> {
    /// The next packet.
    Packet(T),
    /// So many packets before the next one are missing.
    Lost {
        /// How many.
        count: u32,
    },
}

/// How much is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReorderLimits {
    /// Sequence numbers from the first missing packet to the newest, and packets not polled yet.
    pub packets: usize,
    /// Bytes of the packets behind a gap.
    pub bytes: usize,
}

impl Default for ReorderLimits {
    fn default() -> ReorderLimits {
        ReorderLimits {
            packets: 2_048,
            bytes: 4 * 1024 * 1024,
        }
    }
}

/// Counters of a [`ReorderBuffer`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReorderStats {
    /// Packets put in order.
    pub delivered: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after they were given up, or long after they had come.
    pub late: u64,
    /// Packets given up.
    pub lost: u64,
    /// Packets thrown away because nobody polled.
    pub overflow: u64,
}

/// So many late packets in a row, over so long, are a sender that has started again.
const RESTART_PACKETS: u32 = 32;
const RESTART_AFTER: Duration = Duration::from_millis(500);

#[derive(Debug)]
struct Held<T> {
    packet: T,
    size: usize,
    arrived: Instant,
}

/// Late packets that follow each other.
#[derive(Clone, Copy, Debug)]
struct Stray {
    newest: u16,
    count: u32,
    since: Instant,
}

/// Puts packets in order and waits a while for missing ones.
#[derive(Debug)]
pub struct ReorderBuffer<T> {
    wait: Duration,
    limits: ReorderLimits,
    /// Sequence number that comes next, unwrapped.
    next: Option<i64>,
    /// What is there from `next` on: empty, or with a gap at its start and a packet at its end.
    held: VecDeque<Option<Held<T>>>,
    held_bytes: usize,
    /// When the gap was found.
    gap_since: Option<Instant>,
    ready: VecDeque<Ordered<T>>,
    /// Which of the last numbers before `next` were delivered, the newest in the lowest bit.
    delivered: u128,
    stray: Option<Stray>,
    stats: ReorderStats,
}

impl<T> ReorderBuffer<T> {
    /// A buffer that waits `wait` for a missing packet.
    pub fn new(wait: Duration, limits: ReorderLimits) -> ReorderBuffer<T> {
        ReorderBuffer {
            wait,
            limits,
            next: None,
            held: VecDeque::new(),
            held_bytes: 0,
            gap_since: None,
            ready: VecDeque::new(),
            delivered: 0,
            stray: None,
            stats: ReorderStats::default(),
        }
    }

    /// Waits so long for missing packets from now on.
    pub fn set_wait(&mut self, wait: Duration) {
        self.wait = wait;
    }

    /// Takes a packet of `size` bytes. [`poll`](Self::poll) until `None` afterwards.
    pub fn push(&mut self, now: Instant, sequence_number: u16, size: usize, packet: T) {
        if self.ready.len() >= self.limits.packets {
            self.stats.overflow += 1;
            return;
        }
        let next = *self.next.get_or_insert(i64::from(sequence_number));
        // The reading nearest to the newest packet.
        let newest = next + self.held.len() as i64;
        let number = newest + i64::from(sequence_number.wrapping_sub(newest as u16) as i16);
        let held = Held {
            packet,
            size,
            arrived: now,
        };
        if number < next {
            self.late(now, sequence_number, next - number, held);
        } else {
            self.stray = None;
            self.insert(next, number, held);
        }
    }

    fn insert(&mut self, next: i64, number: i64, held: Held<T>) {
        let place = usize::try_from(number - next).unwrap_or(usize::MAX);
        if place >= self.limits.packets {
            while !self.held.is_empty() {
                self.give_up();
            }
            let missing = self.next.map_or(0, |next| number - next);
            self.lose(missing);
            self.deliver(held);
            return;
        }
        if place >= self.held.len() {
            self.held.resize_with(place + 1, || None);
        }
        let size = held.size;
        match self.held.get_mut(place) {
            Some(slot @ None) => *slot = Some(held),
            _ => {
                self.stats.duplicates += 1;
                return;
            }
        }
        self.held_bytes += size;
        self.advance();
        while self.held_bytes > self.limits.bytes && !self.held.is_empty() {
            self.give_up();
        }
    }

    fn late(&mut self, now: Instant, sequence_number: u16, age: i64, held: Held<T>) {
        let was_delivered = u32::try_from(age - 1)
            .ok()
            .and_then(|bit| self.delivered.checked_shr(bit))
            .is_some_and(|bits| bits & 1 == 1);
        let stray = match self.stray {
            Some(stray) if stray.newest.wrapping_add(1) == sequence_number => Stray {
                newest: sequence_number,
                count: stray.count + 1,
                ..stray
            },
            _ => Stray {
                newest: sequence_number,
                count: 1,
                since: now,
            },
        };
        self.stray = Some(stray);
        if stray.count >= RESTART_PACKETS && now.saturating_duration_since(stray.since) >= RESTART_AFTER {
            while !self.held.is_empty() {
                self.give_up();
            }
            self.lose(1);
            self.next = Some(i64::from(sequence_number));
            self.delivered = 0;
            self.stray = None;
            self.deliver(held);
        } else if was_delivered {
            self.stats.duplicates += 1;
        } else {
            self.stats.late += 1;
        }
    }

    /// Hands out `held` as the next packet.
    fn deliver(&mut self, held: Held<T>) {
        self.ready.push_back(Ordered::Packet(held.packet));
        self.next = self.next.map(|next| next + 1);
        self.delivered = self.delivered << 1 | 1;
        self.stats.delivered += 1;
    }

    /// The next `missing` packets are given up.
    fn lose(&mut self, missing: i64) {
        let Ok(count) = u32::try_from(missing) else {
            return;
        };
        if count > 0 {
            self.ready.push_back(Ordered::Lost { count });
            self.next = self.next.map(|next| next + missing);
            self.delivered = self.delivered.checked_shl(count).unwrap_or(0);
            self.stats.lost += u64::from(count);
        }
    }

    /// Hands out what follows without a gap.
    fn advance(&mut self) {
        let mut advanced = false;
        while let Some(slot) = self.held.front_mut()
            && let Some(held) = slot.take()
        {
            self.held.pop_front();
            self.held_bytes -= held.size;
            self.deliver(held);
            advanced = true;
        }
        if advanced || self.gap_since.is_none() {
            let behind_gap = self.held.iter().flatten().next();
            self.gap_since = behind_gap.map(|held| held.arrived);
        }
    }

    /// Gives up the packets of the first gap.
    fn give_up(&mut self) {
        let missing = self.held.iter().take_while(|slot| slot.is_none()).count();
        self.held.drain(..missing);
        self.lose(missing as i64);
        self.advance();
    }

    /// What comes next, if it is known yet.
    pub fn poll(&mut self, now: Instant) -> Option<Ordered<T>> {
        if self.ready.is_empty() && self.deadline().is_some_and(|deadline| now >= deadline) {
            self.give_up();
        }
        self.ready.pop_front()
    }

    /// When to poll even if no packet arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.gap_since?.checked_add(self.wait)
    }

    /// Counters.
    pub fn stats(&self) -> ReorderStats {
        self.stats
    }
}
