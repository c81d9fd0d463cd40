//! Timestamps of Opus packets without the small corrections of the source's clock.
//!
//! A receiver takes a packet that is a few samples early for one that overlaps, and throws it away. So a packet follows
//! the one before by exactly its length (RFC 7587 §4.1), and what the timeline says beyond that goes into the sender
//! reports, until it is enough for a step. Pure.

use lianmai_media::opus::OpusPacket;

/// In ticks of 48 kHz: 30 ms. More is a gap, or a drift that is to be made up for.
const STEP: i32 = 1_440;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SoundClock {
    /// Where the next packet is due.
    next: Option<u32>,
    /// How far packets are ahead of the timeline.
    ahead: i32,
}

impl SoundClock {
    /// The timestamp of a packet that the timeline puts at `timestamp`.
    pub(crate) fn place(&mut self, timestamp: u32, packet: &[u8]) -> u32 {
        let ahead = self.next.map(|next| next.wrapping_sub(timestamp) as i32);
        let at = match (self.next, ahead) {
            (Some(next), Some(ahead)) if ahead.abs() <= STEP => {
                self.ahead = ahead;
                next
            }
            _ => {
                self.ahead = 0;
                timestamp
            }
        };
        let samples = OpusPacket::parse(packet).map_or(960, |packet| packet.samples());
        self.next = Some(at.wrapping_add(samples));
        at
    }

    /// How far packets are ahead of the timeline, in ticks: what sender reports must add (R-S3).
    pub(crate) fn ahead(&self) -> i32 {
        self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: &[u8] = &[0xF8, 0xFF, 0xFE];

    /// R-A3, R-S2: the source's clock is corrected by 5 ms per second; packets stay 960 apart, reports tell the rest.
    #[test]
    fn packets_follow_each_other_exactly() {
        let mut clock = SoundClock::default();
        let mut last = clock.place(0, SILENCE);
        let mut wanted = 0_u32;
        let mut steps = 0;
        for _ in 0..500 {
            wanted += 955;
            let at = clock.place(wanted, SILENCE);
            steps += usize::from(at.wrapping_sub(last) != 960);
            assert_eq!(at.wrapping_add_signed(-clock.ahead()), wanted);
            last = at;
        }
        assert!(steps <= 2, "{steps} steps in ten seconds");
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let mut clock = SoundClock::default();
        clock.place(u32::MAX - 100, SILENCE);
        assert_eq!(clock.place(48_000, SILENCE), 48_000);
        assert_eq!(clock.ahead(), 0);
        assert_eq!(clock.place(48_970, SILENCE), 48_960);
        assert_eq!(clock.ahead(), -10);
    }
}
