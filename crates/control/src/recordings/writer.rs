//! From what a writer says to rows and webhooks.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lianmai_media::TrackKind;
use lianmai_recorder::{CloseReason, EndCause, PartFacts as WrittenPart, RecordingEvent, TrackFacts};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::running::{AFTER_FAILURE, Recordings};
use super::{Location, Part, PartFacts, PartFile, PartState, RecordingState, tell};
use crate::store::Op;

/// Follows one writer to its end.
pub(super) async fn follow(
    recordings: Arc<Recordings>,
    id: String,
    mut events: mpsc::Receiver<RecordingEvent>,
) {
    let mut failure: Option<String> = None;
    while let Some(event) = events.recv().await {
        match event {
            RecordingEvent::PartOpened {
                part,
                file,
                started_at,
            } => {
                opened(&recordings, &id, part, &file, started_at).await;
            }
            RecordingEvent::PartClosed { part, facts } => closed(&recordings, &id, part, &facts).await,
            RecordingEvent::Gap { dropped } => {
                metrics::counter!("lianmai_recording_dropped_frames_total").increment(dropped);
                tracing::warn!(recording = id, dropped, "the disk is too slow for a recording");
            }
            RecordingEvent::Failed { reason } => {
                tracing::error!(recording = id, reason, "a recording failed");
                failure = Some(reason);
            }
            RecordingEvent::Ended { cause } => {
                failure = match cause {
                    EndCause::DiskFull => Some("the disk is nearly full".to_owned()),
                    EndCause::WriteError => {
                        failure.or_else(|| Some("the disk cannot be written to".to_owned()))
                    }
                    // The stream may come back; then the next part is begun.
                    EndCause::Stopped | EndCause::Stream(_) => failure.filter(|_| false),
                };
            }
        }
    }
    over(&recordings, &id, failure).await;
}

async fn opened(recordings: &Recordings, id: &str, part: u32, file: &Path, at: SystemTime) {
    {
        let mut running = recordings.running.lock();
        let Some(active) = running.all.get_mut(id) else {
            return;
        };
        active.next_part = active.next_part.max(part.saturating_add(1));
    }
    let facts = PartFacts {
        files: vec![PartFile {
            name: name(file),
            bytes: 0,
            sha256: None,
        }],
        started_at: millis(at),
        ..PartFacts::default()
    };
    let part = Part::new(id, part, facts, PartState::Open);
    recordings.save(vec![Op::SavePart(Box::new(part))]).await;
}

async fn closed(recordings: &Recordings, id: &str, number: u32, written: &WrittenPart) {
    let part = Part::new(id, number, facts(written), PartState::Complete);
    metrics::counter!("lianmai_recording_parts_total").increment(1);
    metrics::counter!("lianmai_recording_bytes_total").increment(written.size);
    let mut ops = vec![Op::SavePart(Box::new(part.clone()))];
    ops.extend(recordings.queue_upload(&part));
    recordings.save(ops).await;
    recordings.wake_uploads();
    let recording = recordings
        .running
        .lock()
        .all
        .get(id)
        .map(|active| active.recording.clone());
    if let Some(recording) = recording {
        tell::part(recordings, "record.part", &recording, &part).await;
    }
}

/// The writer is gone: the recording waits for its stream, has ended, or has failed.
async fn over(recordings: &Recordings, id: &str, failure: Option<String>) {
    let ended = {
        let mut running = recordings.running.lock();
        let Some(active) = running.all.get_mut(id) else {
            return;
        };
        active.writer = None;
        let is_over = active.is_ending || failure.is_some();
        let ended = is_over.then(|| running.all.remove(id)).flatten();
        if let (Some(active), Some(_)) = (&ended, &failure) {
            let stream = (active.recording.app.clone(), active.recording.stream.clone());
            running.failed.insert(stream, Instant::now() + AFTER_FAILURE);
        }
        ended
    };
    if let Some(active) = ended {
        recordings.finish(active.recording, failure).await;
    }
    recordings.look.notify_one();
}

impl Recordings {
    /// Ends a recording: its writer closes the last part first.
    pub(super) async fn end(&self, id: &str) {
        let (handle, idle) = {
            let mut running = self.running.lock();
            let Some(active) = running.all.get_mut(id) else {
                return;
            };
            active.is_ending = true;
            match active.writer.clone() {
                Some(handle) => (Some(handle), None),
                None => (None, running.all.remove(id)),
            }
        };
        if let Some(handle) = handle {
            self.tasks.spawn(async move { handle.stop().await });
        }
        if let Some(active) = idle {
            self.finish(active.recording, None).await;
        }
    }

    /// Writes down the end and tells it.
    pub(super) async fn finish(&self, mut recording: super::Recording, failure: Option<String>) {
        recording.ended_at = Some(self.core.config.clock.now());
        recording.state = match &failure {
            Some(_) => RecordingState::Failed,
            None => RecordingState::Done,
        };
        recording.error = failure;
        self.leave_folder(&recording).await;
        self.save(vec![Op::SaveRecording(Box::new(recording.clone()))])
            .await;
        let event = match recording.state {
            RecordingState::Failed => "record.failed",
            _ => "record.ended",
        };
        metrics::counter!("lianmai_recordings_ended_total", "state" => recording.state.as_str()).increment(1);
        tell::recording(self, event, &recording).await;
        self.cleanup.notify_one();
    }
}

impl Part {
    pub(super) fn new(recording: &str, part: u32, facts: PartFacts, state: PartState) -> Self {
        Self {
            recording: recording.to_owned(),
            part,
            facts,
            state,
            location: Location::Local,
            remote: None,
            upload: None,
        }
    }
}

/// What a writer says of a part, as it is kept.
pub(super) fn facts(written: &WrittenPart) -> PartFacts {
    let files = written.files.iter().enumerate().map(|(index, path)| PartFile {
        name: name(path),
        bytes: std::fs::metadata(path).map_or(0, |data| data.len()),
        sha256: (index == 0).then(|| hex(&written.sha256)),
    });
    PartFacts {
        files: files.collect(),
        started_at: millis(written.started_at),
        duration_ms: u64::try_from(written.duration.as_millis()).unwrap_or(u64::MAX),
        tracks: written.tracks.iter().map(track).collect(),
        reason: reason(written.reason).to_owned(),
    }
}

fn track(track: &TrackFacts) -> String {
    let name = match track.kind {
        TrackKind::Video => track.video.map(|codec| format!("{codec:?}")),
        TrackKind::Audio => track.audio.map(|codec| format!("{codec:?}")),
    };
    name.unwrap_or_default().to_lowercase()
}

const fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Limit => "limit",
        CloseReason::ConfigChange => "config_change",
        CloseReason::Split => "split",
        CloseReason::Paused => "paused",
        CloseReason::Ended => "ended",
        CloseReason::WriteError => "write_error",
        CloseReason::Recovered => "recovered",
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
