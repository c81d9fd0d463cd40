//! What can be asked of recordings.

use std::sync::Arc;

use lianmai_rooms::{Actor, AppId, Command, Rejection, Room, RoomId, StreamId, StreamKind};

use super::plan::Wanted;
use super::running::{Active, Recordings};
use super::{
    Part, RecordedMember, Recording, RecordingFilter, RecordingFormat, RecordingSetup, RecordingState, tell,
};
use crate::service::{ErrorKind, ServiceError, random};
use crate::store::Op;

/// Why a request about recordings is refused: a stable code and a sentence.
pub type RecordingError = ServiceError;

/// What of a room is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One stream, the mix as any other.
    Stream(StreamId),
    /// Every stream that is published now, except the mix.
    Streams,
    /// The mix, which is started if it does not run.
    Mix,
}

/// A recording to begin. What is `None` is as configured.
#[derive(Debug, Clone)]
pub struct StartRecording {
    /// What.
    pub what: What,
    /// How files are written.
    pub format: Option<RecordingFormat>,
    /// No pictures.
    pub audio_only: bool,
    /// A part ends after this time.
    pub part_ms: Option<u64>,
    /// A part ends at this size.
    pub part_bytes: Option<u64>,
}

/// The shortest and smallest part one may ask for.
const MIN_PART_MS: u64 = 1_000;
const MIN_PART_BYTES: u64 = 1 << 20;

/// The command that starts the mix with the room's layout.
pub(super) fn start_mix() -> Result<Command, RecordingError> {
    Ok(Command::StartMix {
        by: Actor::App,
        stream: StreamId::parse(&random::id::<20>("s")).map_err(|_| ServiceError::invalid("stream"))?,
        layout: None,
    })
}

impl Recordings {
    /// Begins recordings of a room's streams; those that are recorded at request already are left out.
    ///
    /// # Errors
    /// `no_such_room`, `no_such_stream`, `invalid_argument`, `too_many_recordings`, `disk_full`, `store_unavailable`.
    pub async fn start(
        self: &Arc<Self>,
        app: &AppId,
        room: &RoomId,
        request: StartRecording,
    ) -> Result<Vec<Recording>, RecordingError> {
        if request.part_ms.is_some_and(|span| span < MIN_PART_MS) {
            return Err(ServiceError::invalid("part_ms"));
        }
        if request.part_bytes.is_some_and(|size| size < MIN_PART_BYTES) {
            return Err(ServiceError::invalid("part_bytes"));
        }
        self.check_space()?;
        if request.what == What::Mix {
            self.ensure_mix(app, room).await?;
        }
        let wanted = {
            let state = self.core.state.lock();
            let room = state.rooms.get(app, room).ok_or(Rejection::NoSuchRoom)?;
            wanted(room, &request.what)?
        };
        let mut begun = Vec::new();
        for wanted in wanted {
            let setup = RecordingSetup {
                format: request.format.unwrap_or(self.config.format),
                audio_only: request.audio_only,
                part_ms: request.part_ms.or(self.part_ms()),
                part_bytes: request.part_bytes.or(self.config.part_bytes),
                is_mix: request.what == What::Mix,
                account: wanted.account.clone(),
                by_room: false,
            };
            if !self.is_recorded(&wanted, &setup) {
                begun.push(self.begin(wanted, setup).await?);
            }
        }
        Ok(begun)
    }

    /// Leaves out what comes until [`Recordings::resume`].
    ///
    /// # Errors
    /// `no_such_recording`, `recording_ended`.
    pub async fn pause(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        self.set_state(app, id, RecordingState::Paused).await
    }

    /// Goes on with a new part.
    ///
    /// # Errors
    /// `no_such_recording`, `recording_ended`.
    pub async fn resume(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        self.set_state(app, id, RecordingState::Recording).await
    }

    /// Begins a new part.
    ///
    /// # Errors
    /// `no_such_recording`, `recording_ended`.
    pub async fn split(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        let recording = self.get(app, id).await?;
        let running = self.running.lock();
        let active = running.all.get(id).ok_or_else(ended)?;
        if let Some(writer) = &active.writer {
            writer.split();
        }
        drop(running);
        Ok(recording)
    }

    /// Ends a recording. Its last part is complete a moment later.
    ///
    /// # Errors
    /// `no_such_recording`; one that has ended already is answered as it is.
    pub async fn stop(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        self.get(app, id).await?;
        self.end(id).await;
        self.get(app, id).await
    }

    /// One recording.
    ///
    /// # Errors
    /// `no_such_recording`.
    pub async fn get(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        self.core.store.recording(app, id).await?.ok_or_else(no_such)
    }

    /// Its parts in order.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn parts(&self, id: &str) -> Result<Vec<Part>, RecordingError> {
        Ok(self.core.store.recording_parts(id).await?)
    }

    /// Recordings of an app, newest first, at most 200.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn list(
        &self,
        app: &AppId,
        filter: &RecordingFilter,
    ) -> Result<Vec<Recording>, RecordingError> {
        Ok(self.core.store.recordings(app, filter).await?)
    }

    async fn set_state(
        &self,
        app: &AppId,
        id: &str,
        state: RecordingState,
    ) -> Result<Recording, RecordingError> {
        self.get(app, id).await?;
        let changed = {
            let mut running = self.running.lock();
            let active = running.all.get_mut(id).filter(|active| !active.is_ending);
            let active = active.ok_or_else(ended)?;
            active.recording.state = state;
            match (&active.writer, state) {
                (Some(writer), RecordingState::Paused) => writer.pause(),
                (Some(writer), _) => writer.resume(),
                (None, _) => {}
            }
            active.recording.clone()
        };
        self.core
            .store
            .write(vec![Op::SaveRecording(Box::new(changed.clone()))])
            .await?;
        self.look.notify_one();
        let event = match state {
            RecordingState::Paused => "record.paused",
            _ => "record.resumed",
        };
        tell::recording(self, event, &changed).await;
        Ok(changed)
    }

    async fn ensure_mix(&self, app: &AppId, room: &RoomId) -> Result<(), RecordingError> {
        self.core
            .change(|state, tx| {
                let there = state.rooms.get(app, room).ok_or(Rejection::NoSuchRoom)?;
                if there.stream_of(None, StreamKind::Mix).is_none() {
                    state.apply(app, room, start_mix()?, tx)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    fn check_space(&self) -> Result<(), RecordingError> {
        let guard = lianmai_recorder::DiskGuard {
            min_free: self.config.min_free,
        };
        let dir = self.config.dir.as_deref();
        if dir.is_some_and(|dir| !guard.allows(dir)) {
            return Err(ServiceError::new(
                ErrorKind::Unavailable,
                "disk_full",
                "the disk for recordings is nearly full",
            ));
        }
        Ok(())
    }

    pub(super) fn part_ms(&self) -> Option<u64> {
        let span = self.config.part_duration?;
        u64::try_from(span.as_millis()).ok()
    }

    /// Whether a recording that failed lately, or a lack of space, forbids another one by the room's flags.
    pub(super) fn may_begin(&self, app: &AppId, stream: &StreamId) -> bool {
        let failed = self
            .running
            .lock()
            .failed
            .contains_key(&(app.clone(), stream.clone()));
        !failed && self.check_space().is_ok()
    }

    fn is_recorded(&self, wanted: &Wanted, setup: &RecordingSetup) -> bool {
        let running = self.running.lock();
        running.all.values().any(|active| {
            let there = &active.recording;
            !active.is_ending
                && (&there.app, &there.stream) == (&wanted.app, &wanted.stream)
                && (there.setup.format, there.setup.audio_only) == (setup.format, setup.audio_only)
                && !there.setup.by_room
        })
    }

    async fn begin(&self, wanted: Wanted, setup: RecordingSetup) -> Result<Recording, RecordingError> {
        if self.running.lock().all.len() >= self.config.max_active {
            return Err(ServiceError::limit(
                "too_many_recordings",
                "too many recordings run",
            ));
        }
        let recording = Recording {
            id: random::id::<20>("rcd"),
            position: 0,
            app: wanted.app,
            room: wanted.room,
            stream: wanted.stream,
            setup,
            state: RecordingState::Recording,
            error: None,
            members: Vec::<RecordedMember>::new(),
            started_at: self.core.config.clock.now(),
            ended_at: None,
        };
        let row = Op::SaveRecording(Box::new(recording.clone()));
        self.core.store.write(vec![row]).await?;
        self.running.lock().all.insert(
            recording.id.clone(),
            Active {
                recording: recording.clone(),
                next_part: 1,
                writer: None,
                is_ending: false,
            },
        );
        self.look.notify_one();
        metrics::counter!("lianmai_recordings_started_total").increment(1);
        tell::recording(self, "record.started", &recording).await;
        Ok(recording)
    }
}

/// Begins what a room's flags ask for.
pub(super) async fn begin_of_room(recordings: &Recordings, wanted: Wanted) {
    let setup = RecordingSetup {
        format: recordings.config.format,
        audio_only: false,
        part_ms: recordings.part_ms(),
        part_bytes: recordings.config.part_bytes,
        is_mix: wanted.account.is_none(),
        account: wanted.account.clone(),
        by_room: true,
    };
    let (app, room) = (wanted.app.clone(), wanted.room.clone());
    if let Err(error) = recordings.begin(wanted, setup).await {
        tracing::error!(%app, %room, %error, "a recording was not begun");
    }
}

/// The streams meant by a request.
fn wanted(room: &Room, what: &What) -> Result<Vec<Wanted>, RecordingError> {
    let of = |stream: &lianmai_rooms::Stream| {
        let owner = stream.owner.as_ref().and_then(|owner| room.member(owner));
        Wanted {
            app: room.app().clone(),
            room: room.id().clone(),
            stream: stream.id.clone(),
            account: owner.map(|owner| owner.account.clone()),
        }
    };
    Ok(match what {
        What::Stream(id) => vec![of(room.stream(id).ok_or(Rejection::NoSuchStream)?)],
        What::Streams => {
            let streams = room.streams().filter(|stream| stream.kind != StreamKind::Mix);
            streams.map(of).collect()
        }
        What::Mix => {
            let mix = room
                .stream_of(None, StreamKind::Mix)
                .ok_or(Rejection::NoSuchStream)?;
            vec![of(mix)]
        }
    })
}

fn no_such() -> RecordingError {
    ServiceError::new(
        ErrorKind::NotFound,
        "no_such_recording",
        "there is no such recording",
    )
}

fn ended() -> RecordingError {
    ServiceError::new(ErrorKind::Conflict, "recording_ended", "the recording has ended")
}
