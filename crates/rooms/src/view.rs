//! What may be shown of a room: no password verifier, no session ids (R-K1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::{
    AccountId, Air, AppId, Attributes, ClientRef, CustomInfo, Ext, Lifetime, Limits, Member, MemberId,
    MemberMute, MuteFlags, Nick, Permissions, PushId, PushView, Request, Role, RoomId, RoomKind, RoomName,
    Settings, Stream, StreamId, StreamKind, Timestamp, Timing, Transport,
};

/// Settings without the password verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// Name.
    pub name: Option<RoomName>,
    /// Type.
    pub kind: RoomKind,
    /// Whether joining needs a password.
    pub has_password: bool,
    /// Limits.
    pub limits: Limits,
    /// Record the streams.
    pub record: bool,
    /// Merge the recording into one file.
    pub record_merge: bool,
    /// Free text for the clients.
    pub custom_info: CustomInfo,
    /// Whether RTMP URLs are given.
    pub mini_program: bool,
    /// When the room ends by itself.
    pub lifetime: Lifetime,
    /// What members may do without asking.
    pub permissions: Permissions,
    /// Time spans.
    pub timing: Timing,
    /// Most guests of the bypass.
    #[serde(default = "Settings::bypass_guests")]
    pub bypass_guests: u32,
}

impl From<&Settings> for SettingsView {
    fn from(settings: &Settings) -> Self {
        Self {
            name: settings.name.clone(),
            kind: settings.kind,
            has_password: settings.password.is_some(),
            limits: settings.limits,
            record: settings.record,
            record_merge: settings.record_merge,
            custom_info: settings.custom_info.clone(),
            mini_program: settings.mini_program,
            lifetime: settings.lifetime,
            permissions: settings.permissions,
            timing: settings.timing,
            bypass_guests: settings.bypass_guests,
        }
    }
}

/// A member without its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// Its id.
    pub id: MemberId,
    /// Whose stay it is.
    pub account: AccountId,
    /// What it may do.
    pub role: Role,
    /// Display name.
    pub nick: Nick,
    /// Free text of the client.
    pub ext: Ext,
    /// When it joined.
    pub joined_at: Timestamp,
    /// Muted by the room's management; see [`MemberMute::effective`].
    pub mute: MemberMute,
    /// Whether a session is connected.
    pub online: bool,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            account: member.account.clone(),
            role: member.role,
            nick: member.nick.clone(),
            ext: member.ext.clone(),
            joined_at: member.joined_at,
            mute: member.mute,
            online: member.is_online(),
        }
    }
}

/// A stream as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamView {
    /// Its id, part of its URLs.
    pub id: StreamId,
    /// Who publishes it; `None` for the gateway's mix.
    pub owner: Option<MemberId>,
    /// What it shows.
    pub kind: StreamKind,
    /// How the publisher sends it.
    pub via: Transport,
    /// The publisher switched video off.
    pub voff: bool,
    /// The publisher switched audio off.
    pub aoff: bool,
    /// The publisher's own name for it.
    pub client_ref: Option<ClientRef>,
    /// Free text of the publisher.
    pub ext: Ext,
    /// Whether media flows.
    pub air: Air,
    /// Version of its URLs (R-W1).
    pub url_version: u32,
    /// When it was published.
    pub published_at: Timestamp,
}

impl From<&Stream> for StreamView {
    fn from(stream: &Stream) -> Self {
        Self {
            id: stream.id.clone(),
            owner: stream.owner.clone(),
            kind: stream.kind,
            via: stream.via,
            voff: stream.voff,
            aoff: stream.aoff,
            client_ref: stream.client_ref.clone(),
            ext: stream.ext.clone(),
            air: stream.air,
            url_version: stream.urls.current(),
            published_at: stream.published_at,
        }
    }
}

/// A whole room as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// App.
    pub app: AppId,
    /// Id.
    pub id: RoomId,
    /// Settings.
    pub settings: SettingsView,
    /// Who created it; becomes admin on joining.
    pub creator: Option<AccountId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Members by id.
    pub members: BTreeMap<MemberId, MemberView>,
    /// Streams by id.
    pub streams: BTreeMap<StreamId, StreamView>,
    /// Room attributes.
    pub attributes: Attributes,
    /// Muted for everybody but admins.
    pub mute_all: MuteFlags,
    /// Pending requests by member.
    pub requests: BTreeMap<MemberId, Request>,
    /// How the mix is, or would be, arranged.
    #[serde(default)]
    pub layout: Box<Layout>,
    /// Pushes by id.
    #[serde(default)]
    pub pushes: BTreeMap<PushId, PushView>,
    /// Whether the room has ended.
    pub ended: bool,
}
