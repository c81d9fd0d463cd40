//! Rights taken back take effect at once: a kicked member and a destroyed room lose their connections within a second,
//! others notice nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_tests::api::text;
use lianmai_tests::numbered::{Beside, Player, Publisher, Shape};
use lianmai_tests::{Gateway, Room, wait};
use serde_json::json;
use tokio::task::JoinSet;

const AT_ONCE: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(10);

/// An HTTP-FLV and a WS-FLV player that end with their connections.
async fn flv_players(pull: &serde_json::Value) -> JoinSet<()> {
    let mut players = JoinSet::new();
    let mut answer = reqwest::get(text(pull, "http_flv")).await.unwrap();
    assert!(!answer.chunk().await.unwrap().unwrap().is_empty());
    players.spawn(async move { while let Ok(Some(_)) = answer.chunk().await {} });
    let (mut socket, _) = tokio_tungstenite::connect_async(text(pull, "ws_flv"))
        .await
        .unwrap();
    players.spawn(async move {
        use futures_util::StreamExt;
        while let Some(Ok(_)) = socket.next().await {}
    });
    players
}

/// Waits for the end of all of them; how long after `start` that was.
async fn all_end(players: &mut JoinSet<()>, start: Instant) -> Duration {
    tokio::time::timeout(LIMIT, async { while players.join_next().await.is_some() {} })
        .await
        .expect("still playing");
    start.elapsed()
}

async fn until_ended(what: &str, mut ended: impl FnMut() -> bool, start: Instant) {
    wait::until(what, LIMIT, || std::future::ready(ended().then_some(()))).await;
    assert!(start.elapsed() < AT_ONCE, "{what} took {:?}", start.elapsed());
}

#[tokio::test]
async fn a_kicked_member_is_cut_off_everywhere() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({})).await;
    let beside = Beside::start(&room, "good").await;
    let (bobs, bob_push, _) = room.publisher("bob").await;
    let mut bob = Publisher::start(&bob_push, Shape::P720).await;
    let member = room.join("ann", "talker").await;
    let (anns, push) = room.publish(&member).await;
    let mut ann = Publisher::start(&push, Shape::P720).await;
    let hers = Room {
        api: gateway.api_as("ann").await,
        id: room.id.clone(),
    };
    let pull = hers.pull(&bobs).await;
    let mut watching = Player::start(&text(&pull, "rtmp")).await;
    let mut flv = flv_players(&pull).await;
    // Somebody who watches bob by right of the app stays; who watches ann has nothing more to watch.
    let mut stays = Player::start(&text(&room.pull(&bobs).await, "rtmp")).await;
    let mut viewer = Player::start(&text(&room.pull(&anns).await, "rtmp")).await;
    for player in [&watching, &stays, &viewer] {
        player.has(3).await;
    }

    let start = Instant::now();
    room.api
        .ok("DELETE", &format!("/v1/rooms/{}/members/{member}", room.id), None)
        .await;
    until_ended("the publisher's end", || ann.ended(), start).await;
    until_ended("the player's end", || watching.ended(), start).await;
    until_ended("the end of her viewers", || viewer.ended(), start).await;
    let took = all_end(&mut flv, start).await;
    assert!(took < AT_ONCE, "FLV players went on for {took:?}");
    assert!(room.stream(&anns).await.is_null(), "her stream is gone");

    let sent = bob.pause().await;
    stays.assert_complete(sent).await;
    beside.assert_undisturbed().await;
}

#[tokio::test]
async fn a_destroyed_room_ends_for_everybody_in_it() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    let other = api.create_room(json!({})).await;
    let beside = Beside::start(&other, "good").await;
    let room = api.create_room(json!({})).await;
    let mut publishers = Vec::new();
    let mut players = Vec::new();
    let mut flv = JoinSet::new();
    for account in ["ann", "bob"] {
        let (stream, push, pull) = room.publisher(account).await;
        publishers.push(Publisher::start(&push, Shape::P720).await);
        players.push(Player::start(&pull).await);
        players.last().unwrap().has(3).await;
        let mut more = flv_players(&room.pull(&stream).await).await;
        flv.spawn(async move { while more.join_next().await.is_some() {} });
    }
    let start = Instant::now();
    api.ok("DELETE", &format!("/v1/rooms/{}", room.id), None).await;
    for publisher in &mut publishers {
        until_ended("a publisher's end", || publisher.ended(), start).await;
    }
    for player in &mut players {
        until_ended("a player's end", || player.ended(), start).await;
    }
    let took = all_end(&mut flv, start).await;
    assert!(took < AT_ONCE, "FLV players went on for {took:?}");
    beside.assert_undisturbed().await;
}
