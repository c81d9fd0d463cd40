//! Recordings and their parts.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use lianmai_rooms::{AccountId, RoomId, StreamId};

use crate::recordings::{
    Location, Part, PartState, RecordedMember, RecordingFormat, RecordingState, Upload, UploadState,
};

/// What of the room is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingChoice {
    /// Every stream that is published now, each by itself.
    Streams,
    /// The mix; it is started if it does not run.
    Mix,
    /// Both.
    Both,
}

/// A recording to begin. Without `what` and `stream`: every stream by itself.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartRecording {
    /// What of the room.
    pub what: Option<RecordingChoice>,
    /// Only this stream.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub stream: Option<StreamId>,
    /// `mp4`, `flv` or `hls`; default: as the gateway is configured.
    pub format: Option<RecordingFormat>,
    /// Sound only.
    pub audio_only: bool,
    /// A part ends after this time, at the next key frame. At least 1000.
    #[schema(example = 3_600_000)]
    pub part_ms: Option<u64>,
    /// A part ends at this size, at the next key frame. At least 1048576.
    pub part_bytes: Option<u64>,
}

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recording {
    /// Id.
    pub id: String,
    /// Place in the list of all, for paging.
    pub position: i64,
    /// Room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Stream.
    #[schema(value_type = String)]
    pub stream: StreamId,
    /// Whose stream; none for the mix.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// It is the mix.
    pub is_mix: bool,
    /// How files are written.
    pub format: RecordingFormat,
    /// Sound only.
    pub audio_only: bool,
    /// How it stands.
    pub state: RecordingState,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From.
    pub started_at: u64,
    /// Until.
    pub ended_at: Option<u64>,
    /// Length of the complete parts.
    pub duration_ms: u64,
    /// Size of the complete parts.
    pub bytes: u64,
    /// Who was in the room meanwhile.
    pub members: Vec<RecordingMember>,
    /// Its parts in order.
    pub parts: Vec<RecordingPart>,
}

/// Somebody who was in the room.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingMember {
    /// Account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Display name.
    pub nick: String,
}

impl From<RecordedMember> for RecordingMember {
    fn from(member: RecordedMember) -> Self {
        Self {
            account: member.account,
            nick: member.nick.to_string(),
        }
    }
}

/// A part: what can be played by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingPart {
    /// Number, from 1.
    pub part: u32,
    /// How it stands.
    pub state: PartState,
    /// Wall-clock time of its first frame.
    pub started_at: u64,
    /// Length.
    pub duration_ms: u64,
    /// Size of its files.
    pub bytes: u64,
    /// Codecs.
    pub tracks: Vec<String>,
    /// Why it ended.
    pub reason: String,
    /// Its files; the first is the one to play.
    pub files: Vec<RecordingFile>,
    /// Where its files are.
    pub location: Location,
    /// Its upload, while it is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<PartUpload>,
}

/// The upload of a part.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartUpload {
    /// Whether it goes on.
    pub state: UploadState,
    /// Since when it waits.
    pub queued_at: u64,
    /// Failures in a row.
    pub attempts: u32,
    /// The next attempt.
    pub next_at: u64,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<Upload> for PartUpload {
    fn from(upload: Upload) -> Self {
        Self {
            state: upload.state,
            queued_at: upload.queued_at.as_millis(),
            attempts: upload.attempts,
            next_at: upload.next_at.as_millis(),
            error: upload.error,
        }
    }
}

/// A file of a part.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingFile {
    /// Name.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal; of the first file of a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where to get it, with the same token.
    pub path: String,
}

/// A page of recordings.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingList {
    /// Newest first.
    pub recordings: Vec<Recording>,
}

/// Which recordings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordingQuery {
    /// Only of this room.
    #[param(value_type = Option<String>, max_length = 64)]
    pub room: Option<RoomId>,
    /// Goes on after this `position`.
    pub after: Option<i64>,
    /// Most to return, up to 200.
    #[param(example = 50)]
    pub limit: Option<usize>,
}

impl Recording {
    pub(crate) fn of(recording: crate::recordings::Recording, parts: Vec<Part>) -> Self {
        let parts: Vec<RecordingPart> = parts
            .into_iter()
            .map(|part| RecordingPart::of(part, &recording.id))
            .collect();
        Self {
            position: recording.position,
            room: recording.room,
            stream: recording.stream,
            account: recording.setup.account,
            is_mix: recording.setup.is_mix,
            format: recording.setup.format,
            audio_only: recording.setup.audio_only,
            state: recording.state,
            error: recording.error,
            started_at: recording.started_at.as_millis(),
            ended_at: recording.ended_at.map(|at| at.as_millis()),
            duration_ms: parts.iter().map(|part| part.duration_ms).sum(),
            bytes: parts.iter().map(|part| part.bytes).sum(),
            members: recording.members.into_iter().map(Into::into).collect(),
            parts,
            id: recording.id,
        }
    }
}

impl RecordingPart {
    pub(crate) fn of(part: Part, recording: &str) -> Self {
        let number = part.part;
        let files = part.facts.files.into_iter().map(|file| RecordingFile {
            path: format!("/v1/recordings/{recording}/parts/{number}/{}", file.name),
            name: file.name,
            bytes: file.bytes,
            sha256: file.sha256,
        });
        let files: Vec<RecordingFile> = files.collect();
        Self {
            part: number,
            state: part.state,
            started_at: part.facts.started_at,
            duration_ms: part.facts.duration_ms,
            bytes: files.iter().map(|file| file.bytes).sum(),
            tracks: part.facts.tracks,
            reason: part.facts.reason,
            files,
            location: part.location,
            upload: part.upload.map(Into::into),
        }
    }
}
