//! Rooms and what happens in them.

use std::collections::BTreeMap;

use lianmai_rooms as rooms;
use lianmai_rooms::{
    AccountId, AttributeKey, AttributeValue, CustomInfo, Lifetime, MemberId, Payload, Role, RoomId, RoomKind,
    RoomName, RoomView, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::schema;
use super::{LimitsUpdate, Member, MixPush, Permissions, Settings, Stream, Timing};

/// Make a room. All fields may be left out.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreateRoom {
    /// Id, `[A-Za-z0-9_-]`; left out: generated.
    #[schema(value_type = Option<String>, max_length = 64, pattern = "^[A-Za-z0-9_-]+$", example = "standup")]
    pub id: Option<RoomId>,
    /// Name, unique inside the app.
    #[schema(value_type = Option<String>, max_length = 128, example = "Morning stand-up")]
    pub name: Option<RoomName>,
    /// Type; left out: `communication`.
    #[schema(value_type = Option<schema::RoomKind>)]
    pub kind: Option<RoomKind>,
    /// Password for joining. A mask such as `****` is refused.
    #[schema(min_length = 1, max_length = 128, write_only)]
    pub password: Option<String>,
    /// Limits; those left out take their defaults (100 talkers, 9 videos, 600 audiences, 2 desktops).
    pub limits: Option<LimitsUpdate>,
    /// Record the streams.
    pub record: bool,
    /// Merge the recording into one file.
    pub record_merge: bool,
    /// Free text for the clients.
    #[schema(value_type = String, max_length = 8192)]
    pub custom_info: CustomInfo,
    /// Whether RTMP URLs are given; left out: yes.
    pub mini_program: Option<bool>,
    /// When the room ends by itself; left out: 120 s after it emptied.
    #[schema(value_type = Option<schema::Lifetime>)]
    pub lifetime: Option<Lifetime>,
    /// What members may do without asking.
    pub permissions: Permissions,
    /// Time spans.
    pub timing: Timing,
    /// Who becomes admin on joining; left out: the account of the token, for the app's own server nobody.
    #[schema(value_type = Option<String>, max_length = 128, example = "ann")]
    pub creator: Option<AccountId>,
    /// Other servers to push the room's mix to, whenever there is one.
    #[schema(max_items = 16)]
    pub pushes: Vec<MixPush>,
}

impl std::fmt::Debug for CreateRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateRoom")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// One flag for sound, one for picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct MuteFlags {
    /// Sound.
    pub audio: bool,
    /// Picture.
    pub video: bool,
}

impl From<rooms::MuteFlags> for MuteFlags {
    fn from(flags: rooms::MuteFlags) -> Self {
        Self {
            audio: flags.audio,
            video: flags.video,
        }
    }
}

/// A member waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequestView {
    /// Who asks.
    #[schema(value_type = String)]
    pub member: MemberId,
    /// Which role.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// When it no longer counts, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub expires_at: Timestamp,
}

/// A room at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Room {
    /// Id.
    #[schema(value_type = String, example = "standup")]
    pub id: RoomId,
    /// Settings.
    pub settings: Settings,
    /// Who becomes admin on joining.
    #[schema(value_type = Option<String>, example = "ann")]
    pub creator: Option<AccountId>,
    /// When it was created, in milliseconds since the Unix epoch.
    #[schema(value_type = u64, example = 1_790_000_000_000_u64)]
    pub created_at: Timestamp,
    /// Members.
    pub members: Vec<Member>,
    /// Streams.
    pub streams: Vec<Stream>,
    /// Attributes.
    #[schema(value_type = BTreeMap<String, String>)]
    pub attributes: BTreeMap<AttributeKey, AttributeValue>,
    /// Muted for everybody but admins.
    pub mute_all: MuteFlags,
    /// Pending requests for roles.
    pub requests: Vec<RequestView>,
    /// Number of the newest event in the room: go on with the events after it.
    #[schema(example = 7)]
    pub sequence: u64,
}

impl Room {
    /// A room as it may be shown.
    pub(crate) fn new(view: RoomView, sequence: u64) -> Self {
        let all = view.mute_all;
        Self {
            id: view.id,
            settings: view.settings.into(),
            creator: view.creator,
            created_at: view.created_at,
            members: view
                .members
                .into_values()
                .map(|member| Member::new(member, Some(all)))
                .collect(),
            streams: view.streams.into_values().map(Stream::from).collect(),
            attributes: view
                .attributes
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            mute_all: all.into(),
            requests: view
                .requests
                .into_values()
                .map(|request| RequestView {
                    member: request.member,
                    role: request.role,
                    expires_at: request.expires_at,
                })
                .collect(),
            sequence,
        }
    }
}

/// Which rooms to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoomQuery {
    /// Go on after this id, the `next_after` of the page before.
    #[param(value_type = Option<String>)]
    pub after: Option<RoomId>,
    /// Most rooms to return: 1 to 500, left out 100.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// A room in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomSummary {
    /// Id.
    #[schema(value_type = String, example = "standup")]
    pub id: RoomId,
    /// Settings.
    pub settings: Settings,
    /// Who becomes admin on joining.
    #[schema(value_type = Option<String>, example = "ann")]
    pub creator: Option<AccountId>,
    /// When it was created, in milliseconds since the Unix epoch.
    #[schema(value_type = u64, example = 1_790_000_000_000_u64)]
    pub created_at: Timestamp,
    /// How many members it has.
    pub member_count: usize,
    /// Streams.
    pub streams: Vec<Stream>,
}

impl From<RoomView> for RoomSummary {
    fn from(view: RoomView) -> Self {
        Self {
            id: view.id,
            settings: view.settings.into(),
            creator: view.creator,
            created_at: view.created_at,
            member_count: view.members.len(),
            streams: view.streams.into_values().map(Stream::from).collect(),
        }
    }
}

/// A page of an app's rooms, in order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomList {
    /// The rooms.
    pub rooms: Vec<RoomSummary>,
    /// Ask for the next page with `after` set to this; `null` on the last page.
    #[schema(value_type = Option<String>)]
    pub next_after: Option<RoomId>,
}

/// A command was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sequence {
    /// Number of the newest event in the room; events up to it include what the command did.
    #[schema(example = 8)]
    pub sequence: u64,
}

/// A ticket to make.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueTicket {
    /// Highest role it entitles to.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// Who may use it; left out: whoever holds it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 128)]
    pub account: Option<AccountId>,
    /// How long it is valid, in milliseconds; left out: an hour. Cut to the configured maximum.
    #[serde(default)]
    #[schema(example = 600_000)]
    pub ttl_ms: Option<u64>,
}

/// A signed right to join.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ticket {
    /// Its text; a secret of whoever may use it.
    pub ticket: String,
    /// When it stops being accepted, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A room attribute to set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAttribute {
    /// Value.
    #[schema(value_type = String, max_length = 8192)]
    pub value: AttributeValue,
}

/// A message to pass on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The one member it is for; left out: everybody in the room.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub to: Option<MemberId>,
    /// Text; passed on unread.
    #[schema(value_type = String, max_length = 65536, example = "hello")]
    pub payload: Payload,
}
