//! Audio and video tag bodies, written: a stack header before a payload that is shared, never copied.
//!
//! H.264, AAC and MP3 take the legacy form that every player reads; the other codecs only exist in Enhanced RTMP.

use bytes::{BufMut, Bytes, BytesMut};

use super::FourCc;
use crate::{AudioCodec, AudioConfig, Frame, VideoCodec, VideoConfig};

/// The bytes in front of a payload in a tag body: at most 8, on the stack.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodyHeader {
    bytes: [u8; 8],
    length: u8,
}

impl BodyHeader {
    /// No bytes: the payload is the whole body.
    pub const EMPTY: BodyHeader = BodyHeader {
        bytes: [0; 8],
        length: 0,
    };

    fn new(parts: &[&[u8]]) -> BodyHeader {
        let mut header = BodyHeader::EMPTY;
        for &byte in parts.iter().copied().flatten() {
            if let Some(place) = header.bytes.get_mut(usize::from(header.length)) {
                *place = byte;
                header.length += 1;
            }
        }
        header
    }

    /// The bytes to write.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        usize::from(self.length)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn before(&self, payload: &[u8]) -> Bytes {
        let mut body = BytesMut::with_capacity(self.len() + payload.len());
        body.put_slice(self.as_slice());
        body.put_slice(payload);
        body.freeze()
    }
}

impl AsRef<[u8]> for BodyHeader {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

const KEY: u8 = 1 << 4;
const INTER: u8 = 2 << 4;
const EXTENDED_VIDEO: u8 = 0x80;
const LEGACY_AVC: u8 = 7;
const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const CODED_FRAMES_X: u8 = 3;
/// AAC always says 44 kHz, 16 bit, stereo (FLV v10.1 §E.4.2.1); the record tells the truth.
const LEGACY_AAC: u8 = 0xAF;
const EXTENDED_AUDIO: u8 = 9 << 4;

/// The header of a video frame's body. A composition outside ±8 388 s is cut to that range.
pub fn video_frame_header(codec: VideoCodec, frame: &Frame) -> BodyHeader {
    let frame_type = if frame.keyframe { KEY } else { INTER };
    let composition_ms = frame.composition.as_millis().clamp(-0x80_0000, 0x7F_FFFF) as i32;
    let [_, a, b, c] = composition_ms.to_be_bytes();
    let four_cc = FourCc::from(codec).0;
    match codec {
        VideoCodec::H264 => BodyHeader::new(&[&[frame_type | LEGACY_AVC, CODED_FRAMES, a, b, c]]),
        VideoCodec::H265 if composition_ms != 0 => BodyHeader::new(&[
            &[EXTENDED_VIDEO | frame_type | CODED_FRAMES],
            &four_cc,
            &[a, b, c],
        ]),
        VideoCodec::H265 => BodyHeader::new(&[&[EXTENDED_VIDEO | frame_type | CODED_FRAMES_X], &four_cc]),
        VideoCodec::Av1 | VideoCodec::Vp8 | VideoCodec::Vp9 => {
            BodyHeader::new(&[&[EXTENDED_VIDEO | frame_type | CODED_FRAMES], &four_cc])
        }
    }
}

/// The header of an audio packet's body.
pub fn audio_frame_header(config: &AudioConfig) -> BodyHeader {
    match config.codec {
        AudioCodec::Aac => BodyHeader::new(&[&[LEGACY_AAC, CODED_FRAMES]]),
        AudioCodec::Mp3 => BodyHeader::new(&[&[legacy_mp3(config)]]),
        AudioCodec::Opus => BodyHeader::new(&[
            &[EXTENDED_AUDIO | CODED_FRAMES],
            &FourCc::from(AudioCodec::Opus).0,
        ]),
    }
}

/// Sound format 2 with the nearest of the four rates (MP3 at 8 kHz has a format of its own).
fn legacy_mp3(config: &AudioConfig) -> u8 {
    let (format, rate) = match config.sample_rate {
        8_000 => (14, 0),
        1..=11_025 => (2, 1),
        11_026..=22_050 => (2, 2),
        _ => (2, 3),
    };
    format << 4 | rate << 2 | 0b10 | u8::from(config.channels != 1)
}

/// The sequence header of a video track.
pub fn video_config_body(config: &VideoConfig) -> Bytes {
    let header = match config.codec {
        VideoCodec::H264 => BodyHeader::new(&[&[KEY | LEGACY_AVC, SEQUENCE_START, 0, 0, 0]]),
        codec => BodyHeader::new(&[&[EXTENDED_VIDEO | KEY | SEQUENCE_START], &FourCc::from(codec).0]),
    };
    header.before(&config.record)
}

/// The sequence header of an audio track; `None` for MP3, which has none.
pub fn audio_config_body(config: &AudioConfig) -> Option<Bytes> {
    let header = match config.codec {
        AudioCodec::Aac => BodyHeader::new(&[&[LEGACY_AAC, SEQUENCE_START]]),
        AudioCodec::Opus => BodyHeader::new(&[
            &[EXTENDED_AUDIO | SEQUENCE_START],
            &FourCc::from(AudioCodec::Opus).0,
        ]),
        AudioCodec::Mp3 => return None,
    };
    Some(header.before(&config.record))
}

/// The body that ends a video track.
pub fn video_end_body(codec: VideoCodec) -> Bytes {
    let header = match codec {
        VideoCodec::H264 => BodyHeader::new(&[&[KEY | LEGACY_AVC, SEQUENCE_END, 0, 0, 0]]),
        codec => BodyHeader::new(&[&[EXTENDED_VIDEO | KEY | SEQUENCE_END], &FourCc::from(codec).0]),
    };
    header.before(&[])
}

/// The body that ends an audio track; `None` where only the legacy form is written, which cannot say it.
pub fn audio_end_body(codec: AudioCodec) -> Option<Bytes> {
    match codec {
        AudioCodec::Opus => {
            let header = BodyHeader::new(&[&[EXTENDED_AUDIO | SEQUENCE_END], &FourCc::from(codec).0]);
            Some(header.before(&[]))
        }
        AudioCodec::Aac | AudioCodec::Mp3 => None,
    }
}
