//! A hub, a publisher and a recording.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lianmai_hub::{Hub, HubConfig, Publication, PublishOptions, StreamKey};
use lianmai_media::{Frame, MediaDuration, MediaTime};
use lianmai_recorder::{DiskGuard, EndCause, PartFacts, Recording, RecordingEvent, RecordingSpec, start};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::source::Clip;

/// Media of so many milliseconds is published at once, and then so long nothing.
const CHUNK_MILLIS: i64 = 200;
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(20);

pub(crate) struct Rig {
    pub(crate) hub: Hub,
    pub(crate) key: StreamKey,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        Rig::with(HubConfig {
            continue_window: Duration::from_secs(5),
            ..HubConfig::default()
        })
    }

    pub(crate) fn with(config: HubConfig) -> Rig {
        Rig {
            hub: Hub::new(config),
            key: StreamKey::new("demo", "room-1"),
            dir: tempfile::tempdir().unwrap(),
            tracker: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    pub(crate) fn spec(&self) -> RecordingSpec {
        RecordingSpec {
            guard: DiskGuard { min_free: 0 },
            ..RecordingSpec::new("r", self.key.clone(), self.dir.path().join("out"))
        }
    }

    pub(crate) fn record(&self, spec: RecordingSpec) -> Running {
        let (recording, events) = start(&self.hub, spec, &self.tracker, self.shutdown.clone());
        Running { recording, events }
    }

    pub(crate) fn publish(&self, clip: &Clip) -> Publication {
        let publication = self
            .hub
            .publish(self.key.clone(), PublishOptions::default())
            .unwrap();
        configure(&publication, clip);
        publication
    }

    /// Everything about `clip` recorded as `spec` says.
    pub(crate) async fn record_clip(&self, spec: RecordingSpec, clip: &Clip) -> Vec<PartFacts> {
        let running = self.record(spec);
        let publication = self.publish(clip);
        push(&publication, &clip.frames).await;
        running.stop().await.0
    }
}

pub(crate) fn configure(publication: &Publication, clip: &Clip) {
    if let Some(video) = &clip.video {
        publication.set_video(video.clone()).unwrap();
    }
    if let Some(audio) = &clip.audio {
        publication.set_audio(audio.clone()).unwrap();
    }
}

/// Publishes frames in order, ten times as fast as they play.
pub(crate) async fn push(publication: &Publication, frames: &[Frame]) {
    let mut pause_at = frames.first().map_or(0, |frame| frame.dts.as_millis()) + CHUNK_MILLIS;
    for frame in frames {
        if frame.dts.as_millis() >= pause_at {
            pause_at += CHUNK_MILLIS;
            tokio::time::sleep(PAUSE).await;
        }
        publication.push(frame.clone()).unwrap();
    }
    tokio::time::sleep(PAUSE).await;
}

/// The same frames later.
pub(crate) fn later(frames: &[Frame], millis: i64) -> Vec<Frame> {
    let by = |scale| MediaDuration::from_millis(millis).rebase(scale).unwrap();
    frames
        .iter()
        .map(|frame| Frame {
            dts: frame.dts.checked_add(by(frame.dts.scale())).unwrap(),
            ..frame.clone()
        })
        .collect()
}

/// A recording that runs.
pub(crate) struct Running {
    pub(crate) recording: Recording,
    pub(crate) events: mpsc::Receiver<RecordingEvent>,
}

impl Running {
    pub(crate) async fn next(&mut self) -> RecordingEvent {
        let next = tokio::time::timeout(LONGEST, self.events.recv());
        next.await.expect("an event in time").expect("an event")
    }

    /// Waits for an event of one kind; others are passed over.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&RecordingEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next().await) {
                return found;
            }
        }
    }

    /// Stops it; what its parts are, and why it ended.
    pub(crate) async fn stop(mut self) -> (Vec<PartFacts>, EndCause) {
        let stopped = async { self.recording.stop().await };
        let rest = async {
            let mut parts = Vec::new();
            loop {
                let event = tokio::time::timeout(LONGEST, self.events.recv())
                    .await
                    .expect("in time");
                match event.expect("an end") {
                    RecordingEvent::PartClosed { facts, .. } => parts.push(facts),
                    RecordingEvent::Ended { cause } => return (parts, cause),
                    RecordingEvent::Failed { reason } => panic!("{reason}"),
                    RecordingEvent::PartOpened { .. } | RecordingEvent::Gap { .. } => {}
                }
            }
        };
        tokio::join!(stopped, rest).1
    }

    /// Waits for its own end; what its parts are, why it ended and what went wrong.
    pub(crate) async fn ended(mut self) -> (Vec<PartFacts>, EndCause, Vec<String>) {
        let (mut parts, mut failures) = (Vec::new(), Vec::new());
        loop {
            match self.next().await {
                RecordingEvent::PartClosed { facts, .. } => parts.push(facts),
                RecordingEvent::Ended { cause } => return (parts, cause, failures),
                RecordingEvent::Failed { reason } => failures.push(reason),
                RecordingEvent::PartOpened { .. } | RecordingEvent::Gap { .. } => {}
            }
        }
    }
}

/// The only file that is there to be opened.
pub(crate) fn file(parts: &[PartFacts]) -> PathBuf {
    assert_eq!(parts.len(), 1, "{parts:#?}");
    parts[0].files[0].clone()
}

pub(crate) fn millis(time: MediaTime) -> i64 {
    time.as_millis()
}

pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
