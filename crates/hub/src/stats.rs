//! What is known about a stream and its readers, for people and dashboards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use lianmai_media::{AudioCodec, Frame, MediaTime, TrackKind, VideoCodec};

use crate::rate::Rate;
use crate::{Placement, Protocol};

/// The video track of a stream as it arrives.
#[derive(Clone, PartialEq, Debug)]
pub struct VideoStats {
    /// Codec.
    pub codec: VideoCodec,
    /// Width in pixels; 0 when unknown.
    pub width: u32,
    /// Height in pixels; 0 when unknown.
    pub height: u32,
    /// Profile number of the codec; 0 when unknown.
    pub profile: u8,
    /// Whether B-frames can occur or have been seen.
    pub b_frames: bool,
    /// Frames per second over the last seconds.
    pub fps: f64,
    /// Bits per second over the last seconds.
    pub bitrate: f64,
    /// Distance between the last two key frames in milliseconds; `None` before the second.
    pub gop_millis: Option<i64>,
    /// Frames since the publication began.
    pub frames: u64,
}

/// The audio track of a stream as it arrives.
#[derive(Clone, PartialEq, Debug)]
pub struct AudioStats {
    /// Codec.
    pub codec: AudioCodec,
    /// Samples per second; 0 when unknown.
    pub sample_rate: u32,
    /// Channels; 0 when unknown.
    pub channels: u8,
    /// Bits per second over the last seconds.
    pub bitrate: f64,
    /// Packets since the publication began.
    pub frames: u64,
}

/// One stream at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StreamStats {
    /// Whether somebody publishes now.
    pub on_air: bool,
    /// Seconds since the present publication began; 0 when off air.
    pub uptime_seconds: u64,
    /// Protocol of the publisher.
    pub protocol: Option<Protocol>,
    /// Number of publications so far.
    pub publications: u64,
    /// Video track, if any.
    pub video: Option<VideoStats>,
    /// Audio track, if any.
    pub audio: Option<AudioStats>,
    /// Bytes of media received in all publications.
    pub bytes_in: u64,
    /// Readers now.
    pub readers: usize,
    /// Largest backlog of a reader now, in milliseconds of media.
    pub backlog_millis: i64,
    /// Items that readers, present and past, lost because they were too slow.
    pub dropped: u64,
    /// Times a source clock jumped and was re-anchored.
    pub discontinuities: u64,
    /// Timestamps that were moved to stay monotonic.
    pub corrections: u64,
    /// Media time held in the ring, in milliseconds.
    pub ring_millis: i64,
    /// Bytes held in the ring.
    pub ring_bytes: usize,
}

/// Counters of one reader; shared between the reader and the stream.
#[derive(Debug, Default)]
pub struct ReaderStats {
    pub(crate) delivered: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) backlog_millis: AtomicI64,
    pub(crate) evicted: AtomicBool,
    pub(crate) holder: Option<Arc<str>>,
    /// Of the gateway itself, or counted elsewhere.
    pub(crate) internal: bool,
    /// Needs the composition although internal.
    pub(crate) composed: bool,
}

impl ReaderStats {
    /// Items handed to the reader.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Bytes of media handed to the reader.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Items the reader lost by being too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Media between the reader and the newest item when it last read, in milliseconds.
    pub fn backlog_millis(&self) -> i64 {
        self.backlog_millis.load(Ordering::Relaxed)
    }
}

/// Running figures of one track.
#[derive(Debug)]
pub(crate) struct TrackMeter {
    pub(crate) frames: u64,
    pub(crate) frame_rate: Rate,
    pub(crate) byte_rate: Rate,
    pub(crate) gop_millis: Option<i64>,
    pub(crate) reordered: bool,
    last_keyframe: Option<MediaTime>,
}

impl TrackMeter {
    pub(crate) fn new(now: Instant) -> TrackMeter {
        TrackMeter {
            frames: 0,
            frame_rate: Rate::new(now),
            byte_rate: Rate::new(now),
            gop_millis: None,
            reordered: false,
            last_keyframe: None,
        }
    }

    pub(crate) fn count(&mut self, frame: &Frame, now: Instant) {
        self.frames += 1;
        self.frame_rate.add(1, now);
        self.byte_rate.add(frame.payload.len() as u64, now);
        if frame.kind == TrackKind::Video {
            self.reordered |= frame.composition.ticks() != 0;
            if frame.keyframe {
                let previous = self.last_keyframe.replace(frame.dts);
                if let Some(distance) = previous.and_then(|p| frame.dts.checked_since(p).ok()) {
                    self.gop_millis = Some(distance.as_millis());
                }
            }
        }
    }
}

/// Running figures of one stream over all its publications.
#[derive(Debug)]
pub(crate) struct StreamMeter {
    pub(crate) video: TrackMeter,
    pub(crate) audio: TrackMeter,
    pub(crate) bytes_in: u64,
    pub(crate) publications: u64,
    pub(crate) discontinuities: u64,
    pub(crate) corrections: u64,
    /// Drops of readers that have gone.
    pub(crate) dropped_by_departed: u64,
    /// The present publication is the hub's own, whose bytes have been counted elsewhere.
    composed: bool,
}

impl StreamMeter {
    pub(crate) fn new(now: Instant) -> StreamMeter {
        StreamMeter {
            video: TrackMeter::new(now),
            audio: TrackMeter::new(now),
            bytes_in: 0,
            publications: 0,
            discontinuities: 0,
            corrections: 0,
            dropped_by_departed: 0,
            composed: false,
        }
    }

    pub(crate) fn restart(&mut self, now: Instant, composed: bool) {
        self.video = TrackMeter::new(now);
        self.audio = TrackMeter::new(now);
        self.composed = composed;
        self.publications += u64::from(!composed);
    }

    pub(crate) fn count(&mut self, frame: &Frame, placement: Placement, now: Instant) {
        if !self.composed {
            self.bytes_in += frame.payload.len() as u64;
            self.discontinuities += u64::from(placement.discontinuity);
            self.corrections += u64::from(placement.corrected);
        }
        match frame.kind {
            TrackKind::Audio => self.audio.count(frame, now),
            TrackKind::Video => self.video.count(frame, now),
        }
    }
}
