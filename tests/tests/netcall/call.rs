//! Calls from the look-up to the logout.

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::clip::is_frame;
use lianmai_tests::media::{self, Source};
use lianmai_tests::netcall::{AUDIO_ONLY, JOINED, KEY, LEFT, Netcall, SETTING, UPDATED, look_up};
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, Socket};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

/// Look-up, login, the other one's media through ffmpeg both ways, another mode, and logging out.
#[tokio::test]
async fn two_clients_meet() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let found = look_up(&gateway, KEY, 111, "standup", "2").await;
    assert!(
        found["cid"].as_u64().unwrap() < 1_000_000_000_000_000,
        "exact in JavaScript"
    );
    let mut ann = Netcall::join(&gateway, "standup", "ann", 111_222_333_444_555, json!({})).await;
    assert_eq!(ann.users.len(), 1);
    let own = ann.user(111_222_333_444_555);
    assert_eq!(
        (&own["accid"], &own["mode"], &own["cid"]),
        (&json!("ann"), &json!(0), &found["cid"])
    );

    let mut bob = Netcall::join(&gateway, "standup", "bob", 7, json!({"mode": 0})).await;
    assert_eq!(bob.users.len(), 2);
    let joined = ann.told(JOINED).await;
    let expected = (&json!(7), &json!("bob"), &json!(0), &found["cid"]);
    assert_eq!(
        (&joined["uid"], &joined["accid"], &joined["mode"], &joined["cid"]),
        expected
    );
    let pull = text(&joined, "url");
    assert_ne!(pull, bob.push_url(), "a pull URL is no push URL");
    assert_eq!(bob.user(111_222_333_444_555)["accid"], "ann");

    // The player comes before the publisher.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bob.flv");
    let mut player = media::record(&pull, 1.5, &file);
    let _pusher = Source::default().publish(&bob.push_url());
    assert!(player.wait(LIMIT).await.success(), "{}", player.stderr());
    let (pictures, samples) = media::decode(&file).await;
    assert!(
        pictures > 20 && samples > 30_000,
        "{pictures} pictures, {samples} samples"
    );

    assert_eq!(
        bob.ask_self(7, json!({"mode": AUDIO_ONLY})).await,
        json!({"code": 200})
    );
    let updated = ann.told(UPDATED).await;
    assert_eq!(
        updated,
        json!({"uid": 7, "accid": "bob", "cid": found["cid"], "mode": 1})
    );
    let list = ann.ask_self(5, json!({})).await;
    assert_eq!(list["userlist"].as_array().unwrap().len(), 2);
    assert_eq!(list["userlist"][1]["mode"], 1);
    assert_eq!(ann.beat().await, json!({"code": 200}));

    assert_eq!(bob.ask_self(4, json!({})).await, json!({"code": 200}));
    assert_eq!(bob.closed().await, 1000);
    assert_eq!(
        ann.told(LEFT).await,
        json!({"uid": 7, "accid": "bob", "cid": found["cid"]})
    );
}

/// A native member and a client of the vendor's see each other, with their media, roles and modes.
#[tokio::test]
async fn a_native_member_is_in_the_same_room() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let room = gateway.api().await.create_room(json!({"name": "各位"})).await;
    let mut nat = Socket::open(&gateway, "nat", "").await;
    nat.done("join", json!({"room": room.id})).await;
    let published = nat
        .done(
            "publish_stream",
            json!({"room": room.id, "kind": "camera", "aoff": true}),
        )
        .await;
    let push = text(&published["push"], "url");
    let _pusher = Source::default().publish(&push);

    let mut ann = Netcall::join(&gateway, "各位", "ann", 5, json!({"mode": 2})).await;
    assert_eq!(ann.users.len(), 2, "{:?}", ann.users);
    let other = ann.users[1].clone();
    assert_eq!((&other["accid"], &other["mode"]), (&json!("nat"), &json!(2)));
    assert_eq!(other["uid"].as_u64().unwrap().to_string().len(), 15);
    let mut viewer = Viewer::open(&text(&other, "url")).await;
    viewer.until("a picture of the native member", is_frame).await;

    let seen = nat.event_named("member_joined").await;
    assert_eq!(
        (&seen["member"]["account"], &seen["member"]["role"]),
        (&json!("ann"), &json!("talker"))
    );
    let seen = nat.event_named("stream_added").await;
    let stream = text(&seen["stream"], "id");
    assert_eq!(
        (&seen["stream"]["voff"], &seen["stream"]["aoff"]),
        (&json!(false), &json!(true))
    );
    let pull = nat
        .done("pull_url", json!({"room": room.id, "stream": stream}))
        .await;
    let mut viewer = Viewer::open(&text(&pull, "rtmp")).await;
    let _back = Source::default().publish(&ann.push_url());
    viewer.until("a picture of the client", is_frame).await;

    ann.ask_self(7, json!({"mode": 3})).await;
    let updated = nat.event_named("stream_updated").await;
    assert_eq!((&updated["voff"], &updated["aoff"]), (&json!(true), &json!(true)));
    let own = text(&published["stream"], "id");
    nat.done(
        "update_stream",
        json!({"room": room.id, "stream": own, "voff": true}),
    )
    .await;
    assert_eq!(ann.told(UPDATED).await["mode"], 3);
    nat.done("unpublish_stream", json!({"room": room.id, "stream": own}))
        .await;
    assert_eq!(
        ann.told(LEFT).await["uid"],
        other["uid"],
        "without a stream it is not shown"
    );
    nat.done("publish_stream", json!({"room": room.id, "kind": "screen"}))
        .await;
    assert_eq!(ann.told(JOINED).await["uid"], other["uid"], "the number stays");
    nat.done("leave", json!({"room": room.id})).await;
    assert_eq!(ann.told(LEFT).await["uid"], other["uid"]);
}

/// After -1307 and after switching the camera, apps stop and start on the same URL; players stay.
#[tokio::test]
async fn a_push_stops_and_starts_on_the_same_url() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let ann = Netcall::join(&gateway, "restart", "ann", 1, json!({})).await;
    let bob = Netcall::join(&gateway, "restart", "bob", 2, json!({})).await;
    let mut viewer = Viewer::open(&text(&bob.user(1), "url")).await;
    for _ in 0..2 {
        let mut pusher = Source::default().publish(&ann.push_url());
        viewer.until("a picture", is_frame).await;
        pusher.kill();
    }
    // The old connection is still open: the newer one takes over.
    let _older = Source::default().publish(&ann.push_url());
    viewer.until("a picture of the older", is_frame).await;
    let mut newer = Source::default().publish(&ann.push_url());
    viewer.until("a picture of the newer", is_frame).await;
    assert!(newer.ended().is_none());
}

/// Who only watches gets no push URL, is not shown to others, and sees them.
#[tokio::test]
async fn an_audience_watches() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let mut ann = Netcall::join(&gateway, "show", "ann", 1, json!({})).await;
    let mut eve = Netcall::join(&gateway, "show", "eve", 2, json!({"role": 1})).await;
    assert_eq!(eve.user(2)["url"], "");
    assert!(text(&eve.user(1), "url").starts_with("rtmp://"));
    ann.was_told_nothing().await;
    let refused = eve.ask_self(7, json!({"mode": 1})).await;
    assert_eq!(refused["code"], 403, "{refused}");
    ann.ask_self(7, json!({"mode": 1})).await;
    assert_eq!(eve.told(UPDATED).await["mode"], 1);
    // The other role is another join, as clients do it.
    eve.ask_self(4, json!({})).await;
    let eve = Netcall::join(&gateway, "show", "eve", 2, json!({"role": 0})).await;
    assert!(eve.push_url().starts_with("rtmp://"));
    assert_eq!(ann.told(JOINED).await["uid"], 2);
}
