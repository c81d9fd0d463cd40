//! A room with WebRTC, and offers as browsers make them.

use lianmai_bridge::BridgeConfig;
use lianmai_control::webrtc::WebrtcConfig;
use serde_json::{Value, json};

use crate::harness::Server;

/// One media line of an offer.
fn line(kind: &str, mid: usize, direction: &str) -> String {
    let (port, codecs) = match kind {
        "audio" => (
            "111",
            "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n",
        ),
        _ => (
            "96",
            "a=rtpmap:96 H264/90000\r\na=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
             a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n",
        ),
    };
    let source = match direction {
        "sendonly" => format!("a=msid:- track{mid}\r\na=ssrc:{} cname:client\r\n", 1_000 + mid),
        _ => String::new(),
    };
    format!(
        "m={kind} 9 UDP/TLS/RTP/SAVPF {port}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:Fr4g\r\n\
         a=ice-pwd:0123456789abcdefghijklmn\r\na=ice-options:trickle\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:actpass\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
         {codecs}{source}",
        ["AB"; 32].join(":")
    )
}

/// An offer with these lines, whose mids are 0, 1, 2 ….
pub(crate) fn offer(direction: &str, kinds: &[&str]) -> String {
    let mids: Vec<String> = (0..kinds.len()).map(|mid| mid.to_string()).collect();
    let lines: String = kinds
        .iter()
        .enumerate()
        .map(|(mid, kind)| line(kind, mid, direction))
        .collect();
    format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=msid-semantic: WMS\r\n{lines}",
        mids.join(" ")
    )
}

/// Ann publishes a camera over WebRTC, and bob is there.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) room: String,
    pub(super) stream: String,
    /// Path and query of the addresses for offers.
    pub(super) whip: String,
    pub(super) whep: String,
}

impl Scene {
    pub(super) async fn set(config: WebrtcConfig) -> Scene {
        let peers = BridgeConfig {
            max_peers: 3,
            max_sdp: config.max_sdp,
            ..BridgeConfig::default()
        };
        Self::on(Server::with_webrtc(peers, config).await).await
    }

    pub(super) async fn on(server: Server) -> Scene {
        let room = server.room(json!({})).await;
        server.join(&room, "ann", "talker").await;
        server.join(&room, "bob", "talker").await;
        let streams = format!("/v1/rooms/{room}/streams");
        let ann = server.token("ann");
        let published = server
            .call(&ann, "POST", &streams, json!({ "via": "webrtc" }))
            .await
            .ok();
        let stream = published["stream"]["id"].as_str().unwrap().to_owned();
        let target = format!("{streams}/{stream}/pull-url");
        let pull = server
            .call(&server.token("bob"), "POST", &target, json!({ "via": "webrtc" }))
            .await
            .ok();
        Scene {
            whip: path(&published["push"]["whip"]),
            whep: path(&pull["whep"]),
            server,
            room,
            stream,
        }
    }
}

/// Of a URL: what follows the host.
pub(super) fn path(url: &Value) -> String {
    let url = url.as_str().unwrap();
    url.strip_prefix("http://localhost:8080").unwrap().to_owned()
}
