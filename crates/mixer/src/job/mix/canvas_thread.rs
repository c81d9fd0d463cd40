//! The thread that composes and encodes pictures, on the mix's clock. What it cannot do in time is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind};
use lianmai_rooms::layout::{Canvas, Quality, Scene};
use tokio::sync::mpsc;

use super::super::confine::yield_to_sound;
use super::tap::Tap;
use crate::codec::{CodecError, Coded, Effort, Size, VideoEncoder};
use crate::mix::compose::{Assets, Compositor, FontFiles, Moment};
use crate::transcode::Output;

/// Commands that may wait.
const MAX_COMMANDS: usize = 64;
/// Longest time between key frames, in milliseconds.
const GOP: i64 = 2_000;
/// A picture that stays as it is is sent again after this long, in milliseconds.
const STILL: i64 = 200;
const STACK: usize = 4 << 20;

/// How the canvas is to be from the next frame on.
pub(super) struct CanvasCommand {
    /// What is composed.
    pub(super) scene: Arc<Scene>,
    /// The files it names.
    pub(super) assets: Assets,
    /// The inputs there are.
    pub(super) taps: Vec<Arc<Tap>>,
}

/// What the thread counts.
#[derive(Default)]
pub(super) struct CanvasReport {
    /// Frames composed.
    pub(super) frames: AtomicU64,
    /// Frames left out to keep up, or because the target took none.
    pub(super) left_out: AtomicU64,
}

/// Starts the thread. It ends when the commands' sender is let go; on an error its output ends.
///
/// # Errors
/// When no thread can be made.
pub(super) fn start(
    first: CanvasCommand,
    fonts: FontFiles,
    epoch: Instant,
    report: Arc<CanvasReport>,
    output: mpsc::Sender<Output>,
) -> std::io::Result<SyncSender<CanvasCommand>> {
    let (commands, queue) = sync_channel(MAX_COMMANDS);
    std::thread::Builder::new()
        .name("canvas".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            yield_to_sound();
            let composing = Composing::new(first, fonts, epoch, report, output);
            let _ = composing.and_then(|mut composing| composing.work(&queue));
        })?;
    Ok(commands)
}

struct Composing {
    compositor: Compositor,
    encoder: VideoEncoder,
    fps: i64,
    taps: Vec<Arc<Tap>>,
    epoch: Instant,
    report: Arc<CanvasReport>,
    output: mpsc::Sender<Output>,
    last_key: Option<i64>,
    last_sent: i64,
    /// After how long a picture that stays as it is is sent again.
    still: i64,
}

impl Composing {
    fn new(
        first: CanvasCommand,
        fonts: FontFiles,
        epoch: Instant,
        report: Arc<CanvasReport>,
        output: mpsc::Sender<Output>,
    ) -> Result<Composing, CodecError> {
        let canvas = first.scene.canvas;
        let encoder = encoder(&canvas)?;
        // The queue is new and has room; when nobody listens, the job is over.
        let _ = output.try_send(Output::Video(encoder.config().clone(), f64::from(canvas.fps)));
        Ok(Composing {
            compositor: Compositor::new(first.scene, first.assets, fonts.read())?,
            encoder,
            fps: i64::from(canvas.fps.max(1)),
            taps: first.taps,
            epoch,
            report,
            output,
            last_key: None,
            last_sent: i64::MIN / 2,
            still: match canvas.quality {
                Quality::Live => STILL,
                // The encoder holds back a number of pictures: sent rarely, they would be held back for seconds.
                Quality::Recording => 0,
            },
        })
    }

    fn work(&mut self, queue: &Receiver<CanvasCommand>) -> Result<(), CodecError> {
        let mut n = self.epoch.elapsed().as_millis() as i64 * self.fps / 1_000 + 1;
        loop {
            let at = n * 1_000 / self.fps;
            let now = self.epoch.elapsed();
            if let Some(wait) = Duration::from_millis(at.unsigned_abs()).checked_sub(now)
                && !wait.is_zero()
            {
                match queue.recv_timeout(wait) {
                    Ok(command) => self.obey(command, at),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return self.finish(),
                }
                continue;
            }
            while let Ok(command) = queue.try_recv() {
                self.obey(command, at);
            }
            // More than a frame behind: those in between are left out.
            let current = now.as_millis() as i64 * self.fps / 1_000;
            if current > n + 1 {
                self.report
                    .left_out
                    .fetch_add((current - n).unsigned_abs(), Relaxed);
                n = current;
                continue;
            }
            self.frame(at)?;
            n += 1;
        }
    }

    /// What the encoder holds back goes out before the end.
    fn finish(&mut self) -> Result<(), CodecError> {
        while let Some(coded) = self.encoder.finish()? {
            if self.output.try_send(Output::Frame(frame_of(coded))).is_err() {
                self.report.left_out.fetch_add(1, Relaxed);
                metrics::counter!("lianmai_worker_dropped_frames_total").increment(1);
            }
        }
        Ok(())
    }

    fn obey(&mut self, command: CanvasCommand, now: i64) {
        self.taps = command.taps;
        self.compositor.set_scene(command.scene, command.assets, now);
        let taps = &self.taps;
        self.compositor
            .keep_inputs(|input| taps.iter().any(|tap| tap.name == input));
    }

    fn frame(&mut self, at: i64) -> Result<(), CodecError> {
        for tap in &self.taps {
            // The nearest to this frame, not the last before it.
            if let Some(picture) = tap.due_picture(at + 500 / self.fps) {
                self.compositor
                    .picture(&tap.name, picture.frame, picture.rotation, at);
            }
        }
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let changed = self.compositor.compose(Moment {
            millis: at,
            unix: unix.map_or(0, |unix| unix.as_secs().cast_signed()),
        });
        self.report.frames.fetch_add(1, Relaxed);
        let keyframe = self
            .last_key
            .is_none_or(|last| at - last + 1_000 / self.fps > GOP);
        if changed.is_empty() && !keyframe && at - self.last_sent < self.still {
            return Ok(());
        }
        self.last_sent = at;
        if keyframe {
            self.last_key = Some(at);
        }
        let coded = self.encoder.encode(self.compositor.frame_mut(), at, keyframe)?;
        if let Some(coded) = coded
            && self.output.try_send(Output::Frame(frame_of(coded))).is_err()
        {
            self.report.left_out.fetch_add(1, Relaxed);
            metrics::counter!("lianmai_worker_dropped_frames_total").increment(1);
            // What follows would refer to it.
            self.last_key = None;
        }
        Ok(())
    }
}

fn encoder(canvas: &Canvas) -> Result<VideoEncoder, CodecError> {
    let size = Size {
        width: canvas.width,
        height: canvas.height,
    };
    let effort = match canvas.quality {
        Quality::Live => Effort::Live,
        Quality::Recording => Effort::Recording,
    };
    VideoEncoder::with_effort(size, canvas.video_bitrate, f64::from(canvas.fps), effort)
}

fn frame_of(coded: Coded) -> Frame {
    Frame {
        kind: TrackKind::Video,
        dts: MediaTime::from_millis(coded.pts.max(0)),
        composition: MediaDuration::from_millis(0),
        keyframe: coded.keyframe,
        payload: coded.payload,
    }
}
