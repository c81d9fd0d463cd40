//! Coming back: lost sockets, a gateway that was killed, other devices.

use std::time::{Duration, Instant};

use lianmai_tests::api::text;
use lianmai_tests::clip::is_frame;
use lianmai_tests::media::Source;
use lianmai_tests::netcall::{JOINED, KEY, KICKED, LEFT, Netcall, SETTING, login_body, look_up};
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Api, Gateway};
use serde_json::json;

/// A client that lost its socket repeats its login. Others are told nothing, the URL is still good, and media that
/// flowed meanwhile still does.
#[tokio::test]
async fn a_login_is_repeated_after_a_lost_socket() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let mut ann = Netcall::join(&gateway, "again", "ann", 1, json!({})).await;
    let bob = Netcall::join(&gateway, "again", "bob", 2, json!({})).await;
    let joined = ann.told(JOINED).await;
    let pusher = Source::default().publish(&bob.push_url());
    let mut viewer = Viewer::open(&text(&joined, "url")).await;
    viewer.until("a picture", is_frame).await;
    let (login, url) = (bob.login.clone(), bob.push_url());
    drop(bob);
    let mut bob = Netcall::with(&gateway, login.clone()).await;
    assert_eq!(bob.users.len(), 2);
    viewer.until("a picture afterwards", is_frame).await;
    let mut pusher = pusher;
    assert!(pusher.ended().is_none());
    pusher.kill();
    let _again = Source::default().publish(&url);
    viewer.until("a picture over the first URL", is_frame).await;

    // While the older socket still seems open, too: it is closed without a word.
    let mut newer = Netcall::with(&gateway, login).await;
    assert_eq!(bob.frame().await, Err(4002));
    assert_eq!(newer.users.len(), 2);
    newer.was_told_nothing().await;
    ann.was_told_nothing().await;
}

/// The gateway is killed and started: everybody logs in again as before, with the same numbers and URLs.
#[tokio::test]
async fn a_login_is_repeated_after_the_gateway_was_killed() {
    let mut gateway = Gateway::start_with(&[SETTING]).await;
    let ann = Netcall::join(&gateway, "killed", "ann", 1, json!({})).await;
    let bob = Netcall::join(&gateway, "killed", "bob", 2, json!({"mode": 1})).await;
    gateway.restart().await;
    let mut again = Netcall::with(&gateway, ann.login.clone()).await;
    let listed: Vec<_> = again
        .users
        .iter()
        .map(|user| (user["uid"].clone(), user["mode"].clone()))
        .collect();
    assert_eq!(listed, [(json!(1), json!(0)), (json!(2), json!(1))]);
    let back = Netcall::with(&gateway, bob.login.clone()).await;
    again.was_told_nothing().await; // nobody left, nobody came
    let mut viewer = Viewer::open(&text(&back.user(1), "url")).await;
    let _pusher = Source::default().publish(&ann.push_url());
    viewer.until("a picture over the old push URL", is_frame).await;
}

/// Another device of the account comes with a look-up of its own: the older one is told, so that it does not come
/// back, and others learn the new number.
#[tokio::test]
async fn another_device_takes_over() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let mut ann = Netcall::join(&gateway, "devices", "ann", 1, json!({})).await;
    let mut phone = Netcall::join(&gateway, "devices", "bob", 2, json!({})).await;
    ann.told(JOINED).await;
    let tablet = Netcall::join(&gateway, "devices", "bob", 3, json!({})).await;
    assert_eq!(phone.told(KICKED).await["reason"], "another_device");
    assert_eq!(phone.closed().await, 4002);
    assert_eq!(ann.told(LEFT).await["uid"], 2);
    let joined = ann.told(JOINED).await;
    assert_eq!((&joined["uid"], &joined["accid"]), (&json!(3), &json!("bob")));
    assert_eq!(tablet.users.len(), 2);
    // Somebody else cannot have a number that is taken.
    let found = look_up(&gateway, KEY, 3, "devices", "2").await;
    let mut cem = Netcall::dial(&gateway, "/").await;
    let refused = cem.log_in(login_body("cem", 3, &found, json!({}))).await;
    assert_eq!(refused, json!({"code": 403, "errmsg": "uid_taken"}));
}

/// A client that says nothing any more leaves when the room's grace has passed, as by a time-out.
#[tokio::test]
async fn a_silent_client_leaves() {
    let gateway = Gateway::start_with(&[SETTING, "netcall.silent_timeout=4s"]).await;
    let timing = json!({"member_grace_ms": 500});
    let api = gateway.api().await;
    let room = api
        .create_room(json!({"name": "silence", "timing": timing}))
        .await;
    let mut ann = Netcall::join(&gateway, "silence", "ann", 1, json!({})).await;
    let mut bob = Netcall::join(&gateway, "silence", "bob", 2, json!({})).await;
    ann.told(JOINED).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        ann.was_told_nothing().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(ann.told(LEFT).await["uid"], 2);
    assert_eq!(bob.closed().await, 4004);
    let events = api
        .ok("GET", &format!("/v1/rooms/{}/members", room.id), None)
        .await;
    assert_eq!(events["members"].as_array().unwrap().len(), 1);
}

/// The stream of the client with this number.
async fn stream_of(api: &Api, room: &str, uid: u64) -> String {
    let streams = api.ok("GET", &format!("/v1/rooms/{room}/streams"), None).await;
    let mut streams = streams["streams"].as_array().unwrap().iter();
    let named = format!("netcall:{uid}");
    text(
        streams
            .find(|stream| stream["client_ref"] == named.as_str())
            .unwrap(),
        "id",
    )
}

/// A push URL that was re-issued: the client is sent to log in again, and learns the new one.
#[tokio::test]
async fn a_reissued_url_is_learnt_by_logging_in_again() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "reissue"})).await;
    let mut ann = Netcall::join(&gateway, "reissue", "ann", 1, json!({})).await;
    // Older versions do not come back when they are closed, and keep the old URL.
    let mut old = Netcall::join(&gateway, "reissue", "old", 3, json!({})).await;
    let recent = json!({"encryptType": 0});
    let mut bob = Netcall::join(&gateway, "reissue", "bob", 2, recent).await;
    ann.told(JOINED).await;
    let joined = ann.told(JOINED).await;
    old.told(JOINED).await;
    let stream = stream_of(&api, &room.id, 2).await;
    api.ok(
        "POST",
        &format!("/v1/rooms/{}/streams/{stream}/push-url", room.id),
        None,
    )
    .await;
    assert_eq!(bob.frame().await, Err(1013));
    assert_eq!(ann.told(LEFT).await["uid"], 2);
    let newer = ann.told(JOINED).await;
    assert_ne!(newer["url"], joined["url"]);
    old.told(LEFT).await;
    old.told(JOINED).await;
    let stream = stream_of(&api, &room.id, 3).await;
    api.ok(
        "POST",
        &format!("/v1/rooms/{}/streams/{stream}/push-url", room.id),
        None,
    )
    .await;
    old.was_told_nothing().await;
    let again = Netcall::with(&gateway, bob.login.clone()).await;
    assert_ne!(again.push_url(), bob.push_url());
}
