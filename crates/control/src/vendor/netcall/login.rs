//! The body of a login, checked before anything is changed.

use lianmai_rooms::AccountId;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::mode::Mode;
use super::record::Record;
use super::refusal::Refusal;
use super::sign::MAX_TOKEN;
use super::uid::Uid;

/// Longest layout and address to push to, in bytes.
const MAX_LAYOUT: usize = 16 * 1024;
const MAX_URL: usize = 2_048;

/// What a client says on logging in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Login {
    /// Who it is.
    pub(super) account: AccountId,
    /// Its number.
    pub(super) uid: Uid,
    /// Number of the channel.
    pub(super) cid: u64,
    /// The token of the look-up.
    pub(super) token: String,
    /// What it sends.
    pub(super) mode: Mode,
    /// Whether it takes the channel for one of two; `None`: it does not say.
    pub(super) p2p: Option<bool>,
    /// It watches only.
    pub(super) is_audience: bool,
    /// What it says about the bypass.
    pub(super) live: LiveWish,
    /// What it wants recorded.
    pub(super) record: Record,
    /// It is of a version that comes back when its connection is closed.
    pub(super) comes_back: bool,
}

/// What a client says about the bypass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LiveWish {
    /// `liveEnable`; `None`: it does not say.
    pub(super) enabled: Option<bool>,
    /// `rtmpUrl`: where to push to.
    pub(super) url: Option<String>,
    /// `splitMode`.
    pub(super) split_mode: Option<i64>,
    /// `layout`: JSON text.
    pub(super) layout: Option<String>,
}

impl Login {
    /// Reads a body.
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let said = Fields(body);
        let account = said.text("accid", AccountId::MAX_LEN)?;
        let account = account.and_then(|text| AccountId::parse(text).ok());
        let number = |name| {
            let number = said.int(name)?.and_then(|number| u64::try_from(number).ok());
            number.and_then(Uid::new).ok_or(Refusal::invalid(name))
        };
        let one_of = |name, usual: i64, allowed: std::ops::RangeInclusive<i64>| {
            let number = said.int(name)?.unwrap_or(usual);
            allowed
                .contains(&number)
                .then_some(number)
                .ok_or(Refusal::invalid(name))
        };
        let cid = said.int("cid")?.and_then(|number| u64::try_from(number).ok());
        one_of("usertype", 3, 2..=3)?;
        said.flag("webrtc")?;
        let scene = one_of("scene", 1, 0..=1)?;
        if said.int("encryptType")?.unwrap_or(0) != 0 || said.has("encryptKey") {
            return Err(Refusal::encrypted());
        }
        Ok(Self {
            account: account.ok_or(Refusal::invalid("accid"))?,
            uid: number("uid")?,
            cid: cid.ok_or(Refusal::invalid("cid"))?,
            token: said
                .text("token", MAX_TOKEN)?
                .ok_or(Refusal::invalid("token"))?
                .to_owned(),
            mode: mode(said, "mode")?.unwrap_or_default(),
            p2p: said.has("scene").then_some(scene == 0),
            is_audience: one_of("role", 0, 0..=1)? == 1,
            live: LiveWish {
                enabled: said.has("liveEnable").then_some(said.flag("liveEnable")?),
                url: said.text("rtmpUrl", MAX_URL)?.map(str::to_owned),
                split_mode: said.int("splitMode")?,
                layout: said.json("layout", MAX_LAYOUT)?,
            },
            record: Record {
                audio: said.flag("recordAudio")?,
                video: said.flag("recordVideo")?,
                live: said.flag("rtmpRecord")?,
                mixed_only: one_of("recordType", 0, 0..=2)? == 1,
                single_only: one_of("recordType", 0, 0..=2)? == 2,
                host_is_main: said.flag("isHostSpeaker")?,
            },
            comes_back: knows_refusals(said),
        })
    }
}

/// Whether a client of this login knows all commands. Clients before 7.7 say nothing of encryption; they throw on a
/// command they do not know, and do not come back when their connection is closed.
pub(super) fn knows_refusals(said: Fields<'_>) -> bool {
    said.has("encryptType")
}

/// The mode in a body.
pub(super) fn mode(said: Fields<'_>, name: &'static str) -> Result<Option<Mode>, Refusal> {
    let number = said.int(name)?;
    number
        .map(|number| Mode::of(number).ok_or(Refusal::invalid(name)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({"accid": "ann", "uid": 123456789012345_u64, "cid": 7, "token": "t", "mode": 0, "scene": 1,
            "usertype": 3, "liveEnable": 0, "webrtc": 1, "recordAudio": 0, "recordVideo": 0, "rtmpRecord": 0,
            "recordType": 0, "role": 0})
    }

    fn read(change: Value) -> Result<Login, Refusal> {
        let mut body = body();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        Login::read(body.as_object().unwrap())
    }

    #[test]
    fn what_clients_send_is_read() {
        let login = read(json!({})).unwrap();
        assert_eq!(login.account.as_str(), "ann");
        assert_eq!(login.uid, Uid::new(123456789012345).unwrap());
        assert_eq!(
            (login.p2p, login.is_audience, login.live.enabled),
            (Some(false), false, Some(false))
        );
        let other = read(
            json!({"uid": "12", "usertype": 2, "scene": 0, "role": 1, "mode": 1, "recordType": "1",
            "isHostSpeaker": true, "rtmpUrl": "rtmp://a/b/c", "splitMode": 4, "layout": {"version": 0}}),
        )
        .unwrap();
        assert_eq!(
            (other.p2p, other.is_audience, other.mode.number()),
            (Some(true), true, 1)
        );
        assert!(other.record.mixed_only && other.record.host_is_main);
        assert_eq!(other.live.layout.as_deref(), Some(r#"{"version":0}"#));
    }

    #[test]
    fn wrong_fields_are_named() {
        let long = "x".repeat(20_000);
        for (change, code, why) in [
            (json!({"accid": ""}), 414, "accid"),
            (json!({"accid": "a b"}), 414, "accid"),
            (json!({"accid": 7}), 414, "accid"),
            (json!({"accid": long}), 414, "accid"),
            (json!({"uid": null}), 414, "uid"),
            (json!({"uid": 0}), 414, "uid"),
            (json!({"uid": -1}), 414, "uid"),
            (json!({"uid": 1.5}), 414, "uid"),
            (json!({"uid": 1000000000000000_u64}), 414, "uid"),
            (json!({"uid": "1; drop"}), 414, "uid"),
            (json!({"cid": []}), 414, "cid"),
            (json!({"cid": -4}), 414, "cid"),
            (json!({"token": {}}), 414, "token"),
            (json!({"token": long}), 414, "token"),
            (json!({"mode": 4}), 414, "mode"),
            (json!({"scene": 2}), 414, "scene"),
            (json!({"usertype": 1}), 414, "usertype"),
            (json!({"role": 7}), 414, "role"),
            (json!({"recordType": 3}), 414, "recordType"),
            (json!({"recordAudio": "yes"}), 414, "recordAudio"),
            (json!({"liveEnable": 2}), 414, "liveEnable"),
            (json!({"rtmpUrl": []}), 414, "rtmpUrl"),
            (json!({"rtmpUrl": long}), 414, "rtmpUrl"),
            (json!({"layout": [1]}), 414, "layout"),
            (json!({"layout": long}), 414, "layout"),
            (json!({"encryptType": 2}), 418, "no_encryption"),
            (json!({"encryptKey": "k"}), 418, "no_encryption"),
        ] {
            assert_eq!(read(change.clone()), Err(Refusal::new(code, why)), "{change}");
        }
    }
}
