//! What can be asked of a room. Built by translators of requests; not itself a wire format.

use serde::{Deserialize, Serialize};

use crate::layout::{Gain, Layout, Source};
use crate::{
    AccountId, AttributeKey, AttributeValue, BypassPart, ClientRef, Credential, CustomInfo, Device, Ext,
    Limits, MemberId, MuteKind, NewPush, Nick, PasswordHash, Payload, PushId, Role, SessionId, StreamId,
    StreamKind, Transport,
};

/// Who acts where authority matters. The caller has proven it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// The app's own server, or the operator: may do everything.
    App,
    /// A member: may do what its role allows.
    Member(MemberId),
}

/// To whom a custom message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Recipient {
    /// All members.
    Everyone,
    /// One member.
    Member(MemberId),
}

/// Enter the room. An account that is inside already keeps its member, role and streams, and gains a session.
#[derive(Debug, Clone)]
pub struct Join {
    /// Who enters, proven by the caller.
    pub account: AccountId,
    /// Fresh id for the stay; unused if the account is inside already.
    pub member: MemberId,
    /// Role asked for; `None` = the room kind's default. Above what the credential allows: `not_allowed`.
    pub role: Option<Role>,
    /// What entitles to enter.
    pub credential: Credential,
    /// Display name.
    pub nick: Nick,
    /// Free text.
    pub ext: Ext,
    /// The signalling connection, if there is one. A member without must send media, or be touched, to stay.
    pub session: Option<SessionId>,
    /// What the session runs on; a non-empty device replaces the member's session of the same device.
    pub device: Device,
    /// What it is in the bypass; `None` = it does not mind. Unused if the account is inside already.
    pub bypass: Option<BypassPart>,
}

/// Publish a camera or screen. A member has at most one of each: publishing again updates the stream that is there
/// and keeps its id and URL (find it with [`Room::stream_of`](crate::Room::stream_of)).
#[derive(Debug, Clone)]
pub struct Publish {
    /// Who publishes.
    pub member: MemberId,
    /// Fresh id; unused if the member has a stream of this kind already.
    pub stream: StreamId,
    /// Camera or screen; a mix is published with [`Command::StartMix`].
    pub kind: StreamKind,
    /// How the media will come.
    pub via: Transport,
    /// Video is switched off.
    pub voff: bool,
    /// Audio is switched off.
    pub aoff: bool,
    /// The client's own name for it.
    pub client_ref: Option<ClientRef>,
    /// Free text.
    pub ext: Ext,
}

/// Changes of settings; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// Free text of the room.
    pub custom_info: Option<CustomInfo>,
    /// Record the streams.
    pub record: Option<bool>,
    /// Merge the recording into one file.
    pub record_merge: Option<bool>,
    /// Limits; below what is in use: `invalid_argument`.
    pub limits: Option<Limits>,
    /// A new password verifier, or `Some(None)` to open the room.
    pub password: Option<Option<PasswordHash>>,
}

/// A command. Where a field is called `member`, that member acts for itself (the caller has proven it); where it is
/// called `by`, the room checks authority.
#[derive(Debug, Clone)]
pub enum Command {
    /// Enter. → `member_joined`, or for an account inside already at most `member_updated`, `session_replaced`.
    Join(Box<Join>),
    /// Leave with one session (the member stays while another is connected) or, with `None`, altogether.
    Leave {
        /// Who leaves.
        member: MemberId,
        /// Which session closes.
        session: Option<SessionId>,
    },
    /// The connection of a session is gone; it may come back.
    SessionGone {
        /// Whose.
        member: MemberId,
        /// Which.
        session: SessionId,
    },
    /// A session resumed.
    SessionBack {
        /// Whose.
        member: MemberId,
        /// Which.
        session: SessionId,
    },
    /// The member showed a sign of life outside a session: its grace starts anew.
    Touch {
        /// Who.
        member: MemberId,
    },
    /// The gateway restarted: all sessions are gone and all media stopped; everybody's grace starts.
    ConnectionsLost,
    /// Remove a member (admins and the app).
    Kick {
        /// Who removes.
        by: Actor,
        /// Whom.
        member: MemberId,
    },
    /// Change nick name or free text of a member.
    UpdateMember {
        /// Who.
        member: MemberId,
        /// New display name.
        nick: Option<Nick>,
        /// New free text.
        ext: Option<Ext>,
    },
    /// Raise a role. Admins and the app; members themselves up to what they are entitled to. The same role: no change.
    GrantRole {
        /// Who grants.
        by: Actor,
        /// To whom.
        member: MemberId,
        /// A role not below the present one.
        role: Role,
    },
    /// Lower a role. Admins and the app; members their own. Streams go with the right to publish.
    DegradeRole {
        /// Who degrades.
        by: Actor,
        /// Whom.
        member: MemberId,
        /// A role not above the present one.
        role: Role,
    },
    /// Publish a camera or screen.
    Publish(Box<Publish>),
    /// Publish the room's mix with its layout as it is, for the app; again: changes nothing.
    PublishMix {
        /// Fresh id.
        stream: StreamId,
        /// Free text.
        ext: Ext,
    },
    /// Publish the room's mix (admins and the app); while there is one, as `UpdateMix`.
    /// → `stream_added`, `mix_started`.
    StartMix {
        /// Who.
        by: Actor,
        /// Fresh id; unused if there is a mix already.
        stream: StreamId,
        /// The room's layout from now on; `None` = as it is.
        layout: Option<Box<Layout>>,
    },
    /// Change the room's layout, whether or not there is a mix at present (admins and the app). → `mix_updated`.
    UpdateMix {
        /// Who.
        by: Actor,
        /// The whole layout.
        layout: Box<Layout>,
    },
    /// Remove the mix (admins and the app); the layout stays. No mix: no change. → `mix_stopped`, `stream_removed`.
    StopMix {
        /// Who.
        by: Actor,
    },
    /// Change the layout's main picture (admins and the app). → `main_picture_changed`.
    SetMainPicture {
        /// Who.
        by: Actor,
        /// Whose picture; `None` = as the arrangement has it.
        main: Option<Source>,
    },
    /// Change how loud a member is in the mix (admins and the app). → `mix_gain_changed`. Kept for its account.
    SetMixGain {
        /// Who.
        by: Actor,
        /// Whom.
        member: MemberId,
        /// How loud; `None` = as it is.
        gain: Option<Gain>,
        /// Not heard at all; `None` = as it is.
        muted: Option<bool>,
    },
    /// Push a stream to another place (admins and the app). → `push_added`.
    AddPush {
        /// Who.
        by: Actor,
        /// What and where to.
        push: Box<NewPush>,
    },
    /// End a push (admins and the app). → `push_removed`.
    RemovePush {
        /// Who.
        by: Actor,
        /// Which.
        push: PushId,
    },
    /// Switch video or audio of a stream, or change its text (owner or app).
    UpdateStream {
        /// Who.
        by: Actor,
        /// Which.
        stream: StreamId,
        /// Video off.
        voff: Option<bool>,
        /// Audio off; on while muted: `muted`.
        aoff: Option<bool>,
        /// Free text.
        ext: Option<Ext>,
    },
    /// Remove a stream (owner, admins, app).
    Unpublish {
        /// Who.
        by: Actor,
        /// Which.
        stream: StreamId,
    },
    /// Media of a stream flows. A higher epoch takes over from a lower one; a lower one is late and ignored (R-X1).
    MediaStarted {
        /// Which.
        stream: StreamId,
        /// Number of the publication.
        epoch: u64,
    },
    /// Media of a publication ended; ignored if a newer one took over.
    MediaStopped {
        /// Which.
        stream: StreamId,
        /// Number of the publication.
        epoch: u64,
    },
    /// Ask for the right to pull a stream. → `pull_granted`, from which the caller signs the URL.
    Subscribe {
        /// Who watches.
        by: Actor,
        /// Which.
        stream: StreamId,
        /// How.
        via: Transport,
    },
    /// Raise the version of a stream's URLs (owner, admins, app); old ones stay valid for the overlap (R-W1).
    ReissueUrl {
        /// Who.
        by: Actor,
        /// Which.
        stream: StreamId,
    },
    /// Set a room attribute.
    SetAttribute {
        /// Who.
        by: Actor,
        /// Name.
        key: AttributeKey,
        /// Value.
        value: AttributeValue,
    },
    /// Delete a room attribute; an absent one: no change.
    DeleteAttribute {
        /// Who.
        by: Actor,
        /// Name.
        key: AttributeKey,
    },
    /// Mute one member (admins and the app).
    Mute {
        /// Who.
        by: Actor,
        /// Whom.
        member: MemberId,
        /// What.
        kind: MuteKind,
    },
    /// Unmute one member (admins and the app), also while everybody is muted.
    Unmute {
        /// Who.
        by: Actor,
        /// Whom.
        member: MemberId,
        /// What.
        kind: MuteKind,
    },
    /// Mute everybody but admins, also those who join later (admins and the app).
    MuteAll {
        /// Who.
        by: Actor,
        /// What.
        kind: MuteKind,
    },
    /// End `MuteAll`; members muted individually stay muted.
    UnmuteAll {
        /// Who.
        by: Actor,
        /// What.
        kind: MuteKind,
    },
    /// Ask to become talker or admin.
    RequestRole {
        /// Who.
        member: MemberId,
        /// Talker or admin, above the present role.
        role: Role,
    },
    /// Take one's request back.
    WithdrawRequest {
        /// Who.
        member: MemberId,
    },
    /// Answer a request (admins and the app).
    AnswerRequest {
        /// Who.
        by: Actor,
        /// Whose request.
        member: MemberId,
        /// The role it asks for, so that a late answer cannot hit another request.
        role: Role,
        /// Yes or no.
        accept: bool,
    },
    /// Pass a message on.
    CustomMessage {
        /// From whom.
        by: Actor,
        /// To whom.
        to: Recipient,
        /// What.
        payload: Payload,
    },
    /// Change settings (admins and the app).
    UpdateSettings {
        /// Who.
        by: Actor,
        /// What.
        change: SettingsChange,
    },
    /// End the room for everybody (admins and the app).
    Destroy {
        /// Who.
        by: Actor,
    },
    /// Time passed: do what is due. Early or late ticks do no harm.
    Tick,
}
