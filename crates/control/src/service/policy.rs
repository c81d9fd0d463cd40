//! What is decided per app: limits and hooks. Holds no secret, so it can be shown and written back (R-K1).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::service::ServiceError;

/// Most webhook targets an app may have.
pub const MAX_WEBHOOKS: usize = 4;
/// Longest hook URL.
pub const MAX_HOOK_URL: usize = 1024;

/// How much one app may use, so that it cannot exhaust another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppLimits {
    /// Rooms at the same time.
    pub rooms: usize,
    /// Members in one room.
    pub members_per_room: usize,
    /// Streams published at the same time, in all rooms.
    pub streams: usize,
    /// Pushes to other servers, in all rooms.
    pub pushes: usize,
    /// Signalling sessions.
    pub sessions: usize,
    /// Connections that publish.
    pub publishers: usize,
    /// Connections that play.
    pub players: usize,
    /// Calls at the same time.
    pub calls: usize,
    /// Accounts in one call, with the caller.
    pub call_members: usize,
    /// Invitations to calls of one account within a minute.
    pub call_invites: u32,
    /// Bits per second of one publisher; `None`: no limit.
    pub max_bitrate: Option<u64>,
}

impl Default for AppLimits {
    fn default() -> Self {
        Self {
            rooms: 1_000,
            members_per_room: 2_000,
            streams: 4_000,
            pushes: 200,
            sessions: 20_000,
            publishers: 2_000,
            players: 20_000,
            calls: 2_000,
            call_members: 16,
            call_invites: 60,
            max_bitrate: Some(20_000_000),
        }
    }
}

/// Policy of one app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppPolicy {
    /// Limits; `None`: the gateway's defaults.
    pub limits: Option<AppLimits>,
    /// Where events are posted to, at most [`MAX_WEBHOOKS`].
    pub webhooks: Vec<String>,
    /// Asked before every publish and play; `None`: nobody is asked.
    pub access_hook: Option<String>,
    /// Whether an account has one session at a time: a newer one ends the others.
    pub single_device: bool,
}

impl AppPolicy {
    /// Checks number and form of the hook URLs.
    ///
    /// # Errors
    /// `invalid_argument` names what is wrong.
    pub fn check(&self) -> Result<(), ServiceError> {
        if self.webhooks.len() > MAX_WEBHOOKS {
            return Err(ServiceError::limit(
                "too_many_webhooks",
                format!("an app has at most {MAX_WEBHOOKS} webhooks"),
            ));
        }
        let mut seen = self.webhooks.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() != self.webhooks.len() {
            return Err(ServiceError::invalid("webhooks: a URL is repeated"));
        }
        self.webhooks
            .iter()
            .try_for_each(|url| check_url("webhooks", url))?;
        self.access_hook
            .iter()
            .try_for_each(|url| check_url("access_hook", url))
    }
}

fn check_url(field: &str, text: &str) -> Result<(), ServiceError> {
    let why = |what: &str| Err(ServiceError::invalid(&format!("{field}: {what}")));
    if text.len() > MAX_HOOK_URL {
        return why("the URL is too long");
    }
    let Ok(url) = Url::parse(text) else {
        return why("not a URL");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return why("not an http or https URL");
    }
    // Shown to whoever may read the policy, so it must hold no credentials.
    if !url.username().is_empty() || url.password().is_some() {
        return why("the URL must not hold a user name or password");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_hook(url: &str) -> AppPolicy {
        AppPolicy {
            webhooks: vec![url.to_owned()],
            ..AppPolicy::default()
        }
    }

    #[test]
    fn hook_urls_are_checked() {
        with_hook("https://example.com/hook").check().unwrap();
        for bad in [
            "ftp://example.com",
            "example.com",
            "http://",
            "https://user:word@example.com/",
            "file:///etc/passwd",
        ] {
            assert!(with_hook(bad).check().is_err(), "{bad}");
        }
        assert!(
            with_hook(&format!("http://e.com/{}", "x".repeat(MAX_HOOK_URL)))
                .check()
                .is_err()
        );
    }

    #[test]
    fn hooks_are_few_and_distinct() {
        let url = |n: usize| format!("http://example.com/{n}");
        let policy = |urls: Vec<String>| AppPolicy {
            webhooks: urls,
            ..AppPolicy::default()
        };
        policy((0..MAX_WEBHOOKS).map(url).collect()).check().unwrap();
        assert!(policy((0..=MAX_WEBHOOKS).map(url).collect()).check().is_err());
        assert!(policy(vec![url(1), url(1)]).check().is_err());
    }

    /// R-K1: there is no secret in a policy that could be masked when shown and stored when written back.
    #[test]
    fn unknown_fields_are_refused() {
        let text = r#"{"webhooks":[],"secret":"<redacted>"}"#;
        assert!(serde_json::from_str::<AppPolicy>(text).is_err());
    }
}
