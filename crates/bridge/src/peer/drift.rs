//! Half an hour of an RTMP publisher with a clock of its own, as a viewer gets it, in virtual time: from the hub's
//! timeline to RTP timestamps and sender reports.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_hub::Normaliser;
use lianmai_media::{Frame, MediaDuration, MediaTime, Timescale, TrackKind};

use super::sound_clock::SoundClock;
use super::timeline::Timeline;

const SECONDS: i64 = 1_800;
const MOST_OFFSET: f64 = 80.0;
/// Opus: 20 ms in one frame.
const PACKET: &[u8] = &[0xFC, 0, 0, 0];

/// One track as the viewer sees it.
struct Track {
    hz: f64,
    /// What the last report said: a moment of the wall clock, and its RTP time.
    report: (f64, u32),
    newest: Option<u32>,
}

impl Track {
    /// When a packet is to be shown, by the wall clock.
    fn shown(&self, timestamp: u32) -> f64 {
        let (wall, reported) = self.report;
        wall + f64::from(timestamp.wrapping_sub(reported) as i32) / self.hz
    }
}

/// R-S2, R-S3, R-S4: sound and picture keep their places to each other, no packet is lost, and RTP time wraps on the way.
#[test]
fn from_rtmp_to_rtp() {
    for ppm in [100e-6, -100e-6] {
        let start = Instant::now();
        let mut hub = Normaliser::new();
        let mut timeline: Option<Timeline> = None;
        let mut clock = SoundClock::default();
        let offset = u32::MAX - 48_000 * 900;
        let mut tracks = [48_000.0, 90_000.0].map(|hz| Track {
            hz,
            report: (0.0, 0),
            newest: None,
        });
        let (mut worst, mut jitter, mut sound_at) = (0.0_f64, 1_u64, 0.0);
        for step in 0..SECONDS * 50 {
            let captured = step * 20;
            jitter = jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let late = (jitter >> 40) as f64 / f64::from(1 << 24) * 0.015;
            let wall = captured as f64 / 1e3 * (1.0 + ppm) + late;
            let now = start + Duration::from_secs_f64(wall);
            for (place, kind) in [TrackKind::Audio, TrackKind::Video].into_iter().enumerate() {
                if kind == TrackKind::Video && step % 2 == 1 {
                    continue;
                }
                let mut frame = Frame {
                    kind,
                    dts: MediaTime::from_millis(captured),
                    composition: MediaDuration::from_millis(0),
                    keyframe: true,
                    payload: Bytes::new(),
                };
                assert_eq!(hub.place(&mut frame).unwrap(), Default::default());
                let timeline = timeline.get_or_insert_with(|| Timeline::new(frame.dts, now));
                assert!(!timeline.follow(frame.dts, false, now), "a jump at {captured}");
                let track = &mut tracks[place];
                let (scale, ahead) = match kind {
                    TrackKind::Audio => (Timescale::OPUS, clock.ahead()),
                    TrackKind::Video => (Timescale::RTP_VIDEO, 0),
                };
                let timestamp = offset.wrapping_add(timeline.rtp(frame.dts, scale));
                let timestamp = match kind {
                    TrackKind::Audio => clock.place(timestamp, PACKET),
                    TrackKind::Video => timestamp,
                };
                if step % 50 == 0 {
                    let reported = offset.wrapping_add(timeline.rtp_now(now, scale));
                    track.report = (wall, reported.wrapping_add_signed(ahead));
                }
                let length = (track.hz * if kind == TrackKind::Audio { 0.02 } else { 0.04 }) as u32;
                if let Some(before) = track.newest.replace(timestamp) {
                    assert_eq!(timestamp.wrapping_sub(before), length, "{kind:?} at {captured}");
                }
                let shown = track.shown(timestamp);
                match kind {
                    TrackKind::Audio => sound_at = shown,
                    TrackKind::Video => worst = worst.max((shown - sound_at).abs() * 1e3),
                }
            }
        }
        println!("sound at most {worst:.1} ms from the picture");
        assert!(worst <= MOST_OFFSET, "{worst} ms apart");
    }
}
