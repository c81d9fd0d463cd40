use lianmai_hub::{AccessRequest, Action, Protocol};

use crate::service::testing::{Answer, Gateway, Receiver};
use crate::service::*;
use crate::store::StoreConfig;
use crate::webhook;

async fn gateway(hook: &str) -> (Gateway, String) {
    let policy = AppPolicy {
        access_hook: Some(hook.to_owned()),
        ..AppPolicy::default()
    };
    let gateway = Gateway::memory(policy).await;
    let push = push(&gateway).await;
    (gateway, push)
}

async fn push(gateway: &Gateway) -> String {
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    gateway.publish(&room, &ann).await.push.unwrap().url.unwrap()
}

async fn code(gateway: &Gateway, url: &str) -> &'static str {
    let decision = gateway.authorise(Action::Publish, url).await;
    decision.map_or_else(|denial| denial.code, |_| "granted")
}

/// R-H3: yes is yes; no, an error and silence are no.
#[tokio::test]
async fn what_cannot_be_asked_is_denied() {
    let mut server = Receiver::start().await;
    let (gateway, push) = gateway(&server.url).await;
    for (answer, expected) in [
        (Answer::Status(204), "granted"),
        (Answer::Status(403), "hook_denied"),
        (Answer::Status(302), "hook_unavailable"),
        (Answer::Status(500), "hook_unavailable"),
        (Answer::Never, "hook_unavailable"),
    ] {
        server.answer(move |_| answer);
        let began = std::time::Instant::now();
        assert_eq!(code(&gateway, &push).await, expected, "{answer:?}");
        assert!(began.elapsed() < std::time::Duration::from_secs(3));
        server.next().await;
    }
}

#[tokio::test]
async fn a_dead_server_is_no() {
    let (gateway, push) = gateway("http://127.0.0.1:1/").await;
    assert_eq!(code(&gateway, &push).await, "hook_unavailable");
}

/// A hook inside a private network is not asked, and so denies.
#[tokio::test]
async fn private_addresses_are_not_asked() {
    let server = Receiver::start().await;
    let policy = AppPolicy {
        access_hook: Some(server.url.clone()),
        ..AppPolicy::default()
    };
    let config = ServiceConfig {
        allow_private_targets: false,
        ..testing::config()
    };
    server.answer(|_| panic!("asked"));
    let gateway = Gateway::open(config, &StoreConfig::memory(), policy).await;
    let push = push(&gateway).await;
    assert_eq!(code(&gateway, &push).await, "hook_unavailable");
}

/// The question is signed and holds no token.
#[tokio::test]
async fn the_question_is_signed() {
    let mut server = Receiver::start().await;
    let (gateway, push) = gateway(&server.url).await;
    assert_eq!(code(&gateway, &push).await, "granted");
    let post = server.next().await;
    assert_eq!(post.body["event"], "access");
    assert_eq!(post.body["action"], "publish");
    assert_eq!(post.body["account"], "ann");
    assert_eq!(post.body["room"], "r1");
    assert_eq!(post.body["peer"], "192.0.2.7");
    assert!(!post.text.contains("v1."));
    let secret = gateway
        .service
        .core
        .apps
        .get(&gateway.app)
        .unwrap()
        .webhook_secret();
    let at = post.header(webhook::TIMESTAMP_HEADER).parse().unwrap();
    let signature = post.header(webhook::SIGNATURE_HEADER);
    assert!(webhook::verify(&secret, at, post.text.as_bytes(), signature));
}

/// A token that is not valid does not reach the app's server.
#[tokio::test]
async fn nobody_is_asked_about_a_bad_token() {
    let server = Receiver::start().await;
    let (gateway, push) = gateway(&server.url).await;
    server.answer(|_| panic!("asked"));
    assert_eq!(code(&gateway, &format!("{push}x")).await, "token_signature");
}

/// Members that signal without a token are asked about as well, after the room has said what is theirs.
#[tokio::test]
async fn members_without_a_token_are_asked_about() {
    let mut server = Receiver::start().await;
    let (gateway, push) = gateway(&server.url).await;
    let room = testing::room("r1");
    let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
    let access = gateway.service.access();
    let ask = async |action, member, room| {
        let request = AccessRequest {
            query: String::new(),
            ..testing::request(action, Protocol::Webrtc, &push)
        };
        let decision = access.authorise_member(request, room, member).await;
        decision.map_err(|denial| denial.code)
    };
    let grant = ask(Action::Publish, &ann, &room).await.unwrap();
    assert_eq!((grant.epoch, grant.holder.as_deref()), (1, Some(ann.as_str())));
    assert!(grant.max_bitrate.is_some());
    let post = server.next().await;
    assert_eq!(
        (&post.body["action"], &post.body["protocol"]),
        (&"publish".into(), &"webrtc".into())
    );
    assert_eq!(post.body["member"], ann.as_str());
    ask(Action::Play, &bob, &room).await.unwrap();
    assert_eq!(server.next().await.body["account"], "bob");
    server.answer(|_| Answer::Status(403));
    assert_eq!(ask(Action::Play, &bob, &room).await.unwrap_err(), "hook_denied");
    server.answer(|_| panic!("asked"));
    assert_eq!(ask(Action::Publish, &bob, &room).await.unwrap_err(), "not_owner");
    let elsewhere = testing::room("r2");
    assert_eq!(
        ask(Action::Play, &bob, &elsewhere).await.unwrap_err(),
        "unknown_stream"
    );
    let leave = lianmai_rooms::Command::Leave {
        member: bob.clone(),
        session: None,
    };
    gateway.service.apply(&gateway.app, &room, leave).await.unwrap();
    assert_eq!(ask(Action::Play, &bob, &room).await.unwrap_err(), "holder_left");
}
