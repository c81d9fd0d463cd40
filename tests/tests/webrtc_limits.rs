//! What WebRTC refuses and counts, and that connections leave nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::machine::cpu_share;
use lianmai_tests::marks::{Sender, baseline};
use lianmai_tests::{Browser, Gateway, Room, wait};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

const LIMIT: Duration = Duration::from_secs(40);

async fn gateway() -> (Gateway, Room, String, Sender) {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "limits"})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let sender = Sender::start(&push, &baseline().await).await;
    let whep = room.whep(&stream).await;
    (gateway, room, whep, sender)
}

async fn no_peer_is_left(gateway: &Gateway) {
    wait::until("all peers are gone", LIMIT, || async {
        (gateway.metric("lianmai_bridge_peers", "").await == 0.0).then_some(())
    })
    .await;
}

/// Posts something to a WHIP or WHEP address; status and problem code.
async fn post(url: &str, kind: &str, body: String) -> (u16, String) {
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", kind)
        .body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap_or_default();
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn offers_that_cannot_be_used_are_refused() {
    let (gateway, _room, whep, _sender) = gateway().await;
    let sdp = "application/sdp";
    let long = format!("v=0\r\n{}", "a=x\r\n".repeat(100_000));
    assert_eq!(post(&whep, sdp, long).await, (413, "sdp_too_long".into()));
    assert_eq!(post(&whep, sdp, "v=0".into()).await, (400, "invalid_sdp".into()));
    assert_eq!(post(&whep, "text/plain", "v=0".into()).await.0, 415);
    let other = whep.replace("t=v1.", "t=v1.x");
    let (status, _) = post(&other, sdp, "v=0".into()).await;
    assert!([401, 403].contains(&status), "a token that is none: {status}");
    assert_eq!(gateway.metric("lianmai_bridge_peers", "").await, 0.0);
}

/// Whoever answers with another key than it said gets no media, and is forgotten in time.
#[tokio::test]
async fn a_wrong_fingerprint_gets_no_media() {
    let (gateway, _room, whep, _sender) = gateway().await;
    let page = Browser::start().await.page("eve").await;
    let fingerprint = vec!["AB"; 32].join(":");
    let args = json!({"name": "in", "url": whep, "wait": false, "offer": {"fingerprint": fingerprint}});
    page.call("play", args).await;
    no_peer_is_left(&gateway).await;
    let stats = page.stats("in").await;
    let decoded = stats.inbound("video")["framesDecoded"].as_f64().unwrap_or(0.0);
    assert_eq!(decoded, 0.0);
    let ended = gateway.metric("lianmai_bridge_peers_ended_total", "").await;
    assert_eq!(ended, 1.0);
}

/// R-R1: STUN, DTLS and RTP from anywhere are answered by nothing and counted; who watches notices nothing.
#[tokio::test]
async fn load_floods_are_counted_and_answered_by_nothing() {
    let (gateway, _room, whep, _sender) = gateway().await;
    let page = Browser::start().await.page("bob").await;
    page.play("in", &whep).await;
    page.sees_and_hears("in").await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(gateway.webrtc).await.unwrap();
    let mut stun = vec![0, 1, 0, 40, 0x21, 0x12, 0xA4, 0x42];
    stun.extend([7; 12]);
    // USERNAME of nobody, MESSAGE-INTEGRITY of nothing.
    stun.extend([0, 6, 0, 9]);
    stun.extend(b"none:here\0\0\0");
    stun.extend([0, 8, 0, 20]);
    stun.extend([5; 20]);
    let dtls = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100][..], &[1; 100]].concat();
    let rtp = [&[0x80, 96, 0, 1][..], &[9; 60]].concat();
    let rubbish = vec![0xFF; 50];
    let floods = [
        ("unknown_ufrag", &stun),
        ("unknown_address", &dtls),
        ("unknown_address", &rtp),
        ("malformed", &rubbish),
    ];
    let before = page.stats("in").await;
    for (reason, packet) in &floods {
        let labels = format!("reason=\"{reason}\"");
        let name = "lianmai_bridge_dropped_datagrams_total";
        let counted = gateway.metric(name, &labels).await;
        for _ in 0..2_000 {
            // A full socket is what a flood is.
            let _ = socket.send(packet).await;
        }
        wait::until(
            &format!("{reason} is counted"),
            Duration::from_secs(5),
            || async { (gateway.metric(name, &labels).await >= counted + 500.0).then_some(()) },
        )
        .await;
    }
    let mut buffer = [0; 2_048];
    let answer = tokio::time::timeout(Duration::from_millis(300), socket.recv(&mut buffer)).await;
    assert!(answer.is_err(), "a flood was answered: {:?}", &buffer[..20]);
    let after = page.sees_and_hears("in").await;
    let freezes = |stats: &lianmai_tests::rtc::Stats| stats.inbound("video")["freezeCount"].clone();
    assert_eq!(freezes(&after), freezes(&before), "{}", after.inbound("video"));
    assert_eq!(gateway.metric("lianmai_bridge_peers", "").await, 1.0);
}

/// R-Y3: memory, tasks and peers return. `TEST_CYCLES` makes it longer.
#[tokio::test]
async fn load_cycles_of_peers_leave_nothing_behind() {
    let (gateway, _room, whep, _sender) = gateway().await;
    let browser = Browser::start().await;
    let count = std::env::var("TEST_CYCLES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(200_u64);
    let rounds = 4;
    let round = || async {
        // A page of its own each time, because browsers let go of connections late.
        let page = browser.page("bob").await;
        let args = json!({"url": whep, "count": count / rounds, "ms": count * 500});
        page.call("cycles", args).await;
        page.shut().await;
        no_peer_is_left(&gateway).await;
    };
    round().await;
    let figures = || async {
        wait::until("the gateway rests", LIMIT, || async {
            (cpu_share(gateway.id(), Duration::from_millis(500)).await < 0.15).then_some(())
        })
        .await;
        (gateway.rss(), gateway.metric("lianmai_tasks", "").await)
    };
    let (rss, tasks) = figures().await;
    for _ in 1..rounds {
        round().await;
    }
    // Asking for the figures takes a few tasks; a leak would be one per peer.
    let least = tasks + 10.0;
    wait::until("all tasks have ended", LIMIT, || async {
        (gateway.metric("lianmai_tasks", "").await <= least).then_some(())
    })
    .await;
    let (rss_after, tasks_after) = figures().await;
    println!(
        "{} MiB, {tasks} tasks; after {count} cycles {} MiB, {tasks_after}",
        rss >> 20,
        rss_after >> 20
    );
    assert!(
        rss_after as f64 <= rss as f64 * 1.10 + 4e6,
        "{rss} bytes became {rss_after}"
    );
}
