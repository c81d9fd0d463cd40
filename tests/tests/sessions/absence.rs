//! Members whose session is gone: with media they stay, without they leave as "timeout". Heartbeats.

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::{Gateway, Socket, wait};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LIMIT: Duration = Duration::from_secs(20);

/// Session gone and media stopped: out after the grace, as "timeout". Session gone but media flowing: stays.
/// Media stopped but session there: stays.
#[tokio::test]
async fn only_who_has_neither_session_nor_media_times_out() {
    let gateway = Gateway::start().await;
    let settings = json!({"name": "absent", "timing": {"member_grace_ms": 1_500}});
    let room = gateway.api().await.create_room(settings).await;
    let mut watcher = Socket::open(&gateway, "watcher", "").await;
    watcher.done("join", json!({"room": room.id})).await;

    let mut pushes = Vec::new();
    for account in ["silent", "pushing"] {
        let mut socket = Socket::open(&gateway, account, "").await;
        socket
            .done("join", json!({"room": room.id, "role": "talker"}))
            .await;
        let published = socket
            .done("publish_stream", json!({"room": room.id, "kind": "camera"}))
            .await;
        pushes.push(Source::default().publish(&text(&published["push"], "url")));
        watcher.event_named("media_started").await;
        // Gone without a goodbye.
    }
    // Both live by their media alone for longer than the grace.
    let quiet = tokio::time::timeout(Duration::from_secs(3), watcher.event_named("member_left")).await;
    assert!(quiet.is_err(), "{quiet:?}");
    pushes[0].kill();
    let left = watcher.event_named("member_left").await;
    assert_eq!(
        (&left["account"], &left["reason"]),
        (&json!("silent"), &json!("timeout"))
    );
    let view = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await;
    let mut inside: Vec<&str> = view["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["account"].as_str().unwrap())
        .collect();
    inside.sort_unstable();
    assert_eq!(inside, ["pushing", "watcher"]);
    assert_eq!(
        view["streams"].as_array().unwrap().len(),
        1,
        "its stream went with it"
    );
}

/// After a crash of the gateway everybody has the whole grace again: who does not come back leaves as "timeout",
/// who re-pushes stays without any call.
#[tokio::test]
async fn after_a_crash_the_grace_starts_anew() {
    let mut gateway = Gateway::start().await;
    let settings = json!({"name": "crash", "timing": {"member_grace_ms": 4_000}});
    let room = gateway.api().await.create_room(settings).await;
    let mut lost = Socket::open(&gateway, "lost", "").await;
    lost.done("join", json!({"room": room.id})).await;
    let (_, push, _) = room.publisher("pushing").await;
    let mut publisher = Source::default().publish(&push);
    wait::until("on air", LIMIT, || async {
        (gateway.metric("lianmai_publications_total", "").await >= 1.0).then_some(())
    })
    .await;
    gateway.kill();
    publisher.wait(LIMIT).await;
    gateway.restart().await;
    let _publisher = Source::default().publish(&push);
    let path = format!("/v1/rooms/{}", room.id);
    let accounts = async || {
        let view = room.api.ok("GET", &path, None).await;
        let members = view["members"].as_array().unwrap().clone();
        members.iter().map(|m| text(m, "account")).collect::<Vec<_>>()
    };
    assert_eq!(accounts().await.len(), 2, "nobody left by the crash itself");
    wait::until("the lost one has left", LIMIT, || async {
        (accounts().await == ["pushing"]).then_some(())
    })
    .await;
    // A view may be a moment ahead of the events, which are told when they are durable.
    let left = wait::until("its leaving is told", LIMIT, || async {
        let list = room
            .api
            .ok("GET", &format!("{path}/events?limit=500"), None)
            .await;
        let events = list["events"].as_array().unwrap();
        events.iter().find(|e| e["event"] == "member_left").cloned()
    })
    .await;
    assert_eq!(
        (&left["account"], &left["reason"]),
        (&json!("lost"), &json!("timeout"))
    );
}

/// A REST-only member shows signs of life by heartbeat, and times out without them.
#[tokio::test]
async fn a_member_without_socket_lives_by_heartbeats() {
    let gateway = Gateway::start().await;
    let settings = json!({"name": "rest", "timing": {"member_grace_ms": 1_500}});
    let room = gateway.api().await.create_room(settings).await;
    let member = room.join("ann", "talker").await;
    let path = format!("/v1/rooms/{}/members/{member}", room.id);
    let begun = std::time::Instant::now();
    wait::until("it lives for twice the grace", LIMIT, || async {
        room.api.ok("POST", &format!("{path}/heartbeat"), None).await;
        (begun.elapsed() > Duration::from_secs(3)).then_some(())
    })
    .await;
    wait::until("it times out", LIMIT, || async {
        (room.api.call("GET", &path, None).await.0 == 404).then_some(())
    })
    .await;
}

/// The gateway pings (RFC 6455 §5.5.2) within the heartbeat it announces, and takes pings itself.
#[tokio::test]
async fn the_gateway_pings() {
    let gateway = Gateway::start().await;
    let token = gateway.token(&["--account", "ann"]).await;
    let mut stream = tokio::net::TcpStream::connect(gateway.http).await.unwrap();
    let request = format!(
        "GET /v1/ws HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ping = [0x89, 0x00];
    let pinged = async {
        let mut buffer = [0; 4096];
        loop {
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0, "closed");
            bytes.extend_from_slice(&buffer[..n]);
            if bytes.windows(2).any(|w| w == ping) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(12), pinged)
        .await
        .expect("a ping in time");
    // A masked ping with the body "hi" (mask of zeros), answered by a pong with the same body.
    stream
        .write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i'])
        .await
        .unwrap();
    let mut seen = Vec::new();
    let ponged = async {
        while !seen.windows(4).any(|w| w == [0x8a, 0x02, b'h', b'i']) {
            seen.push(stream.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(LIMIT, ponged).await.expect("a pong");
}
