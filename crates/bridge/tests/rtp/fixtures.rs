//! Coded streams as frames, and frames as packets.

use bytes::Bytes;
use lianmai_bridge::payload::packetise_with_limit;
use lianmai_bridge::receive::MediaPacket;
use lianmai_hub::Headers;
use lianmai_media::h264::{AvcRecord, NalType};
use lianmai_media::nal::{AnnexBUnits, join};
use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};

/// A stream as the hub has it.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) config: VideoConfig,
    pub(crate) frames: Vec<Frame>,
}

impl Stream {
    pub(crate) fn headers(&self) -> Headers {
        Headers {
            video: Some(self.config.clone()),
            ..Headers::default()
        }
    }

    /// The stream again and again, on one timeline.
    pub(crate) fn repeated(mut self, times: usize) -> Stream {
        let frames = std::iter::repeat_n(self.frames, times).flatten();
        self.frames = frames
            .enumerate()
            .map(|(index, old)| frame(index, old.keyframe, old.payload))
            .collect();
        self
    }
}

pub(crate) fn frame(index: usize, keyframe: bool, payload: Bytes) -> Frame {
    Frame {
        kind: TrackKind::Video,
        dts: MediaTime::from_millis(index as i64 * 40),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload,
    }
}

pub(crate) const CODECS: [VideoCodec; 4] = [
    VideoCodec::H264,
    VideoCodec::Vp8,
    VideoCodec::Vp9,
    VideoCodec::Av1,
];

pub(crate) const H264: &[u8] = include_bytes!("../fixtures/h264_slices.h264");
pub(crate) const H265: &[u8] = include_bytes!("../fixtures/hevc.h265");
const VP8: &[u8] = include_bytes!("../fixtures/vp8.ivf");
const VP9: &[u8] = include_bytes!("../fixtures/vp9.ivf");
const AV1: &[u8] = include_bytes!("../fixtures/av1.ivf");

/// The fixture of a codec as frames, in the form that comes out of a depacketiser.
pub(crate) fn stream(codec: VideoCodec) -> Stream {
    match codec {
        VideoCodec::H264 => h264(),
        VideoCodec::H265 => h265(),
        VideoCodec::Vp8 => ivf(codec, VP8, |payload| payload[0] & 1 == 0),
        // Frame marker, profile 0, no existing frame, key frame.
        VideoCodec::Vp9 => ivf(codec, VP9, |payload| payload[0] & 0xFC == 0x80),
        // Without the temporal delimiter; key frames start with a sequence header.
        VideoCodec::Av1 => {
            let mut stream = ivf(codec, AV1, |payload| payload[2] == 0x0A);
            for frame in &mut stream.frames {
                frame.payload = frame.payload.slice(2..);
            }
            stream
        }
    }
}

fn ivf(codec: VideoCodec, file: &[u8], is_key: impl Fn(&[u8]) -> bool) -> Stream {
    let mut frames = Vec::new();
    let mut rest = &file[32..];
    while let Some((header, behind)) = rest.split_first_chunk::<12>() {
        let length = u32::from_le_bytes(*header.first_chunk().unwrap()) as usize;
        let payload = &behind[..length];
        frames.push(frame(
            frames.len(),
            is_key(payload),
            Bytes::copy_from_slice(payload),
        ));
        rest = &behind[length..];
    }
    let config = VideoConfig {
        codec,
        record: Bytes::new(),
        width: 0,
        height: 0,
        profile: 0,
        level: 0,
        reorder_depth: Some(0),
    };
    Stream { config, frames }
}

fn h264() -> Stream {
    let (mut sps, mut pps, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    let mut units: Vec<&[u8]> = Vec::new();
    for unit in AnnexBUnits::new(H264) {
        match NalType::of(unit).unwrap() {
            NalType::Sps => sps = vec![Bytes::copy_from_slice(unit)],
            NalType::Pps => pps = vec![Bytes::copy_from_slice(unit)],
            NalType::Aud => flush_h264(&mut units, &mut frames),
            _ => units.push(unit),
        }
    }
    flush_h264(&mut units, &mut frames);
    let record = AvcRecord::from_parameter_sets(sps, pps)
        .unwrap()
        .to_bytes()
        .unwrap();
    Stream {
        config: VideoConfig::from_record(VideoCodec::H264, record).unwrap(),
        frames,
    }
}

fn flush_h264(units: &mut Vec<&[u8]>, frames: &mut Vec<Frame>) {
    if !units.is_empty() {
        let payload = join(std::mem::take(units).into_iter());
        let keyframe = lianmai_media::h264::contains_idr(&payload);
        frames.push(frame(frames.len(), keyframe, payload));
    }
}

fn h265() -> Stream {
    let mut frames = Vec::new();
    let mut units: Vec<&[u8]> = Vec::new();
    for unit in AnnexBUnits::new(H265) {
        units.push(unit);
        let kind = unit[0] >> 1;
        if kind < 32 {
            let payload = join(std::mem::take(&mut units).into_iter());
            frames.push(frame(frames.len(), kind >= 16, payload));
        }
    }
    let record = Bytes::from_static(include_bytes!("../../../media/tests/fixtures/hevc_352x202.hvcc"));
    Stream {
        config: VideoConfig::from_record(VideoCodec::H265, record).unwrap(),
        frames,
    }
}

/// The RTP timestamp of the frame with this index.
pub(crate) fn timestamp(start: u32, index: usize) -> u32 {
    start.wrapping_add(index as u32 * 3_600)
}

/// All packets of a stream.
pub(crate) fn packets(stream: &Stream, limit: usize, sequence: u16, start: u32) -> Vec<MediaPacket> {
    let headers = stream.headers();
    let mut packets: Vec<MediaPacket> = Vec::new();
    for (index, frame) in stream.frames.iter().enumerate() {
        let payloads = packetise_with_limit(&headers, frame, limit);
        let last = payloads.len() - 1;
        for (place, payload) in payloads.into_iter().enumerate() {
            assert!(payload.len() <= limit.max(64));
            packets.push(MediaPacket {
                sequence_number: sequence.wrapping_add(packets.len() as u16),
                timestamp: timestamp(start, index),
                marker: place == last,
                payload,
                orientation: None,
            });
        }
    }
    packets
}
