//! A control plane on a free port, and a worker that does exactly what the test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use lianmai_control::http::jwt::{self, Claims, Scope};
use lianmai_control::http::{HttpConfig, HttpState, metrics_router, router, serve};
use lianmai_control::service::{
    AppPolicy, CreateRoom, JoinCredential, JoinRequest, PublishRequest, Service, ServiceConfig,
};
use lianmai_control::store::{Store, StoreConfig};
use lianmai_control::workers::{JobTiming, WorkersConfig};
use lianmai_hub::job::{GatewayMessage, JOB_PROTOCOL, Job, JobId, JobReport, MixJob, WorkerMessage};
use lianmai_hub::{
    AccessRequest, Action, Authorise as _, Denial, Form, Grant, Hub, HubConfig, Protocol, Publication,
    PublishOptions, StreamKey,
};
use lianmai_media::AudioConfig;
use lianmai_rooms::{
    AccountId, AppId, Device, Ext, MemberId, Nick, RoomId, RoomKind, Settings, StreamKind, Transport,
};
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ends::{End, Ends, Inner};

/// Longest wait for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Plane {
    pub(crate) http: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) service: Arc<Service>,
    pub(crate) hub: Hub,
    pub(crate) room: RoomId,
    ann: MemberId,
    pub(crate) stop: CancellationToken,
    tasks: TaskTracker,
    ends: Ends,
}

/// Times that a test can wait for.
pub(crate) fn quick() -> WorkersConfig {
    WorkersConfig {
        hello_timeout: Duration::from_millis(200),
        ping_every: Duration::from_millis(50),
        gone_after: Duration::from_millis(300),
        timing: JobTiming {
            retry_min: Duration::from_millis(20),
            ..JobTiming::default()
        },
        ..WorkersConfig::default()
    }
}

pub(crate) fn app() -> AppId {
    AppId::parse("demo").unwrap()
}

impl Plane {
    pub(crate) async fn start() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(workers: WorkersConfig) -> Self {
        Self::open(workers, &StoreConfig::memory()).await
    }

    /// One with a database that may have a past.
    pub(crate) async fn open(workers: WorkersConfig, store: &StoreConfig) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::open(store).await.unwrap();
        let hub = Hub::new(HubConfig {
            rendition_linger: Duration::from_millis(200),
            ..HubConfig::default()
        });
        let config = ServiceConfig {
            workers,
            ..ServiceConfig::default()
        };
        let service = Service::open(config, store, hub.clone()).await.unwrap();
        service.ensure_app(app(), AppPolicy::default()).await.unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let render = Arc::new(|| "up 1\n".to_owned());
        let state = HttpState::new(service.clone(), HttpConfig::default(), render, stop.clone());
        let mut addresses = Vec::new();
        for routes in [
            router(state.clone(), Router::new()),
            metrics_router(state.clone()),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            let (stop, state) = (stop.clone(), state.clone());
            tasks.spawn(async move {
                serve(
                    listener,
                    routes,
                    &HttpConfig::default(),
                    stop,
                    Duration::from_secs(5),
                )
                .await;
                state.drained().await;
            });
        }
        let (room, ann) = room(&service, "r1").await;
        Self {
            http: addresses[0],
            metrics: addresses[1],
            service,
            hub,
            room,
            ann,
            stop,
            tasks,
            ends: Ends::default(),
        }
    }

    /// Stops and waits until everything has ended.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.ends.cut();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait())
            .await
            .expect("it drains");
        self.service.shut_down().await;
    }

    /// Another member of the room.
    pub(crate) async fn join(&self, account: &str) -> MemberId {
        join(&self.service, &self.room, account).await
    }

    /// The member ann.
    pub(crate) fn ann(&self) -> &MemberId {
        &self.ann
    }

    /// A stream of a member of the room with AAC on air, and its key.
    pub(crate) async fn on_air_of(&self, member: &MemberId) -> (StreamKey, Publication) {
        self.on_air_in(&self.room, member).await
    }

    /// An address of the room's, and what to say there: status and answer. As the app's own server.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.ask_as(&self.token("server", Scope::App), method, path, body)
            .await
    }

    /// The same with this token.
    pub(crate) async fn ask_as(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/v1/rooms/{}{path}", self.http, self.room);
        let mut request = reqwest::Client::new().request(method, url).bearer_auth(token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    pub(crate) fn token(&self, account: &str, scope: Scope) -> String {
        let now = self.service.clock().now().as_secs();
        let mut claims = Claims::new(app(), AccountId::parse(account).unwrap(), now + 600);
        claims.scope = scope;
        jwt::sign(&claims, &self.service.app_secret(&app()).unwrap()).unwrap()
    }

    /// A stream of ann's with AAC on air, and its key.
    pub(crate) async fn on_air(&self) -> (StreamKey, Publication) {
        self.on_air_in(&self.room, &self.ann).await
    }

    /// The same in a room of its own.
    pub(crate) async fn on_air_elsewhere(&self, id: &str) -> (StreamKey, Publication) {
        let (room, ann) = room(&self.service, id).await;
        self.on_air_in(&room, &ann).await
    }

    async fn on_air_in(&self, room: &RoomId, member: &MemberId) -> (StreamKey, Publication) {
        let request = PublishRequest {
            member: member.clone(),
            kind: StreamKind::Camera,
            via: Transport::Rtmp,
            voff: false,
            aoff: false,
            client_ref: None,
            ext: Ext::default(),
        };
        let published = self.service.publish(&app(), room, request).await.unwrap();
        let key = StreamKey::new("demo", published.stream.id.as_str());
        (key.clone(), self.publish(key))
    }

    fn publish(&self, key: StreamKey) -> Publication {
        let options = PublishOptions::new(Protocol::Rtmp, 1, None);
        let publication = self.hub.publish(key, options).unwrap();
        publication
            .set_audio(AudioConfig::aac_lc(48_000, 2).unwrap())
            .unwrap();
        publication
    }

    pub(crate) async fn refused(&self, authorization: Option<&str>) -> (u16, String) {
        let mut request = format!("ws://{}/internal/worker", self.http)
            .into_client_request()
            .unwrap();
        if let Some(value) = authorization {
            request
                .headers_mut()
                .insert("authorization", value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Err(Error::Http(answer)) => {
                let body = answer.body().clone().unwrap_or_default();
                (answer.status().as_u16(), String::from_utf8(body).unwrap())
            }
            other => panic!("{other:?} instead of a refusal"),
        }
    }

    /// A connection that has shown the secret and said nothing.
    pub(crate) async fn socket(&self) -> Worker {
        let mut request = format!("ws://{}/internal/worker", self.http)
            .into_client_request()
            .unwrap();
        let bearer = format!("Bearer {}", self.service.workers().secret().expose());
        request
            .headers_mut()
            .insert("authorization", bearer.parse().unwrap());
        let (socket, end) = self.ends.connect(self.http, request).await.unwrap();
        Worker { socket, _end: end }
    }

    /// A worker that has been welcomed.
    pub(crate) async fn worker(&self, name: &str, capacity: f64) -> Worker {
        let mut worker = self.socket().await;
        worker.hello(JOB_PROTOCOL, name, capacity).await;
        assert!(matches!(worker.hear().await, GatewayMessage::Welcome));
        let here = || self.service.workers().list().iter().any(|w| w.name == name);
        until("the worker is known", here).await;
        worker
    }

    /// What a worker with this URL may do.
    pub(crate) async fn authorise(&self, action: Action, url: &str) -> Result<StreamKey, &'static str> {
        let decision = self.decide(action, url).await;
        decision.map(|grant| grant.key).map_err(|denial| denial.code)
    }

    /// The same, whole.
    pub(crate) async fn decide(&self, action: Action, url: &str) -> Result<Grant, Denial> {
        let url = url::Url::parse(url).unwrap();
        let path: Vec<&str> = url.path_segments().unwrap().collect();
        let request = AccessRequest {
            action,
            app: path[0].to_owned(),
            stream: path[1].to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            peer: "127.0.0.1:1".parse().unwrap(),
            protocol: Protocol::Rtmp,
        };
        self.service.access().authorise(request).await
    }

    /// State and reason of a rendition.
    pub(crate) fn state(&self, stream: &StreamKey, form: Form) -> Option<&'static str> {
        let all = self.service.workers().renditions(stream);
        let found = all.into_iter().find(|rendition| rendition.form == form);
        found.map(|rendition| rendition.state.as_str())
    }
}

/// A room with ann in it.
async fn room(service: &Service, id: &str) -> (RoomId, MemberId) {
    let id = RoomId::parse(id).unwrap();
    let request = CreateRoom {
        id: Some(id.clone()),
        settings: Settings::new(RoomKind::Communication),
        password: None,
        creator: None,
    };
    // It may be there from before.
    let _ = service.create_room(&app(), request).await;
    let ann = join(service, &id, "ann").await;
    (id, ann)
}

async fn join(service: &Service, room: &RoomId, account: &str) -> MemberId {
    let joining = JoinRequest {
        account: AccountId::parse(account).unwrap(),
        role: None,
        credential: JoinCredential::None,
        nick: Nick::parse(account).unwrap(),
        ext: Ext::default(),
        session: None,
        device: Device::default(),
        bypass: None,
    };
    service.join(&app(), room, joining).await.unwrap().member
}

/// A scripted worker.
pub(crate) struct Worker {
    socket: Inner,
    _end: End,
}

impl Worker {
    pub(crate) async fn hello(&mut self, protocol: u32, name: &str, capacity: f64) {
        let name = name.to_owned();
        self.say(&WorkerMessage::Hello {
            protocol,
            name,
            capacity,
        })
        .await;
    }

    pub(crate) async fn say(&mut self, message: &WorkerMessage) {
        self.say_text(serde_json::to_string(message).unwrap()).await;
    }

    pub(crate) async fn say_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.socket.send(message).await
    }

    /// What the gateway says next; pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> GatewayMessage {
        match self.next().await {
            Ok(message) => message,
            Err(code) => panic!("closed with {code} instead of a message"),
        }
    }

    /// The next message, or the code of the close frame; 0 without one.
    pub(crate) async fn next(&mut self) -> Result<GatewayMessage, u16> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match frame.expect("something comes") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// With which code the gateway closes; what it says before is passed over.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    pub(crate) async fn start(&mut self) -> Job {
        match self.hear().await {
            GatewayMessage::Start { job } => job,
            other => panic!("{other:?} instead of a job"),
        }
    }

    /// The job of a mix that is to begin.
    pub(crate) async fn start_mix(&mut self) -> MixJob {
        match self.hear().await {
            GatewayMessage::StartMix { job } => *job,
            other => panic!("{other:?} instead of a mix"),
        }
    }

    /// The next change of a mix for which `holds`; others before it are passed over.
    pub(crate) async fn update_mix(&mut self, holds: impl Fn(&MixJob) -> bool) -> MixJob {
        loop {
            match self.hear().await {
                GatewayMessage::UpdateMix { job } if holds(&job) => return *job,
                GatewayMessage::UpdateMix { .. } => {}
                other => panic!("{other:?} instead of a change"),
            }
        }
    }

    pub(crate) async fn stop(&mut self) -> JobId {
        match self.hear().await {
            GatewayMessage::Stop { id } => id,
            other => panic!("{other:?} instead of a stop"),
        }
    }

    pub(crate) async fn report(&mut self, free: f64, jobs: Vec<JobReport>) {
        self.say(&WorkerMessage::Report { free, jobs }).await;
    }
}

/// Waits until `holds`.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let look = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "not: {what}");
}

/// GET as JSON with the app's own token.
pub(crate) async fn get(url: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = reqwest::Client::new().get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}
