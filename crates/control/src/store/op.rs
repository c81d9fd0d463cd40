//! What can be written. Each is a few rows; those of one write are committed together.

use lianmai_rooms::{
    AccountId, AppId, Device, EndReason, LeaveReason, MemberId, MemberView, Nick, Role, RoomId, RoomName,
    RoomSnapshot, SessionId, StreamId, StreamView, Timestamp,
};

use super::StoredApp;
use crate::recordings::{Part, Recording};

/// One change of what is stored.
#[derive(Debug)]
pub(crate) enum Op {
    SaveApp(StoredApp),
    /// The app is to be deleted; nothing else changes.
    MarkAppDeleted {
        app: AppId,
        at: Timestamp,
    },
    /// Deletes an app with all that is its own. While it has recordings, they and its row stay.
    DeleteApp {
        app: AppId,
        at: Timestamp,
    },
    /// A room's whole state. Not written if a later one of the same batch replaces it, unless it is the first.
    SaveRoom {
        app: AppId,
        room: RoomId,
        created: Option<NewRoomRow>,
        snapshot: Box<RoomSnapshot>,
    },
    /// Removes a room and leaves a call record.
    EndRoom(Box<EndedRoom>),
    SaveEvent {
        app: AppId,
        room: RoomId,
        sequence: u64,
        body: String,
    },
    /// Forgets the events of a room before this number.
    ForgetEvents {
        app: AppId,
        room: RoomId,
        before: u64,
    },
    StayBegan {
        app: AppId,
        room: RoomId,
        member: Box<MemberView>,
    },
    StayRenamed {
        app: AppId,
        room: RoomId,
        member: MemberId,
        nick: Nick,
    },
    StayRole {
        app: AppId,
        room: RoomId,
        member: MemberId,
        role: Role,
    },
    StayEnded(StayEnd),
    SaveStream {
        app: AppId,
        room: RoomId,
        stream: Box<StreamView>,
    },
    StreamVersion {
        app: AppId,
        stream: StreamId,
        version: u32,
        previous_until: Timestamp,
    },
    StreamOnAir {
        app: AppId,
        stream: StreamId,
        on: bool,
    },
    DeleteStream {
        app: AppId,
        stream: StreamId,
    },
    SaveSession(StoredSession),
    DeleteSession(SessionId),
    QueueWebhook(QueuedEvent),
    WebhookDone(i64),
    WebhookRetry {
        id: i64,
        next_at: Timestamp,
    },
    WebhookDead {
        id: i64,
        app: AppId,
        target: String,
    },
    /// Forgets what waits for targets an app no longer has.
    ForgetTarget {
        app: AppId,
        target: String,
    },
    SaveRecording(Box<Recording>),
    /// Nothing when its recording is deleted.
    SavePart(Box<Part>),
    /// With its parts.
    DeleteRecording(String),
    /// The queues of uploads.
    Upload(super::UploadOp),
    /// Nothing when its room has ended.
    SaveMixAsset {
        app: AppId,
        room: RoomId,
        asset: Box<crate::mixing::Asset>,
    },
    DeleteMixAsset {
        app: AppId,
        room: RoomId,
        name: String,
    },
    SaveCall(Box<lianmai_rooms::call::Call>),
    /// Removes a call and leaves its record.
    EndCall {
        app: AppId,
        record: Box<lianmai_rooms::call::Record>,
    },
    /// For an account that is offline.
    KeepMessage {
        app: AppId,
        account: AccountId,
        at: Timestamp,
        body: String,
    },
    /// Forgets messages of an account up to this one.
    ForgetMessages {
        app: AppId,
        account: AccountId,
        until: i64,
    },
    /// Deletes what is past its time.
    Housekeeping {
        now: Timestamp,
        records_before: Timestamp,
    },
}

/// What the row of a room says beside its snapshot; none of it changes.
#[derive(Debug)]
pub(crate) struct NewRoomRow {
    pub(crate) name: Option<RoomName>,
    pub(crate) kind: &'static str,
    pub(crate) at: Timestamp,
}

/// The end of a room.
#[derive(Debug)]
pub(crate) struct EndedRoom {
    pub(crate) app: AppId,
    pub(crate) room: RoomId,
    pub(crate) record: String,
    pub(crate) at: Timestamp,
    pub(crate) reason: EndReason,
    /// Number for the call record's own event: the one after the room's last.
    pub(crate) sequence: u64,
    /// Webhook targets to tell.
    pub(crate) webhooks: Vec<String>,
}

/// The end of a stay.
#[derive(Debug)]
pub(crate) struct StayEnd {
    pub(crate) app: AppId,
    pub(crate) room: RoomId,
    pub(crate) member: MemberId,
    pub(crate) role: Role,
    pub(crate) at: Timestamp,
    pub(crate) reason: LeaveReason,
}

/// A signalling session as stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredSession {
    pub(crate) id: SessionId,
    pub(crate) app: AppId,
    pub(crate) account: AccountId,
    pub(crate) device: Device,
    pub(crate) rooms: Vec<(RoomId, MemberId)>,
    pub(crate) last_seen: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// An event on its way to a webhook target.
#[derive(Debug, Clone)]
pub(crate) struct QueuedEvent {
    pub(crate) app: AppId,
    pub(crate) target: String,
    pub(crate) lane: String,
    pub(crate) event_id: String,
    pub(crate) sequence: u64,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}
