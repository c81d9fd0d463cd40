//! What is known of a recording: as stored, and as shown.

use lianmai_recorder::upload::Place;
use lianmai_rooms::{AccountId, AppId, Nick, RoomId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFormat {
    /// MP4: fragmented while it is written, fast-start when it is finished. `.m4a` without pictures.
    #[default]
    Mp4,
    /// FLV.
    Flv,
    /// A playlist with fMP4 segments.
    Hls,
}

/// What was decided when the recording began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingSetup {
    /// How files are written.
    pub format: RecordingFormat,
    /// No pictures.
    pub audio_only: bool,
    /// A part ends after this time.
    #[serde(default)]
    pub part_ms: Option<u64>,
    /// A part ends at this size.
    #[serde(default)]
    pub part_bytes: Option<u64>,
    /// It is the room's mix.
    pub is_mix: bool,
    /// The account whose stream it is; `None` for the mix.
    pub account: Option<AccountId>,
    /// Begun by the room's own flags, and to be ended by them.
    pub by_room: bool,
}

/// How it stands with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// What comes is written.
    Recording,
    /// What comes is left out.
    Paused,
    /// It has ended.
    Done,
    /// It ended because something went wrong; what was written is there.
    Failed,
}

impl RecordingState {
    /// Whether it has ended.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Somebody who was in the room meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedMember {
    /// Who.
    pub account: AccountId,
    /// Display name.
    pub nick: Nick,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Unique id.
    pub id: String,
    /// Place in the list of all, for paging; grows. 0 until it is stored.
    pub position: i64,
    /// App.
    pub app: AppId,
    /// Room.
    pub room: RoomId,
    /// Stream.
    pub stream: StreamId,
    /// What was decided when it began.
    pub setup: RecordingSetup,
    /// How it stands.
    pub state: RecordingState,
    /// What went wrong, as a sentence.
    pub error: Option<String>,
    /// Who was in the room meanwhile; at most [`Recording::MAX_MEMBERS`].
    pub members: Vec<RecordedMember>,
    /// From.
    pub started_at: Timestamp,
    /// Until.
    pub ended_at: Option<Timestamp>,
}

impl Recording {
    /// Members that are kept by name.
    pub const MAX_MEMBERS: usize = 1_000;

    /// Notes who is there; true when that is news.
    pub(crate) fn meet(&mut self, members: impl Iterator<Item = RecordedMember>) -> bool {
        let before = self.members.len();
        for member in members {
            if self.members.len() >= Self::MAX_MEMBERS {
                break;
            }
            if !self.members.iter().any(|known| known.account == member.account) {
                self.members.push(member);
            }
        }
        self.members.len() > before
    }
}

/// One file of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFile {
    /// Name, without a folder.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal; of the first file of a part.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// What is in a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFacts {
    /// Its files; the first is the one to play.
    pub files: Vec<PartFile>,
    /// Wall-clock time of its first frame.
    pub started_at: u64,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Codecs, such as `h264` and `aac`.
    pub tracks: Vec<String>,
    /// Why it ended: `stopped`, `paused`, `duration`, `size`, `codec_changed` …
    pub reason: String,
}

/// How it stands with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// Being written.
    Open,
    /// On disk, finished.
    Complete,
}

impl PartState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
        }
    }
}

/// Where the files of a complete part are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// On the gateway's disk.
    #[default]
    Local,
    /// On the gateway's disk, and in the bucket.
    Both,
    /// In the bucket.
    S3,
}

impl Location {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Both => "both",
            Self::S3 => "s3",
        }
    }
}

/// Whether a part will be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// It waits, or is under way.
    Waiting,
    /// It failed for too long. What is on disk stays there.
    GivenUp,
}

/// How it stands with the upload of a part that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Whether it goes on.
    pub state: UploadState,
    /// Since when it waits.
    pub queued_at: Timestamp,
    /// Failures in a row.
    pub attempts: u32,
    /// The next attempt.
    pub next_at: Timestamp,
    /// Why the last attempt failed, as a sentence.
    pub error: Option<String>,
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which recording's.
    pub recording: String,
    /// Its number, from 1.
    pub part: u32,
    /// What is in it.
    pub facts: PartFacts,
    /// How it stands.
    pub state: PartState,
    /// Where its files are.
    pub location: Location,
    /// The folder in the bucket.
    pub remote: Option<Place>,
    /// Not yet uploaded, and to be.
    pub upload: Option<Upload>,
}

/// Which recordings to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct RecordingFilter {
    /// Only of this room.
    pub room: Option<RoomId>,
    /// Goes on after this position.
    pub after: Option<i64>,
    /// Most to return; cut to 200.
    pub limit: usize,
}
