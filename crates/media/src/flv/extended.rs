//! What the audio and video headers of Enhanced RTMP v2 have in common: ModEx prefixes and multitrack bodies.

use super::{FlvError, FourCc};
use crate::cursor::Cursor;

/// Packet type that precedes a modifier (both media).
const MOD_EX: u8 = 7;

/// `read`, or the error for a body that ends inside `field`.
pub(super) fn need<T>(read: Option<T>, cursor: &Cursor<'_>, field: &'static str) -> Result<T, FlvError> {
    let position = cursor.position() + cursor.remaining();
    read.ok_or(FlvError::Truncated { position, field })
}

pub(super) fn four_cc(cursor: &mut Cursor<'_>) -> Result<FourCc, FlvError> {
    let name = cursor.array();
    need(name, cursor, "FourCC").map(FourCc)
}

/// The packet type behind any ModEx prefixes. Modifiers are skipped: the only one defined is a nanosecond offset,
/// finer than the timeline's milliseconds.
pub(super) fn skip_modifiers(cursor: &mut Cursor<'_>, first: u8) -> Result<u8, FlvError> {
    let mut packet_type = first;
    while packet_type == MOD_EX {
        let size = cursor.u8();
        let mut size = usize::from(need(size, cursor, "ModEx size")?) + 1;
        if size == 256 {
            let long = cursor.u16();
            size = usize::from(need(long, cursor, "ModEx size")?) + 1;
        }
        let data = cursor.take(size);
        need(data, cursor, "ModEx data")?;
        let types = cursor.u8();
        packet_type = need(types, cursor, "ModEx type")? & 0x0F;
    }
    Ok(packet_type)
}

/// The one track of a body that is carried.
pub(super) struct Track {
    pub(super) packet_type: u8,
    pub(super) four_cc: FourCc,
    /// Where its data lies in the body.
    pub(super) range: std::ops::Range<usize>,
}

/// Reads the FourCC and, for packets of type `multitrack`, finds track 0 (the default track, v2 "Multitrack
/// Streaming via Enhanced RTMP"). A OneTrack body is taken whatever its id.
pub(super) fn find_track(
    cursor: &mut Cursor<'_>,
    packet_type: u8,
    multitrack: u8,
) -> Result<Track, FlvError> {
    if packet_type != multitrack {
        let four_cc = four_cc(cursor)?;
        let start = cursor.position();
        return Ok(Track {
            packet_type,
            four_cc,
            range: start..start + cursor.remaining(),
        });
    }
    let types = cursor.u8();
    let types = need(types, cursor, "multitrack type")?;
    let (kind, packet_type) = (types >> 4, types & 0x0F);
    if packet_type == multitrack || packet_type == MOD_EX {
        return Err(FlvError::UnsupportedPacketType(packet_type));
    }
    let shared_codec = match kind {
        0 | 1 => Some(four_cc(cursor)?),
        2 => None,
        other => return Err(FlvError::UnsupportedMultitrackType(other)),
    };
    while cursor.remaining() > 0 {
        let four_cc = match shared_codec {
            Some(four_cc) => four_cc,
            None => four_cc(cursor)?,
        };
        let id = cursor.u8();
        let id = need(id, cursor, "track id")?;
        let size = if kind == 0 {
            cursor.remaining()
        } else {
            let size = cursor.u24();
            need(size, cursor, "track size")? as usize
        };
        let start = cursor.position();
        let data = cursor.take(size);
        need(data, cursor, "track data")?;
        if id == 0 || kind == 0 {
            return Ok(Track {
                packet_type,
                four_cc,
                range: start..start + size,
            });
        }
    }
    Err(FlvError::NoDefaultTrack)
}
