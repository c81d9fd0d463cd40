//! The body of a video tag or RTMP video message, read (FLV v10.1 §E.4.3, Enhanced RTMP v2 "Enhanced Video").

use bytes::Bytes;

use super::FlvError;
use super::extended::{find_track, need, skip_modifiers};
use crate::VideoCodec;
use crate::cursor::Cursor;

/// What a video tag says. Payloads are slices of the parsed body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VideoTagBody {
    /// The decoder configuration record (see [`VideoConfig::from_record`](crate::VideoConfig::from_record)).
    SequenceHeader {
        /// Its codec.
        codec: VideoCodec,
        /// The record; may be empty for VP8.
        record: Bytes,
    },
    /// One access unit.
    CodedFrame {
        /// Its codec.
        codec: VideoCodec,
        /// Whether the tag calls it a key frame.
        keyframe: bool,
        /// Presentation minus decoding time in milliseconds, -8 388 608…8 388 607.
        composition_ms: i32,
        /// The coded bits as in [`Frame::payload`](crate::Frame::payload), but NAL lengths as in the record.
        payload: Bytes,
    },
    /// The track ends here (a new sequence header may follow).
    EndOfSequence {
        /// The codec it was in.
        codec: VideoCodec,
    },
    /// AMF0 name and value pairs about the picture, such as `colorInfo` (Enhanced RTMP "Metadata").
    Metadata(Bytes),
    /// Frame type 5: start (0) or end (1) of seeking; never sent by encoders of live pictures.
    CommandFrame(u8),
}

const AVC: u8 = 7;
const HEVC: u8 = 12;
const COMMAND: u8 = 5;

mod packet {
    pub(super) const SEQUENCE_START: u8 = 0;
    pub(super) const CODED_FRAMES: u8 = 1;
    pub(super) const SEQUENCE_END: u8 = 2;
    pub(super) const CODED_FRAMES_X: u8 = 3;
    pub(super) const METADATA: u8 = 4;
    pub(super) const MULTITRACK: u8 = 6;
}

/// Reads a video body: legacy AVC, HEVC under the codec id 12 that Chinese encoders use, and Enhanced RTMP.
///
/// # Errors
/// [`FlvError`]; the unsupported kinds name what the publisher sent.
pub fn parse_video(body: Bytes) -> Result<VideoTagBody, FlvError> {
    let mut cursor = Cursor::new(&body);
    let first = cursor.u8();
    let first = need(first, &cursor, "video header")?;
    let range = if first & 0x80 == 0 {
        legacy(&mut cursor, first)
    } else {
        enhanced(&mut cursor, first)
    }?;
    Ok(range.over(&body))
}

/// A body whose payload is still a range of the buffer.
enum Parsed {
    SequenceHeader(VideoCodec, std::ops::Range<usize>),
    CodedFrame {
        codec: VideoCodec,
        keyframe: bool,
        composition_ms: i32,
        range: std::ops::Range<usize>,
    },
    EndOfSequence(VideoCodec),
    Metadata(std::ops::Range<usize>),
    Command(u8),
}

impl Parsed {
    fn over(self, body: &Bytes) -> VideoTagBody {
        match self {
            Parsed::SequenceHeader(codec, range) => VideoTagBody::SequenceHeader {
                codec,
                record: body.slice(range),
            },
            Parsed::CodedFrame {
                codec,
                keyframe,
                composition_ms,
                range,
            } => VideoTagBody::CodedFrame {
                codec,
                keyframe,
                composition_ms,
                payload: body.slice(range),
            },
            Parsed::EndOfSequence(codec) => VideoTagBody::EndOfSequence { codec },
            Parsed::Metadata(range) => VideoTagBody::Metadata(body.slice(range)),
            Parsed::Command(command) => VideoTagBody::CommandFrame(command),
        }
    }
}

/// Frame types 1 (key frame) and 4 (generated key frame) can start decoding.
fn is_keyframe(frame_type: u8) -> bool {
    matches!(frame_type, 1 | 4)
}

fn legacy(cursor: &mut Cursor<'_>, first: u8) -> Result<Parsed, FlvError> {
    let frame_type = first >> 4;
    let codec = match first & 0x0F {
        AVC => VideoCodec::H264,
        HEVC => VideoCodec::H265,
        other => return Err(FlvError::UnsupportedVideoCodec(other)),
    };
    if frame_type == COMMAND {
        let command = cursor.u8();
        return Ok(Parsed::Command(need(command, cursor, "video command")?));
    }
    let packet_type = cursor.u8();
    let packet_type = need(packet_type, cursor, "AVC packet type")?;
    let composition = cursor.i24();
    let composition_ms = match packet_type {
        2 => composition.unwrap_or(0),
        _ => need(composition, cursor, "composition time")?,
    };
    let range = cursor.position()..cursor.position() + cursor.remaining();
    match packet_type {
        0 => Ok(Parsed::SequenceHeader(codec, range)),
        1 => Ok(Parsed::CodedFrame {
            codec,
            keyframe: is_keyframe(frame_type),
            composition_ms,
            range,
        }),
        2 => Ok(Parsed::EndOfSequence(codec)),
        other => Err(FlvError::UnsupportedPacketType(other)),
    }
}

fn enhanced(cursor: &mut Cursor<'_>, first: u8) -> Result<Parsed, FlvError> {
    let frame_type = first >> 4 & 0x07;
    let packet_type = skip_modifiers(cursor, first & 0x0F)?;
    if frame_type == COMMAND && packet_type != packet::METADATA {
        let command = cursor.u8();
        return Ok(Parsed::Command(need(command, cursor, "video command")?));
    }
    let track = find_track(cursor, packet_type, packet::MULTITRACK)?;
    let Some(codec) = track.four_cc.video() else {
        return Err(FlvError::UnsupportedVideoFourCc(track.four_cc));
    };
    let mut range = track.range;
    match track.packet_type {
        packet::SEQUENCE_START => Ok(Parsed::SequenceHeader(codec, range)),
        packet::CODED_FRAMES | packet::CODED_FRAMES_X => {
            let mut composition_ms = 0;
            let composed = matches!(codec, VideoCodec::H264 | VideoCodec::H265);
            if composed && track.packet_type == packet::CODED_FRAMES {
                composition_ms = composition_in(cursor, &mut range)?;
            }
            Ok(Parsed::CodedFrame {
                codec,
                keyframe: is_keyframe(frame_type),
                composition_ms,
                range,
            })
        }
        packet::SEQUENCE_END => Ok(Parsed::EndOfSequence(codec)),
        packet::METADATA => Ok(Parsed::Metadata(range)),
        other => Err(FlvError::UnsupportedPacketType(other)),
    }
}

/// The SI24 composition time at the start of a track's data, which `range` then excludes.
fn composition_in(cursor: &Cursor<'_>, range: &mut std::ops::Range<usize>) -> Result<i32, FlvError> {
    let mut data = Cursor::new(cursor.slice(range.clone()));
    let composition = data.i24();
    let composition_ms = composition.ok_or(FlvError::Truncated {
        position: range.end,
        field: "composition time",
    })?;
    range.start += data.position();
    Ok(composition_ms)
}
