//! Mini programs that speak emedia against the running gateway, with real media: the clients are written from what
//! the vendor's client file sends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;

use std::path::Path;
use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::media::{Source, assert_sound, decode, packets, probe, record};
use lianmai_tests::{Gateway, Nginx, Socket, wait};
use serde_json::{Value, json};

use client::{Page, SETTINGS, ok, post, uid, url};

const LIMIT: Duration = Duration::from_secs(20);

fn camera() -> Source {
    Source {
        size: "184x320",
        fps: 15,
        gop: 15,
        ..Source::default()
    }
}

/// A second and a half of a stream, whole.
async fn watch(pull: &str, file: &Path) {
    record(pull, 1.5, file).succeed(LIMIT).await;
    assert_sound(&packets(file).await);
    let (pictures, samples) = decode(file).await;
    assert!(
        pictures >= 15 && samples >= 40_000,
        "{pictures} pictures, {samples} samples"
    );
}

async fn on_air(gateway: &Gateway, confr: &str, stream: &str, on: bool) {
    let api = gateway.api().await;
    wait::until("the stream is on air, or is not", LIMIT, || async {
        let list = api.ok("GET", &format!("/v1/rooms/{confr}/streams"), None).await;
        let found = list["streams"]
            .as_array()?
            .iter()
            .find(|one| one["id"] == stream)?
            .clone();
        (found["on_air"] == on).then_some(())
    })
    .await;
}

/// Two pages: one publishes, the other is told and plays; the camera is switched off and on, the page publishes twice.
#[tokio::test]
async fn two_pages_in_a_conference() {
    let gateway = Gateway::start_with(&SETTINGS).await;
    let dir = tempfile::tempdir().unwrap();
    let mut ann = Page::create(&gateway, "ann", json!({})).await;
    let mut bob = Page::join(&gateway, "bob", &ann.confr()).await;
    assert_eq!(ann.event(300).await["mem"]["name"], uid("bob"));

    let (stream, push) = ann.publish("wx-1-abc").await;
    let published = bob.event(302).await;
    assert_eq!(
        (&published["pubS"]["id"], &published["pubS"]["memName"]),
        (&json!(stream), &json!(uid("ann")))
    );
    // A page may play before there is anything.
    let pull = bob.subscribe(&stream).await;
    let file = dir.path().join("bob.flv");
    let player = record(&pull, 1.5, &file);
    let mut pusher = camera().publish(&push);
    player.succeed(LIMIT).await;
    assert_sound(&packets(&file).await);
    assert!(decode(&file).await.0 >= 15);

    // Published again under another name: the same URL, and whoever pushes last is on air.
    let again = ann.publish("wx-2-def").await;
    assert_eq!(again.0, stream);
    let without_camera = Source {
        with_video: false,
        ..camera()
    };
    let mut second = without_camera.publish(&again.1);
    wait::until_now("the first push is ended", LIMIT, || pusher.ended().is_some()).await;
    ann.ask(json!({ "op": 400, "rtcId": "wx-2-def", "voff": 1, "aoff": 0 }))
        .await;
    assert_eq!(bob.event(400).await["voff"], 1);
    second.kill();
    ann.ask(json!({ "op": 400, "rtcId": "wx-2-def", "voff": 0, "aoff": 0 }))
        .await;
    assert_eq!(bob.event(400).await["voff"], 0);
    let mut third = camera().publish(&push);
    watch(&pull, &file).await;

    // Removed: the push is ended, too, and the URL is of no use any more.
    let body = json!({ "uids": [uid("ann")], "roleToken": bob.role_token() });
    let denied = post(&url(&gateway, "/easemob/rtc/kick/member"), &body).await;
    assert_eq!(denied["error"], -507, "not an admin");
    let role = json!({ "uids": [uid("bob")], "role": 7, "roleToken": ann.role_token() });
    ok(&url(&gateway, "/easemob/rtc/chanage/roles"), &role).await;
    assert_eq!(bob.event(412).await["role"], 7);
    ok(&url(&gateway, "/easemob/rtc/kick/member"), &body).await;
    let exit = ann.event(301).await;
    assert_eq!((&exit["memId"], &exit["reason"]), (&json!(ann.mem()), &json!(2)));
    assert_eq!(ann.close_code().await, 1000);
    wait::until_now("the push is ended", LIMIT, || third.ended().is_some()).await;
    assert_eq!(bob.event(303).await["pubSId"], stream);
    assert_eq!(bob.event(301).await["memId"], ann.mem());
    let refused = gateway
        .metric("lianmai_vendor_refused_total", r#"code="-507""#)
        .await;
    assert!(refused >= 1.0, "{refused}");
    bob.exit().await;
}

/// The connection is lost, then the gateway: members, streams, URLs and sessions are the same afterwards.
#[tokio::test]
async fn pages_come_back_after_a_lost_connection_and_a_crash() {
    let mut gateway = Gateway::start_with(&SETTINGS).await;
    let dir = tempfile::tempdir().unwrap();
    let ann = Page::create(&gateway, "ann", json!({})).await;
    let bob = Page::join(&gateway, "bob", &ann.confr()).await;
    let (stream, push) = ann.publish("wx-1-abc").await;
    let pull = bob.subscribe(&stream).await;
    let mut pusher = camera().publish(&push);
    on_air(&gateway, &ann.confr(), &stream, true).await;

    let mut bob = bob.back().await;
    // The page has cleared its players: streams are told once more.
    assert_eq!(bob.event(302).await["pubS"]["id"], stream);
    watch(&pull, &dir.path().join("1.flv")).await;

    gateway.kill();
    pusher.wait(LIMIT).await;
    gateway.restart().await;
    let (member, confr) = (bob.mem(), ann.confr());
    let mut bob = bob.back().await;
    let mut ann = ann.back().await;
    assert_eq!((bob.mem(), ann.confr()), (member, confr));
    assert_eq!(bob.event(302).await["pubS"]["id"], stream);
    assert_eq!(bob.welcome["mems"].as_object().unwrap().len(), 1);
    // On the old URLs, with the old right.
    let _pusher = camera().publish(&push);
    watch(&pull, &dir.path().join("2.flv")).await;
    let body = json!({
        "roleToken": ann.role_token(), "cattrs": [{ "key": "topic", "val": "tea", "op": "UPDATE" }],
    });
    ok(&url(&gateway, "/easemob/rtc/confr/attrs/update"), &body).await;
    assert_eq!(bob.event(402).await["cattrs"][0]["val"], "tea");
    ann.event(402).await;
    bob.exit().await;
    assert_eq!(ann.event(301).await["reason"], 0);
}

/// A member of the native API beside it: each sees and plays the other.
#[tokio::test]
async fn a_native_member_in_the_same_conference() {
    let gateway = Gateway::start_with(&SETTINGS).await;
    let dir = tempfile::tempdir().unwrap();
    let mut ann = Page::create(&gateway, "ann", json!({})).await;
    let confr = ann.confr();
    let mut native = Socket::open(&gateway, "nat", "").await;
    let joined = native.done("join", json!({ "room": confr })).await;
    let entered = ann.event(300).await;
    assert_eq!(
        (&entered["mem"]["id"], &entered["mem"]["name"]),
        (&joined["member"], &json!(uid("nat")))
    );

    let published = native.done("publish_stream", json!({ "room": confr })).await;
    let added = ann.event(302).await;
    assert_eq!(added["pubS"]["id"], published["stream"]["id"]);
    native.event_named("stream_added").await;
    let (stream, push) = ann.publish("wx-1-abc").await;
    let seen = native.event_named("stream_added").await;
    assert_eq!(
        (&seen["stream"]["id"], &seen["stream"]["owner"]),
        (&json!(stream), &json!(ann.mem()))
    );

    let _native = camera().publish(&text(&published["push"], "url"));
    let _mini = camera().publish(&push);
    let pull = native
        .done("pull_url", json!({ "room": confr, "stream": stream }))
        .await;
    let theirs = ann.subscribe(&text(&added["pubS"], "id")).await;
    let (one, two) = (dir.path().join("1.flv"), dir.path().join("2.flv"));
    let pull = text(&pull, "rtmp");
    tokio::join!(watch(&pull, &one), watch(&theirs, &two));
    native.done("leave", json!({ "room": confr })).await;
    assert_eq!(ann.event(303).await["pubSId"], added["pubS"]["id"]);
    ann.exit().await;
    // With its last member it has ended.
    let gone = gateway
        .api()
        .await
        .call("GET", &format!("/v1/rooms/{confr}"), None)
        .await;
    assert_eq!(gone.0, 404);
}

/// A live: the mix of the conference at a CDN.
#[tokio::test]
async fn a_live_reaches_its_cdn() {
    let settings = [SETTINGS.as_slice(), &[Gateway::WORKER]].concat();
    let (gateway, cdn) = tokio::join!(Gateway::start_with(&settings), Nginx::start());
    let dir = tempfile::tempdir().unwrap();
    let mut ann = Page::create(&gateway, "ann", json!({})).await;
    let (stream, push) = ann.publish("wx-1-abc").await;
    let _pusher = camera().publish(&push);
    on_air(&gateway, &ann.confr(), &stream, true).await;
    let live = json!({
        "cdn": cdn.url("live"), "layoutStyle": "CUSTOM",
        "canvas": { "bgclr": 255, "w": 320, "h": 240, "fps": 15, "bps": 300, "codec": "H264" },
    });
    let body = json!({ "confrId": ann.confr(), "roleToken": ann.role_token(), "liveCfg": live });
    let added = ok(&url(&gateway, "/easemob/rtc/livecfg"), &body).await;
    assert!(ann.event(452).await["liveCfgs"][text(&added, "liveId")].is_string());
    let region = json!({ "sid": stream, "x": 0, "y": 0, "w": 160, "h": 240, "style": "AspectFit" });
    let update = json!({
        "confrId": ann.confr(), "liveId": added["liveId"], "regions": [region], "roleToken": ann.role_token(),
    });
    ok(&url(&gateway, "/easemob/rtc/live/layout"), &update).await;
    let api = gateway.api().await;
    wait::until("the CDN has it", LIMIT, || async {
        let path = format!("/v1/rooms/{}/pushes/{}", ann.confr(), text(&added, "liveId"));
        let push: Value = api.ok("GET", &path, None).await;
        (push["state"] == "live").then_some(())
    })
    .await;
    let file = dir.path().join("live.flv");
    wait::until("players of the CDN see the canvas", LIMIT, || async {
        record(&cdn.url("live"), 2.0, &file).succeed(LIMIT).await;
        let shown = probe(&file.to_string_lossy(), &["-show_entries", "stream=width,height"]).await;
        let mut sizes = shown["streams"].as_array()?.iter();
        sizes
            .any(|one| (&one["width"], &one["height"]) == (&json!(320), &json!(240)))
            .then_some(())
    })
    .await;

    let body = json!({ "confrId": ann.confr(), "liveId": added["liveId"], "roleToken": ann.role_token() });
    let client = reqwest::Client::new();
    let request = client
        .delete(url(&gateway, "/easemob/rtc/delete/live"))
        .body(body.to_string());
    let gone: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(gone["error"], 0, "{gone}");
    ann.exit().await;
}
