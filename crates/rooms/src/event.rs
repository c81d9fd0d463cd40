//! What happened in a room. The events from the first on suffice to rebuild its [`RoomView`].

use serde::{Deserialize, Serialize};

use crate::layout::{Gain, Layout, Source};
use crate::{
    AccountId, Actor, AttributeKey, AttributeValue, ClientRef, Ext, MemberId, MemberMute, MemberView,
    MuteFlags, Nick, Payload, PushEndReason, PushId, PushView, Recipient, Request, RequestOutcome, Role,
    RoomView, SessionId, SettingsView, StreamId, StreamView, Timestamp, Transport,
};

/// One change. Serialises as one flat object: `{"sequence", "at", "type", …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number inside the room: 1, 2, 3 … without holes, also across restarts.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Why a member left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// It left.
    Normal,
    /// Its sessions were gone and its media stopped.
    Timeout,
    /// It was removed.
    Kicked,
    /// The room ended.
    RoomEnded,
}

/// Why a stream was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEndReason {
    /// It was unpublished.
    Unpublished,
    /// Its owner may no longer publish.
    RoleLost,
    /// Its owner left.
    OwnerLeft,
    /// The room ended.
    RoomEnded,
}

/// Why a room ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "by", rename_all = "snake_case")]
pub enum EndReason {
    /// It was destroyed.
    Destroyed(Actor),
    /// Nobody was inside for the room's delay.
    Empty,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// The room exists; always the first event.
    RoomCreated {
        /// The room, empty.
        room: Box<RoomView>,
    },
    /// The room has ended; always the last event.
    RoomEnded {
        /// Why.
        reason: EndReason,
    },
    /// Settings changed.
    SettingsChanged {
        /// All settings now.
        settings: Box<SettingsView>,
        /// By whom.
        by: Actor,
    },
    /// A member entered.
    MemberJoined {
        /// The member.
        member: Box<MemberView>,
    },
    /// Nick name or text changed.
    MemberUpdated {
        /// Whose.
        member: MemberId,
        /// Display name now.
        nick: Nick,
        /// Free text now.
        ext: Ext,
    },
    /// A member's first session connected or its last one went.
    MemberOnline {
        /// Whose.
        member: MemberId,
        /// Whether a session is connected now.
        online: bool,
    },
    /// A session gave way to a newer one: its connection is to be closed. Only for the gateway.
    SessionReplaced {
        /// Whose.
        member: MemberId,
        /// Which.
        session: SessionId,
    },
    /// A member left.
    MemberLeft {
        /// Who.
        member: MemberId,
        /// Its account.
        account: AccountId,
        /// Its last role.
        role: Role,
        /// Why.
        reason: LeaveReason,
        /// Who made it leave, if somebody did.
        by: Option<Actor>,
        /// When it joined.
        joined_at: Timestamp,
    },
    /// A role changed.
    RoleChanged {
        /// Whose.
        member: MemberId,
        /// The role now.
        role: Role,
        /// By whom.
        by: Actor,
    },
    /// A stream was published.
    StreamAdded {
        /// The stream.
        stream: Box<StreamView>,
    },
    /// Switches or texts of a stream changed.
    StreamUpdated {
        /// Which.
        stream: StreamId,
        /// Video off now.
        voff: bool,
        /// Audio off now.
        aoff: bool,
        /// How the publisher sends it now.
        via: Transport,
        /// The client's own name for it now.
        client_ref: Option<ClientRef>,
        /// Free text now.
        ext: Ext,
    },
    /// A stream was removed.
    StreamRemoved {
        /// Which.
        stream: StreamId,
        /// Whose it was.
        owner: Option<MemberId>,
        /// Why.
        reason: StreamEndReason,
    },
    /// Media of a stream flows, through this publication.
    MediaStarted {
        /// Which.
        stream: StreamId,
        /// Number of the publication.
        epoch: u64,
    },
    /// Media of a stream stopped.
    MediaStopped {
        /// Which.
        stream: StreamId,
        /// Number of the publication.
        epoch: u64,
    },
    /// The stream's URLs have a new version (R-W1).
    UrlReissued {
        /// Which.
        stream: StreamId,
        /// The version now.
        version: u32,
        /// First moment at which the version before it is refused.
        previous_until: Timestamp,
    },
    /// Somebody may pull a stream. Only for the gateway; changes nothing.
    PullGranted {
        /// Who; `None` = the app.
        holder: Option<MemberId>,
        /// Which.
        stream: StreamId,
        /// URL version to sign.
        version: u32,
        /// How.
        via: Transport,
    },
    /// A room attribute was set.
    AttributeSet {
        /// Name.
        key: AttributeKey,
        /// Value.
        value: AttributeValue,
        /// By whom.
        by: Actor,
    },
    /// A room attribute was deleted.
    AttributeDeleted {
        /// Name.
        key: AttributeKey,
        /// By whom.
        by: Actor,
    },
    /// The mute state of a member changed.
    MuteChanged {
        /// Whose.
        member: MemberId,
        /// Its state now.
        mute: MemberMute,
        /// By whom.
        by: Actor,
    },
    /// Muting of everybody changed; what members were excused from, of the kinds that changed or were muted again,
    /// is void.
    MuteAllChanged {
        /// What is muted for everybody now.
        muted: MuteFlags,
        /// The kinds for which nobody is excused any more.
        excuses_void: MuteFlags,
        /// By whom.
        by: Actor,
    },
    /// A member asks for a role.
    RequestOpened {
        /// The request.
        request: Request,
    },
    /// A request ended.
    RequestClosed {
        /// Whose.
        member: MemberId,
        /// For which role.
        role: Role,
        /// How.
        outcome: RequestOutcome,
        /// Who answered.
        by: Option<Actor>,
    },
    /// The mix exists from now on; its stream was added just before.
    MixStarted {
        /// Its stream.
        stream: StreamId,
        /// The room's layout now.
        layout: Box<Layout>,
        /// By whom; `None` = by itself.
        by: Option<Actor>,
    },
    /// The layout changed, whether or not there is a mix.
    MixUpdated {
        /// The room's layout now.
        layout: Box<Layout>,
        /// By whom.
        by: Actor,
    },
    /// The layout's main picture changed, nothing else.
    MainPictureChanged {
        /// Whose picture now; `None` = as the arrangement has it.
        main: Option<Source>,
        /// By whom.
        by: Actor,
    },
    /// The layout says something else of one account's sound.
    MixGainChanged {
        /// Whose.
        account: AccountId,
        /// How loud now.
        gain: Gain,
        /// Whether it is left out now.
        muted: bool,
        /// By whom.
        by: Actor,
    },
    /// The mix ends; its stream is removed next.
    MixStopped {
        /// Its stream.
        stream: StreamId,
        /// By whom, if by somebody.
        by: Option<Actor>,
    },
    /// A stream is to be pushed to another place.
    PushAdded {
        /// The push, without its secret.
        push: Box<PushView>,
    },
    /// A push ended.
    PushRemoved {
        /// Which.
        push: PushId,
        /// Why.
        reason: PushEndReason,
        /// By whom, if by somebody.
        by: Option<Actor>,
    },
    /// A message. Changes nothing.
    CustomMessage {
        /// From whom.
        from: Actor,
        /// To whom.
        to: Recipient,
        /// What.
        payload: Payload,
    },
}

/// Who is to be told about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipients<'a> {
    /// All members (and one who just left).
    Everyone,
    /// This member.
    Member(&'a MemberId),
    /// All admins and this member.
    AdminsAnd(&'a MemberId),
    /// Nobody outside the gateway.
    Gateway,
}

impl EventKind {
    /// Who is to be told.
    #[must_use]
    pub const fn recipients(&self) -> Recipients<'_> {
        match self {
            Self::SessionReplaced { .. } | Self::PullGranted { .. } => Recipients::Gateway,
            Self::CustomMessage {
                to: Recipient::Member(member),
                ..
            } => Recipients::Member(member),
            Self::RequestOpened {
                request: Request { member, .. },
            }
            | Self::RequestClosed { member, .. } => Recipients::AdminsAnd(member),
            _ => Recipients::Everyone,
        }
    }
}
