//! A mini program that speaks emedia, as far as the gateway can tell: `wx.request` and `wx.connectSocket`.

use std::time::Duration;

use futures_util::SinkExt as _;
use lianmai_tests::Gateway;
use lianmai_tests::api::text;
use lianmai_tests::frames::{self, Frames};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const LIMIT: Duration = Duration::from_secs(15);

/// Settings with which `acme#meet` is the demo app, whose tokens are believed.
pub(crate) const SETTINGS: [&str; 2] = [
    "vendor.allow_open=true",
    r#"vendor.apps=[{key="acme#meet",app="demo",tokens="open"}]"#,
];

pub(crate) fn uid(user: &str) -> String {
    format!("acme#meet_{user}@easemob.com")
}

/// A post to the gateway; always answered with 200 and a number.
pub(crate) async fn post(url: &str, body: &Value) -> Value {
    let client = reqwest::Client::new();
    let request = client.post(url).header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(answer["error"].is_i64(), "{url}: {answer}");
    answer
}

pub(crate) async fn ok(url: &str, body: &Value) -> Value {
    let answer = post(url, body).await;
    assert_eq!(answer["error"], 0, "{url} {body}: {answer}");
    answer
}

pub(crate) fn url(gateway: &Gateway, path: &str) -> String {
    format!("http://{}{path}", gateway.http)
}

/// One page.
pub(crate) struct Page {
    inner: Frames,
    pub(crate) ticket: Value,
    events: Vec<Value>,
    count: u32,
    pub(crate) welcome: Value,
}

impl Page {
    /// `createConference`, then `joinConferenceWithTicket`.
    pub(crate) async fn create(gateway: &Gateway, user: &str, more: Value) -> Page {
        let mut body = json!({
            "supportWechatMiniProgram": true, "role": 9, "uid": uid(user), "token": "t", "confrType": 10,
            "password": "", "terminal": {}, "rec": "", "recMerge": "",
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made = ok(&url(gateway, "/easemob/rtc/req/ticket"), &body).await;
        Page::enter(&made, None).await
    }

    /// `joinConference`.
    pub(crate) async fn join(gateway: &Gateway, user: &str, confr: &str) -> Page {
        let body = json!({ "uid": uid(user), "token": "t", "confrId": confr, "password": "", "role": 9 });
        let ticket = ok(&url(gateway, "/easemob/rtc/req/ticket"), &body).await;
        Page::enter(&ticket, None).await
    }

    /// Comes back with what it has, as after a lost connection.
    pub(crate) async fn back(self) -> Page {
        let session = self.session();
        let Page { ticket, inner, .. } = self;
        drop(inner);
        let page = Page::enter(&ticket, Some(&session)).await;
        assert_eq!(page.session(), session);
        page
    }

    async fn enter(answer: &Value, session: Option<&str>) -> Page {
        let ticket: Value = serde_json::from_str(answer["ticket"].as_str().unwrap()).unwrap();
        let address = format!("{}?0&{}", text(&ticket, "url"), text(&ticket, "confrId"));
        let connecting = tokio_tungstenite::connect_async(address);
        let (inner, _) = tokio::time::timeout(LIMIT, connecting).await.unwrap().unwrap();
        let mut page = Page {
            inner,
            ticket: answer.clone(),
            events: Vec::new(),
            count: 0,
            welcome: Value::Null,
        };
        let mut request = json!({
            "op": 200,
            "res": { "type": "MINI_PROGRAM", "ver": "3.2.2", "platVersion": "v3.1.6", "agent": "v2.7.0", "ops": [1003] },
            "tkt": ticket,
            "nickName": ticket["memName"],
            "ext": "",
        });
        if let Some(session) = session {
            request["sessId"] = json!(session);
        }
        page.welcome = page.ask(request).await;
        assert_eq!(page.welcome["result"], 0, "{}", page.welcome);
        page
    }

    pub(crate) fn confr(&self) -> String {
        text(&self.welcome, "confrId")
    }

    pub(crate) fn mem(&self) -> String {
        text(&self.welcome, "memId")
    }

    pub(crate) fn session(&self) -> String {
        text(&self.welcome, "sessId")
    }

    pub(crate) fn role_token(&self) -> Value {
        self.welcome["roleToken"].clone()
    }

    /// `pubStream`: stream id and push URL.
    pub(crate) async fn publish(&self, rtc_id: &str) -> (String, String) {
        let body = json!({ "op": "pubS", "rtcId": rtc_id });
        let answer = ok(&text(&self.welcome, "useUrl"), &body).await;
        (text(&answer, "streamId"), text(&answer, "rtmp"))
    }

    /// `subStream`: pull URL.
    pub(crate) async fn subscribe(&self, stream: &str) -> String {
        let body = json!({ "op": "subS", "streamId": stream });
        text(&ok(&text(&self.welcome, "useUrl"), &body).await, "rtmp")
    }

    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.count += 1;
        let tsx = format!("MSG{}-0", self.count);
        request["tsxId"] = json!(tsx);
        if request["op"] != 200 {
            request["sessId"] = self.welcome["sessId"].clone();
        }
        self.inner.send(Message::text(request.to_string())).await.unwrap();
        loop {
            let frame = self.frame().await.expect("open");
            if frame["op"] == 1001 && frame["tsxId"] == json!(tsx) {
                return frame;
            }
            self.events.push(frame);
        }
    }

    /// `exitConference`.
    pub(crate) async fn exit(mut self) {
        let answer = self.ask(json!({ "op": 201, "reason": 0 })).await;
        assert_eq!(answer["result"], 0);
        assert_eq!(self.close_code().await, 1000);
    }

    /// The next event with this number; others are passed over.
    pub(crate) async fn event(&mut self, op: i64) -> Value {
        loop {
            let frame = if self.events.is_empty() {
                self.frame()
                    .await
                    .unwrap_or_else(|code| panic!("closed with {code} before {op}"))
            } else {
                self.events.remove(0)
            };
            assert_eq!(frame["sessId"], self.welcome["sessId"], "{frame}");
            if frame["op"] == op {
                return frame;
            }
        }
    }

    pub(crate) async fn close_code(&mut self) -> u16 {
        frames::close_code(&mut self.inner, LIMIT).await
    }

    async fn frame(&mut self) -> Result<Value, u16> {
        frames::next(&mut self.inner, LIMIT).await
    }
}
