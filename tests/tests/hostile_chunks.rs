//! R-R1, R-R2, R-R5: chunk streams that crash or end other servers, sent to a running gateway by hand after a real
//! handshake. Each time the process lives on without a panic, and a publisher and a player beside lose nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::Command;
use lianmai_tests::hostile::Scene;
use lianmai_tests::numbered::{AUDIO_HEADER, VIDEO_HEADER, picture, sound};
use lianmai_tests::raw_peer::{RawPeer, header};
use lianmai_tests::wait;

const LIMIT: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);

/// Panics in rml_rtmp: two chunk streams interleaved in the middle of their messages, which is legal.
#[tokio::test]
async fn interleaved_chunk_streams() {
    let scene = Scene::new().await;
    let mut peer = RawPeer::publishing(&scene.push).await;
    peer.message(9, 1, VIDEO_HEADER).await;
    peer.message(8, 1, AUDIO_HEADER).await;
    for n in 0..50 {
        let (one, two) = (picture(n, n == 0, 300), sound(n));
        let parts = [
            header(0, 6, n * 40, one.len(), 9, 1),
            one[..128].to_vec(),
            header(0, 4, n * 40, two.len(), 8, 1),
            two[..128].to_vec(),
            vec![0xC6],
            one[128..256].to_vec(),
            vec![0xC4],
            two[128..].to_vec(),
            vec![0xC6],
            one[256..].to_vec(),
        ];
        peer.send(&parts.concat()).await.unwrap();
    }
    wait::until("all pictures are taken", LIMIT, || async {
        (scene.frames().await == 50).then_some(())
    })
    .await;
    assert!(peer.answers().await);
    scene.survived().await;
}

/// Reserves 16 MB per header in rml_rtmp. Ours takes no more than what has come, and ends at its limits.
#[tokio::test]
async fn announcements_of_sixteen_megabytes() {
    let scene = Scene::new().await;
    let before = scene.protocol_errors().await;
    for csid in [3, 64, 1_000, 65_599] {
        let mut peer = RawPeer::greeted(scene.gateway.rtmp).await;
        let _ = peer.send(&header(0, csid, 0, 0xFF_FFFF, 20, 0)).await;
        peer.closed(SOON).await;
    }
    // A publisher may send 8 MiB: begun on many chunk streams, they cost what was sent of them.
    let mut peer = RawPeer::publishing(&scene.push).await;
    let idle = scene.gateway.rss();
    for csid in 10..60 {
        let begun = [header(0, csid, 0, 8 << 20, 9, 1), vec![0; 128]].concat();
        peer.send(&begun).await.unwrap();
    }
    assert!(peer.answers().await);
    let grown = scene.gateway.rss().saturating_sub(idle);
    assert!(grown < 8 << 20, "50 announcements of 8 MiB cost {grown} bytes");
    let _ = peer.send(&header(0, 61, 0, (8 << 20) + 1, 9, 1)).await;
    peer.closed(SOON).await;
    scene.more_protocol_errors(before, 5.0).await;
    scene.survived().await;
}

/// R-R5, and what CVE-2016-10191 is about: messages given up half-way, by Abort and by a new header of another length.
#[tokio::test]
async fn abandoned_messages() {
    let scene = Scene::new().await;
    let mut peer = RawPeer::publishing(&scene.push).await;
    peer.message(9, 1, VIDEO_HEADER).await;
    let whole = picture(0, true, 100);
    for abort in [true, false] {
        let begun = [header(0, 6, 0, 5_000, 9, 1), vec![7; 128]].concat();
        peer.send(&begun).await.unwrap();
        if abort {
            peer.message(2, 0, &6_u32.to_be_bytes()).await;
        }
        let next = [header(0, 6, 40, whole.len(), 9, 1), whole.clone()].concat();
        peer.send(&next).await.unwrap();
    }
    // An abort of what was never begun.
    peer.message(2, 0, &60_000_u32.to_be_bytes()).await;
    scene.takes(2).await;
    assert!(peer.answers().await);
    // An abort that names no chunk stream ends the connection, clearly.
    let before = scene.protocol_errors().await;
    peer.message(2, 0, &[1]).await;
    peer.closed(SOON).await;
    scene.more_protocol_errors(before, 1.0).await;
    scene
        .wait_for("lianmai_rtmp_ignored_total", "what=\"abandoned\"", 1.0)
        .await;
    scene.survived().await;
}

/// lal#331: chunk sizes of 0, 1 and the largest, at any time; broken aggregates; floods.
#[tokio::test]
async fn chunk_sizes_aggregates_and_floods() {
    let scene = Scene::new().await;
    for size in [0, u32::MAX, 1 << 31] {
        let mut peer = RawPeer::publishing(&scene.push).await;
        peer.message(1, 0, &u32::to_be_bytes(size)).await;
        // Closed, or gone on with some size: what follows decides nothing for others.
        peer.message(9, 1, &[0; 300]).await;
    }
    let mut peer = RawPeer::publishing(&scene.push).await;
    for body in [
        vec![],
        vec![9; 5],
        [9, 0xFF, 0xFF, 0xFF].repeat(100),
        vec![0; 1_000],
    ] {
        peer.message(22, 1, &body).await;
    }
    assert!(peer.answers().await, "broken aggregates end nothing");
    drop(peer);
    scene
        .wait_for("lianmai_rtmp_ignored_total", "what=\"aggregate\"", 1.0)
        .await;

    // More commands than anybody has reason to send before login.
    let mut peer = RawPeer::connected(&scene.push).await;
    for _ in 0..100 {
        peer.call(0, Command::new("releaseStream", 3.0, Value::Null).with("x"))
            .await;
    }
    peer.closed(SOON).await;
    // Other protocols at the first byte, and noise after the handshake.
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 2, 0], &[0xFF; 64]] {
        let mut peer = RawPeer::connect(scene.gateway.rtmp).await;
        let _ = peer.send(bytes).await;
        peer.closed(SOON).await;
    }
    let mut peer = RawPeer::greeted(scene.gateway.rtmp).await;
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let _ = peer.send(&noise).await;
    peer.closed(SOON).await;
    scene.survived().await;
}
