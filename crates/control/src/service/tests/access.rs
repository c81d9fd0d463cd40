use std::time::Duration;

use lianmai_hub::{AccessRequest, Action, Authorise, Protocol};
use lianmai_rooms::{Actor, AppId, Command, MemberId, StreamAction, Transport};

use crate::service::testing::{Gateway, request};
use crate::service::*;

const PROTOCOLS: [Protocol; 5] = [
    Protocol::Rtmp,
    Protocol::Rtmps,
    Protocol::HttpFlv,
    Protocol::WsFlv,
    Protocol::Webrtc,
];

/// A room in which ann publishes and bob watches.
struct Scene {
    gateway: Gateway,
    room: lianmai_rooms::RoomId,
    bob: MemberId,
    published: Published,
    push: String,
    pull: String,
}

async fn scene() -> Scene {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
    let published = gateway.publish(&room, &ann).await;
    let by = Actor::Member(bob.clone());
    let urls = gateway
        .service
        .subscribe(&gateway.app, &room, by, &published.stream.id, Transport::Rtmp)
        .await
        .unwrap();
    let push = published.push.clone().unwrap().url.unwrap();
    Scene {
        gateway,
        room,
        bob,
        published,
        push,
        pull: urls.rtmp.unwrap(),
    }
}

impl Scene {
    /// The code for this request over every protocol, which must be the same.
    async fn code(&self, action: Action, change: impl Fn(&mut AccessRequest)) -> &'static str {
        let url = match action {
            Action::Publish => &self.push,
            Action::Play => &self.pull,
        };
        let mut codes = Vec::new();
        for protocol in PROTOCOLS {
            let mut request = request(action, protocol, url);
            change(&mut request);
            let decision = self.gateway.service.access().authorise(request).await;
            codes.push(decision.map_or_else(|denial| denial.code, |_| "granted"));
        }
        assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
        codes[0]
    }

    /// As [`Self::code`], for both actions, which must be the same.
    async fn both(&self, change: impl Fn(&mut AccessRequest)) -> &'static str {
        let publish = self.code(Action::Publish, &change).await;
        assert_eq!(self.code(Action::Play, &change).await, publish);
        publish
    }
}

/// R-K2: one decision for all protocols; protocol × action × state of the token.
#[tokio::test]
async fn every_state_of_a_token_has_its_code() {
    let scene = scene().await;
    assert_eq!(scene.both(|_| ()).await, "granted");
    type Change = fn(&mut AccessRequest);
    let cases: [(&str, Change); 12] = [
        ("token_missing", |r| r.query.clear()),
        ("token_missing", |r| r.query = "t=".into()),
        ("token_missing", |r| r.query = "token=x".into()),
        ("token_malformed", |r| r.query = "t=x".into()),
        ("token_malformed", |r| {
            r.query = format!("t={}", "v1.".repeat(1000))
        }),
        ("token_malformed", |r| r.query.push_str("é\0")),
        ("token_signature", |r| r.query = r.query.replace(".1.m", ".2.m")),
        ("token_signature", |r| r.stream.push('x')),
        ("unknown_app", |r| r.app = "nobody".into()),
        ("unknown_app", |r| r.app = "../acme".into()),
        ("unknown_stream", |r| r.stream = "a/b".into()),
        ("unknown_stream", |r| r.stream = "x".repeat(100_000)),
    ];
    for (code, change) in cases {
        assert_eq!(scene.both(change).await, code);
    }
}

/// R-K2: a push URL is worth nothing for playing, and the other way round.
#[tokio::test]
async fn urls_hold_for_one_action() {
    let scene = scene().await;
    let (push, pull) = (scene.push.clone(), scene.pull.clone());
    let query = |url: &str| url.split_once('?').unwrap().1.to_owned();
    assert_eq!(
        scene.code(Action::Publish, |r| r.query = query(&pull)).await,
        "wrong_action"
    );
    assert_eq!(
        scene.code(Action::Play, |r| r.query = query(&push)).await,
        "wrong_action"
    );
}

/// R-K2: the same, of another app.
#[tokio::test]
async fn urls_hold_for_one_app() {
    let scene = scene().await;
    let other = AppId::parse("other").unwrap();
    scene
        .gateway
        .service
        .create_app(Some(other), AppPolicy::default())
        .await
        .unwrap();
    assert_eq!(scene.both(|r| r.app = "other".into()).await, "token_signature");
}

#[tokio::test]
async fn urls_expire() {
    let scene = scene().await;
    // Signature and expiry are checked before anything else, so what became of the room does not matter.
    scene.gateway.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(scene.both(|_| ()).await, "token_expired");
}

#[tokio::test]
async fn urls_end_with_the_stream_and_the_holder() {
    let scene = scene().await;
    let (service, app, by) = (&scene.gateway.service, &scene.gateway.app, Actor::App);
    let leave = Command::Leave {
        member: scene.bob.clone(),
        session: None,
    };
    service.apply(app, &scene.room, leave).await.unwrap();
    assert_eq!(scene.code(Action::Play, |_| ()).await, "holder_left");
    assert_eq!(scene.code(Action::Publish, |_| ()).await, "granted");
    let stream = scene.published.stream.id.clone();
    service
        .apply(app, &scene.room, Command::Unpublish { by, stream })
        .await
        .unwrap();
    assert_eq!(scene.both(|_| ()).await, "unknown_stream");
}

/// The gateway's own clients get in without being a member.
#[tokio::test]
async fn internal_tokens_are_the_apps() {
    let scene = scene().await;
    let (service, app, stream) = (
        &scene.gateway.service,
        &scene.gateway.app,
        &scene.published.stream.id,
    );
    for (action, wanted) in [
        (StreamAction::Push, Action::Publish),
        (StreamAction::Pull, Action::Play),
    ] {
        let token = service.internal_token(app, stream, action).unwrap();
        let code = scene
            .code(wanted, |request| request.query = format!("t={token}"))
            .await;
        assert_eq!(code, "granted");
    }
}
