//! Where WebRTC is offered, and where not.

use serde_json::{Value, json};

use super::scene::{Scene, offer};
use crate::harness::Server;

#[tokio::test]
async fn urls_name_what_there_is() {
    let scene = Scene::set(Default::default()).await;
    let server = &scene.server;
    let (ann, bob) = (server.token("ann"), server.token("bob"));
    let streams = format!("/v1/rooms/{}/streams", scene.room);
    let rtmp = server
        .call(&bob, "POST", &streams, json!({ "via": "rtmp" }))
        .await
        .ok();
    let push = &rtmp["push"];
    assert!(push["url"].as_str().unwrap().starts_with("rtmp://"));
    assert!(
        push["whip"]
            .as_str()
            .unwrap()
            .starts_with("http://localhost:8080/whip/demo/")
    );
    let again = server
        .call(&ann, "POST", &streams, json!({ "via": "webrtc" }))
        .await
        .ok();
    assert_eq!(again["push"].get("url"), None, "{again}");
    assert!(again["push"]["whip"].is_string());
    let pull_url = format!("{streams}/{}/pull-url", scene.stream);
    let all = server.call(&bob, "POST", &pull_url, Value::Null).await.ok();
    assert!(
        ["rtmp", "http_flv", "ws_flv", "whep"]
            .iter()
            .all(|way| all[way].is_string()),
        "{all}"
    );
    let one = server
        .call(&bob, "POST", &pull_url, json!({ "via": "webrtc" }))
        .await
        .ok();
    assert!(
        one["whep"].is_string() && one.get("rtmp").is_none() && one.get("ws_flv").is_none(),
        "{one}"
    );
    for way in [&push["whip"], &one["whep"]] {
        let rest = super::scene::path(way);
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-=&?/".contains(c);
        assert!(rest.chars().all(plain), "{rest}");
    }
    scene.server.finish().await;
}

/// A room that does not support mini-programs has no RTMP URLs, and WebRTC all the same.
#[tokio::test]
async fn rooms_without_mini_programs_have_webrtc() {
    let scene = Scene::set(Default::default()).await;
    let server = &scene.server;
    let room = server.room(json!({ "mini_program": false })).await;
    server.join(&room, "ann", "talker").await;
    let (ann, streams) = (server.token("ann"), format!("/v1/rooms/{room}/streams"));
    server
        .call(&ann, "POST", &streams, json!({}))
        .await
        .expect(403, "mini_program_unsupported");
    let published = server
        .call(&ann, "POST", &streams, json!({ "via": "webrtc" }))
        .await
        .ok();
    let pull_url = format!(
        "{streams}/{}/pull-url",
        published["stream"]["id"].as_str().unwrap()
    );
    let refused = server.call(&ann, "POST", &pull_url, Value::Null).await;
    refused.expect(403, "mini_program_unsupported");
    let pull = server
        .call(&ann, "POST", &pull_url, json!({ "via": "webrtc" }))
        .await
        .ok();
    assert!(pull["whep"].is_string());
    scene.server.finish().await;
}

#[tokio::test]
async fn without_webrtc_nothing_speaks_of_it() {
    let server = Server::start().await;
    let room = server.room(json!({})).await;
    server.join(&room, "ann", "talker").await;
    let (ann, streams) = (server.token("ann"), format!("/v1/rooms/{room}/streams"));
    let published = server
        .call(&ann, "POST", &streams, json!({ "via": "webrtc" }))
        .await
        .ok();
    assert_eq!(published["push"], Value::Null);
    let sdp = offer("sendonly", &["audio"]);
    let headers = [("content-type", "application/sdp")];
    for target in ["/whip/demo/s1?t=x", "/whep/demo/s1?t=x"] {
        let answer = server.send("POST", target, &headers, sdp.as_bytes()).await;
        answer.expect(404, "webrtc_disabled");
    }
    server
        .send("DELETE", "/webrtc/x", &[], b"")
        .await
        .expect(404, "webrtc_disabled");
    let mut socket = server.connect(&ann, "").await;
    assert_eq!(
        socket.done(json!({ "op": "ice_servers" })).await["ice_servers"],
        json!([])
    );
    socket.done(json!({ "op": "join", "room": room })).await;
    let offered = json!({ "op": "webrtc_publish", "room": room, "offer": sdp, "lines": [] });
    assert_eq!(socket.ask(offered).await["error"]["code"], "webrtc_disabled");
    server.finish().await;
}
