//! WHIP and WHEP: tokens, types, sizes, headers, and the addresses of peers.

use std::time::Duration;

use lianmai_control::webrtc::{IceConfig, TurnSecret, WebrtcConfig};

use serde_json::Value;

use super::scene::{Scene, offer};
use crate::harness::{Answer, Server};

const SDP: (&str, &str) = ("content-type", "application/sdp");
const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");
/// A candidate for the offers of the scene (RFC 8840 §9).
const CANDIDATE: &str = "a=ice-ufrag:Fr4g\r\na=ice-pwd:0123456789abcdefghijklmn\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
    a=candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host\r\n";

async fn post(server: &Server, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    server.send("POST", target, headers, body).await
}

fn publishing() -> String {
    offer("sendonly", &["audio", "video"])
}

fn watching() -> String {
    offer("recvonly", &["audio", "video"])
}

/// The part of a target before its query.
fn bare(target: &str) -> &str {
    target.split_once('?').unwrap().0
}

fn token(target: &str) -> &str {
    target.split_once("?t=").unwrap().1
}

#[tokio::test]
async fn only_tokens_open_the_way() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let server = &scene.server;
    let sdp = publishing();
    let sdp = sdp.as_bytes();
    let (whip, whep) = (scene.whip.as_str(), scene.whep.as_str());
    for target in [bare(whip), bare(whep)] {
        let refused = post(server, target, &[SDP], sdp).await;
        refused.expect(401, "token_missing");
        assert_eq!(
            refused.header("access-control-allow-origin").as_deref(),
            Some("*")
        );
    }
    let twisted = format!("{}?t={}", bare(whip), token(whep));
    post(server, &twisted, &[SDP], sdp)
        .await
        .expect(403, "wrong_action");
    let twisted = format!("{}?t={}", bare(whep), token(whip));
    post(server, &twisted, &[SDP], sdp)
        .await
        .expect(403, "wrong_action");
    let broken = format!("{whip}x");
    let status = post(server, &broken, &[SDP], sdp).await;
    assert_eq!(status.status, 401);
    let foreign = whip.replacen("/demo/", "/other/", 1);
    post(server, &foreign, &[SDP], sdp)
        .await
        .expect(401, "token_signature");
    let nowhere = whip.replacen("/demo/", "/nobody/", 1);
    post(server, &nowhere, &[SDP], sdp)
        .await
        .expect(404, "unknown_app");
    // A bearer that would smuggle in further parameters, and one that is a JWT of the API.
    for bearer in [
        format!("Bearer a&t={}", token(whip)),
        format!("Bearer {}", server.token("ann")),
    ] {
        let headers = [SDP, ("authorization", bearer.as_str())];
        assert_eq!(post(server, bare(whip), &headers, sdp).await.status, 401);
    }
    assert_eq!(server.bridge.as_ref().unwrap().peers(), 0);
    scene.server.finish().await;
}

#[tokio::test]
async fn offers_are_bounded_and_typed() {
    let scene = Scene::set(WebrtcConfig {
        max_sdp: 16 * 1024,
        ..WebrtcConfig::default()
    })
    .await;
    let (server, whip) = (&scene.server, scene.whip.as_str());
    let sdp = publishing();
    for headers in [
        &[][..],
        &[("content-type", "application/json")],
        &[("content-type", "text/plain")],
    ] {
        let refused = post(server, whip, headers, sdp.as_bytes()).await;
        refused.expect(415, "unsupported_media_type");
    }
    let long = format!("{sdp}a=x:{}\r\n", "x".repeat(16 * 1024));
    post(server, whip, &[SDP], long.as_bytes())
        .await
        .expect(413, "sdp_too_long");
    for nonsense in [&b""[..], b"v=0", b"\xff\xfe", b"{}", &b"v=0\r\n".repeat(1000)] {
        post(server, whip, &[SDP], nonsense)
            .await
            .expect(400, "invalid_sdp");
    }
    assert_eq!(server.bridge.as_ref().unwrap().peers(), 0);
    scene.server.finish().await;
}

#[tokio::test]
async fn browsers_of_any_page_may_ask() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let server = &scene.server;
    let asks = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    for target in [bare(&scene.whip), bare(&scene.whep)] {
        let answer = server.send("OPTIONS", target, &asks, b"").await;
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"));
        assert_eq!(answer.header("accept-post").as_deref(), Some("application/sdp"));
        assert!(
            answer
                .header("access-control-allow-methods")
                .unwrap()
                .contains("POST")
        );
        let allowed = answer.header("access-control-allow-headers").unwrap();
        assert!(
            ["Authorization", "Content-Type", "If-Match"]
                .iter()
                .all(|name| allowed.contains(name))
        );
        server
            .send("GET", target, &[], b"")
            .await
            .expect(405, "method_not_allowed");
    }
    let answer = server.send("OPTIONS", "/webrtc/x", &asks, b"").await;
    assert!(
        answer
            .header("access-control-allow-methods")
            .unwrap()
            .contains("PATCH")
    );
    let patch = answer.header("accept-patch");
    assert_eq!(patch.as_deref(), Some("application/trickle-ice-sdpfrag"));
    scene.server.finish().await;
}

#[tokio::test]
async fn unknown_peers_are_not_found() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let server = &scene.server;
    let any = [FRAGMENT, ("if-match", "*")];
    for peer in ["x", "..%2f..", &"x".repeat(1000)] {
        let target = format!("/webrtc/{peer}");
        let patched = server.send("PATCH", &target, &any, CANDIDATE.as_bytes()).await;
        patched.expect(404, "no_such_peer");
        server
            .send("DELETE", &target, &[], b"")
            .await
            .expect(404, "no_such_peer");
    }
    let patch =
        async |headers: &[(&str, &str)], body: &[u8]| server.send("PATCH", "/webrtc/x", headers, body).await;
    patch(&[SDP, ("if-match", "*")], b"x")
        .await
        .expect(415, "unsupported_media_type");
    patch(&[FRAGMENT], CANDIDATE.as_bytes())
        .await
        .expect(428, "if_match_required");
    patch(&any, &[b'x'; 20_000]).await.expect(413, "sdp_too_long");
    scene.server.finish().await;
}

#[tokio::test]
async fn a_peer_has_an_address_until_it_ends() {
    let ice = IceConfig {
        stun: vec!["stun:stun.example.com".into()],
        turn: vec!["turn:turn.example.com:3478?transport=udp".into()],
        secret: Some(TurnSecret::new("north-south-east-west".into())),
        ttl: Duration::from_secs(3600),
    };
    let config = WebrtcConfig {
        ice,
        ..WebrtcConfig::default()
    };
    let scene = Scene::set(config).await;
    let (server, bridge) = (&scene.server, scene.server.bridge.clone().unwrap());
    let bearer = format!("Bearer {}", token(&scene.whip));
    let headers = [SDP, ("authorization", bearer.as_str())];
    let made = post(server, bare(&scene.whip), &headers, publishing().as_bytes()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("content-type").as_deref(), Some("application/sdp"));
    assert!(
        made.body.starts_with("v=0") && made.body.contains("a=recvonly"),
        "{}",
        made.body
    );
    assert_eq!(
        made.header("accept-patch").as_deref(),
        Some("application/trickle-ice-sdpfrag")
    );
    let exposed = made.header("access-control-expose-headers").unwrap();
    assert!(
        ["Location", "ETag", "Link"]
            .iter()
            .all(|name| exposed.contains(name))
    );
    let links: Vec<&str> = made
        .head
        .lines()
        .filter(|line| line.starts_with("link: "))
        .collect();
    assert_eq!(links.len(), 2, "{links:?}");
    assert!(links[1].contains("credential-type=\"password\"") && !made.head.contains("north"));
    let watched = post(server, &scene.whep, &[SDP], watching().as_bytes()).await;
    assert_eq!(watched.status, 201, "{watched:?}");
    assert!(watched.body.contains("a=sendonly"), "{}", watched.body);
    assert_eq!(bridge.peers(), 2);

    let (location, etag) = (made.header("location").unwrap(), made.header("etag").unwrap());
    let patch = async |tag: &str| {
        let headers = [FRAGMENT, ("if-match", tag)];
        server
            .send("PATCH", &location, &headers, CANDIDATE.as_bytes())
            .await
    };
    assert_eq!(patch(&etag).await.status, 204);
    assert_eq!(patch("*").await.status, 204);
    assert_eq!(patch(&format!("\"other\", {etag}")).await.status, 204);
    patch("\"other\"").await.expect(412, "stale_etag");
    patch(&format!("W/{etag}")).await.expect(412, "stale_etag");
    let deleted = server.send("DELETE", &location, &[], b"").await;
    assert_eq!((deleted.status, deleted.body.as_str()), (200, ""));
    server
        .send("DELETE", &location, &[], b"")
        .await
        .expect(404, "no_such_peer");
    patch("*").await.expect(404, "no_such_peer");
    assert_eq!(bridge.peers(), 1);
    scene.server.finish().await;
}

/// ICE is restarted by credentials that are others.
#[tokio::test]
async fn ice_can_be_restarted() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let server = &scene.server;
    let made = post(server, &scene.whip, &[SDP], publishing().as_bytes()).await;
    let location = made.header("location").unwrap();
    let credentials = "a=ice-ufrag:0ther\r\na=ice-pwd:zyxwvutsrqponmlkjihgfe\r\n";
    let any = [FRAGMENT, ("if-match", "*")];
    let restarted = server
        .send("PATCH", &location, &any, credentials.as_bytes())
        .await;
    assert_eq!(restarted.status, 200, "{restarted:?}");
    let fragment = restarted.header("content-type");
    assert_eq!(fragment.as_deref(), Some("application/trickle-ice-sdpfrag"));
    assert!(restarted.body.contains("a=ice-ufrag:"), "{}", restarted.body);
    // Candidates of the new session, under its tag.
    let tag = restarted.header("etag").unwrap();
    let (_, candidate) = CANDIDATE.split_once("lmn\r\n").unwrap();
    let trickled = format!("{credentials}{candidate}");
    let current = [FRAGMENT, ("if-match", tag.as_str())];
    let trickled = server
        .send("PATCH", &location, &current, trickled.as_bytes())
        .await;
    assert_eq!(trickled.status, 204, "{trickled:?}");
    scene.server.finish().await;
}

#[tokio::test]
async fn there_are_so_many_peers_and_no_more() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let server = &scene.server;
    for _ in 0..3 {
        assert_eq!(
            post(server, &scene.whep, &[SDP], watching().as_bytes())
                .await
                .status,
            201
        );
    }
    let refused = post(server, &scene.whep, &[SDP], watching().as_bytes()).await;
    refused.expect(503, "no_capacity");
    assert!(refused.header("retry-after").is_some());
    scene.server.finish().await;
}

#[tokio::test]
async fn codecs_that_nobody_knows_are_not_acceptable() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let exotic = offer("sendonly", &["audio"]).replace("opus/48000/2", "G729/8000");
    let refused = post(&scene.server, &scene.whip, &[SDP], exotic.as_bytes()).await;
    refused.expect(406, "no_usable_codec");
    scene.server.finish().await;
}

/// Whoever is removed takes the peers along that were made with a URL of theirs, connected or not.
#[tokio::test]
async fn peers_end_with_the_stay_of_the_member() {
    let scene = Scene::set(WebrtcConfig::default()).await;
    let (server, bridge) = (&scene.server, scene.server.bridge.clone().unwrap());
    post(server, &scene.whip, &[SDP], publishing().as_bytes()).await;
    let watched = post(server, &scene.whep, &[SDP], watching().as_bytes()).await;
    let location = watched.header("location").unwrap();
    assert_eq!(bridge.peers(), 2);
    let members = format!("/v1/rooms/{}/members", scene.room);
    let app = server.app_token();
    let list = server.call(&app, "GET", &members, Value::Null).await.ok();
    for (account, left) in [("bob", 1), ("ann", 0)] {
        let all = list["members"].as_array().unwrap();
        let member = all.iter().find(|member| member["account"] == account).unwrap();
        let target = format!("{members}/{}", member["id"].as_str().unwrap());
        server.call(&app, "DELETE", &target, Value::Null).await.ok();
        assert_eq!(bridge.peers(), left, "{account}");
    }
    server
        .send("DELETE", &location, &[], b"")
        .await
        .expect(404, "no_such_peer");
    let late = post(server, &scene.whep, &[SDP], watching().as_bytes()).await;
    late.expect(404, "unknown_stream");
    scene.server.finish().await;
}
