//! `lianmai app`, `token` and `room` as a script uses them.

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::{Api, Gateway, Process, gateway, wait};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

async fn json(gateway: &Gateway, arguments: &[&str]) -> Value {
    let out = gateway.cli(arguments).succeed(LIMIT).await;
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?} printed {out:?}"))
}

/// What a failing command said.
async fn refused(gateway: &Gateway, arguments: &[&str]) -> String {
    let mut process = gateway.cli(arguments);
    let status = process.wait(LIMIT).await;
    assert_eq!(status.code(), Some(1), "{arguments:?}: {}", process.stdout());
    assert_eq!(process.stdout(), "", "nothing to be taken for an answer");
    process.stderr()
}

/// From nothing to a picture with the command line alone: room, push URL, pull URL, what is on air, the end.
#[tokio::test]
async fn a_room_by_script() {
    let gateway = Gateway::start().await;
    let room = json(&gateway, &["room", "create", "--app", "demo", "--name", "script"]).await;
    let id = text(&room, "id");
    let list = json(&gateway, &["room", "list", "--app", "demo"]).await;
    let rooms = list["rooms"].as_array().unwrap();
    assert!(rooms.len() == 1 && rooms[0]["id"] == id.as_str(), "{list}");

    let pushed = json(
        &gateway,
        &["room", "push", &id, "--account", "ann", "--app", "demo"],
    )
    .await;
    let (stream, url) = (text(&pushed["stream"], "id"), text(&pushed["push"], "url"));
    let _publisher = Source::default().publish(&url);
    wait::until("the stream is shown on air", LIMIT, || async {
        let shown = json(&gateway, &["room", "show", &id, "--app", "demo"]).await;
        let stream = &shown["streams"][0];
        (shown["members"][0]["account"] == "ann"
            && stream["on_air"] == true
            && stream["stats"]["video"]["width"] == 368)
            .then_some(())
    })
    .await;
    let pulled = json(&gateway, &["room", "pull", &id, "--app", "demo"]).await;
    let dir = tempfile::tempdir().unwrap();
    for (name, url) in [("rtmp", "rtmp"), ("http", "http_flv")] {
        let file = dir.path().join(name);
        let url = text(&pulled[&stream], url);
        lianmai_tests::media::record(&url, 1.0, &file)
            .succeed(LIMIT)
            .await;
        assert!(lianmai_tests::media::decode(&file).await.0 >= 20);
    }
    json(&gateway, &["room", "destroy", &id, "--app", "demo"]).await;
    let error = refused(&gateway, &["room", "show", &id, "--app", "demo"]).await;
    assert!(error.contains("404") && error.contains("no_such_room"), "{error}");
}

/// Mistakes end with code 1 and a sentence, and wrong usage with code 2.
#[tokio::test]
async fn mistakes_are_told() {
    let gateway = Gateway::start().await;
    let error = refused(&gateway, &["room", "list", "--app", "nobody"]).await;
    assert!(error.contains("nobody") && error.contains("data.dir"), "{error}");
    let error = refused(&gateway, &["token", "--app", "nobody", "--account", "a"]).await;
    assert!(error.contains("nobody"), "{error}");
    let [free] = gateway::free_ports();
    let url = format!("http://{free}");
    let error = refused(&gateway, &["room", "list", "--app", "demo", "--url", &url]).await;
    assert!(error.contains("does not answer"), "{error}");
    let error = refused(&gateway, &["app", "create", "../x"]).await;
    assert!(error.contains("id"), "{error}");
    let error = refused(&gateway, &["app", "create", "demo"]).await;
    assert!(error.contains("exists"), "{error}");
    let twin = ["room", "create", "--app", "demo", "--name", "twin"];
    json(&gateway, &twin).await;
    let error = refused(&gateway, &twin).await;
    assert!(
        error.contains("409") && error.contains("name_conflict"),
        "{error}"
    );
    let mut usage = Process::start(gateway::binary(), ["room", "create"]);
    assert_eq!(usage.wait(LIMIT).await.code(), Some(2));
}

/// Tokens do what they are for and no more: an account's token does not act for the app, a room's token not for
/// another room, and one that has run out for nothing.
#[tokio::test]
async fn tokens_are_for_what_they_say() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(serde_json::json!({})).await;
    let other = gateway.api().await.create_room(serde_json::json!({})).await;
    let base = format!("http://{}", gateway.http);
    let as_one = gateway.api_as("ann").await;
    assert_eq!(as_one.call("GET", "/v1/rooms", None).await.0, 403);

    let token = gateway
        .token(&["--account", "ann", "--room", &room.id, "--role", "talker"])
        .await;
    let ann = Api::new(base.clone(), token);
    let join = |room: &str| format!("/v1/rooms/{room}/members");
    ann.ok("POST", &join(&room.id), Some(serde_json::json!({}))).await;
    let (status, _) = ann
        .call("POST", &join(&other.id), Some(serde_json::json!({})))
        .await;
    assert_eq!(status, 403);

    let old = Api::new(base, gateway.token(&["--account", "ann", "--ttl", "0"]).await);
    wait::until("the token has run out", Duration::from_secs(15), || async {
        let (status, answer) = old.call("GET", &format!("/v1/rooms/{}", room.id), None).await;
        (status == 401 && answer["code"] == "expired_token").then_some(())
    })
    .await;
}

/// An app made by the command line comes with secrets that work, shown once; the key of its webhooks can be had again.
#[tokio::test]
async fn apps_by_script() {
    let gateway = Gateway::start().await;
    let made = json(&gateway, &["app", "create", "shop"]).await;
    assert_eq!(made["id"], "shop");
    assert!(text(&made, "secret").len() >= 32 && made["secret"] != made["webhook_secret"]);
    let list = gateway.cli(&["app", "list"]).succeed(LIMIT).await;
    assert_eq!(list.lines().collect::<Vec<_>>(), ["demo", "shop"]);
    assert!(!list.contains(&text(&made, "secret")));
    let key = gateway
        .cli(&["app", "webhook-secret", "shop"])
        .succeed(LIMIT)
        .await;
    assert_eq!(key.trim(), text(&made, "webhook_secret"));
}
