//! R-Y4 and reliability §3.4: two thousand connections that do nothing leave the service working, cost little and
//! leave nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::machine::{allow_files, cpu_share};
use lianmai_tests::numbered::{Beside, Player};
use lianmai_tests::raw_peer::RawPeer;
use lianmai_tests::{Gateway, Room, wait};
use serde_json::json;

const IDLE: usize = 2_000;
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn load_two_thousand_idle_connections() {
    allow_files(std::process::id(), 8_192);
    let gateway = Gateway::start_with(&["rtmp.login_timeout=5s"]).await;
    allow_files(gateway.id(), 8_192);
    let room = gateway.api().await.create_room(json!({})).await;
    let beside = Beside::start(&room, "good").await;

    let first = wave(&gateway, &room, &beside).await;
    let between = gateway.rss();
    let second = wave(&gateway, &room, &beside).await;
    let after = gateway.rss();
    println!("idle connections: {first} and {second} bytes each; {between} and {after} bytes afterwards");
    assert!(first < 16 << 10, "{first} bytes for each idle connection");
    // What the first wave used is used again.
    assert!(
        after < between + (2 << 20),
        "each wave costs memory for ever: {between}, then {after}"
    );
    beside.assert_undisturbed().await;
    let share = cpu_share(gateway.id(), Duration::from_secs(2)).await;
    assert!(share < 0.05, "{share} of a core after all have gone");
}

/// Opens all connections, half of them greeted, uses the service meanwhile and waits until all are closed. What each
/// of them costs.
async fn wave(gateway: &Gateway, room: &Room, beside: &Beside) -> u64 {
    let before = gateway.rss();
    let others = connections(gateway).await;
    let mut idle = Vec::with_capacity(IDLE);
    for n in 0..IDLE {
        let mut peer = RawPeer::connect(gateway.rtmp).await;
        if n % 2 == 0 {
            peer.greet().await.unwrap();
        }
        idle.push(peer);
    }
    wait::until("all are there", LIMIT, || async {
        (connections(gateway).await >= others + IDLE as f64).then_some(())
    })
    .await;
    let each = gateway.rss().saturating_sub(before) / IDLE as u64;
    // A newcomer is served at once.
    let (seen, start) = (beside.pictures(), std::time::Instant::now());
    let (_, push, pull) = room.publisher("new").await;
    let _publisher =
        lianmai_tests::numbered::Publisher::start(&push, lianmai_tests::numbered::Shape::P720).await;
    let player = Player::start(&pull).await;
    player.has(5).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    wait::until("the others go on", LIMIT, || async {
        (beside.pictures() > seen + 5).then_some(())
    })
    .await;
    for peer in &mut idle {
        peer.closed(LIMIT).await;
    }
    drop((_publisher, player, idle));
    wait::until("all are gone", LIMIT, || async {
        (connections(gateway).await <= others).then_some(())
    })
    .await;
    each
}

async fn connections(gateway: &Gateway) -> f64 {
    gateway.metric("lianmai_connections", "protocol=\"rtmp\"").await
}
