//! A whole RTMP message, its type ids and the chunk streams we send on (RTMP 1.0 §5.4, §6, §7.1).

use bytes::Bytes;

/// Message type ids.
pub mod type_id {
    /// Set Chunk Size (§5.4.1).
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// Abort Message (§5.4.2).
    pub const ABORT: u8 = 2;
    /// Acknowledgement (§5.4.3).
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// User Control Message (§6.2).
    pub const USER_CONTROL: u8 = 4;
    /// Window Acknowledgement Size (§5.4.4).
    pub const WINDOW_ACK_SIZE: u8 = 5;
    /// Set Peer Bandwidth (§5.4.5).
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    /// Audio (§7.1.4).
    pub const AUDIO: u8 = 8;
    /// Video (§7.1.5).
    pub const VIDEO: u8 = 9;
    /// Data in AMF3 (§7.1.2).
    pub const DATA_AMF3: u8 = 15;
    /// Command in AMF3 (§7.1.1).
    pub const COMMAND_AMF3: u8 = 17;
    /// Data in AMF0 (§7.1.2).
    pub const DATA_AMF0: u8 = 18;
    /// Command in AMF0 (§7.1.1).
    pub const COMMAND_AMF0: u8 = 20;
    /// Aggregate (§7.1.6).
    pub const AGGREGATE: u8 = 22;
}

/// The chunk streams we send on. Media has its own, so chunks made once with full headers and shared by
/// all players never disturb the header compression of what a session sends itself.
pub mod csid {
    /// Protocol and user control messages (fixed by §5.4).
    pub const CONTROL: u32 = 2;
    /// Commands and status.
    pub const COMMAND: u32 = 3;
    /// Audio.
    pub const AUDIO: u32 = 4;
    /// Data: metadata, cue points.
    pub const DATA: u32 = 5;
    /// Video.
    pub const VIDEO: u32 = 6;
}

/// One message, put together from its chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it is: see [`type_id`].
    pub type_id: u8,
    /// Milliseconds, modulo 2^32.
    pub timestamp: u32,
    /// Message stream id; 0 is the connection itself.
    pub stream_id: u32,
    /// The chunk stream it came on or goes out on.
    pub csid: u32,
    /// Its body.
    pub payload: Bytes,
}

/// What a media message carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MediaKind {
    /// Type 8: the body of an FLV audio tag.
    Audio,
    /// Type 9: the body of an FLV video tag.
    Video,
    /// Type 18 (or 15, unwrapped): AMF0 values.
    Data,
}

impl MediaKind {
    /// The message type we send it as.
    pub const fn type_id(self) -> u8 {
        match self {
            MediaKind::Audio => type_id::AUDIO,
            MediaKind::Video => type_id::VIDEO,
            MediaKind::Data => type_id::DATA_AMF0,
        }
    }

    /// The chunk stream we send it on.
    pub const fn csid(self) -> u32 {
        match self {
            MediaKind::Audio => csid::AUDIO,
            MediaKind::Video => csid::VIDEO,
            MediaKind::Data => csid::DATA,
        }
    }
}

/// A media message of one stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Media {
    /// The message stream it belongs to.
    pub stream_id: u32,
    /// Audio, video or data.
    pub kind: MediaKind,
    /// Milliseconds, modulo 2^32.
    pub timestamp: u32,
    /// The body; may share the memory of the read buffer it came in.
    pub payload: Bytes,
}

impl Media {
    /// `message` as media; `None` for every other type. AMF3 data loses its leading format byte.
    pub fn from_message(message: &Message) -> Option<Media> {
        let (kind, payload) = match message.type_id {
            type_id::AUDIO => (MediaKind::Audio, message.payload.clone()),
            type_id::VIDEO => (MediaKind::Video, message.payload.clone()),
            type_id::DATA_AMF0 => (MediaKind::Data, message.payload.clone()),
            type_id::DATA_AMF3 if message.payload.first() == Some(&0) => {
                (MediaKind::Data, message.payload.slice(1..))
            }
            type_id::DATA_AMF3 => (MediaKind::Data, message.payload.clone()),
            _ => return None,
        };
        Some(Media {
            stream_id: message.stream_id,
            kind,
            timestamp: message.timestamp,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amf3_data_loses_its_format_byte() {
        let message = |type_id, payload: &'static [u8]| Message {
            type_id,
            timestamp: 5,
            stream_id: 1,
            csid: 4,
            payload: Bytes::from_static(payload),
        };
        let media = Media::from_message(&message(type_id::DATA_AMF3, b"\0\x02")).unwrap();
        assert_eq!((media.kind, &media.payload[..]), (MediaKind::Data, &b"\x02"[..]));
        assert!(
            Media::from_message(&message(type_id::DATA_AMF3, b""))
                .unwrap()
                .payload
                .is_empty()
        );
        assert_eq!(Media::from_message(&message(type_id::COMMAND_AMF0, b"")), None);
    }
}
