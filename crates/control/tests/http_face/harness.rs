//! A server under test, and a client that sends exactly what it is told to.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use lianmai_bridge::{Bridge, BridgeConfig};
use lianmai_control::http::jwt::{self, Claims, Scope};
use lianmai_control::http::{HttpConfig, HttpState, router, serve};
use lianmai_control::service::{AppPolicy, Service, ServiceConfig};
use lianmai_control::store::{Durability, Store, StoreConfig};
use lianmai_control::webrtc::WebrtcConfig;
use lianmai_hub::{Hub, HubConfig};
use lianmai_rooms::{AccountId, AppId, Role, RoomId, Secret};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ends::{End, Ends, Inner};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) service: Arc<Service>,
    pub(crate) secret: Secret,
    pub(crate) stop: CancellationToken,
    /// Peers, where there is WebRTC.
    pub(crate) bridge: Option<Bridge>,
    pub(crate) hub: Hub,
    /// Addresses that are served, as routes are written.
    pub(crate) paths: Vec<String>,
    ends: Ends,
    tasks: TaskTracker,
    _folder: tempfile::TempDir,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no problem: {self:?}"))
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// It is a problem with this status and code, in its own media type.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
        assert_eq!(
            self.header("content-type").as_deref(),
            Some("application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.json()["status"], status);
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }
}

/// The router tells nobody its addresses, except whoever prints it.
fn paths_of(router: &Router) -> Vec<String> {
    let text = format!("{router:?}");
    text.split('"')
        .filter(|part| part.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(HttpConfig::default(), ServiceConfig::default(), Router::new()).await
    }

    pub(crate) async fn with(http: HttpConfig, service: ServiceConfig, merge: Router) -> Self {
        // The process decides on TLS for the whole program; a second test in this process finds it decided.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut store = StoreConfig::file(folder.path().join("state.db"));
        store.durability = Durability::Process;
        let store = Store::open(&store).await.unwrap();
        let hub = Hub::new(HubConfig::default());
        let service = Service::open(service, store, hub.clone()).await.unwrap();
        for app in ["demo", "other"] {
            service
                .create_app(Some(AppId::parse(app).unwrap()), AppPolicy::default())
                .await
                .unwrap();
        }
        let secret = service.app_secret(&AppId::parse("demo").unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let metrics = Arc::new(|| "up 1\n".to_owned());
        let state = HttpState::new(service.clone(), http.clone(), metrics, stop.clone());
        let routes = router(state.clone(), merge);
        let paths = paths_of(&routes);
        let token = stop.clone();
        tasks.spawn(async move {
            serve(listener, routes, &http, token, Duration::from_secs(5)).await;
            state.drained().await;
        });
        Self {
            address,
            service,
            secret,
            stop,
            bridge: None,
            hub,
            paths,
            ends: Ends::default(),
            tasks,
            _folder: folder,
        }
    }

    /// One that speaks WebRTC.
    pub(crate) async fn with_webrtc(peers: BridgeConfig, config: WebrtcConfig) -> Self {
        let mut server = Self::start().await;
        server.speak_webrtc(peers, config).await;
        server
    }

    /// From now on there is WebRTC.
    pub(crate) async fn speak_webrtc(&mut self, peers: BridgeConfig, config: WebrtcConfig) {
        let peers = BridgeConfig {
            udp: "127.0.0.1:0".parse().unwrap(),
            ..peers
        };
        let bridge = Bridge::start(peers, self.hub.clone()).await.unwrap();
        self.service.serve_webrtc(bridge.clone(), config);
        self.bridge = Some(bridge);
    }

    /// Stops and waits until everything has ended.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.ends.cut();
        if let Some(bridge) = &self.bridge {
            bridge.shut_down().await;
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.service.shut_down().await;
    }

    pub(crate) fn claims(&self, account: &str) -> Claims {
        let now = self.service.clock().now().as_secs();
        Claims::new(
            AppId::parse("demo").unwrap(),
            AccountId::parse(account).unwrap(),
            now + 600,
        )
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        jwt::sign(claims, &self.secret).unwrap()
    }

    /// A token of an account.
    pub(crate) fn token(&self, account: &str) -> String {
        self.sign(&self.claims(account))
    }

    /// A token of the app's own server.
    pub(crate) fn app_token(&self) -> String {
        let mut claims = self.claims("server");
        claims.scope = Scope::App;
        self.sign(&claims)
    }

    /// A token for one room.
    pub(crate) fn room_token(&self, account: &str, room: &str, role: Role) -> String {
        let mut claims = self.claims(account);
        claims.room = Some(RoomId::parse(room).unwrap());
        claims.role = Some(role);
        self.sign(&claims)
    }

    /// A token of the other app's own server.
    pub(crate) fn other_app_token(&self) -> String {
        let app = AppId::parse("other").unwrap();
        let mut claims = self.claims("server");
        claims.scope = Scope::App;
        claims.app = app.clone();
        jwt::sign(&claims, &self.service.app_secret(&app).unwrap()).unwrap()
    }

    /// Sends these bytes and reads until the server closes.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(n) = stream.read(&mut buffer).await {
            if n == 0 {
                break;
            }
            bytes.extend_from_slice(&buffer[..n]);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// A request whose target and body go out as they are.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// A JSON request with a token; `Null` sends no body.
    pub(crate) async fn call(&self, token: &str, method: &str, target: &str, body: Value) -> Answer {
        let auth = format!("Bearer {token}");
        if body.is_null() {
            return self.send(method, target, &[("authorization", &auth)], b"").await;
        }
        let headers = [
            ("authorization", auth.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(method, target, &headers, body.to_string().as_bytes())
            .await
    }

    /// What an address takes, as its refusal of another method says; who takes `GET` takes `HEAD` as well.
    pub(crate) async fn methods(&self, path: &str) -> BTreeSet<String> {
        let target = path.replace(['{', '}'], "");
        let refused = self.call(&self.app_token(), "TRACE", &target, Value::Null).await;
        refused.expect(405, "method_not_allowed");
        let allowed = refused
            .header("allow")
            .unwrap_or_else(|| panic!("{path}: {refused:?}"));
        let names = allowed.split(',').map(|name| name.trim().to_owned());
        names.filter(|name| name != "HEAD").collect()
    }

    /// Makes a room and returns its id.
    pub(crate) async fn room(&self, body: Value) -> String {
        let room = self.call(&self.app_token(), "POST", "/v1/rooms", body).await.ok();
        room["id"].as_str().unwrap().to_owned()
    }

    /// Lets an account in with a role and returns its member id.
    pub(crate) async fn join(&self, room: &str, account: &str, role: &str) -> String {
        let body = json!({ "account": account, "role": role });
        let joined = self
            .call(
                &self.app_token(),
                "POST",
                &format!("/v1/rooms/{room}/members"),
                body,
            )
            .await
            .ok();
        joined["member"].as_str().unwrap().to_owned()
    }

    /// Connects a WebSocket; `query` comes after the token.
    pub(crate) async fn connect(&self, token: &str, query: &str) -> Socket {
        let url = format!("ws://{}/v1/ws?access_token={token}{query}", self.address);
        let (inner, end) = self.open_socket(&url).await;
        Socket {
            inner,
            next_id: 0,
            events: Vec::new(),
            _end: end,
        }
    }

    /// A WebSocket that ends with the server at the latest.
    pub(crate) async fn open_socket(&self, url: &str) -> (Inner, End) {
        let request = url.into_client_request().unwrap();
        self.ends.connect(self.address, request).await.unwrap()
    }
}

/// A WebSocket client.
pub(crate) struct Socket {
    pub(crate) inner: Inner,
    next_id: u64,
    /// Events that came while an answer was awaited.
    events: Vec<Value>,
    _end: End,
}

impl Socket {
    async fn frame(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let frame = tokio::time::timeout(Duration::from_secs(20), self.inner.next());
            match frame.await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        if !self.events.is_empty() {
            return self.events.remove(0);
        }
        loop {
            let frame = self.frame().await.expect("open");
            if frame.get("event").is_some() {
                return frame;
            }
        }
    }

    /// The next event of this name; those before it are skipped.
    pub(crate) async fn event_named(&mut self, name: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["event"] == name {
                return event;
            }
        }
    }

    /// The code with which the server closes; frames before it are skipped.
    pub(crate) async fn close_code(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Ok(_) => {}
                Err(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
                Err(None) => return (0, String::new()),
            }
        }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.inner.send(Message::text(text)).await.unwrap();
    }

    /// Sends a command and returns its answer.
    pub(crate) async fn ask(&mut self, mut command: Value) -> Value {
        self.next_id += 1;
        command["id"] = json!(self.next_id);
        self.say(&command.to_string()).await;
        loop {
            let frame = self.frame().await.expect("open");
            if frame.get("event").is_some() {
                self.events.push(frame);
            } else if frame["id"] == json!(self.next_id) {
                return frame;
            }
        }
    }

    /// Sends a command that must succeed and returns its result.
    pub(crate) async fn done(&mut self, command: Value) -> Value {
        let answer = self.ask(command).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["result"].clone()
    }
}
