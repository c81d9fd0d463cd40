//! Identifiers. Each is a checked newtype; none can be made from unchecked text.
//!
//! The caller chooses all of them (this crate draws no randomness). What appears in URLs is `[A-Za-z0-9_-]`.

use crate::text::{checked_text, url_safe};

/// Account names as vendors form them, such as `org#app_user@example.com`.
fn account(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '#' | '.' | '_' | '-' | '+' | ':' | '$')
}

checked_text!(
    /// Tenant: own namespace of rooms and accounts.
    AppId, 1..=64, url_safe
);
checked_text!(
    /// A room inside an app.
    RoomId, 1..=64, url_safe
);
checked_text!(
    /// Who somebody is inside an app.
    AccountId, 1..=128, account
);
checked_text!(
    /// One stay of an account in a room. Never used again after the member left.
    MemberId, 1..=96, url_safe
);
checked_text!(
    /// A published stream; part of its push and pull URLs, so unique inside an app.
    StreamId, 1..=128, url_safe
);
checked_text!(
    /// One signalling connection of one device; survives reconnects. Whoever knows it can resume: keep it private.
    SessionId, 1..=128, url_safe
);
checked_text!(
    /// A push of a stream to another place.
    PushId, 1..=64, url_safe
);
checked_text!(
    /// Serial of a ticket, for the log.
    TicketId, 1..=64, url_safe
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_parts_are_url_safe() {
        for bad in ["", "a/b", "a.b", "a b", "ä", "a?b", "a\n", &"x".repeat(129)] {
            assert!(StreamId::parse(bad).is_err(), "{bad:?}");
            assert!(AppId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(StreamId::parse(&"x".repeat(128)).is_ok());
        assert!(AppId::parse("demo_1-A").is_ok());
    }

    #[test]
    fn vendor_account_names_are_accepted() {
        for good in [
            "easemob-demo#chatdemoui_tst01@easemob.com",
            "accid.01",
            "13800000000",
            "u_1-x",
        ] {
            assert!(AccountId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a\"b", &"x".repeat(129)] {
            assert!(AccountId::parse(bad).is_err(), "{bad}");
        }
    }
}
