//! A client of the netcall gateway, as the vendor's file for mini programs is on the wire.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::Gateway;
use crate::frames::{self, Frames};

/// The app key that [`SETTING`] gives the demo app.
pub const KEY: &str = "45c6af3c98409b18a84451215d0bdd6e";
/// Lets clients with [`KEY`] in, whoever they say they are.
pub const SETTING: &str =
    r#"vendor={allow_open=true,apps=[{key="45c6af3c98409b18a84451215d0bdd6e",app="demo",tokens="open"}]}"#;

const LIMIT: Duration = Duration::from_secs(15);

/// Modes of members.
pub const AUDIO_ONLY: i64 = 1;
/// What the gateway tells by itself.
pub const JOINED: i64 = 20;
pub const LEFT: i64 = 21;
pub const UPDATED: i64 = 22;
pub const LIVE_CLOSED: i64 = 23;
pub const KICKED: i64 = 24;
pub const REFUSED: i64 = 25;

/// Posts a form as the client does; the answer is always 200 in HTTP.
pub async fn post(gateway: &Gateway, path: &str, form: &[(&str, &str)]) -> Value {
    let url = format!("http://{}{path}", gateway.http);
    let answer = reqwest::Client::new().post(url).form(form).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Both look-ups; the answer of the second.
pub async fn look_up(gateway: &Gateway, key: &str, uid: u64, channel: &str, mode: &str) -> Value {
    let uid = uid.to_string();
    let sum = post(
        gateway,
        "/demo/getChecksum.action",
        &[("uid", &uid), ("appkey", key)],
    )
    .await;
    assert_eq!(sum["code"], 200, "{sum}");
    let checksum = sum["checksum"].as_str().unwrap();
    let form = [
        ("uid", uid.as_str()),
        ("appkey", key),
        ("channelName", channel),
        ("secureType", "1"),
        ("osType", "4"),
        ("mode", mode),
        ("netType", "0"),
        ("version", "1.0.0"),
        ("curtime", "1800000000000"),
        ("checksum", checksum),
    ];
    post(gateway, "/nrtc/getChannelInfos.action", &form).await
}

/// The body with which the client logs in, and repeats its login.
pub fn login_body(account: &str, uid: u64, found: &Value, more: Value) -> Value {
    let mut body = json!({
        "accid": account, "uid": uid, "cid": found["cid"], "token": found["token"], "mode": 0, "scene": 1,
        "usertype": 3, "liveEnable": 0, "webrtc": 1, "recordAudio": 0, "recordVideo": 0, "rtmpRecord": 0,
        "recordType": 0, "role": 0,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A connected client.
pub struct Netcall {
    inner: Frames,
    seq: i64,
    /// What came while an answer was awaited.
    told: VecDeque<Value>,
    /// Body of the last login.
    pub login: Value,
    /// The list that it answered.
    pub users: Vec<Value>,
}

impl Netcall {
    /// Dials the host of a look-up.
    pub async fn dial(gateway: &Gateway, path: &str) -> Netcall {
        let url = format!("ws://{}{path}", gateway.http);
        let dialling = tokio_tungstenite::connect_async(url);
        let (inner, _) = tokio::time::timeout(LIMIT, dialling).await.unwrap().unwrap();
        Netcall {
            inner,
            seq: 0,
            told: VecDeque::new(),
            login: Value::Null,
            users: Vec::new(),
        }
    }

    /// Looks a meeting up, dials and logs in.
    pub async fn join(gateway: &Gateway, channel: &str, account: &str, uid: u64, more: Value) -> Netcall {
        let found = look_up(gateway, KEY, uid, channel, "2").await;
        assert_eq!(found["code"], 200, "{found}");
        assert_eq!(found["ips"]["wechatapparray"][0], gateway.http.to_string());
        Netcall::with(gateway, login_body(account, uid, &found, more)).await
    }

    /// Dials and logs in with this body.
    pub async fn with(gateway: &Gateway, body: Value) -> Netcall {
        let mut client = Netcall::dial(gateway, "/").await;
        let answer = client.log_in(body).await;
        assert_eq!(answer["code"], 200, "{answer}");
        client
    }

    /// The answer to a login.
    pub async fn log_in(&mut self, body: Value) -> Value {
        self.login = body.clone();
        let answer = self.ask(0, body).await;
        if let Some(users) = answer["userlist"].as_array() {
            self.users = users.clone();
        }
        answer
    }

    /// Where the client itself pushes to.
    pub fn push_url(&self) -> String {
        crate::api::text(&self.user(self.login["uid"].as_u64().unwrap()), "url")
    }

    /// Who has this number in the list of the login.
    pub fn user(&self, uid: u64) -> Value {
        let mut users = self.users.iter();
        let user = users.find(|user| user["uid"] == uid);
        user.unwrap_or_else(|| panic!("no {uid} in {:?}", self.users))
            .clone()
    }

    pub async fn say(&mut self, text: &str) {
        self.inner.send(Message::text(text)).await.unwrap();
    }

    pub async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.inner.send(Message::binary(bytes)).await.unwrap();
    }

    /// The body of the answer to a command.
    pub async fn ask(&mut self, cmd: i64, body: Value) -> Value {
        self.seq += 1;
        self.say(&json!({"cmd": cmd, "body": body, "seq": self.seq}).to_string())
            .await;
        loop {
            let frame = self
                .frame()
                .await
                .unwrap_or_else(|code| panic!("closed with {code}"));
            if frame["seq"] == self.seq {
                let answer = [(0, 1), (2, 3), (4, 9), (5, 6), (7, 8)]
                    .into_iter()
                    .find(|pair| pair.0 == cmd);
                assert_eq!(frame["cmd"], answer.map_or(cmd, |pair| pair.1), "{frame}");
                return frame["body"].clone();
            }
            self.told.push_back(frame);
        }
    }

    /// A command about the client itself.
    pub async fn ask_self(&mut self, cmd: i64, more: Value) -> Value {
        let mut body = json!({"uid": self.login["uid"], "cid": self.login["cid"]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.ask(cmd, body).await
    }

    pub async fn beat(&mut self) -> Value {
        let answer = self.ask_self(2, json!({})).await;
        assert_eq!(answer["code"], 200, "{answer}");
        answer
    }

    /// The next thing the gateway tells; it must be this.
    pub async fn told(&mut self, cmd: i64) -> Value {
        let frame = match self.told.pop_front() {
            Some(frame) => frame,
            None => self
                .frame()
                .await
                .unwrap_or_else(|code| panic!("closed with {code}")),
        };
        assert_eq!(frame["cmd"], cmd, "{frame}");
        assert_eq!(frame.get("seq"), None, "{frame}");
        frame["body"].clone()
    }

    /// What the gateway has told until it answered a heartbeat.
    pub async fn told_so_far(&mut self) -> Vec<Value> {
        self.beat().await;
        self.told.drain(..).collect()
    }

    /// The gateway has told nothing until it answered a heartbeat.
    pub async fn was_told_nothing(&mut self) {
        let told = self.told_so_far().await;
        assert!(told.is_empty(), "{told:?}");
    }

    /// Waits for the end; the code it came with, 0 when the connection was just gone.
    pub async fn closed(&mut self) -> u16 {
        frames::close_code(&mut self.inner, LIMIT).await
    }

    /// The next frame, or the code of the end.
    pub async fn frame(&mut self) -> Result<Value, u16> {
        frames::next(&mut self.inner, LIMIT).await
    }
}
