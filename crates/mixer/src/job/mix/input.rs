//! One input: played, its stamps brought to the mix's timeline, and played again when it ends (R-M4).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use lianmai_media::{AudioConfig, Frame, MediaTime, Metadata, TrackKind, VideoConfig};
use lianmai_rtmp::client::{ClientError, RtmpClient};
use lianmai_rtmp::protocol::{ClientEvent, Media, Purpose, RtmpUrl};
use tokio_util::sync::CancellationToken;

use super::super::intake::Intake;
use super::super::run::open;
use super::super::source::SourceReader;
use super::picture_thread;
use super::tap::{Counts, SoundIn, Tap};
use crate::mix::clock::InputClock;
use crate::timeline::{PER_MILLI, from_millis, to_millis};
use crate::transcode::Input;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const MOST_WAIT: Duration = Duration::from_secs(2);
/// A connection that gave media this long begins the waiting times anew.
const STABLE: Duration = Duration::from_secs(5);
/// How often an input that settles is looked at.
const SETTLING: Duration = Duration::from_millis(20);
/// Frames held while it settles.
const MAX_HELD: usize = 2_048;
/// Pictures kept of an input that is not seen, since its last key frame, in frames and bytes.
const MAX_KEPT: usize = 600;
const MAX_KEPT_BYTES: usize = 4 << 20;

/// Plays `url` into `tap` until `stop`, however often it ends.
pub(super) async fn follow(tap: Arc<Tap>, url: RtmpUrl, epoch: Instant, stop: CancellationToken) {
    let mut wait = FIRST_WAIT;
    while !stop.is_cancelled() {
        let begin = Instant::now();
        tokio::select! {
            _ended = play(&tap, &url, epoch) => {}
            () = stop.cancelled() => return,
        }
        metrics::counter!("lianmai_worker_inputs_reopened_total").increment(1);
        if begin.elapsed() > STABLE {
            wait = FIRST_WAIT;
        }
        let jitter = 0.75 + 0.5 * rand::random::<f64>();
        tokio::select! {
            () = tokio::time::sleep(wait.mul_f64(jitter)) => {}
            () = stop.cancelled() => return,
        }
        wait = (wait * 2).min(MOST_WAIT);
    }
}

/// One connection, to its end.
async fn play(tap: &Arc<Tap>, url: &RtmpUrl, epoch: Instant) -> Result<(), ClientError> {
    let mut client: RtmpClient = open(url, Purpose::Play).await?;
    tap.hopeless.store(false, Relaxed);
    let mut stream = Stream {
        tap: tap.clone(),
        epoch,
        reader: SourceReader::both(),
        broken: 0,
        clock: InputClock::default(),
        held: Vec::new(),
        intake: None,
        metadata: None,
        video: None,
        kept: Vec::new(),
        kept_bytes: 0,
    };
    loop {
        let event = tokio::select! {
            event = client.next_event() => event?,
            () = tokio::time::sleep(SETTLING), if !stream.held.is_empty() => {
                stream.settle();
                continue;
            }
        };
        match event {
            ClientEvent::Media(media) => stream.take(media),
            ClientEvent::StreamEnded { dry: false } => return Ok(()),
            _ => {}
        }
        if tap.hopeless.load(Relaxed) {
            metrics::counter!("lianmai_worker_inputs_hopeless_total").increment(1);
            return Ok(());
        }
    }
}

/// What one connection brings.
struct Stream {
    tap: Arc<Tap>,
    epoch: Instant,
    reader: SourceReader,
    broken: u64,
    clock: InputClock,
    /// Came before it was known where they belong.
    held: Vec<Input>,
    intake: Option<Intake>,
    metadata: Option<Metadata>,
    video: Option<VideoConfig>,
    /// Since the last key frame, while it is not seen.
    kept: Vec<Frame>,
    kept_bytes: usize,
}

impl Stream {
    fn now(&self) -> i64 {
        let micros = i64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(i64::MAX / PER_MILLI);
        micros * PER_MILLI / 1_000
    }

    fn take(&mut self, media: Media) {
        let now = self.now();
        let read = self.reader.read(media);
        let broken = std::mem::replace(&mut self.broken, self.reader.broken());
        Counts::add(&self.tap.counts.broken, self.broken - broken);
        for input in read.into_iter().flatten() {
            if let Input::Frame(frame) = &input {
                Counts::add(&self.tap.counts.frames_in, 1);
                self.clock
                    .heard(frame.kind, from_millis(frame.dts.as_millis()), now);
            }
            match self.clock.offset() {
                Some(offset) => {
                    self.release(offset);
                    self.give(input, offset);
                }
                None if self.held.len() < MAX_HELD => self.held.push(input),
                None => Counts::add(&self.tap.counts.dropped, 1),
            }
        }
    }

    fn settle(&mut self) {
        if let Some(offset) = self.clock.settle(self.now()) {
            self.release(offset);
        }
    }

    fn release(&mut self, offset: i64) {
        for input in std::mem::take(&mut self.held) {
            self.give(input, offset);
        }
    }

    fn give(&mut self, input: Input, offset: i64) {
        match input {
            Input::Audio(config) => self.sound_config(config),
            Input::Video(config) => {
                self.kept.clear();
                self.kept_bytes = 0;
                self.video = Some(config.clone());
                self.offer(Input::Video(config));
            }
            Input::Metadata(metadata) => {
                self.metadata = Some(metadata.clone());
                self.offer(Input::Metadata(metadata));
            }
            Input::Frame(frame) if frame.kind == TrackKind::Audio => {
                if self.tap.heard.load(Relaxed) {
                    let at = from_millis(frame.dts.as_millis()).saturating_add(offset);
                    self.tap.put_sound(SoundIn::Packet(frame.payload, at));
                }
            }
            Input::Frame(mut frame) => {
                let due = from_millis(frame.dts.as_millis()).saturating_add(offset);
                frame.dts = MediaTime::from_millis(to_millis(due));
                self.picture(frame);
            }
        }
    }

    fn sound_config(&self, config: AudioConfig) {
        self.tap.put_sound(SoundIn::Config(config));
    }

    fn picture(&mut self, frame: Frame) {
        if !self.tap.seen.load(Relaxed) {
            return self.keep(frame);
        }
        if self.intake.is_none() {
            self.intake = picture_thread::start(self.tap.clone(), self.epoch).ok();
            let video = self.video.clone().map(Input::Video);
            let metadata = self.metadata.clone().map(Input::Metadata);
            for input in metadata.into_iter().chain(video) {
                self.offer(input);
            }
        }
        // It was not seen before: all since the key frame is decoded, the last is shown.
        for kept in std::mem::take(&mut self.kept) {
            self.offer(Input::Frame(kept));
        }
        self.kept_bytes = 0;
        self.offer(Input::Frame(frame));
    }

    fn keep(&mut self, frame: Frame) {
        if frame.keyframe {
            self.kept.clear();
            self.kept_bytes = 0;
        } else if self.kept.is_empty() {
            return;
        }
        self.kept_bytes += frame.payload.len();
        if self.kept.len() >= MAX_KEPT || self.kept_bytes > MAX_KEPT_BYTES {
            self.kept.clear();
            self.kept_bytes = 0;
            return;
        }
        self.kept.push(frame);
    }

    fn offer(&mut self, input: Input) {
        let Some(intake) = &mut self.intake else {
            return;
        };
        match intake.offer(input, self.epoch.elapsed()) {
            Ok(true) => {}
            Ok(false) => Counts::add(&self.tap.counts.dropped, 1),
            // The thread is stuck: a new connection has a new one.
            Err(_) => self.tap.hopeless.store(true, Relaxed),
        }
    }
}
