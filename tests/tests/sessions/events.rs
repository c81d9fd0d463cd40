//! Commands and what the others see of them.

use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::{Gateway, Socket};
use serde_json::json;

/// Two people and the app's server: whatever one does, REST or WebSocket, the others are told, in order and with
/// the numbers of REST's answers.
#[tokio::test]
async fn the_others_are_told() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "talk"})).await;
    let mut ann = Socket::open(&gateway, "ann", "&device=web").await;
    let mut bob = Socket::open(&gateway, "bob", "").await;
    for (field, expected) in [("app", "demo"), ("account", "ann")] {
        assert_eq!(ann.hello[field], expected);
    }
    assert!(ann.hello["heartbeat_ms"].as_u64().unwrap() > 0 && ann.hello["resumed"] == false);
    ann.done("join", json!({"room": room.id, "nick": "Ann"})).await;
    let joined = bob.done("join", json!({"room": room.id, "role": "talker"})).await;
    let told = ann.event_named("member_joined").await;
    assert_eq!(
        (&told["member"]["id"], &told["member"]["account"]),
        (&joined["member"], &json!("bob"))
    );
    assert_eq!(told["sequence"], joined["room"]["sequence"]);

    // Bob publishes: added, on air, muted by voff, off air, gone.
    let published = bob
        .done("publish_stream", json!({"room": room.id, "kind": "camera"}))
        .await;
    let stream = text(&published["stream"], "id");
    let added = ann.event_named("stream_added").await;
    assert!(
        added["stream"]["id"] == stream.as_str() && !added.to_string().contains("t=v1."),
        "{added}"
    );
    let mut push = Source::default().publish(&text(&published["push"], "url"));
    assert_eq!(ann.event_named("media_started").await["stream"], stream.as_str());
    bob.done(
        "update_stream",
        json!({"room": room.id, "stream": stream, "voff": true}),
    )
    .await;
    assert_eq!(ann.event_named("stream_updated").await["voff"], true);
    push.kill();
    assert_eq!(ann.event_named("media_stopped").await["stream"], stream.as_str());

    // What the app's server does over REST arrives as well.
    let path = format!("/v1/rooms/{}", room.id);
    room.api
        .ok(
            "PUT",
            &format!("{path}/attributes/topic"),
            Some(json!({"value": "tea"})),
        )
        .await;
    for socket in [&mut ann, &mut bob] {
        let set = socket.event_named("attribute_set").await;
        assert_eq!((&set["key"], &set["value"]), (&json!("topic"), &json!("tea")));
    }
    ann.done(
        "send_message",
        json!({"room": room.id, "payload": "hi", "to": joined["member"]}),
    )
    .await;
    assert_eq!(bob.event_named("custom_message").await["payload"], "hi");

    // A refusal is an answer, not the end.
    let refused = ann.ask("join", json!({"room": "nowhere"})).await;
    assert_eq!(
        (&refused["ok"], &refused["error"]["code"]),
        (&json!(false), &json!("no_such_room"))
    );
    ann.done("ping", json!({})).await;

    bob.done("leave", json!({"room": room.id})).await;
    let left = ann.event_named("member_left").await;
    assert_eq!(
        (&left["account"], &left["reason"]),
        (&json!("bob"), &json!("normal"))
    );
    room.api.ok("DELETE", &path, None).await;
    assert_eq!(ann.event_named("room_ended").await["reason"]["type"], "destroyed");
}

/// R-W1: members are told that a stream's URLs have a newer version; the one before works on for the overlap, and
/// is refused after it.
#[tokio::test]
async fn a_reissued_url_is_told() {
    use lianmai_rtmp::protocol::Purpose;
    use lianmai_tests::rtmp::{next_media, open};
    use std::time::Duration;
    let gateway = Gateway::start().await;
    let settings = json!({"name": "urls", "timing": {"url_overlap_ms": 2_000}});
    let room = gateway.api().await.create_room(settings).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let mut bob = Socket::open(&gateway, "bob", "").await;
    bob.done("join", json!({"room": room.id})).await;
    let path = format!("/v1/rooms/{}/streams/{stream}/push-url", room.id);
    let reissued = room.api.ok("POST", &path, None).await;
    let told = bob.event_named("url_reissued").await;
    assert_eq!(
        (&told["stream"], &told["version"]),
        (&json!(stream), &reissued["version"])
    );
    assert_eq!(told["previous_until"], reissued["previous_until"]);
    assert!(
        !told.to_string().contains("rtmp://"),
        "the push URL is its owner's: {told}"
    );

    let newer = text(&reissued["push"], "url");
    assert_ne!(newer, push);
    let _publisher = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.expect("within the overlap");
    next_media(&mut player, Duration::from_secs(10)).await.unwrap();
    let refused = lianmai_tests::wait::until("the old URL is refused", Duration::from_secs(10), || async {
        open(&pull, Purpose::Play).await.err()
    })
    .await;
    assert!(refused.to_string().contains("epoch_retired"), "{refused}");
    let pulled = bob
        .done("pull_url", json!({"room": room.id, "stream": stream}))
        .await;
    let mut player = open(&text(&pulled, "rtmp"), Purpose::Play).await.unwrap();
    next_media(&mut player, Duration::from_secs(10)).await.unwrap();
    let _publisher = Source::default().publish(&newer);
    bob.event_named("media_started").await;
}

/// One account on two devices is one member; both are told everything, and either may go.
#[tokio::test]
async fn two_devices_are_one_member() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "devices"})).await;
    let mut phone = Socket::open(&gateway, "ann", "&device=wechat").await;
    let mut web = Socket::open(&gateway, "ann", "&device=web").await;
    assert_ne!(phone.session(), web.session());
    let first = phone.done("join", json!({"room": room.id})).await;
    let second = web.done("join", json!({"room": room.id})).await;
    assert_eq!(
        (&second["member"], &second["again"]),
        (&first["member"], &json!(true))
    );
    let bob = room.join("bob", "talker").await;
    for socket in [&mut phone, &mut web] {
        assert_eq!(
            socket.event_named("member_joined").await["member"]["id"],
            bob.as_str()
        );
    }
    // What one device says, the other sees.
    phone
        .done(
            "send_message",
            json!({"room": room.id, "payload": "psst", "to": bob}),
        )
        .await;
    assert_eq!(web.event_named("custom_message").await["payload"], "psst");
    drop(phone);
    let view = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await;
    assert_eq!(view["members"].as_array().unwrap().len(), 2);
    // The same device again: the older connection gives way.
    let mut newer = Socket::open(&gateway, "ann", "&device=web").await;
    newer.done("join", json!({"room": room.id})).await;
    assert_eq!(web.close_code().await, 4002);
    newer.done("leave", json!({"room": room.id})).await;
    let view = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await;
    assert_eq!(view["members"][0]["account"], "bob");
}
