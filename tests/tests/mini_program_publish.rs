//! What else `live-pusher` does, and what the gateway makes of it (rows 10, 11 and 13 of docs/mini-program.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_rtmp::protocol::{Control, MediaKind, Purpose, type_id};
use lianmai_tests::api::text;
use lianmai_tests::chunked::ChunkedPublisher;
use lianmai_tests::clip::{Clip, bodies, is_frame, later, send};
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, Room, Stage, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

async fn room(gateway: &Gateway) -> Room {
    gateway.api().await.create_room(json!({"name": "pushers"})).await
}

/// Row 10, R-R4: the publisher announces no window and still hears acknowledgements, with growing numbers, and
/// was told the server's own window and bandwidth.
#[tokio::test]
async fn row_10_acknowledges_a_publisher_that_set_no_window() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let (_, push, _) = room.publisher("ann").await;
    let mut publisher = ChunkedPublisher::open(&push).await;
    for needed in [type_id::WINDOW_ACK_SIZE, type_id::SET_PEER_BANDWIDTH] {
        assert!(
            publisher.login.iter().any(|m| m.type_id == needed),
            "no message of type {needed}"
        );
    }
    publisher.set_chunk_size(60_000).await;
    let frame = vec![0x27; 50_000];
    for n in 0..120 {
        publisher.media(MediaKind::Video, n * 40, &frame).await;
    }
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 4 {
        let message = publisher.message(LIMIT).await.expect("an acknowledgement");
        if let Some(Control::Acknowledgement(number)) = Control::parse(&message) {
            acknowledged.push(number);
        }
    }
    assert!(
        acknowledged.is_sorted() && acknowledged[3] > 4_000_000,
        "{acknowledged:?}"
    );
}

/// Row 11: the chunk size changes while media flows, also between the chunks of one message; players get every
/// byte.
#[tokio::test]
async fn row_11_chunk_size_changes_while_publishing() {
    let stage = Stage::new(json!({})).await;
    let mut publisher = ChunkedPublisher::open(&stage.push).await;
    let mut player = Viewer::open(&stage.pull).await;
    for (kind, time, body) in stage.clip.headers() {
        publisher.media(kind, time, &body).await;
    }
    let sizes = [128, 4_096, 1, 60_000, 64, 0xFF_FFFF, 1_000];
    for (n, (kind, time, body)) in stage.clip.frames.iter().enumerate() {
        if n % 5 == 0 {
            publisher.set_chunk_size(sizes[n / 5 % sizes.len()]).await;
        }
        publisher.media(*kind, *time, body).await;
    }
    publisher.set_chunk_size(128).await;
    let mut odd = vec![0xAF, 1];
    odd.extend((0..400).map(|n| n as u8));
    publisher.split_message(2_100, &odd, 4_096).await;
    let tags = player.until("the divided message", |tag| tag.2 == odd).await;
    let arrived = bodies(&tags, is_frame);
    assert_eq!(arrived[..arrived.len() - 1], bodies(&stage.clip.frames, is_frame));
}

/// Row 13: in the background nothing may come for a while. A publisher that still answers pings stays as long as it
/// likes, and one that does not, nearly as long as `rtmp.silent_timeout`; its member stays too, and what it sends
/// afterwards reaches the same players.
#[tokio::test]
async fn row_13_a_publisher_in_the_background_stays() {
    let mut config = Gateway::start().await.cli(&["config", "print"]);
    assert!(config.wait(LIMIT).await.success());
    assert!(
        config.stdout().contains("silent_timeout = \"45s\""),
        "40 s of silence pass by default"
    );

    let gateway = Gateway::start_with(&["rtmp.silent_timeout=5s"]).await;
    let timing = json!({"member_grace_ms": 1_000});
    let room = gateway
        .api()
        .await
        .create_room(json!({"name": "background", "timing": timing}))
        .await;
    let clip = Clip::small().await;
    let (mute, mute_push, mute_pull) = room.publisher("mute").await;
    let (quiet, quiet_push, quiet_pull) = room.publisher("quiet").await;
    let mut mute_publisher = open(&mute_push, Purpose::Publish).await.unwrap();
    let mut quiet_publisher = open(&quiet_push, Purpose::Publish).await.unwrap();
    let flv = text(&room.pull(&quiet).await, "http_flv");
    let mut players = [
        Viewer::open(&mute_pull).await,
        Viewer::open(&quiet_pull).await,
        Viewer::open(&flv).await,
    ];
    let last = clip.frames.last().unwrap().clone();
    for publisher in [&mut mute_publisher, &mut quiet_publisher] {
        send(publisher, &clip.all()).await;
    }
    for player in &mut players {
        player.until("the last frame", |tag| tag.2 == last.2).await;
    }
    let [mute_player, quiet_players @ ..] = &mut players;
    // Players answer pings while they wait; so does this publisher, and the other one does not.
    let answering = tokio::time::timeout(Duration::from_millis(11_500), async {
        quiet_publisher.next_event().await
    });
    let background = async {
        mute_player.hears_nothing_for(Duration::from_millis(3_500)).await;
        send(&mut mute_publisher, &later(&clip.frames, 5_000)).await;
        mute_player
            .until("media after the silence", |tag| tag.2 == last.2)
            .await;
    };
    let [first, second] = quiet_players;
    let (answered, (), (), ()) = tokio::join!(
        answering,
        background,
        first.hears_nothing_for(Duration::from_secs(11)),
        second.hears_nothing_for(Duration::from_secs(11)),
    );
    assert!(answered.is_err(), "the silent publisher was ended: {answered:?}");
    assert_eq!(room.stream(&quiet).await["on_air"], true);
    send(&mut quiet_publisher, &later(&clip.frames, 14_000)).await;
    for player in quiet_players {
        player
            .until("media after the silence", |tag| tag.2 == last.2)
            .await;
    }
    // The mute one answers nothing for longer than the limit now: it counts as gone.
    wait::until("the mute publisher counts as gone", LIMIT, || async {
        (room.stream(&mute).await["on_air"] != true).then_some(())
    })
    .await;
}
