//! Members, their joining and their requests.

use lianmai_rooms::{
    AccountId, BypassPart, Device, Ext, MemberId, MemberView, MuteFlags, Nick, Role, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;
use super::{MixPush, MuteFlags as MuteFlagsDto, Room};

/// Mute state of a member: muted in effect is `own`, or the room's `mute_all` unless `excused` or an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberMute {
    /// Muted individually.
    pub own: MuteFlagsDto,
    /// Unmuted individually while everybody is muted.
    pub excused: MuteFlagsDto,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Member {
    /// Its id; a new one for each stay.
    #[schema(value_type = String, example = "mq4k7t2x")]
    pub id: MemberId,
    /// Whose stay it is.
    #[schema(value_type = String, example = "ann")]
    pub account: AccountId,
    /// What it may do.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// Display name.
    #[schema(value_type = String, example = "Ann")]
    pub nick: Nick,
    /// Free text of the client.
    #[schema(value_type = String)]
    pub ext: Ext,
    /// When it joined, in milliseconds since the Unix epoch.
    #[schema(value_type = u64, example = 1_790_000_000_000_u64)]
    pub joined_at: Timestamp,
    /// Muted by the room's management.
    pub mute: MemberMute,
    /// What is muted for it in effect; left out in events, where the room's `mute_all` is not at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<MuteFlagsDto>,
    /// Whether a session is connected.
    pub online: bool,
}

impl Member {
    /// A member as it may be shown, while `all` is muted for everybody, if that is known.
    pub(crate) fn new(view: MemberView, all: Option<MuteFlags>) -> Self {
        let mute = view.mute;
        Self {
            id: view.id,
            account: view.account,
            role: view.role,
            nick: view.nick,
            ext: view.ext,
            joined_at: view.joined_at,
            mute: MemberMute {
                own: mute.own.into(),
                excused: mute.excused.into(),
            },
            muted: all.map(|all| mute.effective(view.role, all).into()),
            online: view.online,
        }
    }
}

/// Members of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberList {
    /// The members.
    pub members: Vec<Member>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// Enter a room. All fields may be left out.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Join {
    /// Who enters. Only for the app's own server; others enter as the account of their token.
    #[schema(value_type = Option<String>, max_length = 128, example = "ann")]
    pub account: Option<AccountId>,
    /// Role asked for; left out: the default of the room's kind.
    #[schema(value_type = Option<schema::Role>)]
    pub role: Option<Role>,
    /// Display name.
    #[schema(value_type = String, max_length = 128, example = "Ann")]
    pub nick: Nick,
    /// Free text.
    #[schema(value_type = String, max_length = 4096)]
    pub ext: Ext,
    /// What the client runs on, such as `web` or `wechat`.
    #[schema(value_type = String, max_length = 64)]
    pub device: Device,
    /// The room's password.
    #[schema(max_length = 128, write_only)]
    pub password: Option<String>,
    /// A ticket for the room, instead of a password.
    #[schema(max_length = 2048, write_only)]
    pub ticket: Option<String>,
    /// What it is in a room that is pushed on behalf of one member; left out: it does not mind.
    #[schema(value_type = Option<schema::BypassPart>)]
    pub bypass: Option<BypassPart>,
    /// Other servers to push the room's mix to, whenever there is one. For admins.
    #[schema(max_items = 16)]
    pub pushes: Vec<MixPush>,
}

impl std::fmt::Debug for Join {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Join")
            .field("account", &self.account)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Somebody is inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Joined {
    /// As which member.
    #[schema(value_type = String, example = "mq4k7t2x")]
    pub member: MemberId,
    /// Whether the account was inside before.
    pub again: bool,
    /// The room after joining.
    pub room: Room,
}

/// Texts of a member to change; those left out stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberUpdate {
    /// Display name.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub nick: Option<Nick>,
    /// Free text.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub ext: Option<Ext>,
}

/// Leave the room. All fields may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Leave {
    /// Who leaves. Only for the app's own server; others leave themselves.
    #[schema(value_type = Option<String>)]
    pub member: Option<MemberId>,
    /// Leave with this connection only: the member stays while another of its devices is connected.
    pub session_only: bool,
}

/// A role to give, higher or lower than the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The role.
    #[schema(value_type = schema::Role)]
    pub role: Role,
}

/// Ask to become talker or admin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    /// The role, above the present one.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// For whom. Only for the app's own server; others ask for themselves.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub member: Option<MemberId>,
}

/// Answer a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The role that was asked for, so that a late answer cannot hit another request.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// Yes or no.
    pub accept: bool,
}
