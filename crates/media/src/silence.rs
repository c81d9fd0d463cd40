//! Coded sound in which nothing is to be heard, as long as what it replaces.
//!
//! AAC: a raw_data_block whose channels have no spectral data (`max_sfb` = 0, ISO/IEC 14496-3 §4.4.2), which is the same
//! at every sampling rate; a decoder of a stream with SBR makes its longer silence of it. Opus: CELT frames with the
//! silence flag (RFC 6716 §4.3), which end what was heard at once, where a missing frame would be concealed. Both are a
//! few bytes. `tests/suite/silence.rs` has them decoded.

use bytes::Bytes;

use crate::aac::AudioSpecificConfig;
use crate::bits::BitWriter;
use crate::opus::{OpusHead, OpusPacket};
use crate::{AudioCodec, AudioConfig};

/// What takes the place of the frames of one audio track.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Silence(Kind);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Kind {
    /// The same for every frame.
    Aac(Bytes),
    /// As long as the packet it replaces.
    Opus,
    #[default]
    Unknown,
}

impl Silence {
    /// The silence of a track of this configuration. Known for AAC Main, LC, SSR and LTP, also with SBR and PS on top,
    /// with a channel configuration; and for Opus of one or two channels (mapping family 0).
    pub fn of(config: &AudioConfig) -> Silence {
        let kind = match config.codec {
            AudioCodec::Aac => AudioSpecificConfig::parse(&config.record)
                .ok()
                .and_then(|aac| aac_frame(&aac))
                .map(Kind::Aac),
            AudioCodec::Opus => OpusHead::parse(&config.record)
                .ok()
                .filter(|head| head.mapping_family == 0)
                .map(|_| Kind::Opus),
            AudioCodec::Mp3 => None,
        };
        Silence(kind.unwrap_or_default())
    }

    /// Silence as long as `payload`, a frame of the track; `None` where none is known, or the length of `payload` is not.
    pub fn instead_of(&self, payload: &[u8]) -> Option<Bytes> {
        match &self.0 {
            Kind::Aac(frame) => Some(frame.clone()),
            Kind::Opus => {
                let packet = OpusPacket::parse(payload).ok()?;
                opus_packet(packet.samples(), packet.stereo)
            }
            Kind::Unknown => None,
        }
    }
}

/// Syntactic elements (ISO/IEC 14496-3 table 4.85).
#[derive(Clone, Copy)]
enum Element {
    /// `single_channel_element`.
    Single = 0,
    /// `channel_pair_element`.
    Pair = 1,
    /// `lfe_channel_element`.
    Effects = 3,
}

/// `ID_END`.
const END: u32 = 7;

/// One silent raw_data_block of [`frame_length`](AudioSpecificConfig::frame_length) samples; `None` for object types
/// other than AAC Main, LC, SSR and LTP, and without a channel configuration.
pub fn aac_frame(config: &AudioSpecificConfig) -> Option<Bytes> {
    use Element::{Effects, Pair, Single};
    if !matches!(config.object_type, 1..=4) {
        return None;
    }
    // ISO/IEC 14496-3 table 1.19.
    let elements: &[Element] = match config.channel_configuration {
        1 => &[Single],
        2 => &[Pair],
        3 => &[Single, Pair],
        4 => &[Single, Pair, Single],
        5 => &[Single, Pair, Pair],
        6 => &[Single, Pair, Pair, Effects],
        7 | 12 => &[Single, Pair, Pair, Pair, Effects],
        11 => &[Single, Pair, Pair, Single, Effects],
        13 => &[
            Single, Pair, Pair, Pair, Pair, Single, Effects, Effects, Single, Pair, Pair, Single, Pair,
            Single, Single, Pair,
        ],
        14 => &[Single, Pair, Pair, Effects, Pair],
        _ => return None,
    };
    let mut bits = BitWriter::default();
    let mut tags = [0; 4];
    for &element in elements {
        bits.put(element as u32, 3);
        // Elements of one kind are told apart by their tags.
        if let Some(tag) = tags.get_mut(element as usize) {
            bits.put(*tag, 4);
            *tag += 1;
        }
        match element {
            Single | Effects => {
                bits.put(0, 8); // global_gain
                put_ics_info(&mut bits);
                put_tools(&mut bits);
            }
            Pair => {
                bits.put(1, 1); // common_window
                put_ics_info(&mut bits);
                bits.put(0, 2); // ms_mask_present
                for _ in 0..2 {
                    bits.put(0, 8);
                    put_tools(&mut bits);
                }
            }
        }
    }
    bits.put(END, 3);
    Some(bits.into_bytes().into())
}

/// `ics_info()` of one long block without bands: ics_reserved_bit, window_sequence, window_shape, max_sfb,
/// predictor_data_present.
fn put_ics_info(bits: &mut BitWriter) {
    bits.put(0, 1 + 2 + 1 + 6 + 1);
}

/// `pulse_data_present`, `tns_data_present`, `gain_control_data_present`; without bands there is nothing else.
fn put_tools(bits: &mut BitWriter) {
    bits.put(0, 3);
}

/// A CELT frame that has the silence flag set.
const CELT_SILENCE: [u8; 2] = [0xFF, 0xFE];
/// Configuration number of full-band CELT (RFC 6716 table 2), and samples of a frame at 48 kHz.
const CELT: [(u8, u32); 4] = [(31, 960), (30, 480), (29, 240), (28, 120)];

/// One silent Opus packet of `samples` at 48 kHz; `None` unless that is a whole number of 2.5 ms up to 120 ms.
pub fn opus_packet(samples: u32, stereo: bool) -> Option<Bytes> {
    if !(120..=5_760).contains(&samples) {
        return None;
    }
    let (config, frame) = *CELT.iter().find(|(_, frame)| samples.is_multiple_of(*frame))?;
    let frames = u8::try_from(samples / frame).ok()?;
    let toc = config << 3 | u8::from(stereo) << 2;
    let head: &[u8] = match frames {
        1 => &[toc],
        2 => &[toc | 1],
        // Any number of frames of one size, without padding (RFC 6716 §3.2.5).
        _ => &[toc | 3, frames],
    };
    let mut packet = head.to_vec();
    for _ in 0..frames {
        packet.extend(CELT_SILENCE);
    }
    Some(packet.into())
}
