//! Frames: `{cmd, body, seq}` in both directions, as JSON texts.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::uid::Uid;

/// What a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Login,
    Heartbeat,
    Logout,
    UploadUsers,
    UpdateMode,
}

impl Ask {
    const fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Login),
            2 => Some(Self::Heartbeat),
            4 => Some(Self::Logout),
            5 => Some(Self::UploadUsers),
            7 => Some(Self::UpdateMode),
            _ => None,
        }
    }

    /// The number of its answer.
    pub(super) const fn answer(self) -> i64 {
        match self {
            Self::Login => 1,
            Self::Heartbeat => 3,
            Self::Logout => 9,
            Self::UploadUsers => 6,
            Self::UpdateMode => 8,
        }
    }

    /// A word for counters.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Heartbeat => "heartbeat",
            Self::Logout => "logout",
            Self::UploadUsers => "upload_users",
            Self::UpdateMode => "update_mode",
        }
    }
}

/// What the gateway tells by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    ClientJoin = 20,
    ClientLeave = 21,
    ClientUpdate = 22,
    LiveRoomClose = 23,
    Kicked = 24,
    RoomRefused = 25,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) ask: Ask,
    pub(super) body: Map<String, Value>,
    pub(super) seq: Option<i64>,
}

/// A text that is no request, with what an answer to it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BadRequest {
    cmd: i64,
    seq: Option<i64>,
    pub(super) refusal: Refusal,
}

impl Request {
    /// Reads a request. The parser bounds how deep texts are nested.
    pub(super) fn parse(text: &str) -> Result<Self, BadRequest> {
        let bad = |cmd, seq, what| BadRequest {
            cmd,
            seq,
            refusal: Refusal::invalid(what),
        };
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            return Err(bad(-1, None, "json"));
        };
        let seq = match fields.get("seq") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_i64().ok_or_else(|| bad(-1, None, "seq"))?),
        };
        let cmd = fields.get("cmd").and_then(Value::as_i64);
        let cmd = cmd.ok_or_else(|| bad(-1, seq, "cmd"))?;
        let ask = Ask::of(cmd).ok_or_else(|| bad(cmd, seq, "cmd"))?;
        let body = match fields.remove("body") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(body)) => body,
            Some(_) => return Err(bad(ask.answer(), seq, "body")),
        };
        Ok(Self { ask, body, seq })
    }

    /// The answer that it was done.
    pub(super) fn done(&self) -> Value {
        frame(self.ask.answer(), json!({ "code": 200 }), self.seq)
    }

    /// The answer with a list of members.
    pub(super) fn listed(&self, users: &[User<'_>]) -> Value {
        frame(
            self.ask.answer(),
            json!({ "code": 200, "userlist": users }),
            self.seq,
        )
    }

    /// The answer that it is refused.
    pub(super) fn refused(&self, refusal: &Refusal) -> Value {
        frame(self.ask.answer(), refused(refusal), self.seq)
    }
}

impl BadRequest {
    /// What it is answered with.
    pub(super) fn answer(&self) -> Value {
        frame(self.cmd, refused(&self.refusal), self.seq)
    }
}

/// Something the gateway tells by itself.
pub(super) fn tell(what: Tell, body: impl Serialize) -> Value {
    let body = serde_json::to_value(body).unwrap_or_default();
    frame(what as i64, body, None)
}

/// That the stay is over.
pub(super) fn farewell(what: Tell, cid: u64, reason: &str) -> Value {
    tell(what, json!({ "cid": cid, "reason": reason }))
}

fn refused(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code, "errmsg": refusal.why })
}

fn frame(cmd: i64, body: Value, seq: Option<i64>) -> Value {
    let mut frame = json!({ "cmd": cmd, "body": body });
    if let (Some(seq), Some(fields)) = (seq, frame.as_object_mut()) {
        fields.insert("seq".to_owned(), seq.into());
    }
    frame
}

/// A member as clients are told. What is absent is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct User<'a> {
    pub(super) uid: Uid,
    pub(super) accid: &'a str,
    pub(super) cid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<u8>,
    /// The push URL of the client itself, else a pull URL. A secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let request = Request::parse(r#"{"cmd":2,"body":{"uid":1},"seq":7}"#).unwrap();
        assert_eq!((request.ask, request.seq), (Ask::Heartbeat, Some(7)));
        assert_eq!(request.done(), json!({"cmd": 3, "body": {"code": 200}, "seq": 7}));
        let bare = Request::parse(r#"{"cmd":4}"#).unwrap();
        assert_eq!(bare.done(), json!({"cmd": 9, "body": {"code": 200}}));
    }

    #[test]
    fn nonsense_is_answered_in_the_same_shape() {
        let deep = "[".repeat(20_000);
        for (text, cmd, seq) in [
            ("", -1, Value::Null),
            ("[]", -1, Value::Null),
            ("{", -1, Value::Null),
            (deep.as_str(), -1, Value::Null),
            (r#"{"seq":3}"#, -1, json!(3)),
            (r#"{"cmd":"0","seq":3}"#, -1, json!(3)),
            (r#"{"cmd":1.5,"seq":3}"#, -1, json!(3)),
            (r#"{"cmd":99,"seq":3}"#, 99, json!(3)),
            (r#"{"cmd":1,"seq":3}"#, 1, json!(3)),
            (r#"{"cmd":0,"seq":"x"}"#, -1, Value::Null),
            (r#"{"cmd":0,"body":[],"seq":3}"#, 1, json!(3)),
            (r#"{"cmd":7,"body":"x","seq":3}"#, 8, json!(3)),
        ] {
            let answer = Request::parse(text).unwrap_err().answer();
            assert_eq!(
                (answer["cmd"].as_i64(), &answer["seq"]),
                (Some(cmd), &seq),
                "{text}"
            );
            assert_eq!(answer["body"]["code"], 414, "{text}");
        }
    }

    #[test]
    fn absent_fields_are_left_out() {
        let user = User {
            uid: Uid::new(9).unwrap(),
            accid: "ann",
            cid: 1,
            mode: None,
            url: None,
        };
        let told = tell(Tell::ClientLeave, user);
        assert_eq!(
            told,
            json!({"cmd": 21, "body": {"uid": 9, "accid": "ann", "cid": 1}})
        );
    }
}
