//! A frame as RTP payloads.

use bytes::Bytes;
use lianmai_hub::Headers;
use lianmai_media::{AudioCodec, Frame, TrackKind, VideoCodec};

use super::{MAX_PAYLOAD, av1, h264, h265, vp8, vp9};

/// Less than this has no room for headers beside the media.
const LEAST_PAYLOAD: usize = 64;

/// The RTP payloads of `frame`, in order, each at most [`MAX_PAYLOAD`] bytes. The marker belongs on the last one of a
/// picture; on Opus, on the first after silence. Empty when the frame has no RTP form: AAC, MP3, an unreadable frame,
/// or a frame of a track that `headers` does not have.
pub fn packetise(headers: &Headers, frame: &Frame) -> Vec<Bytes> {
    packetise_with_limit(headers, frame, MAX_PAYLOAD)
}

/// As [`packetise`] with payloads of at most `limit` bytes, which is taken as 64 when it is less. An Opus packet is
/// one payload whatever its length.
pub fn packetise_with_limit(headers: &Headers, frame: &Frame, limit: usize) -> Vec<Bytes> {
    let limit = limit.max(LEAST_PAYLOAD);
    if frame.payload.is_empty() {
        return Vec::new();
    }
    match frame.kind {
        TrackKind::Audio => match &headers.audio {
            Some(audio) if audio.codec == AudioCodec::Opus => vec![frame.payload.clone()],
            _ => Vec::new(),
        },
        TrackKind::Video => {
            let Some(video) = &headers.video else {
                return Vec::new();
            };
            match video.codec {
                VideoCodec::H264 => h264::packetise(&video.record, frame, limit),
                VideoCodec::H265 => h265::packetise(&video.record, frame, limit),
                VideoCodec::Vp8 => vp8::packetise(&frame.payload, limit),
                VideoCodec::Vp9 => vp9::packetise(frame, limit),
                VideoCodec::Av1 => av1::packetise(&video.record, frame, limit),
            }
        }
    }
}
