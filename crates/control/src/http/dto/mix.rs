//! The mix of a room: its layout, where it stands, its pictures.

use lianmai_rooms::layout as rooms;
use lianmai_rooms::layout::{Gain, Source};
use lianmai_rooms::{AccountId, MemberId, Transport};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Stream, layout, schema};
use crate::workers::MixStatus;

/// A room's mix, or what it would be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Mix {
    /// Its stream; `null`: there is none at present.
    pub stream: Option<Stream>,
    /// How it is, or would be, arranged.
    #[schema(value_type = layout::Layout)]
    pub layout: Box<rooms::Layout>,
    /// Where it stands; `null` without a mix, and for a moment after its start.
    pub status: Option<MixStatus>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// How a mix is to be. At most one of `layout`, `preset`, `nim`, `emedia` and `cloudroom`; none: as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MixRequest {
    /// The whole layout.
    #[schema(value_type = Option<layout::Layout>)]
    pub layout: Option<Box<rooms::Layout>>,
    /// A well-known arrangement; everything else stays as it is.
    #[schema(value_type = Option<layout::Preset>)]
    pub preset: Option<rooms::Preset>,
    /// Size and rates, instead of those that the layout has.
    #[schema(value_type = Option<layout::Canvas>)]
    pub canvas: Option<rooms::Canvas>,
    /// How long pictures take to move to their new places, in milliseconds.
    #[schema(maximum = 5_000)]
    pub transition_ms: Option<u32>,
    /// In the words of NetEase's `nim_vchat`.
    pub nim: Option<NimLayout>,
    /// In the words of Easemob's `emedia`: a `liveCfg`, or `{"regions": […]}` of `updateLiveLayout`. Its `cdn` is
    /// checked, but not pushed to.
    #[schema(value_type = Option<Object>)]
    pub emedia: Option<Value>,
    /// In the words of CloudRoom: the configuration of a cloud mixer, or for a change its new content. What
    /// `svrPathName` says is checked, but nothing is pushed or recorded.
    #[schema(value_type = Option<Object>)]
    pub cloudroom: Option<Value>,
    /// With `cloudroom`: the clock's minutes east of UTC.
    #[schema(minimum = -1_440, maximum = 1_440)]
    pub offset_minutes: i32,
}

/// A split mode with its custom layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NimLayout {
    /// `split_mode`, 0 to 5.
    #[schema(minimum = 0, maximum = 5)]
    pub split_mode: i64,
    /// `custom_layout`: JSON text.
    #[serde(default)]
    pub custom_layout: Option<String>,
    /// The account whose picture is the main one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub host: Option<AccountId>,
}

/// The main picture to set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MainPicture {
    /// Whose; `null`: as the arrangement has it.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = Option<layout::Source>)]
    pub main: Option<Source>,
}

/// A member's part in the sound; what is left out stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MixGain {
    /// How loud: 0 to 4, 1 leaves the sound as it is.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 4)]
    pub gain: Option<Gain>,
    /// Not heard in the mix.
    pub muted: Option<bool>,
}

/// Which sound of the mix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MixSound {
    /// Everybody's.
    All,
    /// Everybody's but the member's.
    #[default]
    Others,
}

/// Where to pull a sound of the mix from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MixPullUrl {
    /// Which; left out: `others`.
    pub sound: MixSound,
    /// Whom `others` leaves out. Only for the app's own server; for others it is themselves.
    #[schema(value_type = Option<String>)]
    pub member: Option<MemberId>,
    /// `webrtc`: a WHEP URL alone. Left out: all there are.
    #[schema(value_type = Option<schema::Transport>)]
    pub via: Option<Transport>,
}

/// A picture that a room's mix may show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MixPicture {
    /// What layouts call it.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9._-]+$", example = "logo")]
    pub name: String,
    /// `png` or `jpeg`.
    #[schema(example = "png")]
    pub kind: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: usize,
}

/// The pictures of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MixPictureList {
    /// In order of their names.
    pub pictures: Vec<MixPicture>,
}

impl From<crate::mixing::Asset> for MixPicture {
    fn from(asset: crate::mixing::Asset) -> Self {
        Self {
            kind: asset.kind.as_str(),
            width: asset.width,
            height: asset.height,
            bytes: asset.data.len(),
            name: asset.name,
        }
    }
}
