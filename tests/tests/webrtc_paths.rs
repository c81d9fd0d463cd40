//! The ways a browser's packets can take: through a TURN server, over TCP where UDP is blocked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::gateway::free_ports;
use lianmai_tests::marks::{Sender, baseline};
use lianmai_tests::rtc::{Stats, figure};
use lianmai_tests::turn::{SECRET, Turn};
use lianmai_tests::{Browser, Gateway, Page, Socket};
use serde_json::{Value, json};

fn source() -> Value {
    json!({"video": "pattern", "audio": "tone", "width": 320, "height": 240})
}

/// A publisher's pictures and sounds leave.
async fn sends(page: &Page, name: &str) -> Stats {
    page.until(name, "pictures leave", |stats| {
        figure(stats.outbound("video"), "framesSent") > 20.0
    })
    .await
}

/// R-M6: the credentials that the API hands out open the TURN server, until they expire; all media may go through it.
#[tokio::test]
async fn a_turn_server_relays_with_the_credentials_of_the_api() {
    let turn = Turn::start().await;
    let servers = format!("turn.servers=[\"{}\"]", turn.url());
    let secret = format!("turn.secret={SECRET}");
    let settings = [
        servers.as_str(),
        &secret,
        "turn.allow_private=true",
        "turn.ttl=10m",
    ];
    let (gateway, browser) = tokio::join!(Gateway::start_with(&settings), Browser::start());
    let room = gateway.api().await.create_room(json!({"name": "turn"})).await;
    let mut socket = Socket::open(&gateway, "ann", "").await;
    let handed = socket.done("ice_servers", json!({})).await["ice_servers"].clone();
    assert_eq!(handed[0]["urls"], json!([turn.url()]));
    let connection = json!({"iceServers": handed, "iceTransportPolicy": "relay"});
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);

    let (stream, whip) = room.whip("ann").await;
    let how = json!({"videoCodecs": ["H264"], "connection": connection});
    let answer = ann.publish("out", &whip, source(), how).await;
    // Who publishes by WHIP is told the same in headers (RFC 9725 §4.6).
    let link = answer["link"].as_str().unwrap();
    assert!(
        link.contains(&format!("<{}>; rel=\"ice-server\"", turn.url())),
        "{link}"
    );
    let args = json!({"name": "in", "url": room.whep(&stream).await, "connection": connection});
    bob.call("play", args).await;
    for stats in [sends(&ann, "out").await, bob.sees_and_hears("in").await] {
        assert_eq!(stats.0["relayed"], true, "{}", stats.0["pair"]);
    }

    // What has expired, what another secret made, and what was changed later is refused.
    let mut longer = handed[0].clone();
    let (until, who) = longer["username"].as_str().unwrap().split_once(':').unwrap();
    longer["username"] = json!(format!("{}:{who}", until.parse::<u64>().unwrap() + 3_600));
    for (what, server, opens) in [
        ("valid", turn.server(SECRET, 60), true),
        ("expired", turn.server(SECRET, -60), false),
        ("of another secret", turn.server("south-of-the-river", 60), false),
        ("made longer", longer, false),
    ] {
        let connection = json!({"iceServers": [server], "iceTransportPolicy": "relay"});
        let found = ann.call("gather", json!({"connection": connection})).await;
        let errors = found["errors"].as_array().unwrap();
        let (relays, refused) = (
            found["candidates"] == json!(["relay"]),
            errors.contains(&json!(401)),
        );
        assert_eq!(
            (relays, refused),
            (opens, !opens),
            "{what}: {found}\n{}",
            turn.log()
        );
    }
}

/// Browsers behind a firewall that lets no UDP out, both ways.
#[tokio::test]
async fn browsers_without_udp_connect_over_tcp() {
    let [tcp] = free_ports();
    let setting = format!("webrtc.tcp_listen={tcp}");
    let settings = [setting.as_str(), Gateway::WORKER];
    let (gateway, browser) = tokio::join!(Gateway::start_with(&settings), Browser::start());
    let room = gateway.api().await.create_room(json!({"name": "tcp"})).await;
    let (from_cat, push, _) = room.publisher("cat").await;
    let _sender = Sender::start(&push, &baseline().await).await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    let (from_ann, whip) = room.whip("ann").await;
    let how = json!({"videoCodecs": ["H264"], "answer": {"transport": "tcp"}});
    ann.publish("out", &whip, source(), how).await;
    assert_eq!(sends(&ann, "out").await.0["protocol"], "tcp");
    for (name, stream) in [("rtmp", &from_cat), ("whip", &from_ann)] {
        let url = room.whep(stream).await;
        let args = json!({"name": name, "url": url, "answer": {"transport": "tcp"}});
        let played = bob.call("play", args).await;
        let stats = bob.sees_and_hears(name).await;
        assert_eq!(stats.0["protocol"], "tcp", "{}", stats.0["pair"]);
        let frozen = figure(stats.inbound("video"), "totalFreezesDuration");
        assert!(frozen <= 1.0, "{frozen} s frozen");
        println!(
            "over TCP the first picture of {name} came after {} ms",
            played["first"]
        );
    }
    // A browser that leaves is gone on TCP, too.
    assert_eq!(bob.call("end", json!({"name": "rtmp"})).await, 200);
    bob.sees_and_hears("whip").await;
}
