//! A service to test with, and an app's server that receives what it posts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lianmai_hub::{AccessRequest, Action, Authorise, Denial, Grant, Hub, HubConfig, Protocol};
use lianmai_rooms::{
    AccountId, AppId, Delay, Device, EventKind, Ext, MemberId, Nick, RoomId, RoomKind, SessionId, Settings,
    StreamKind, Transport,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::mpsc;

use super::*;
use crate::events::{Next, RoomEvent, Subscription};
use crate::store::StoreConfig;

/// Longest wait for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Gateway {
    pub(crate) service: Arc<Service>,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) clock: Clock,
    pub(crate) app: AppId,
}

pub(crate) fn config() -> ServiceConfig {
    let mut config = ServiceConfig {
        rtmp_host: "live.example.com".to_owned(),
        http_base: "https://live.example.com".to_owned(),
        allow_private_targets: true,
        access_hook_timeout: Duration::from_millis(300),
        ..ServiceConfig::default()
    };
    config.webhook.first_retry = Duration::from_millis(10);
    config.webhook.max_retry = Duration::from_millis(40);
    config
}

impl Gateway {
    /// A gateway without a past.
    pub(crate) async fn memory(policy: AppPolicy) -> Self {
        Self::open(config(), &StoreConfig::memory(), policy).await
    }

    /// A gateway on a file that may have a past.
    pub(crate) async fn file(path: &Path) -> Self {
        Self::open(config(), &StoreConfig::file(path), AppPolicy::default()).await
    }

    pub(crate) async fn open(config: ServiceConfig, store: &StoreConfig, policy: AppPolicy) -> Self {
        let store = Store::open(store).await.unwrap();
        let hub = Hub::new(HubConfig::default());
        let clock = config.clock.clone();
        let service = Service::open(config, store.clone(), hub.clone()).await.unwrap();
        let app = AppId::parse("acme").unwrap();
        service.ensure_app(app.clone(), policy).await.unwrap();
        Self {
            service,
            store,
            hub,
            clock,
            app,
        }
    }

    /// Ends as kill -9 would: nothing more is written, nothing is said.
    pub(crate) async fn kill(self) {
        self.store.kill().await;
    }

    pub(crate) async fn room(&self, id: &str) -> RoomId {
        let mut settings = Settings::new(RoomKind::Communication);
        settings.timing.member_grace = Delay::from_secs(60);
        let request = CreateRoom {
            id: Some(room(id)),
            settings,
            password: None,
            creator: None,
        };
        self.service.create_room(&self.app, request).await.unwrap();
        room(id)
    }

    pub(crate) async fn join(&self, room: &RoomId, account: &str) -> MemberId {
        let request = joining(account, None);
        self.service.join(&self.app, room, request).await.unwrap().member
    }

    pub(crate) async fn publish(&self, room: &RoomId, member: &MemberId) -> Published {
        let request = publishing(member);
        self.service.publish(&self.app, room, request).await.unwrap()
    }

    pub(crate) async fn authorise(&self, action: Action, url: &str) -> Result<Grant, Denial> {
        self.service
            .access()
            .authorise(request(action, Protocol::Rtmp, url))
            .await
    }
}

/// What a client that was given `url` asks for.
pub(crate) fn request(action: Action, protocol: Protocol, url: &str) -> AccessRequest {
    let url = url::Url::parse(url).unwrap();
    let path: Vec<&str> = url.path_segments().unwrap().collect();
    AccessRequest {
        action,
        app: path[0].to_owned(),
        stream: path[1].to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        peer: "192.0.2.7:40000".parse().unwrap(),
        protocol,
    }
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

pub(crate) fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub(crate) fn joining(who: &str, session: Option<SessionId>) -> JoinRequest {
    JoinRequest {
        account: account(who),
        role: None,
        credential: JoinCredential::None,
        nick: Nick::parse(who).unwrap(),
        ext: Ext::default(),
        session,
        device: Device::default(),
        bypass: None,
    }
}

pub(crate) fn publishing(member: &MemberId) -> PublishRequest {
    PublishRequest {
        member: member.clone(),
        kind: StreamKind::Camera,
        via: Transport::Rtmp,
        voff: false,
        aoff: false,
        client_ref: None,
        ext: Ext::default(),
    }
}

/// The next event of a kind; others are passed over.
pub(crate) async fn wait_for(
    events: &mut Subscription,
    wanted: impl Fn(&EventKind) -> bool,
) -> Arc<RoomEvent> {
    let search = async {
        loop {
            match events.next().await {
                Next::Event(event) if wanted(&event.event.kind) => return event,
                Next::Event(_) => {}
                other => panic!("{other:?} instead of the event"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .expect("the event comes")
}

/// A post that an app's server got.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// What an app's server does with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Status(u16),
    Never,
}

type Rule = Arc<Mutex<Box<dyn FnMut(&Value) -> Answer + Send>>>;

/// An app's server.
pub(crate) struct Receiver {
    pub(crate) url: String,
    answer: Rule,
    posts: mpsc::Receiver<Post>,
    _server: tokio::task::JoinSet<()>,
}

#[derive(Clone)]
struct Desk {
    answer: Rule,
    posts: mpsc::Sender<Post>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, posts) = mpsc::channel(1000);
        let answer: Rule = Arc::new(Mutex::new(Box::new(|_| Answer::Status(200))));
        let desk = Desk {
            answer: answer.clone(),
            posts: sender,
        };
        let router = Router::new().route("/hook", post(receive)).with_state(desk);
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            answer,
            posts,
            _server: server,
        }
    }

    pub(crate) fn answer(&self, answer: impl FnMut(&Value) -> Answer + Send + 'static) {
        *self.answer.lock() = Box::new(answer);
    }

    /// The next post, whatever it was answered.
    pub(crate) async fn next(&mut self) -> Post {
        let post = tokio::time::timeout(PATIENCE, self.posts.recv()).await;
        post.expect("a post comes").unwrap()
    }

    /// The next post of a type; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Post {
        loop {
            let post = self.next().await;
            if post.body["event"] == kind {
                return post;
            }
        }
    }
}

async fn receive(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let answer = (desk.answer.lock())(&body);
    let post = Post { headers, text, body };
    desk.posts.send(post).await.unwrap();
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap(),
        Answer::Never => std::future::pending().await,
    }
}
