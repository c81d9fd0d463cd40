//! How long an Opus packet sounds, from its first bytes (RFC 6716 §3.1 and §3.2).

/// The coding mode of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpusMode {
    /// Speech.
    Silk,
    /// Speech below, music above.
    Hybrid,
    /// Music.
    Celt,
}

/// What the start of a packet says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpusPacket {
    /// Configuration number 0…31 (RFC 6716 table 2).
    pub config: u8,
    /// Coding mode.
    pub mode: OpusMode,
    /// Whether it is coded in stereo.
    pub stereo: bool,
    /// Frames in the packet, 1…48.
    pub frames: u8,
    /// Samples of one frame at 48 kHz: 120 (2.5 ms) … 2 880 (60 ms).
    pub frame_samples: u16,
}

/// Why a packet's length cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpusError {
    /// No bytes: a lost packet or one that an encoder with DTX left out.
    #[error("empty Opus packet")]
    Empty,
    /// A packet with a frame count that ends before it.
    #[error("Opus packet ends before its frame count")]
    Truncated,
    /// No frames, or more than 120 ms of them (RFC 6716 §3.4, R5).
    #[error("Opus packet of {0} frames")]
    FrameCount(u8),
}

/// Longest packet: 120 ms.
const MAX_SAMPLES: u32 = 5_760;

impl OpusPacket {
    /// Reads the TOC byte and, for code 3, the frame count. The frames' lengths are not looked at.
    ///
    /// # Errors
    /// [`OpusError`].
    pub fn parse(packet: &[u8]) -> Result<OpusPacket, OpusError> {
        let toc = *packet.first().ok_or(OpusError::Empty)?;
        let frames = match toc & 3 {
            0 => 1,
            1 | 2 => 2,
            _ => packet.get(1).ok_or(OpusError::Truncated)? & 0x3F,
        };
        let config = toc >> 3;
        let (mode, frame_samples) = match config {
            0..=11 => (OpusMode::Silk, [480, 960, 1_920, 2_880][usize::from(config % 4)]),
            12..=15 => (OpusMode::Hybrid, [480, 960][usize::from(config % 2)]),
            _ => (OpusMode::Celt, [120, 240, 480, 960][usize::from(config % 4)]),
        };
        if frames == 0 || u32::from(frames) * u32::from(frame_samples) > MAX_SAMPLES {
            return Err(OpusError::FrameCount(frames));
        }
        Ok(OpusPacket {
            config,
            mode,
            stereo: toc & 4 != 0,
            frames,
            frame_samples,
        })
    }

    /// How long the packet sounds, in samples at 48 kHz: 120 (2.5 ms) … 5 760 (120 ms).
    pub fn samples(&self) -> u32 {
        u32::from(self.frames) * u32::from(self.frame_samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(packet: &[u8]) -> Result<u32, OpusError> {
        OpusPacket::parse(packet).map(|packet| packet.samples())
    }

    /// R-A5: the duration comes from the TOC byte, all of RFC 6716 table 2.
    #[test]
    fn every_configuration_has_its_frame_size() {
        let tenths_of_ms = |config: u8| match config {
            0 | 4 | 8 | 12 | 14 | 18 | 22 | 26 | 30 => 100,
            1 | 5 | 9 | 13 | 15 | 19 | 23 | 27 | 31 => 200,
            2 | 6 | 10 => 400,
            3 | 7 | 11 => 600,
            16 | 20 | 24 | 28 => 25,
            _ => 50,
        };
        for config in 0..32 {
            assert_eq!(
                samples(&[config << 3]),
                Ok(tenths_of_ms(config) * 48 / 10),
                "{config}"
            );
        }
    }

    /// R-A5, R-A4: all frame count codes; DTX packets of one byte are as long as others.
    #[test]
    fn every_code_has_its_frame_count() {
        assert_eq!(samples(&[31 << 3]), Ok(960));
        assert_eq!(samples(&[31 << 3 | 1, 0]), Ok(1_920));
        assert_eq!(samples(&[31 << 3 | 2, 0, 0]), Ok(1_920));
        assert_eq!(samples(&[31 << 3 | 3, 6]), Ok(5_760));
        assert_eq!(samples(&[31 << 3 | 3, 0xC3, 0]), Ok(2_880));
        assert_eq!(samples(&[28 << 3 | 3, 48]), Ok(5_760));
        assert_eq!(
            OpusPacket::parse(&[31 << 3 | 4]).map(|packet| packet.stereo),
            Ok(true)
        );
    }

    #[test]
    fn broken_packets_are_errors() {
        assert_eq!(samples(&[]), Err(OpusError::Empty));
        assert_eq!(samples(&[3]), Err(OpusError::Truncated));
        assert_eq!(samples(&[3, 0]), Err(OpusError::FrameCount(0)));
        assert_eq!(samples(&[31 << 3 | 3, 7]), Err(OpusError::FrameCount(7)));
        assert_eq!(samples(&[3 << 3 | 3, 3]), Err(OpusError::FrameCount(3)));
    }
}
