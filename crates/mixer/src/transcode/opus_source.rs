//! Opus packets as a source: how long they are, and what stands in for lost ones.

use lianmai_media::opus::OpusPacket;

/// What a packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// Something to decode.
    Sound,
    /// So many samples that the encoder has left out (DTX): nothing but the TOC byte.
    Nothing(i64),
    /// No Opus packet (RFC 6716 §3.4); the decoder should not see it.
    Broken,
}

/// Remembers what kind of packets come, to make up such as are lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpusSource {
    last: Option<OpusPacket>,
    toc: u8,
}

impl OpusSource {
    /// A packet came.
    pub(crate) fn heard(&mut self, packet: &[u8]) -> Heard {
        let (Ok(parsed), Some(toc)) = (OpusPacket::parse(packet), packet.first()) else {
            return Heard::Broken;
        };
        self.last = Some(parsed);
        self.toc = *toc;
        if packet.len() == 1 {
            Heard::Nothing(i64::from(parsed.samples()))
        } else {
            Heard::Sound
        }
    }

    /// A packet that makes libopus conceal, and how many samples it makes; `None` before the first packet. It is a single
    /// frame of the kind last heard with no bytes in it, which stands for a lost one (RFC 6716 §3.2.1, §4.4).
    pub(crate) fn lost(&self) -> Option<([u8; 1], i64)> {
        let last = self.last?;
        Some(([self.toc & !3], i64::from(last.frame_samples)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_packet_is_one_empty_frame_of_the_kind_last_heard() {
        let mut source = OpusSource::default();
        assert_eq!(source.lost(), None);
        assert_eq!(
            (source.heard(&[]), source.heard(&[3])),
            (Heard::Broken, Heard::Broken)
        );
        assert_eq!(source.lost(), None);
        // Three frames of 20 ms in one packet.
        assert_eq!(source.heard(&[31 << 3 | 4 | 3, 3, 0]), Heard::Sound);
        assert_eq!(source.lost(), Some(([31 << 3 | 4], 960)));
        assert_eq!(source.heard(&[31 << 3 | 4 | 1]), Heard::Nothing(1_920));
    }
}
