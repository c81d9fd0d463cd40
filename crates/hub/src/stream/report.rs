//! One form of a stream at one moment, in figures.

use lianmai_media::{AudioConfig, VideoConfig};
use tokio::time::Instant;

use super::Stream;
use crate::StreamStats;
use crate::stats::{AudioStats, TrackMeter, VideoStats};

impl Stream {
    pub(crate) fn stats(&self) -> StreamStats {
        let now = Instant::now();
        let mut state = self.state.write();
        let state = &mut *state;
        let std_now = now.into_std();
        let ring_millis = match (state.ring.get(state.ring.tail()), state.ring.newest()) {
            (Some(oldest), Some(newest)) => newest.millis() - oldest.millis(),
            _ => 0,
        };
        let dropped: u64 = state
            .readers
            .iter()
            .filter(|r| !r.internal)
            .map(|r| r.dropped())
            .sum();
        StreamStats {
            on_air: state.on_air.is_some(),
            uptime_seconds: state.on_air.as_ref().map_or(0, |p| (now - p.since).as_secs()),
            protocol: state.on_air.as_ref().and_then(|p| p.options.protocol),
            publications: state.meter.publications,
            video: state
                .headers
                .video
                .as_ref()
                .map(|v| video_stats(v, &mut state.meter.video, std_now)),
            audio: state
                .headers
                .audio
                .as_ref()
                .map(|a| audio_stats(a, &mut state.meter.audio, std_now)),
            bytes_in: state.meter.bytes_in,
            readers: state.readers.iter().filter(|r| !r.internal).count(),
            backlog_millis: state
                .readers
                .iter()
                .map(|r| r.backlog_millis())
                .max()
                .unwrap_or(0),
            dropped: dropped + state.meter.dropped_by_departed,
            discontinuities: state.meter.discontinuities,
            corrections: state.meter.corrections,
            ring_millis,
            ring_bytes: state.ring.bytes(),
        }
    }
}

fn video_stats(config: &VideoConfig, meter: &mut TrackMeter, now: std::time::Instant) -> VideoStats {
    VideoStats {
        codec: config.codec,
        width: config.width,
        height: config.height,
        profile: config.profile,
        b_frames: meter.reordered,
        fps: meter.frame_rate.per_second(now),
        bitrate: meter.byte_rate.per_second(now) * 8.0,
        gop_millis: meter.gop_millis,
        frames: meter.frames,
    }
}

fn audio_stats(config: &AudioConfig, meter: &mut TrackMeter, now: std::time::Instant) -> AudioStats {
    AudioStats {
        codec: config.codec,
        sample_rate: config.sample_rate,
        channels: config.channels,
        bitrate: meter.byte_rate.per_second(now) * 8.0,
        frames: meter.frames,
    }
}
