//! Names: `org#app_user@domain` is an account of an app, roles are numbers, members and tickets are numbered in their
//! conference.

use lianmai_rooms::{AccountId, MemberId, Role, RoomId};

use super::Refusal;
use crate::service::random;
use crate::vendor::{VendorApp, VendorConfig};

/// Whoever is in the signalling only, and has its media over RTMP: of the mini program, every member.
const HIDING: i64 = 9;
/// Longest member name: key, account and domain.
const MAX_MEM_NAME: usize = 320;

/// Whom a member name means.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) app: &'a VendorApp,
    pub(super) account: AccountId,
    /// As the client wrote it, without a resource.
    pub(super) mem_name: String,
}

/// Reads a member name. Of keys that fit the longest counts, because they may hold underscores.
pub(super) fn named<'a>(config: &'a VendorConfig, text: &str) -> Option<Named<'a>> {
    if text.len() > MAX_MEM_NAME {
        return None;
    }
    let text = text.split('/').next().unwrap_or_default();
    let user = |app: &VendorApp| {
        text.strip_prefix(app.key.as_str())?
            .strip_prefix('_')
            .map(str::len)
    };
    let fitting = config.apps.iter().filter(|app| user(app).is_some());
    let app = fitting.max_by_key(|app| app.key.len())?;
    let user = text.strip_prefix(app.key.as_str())?.strip_prefix('_')?;
    Some(Named {
        app,
        account: account(user)?,
        mem_name: text.to_owned(),
    })
}

/// The account in `user@domain` or `user`.
fn account(user: &str) -> Option<AccountId> {
    let user = user.rsplit_once('@').map_or(user, |(user, _)| user);
    AccountId::parse(user).ok()
}

/// The member name of an account.
pub(super) fn mem_name(app: &VendorApp, account: &AccountId) -> String {
    format!("{}_{account}@{}", app.key, app.domain)
}

/// The role that a client asks for; `None`: whatever it gets.
pub(super) fn role_asked(code: Option<i64>) -> Result<Option<Role>, Refusal> {
    match code {
        None | Some(HIDING) => Ok(None),
        Some(code) => role(code).map(Some),
    }
}

/// A role that is named.
pub(super) fn role(code: i64) -> Result<Role, Refusal> {
    let role = u8::try_from(code).ok().and_then(Role::from_code);
    role.ok_or_else(|| Refusal::field("role"))
}

/// How a client's own role is shown to it: whoever asked to hide and is a talker goes on to hide.
pub(super) fn role_shown(role: Role, asked: Option<i64>) -> i64 {
    if asked == Some(HIDING) && role == Role::Talker {
        HIDING
    } else {
        role.code().into()
    }
}

/// An id for a new member: `<confrId>M<n>`.
pub(super) fn new_member(room: &RoomId) -> Result<MemberId, Refusal> {
    let n = u32::from_be_bytes(random::bytes());
    MemberId::parse(&format!("{room}M{n}")).map_err(|_| Refusal::field("confrId"))
}

/// A name for a ticket: `<confrId>TK<n>`.
pub(super) fn new_ticket(room: &RoomId) -> String {
    format!("{room}TK{}", u32::from_be_bytes(random::bytes()))
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::AppId;

    use super::*;

    fn config() -> VendorConfig {
        let app = |key: &str| VendorApp {
            key: key.to_owned(),
            app: AppId::parse("demo").unwrap(),
            tokens: crate::vendor::TokenPolicy::Jwt,
            hook: None,
            domain: "easemob.com".to_owned(),
        };
        VendorConfig {
            apps: vec![app("org#app"), app("org#app_two")],
            ..VendorConfig::default()
        }
    }

    #[test]
    fn member_names_are_read() {
        let config = config();
        for (text, key, account) in [
            ("org#app_ann@easemob.com", "org#app", "ann"),
            ("org#app_ann@easemob.com/phone", "org#app", "ann"),
            ("org#app_ann", "org#app", "ann"),
            ("org#app_two_ann@x.example", "org#app_two", "ann"),
            ("org#app_a@b@easemob.com", "org#app", "a@b"),
        ] {
            let named = named(&config, text).unwrap();
            assert_eq!(
                (named.app.key.as_str(), named.account.as_str()),
                (key, account),
                "{text}"
            );
        }
        for bad in [
            "",
            "ann",
            "org#app",
            "org#app_",
            "org#other_ann",
            "org#app_a b@easemob.com",
            &"x".repeat(999),
        ] {
            assert!(named(&config, bad).is_none(), "{bad}");
        }
        let app = &config.apps[0];
        let ann = AccountId::parse("ann").unwrap();
        assert_eq!(mem_name(app, &ann), "org#app_ann@easemob.com");
    }

    #[test]
    fn roles_are_numbers() {
        assert_eq!(role_asked(Some(9)).unwrap(), None);
        assert_eq!(role_asked(Some(7)).unwrap(), Some(Role::Admin));
        assert!(role_asked(Some(2)).is_err() && role(9).is_err() && role(-1).is_err() && role(263).is_err());
        assert_eq!(role_shown(Role::Talker, Some(9)), 9);
        assert_eq!(role_shown(Role::Admin, Some(9)), 7);
        assert_eq!(role_shown(Role::Talker, None), 3);
    }
}
