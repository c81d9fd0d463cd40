//! What a connection may cost before its right to publish or play is known: 10 s, 256 KiB, 64 chunk streams, 64 KiB
//! per message (reliability §3.4). One test each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use lianmai_media::amf0::Value;
use lianmai_rtmp::client::{DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{Command, Purpose, RtmpUrl};
use lianmai_tests::gateway::free_ports;
use lianmai_tests::numbered::{Beside, Shape};
use lianmai_tests::raw_peer::{RawPeer, header};
use lianmai_tests::rtmp::seed;
use lianmai_tests::{Gateway, wait};
use serde_json::json;
use tokio::task::JoinSet;

const SOON: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(10);
const ENDED: &str = "lianmai_connections_ended_total";
const PROTOCOL: &str = "reason=\"protocol\"";

async fn ended(gateway: &Gateway, count: f64) {
    wait::until("connections are counted as ended", LIMIT, || async {
        (gateway.metric(ENDED, PROTOCOL).await >= count).then_some(())
    })
    .await;
}

/// Ten seconds by default, however far the client got.
#[tokio::test]
async fn ten_seconds() {
    let gateway = Gateway::start().await;
    let url = format!("rtmp://{}/demo/s1", gateway.rtmp);
    let start = Instant::now();
    let mut silent = RawPeer::connect(gateway.rtmp).await;
    let mut greeted = RawPeer::greeted(gateway.rtmp).await;
    let mut connected = RawPeer::connected(&url).await;
    let limit = Duration::from_secs(12);
    tokio::join!(
        silent.closed(limit),
        greeted.closed(limit),
        connected.closed(limit)
    );
    let lived = start.elapsed();
    assert!(
        lived > Duration::from_millis(9_500) && lived < Duration::from_millis(11_500),
        "closed after {lived:?}"
    );
    ended(&gateway, 3.0).await;
}

/// Slow-loris: a byte a second keeps nothing open, neither in the handshake nor after it.
#[tokio::test]
async fn bytes_one_at_a_time_buy_no_time() {
    let gateway = Gateway::start_with(&["rtmp.login_timeout=2s"]).await;
    let handshake = RawPeer::connect(gateway.rtmp).await;
    let command = RawPeer::greeted(gateway.rtmp).await;
    let connect = Command::new("connect", 1.0, Value::Object(vec![("app".into(), "demo".into())]));
    let mut first = vec![3];
    first.resize(1_537, 0);
    let drips = [
        (handshake, first),
        (
            command,
            [header(0, 3, 0, 40_000, 20, 0), connect.encode()].concat(),
        ),
    ];
    let mut slow = JoinSet::new();
    for (peer, bytes) in drips {
        slow.spawn(drip(peer, bytes, Duration::from_millis(250)));
    }
    for lived in slow.join_all().await {
        assert!(
            lived > Duration::from_millis(1_800) && lived < Duration::from_millis(3_500),
            "closed after {lived:?}"
        );
    }
    ended(&gateway, 2.0).await;
}

/// Sends a byte at a time until the gateway closes; how long that took.
async fn drip(mut peer: RawPeer, bytes: Vec<u8>, pause: Duration) -> Duration {
    let start = Instant::now();
    let (mut read, mut write) = peer.io.split();
    let sending = async {
        for byte in bytes {
            if tokio::io::AsyncWriteExt::write_all(&mut write, &[byte])
                .await
                .is_err()
            {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    let mut buffer = [0; 4_096];
    let closed = async {
        while tokio::io::AsyncReadExt::read(&mut read, &mut buffer)
            .await
            .unwrap_or(0)
            > 0
        {}
    };
    tokio::select! {
        () = sending => {}
        () = closed => {}
        () = tokio::time::sleep(LIMIT) => {}
    }
    start.elapsed()
}

/// 64 KiB per message: one byte more ends the connection at its header.
#[tokio::test]
async fn sixty_four_kilobytes_per_message() {
    let gateway = Gateway::start().await;
    let url = format!("rtmp://{}/demo/s1", gateway.rtmp);
    let mut peer = RawPeer::connected(&url).await;
    peer.message(
        20,
        0,
        &Command::new("x", 7.0, Value::String("y".repeat(65_000))).encode(),
    )
    .await;
    assert!(peer.answers().await, "65 000 bytes are allowed");
    let _ = peer.send(&header(0, 3, 0, 65_537, 20, 0)).await;
    assert!(peer.closed(SOON).await < SOON);
    ended(&gateway, 1.0).await;
}

/// 64 chunk streams: the 65th ends the connection.
#[tokio::test]
async fn sixty_four_chunk_streams() {
    let gateway = Gateway::start().await;
    let url = format!("rtmp://{}/demo/s1", gateway.rtmp);
    let mut peer = RawPeer::connected(&url).await;
    // The login used one; complete messages of a type nobody knows.
    for csid in 4..67 {
        peer.send(&[header(0, csid, 0, 1, 99, 0), vec![0]].concat())
            .await
            .unwrap();
    }
    assert!(peer.answers().await, "64 are allowed");
    let _ = peer.send(&[header(0, 70, 0, 1, 99, 0), vec![0]].concat()).await;
    peer.closed(SOON).await;
    ended(&gateway, 1.0).await;
}

/// 256 KiB: two hundred connections hold as much as they are let; one that wants more is ended.
#[tokio::test]
async fn two_hundred_fifty_six_kilobytes() {
    const PEERS: u64 = 200;
    let gateway = Gateway::start().await;
    let url = format!("rtmp://{}/demo/s1", gateway.rtmp);
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        peers.push(RawPeer::connected(&url).await);
    }
    let idle = gateway.rss();
    for peer in &mut peers {
        // As large as allowed but for its last chunk, which is a byte of header and 128 more.
        let chunks = peer.chunks(20, 0, &vec![2; 65_536]);
        peer.send(&chunks[..chunks.len() - 129]).await.unwrap();
    }
    // What was sent is read soon; the largest of some looks counts.
    let mut most = 0;
    let start = Instant::now();
    while start.elapsed() < SOON {
        most = most.max(gateway.rss());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let each = most.saturating_sub(idle) / PEERS;
    assert!(each >= 32 << 10, "the test held nothing: {each} bytes each");
    assert!(each <= 256 << 10, "{each} bytes for each connection");
    for peer in &mut peers[..10] {
        let begun = [
            header(0, 9, 0, 60_000, 20, 0),
            vec![2; 128],
            vec![0xC9],
            vec![2; 128],
        ];
        let _ = peer.send(&begun.concat()).await;
        peer.closed(SOON).await;
    }
    ended(&gateway, 10.0).await;
}

/// TLS handshakes that do not go on end as well, and RTMPS works meanwhile.
#[tokio::test]
async fn slow_tls_handshakes_end() {
    let [rtmps] = free_ports();
    let dir = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&certificate, signed.cert.pem()).unwrap();
    std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let gateway = Gateway::start_with(&[
        "rtmp.login_timeout=2s",
        &format!("rtmps.listen=[\"{rtmps}\"]"),
        &format!("rtmps.certificate={}", certificate.display()),
        &format!("rtmps.key={}", key.display()),
    ])
    .await;
    let room = gateway.api().await.create_room(json!({})).await;
    let beside = Beside::start(&room, "good").await;
    let (_, push, _) = room.publisher("tls").await;

    let mut slow = JoinSet::new();
    for hello in [vec![], vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]] {
        let mut bytes = hello;
        bytes.resize(200, 0);
        let peer = RawPeer::connect(rtmps).await;
        slow.spawn(drip(peer, bytes, Duration::from_millis(250)));
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add(signed.cert.der().clone()).unwrap();
    let tls = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let url = push
        .replace("rtmp://", "rtmps://")
        .replace(&gateway.rtmp.to_string(), &format!("localhost:{}", rtmps.port()));
    let options = DialOptions {
        tls: Some(Arc::new(tls)),
        ..DialOptions::default()
    };
    let url = RtmpUrl::parse(&url).unwrap();
    RtmpClient::open(&url, Purpose::Publish, options, seed())
        .await
        .unwrap();
    for lived in slow.join_all().await {
        assert!(lived < Duration::from_millis(3_500), "closed after {lived:?}");
    }
    beside.assert_undisturbed().await;
}

/// A good client is not cut off when its login is over, however short the time for it.
#[tokio::test]
async fn the_time_for_login_ends_with_the_login() {
    let gateway = Gateway::start_with(&["rtmp.login_timeout=1s"]).await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (_, push, pull) = room.publisher("ann").await;
    // A player that waits for its publisher is past the login, too.
    let mut waiting = lianmai_tests::numbered::Player::start(&pull).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut publisher = lianmai_tests::numbered::Publisher::start(&push, Shape::P720).await;
    waiting.has(50).await;
    let sent = publisher.pause().await;
    waiting.assert_complete(sent).await;
}
