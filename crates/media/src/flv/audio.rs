//! The body of an audio tag or RTMP audio message, read (FLV v10.1 §E.4.2, Enhanced RTMP v2 "Enhanced Audio").

use bytes::Bytes;

use super::FlvError;
use super::extended::{find_track, need, skip_modifiers};
use crate::AudioCodec;
use crate::cursor::Cursor;

/// What an audio tag says. Payloads are slices of the parsed body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AudioTagBody {
    /// The codec's configuration (see [`AudioConfig::from_record`](crate::AudioConfig::from_record)).
    SequenceHeader {
        /// Its codec.
        codec: AudioCodec,
        /// `AudioSpecificConfig` for AAC, `OpusHead` for Opus, empty for MP3.
        record: Bytes,
    },
    /// One packet of coded sound; may be empty (silence of an encoder with DTX).
    CodedFrame {
        /// Its codec.
        codec: AudioCodec,
        /// The packet as in [`Frame::payload`](crate::Frame::payload).
        payload: Bytes,
    },
    /// The track ends here (a new sequence header may follow).
    EndOfSequence {
        /// The codec it was in.
        codec: AudioCodec,
    },
    /// Speaker layout (Enhanced RTMP "MultichannelConfig").
    ChannelLayout {
        /// The codec it applies to.
        codec: AudioCodec,
        /// 0 unspecified, 1 the codec's native order, 2 custom.
        order: u8,
        /// How many channels.
        channels: u8,
    },
}

const AAC: u8 = 10;
const EXTENDED: u8 = 9;

mod packet {
    pub(super) const SEQUENCE_START: u8 = 0;
    pub(super) const CODED_FRAMES: u8 = 1;
    pub(super) const SEQUENCE_END: u8 = 2;
    pub(super) const MULTICHANNEL_CONFIG: u8 = 4;
    pub(super) const MULTITRACK: u8 = 5;
}

/// Reads an audio body: legacy AAC and MP3, and Enhanced RTMP.
///
/// # Errors
/// [`FlvError`]; the unsupported kinds name what the publisher sent.
pub fn parse_audio(body: Bytes) -> Result<AudioTagBody, FlvError> {
    let mut cursor = Cursor::new(&body);
    let first = cursor.u8();
    let first = need(first, &cursor, "audio header")?;
    match first >> 4 {
        AAC => {
            let packet_type = cursor.u8();
            let packet_type = need(packet_type, &cursor, "AAC packet type")?;
            match packet_type {
                0 => Ok(AudioTagBody::SequenceHeader {
                    codec: AudioCodec::Aac,
                    record: body.slice(2..),
                }),
                1 => Ok(AudioTagBody::CodedFrame {
                    codec: AudioCodec::Aac,
                    payload: body.slice(2..),
                }),
                other => Err(FlvError::UnsupportedPacketType(other)),
            }
        }
        2 | 14 => Ok(AudioTagBody::CodedFrame {
            codec: AudioCodec::Mp3,
            payload: body.slice(1..),
        }),
        EXTENDED => extended(&body, &mut cursor, first & 0x0F),
        id => Err(FlvError::UnsupportedSoundFormat {
            id,
            name: sound_format_name(id),
        }),
    }
}

fn sound_format_name(id: u8) -> &'static str {
    match id {
        0 => "linear PCM, platform endian",
        1 => "ADPCM",
        3 => "linear PCM, little endian",
        4 => "Nellymoser 16 kHz mono",
        5 => "Nellymoser 8 kHz mono",
        6 => "Nellymoser",
        7 => "G.711 A-law",
        8 => "G.711 mu-law",
        11 => "Speex",
        15 => "device-specific sound",
        _ => "reserved",
    }
}

fn extended(body: &Bytes, cursor: &mut Cursor<'_>, first: u8) -> Result<AudioTagBody, FlvError> {
    let packet_type = skip_modifiers(cursor, first)?;
    let track = find_track(cursor, packet_type, packet::MULTITRACK)?;
    let Some(codec) = track.four_cc.audio() else {
        return Err(FlvError::UnsupportedAudioFourCc(track.four_cc));
    };
    let data = body.slice(track.range.clone());
    match track.packet_type {
        packet::SEQUENCE_START => Ok(AudioTagBody::SequenceHeader { codec, record: data }),
        packet::CODED_FRAMES => Ok(AudioTagBody::CodedFrame { codec, payload: data }),
        packet::SEQUENCE_END => Ok(AudioTagBody::EndOfSequence { codec }),
        packet::MULTICHANNEL_CONFIG => match data.first_chunk() {
            Some(&[order, channels]) => Ok(AudioTagBody::ChannelLayout {
                codec,
                order,
                channels,
            }),
            None => Err(FlvError::Truncated {
                position: track.range.end,
                field: "channel layout",
            }),
        },
        other => Err(FlvError::UnsupportedPacketType(other)),
    }
}
