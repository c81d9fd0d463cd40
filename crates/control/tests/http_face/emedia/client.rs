//! A client: HTTP posts and the conference WebSocket.

use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use lianmai_control::http::HttpConfig;
use lianmai_control::service::ServiceConfig;
use lianmai_control::vendor::{TokenPolicy, VendorApp, VendorConfig};
use lianmai_rooms::AppId;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::ends::{End, Inner};
use crate::harness::Server;

const LIMIT: Duration = Duration::from_secs(20);

/// The app `acme#meet` is `demo` here.
pub(super) fn app(tokens: TokenPolicy, hook: Option<String>) -> VendorApp {
    VendorApp {
        key: "acme#meet".to_owned(),
        app: AppId::parse("demo").unwrap(),
        tokens,
        hook,
        domain: "easemob.com".to_owned(),
    }
}

pub(super) fn config(app: VendorApp) -> ServiceConfig {
    ServiceConfig {
        vendor: VendorConfig {
            apps: vec![app],
            ..VendorConfig::default()
        },
        allow_private_targets: true,
        access_hook_timeout: Duration::from_millis(300),
        ..ServiceConfig::default()
    }
}

/// No limits of rate: tests ask faster than anybody.
pub(super) fn http() -> HttpConfig {
    let mut http = HttpConfig::default();
    let much = lianmai_control::http::Rate::new(100_000, 100_000);
    (http.rate_per_ip, http.rate_per_app, http.ws.commands) = (much, much, much);
    http
}

/// A server for `acme#meet` that believes every token.
pub(super) async fn open_server() -> Server {
    Server::with(http(), config(app(TokenPolicy::Open, None)), Router::new()).await
}

pub(super) fn uid(user: &str) -> String {
    format!("acme#meet_{user}@easemob.com")
}

/// A post that is answered with 200, as all are; the body.
pub(super) async fn post(server: &Server, path: &str, body: &Value) -> Value {
    send(server, "POST", path, body.to_string().as_bytes()).await
}

pub(super) async fn send(server: &Server, method: &str, path: &str, body: &[u8]) -> Value {
    let headers = [("content-type", "application/json")];
    let answer = server.send(method, path, &headers, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    let answer = answer.json();
    assert!(answer["error"].is_i64(), "{path}: {answer}");
    answer
}

/// A post that must succeed.
pub(super) async fn ok(server: &Server, path: &str, body: &Value) -> Value {
    let answer = post(server, path, body).await;
    assert_eq!(answer["error"], 0, "{path} {body}: {answer}");
    answer
}

/// `createConference` of the mini program.
pub(super) async fn create(server: &Server, user: &str, password: &str) -> Value {
    let body = json!({
        "supportWechatMiniProgram": true, "role": 9, "uid": uid(user), "token": "t", "confrType": 10,
        "password": password, "terminal": {}, "rec": "", "recMerge": "",
    });
    ok(server, "/easemob/rtc/req/ticket", &body).await
}

/// `getConferenceTkt`.
pub(super) fn ticket_body(user: &str, confr: &str, password: &str, role: i64) -> Value {
    json!({ "uid": uid(user), "token": "t", "confrId": confr, "password": password, "role": role })
}

pub(super) async fn ticket(server: &Server, user: &str, confr: &str, role: i64) -> Value {
    let body = ticket_body(user, confr, "", role);
    ok(server, "/easemob/rtc/req/ticket", &body).await
}

pub(super) fn confr(answer: &Value) -> String {
    answer["confrId"].as_str().unwrap().to_owned()
}

/// Of a URL: what follows the host.
pub(super) fn path(url: &Value) -> String {
    let url = url::Url::parse(url.as_str().unwrap()).unwrap();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// A member behind a socket.
pub(super) struct Client {
    inner: Inner,
    events: Vec<Value>,
    count: u32,
    /// The answer to entering.
    pub(super) welcome: Value,
    _end: End,
}

impl Client {
    /// A socket that has not entered.
    pub(super) async fn connect(server: &Server, ticket: &Value) -> Client {
        let ticket: Value = serde_json::from_str(ticket.as_str().unwrap()).unwrap();
        let url = format!(
            "ws://{}{}?0&{}",
            server.address,
            path(&ticket["url"]),
            ticket["confrId"].as_str().unwrap()
        );
        let (inner, end) = server.open_socket(&url).await;
        Client {
            inner,
            events: Vec::new(),
            count: 0,
            welcome: Value::Null,
            _end: end,
        }
    }

    /// What a client of this type says first.
    pub(super) fn entering(ticket: &Value, kind: &str) -> Value {
        let ticket: Value = serde_json::from_str(ticket.as_str().unwrap()).unwrap();
        json!({
            "op": 200,
            "res": { "type": kind, "ver": "3.2.2", "agent": "v2.7.0", "ops": [1003] },
            "nickName": ticket["memName"],
            "ext": "{\"a\":1}",
            "tkt": ticket,
        })
    }

    /// Connects and enters.
    pub(super) async fn enter(server: &Server, ticket: &Value, kind: &str) -> Client {
        let mut client = Client::connect(server, ticket).await;
        let welcome = client.ask(Client::entering(ticket, kind)).await;
        assert_eq!(welcome["result"], 0, "{welcome}");
        client.welcome = welcome;
        client
    }

    /// A user of a conference without a password, in one go.
    pub(super) async fn join(server: &Server, user: &str, confr: &str, role: i64) -> Client {
        let answer = ticket(server, user, confr, role).await;
        Client::enter(server, &answer["ticket"], "MINI_PROGRAM").await
    }

    /// A web user.
    pub(super) async fn join_web(server: &Server, user: &str, confr: &str, role: i64) -> Client {
        let answer = ticket(server, user, confr, role).await;
        Client::enter(server, &answer["ticket"], "WEB").await
    }

    pub(super) fn mem(&self) -> String {
        self.welcome["memId"].as_str().unwrap().to_owned()
    }

    pub(super) fn session(&self) -> String {
        self.welcome["sessId"].as_str().unwrap().to_owned()
    }

    pub(super) fn role_token(&self) -> Value {
        self.welcome["roleToken"].clone()
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.inner.send(Message::text(text)).await.unwrap();
    }

    /// Sends a request; its answer. Events that come before it are kept.
    pub(super) async fn ask(&mut self, mut request: Value) -> Value {
        self.count += 1;
        let tsx = format!("MSG{}-0", self.count);
        request["tsxId"] = json!(tsx);
        if request["op"] != 200 {
            request["sessId"] = self.welcome["sessId"].clone();
        }
        self.say(&request.to_string()).await;
        loop {
            let frame = self.frame().await.expect("open");
            if frame["op"] == 1001 && frame["tsxId"] == json!(tsx) {
                return frame;
            }
            self.events.push(frame);
        }
    }

    pub(super) async fn done(&mut self, request: Value) -> Value {
        let answer = self.ask(request).await;
        assert_eq!(answer["result"], 0, "{answer}");
        answer
    }

    /// The next event with this number; others are passed over. Every event carries the session.
    pub(super) async fn event(&mut self, op: i64) -> Value {
        loop {
            let frame = match self.events.is_empty() {
                true => self
                    .frame()
                    .await
                    .unwrap_or_else(|code| panic!("closed with {code} before {op}")),
                false => self.events.remove(0),
            };
            assert_eq!(frame["sessId"], self.welcome["sessId"], "{frame}");
            if frame["op"] == op {
                return frame;
            }
        }
    }

    /// A frame, or the code with which the server closes.
    pub(super) async fn frame(&mut self) -> Result<Value, u16> {
        loop {
            match tokio::time::timeout(LIMIT, self.inner.next())
                .await
                .expect("a frame in time")
            {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    pub(super) async fn close_code(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }
}

/// The room as the native API shows it.
pub(super) async fn room(server: &Server, confr: &str) -> Value {
    let path = format!("/v1/rooms/{confr}");
    let mut room = server
        .call(&server.app_token(), "GET", &path, Value::Null)
        .await
        .ok();
    for stream in room["streams"].as_array_mut().unwrap() {
        // How workers are at it is no matter of the room.
        stream.as_object_mut().unwrap().remove("mix");
    }
    room
}

/// Whether there is a room.
pub(super) async fn exists(server: &Server, confr: &str) -> bool {
    let path = format!("/v1/rooms/{confr}");
    server
        .call(&server.app_token(), "GET", &path, Value::Null)
        .await
        .status
        == 200
}
