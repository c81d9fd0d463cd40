//! Numbers by which clients know members and channels: whole, positive, of at most 15 digits, so that they are exact
//! in the clients' language.

use lianmai_rooms::{AccountId, AppId, ClientRef, RoomName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What stands before the number in the name that a client's stream has in the room.
const MARK: &str = "netcall:";
/// The smallest number of 15 digits, and how many there are.
const LEAST: u64 = 100_000_000_000_000;
const COUNT: u64 = 900_000_000_000_000;

/// Number of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Uid(u64);

impl Uid {
    /// From 1 to 15 digits.
    pub(super) const fn new(number: u64) -> Option<Self> {
        if number > 0 && number < LEAST + COUNT {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Written as digits alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.len() <= 15 && text.bytes().all(|c| c.is_ascii_digit());
        digits.then(|| text.parse().ok().and_then(Self::new)).flatten()
    }

    /// The same account has the same number everywhere; `nth` gives another where that is taken.
    pub(super) fn of_account(app: &AppId, account: &AccountId, nth: u32) -> Self {
        Self(number(&["uid", app.as_str(), account.as_str(), &nth.to_string()]))
    }

    /// The number that a stream's name says, if a client of ours named it.
    pub(super) fn of_stream(name: &ClientRef) -> Option<Self> {
        Self::parse(name.as_str().strip_prefix(MARK)?)
    }

    /// The name of the stream of the client with this number.
    pub(super) fn stream_name(self) -> Option<ClientRef> {
        ClientRef::parse(&format!("{MARK}{}", self.0)).ok()
    }
}

impl TryFrom<u64> for Uid {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        Self::new(number).ok_or("a uid has 1 to 15 digits")
    }
}

/// Number of a channel: always the same for the same name.
pub(super) fn channel_number(app: &AppId, name: &RoomName) -> u64 {
    number(&["cid", app.as_str(), name.as_str()])
}

fn number(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let head = digest
        .iter()
        .take(8)
        .fold(0, |head, byte| head << 8 | u64::from(*byte));
    LEAST + head % COUNT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_fifteen_digits() {
        for good in ["1", "999999999999999", "000000000000001"] {
            assert!(Uid::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            "1e3",
            "0000000000000001",
            "1000000000000000",
            "٣",
            " 1",
        ] {
            assert!(Uid::parse(bad).is_none(), "{bad}");
        }
        assert!(serde_json::from_str::<Uid>("0").is_err());
    }

    #[test]
    fn accounts_and_channels_keep_their_numbers() {
        let app = AppId::parse("a").unwrap();
        let account = AccountId::parse("ann").unwrap();
        let uid = Uid::of_account(&app, &account, 0);
        assert_eq!(uid, Uid::of_account(&app, &account, 0));
        assert_ne!(uid, Uid::of_account(&app, &account, 1));
        assert_eq!(uid.0.to_string().len(), 15);
        let name = RoomName::parse("房间").unwrap();
        assert_eq!(channel_number(&app, &name), channel_number(&app, &name));
        assert!(Uid::new(channel_number(&app, &name)).is_some());
    }

    #[test]
    fn streams_say_whose_they_are() {
        let uid = Uid::new(42).unwrap();
        assert_eq!(Uid::of_stream(&uid.stream_name().unwrap()), Some(uid));
        assert_eq!(Uid::of_stream(&ClientRef::parse("camera").unwrap()), None);
        assert_eq!(Uid::of_stream(&ClientRef::parse("netcall:-1").unwrap()), None);
    }
}
