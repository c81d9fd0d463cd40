//! What was sent lately, for who lost it (RFC 4585 §6.2.1).
//!
//! Payloads are shared, so a packet kept costs its header. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Outbound;

/// Kept at most: longer than a viewer waits for a repair, and more than that time takes at 4 Mb/s.
const KEEP: Duration = Duration::from_secs(1);
const MAX_PACKETS: usize = 512;
/// A packet is not sent again sooner than this: requests for it may have crossed it.
const AGAIN: Duration = Duration::from_millis(10);

/// A packet as it left.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) packet: Outbound,
    /// Its transport-wide number.
    pub(super) transport: Option<u16>,
    /// Whether it told its line.
    pub(super) told_mid: bool,
    at: Instant,
}

/// One stream's packets, in the order of their indices.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Kept>);

impl History {
    pub(super) fn push(&mut self, packet: Outbound, transport: Option<u16>, told_mid: bool, now: Instant) {
        let old = |kept: &Kept| now.saturating_duration_since(kept.at) > KEEP;
        while self.0.front().is_some_and(old) || self.0.len() >= MAX_PACKETS {
            self.0.pop_front();
        }
        self.0.push_back(Kept {
            packet,
            transport,
            told_mid,
            at: now,
        });
    }

    /// The packet with this sequence number, if it is to be sent again now.
    pub(super) fn again(&mut self, sequence: u16, now: Instant) -> Option<&Kept> {
        let newest = self.0.back()?.packet.index;
        let behind = (newest as u16).wrapping_sub(sequence);
        let index = newest.checked_sub(u64::from(behind))?;
        let place = self.0.binary_search_by_key(&index, |kept| kept.packet.index);
        let kept = self.0.get_mut(place.ok()?)?;
        if now.saturating_duration_since(kept.at) < AGAIN {
            return None;
        }
        kept.at = now;
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(index: u64) -> Outbound {
        Outbound {
            ssrc: 1,
            index,
            timestamp: 0,
            payload_type: 96,
            marker: false,
            orientation: None,
            payload: Bytes::new(),
            padding: 0,
        }
    }

    /// R-V3, R-R1: over a roll-over too.
    #[test]
    fn lost_packets_are_found_by_their_numbers() {
        let start = Instant::now();
        let mut history = History::default();
        for index in 0xFFF0_u64..0x1_0010 {
            // One index was padding, which is not kept.
            if index != 0xFFFE {
                history.push(packet(index), Some(index as u16), false, start);
            }
        }
        let later = start + AGAIN;
        assert_eq!(history.again(0xFFF3, later).unwrap().packet.index, 0xFFF3);
        assert_eq!(history.again(5, later).unwrap().packet.index, 0x1_0005);
        assert!(history.again(5, later).is_none(), "it has just been sent");
        assert!(history.again(5, later + AGAIN).is_some());
        for unknown in [0xFFFE, 0xFFEF, 0x10, 0x8000] {
            assert!(history.again(unknown, later).is_none(), "{unknown:#x}");
        }
    }

    #[test]
    fn it_is_bounded_by_number_and_age() {
        let start = Instant::now();
        let mut history = History::default();
        for index in 0..2_000 {
            history.push(packet(index), None, false, start);
        }
        assert_eq!(history.0.len(), MAX_PACKETS);
        history.push(packet(2_000), None, false, start + 2 * KEEP);
        assert_eq!(history.0.len(), 1);
    }
}
