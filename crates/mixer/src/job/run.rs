//! A job from its connections to its end.

use std::future::Future;
use std::time::{Duration, Instant};

use lianmai_hub::job::{Job, JobKind};
use lianmai_media::TrackKind;
use lianmai_rtmp::client::{ClientError, DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{ClientConfig, ClientEvent, Keepalive, Media, Purpose, RtmpUrl, Seed};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::codec_thread::{self, Batch};
use super::intake::Intake;
use super::pipes::Pipes;
use super::sink::{Message, SinkWriter};
use super::source::SourceReader;
use super::status::{Progress, Status};
use super::watchdog::Watchdog;
use crate::transcode::{Input, Losses};

const PROGRESS_EVERY: Duration = Duration::from_secs(1);
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// Bytes that may wait for the target; then the codec thread waits, and its queue drops.
const MAX_UNSENT: u64 = 4 << 20;
/// For saying goodbye to the target.
const FINISH_LIMIT: Duration = Duration::from_millis(500);

/// Why a job ends by itself.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the URL of the {0} cannot be used")]
    Url(&'static str),
    #[error("source: {0}")]
    Source(ClientError),
    #[error("the source ended")]
    SourceEnded,
    #[error("target: {0}")]
    Target(ClientError),
    #[error("{0}")]
    Codec(String),
    #[error("the codec thread ended")]
    Panicked,
    #[error("the codec thread takes nothing")]
    Stuck,
    #[error("input without output for two seconds")]
    NoOutput,
    #[error("thread: {0}")]
    Thread(std::io::Error),
}

/// Does the job until it is told to stop or fails; gives the status to say last.
pub(super) async fn run(job: &Job, pipes: &mut Pipes) -> Status {
    match serve(job, pipes).await {
        Ok(()) => Status::Stopped,
        Err(failure) => Status::Failed {
            reason: failure.to_string(),
        },
    }
}

async fn serve(job: &Job, pipes: &mut Pipes) -> Result<(), Failure> {
    let source = RtmpUrl::parse(&job.source).map_err(|_| Failure::Url("source"))?;
    let target = RtmpUrl::parse(&job.target).map_err(|_| Failure::Url("target"))?;
    let opening = async {
        tokio::try_join!(
            async { open(&source, Purpose::Play).await.map_err(Failure::Source) },
            async { open(&target, Purpose::Publish).await.map_err(Failure::Target) },
        )
    };
    let (play, push) = tokio::select! {
        opened = opening => opened?,
        () = pipes.stopped() => return Ok(()),
    };
    // A supervisor that does not hear it will notice by itself.
    let _ = pipes.say(&Status::Started).await;
    let epoch = Instant::now();
    let (intake, outputs) = codec_thread::start(&job.kind, epoch).map_err(Failure::Thread)?;
    let (track, bitrate) = match job.kind {
        JobKind::AudioToOpus { bitrate } | JobKind::AudioToAac { bitrate } => (TrackKind::Audio, bitrate),
        JobKind::VideoToH264 { bitrate, .. } => (TrackKind::Video, bitrate),
    };
    let mut running = Running {
        epoch,
        play,
        push,
        intake,
        outputs,
        reader: SourceReader::new(track),
        writer: SinkWriter::new(bitrate),
        messages: Vec::new(),
        queued: 0,
        frames_in: 0,
        frames_out: 0,
        losses: Losses::default(),
        watchdog: Watchdog::default(),
    };
    let result = running.go(pipes).await;
    if result.is_ok() {
        let _ = tokio::time::timeout(FINISH_LIMIT, running.push.finish()).await;
    }
    result
}

/// How the gateway is called: it is near, and must answer at once.
pub(super) fn open(url: &RtmpUrl, purpose: Purpose) -> impl Future<Output = Result<RtmpClient, ClientError>> {
    let options = DialOptions {
        session: ClientConfig {
            login_timeout: Duration::from_secs(5),
            keepalive: Keepalive {
                ping_after: Duration::from_secs(5),
                silent_after: Duration::from_secs(15),
            },
            flash_version: concat!("lianmai-worker/", env!("CARGO_PKG_VERSION")).to_owned(),
            ..ClientConfig::default()
        },
        connect_timeout: Duration::from_secs(5),
        write_stall: Duration::from_secs(10),
        ..DialOptions::default()
    };
    let url = url.clone();
    async move { RtmpClient::open(&url, purpose, options, Seed(rand::random())).await }
}

struct Running {
    epoch: Instant,
    play: RtmpClient,
    push: RtmpClient,
    intake: Intake,
    outputs: mpsc::Receiver<Batch>,
    reader: SourceReader,
    writer: SinkWriter,
    messages: Vec<Message>,
    /// Bytes of media handed to the target's connection.
    queued: u64,
    frames_in: u64,
    frames_out: u64,
    losses: Losses,
    watchdog: Watchdog,
}

impl Running {
    async fn go(&mut self, pipes: &mut Pipes) -> Result<(), Failure> {
        let mut progress = tokio::time::interval(PROGRESS_EVERY);
        let mut check = tokio::time::interval(CHECK_EVERY);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // `sent` counts all bytes of the connection, so this errs on the side of less waiting.
            let room = self.queued.saturating_sub(self.push.sent()) < MAX_UNSENT;
            tokio::select! {
                event = self.play.next_event() => match event {
                    Ok(ClientEvent::Media(media)) => self.take(media)?,
                    Ok(ClientEvent::StreamEnded { dry: false }) => return Err(Failure::SourceEnded),
                    Ok(_) => {}
                    Err(error) => return Err(Failure::Source(error)),
                },
                // It also writes what is queued.
                event = self.push.next_event() => if let Err(error) = event {
                    return Err(Failure::Target(error));
                },
                batch = self.outputs.recv(), if room => match batch {
                    Some(Batch::Done(outputs, losses)) => {
                        self.losses = losses;
                        for output in outputs {
                            self.writer.write(output, &mut self.messages);
                        }
                        self.send()?;
                    }
                    Some(Batch::Failed(reason)) => return Err(Failure::Codec(reason)),
                    None => return Err(Failure::Panicked),
                },
                _ = check.tick() => if self.watchdog.barks(self.epoch.elapsed()) {
                    return Err(Failure::NoOutput);
                },
                _ = progress.tick() => {
                    let _ = pipes.say(&Status::Progress(self.progress())).await;
                }
                () = pipes.stopped() => return Ok(()),
            }
        }
    }

    fn take(&mut self, media: Media) -> Result<(), Failure> {
        let at = self.epoch.elapsed();
        for input in self.reader.read(media).into_iter().flatten() {
            let is_frame = matches!(input, Input::Frame(_));
            let taken = self.intake.offer(input, at).map_err(|_| Failure::Stuck)?;
            self.frames_in += u64::from(is_frame);
            if is_frame && taken {
                self.watchdog.input(at);
            }
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Failure> {
        for message in self.messages.drain(..) {
            match message {
                Message::Metadata(metadata) => self.push.send_metadata(&metadata, 0),
                Message::Media(kind, time, body) => {
                    self.queued += body.len() as u64;
                    self.frames_out += 1;
                    self.watchdog.output();
                    self.push.send_media(kind, time, &body)
                }
            }
            .map_err(Failure::Target)?;
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress {
            frames_in: self.frames_in,
            frames_out: self.frames_out,
            broken: self.losses.broken + self.reader.broken(),
            late: self.losses.late,
            dropped: self.intake.dropped(),
            concealed: self.losses.concealed,
        }
    }
}
