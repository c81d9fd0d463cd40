//! Settings of a room, as they are shown, made and changed.

use lianmai_rooms as rooms;
use lianmai_rooms::{CustomInfo, Delay, Lifetime, Role, RoomKind, RoomName, SettingsView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;
use crate::http::problem::Problem;

/// How many of each a room takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Talkers and admins together.
    #[schema(maximum = 1000, example = 100)]
    pub talkers: u32,
    /// Camera streams whose video is on.
    #[schema(maximum = 1000, example = 9)]
    pub videos: u32,
    /// Audience members.
    #[schema(maximum = 10000, example = 600)]
    pub audiences: u32,
    /// Screen streams.
    #[schema(maximum = 100, example = 2)]
    pub desktops: u32,
}

impl From<rooms::Limits> for Limits {
    fn from(limits: rooms::Limits) -> Self {
        Self {
            talkers: limits.talkers(),
            videos: limits.videos(),
            audiences: limits.audiences(),
            desktops: limits.desktops(),
        }
    }
}

/// Limits to set; those left out stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsUpdate {
    /// Talkers and admins together.
    #[schema(maximum = 1000)]
    pub talkers: Option<u32>,
    /// Camera streams whose video is on.
    #[schema(maximum = 1000)]
    pub videos: Option<u32>,
    /// Audience members.
    #[schema(maximum = 10000)]
    pub audiences: Option<u32>,
    /// Screen streams.
    #[schema(maximum = 100)]
    pub desktops: Option<u32>,
}

impl LimitsUpdate {
    /// These limits on top of `base`.
    ///
    /// # Errors
    /// `invalid_argument` names the first limit above its ceiling.
    pub(crate) fn over(self, base: rooms::Limits) -> Result<rooms::Limits, Problem> {
        rooms::Limits::new(
            self.talkers.unwrap_or(base.talkers()),
            self.videos.unwrap_or(base.videos()),
            self.audiences.unwrap_or(base.audiences()),
            self.desktops.unwrap_or(base.desktops()),
        )
        .map_err(|error| Problem::invalid(format!("limits.{}", error.field), error.to_string()))
    }
}

/// What members may do without asking. Those left out take the defaults of the room's kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// Highest role one gets by password, or by nothing in an open room.
    #[schema(value_type = Option<schema::Role>)]
    pub self_role: Option<Role>,
    /// Lowest role that may set and delete room attributes.
    #[schema(value_type = Option<schema::Role>)]
    pub attributes: Option<Role>,
    /// Lowest role that may send custom messages.
    #[schema(value_type = Option<schema::Role>)]
    pub messages: Option<Role>,
}

impl Permissions {
    pub(crate) fn over(self, base: rooms::Permissions) -> rooms::Permissions {
        rooms::Permissions {
            self_role: self.self_role.unwrap_or(base.self_role),
            attributes: self.attributes.unwrap_or(base.attributes),
            messages: self.messages.unwrap_or(base.messages),
        }
    }
}

/// Time spans in milliseconds, each at most 30 days. Those left out take their defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// How long a member stays with neither a connected session nor media on air.
    #[schema(value_type = Option<u64>, maximum = 2_592_000_000_u64, example = 30_000)]
    pub member_grace_ms: Option<Delay>,
    /// How long a request for a role waits for an answer.
    #[schema(value_type = Option<u64>, maximum = 2_592_000_000_u64, example = 60_000)]
    pub request_ttl_ms: Option<Delay>,
    /// How long a replaced URL stays valid.
    #[schema(value_type = Option<u64>, maximum = 2_592_000_000_u64, example = 30_000)]
    pub url_overlap_ms: Option<Delay>,
}

impl Timing {
    pub(crate) fn over(self, base: rooms::Timing) -> rooms::Timing {
        rooms::Timing {
            member_grace: self.member_grace_ms.unwrap_or(base.member_grace),
            request_ttl: self.request_ttl_ms.unwrap_or(base.request_ttl),
            url_overlap: self.url_overlap_ms.unwrap_or(base.url_overlap),
        }
    }
}

/// Settings of a room as they are shown. The password never is; `has_password` tells whether there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Settings {
    /// Name, unique inside the app.
    #[schema(value_type = Option<String>, example = "Morning stand-up")]
    pub name: Option<RoomName>,
    /// Type.
    #[schema(value_type = schema::RoomKind)]
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
    #[schema(value_type = String)]
    pub custom_info: CustomInfo,
    /// Whether RTMP URLs are given.
    pub mini_program: bool,
    /// When the room ends by itself.
    #[schema(value_type = schema::Lifetime)]
    pub lifetime: Lifetime,
    /// What members may do without asking.
    pub permissions: Permissions,
    /// Time spans.
    pub timing: Timing,
}

impl From<SettingsView> for Settings {
    fn from(view: SettingsView) -> Self {
        let (permissions, timing) = (view.permissions, view.timing);
        Self {
            name: view.name,
            kind: view.kind,
            has_password: view.has_password,
            limits: view.limits.into(),
            record: view.record,
            record_merge: view.record_merge,
            custom_info: view.custom_info,
            mini_program: view.mini_program,
            lifetime: view.lifetime,
            permissions: Permissions {
                self_role: Some(permissions.self_role),
                attributes: Some(permissions.attributes),
                messages: Some(permissions.messages),
            },
            timing: Timing {
                member_grace_ms: Some(timing.member_grace),
                request_ttl_ms: Some(timing.request_ttl),
                url_overlap_ms: Some(timing.url_overlap),
            },
        }
    }
}

/// Settings to change; those left out stay as they are.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsUpdate {
    /// Free text for the clients.
    #[schema(value_type = Option<String>, max_length = 8192)]
    pub custom_info: Option<CustomInfo>,
    /// Record the streams.
    pub record: Option<bool>,
    /// Merge the recording into one file.
    pub record_merge: Option<bool>,
    /// Limits.
    pub limits: Option<LimitsUpdate>,
    /// A new password; `null` opens the room. A mask such as `****` is refused.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128, write_only)]
    pub password: Option<Option<String>>,
}

/// Tells a field that is `null` from one that is absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl std::fmt::Debug for SettingsUpdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SettingsUpdate").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_absent_differ() {
        let parse = |text| serde_json::from_str::<SettingsUpdate>(text).unwrap().password;
        assert_eq!(parse("{}"), None);
        assert_eq!(parse(r#"{"password":null}"#), Some(None));
        assert_eq!(parse(r#"{"password":"x"}"#), Some(Some("x".to_owned())));
    }

    #[test]
    fn limits_above_the_ceiling_are_named() {
        let update = LimitsUpdate {
            audiences: Some(u32::MAX),
            ..LimitsUpdate::default()
        };
        let problem = update.over(rooms::Limits::default()).unwrap_err();
        assert_eq!(
            serde_json::to_value(problem.body()).unwrap()["field"],
            "limits.audiences"
        );
    }
}
