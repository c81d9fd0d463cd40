//! Follows the rooms: begins, writes and ends what they ask for.

use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::StreamKey;
use lianmai_recorder::{DiskGuard, Format, PartLimits, RecordingSpec, TrackChoice};
use lianmai_rooms::{AppId, RoomId};
use tokio::time::Instant;

use super::plan::{self, Step};
use super::requests::begin_of_room;
use super::running::{Active, Recordings};
use super::{RecordingFormat, writer};
use crate::store::Op;

/// Longest time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Changes of rooms come in bursts: those of so long are looked at together.
const GATHER: Duration = Duration::from_millis(20);

/// Runs for ever.
pub(super) async fn run(recordings: Arc<Recordings>) {
    let mut happened = recordings.core.effects.happened.subscribe();
    loop {
        round(&recordings).await;
        recordings.show_gauges();
        tokio::select! {
            _ = happened.changed() => {}
            () = recordings.look.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        tokio::time::sleep(GATHER).await;
        happened.mark_unchanged();
    }
}

async fn round(recordings: &Arc<Recordings>) {
    for step in steps(recordings) {
        match step {
            Step::Begin(wanted) => {
                if recordings.may_begin(&wanted.app, &wanted.stream) {
                    begin_of_room(recordings, wanted).await;
                }
            }
            Step::NeedMix { app, room } => need_mix(recordings, &app, &room).await,
            Step::Write(id) => write(recordings, &id),
            Step::End(id) => recordings.end(&id).await,
            Step::Meet(id, members) => {
                let met = {
                    let mut running = recordings.running.lock();
                    let active = running.all.get_mut(&id);
                    active.and_then(|active| {
                        active
                            .recording
                            .meet(members.into_iter())
                            .then(|| active.recording.clone())
                    })
                };
                if let Some(recording) = met {
                    recordings
                        .save(vec![Op::SaveRecording(Box::new(recording))])
                        .await;
                }
            }
        }
    }
}

fn steps(recordings: &Recordings) -> Vec<Step> {
    let mut running = recordings.running.lock();
    let now = Instant::now();
    running.failed.retain(|_, until| *until > now);
    let state = recordings.core.state.lock();
    let all = running.all.values().map(|active| plan::Running {
        recording: &active.recording,
        is_writing: active.writer.is_some(),
        is_ending: active.is_ending,
    });
    plan::plan(&state.rooms, all)
}

/// A merged recording is one of the mix, so the mix has to run.
async fn need_mix(recordings: &Recordings, app: &AppId, room: &RoomId) {
    let started = recordings.core.change(|state, tx| {
        state.apply(app, room, super::requests::start_mix()?, tx)?;
        Ok(())
    });
    if let Err(error) = started.await {
        tracing::debug!(%app, %room, %error, "the mix for a merged recording was not started");
    }
}

/// Starts the writer of a recording whose stream is on air.
fn write(recordings: &Arc<Recordings>, id: &str) {
    let mut running = recordings.running.lock();
    let Some(active) = running.all.get_mut(id).filter(|active| active.writer.is_none()) else {
        return;
    };
    let spec = spec(recordings, active);
    let (handle, events) = lianmai_recorder::start(
        &recordings.core.hub,
        spec,
        &recordings.tasks,
        recordings.stop.child_token(),
    );
    active.writer = Some(Arc::new(handle));
    drop(running);
    // Not ended by `stop`: the writer closes its part then, and that must be noted.
    recordings
        .tasks
        .spawn(writer::follow(recordings.clone(), id.to_owned(), events));
}

fn spec(recordings: &Recordings, active: &Active) -> RecordingSpec {
    let (recording, setup) = (&active.recording, &active.recording.setup);
    RecordingSpec {
        id: recording.id.clone(),
        key: StreamKey::new(recording.app.as_str(), recording.stream.as_str()),
        format: match setup.format {
            RecordingFormat::Mp4 => Format::Mp4,
            RecordingFormat::Flv => Format::Flv,
            RecordingFormat::Hls => Format::Hls,
        },
        tracks: if setup.audio_only {
            TrackChoice::AudioOnly
        } else {
            TrackChoice::All
        },
        dir: recordings.dir_of(recording),
        limits: PartLimits {
            duration: setup.part_ms.map(Duration::from_millis),
            bytes: setup.part_bytes,
        },
        first_part: active.next_part,
        guard: DiskGuard {
            min_free: recordings.config.min_free,
        },
    }
}
