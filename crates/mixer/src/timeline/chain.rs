//! Half an hour of drifting clocks through the whole chain, in virtual time: from a publisher's packets over the hub's
//! timeline and a worker's transcoding to what players get.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_bridge::receive::{SourceClock, TrackClock};
use lianmai_hub::Normaliser;
use lianmai_media::{Frame, MediaDuration, MediaTime, Timescale, TrackKind};

use super::{Placement, Policy, Timeline, from_millis, to_millis};

const SECONDS: f64 = 1_800.0;
/// Most that sound and picture may be apart, in milliseconds, once clocks have settled.
const MOST_OFFSET: f64 = 80.0;
const SETTLED: f64 = 45.0;

/// What a worker does with the positions of one sound track; the resampler does as it is told.
struct Worker {
    timeline: Timeline,
    next: f64,
    anchors: u32,
    /// Samples that were made up or cut off.
    lost: i64,
    /// Encoded blocks: how long they are, and when the last of them ends.
    block: i64,
    coded: Option<i64>,
    stamps: Vec<i64>,
}

impl Worker {
    fn new(policy: Policy, block: i64) -> Worker {
        Worker {
            timeline: Timeline::new(policy),
            next: 0.0,
            anchors: 0,
            lost: 0,
            block,
            coded: None,
            stamps: Vec::new(),
        }
    }

    /// Takes so many samples stamped `millis`; where they begin in what comes out, in milliseconds.
    fn take(&mut self, millis: i64, samples: f64) -> f64 {
        let placement = self.timeline.place(from_millis(millis), self.next.round() as i64);
        self.timeline.sounded();
        let ratio = 1.0 + f64::from(self.timeline.ppm()) / 1e6;
        match placement {
            Placement::Anchor { at } => {
                self.anchors += 1;
                self.next = at as f64;
                self.coded = Some(at);
            }
            Placement::Continue => {}
            Placement::Fill { conceal, silence } => {
                self.lost += conceal + silence;
                self.next += (conceal + silence) as f64;
            }
            Placement::Skip { samples } => {
                self.lost += samples;
                self.next -= samples as f64;
            }
        }
        let begins = self.next / 48.0;
        self.next += samples * ratio;
        while let Some(from) = self.coded.filter(|from| from + self.block <= self.next as i64) {
            self.stamps.push(to_millis(from));
            self.coded = Some(from + self.block);
        }
        begins
    }

    fn check(&self, what: &str) {
        assert_eq!((self.anchors, self.lost), (1, 0), "{what}: anchors, samples lost");
        let usual = self.block as f64 / 48.0;
        for pair in self.stamps.windows(2) {
            let step = (pair[1] - pair[0]) as f64;
            assert!((step - usual).abs() < 1.0, "{what}: {pair:?}");
        }
        // As much comes out as went in.
        let out = self.stamps.len() as f64 * usual / 1e3;
        assert!((out - SECONDS).abs() < 0.5, "{what}: {out} s of sound");
    }
}

/// The wire's milliseconds of a frame after the hub.
fn through(hub: &mut Normaliser, kind: TrackKind, dts: MediaTime) -> i64 {
    let mut frame = Frame {
        kind,
        dts,
        composition: MediaDuration::from_millis(0),
        keyframe: true,
        payload: Bytes::new(),
    };
    let placed = hub.place(&mut frame).unwrap();
    assert!(
        !placed.discontinuity && !placed.corrected,
        "{placed:?} at {dts:?}"
    );
    frame.dts.as_millis()
}

/// What players get, in milliseconds against the time of capture: sound and picture.
#[derive(Default)]
struct Errors {
    sound: f64,
    picture: Option<f64>,
    offset: f64,
    /// Least and most of both.
    range: Option<(f64, f64)>,
}

impl Errors {
    fn note(&mut self, captured: f64, error: f64, kind: TrackKind) {
        match kind {
            TrackKind::Audio => self.sound = error,
            TrackKind::Video => self.picture = Some(error),
        }
        if captured < SETTLED {
            return;
        }
        if let Some(picture) = self.picture {
            self.offset = self.offset.max((picture - self.sound).abs());
        }
        let (least, most) = self.range.unwrap_or((error, error));
        self.range = Some((least.min(error), most.max(error)));
    }

    fn drift(&self) -> f64 {
        self.range.map_or(0.0, |(least, most)| most - least)
    }
}

/// Times at which packets of both tracks are made, in order: sound every `sound` seconds, pictures every 40 ms.
fn packets(sound: f64) -> Vec<(f64, TrackKind)> {
    let of = |every: f64, kind| {
        let count = (SECONDS / every).round() as u32;
        (0..count).map(move |n| (f64::from(n) * every, kind))
    };
    let mut all: Vec<_> = of(sound, TrackKind::Audio)
        .chain(of(0.04, TrackKind::Video))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// R-S2, R-S4: a WebRTC publisher whose two RTP clocks run 100 ppm fast and slow, as RTMP players get it: sound as AAC of
/// a worker, pictures as they are.
#[test]
fn from_rtp_to_rtmp() {
    for sign in [1.0, -1.0] {
        let start = Instant::now();
        let mut source = SourceClock::new();
        let ppm = |kind| match kind {
            TrackKind::Audio => 1.0 + sign * 100e-6,
            TrackKind::Video => 1.0 - sign * 100e-6,
        };
        let (mut audio, mut video) = (
            TrackClock::new(Timescale::OPUS),
            TrackClock::new(Timescale::RTP_VIDEO),
        );
        let mut hub = Normaliser::new();
        let mut worker = Worker::new(Policy::COUNTED, 1_024);
        let mut errors = Errors::default();
        let mut jitter = 1_u64;
        let mut arrived = 0.0_f64;
        for (captured, kind) in packets(0.02) {
            jitter = jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            arrived = arrived.max(captured + 0.02 + (jitter >> 40) as f64 / f64::from(1 << 24) * 0.05);
            let at = start + Duration::from_secs_f64(arrived);
            let (clock, hz) = match kind {
                TrackKind::Audio => (&mut audio, 48_000.0),
                TrackKind::Video => (&mut video, 90_000.0),
            };
            let timestamp = (captured * hz * ppm(kind)).round() as i64 as u32;
            if (captured * 50.0).round() as i64 % 250 == 0 {
                let ntp = (3_900_000_000_u64 << 32).wrapping_add((captured * 4_294_967_296.0) as u64);
                clock.sender_report(&mut source, ntp, timestamp, at);
            }
            let time = clock.time(&mut source, timestamp, at);
            let millis = through(&mut hub, kind, time);
            let shown = match kind {
                TrackKind::Audio => worker.take(millis, 960.0),
                TrackKind::Video => millis as f64,
            };
            errors.note(captured, shown - captured * 1e3, kind);
        }
        worker.check("RTP to RTMP");
        println!(
            "sound {:.1} ms from the picture, drift {:.1} ms",
            errors.offset,
            errors.drift()
        );
        assert!(errors.offset <= MOST_OFFSET, "{} ms apart", errors.offset);
        assert!(errors.drift() <= MOST_OFFSET, "{} ms of drift", errors.drift());
    }
}

/// R-S2, R-S4: an RTMP publisher whose sound card runs 100 ppm fast or slow against its own clock, as the Opus rendition
/// and the picture have it that viewers get.
#[test]
fn from_rtmp_to_opus() {
    for ppm in [100e-6, -100e-6] {
        let mut hub = Normaliser::new();
        let mut worker = Worker::new(Policy::STAMPED, 960);
        let mut errors = Errors::default();
        let block = 1_024.0 / 48_000.0 * (1.0 + ppm);
        for (captured, kind) in packets(block) {
            let millis = through(&mut hub, kind, MediaTime::from_millis((captured * 1e3) as i64));
            let shown = match kind {
                TrackKind::Audio => worker.take(millis, 1_024.0),
                TrackKind::Video => millis as f64,
            };
            errors.note(captured, shown - captured * 1e3, kind);
        }
        worker.check("RTMP to Opus");
        println!(
            "sound {:.1} ms from the picture, drift {:.1} ms",
            errors.offset,
            errors.drift()
        );
        assert!(errors.offset <= MOST_OFFSET, "{} ms apart", errors.offset);
        assert!(errors.drift() <= MOST_OFFSET, "{} ms of drift", errors.drift());
    }
}
