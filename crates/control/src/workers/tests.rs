//! What internal tokens open, and that nothing else opens what they do.

use std::time::Duration;

use lianmai_hub::{AccessRequest, Action, Authorise, Form, Protocol, StreamKey};
use lianmai_rooms::{Actor, Command, RoomId, StreamAction, StreamId};

use crate::service::AppPolicy;
use crate::service::testing::Gateway;

const PROTOCOLS: [Protocol; 5] = [
    Protocol::Rtmp,
    Protocol::Rtmps,
    Protocol::HttpFlv,
    Protocol::WsFlv,
    Protocol::Webrtc,
];
const ACTIONS: [Action; 2] = [Action::Publish, Action::Play];
const RENDITIONS: [Form; 4] = [Form::Opus, Form::Aac, Form::H264, Form::NoBFrames];

/// A room in which ann has a stream.
struct Scene {
    gateway: Gateway,
    room: RoomId,
    stream: StreamId,
    plain: StreamKey,
}

async fn scene(policy: AppPolicy) -> Scene {
    let gateway = Gateway::memory(policy).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let stream = gateway.publish(&room, &ann).await.stream.id;
    Scene {
        plain: StreamKey::new(gateway.app.as_str(), stream.as_str()),
        gateway,
        room,
        stream,
    }
}

impl Scene {
    /// An internal token that is good for a minute.
    fn sign(&self, key: &StreamKey, action: Action) -> String {
        let expiry = self.gateway.clock.now().as_secs() + 60;
        let token = self.gateway.service.workers().signer().sign(key, action, expiry);
        format!("w={token}")
    }

    async fn ask(&self, key: &StreamKey, action: Action, protocol: Protocol, query: &str) -> &'static str {
        let request = AccessRequest {
            action,
            app: key.app().to_owned(),
            stream: key.stream().to_owned(),
            query: query.to_owned(),
            peer: "192.0.2.7:40000".parse().unwrap(),
            protocol,
        };
        let decision = self.gateway.service.access().authorise(request).await;
        decision.map_or_else(|denial| denial.code, |_| "granted")
    }

    fn all_keys(&self) -> Vec<StreamKey> {
        let others = [Form::Rtc, Form::Layer(1)];
        let forms = RENDITIONS
            .iter()
            .chain(&others)
            .map(|form| self.plain.form(*form));
        std::iter::once(self.plain.clone()).chain(forms).collect()
    }
}

#[tokio::test]
async fn a_worker_plays_sources_and_publishes_renditions() {
    let scene = scene(AppPolicy::default()).await;
    for form in RENDITIONS {
        let key = scene.plain.form(form);
        let query = scene.sign(&key, Action::Publish);
        for protocol in [Protocol::Rtmp, Protocol::Rtmps] {
            assert_eq!(
                scene.ask(&key, Action::Publish, protocol, &query).await,
                "granted"
            );
        }
    }
    for source in [scene.plain.clone(), scene.plain.form(Form::Rtc)] {
        let query = format!("{}&coalesce=0&only=audio", scene.sign(&source, Action::Play));
        assert_eq!(
            scene.ask(&source, Action::Play, Protocol::Rtmp, &query).await,
            "granted"
        );
    }
}

/// The grant names nobody, has no limit, and is not counted: limits of the app do not stop what its viewers need.
#[tokio::test]
async fn a_workers_grant_is_the_gateways() {
    let policy = AppPolicy {
        access_hook: Some("http://127.0.0.1:9/never".to_owned()),
        ..AppPolicy::default()
    };
    let scene = scene(policy).await;
    let key = scene.plain.form(Form::Opus);
    let request = AccessRequest {
        action: Action::Publish,
        app: key.app().to_owned(),
        stream: key.stream().to_owned(),
        query: scene.sign(&key, Action::Publish),
        peer: "192.0.2.7:40000".parse().unwrap(),
        protocol: Protocol::Rtmp,
    };
    let grant = scene.gateway.service.access().authorise(request).await.unwrap();
    assert_eq!((grant.key, grant.epoch, grant.max_bitrate), (key, 0, None));
    assert_eq!(grant.holder, None);
}

/// Token of one key and action × every other key, action and protocol: nothing else is opened.
#[tokio::test]
async fn an_internal_token_opens_one_key_for_one_action_over_rtmp() {
    let scene = scene(AppPolicy::default()).await;
    let keys = scene.all_keys();
    for signed_for in &keys {
        for signed_action in ACTIONS {
            let query = scene.sign(signed_for, signed_action);
            for key in &keys {
                for action in ACTIONS {
                    for protocol in PROTOCOLS {
                        let code = scene.ask(key, action, protocol, &query).await;
                        let rtmp = matches!(protocol, Protocol::Rtmp | Protocol::Rtmps);
                        let rendition = key.form_of().is_some_and(Form::is_rendition);
                        let expected = if !rtmp {
                            "wrong_protocol"
                        } else if (key, action) != (signed_for, signed_action) {
                            "token_signature"
                        } else if action == Action::Publish && !rendition {
                            "wrong_action"
                        } else {
                            "granted"
                        };
                        assert_eq!(code, expected, "{signed_for} {signed_action:?}: {key} {action:?}");
                    }
                }
            }
        }
    }
}

/// No protocol, action or token of members and apps reaches a name with a form.
#[tokio::test]
async fn ordinary_tokens_never_open_a_form() {
    let scene = scene(AppPolicy::default()).await;
    let (service, app) = (&scene.gateway.service, &scene.gateway.app);
    let forms = scene.all_keys().into_iter().skip(1);
    for key in forms.chain([StreamKey::new("acme", "~opus"), StreamKey::new("acme", "~")]) {
        for action in ACTIONS {
            let signed = match action {
                Action::Publish => StreamAction::Push,
                Action::Play => StreamAction::Pull,
            };
            let ordinary = service.internal_token(app, &scene.stream, signed).unwrap();
            let internal = scene.sign(&scene.plain, action);
            for protocol in PROTOCOLS {
                let plain = scene
                    .ask(&scene.plain, action, protocol, &format!("t={ordinary}"))
                    .await;
                assert_eq!(plain, "granted");
                for query in [
                    String::new(),
                    format!("t={ordinary}"),
                    format!("t={ordinary}&{}", scene.sign(&key, action)),
                    format!("w={ordinary}"),
                    internal.clone(),
                    internal.replace("w=", "t="),
                    "w=".to_owned(),
                ] {
                    let code = scene.ask(&key, action, protocol, &query).await;
                    assert_ne!(code, "granted", "{key} {action:?} {protocol:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn names_have_one_way_to_be_written() {
    let scene = scene(AppPolicy::default()).await;
    let name = scene.plain.stream();
    for odd in [
        format!("{name}~"),
        format!("{name}~none"),
        format!("{name}~OPUS"),
        format!("{name}~opus~opus"),
        format!("{name}~rtc01"),
        format!("{name}~rtc0"),
        format!("{name}~rtc+1"),
        format!("{name}~opus\n"),
        "~opus".to_owned(),
        format!("../{name}~opus"),
        "x".repeat(100_000),
    ] {
        let key = StreamKey::new("acme", &odd);
        for action in ACTIONS {
            let query = scene.sign(&key, action);
            assert_eq!(
                scene.ask(&key, action, Protocol::Rtmp, &query).await,
                "unknown_stream",
                "{odd:.80}"
            );
        }
    }
}

#[tokio::test]
async fn changed_and_expired_internal_tokens_are_refused() {
    let scene = scene(AppPolicy::default()).await;
    let key = scene.plain.form(Form::Aac);
    let query = scene.sign(&key, Action::Publish);
    for at in 2..query.len() {
        let mut changed = query.clone();
        let other = if &query[at..=at] == "A" { "B" } else { "A" };
        changed.replace_range(at..=at, other);
        let code = scene.ask(&key, Action::Publish, Protocol::Rtmp, &changed).await;
        assert!(matches!(code, "token_signature" | "token_malformed"), "{code}");
    }
    let other = StreamKey::new("other", key.stream());
    assert_eq!(
        scene.ask(&other, Action::Publish, Protocol::Rtmp, &query).await,
        "unknown_app"
    );
    scene.gateway.clock.advance(Duration::from_secs(61));
    assert_eq!(
        scene.ask(&key, Action::Publish, Protocol::Rtmp, &query).await,
        "token_expired"
    );
}

#[tokio::test]
async fn internal_tokens_end_with_the_stream() {
    let scene = scene(AppPolicy::default()).await;
    let key = scene.plain.form(Form::Opus);
    let query = scene.sign(&key, Action::Publish);
    let by = Actor::App;
    let stream = scene.stream.clone();
    let (service, app) = (&scene.gateway.service, &scene.gateway.app);
    service
        .apply(app, &scene.room, Command::Unpublish { by, stream })
        .await
        .unwrap();
    assert_eq!(
        scene.ask(&key, Action::Publish, Protocol::Rtmp, &query).await,
        "unknown_stream"
    );
}
