//! Codec names of four characters (Enhanced RTMP).

use std::fmt;

use crate::{AudioCodec, VideoCodec};

/// Four bytes naming a codec.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The number `onMetaData` carries in `videocodecid` and `audiocodecid` (Enhanced RTMP v1).
    pub fn to_number(self) -> f64 {
        f64::from(u32::from_be_bytes(self.0))
    }

    /// The video codec of this name, when it is carried.
    pub fn video(self) -> Option<VideoCodec> {
        Some(match &self.0 {
            b"avc1" => VideoCodec::H264,
            b"hvc1" => VideoCodec::H265,
            b"av01" => VideoCodec::Av1,
            b"vp08" => VideoCodec::Vp8,
            b"vp09" => VideoCodec::Vp9,
            _ => return None,
        })
    }

    /// The audio codec of this name, when it is carried.
    pub fn audio(self) -> Option<AudioCodec> {
        Some(match &self.0 {
            b"mp4a" => AudioCodec::Aac,
            b"Opus" => AudioCodec::Opus,
            b".mp3" => AudioCodec::Mp3,
            _ => return None,
        })
    }
}

impl From<VideoCodec> for FourCc {
    fn from(codec: VideoCodec) -> FourCc {
        FourCc(*match codec {
            VideoCodec::H264 => b"avc1",
            VideoCodec::H265 => b"hvc1",
            VideoCodec::Av1 => b"av01",
            VideoCodec::Vp8 => b"vp08",
            VideoCodec::Vp9 => b"vp09",
        })
    }
}

impl From<AudioCodec> for FourCc {
    fn from(codec: AudioCodec) -> FourCc {
        FourCc(*match codec {
            AudioCodec::Aac => b"mp4a",
            AudioCodec::Opus => b"Opus",
            AudioCodec::Mp3 => b".mp3",
        })
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_ascii())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codecs_are_one_to_one() {
        for codec in [
            VideoCodec::H264,
            VideoCodec::H265,
            VideoCodec::Av1,
            VideoCodec::Vp8,
            VideoCodec::Vp9,
        ] {
            assert_eq!(FourCc::from(codec).video(), Some(codec));
            assert_eq!(FourCc::from(codec).audio(), None);
        }
        for codec in [AudioCodec::Aac, AudioCodec::Opus, AudioCodec::Mp3] {
            assert_eq!(FourCc::from(codec).audio(), Some(codec));
        }
        assert_eq!(FourCc(*b"\0a\xFFb").to_string(), r"'\x00a\xffb'");
        assert_eq!(FourCc(*b"hvc1").to_number(), 1_752_589_105.0);
    }
}
