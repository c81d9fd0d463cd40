//! The thread that decodes one input's pictures, shortly before each is due.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use ffmpeg_next::frame;
use lianmai_media::{Frame, VideoConfig};

use super::super::confine::yield_to_sound;
use super::super::intake::{Intake, MAX_WAITING, Queued, Waiting};
use super::tap::{Counts, PictureIn, Tap};
use crate::codec::{Decoder, Rotation};
use crate::transcode::Input;

/// How long before it is due a picture is decoded, in milliseconds.
const LEAD: i64 = 100;
/// Pictures held back; more are decoded early.
const MAX_HELD: usize = 128;
const IDLE: Duration = Duration::from_secs(1);
/// Pictures in a row that cannot be decoded before the input is given up.
const MAX_BROKEN: u32 = 150;
/// Many of these threads share one address space.
const STACK: usize = 1 << 20;

/// Starts the thread. It ends when the intake is let go. Frames come with times of the mix.
///
/// # Errors
/// When no thread can be made.
pub(super) fn start(tap: Arc<Tap>, epoch: Instant) -> std::io::Result<Intake> {
    let (inputs, queue) = sync_channel(MAX_WAITING);
    let waiting = Arc::new(Waiting::default());
    let intake = Intake::new(inputs, waiting.clone());
    std::thread::Builder::new()
        .name("picture".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            yield_to_sound();
            let screen = Screen {
                tap,
                decoder: None,
                rotation: Rotation::None,
                frame: frame::Video::empty(),
                broken: 0,
            };
            screen.work(&queue, &waiting, epoch);
        })?;
    Ok(intake)
}

struct Screen {
    tap: Arc<Tap>,
    decoder: Option<Decoder>,
    rotation: Rotation,
    frame: frame::Video,
    /// In a row.
    broken: u32,
}

impl Screen {
    fn work(mut self, queue: &Receiver<Queued>, waiting: &Waiting, epoch: Instant) {
        let mut held: VecDeque<Queued> = VecDeque::new();
        loop {
            let now = epoch.elapsed().as_millis() as i64;
            let wait = held.front().map_or(i64::MAX, |queued| match &queued.input {
                Input::Frame(frame) if held.len() < MAX_HELD => frame.dts.as_millis() - LEAD - now,
                _ => 0,
            });
            if wait <= 0 {
                if let Some(queued) = held.pop_front() {
                    waiting.bytes.fetch_sub(queued.bytes, Relaxed);
                    self.take(queued.input);
                }
                continue;
            }
            let wait = Duration::from_millis(wait.unsigned_abs()).min(IDLE);
            match queue.recv_timeout(wait) {
                Ok(queued) => held.push_back(queued),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Video(config) => self.configure(&config),
            Input::Frame(frame) => self.picture(&frame),
            Input::Metadata(metadata) => {
                let degrees = metadata.get("rotation").and_then(|value| value.as_number());
                self.rotation = degrees.map_or(Rotation::None, Rotation::from_degrees);
            }
            Input::Audio(_) => {}
        }
    }

    fn configure(&mut self, config: &VideoConfig) {
        if let Some(decoder) = &mut self.decoder {
            decoder.finish();
            self.receive();
        }
        self.decoder = None;
        match Decoder::video(config) {
            Ok(decoder) => self.decoder = Some(decoder),
            Err(_) => self.broke(MAX_BROKEN),
        }
    }

    fn picture(&mut self, frame: &Frame) {
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        if frame.payload.is_empty() {
            return;
        }
        let due = frame
            .dts
            .as_millis()
            .saturating_add(frame.composition.as_millis());
        if decoder.send(&frame.payload, due).is_err() {
            self.broke(1);
        }
        self.receive();
    }

    fn receive(&mut self) {
        while let Some(decoder) = &mut self.decoder {
            match decoder.receive(&mut self.frame) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return self.broke(1),
            }
            let decoded = std::mem::replace(&mut self.frame, frame::Video::empty());
            if let Some(due) = decoded.pts() {
                self.broken = 0;
                self.tap.put_picture(PictureIn {
                    due,
                    frame: Arc::new(decoded),
                    rotation: self.rotation,
                });
            }
        }
    }

    fn broke(&mut self, count: u32) {
        self.broken = self.broken.saturating_add(count);
        Counts::add(&self.tap.counts.broken, 1);
        if self.broken >= MAX_BROKEN {
            self.broken = 0;
            self.tap.hopeless.store(true, Relaxed);
        }
    }
}
