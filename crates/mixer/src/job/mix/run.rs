//! A mix from its connections to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use lianmai_hub::job::{MixJob, SoundOutput};
use lianmai_rooms::layout::Scene;
use lianmai_rtmp::client::{ClientError, RtmpClient};
use lianmai_rtmp::protocol::{Purpose, RtmpUrl};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::pipes::Pipes;
use super::super::run::open;
use super::super::sink::{Message, SinkWriter};
use super::super::status::{Command, Progress, Status};
use super::canvas_thread::{self, CanvasCommand, CanvasReport};
use super::input;
use super::outlet;
use super::sound_thread::{self, SoundCommand, SoundReport};
use super::tap::{Counts, Tap};
use crate::mix::compose::{Assets, FontFiles};
use crate::mix::sound::{Level, OutputId};
use crate::transcode::Output;

const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Bytes that may wait for the target; pictures are left out from the first on, sound from the second.
const MAX_UNSENT: u64 = 2 << 20;
const MAX_UNSENT_SOUND: u64 = 3 << 20;
/// Coded pictures and packets that may wait for the connection.
const MAX_PICTURES: usize = 50;
const MAX_SOUND: usize = 128;
/// Inputs and further outputs of one mix.
const MAX_INPUTS: usize = 256;
const MAX_OUTPUTS: usize = 64;
/// A thread without progress for this long is stuck.
const STUCK: Duration = Duration::from_secs(3);
const FINISH_LIMIT: Duration = Duration::from_millis(500);
/// The mix itself among the outputs of sound.
const THE_MIX: OutputId = 0;

/// Why a mix ends by itself.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the URL of the {0} cannot be used")]
    Url(&'static str),
    #[error("scene: {0}")]
    Scene(#[from] lianmai_rooms::layout::SceneError),
    #[error("target: {0}")]
    Target(#[from] ClientError),
    #[error("the {0} thread ended")]
    Ended(&'static str),
    #[error("the {0} thread is stuck")]
    Stuck(&'static str),
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Does the job until it is told to stop or fails; gives the status to say last.
pub(crate) async fn run(job: Box<MixJob>, fonts: FontFiles, pipes: &mut Pipes) -> Status {
    match serve(job, fonts, pipes).await {
        Ok(()) => Status::Stopped,
        Err(failure) => Status::Failed {
            reason: failure.to_string(),
        },
    }
}

async fn serve(job: Box<MixJob>, fonts: FontFiles, pipes: &mut Pipes) -> Result<(), Failure> {
    job.scene.check()?;
    let target = RtmpUrl::parse(&job.target).map_err(|_| Failure::Url("target"))?;
    let mut push = tokio::select! {
        opened = open(&target, Purpose::Publish) => opened?,
        stopped = stopped_early(pipes) => return stopped,
    };
    let _ = pipes.say(&Status::Started).await;
    let epoch = Instant::now();
    let canvas = job.scene.canvas;
    let sound_report = Arc::new(SoundReport::default());
    let sound = sound_thread::start(canvas.audio_bitrate, epoch, sound_report.clone())?;
    let (assets, _missing) = Assets::default().decode(&job.assets);
    let mut mix = Mix {
        epoch,
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
        counts: Arc::default(),
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        next_output: THE_MIX + 1,
        bitrate: canvas.audio_bitrate,
        sound,
        canvas: None,
        sound_report,
        canvas_report: Arc::default(),
        assets,
        scene: Arc::new(job.scene.clone()),
        frames_out: 0,
        queued: 0,
        canvas_watch: Watch::new(),
        sound_watch: Watch::new(),
    };
    let (to_sound, mut sounds) = mpsc::channel(MAX_SOUND);
    let (to_pictures, mut pictures) = mpsc::channel(MAX_PICTURES);
    let mut writer = SinkWriter::of_both(canvas.video_bitrate, canvas.audio_bitrate);
    let mut messages = Vec::new();
    mix.follow(&job)?;
    if !canvas.audio_only {
        let first = CanvasCommand {
            scene: mix.scene.clone(),
            assets: mix.assets.clone(),
            taps: mix.taps(),
        };
        let report = mix.canvas_report.clone();
        mix.canvas = Some(canvas_thread::start(first, fonts, epoch, report, to_pictures)?);
        // Before any sound, so that what is said about the stream is all there is.
        let config = pictures.recv().await.ok_or(Failure::Ended("canvas"))?;
        writer.write(config, &mut messages);
    }
    mix.tell_sound(SoundCommand::Add(THE_MIX, None, to_sound))?;
    mix.apply()?;
    let result = mix
        .go(
            pipes,
            &mut push,
            &mut writer,
            &mut messages,
            &mut sounds,
            &mut pictures,
        )
        .await;
    mix.stop.cancel();
    if result.is_ok() {
        // The thread ends, and gives what its encoder holds back.
        mix.canvas = None;
        let rest = mix.finish(&mut push, &mut writer, &mut messages, &mut pictures);
        let _ = tokio::time::timeout(FINISH_LIMIT, rest).await;
        let _ = tokio::time::timeout(FINISH_LIMIT, push.finish()).await;
    }
    mix.tasks.close();
    let _ = tokio::time::timeout(FINISH_LIMIT, mix.tasks.wait()).await;
    result
}

/// Waits for an end before the mix has begun. What is changed meanwhile is told again after it has.
async fn stopped_early(pipes: &mut Pipes) -> Result<(), Failure> {
    pipes.stopped().await;
    Ok(())
}

struct Mix {
    epoch: Instant,
    stop: CancellationToken,
    tasks: TaskTracker,
    counts: Arc<Counts>,
    inputs: BTreeMap<String, InputTask>,
    outputs: BTreeMap<OutputId, OutputTask>,
    next_output: OutputId,
    bitrate: u32,
    sound: SyncSender<SoundCommand>,
    canvas: Option<SyncSender<CanvasCommand>>,
    sound_report: Arc<SoundReport>,
    canvas_report: Arc<CanvasReport>,
    assets: Assets,
    scene: Arc<Scene>,
    frames_out: u64,
    queued: u64,
    canvas_watch: Watch,
    sound_watch: Watch,
}

struct InputTask {
    url: String,
    tap: Arc<Tap>,
    stop: CancellationToken,
}

struct OutputTask {
    is: SoundOutput,
    stop: CancellationToken,
}

type Decoding = JoinHandle<(Box<MixJob>, Assets)>;

impl Mix {
    async fn go(
        &mut self,
        pipes: &mut Pipes,
        push: &mut RtmpClient,
        writer: &mut SinkWriter,
        messages: &mut Vec<Message>,
        sounds: &mut mpsc::Receiver<Output>,
        pictures: &mut mpsc::Receiver<Output>,
    ) -> Result<(), Failure> {
        let mut progress = tokio::time::interval(PROGRESS_EVERY);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut decoding: Option<Decoding> = None;
        let mut next: Option<Box<MixJob>> = None;
        let seen = self.canvas.is_some();
        loop {
            if decoding.is_none()
                && let Some(job) = next.take()
            {
                let assets = self.assets.clone();
                decoding = Some(tokio::task::spawn_blocking(move || {
                    let (assets, _missing) = assets.decode(&job.assets);
                    (job, assets)
                }));
            }
            let unsent = self.queued.saturating_sub(push.sent());
            tokio::select! {
                biased;
                command = pipes.next() => match command {
                    Ok(Some(Command::UpdateMix { job })) => next = Some(job),
                    Ok(Some(Command::Start { .. } | Command::StartMix { .. })) => {}
                    Ok(Some(Command::Stop) | None) | Err(_) => return Ok(()),
                },
                output = sounds.recv(), if unsent < MAX_UNSENT_SOUND => {
                    writer.write(output.ok_or(Failure::Ended("sound"))?, messages);
                    self.send(push, messages)?;
                }
                output = pictures.recv(), if seen && unsent < MAX_UNSENT => {
                    writer.write(output.ok_or(Failure::Ended("canvas"))?, messages);
                    self.send(push, messages)?;
                }
                // It also writes what is queued.
                event = push.next_event() => { event?; }
                done = finished(&mut decoding) => {
                    decoding = None;
                    if let Some((job, assets)) = done {
                        self.update(&job, assets)?;
                    }
                }
                _ = progress.tick() => {
                    let _ = pipes.say(&Status::Progress(self.progress())).await;
                    self.watch()?;
                }
            }
        }
    }

    fn send(&mut self, push: &mut RtmpClient, messages: &mut Vec<Message>) -> Result<(), Failure> {
        for message in messages.drain(..) {
            match message {
                Message::Metadata(metadata) => push.send_metadata(&metadata, 0)?,
                Message::Media(kind, time, body) => {
                    self.queued += body.len() as u64;
                    self.frames_out += 1;
                    push.send_media(kind, time, &body)?;
                }
            }
        }
        Ok(())
    }

    /// Sends the last pictures.
    async fn finish(
        &mut self,
        push: &mut RtmpClient,
        writer: &mut SinkWriter,
        messages: &mut Vec<Message>,
        pictures: &mut mpsc::Receiver<Output>,
    ) -> Result<(), Failure> {
        while let Some(output) = pictures.recv().await {
            writer.write(output, messages);
            self.send(push, messages)?;
        }
        Ok(())
    }

    /// The job is to be like this now. A scene that cannot be drawn changes nothing.
    fn update(&mut self, job: &MixJob, assets: Assets) -> Result<(), Failure> {
        if job.scene.check().is_err() {
            metrics::counter!("lianmai_worker_bad_scenes_total").increment(1);
            return Ok(());
        }
        self.assets = assets;
        self.scene = Arc::new(Scene {
            canvas: self.scene.canvas,
            ..job.scene.clone()
        });
        self.follow(job)?;
        self.apply()
    }

    /// Opens and closes inputs and further outputs, so that they are those of the job.
    fn follow(&mut self, job: &MixJob) -> Result<(), Failure> {
        self.inputs.retain(|name, task| {
            let stays = job
                .inputs
                .iter()
                .any(|input| input.name == *name && input.url == task.url);
            if !stays {
                task.stop.cancel();
            }
            stays
        });
        for listed in job.inputs.iter().take(MAX_INPUTS) {
            // One that cannot be played is a member without media.
            let Ok(url) = RtmpUrl::parse(&listed.url) else {
                continue;
            };
            if self.inputs.contains_key(&listed.name) {
                continue;
            }
            let tap = Arc::new(Tap::new(&listed.name, self.counts.clone()));
            let stop = self.stop.child_token();
            self.tasks
                .spawn(input::follow(tap.clone(), url, self.epoch, stop.clone()));
            let task = InputTask {
                url: listed.url.clone(),
                tap,
                stop,
            };
            self.inputs.insert(listed.name.clone(), task);
        }
        let wanted: Vec<&SoundOutput> = job.sound_outputs.iter().take(MAX_OUTPUTS).collect();
        let gone: Vec<OutputId> = self
            .outputs
            .iter()
            .filter(|(_, task)| !wanted.contains(&&task.is))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            if let Some(task) = self.outputs.remove(&id) {
                task.stop.cancel();
            }
            self.tell_sound(SoundCommand::Remove(id))?;
        }
        for output in wanted {
            if self.outputs.values().any(|task| task.is == *output) {
                continue;
            }
            let Ok(url) = RtmpUrl::parse(&output.url) else {
                continue;
            };
            let id = self.next_output;
            self.next_output += 1;
            let (queue, sound) = mpsc::channel(outlet::MAX_WAITING);
            let stop = self.stop.child_token();
            self.tasks
                .spawn(outlet::push(url, self.bitrate, sound, stop.clone()));
            self.tell_sound(SoundCommand::Add(id, output.without.clone(), queue))?;
            let is = output.clone();
            self.outputs.insert(id, OutputTask { is, stop });
        }
        Ok(())
    }

    /// Tells the threads how the scene and the inputs are.
    fn apply(&mut self) -> Result<(), Failure> {
        let mut levels = Vec::new();
        for (name, task) in &self.inputs {
            let shows = |cell: &lianmai_rooms::layout::Cell| cell.input.as_ref() == Some(name) && !cell.off;
            let voice = self.scene.voices.iter().find(|voice| voice.input == *name);
            let gain = voice.map_or(0.0, |voice| if voice.muted { 0.0 } else { voice.gain });
            task.tap.heard.store(gain > 0.0, Relaxed);
            let seen = self.canvas.is_some() && self.scene.cells.iter().any(shows);
            task.tap.seen.store(seen, Relaxed);
            levels.push(Level {
                input: name.clone(),
                gain,
            });
        }
        self.tell_sound(SoundCommand::Inputs(self.taps(), levels))?;
        let command = CanvasCommand {
            scene: self.scene.clone(),
            assets: self.assets.clone(),
            taps: self.taps(),
        };
        match &self.canvas {
            Some(canvas) => canvas.try_send(command).map_err(|_| Failure::Stuck("canvas")),
            None => Ok(()),
        }
    }

    fn tell_sound(&self, command: SoundCommand) -> Result<(), Failure> {
        self.sound.try_send(command).map_err(|_| Failure::Stuck("sound"))
    }

    fn taps(&self) -> Vec<Arc<Tap>> {
        self.inputs.values().map(|task| task.tap.clone()).collect()
    }

    /// A thread that makes nothing any more is not waited for (R-A6).
    fn watch(&mut self) -> Result<(), Failure> {
        if self.sound_watch.is_stuck(self.sound_report.steps.load(Relaxed)) {
            return Err(Failure::Stuck("sound"));
        }
        let frames = self.canvas_report.frames.load(Relaxed);
        if self.canvas.is_some() && self.canvas_watch.is_stuck(frames) {
            return Err(Failure::Stuck("canvas"));
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        let counts = &self.counts;
        let left_out = self.canvas_report.left_out.load(Relaxed) + self.sound_report.lost.load(Relaxed);
        Progress {
            frames_in: counts.frames_in.load(Relaxed),
            frames_out: self.frames_out,
            broken: counts.broken.load(Relaxed) + counts.sound_broken.load(Relaxed),
            late: counts.late.load(Relaxed) + counts.sound_late.load(Relaxed),
            dropped: counts.dropped.load(Relaxed) + left_out,
            concealed: self.sound_report.concealed.load(Relaxed),
        }
    }
}

/// The end of decoding files; never when none are decoded.
async fn finished(decoding: &mut Option<Decoding>) -> Option<(Box<MixJob>, Assets)> {
    match decoding {
        Some(handle) => handle.await.ok(),
        None => std::future::pending().await,
    }
}

/// Whether a count goes on.
struct Watch {
    count: u64,
    since: Instant,
}

impl Watch {
    fn new() -> Watch {
        Watch {
            count: 0,
            since: Instant::now(),
        }
    }

    fn is_stuck(&mut self, count: u64) -> bool {
        if count != self.count {
            self.count = count;
            self.since = Instant::now();
        }
        self.since.elapsed() > STUCK
    }
}
