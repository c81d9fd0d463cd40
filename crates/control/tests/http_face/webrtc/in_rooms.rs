//! Peers of members: rights, whose peers are whose, and when they end.

use std::time::Duration;

use lianmai_bridge::{Bridge, BridgeEvent};
use lianmai_control::webrtc::WebrtcConfig;
use serde_json::{Value, json};

use super::scene::{Scene, offer};
use crate::harness::Socket;

/// Connected and inside.
async fn inside(scene: &Scene, account: &str) -> Socket {
    let mut socket = scene.server.connect(&scene.server.token(account), "").await;
    socket.done(json!({ "op": "join", "room": scene.room })).await;
    socket
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
}

fn publish(scene: &Scene, lines: Value) -> Value {
    let sdp = offer("sendonly", &["audio", "video"]);
    json!({ "op": "webrtc_publish", "room": scene.room, "offer": sdp, "lines": lines })
}

fn subscribe(scene: &Scene, lines: Value) -> Value {
    let sdp = offer("recvonly", &["audio", "video"]);
    json!({ "op": "webrtc_subscribe", "room": scene.room, "offer": sdp, "lines": lines })
}

/// Both lines for one stream.
fn both(stream: &str) -> Value {
    json!([{ "mid": "0", "stream": stream }, { "mid": "1", "stream": stream }])
}

/// Waits until so many peers are left.
async fn until_peers(bridge: &Bridge, wanted: usize) {
    let mut events = bridge.events();
    let wait = async {
        while bridge.peers() != wanted {
            while !matches!(events.recv().await, Ok(BridgeEvent::Closed { .. }) | Err(_)) {}
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("{} peers instead of {wanted}", bridge.peers()));
}

#[tokio::test]
async fn members_publish_their_own_and_play_any() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let (mut ann, mut bob) = (inside(&scene, "ann").await, inside(&scene, "bob").await);
    let sent = ann.done(publish(&scene, both(&scene.stream))).await;
    assert!(sent["answer"].as_str().unwrap().contains("a=recvonly"), "{sent}");
    assert!(sent["etag"].is_string() && sent["ice_servers"].is_array());
    let got = bob.done(subscribe(&scene, both(&scene.stream))).await;
    assert!(got["answer"].as_str().unwrap().contains("a=sendonly"), "{got}");
    assert_eq!(
        code(&bob.ask(publish(&scene, both(&scene.stream))).await),
        "not_allowed"
    );
    assert_eq!(
        code(&bob.ask(subscribe(&scene, both("nope"))).await),
        "no_such_stream"
    );
    // Again for the same peer, now with one line.
    let mut fewer = subscribe(
        &scene,
        json!([{ "mid": "0", "stream": scene.stream, "layer": "low" }]),
    );
    fewer["peer"] = got["peer"].clone();
    let sdp = offer("recvonly", &["audio", "video"]);
    let (first, second) = sdp.split_once("a=mid:1").unwrap();
    fewer["offer"] = json!(format!(
        "{first}a=mid:1{}",
        second.replace("a=recvonly", "a=inactive")
    ));
    let fewer = bob.done(fewer).await;
    assert_eq!(fewer["peer"], got["peer"]);
    assert!(
        fewer["answer"].as_str().unwrap().contains("a=inactive"),
        "{fewer}"
    );
    bob.done(json!({ "op": "webrtc_layer", "peer": got["peer"], "mid": "0", "layer": "audio_only" }))
        .await;
    let fragment = "a=ice-ufrag:Fr4g\r\na=ice-pwd:0123456789abcdefghijklmn\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
        a=candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host\r\n";
    let trickled = bob
        .done(json!({ "op": "webrtc_trickle", "peer": got["peer"], "fragment": fragment }))
        .await;
    assert_eq!(trickled, json!({}));
    bob.done(json!({ "op": "webrtc_close", "peer": got["peer"] }))
        .await;
    until_peers(scene.server.bridge.as_ref().unwrap(), 1).await;
    scene.server.finish().await;
}

#[tokio::test]
async fn peers_of_others_do_not_exist() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let (mut ann, mut bob) = (inside(&scene, "ann").await, inside(&scene, "bob").await);
    // The same member, with another device.
    let mut device = inside(&scene, "bob").await;
    let peer = bob.done(subscribe(&scene, both(&scene.stream))).await["peer"].clone();
    for socket in [&mut ann, &mut device] {
        for peer in [peer.clone(), json!("nope"), json!("x".repeat(1000))] {
            let mut offered = subscribe(&scene, both(&scene.stream));
            offered["peer"] = peer.clone();
            for command in [
                offered,
                json!({ "op": "webrtc_layer", "peer": peer, "mid": "0", "layer": "low" }),
                json!({ "op": "webrtc_trickle", "peer": peer, "fragment": "" }),
                json!({ "op": "webrtc_close", "peer": peer }),
            ] {
                assert_eq!(code(&socket.ask(command).await), "no_such_peer");
            }
        }
    }
    // Nor does it by its address, or for the other direction.
    let target = format!("/webrtc/{}", peer.as_str().unwrap());
    let deleted = scene.server.send("DELETE", &target, &[], b"").await;
    deleted.expect(404, "no_such_peer");
    let headers = [
        ("content-type", "application/trickle-ice-sdpfrag"),
        ("if-match", "*"),
    ];
    let patched = scene
        .server
        .send("PATCH", &target, &headers, b"a=end-of-candidates")
        .await;
    patched.expect(404, "no_such_peer");
    let mut turned = publish(&scene, json!([]));
    turned["peer"] = peer.clone();
    assert_eq!(code(&bob.ask(turned).await), "no_such_peer");
    bob.done(json!({ "op": "webrtc_close", "peer": peer })).await;
    scene.server.finish().await;
}

#[tokio::test]
async fn peers_end_with_the_right_to_them() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let bridge = scene.server.bridge.clone().unwrap();
    let app = scene.server.app_token();
    for case in ["leave", "bye", "kick", "session"] {
        let mut bob = inside(&scene, "bob").await;
        bob.done(subscribe(&scene, both(&scene.stream))).await;
        assert_eq!(bridge.peers(), 1, "{case}");
        // Another device keeps the member inside, where that makes a difference.
        let mut other = inside(&scene, "bob").await;
        match case {
            "leave" => drop(bob.done(json!({ "op": "leave", "room": scene.room })).await),
            "session" => {
                let leave = json!({ "op": "leave", "room": scene.room, "session_only": true });
                drop(bob.done(leave).await);
            }
            "bye" => bob.say(r#"{"op":"bye"}"#).await,
            _ => {
                let members = format!("/v1/rooms/{}/members", scene.room);
                let list = scene.server.call(&app, "GET", &members, Value::Null).await.ok();
                let members_list = list["members"].as_array().unwrap();
                let bob = members_list.iter().find(|m| m["account"] == "bob").unwrap();
                let target = format!("{members}/{}", bob["id"].as_str().unwrap());
                scene.server.call(&app, "DELETE", &target, Value::Null).await.ok();
            }
        }
        until_peers(&bridge, 0).await;
        other.done(json!({ "op": "ping" })).await;
    }
    scene.server.finish().await;
}

/// A lost connection does not end them: the session may come back.
#[tokio::test]
async fn peers_outlive_a_lost_connection() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let bridge = scene.server.bridge.clone().unwrap();
    let token = scene.server.token("bob");
    let mut bob = scene.server.connect(&token, "").await;
    let session = bob.event_named("hello").await["session"]
        .as_str()
        .unwrap()
        .to_owned();
    bob.done(json!({ "op": "join", "room": scene.room })).await;
    let peer = bob.done(subscribe(&scene, both(&scene.stream))).await["peer"].clone();
    drop(bob);
    let mut bob = scene.server.connect(&token, &format!("&session={session}")).await;
    assert_eq!(bob.event_named("hello").await["resumed"], true);
    assert_eq!(bridge.peers(), 1);
    bob.done(json!({ "op": "webrtc_close", "peer": peer })).await;
    until_peers(&bridge, 0).await;
    scene.server.finish().await;
}

#[tokio::test]
async fn offers_are_checked() {
    let config = WebrtcConfig {
        max_sdp: 100 * 1024,
        ..WebrtcConfig::default()
    };
    let scene = Scene::set(config).await;
    let mut bob = inside(&scene, "bob").await;
    let stream = scene.stream.as_str();
    let many: Vec<Value> = (0..65)
        .map(|n| json!({ "mid": n.to_string(), "stream": stream }))
        .collect();
    for lines in [
        json!([{ "mid": "0", "stream": stream }, { "mid": "0", "stream": stream }]),
        json!([{ "mid": "", "stream": stream }]),
        json!([{ "mid": "a b", "stream": stream }]),
        json!([{ "mid": "x".repeat(17), "stream": stream }]),
        json!([{ "mid": "0", "stream": "../x" }]),
        json!([{ "mid": "0", "stream": format!("{stream}~rtc") }]),
        json!([{ "mid": "0", "stream": stream, "layer": "best" }]),
        json!([{ "mid": "0" }]),
        Value::Array(many),
    ] {
        let answer = bob.ask(subscribe(&scene, lines.clone())).await;
        assert_eq!(code(&answer), "invalid_argument", "{lines}");
    }
    let mut nonsense = subscribe(&scene, json!([]));
    nonsense["offer"] = json!("v=0");
    assert_eq!(code(&bob.ask(nonsense).await), "invalid_sdp");
    // Longer than other commands may be, and then too long.
    let mut long = subscribe(&scene, json!([]));
    long["offer"] = json!("x".repeat(90 * 1024));
    assert_eq!(code(&bob.ask(long.clone()).await), "invalid_sdp");
    long["offer"] = json!("x".repeat(110 * 1024));
    assert_eq!(code(&bob.ask(long).await), "sdp_too_long");
    let other = json!({ "op": "send_message", "room": scene.room, "payload": "x".repeat(90 * 1024) });
    assert_eq!(code(&bob.ask(other).await), "body_too_large");
    // Whoever is a member, but not through this session, must join first.
    let mut outside = scene.server.connect(&scene.server.token("ann"), "").await;
    assert_eq!(
        code(&outside.ask(publish(&scene, both(stream))).await),
        "not_a_member"
    );
    let mut eve = scene.server.connect(&scene.server.token("eve"), "").await;
    assert_eq!(
        code(&eve.ask(subscribe(&scene, both(stream))).await),
        "not_a_member"
    );
    assert_eq!(scene.server.bridge.as_ref().unwrap().peers(), 0);
    scene.server.finish().await;
}

#[tokio::test]
async fn levels_are_for_rooms_that_are_watched() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let mut bob = scene.server.connect(&scene.server.token("bob"), "").await;
    let on = json!({ "op": "levels", "room": scene.room, "on": true });
    assert_eq!(code(&bob.ask(on.clone()).await), "invalid_argument");
    bob.done(json!({ "op": "join", "room": scene.room })).await;
    bob.done(on).await;
    scene.server.finish().await;
}
