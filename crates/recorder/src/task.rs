//! The task of a recording: reads the stream, brings its tracks in order, feeds the writing thread.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use lianmai_hub::{EndReason, Hub};
use lianmai_media::TrackKind;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::finalise;
use crate::intake::{Intake, News};
use crate::interleave::Interleaver;
use crate::queue::{Queue, share};
use crate::sample::Sample;
use crate::shared::{RecordingState, Shared, Work};
use crate::writer::Writer;
use crate::{EndCause, RecordingEvent, RecordingSpec, TrackChoice};

/// How often what has come is written: with the patience of the [`Interleaver`] and a frame that waits for the next one
/// this stays well below the second that a crash may cost.
const TICK: Duration = Duration::from_millis(200);
/// Where key frames come on demand only, there is one at least so often, so that players can seek.
const KEYFRAME_EVERY: Duration = Duration::from_secs(4);
/// How long the second track may take to end after the first.
const ENDS_TOGETHER: Duration = Duration::from_millis(300);
/// After a stop, what was made before it and is on its way is waited for: longer than a mix's encoder looks ahead.
const LEAVES_WITHIN: Duration = Duration::from_secs(3);
/// A track that brings nothing for this long has nothing on its way.
const NOTHING_COMES: Duration = Duration::from_millis(500);
/// Parts that wait to be finalised before the next one has to wait.
const UNFINISHED: usize = 16;

/// What the handle asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    Pause,
    Resume,
    Split,
}

pub(crate) struct Task {
    pub(crate) spec: RecordingSpec,
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: mpsc::Sender<RecordingEvent>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) stop: CancellationToken,
}

/// The tracks of a recording.
pub(crate) struct Intakes {
    audio: Intake,
    video: Option<Intake>,
}

impl Intakes {
    /// Begins to follow the stream, from its newest key frame on.
    ///
    /// # Errors
    /// In words for an operator.
    pub(crate) fn open(hub: &Hub, spec: &RecordingSpec) -> Result<Intakes, String> {
        spec.check().map_err(|error| error.to_string())?;
        let intake = |kind| Intake::new(hub, &spec.key, kind, spec.format).map_err(|error| error.to_string());
        let video = (spec.tracks == TrackChoice::All)
            .then(|| intake(TrackKind::Video))
            .transpose()?;
        let mut audio = intake(TrackKind::Audio)?;
        if let Some(millis) = video.as_ref().and_then(|video| video.feed.begins_at()) {
            audio.feed.start_at(millis);
        }
        Ok(Intakes { audio, video })
    }
}

impl Task {
    pub(crate) async fn run(self, intakes: Result<Intakes, String>) {
        let (shared, events) = (self.shared.clone(), self.events.clone());
        let cause = match intakes {
            Ok(intakes) => self.record(intakes).await,
            Err(reason) => self.fail(reason).await,
        };
        shared.status.lock().state = RecordingState::Ended;
        // Nobody may be listening any more.
        let _ = events.send(RecordingEvent::Ended { cause }).await;
    }

    async fn record(self, intakes: Intakes) -> EndCause {
        let Intakes { audio, video } = intakes;
        let (queue, work) = Queue::new();
        let (done, written) = oneshot::channel();
        let writer = thread(&self.spec, self.shared.clone(), self.events.clone(), work, done);
        if let Err(error) = writer {
            return self.fail(format!("no thread: {error}")).await;
        }
        let lanes = Interleaver::new(video.is_none());
        let running = Running {
            audio,
            video,
            lanes,
            queue,
            clock: Clock::default(),
            shared: self.shared,
            commands: self.commands,
            paused: false,
            last_key: Instant::now(),
            ends_at: None,
            heard: [None, None],
            leaving: None,
        };
        let cause = running.run(&self.stop).await;
        // The queue is gone by now: the thread closes the last part, waits until all are finished, and ends.
        match written.await {
            Ok(by_itself) => by_itself.unwrap_or(cause),
            Err(_) => {
                let reason = "the writing thread has panicked".to_owned();
                let _ = self.events.send(RecordingEvent::Failed { reason }).await;
                EndCause::WriteError
            }
        }
    }

    async fn fail(&self, reason: String) -> EndCause {
        let _ = self.events.send(RecordingEvent::Failed { reason }).await;
        EndCause::WriteError
    }
}

/// Starts the writing thread, and from it the one that finishes parts. `done` tells that both have ended.
fn thread(
    spec: &RecordingSpec,
    shared: Arc<Shared>,
    events: mpsc::Sender<RecordingEvent>,
    mut work: mpsc::Receiver<Work>,
    done: oneshot::Sender<Option<EndCause>>,
) -> std::io::Result<()> {
    let (closed, parts) = std::sync::mpsc::sync_channel(UNFINISHED);
    let (dir, guard) = (spec.dir.clone(), spec.guard);
    let (finish_events, finish_shared) = (events.clone(), shared.clone());
    let finisher = std::thread::Builder::new()
        .name("rec-finish".into())
        .spawn(move || {
            finalise::run(&dir, guard, &parts, &finish_events, |facts| {
                finish_shared.status.lock().closed_bytes += facts.size;
            });
        })?;
    let writer = Writer::new(spec.clone(), shared, events, closed);
    std::thread::Builder::new()
        .name("rec-write".into())
        .spawn(move || {
            let cause = writer.run(&mut work);
            let finished = finisher.join();
            if finished.is_ok() {
                // The task waits for it; it may have been dropped with its runtime.
                let _ = done.send(cause);
            }
        })
        .map(drop)
}

struct Running {
    audio: Intake,
    video: Option<Intake>,
    lanes: Interleaver<Sample>,
    queue: Queue,
    clock: Clock,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    paused: bool,
    last_key: Instant,
    /// After one track has ended.
    ends_at: Option<Instant>,
    /// Latest time of each track, and when it came.
    heard: [Option<(i64, Instant)>; 2],
    /// After a stop.
    leaving: Option<Leaving>,
}

/// A recording that was stopped, and still takes what is from before that.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    /// On the recording's timeline.
    until: i64,
    /// It ends then at the latest.
    by: Instant,
}

impl Running {
    async fn run(mut self, stop: &CancellationToken) -> EndCause {
        let mut tick = tokio::time::interval(TICK);
        let cause = loop {
            let now = Instant::now();
            if self.pass_on(now) {
                break EndCause::Stopped;
            }
            if self.leaves_at(now).is_some_and(|at| at <= now) {
                break EndCause::Stopped;
            }
            if let Some(reason) = self.ended(now) {
                break self
                    .leaving
                    .map_or(EndCause::Stream(reason), |_| EndCause::Stopped);
            }
            let waits = self.lanes.peek(now).map(share);
            let due = self.lanes.deadline().filter(|_| waits.is_none());
            let due = [due, self.ends_at, self.leaves_at(now)]
                .into_iter()
                .flatten()
                .min();
            let room = |lanes: &Interleaver<Sample>, kind| lanes.has_room(kind);
            tokio::select! {
                biased;
                () = stop.cancelled(), if self.leaving.is_none() => self.leave(now),
                command = self.commands.recv(), if self.leaving.is_none() => match command {
                    Some(command) => self.obey(command),
                    None => self.leave(now),
                },
                () = self.queue.closed() => break EndCause::Stopped,
                () = next_of(self.video.as_mut()), if room(&self.lanes, TrackKind::Video) => {
                    self.take(TrackKind::Video).await;
                }
                () = next_of(Some(&mut self.audio)), if room(&self.lanes, TrackKind::Audio) => {
                    self.take(TrackKind::Audio).await;
                }
                // The next round hands the frame over.
                _ = self.queue.room(waits.unwrap_or(0)), if waits.is_some() => {}
                () = tokio::time::sleep_until(due.unwrap_or(now)), if due.is_some() => {}
                _ = tick.tick() => self.look_after(),
            }
        };
        self.hand_over_the_rest().await;
        cause
    }

    /// Hands over what need not wait. `true` if the writer is gone.
    fn pass_on(&mut self, now: Instant) -> bool {
        while let Some(kilobytes) = self.lanes.peek(now).map(share) {
            let Some(place) = self.queue.try_room(kilobytes) else {
                break;
            };
            let Some(sample) = self.lanes.pop(now) else { break };
            if !self.queue.put(Work::Sample(Box::new(sample), place)) {
                return true;
            }
        }
        false
    }

    async fn hand_over_the_rest(&mut self) {
        while let Some(sample) = self.lanes.pop_any() {
            let Some(place) = self.queue.room(share(&sample)).await else {
                return;
            };
            if !self.queue.put(Work::Sample(Box::new(sample), place)) {
                return;
            }
        }
    }

    fn leave(&mut self, now: Instant) {
        let until = self
            .clock
            .time_at((now, SystemTime::now()))
            .filter(|_| !self.paused);
        self.leaving = Some(Leaving {
            until: until.unwrap_or(i64::MIN),
            by: if until.is_some() { now + LEAVES_WITHIN } else { now },
        });
    }

    /// When a stopped recording ends, if nothing comes meanwhile: `now` where nothing is waited for.
    fn leaves_at(&self, now: Instant) -> Option<Instant> {
        let Leaving { until, by } = self.leaving?;
        let waits_for = |intake: &Intake| {
            let (newest, at) = self.heard[lane(intake.kind)]?;
            (intake.ended.is_none() && newest <= until).then_some(at + NOTHING_COMES)
        };
        let tracks = [Some(&self.audio), self.video.as_ref()];
        let all_silent = tracks.into_iter().flatten().filter_map(waits_for).max();
        Some(all_silent.map_or(now, |at| at.min(by)))
    }

    fn ended(&mut self, now: Instant) -> Option<EndReason> {
        let video = self.video.as_ref().map(|video| video.ended);
        let reason = self.audio.ended.or(video.flatten())?;
        let both = self.audio.ended.is_some() && video.is_none_or(|ended| ended.is_some());
        let at = *self.ends_at.get_or_insert(now + ENDS_TOGETHER);
        (both || now >= at).then_some(reason)
    }

    async fn take(&mut self, kind: TrackKind) {
        let intake = match kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => match &mut self.video {
                Some(video) => video,
                None => return,
            },
        };
        let now = Instant::now();
        let offset = match (intake.span(), intake.feed.timeline()) {
            (Some(span), Some(timeline)) => self.clock.place(kind, timeline, span, (now, SystemTime::now())),
            _ => 0,
        };
        for news in intake.take(offset) {
            match news {
                News::Gap(dropped) if !self.paused => {
                    self.queue.put(Work::Gap(dropped));
                }
                News::Frame(frame, track) if !self.paused => {
                    if kind == TrackKind::Video && frame.keyframe {
                        self.last_key = now;
                    }
                    let millis = frame.dts.as_millis();
                    self.heard[lane(kind)] = Some((millis, now));
                    if self.leaving.is_some_and(|leaving| millis > leaving.until) {
                        continue;
                    }
                    let wall = self.clock.wall(millis);
                    self.lanes.put(kind, millis, Sample { frame, track, wall }, now);
                }
                News::Gap(_) | News::Frame(..) => {}
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Pause if !self.paused => {
                self.paused = true;
                while self.lanes.pop_any().is_some_and(|sample| self.hand_over(sample)) {}
                while self.lanes.pop_any().is_some() {}
                self.queue.put(Work::Pause);
                self.shared.status.lock().state = RecordingState::Paused;
            }
            Command::Resume if self.paused => {
                self.paused = false;
                self.shared.status.lock().state = RecordingState::Waiting;
                self.request_keyframe();
            }
            Command::Split => {
                self.queue.put(Work::Split);
                self.request_keyframe();
            }
            Command::Pause | Command::Resume => {}
        }
    }

    fn hand_over(&self, sample: Sample) -> bool {
        let place = self.queue.try_room(share(&sample));
        place.is_some_and(|place| self.queue.put(Work::Sample(Box::new(sample), place)))
    }

    fn request_keyframe(&self) {
        if let Some(video) = &self.video {
            video.feed.request_keyframe();
        }
    }

    fn look_after(&mut self) {
        self.queue.put(Work::Tick);
        let wanted = self.shared.wants_key.load(Relaxed) || self.last_key.elapsed() >= KEYFRAME_EVERY;
        if wanted && !self.paused {
            self.request_keyframe();
        }
    }
}

fn lane(kind: TrackKind) -> usize {
    usize::from(kind == TrackKind::Video)
}

/// Waits for news of a track; for ever where there is none.
async fn next_of(intake: Option<&mut Intake>) {
    match intake {
        Some(intake) if intake.ended.is_none() => intake.feed.next_batch(&mut intake.batch).await,
        _ => std::future::pending().await,
    }
}
