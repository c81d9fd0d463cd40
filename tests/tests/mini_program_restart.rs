//! Pushing again, by the same member and by another, and restarts of the gateway (rows 3 and 5 of
//! docs/mini-program.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_rtmp::client::{ClientError, RtmpClient};
use lianmai_rtmp::protocol::{MediaKind, Purpose, SessionErrorKind};
use lianmai_tests::api::text;
use lianmai_tests::clip::{is_frame, is_key, later, send};
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, Stage, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

async fn stage() -> Stage {
    Stage::new(json!({"name": "pushers", "timing": {"url_overlap_ms": 4_000}})).await
}

/// The code with which the server ended the connection; what is not such an end is a failure of the test.
async fn told(client: &mut RtmpClient) -> String {
    let ending = async {
        loop {
            if let Err(error) = client.next_event().await {
                return error;
            }
        }
    };
    let ending = tokio::time::timeout(LIMIT, ending)
        .await
        .expect("the connection is ended");
    match ending {
        ClientError::Session(error) => match error.kind {
            SessionErrorKind::Ended { code, .. } => code,
            other => panic!("ended by {other}"),
        },
        other => panic!("ended by {other}"),
    }
}

/// Why the server refuses `url` for publishing.
async fn refusal(url: &str) -> String {
    match open(url, Purpose::Publish).await {
        Ok(_) => panic!("accepted"),
        Err(error) => format!("{error:#}"),
    }
}

/// Row 3, R-X1: after -1307 an app pushes again while its last connection may still be open, or half open. Five
/// times in a row: each is on air at once, the one before is told so, players stay and see one growing timeline.
#[tokio::test]
async fn row_03_a_restarted_push_replaces_the_old_one() {
    let stage = stage().await;
    let mut players = stage.players().await;
    let mut old = Vec::new();
    let mut seen = [Vec::new(), Vec::new()];
    let last = stage.clip.frames.last().unwrap();
    for _ in 0..5 {
        let start = Instant::now();
        // The one before is still open, and nobody reads from it or closes it any more.
        let mut publisher = stage.publisher().await;
        send(&mut publisher, &stage.clip.all()).await;
        old.push(publisher);
        for (player, seen) in players.iter_mut().zip(&mut seen) {
            seen.extend(player.until("the last frame", |tag| tag.2 == last.2).await);
        }
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "took {:?}",
            start.elapsed()
        );
    }
    for seen in &seen {
        let pictures: Vec<_> = seen
            .iter()
            .filter(|tag| tag.0 == MediaKind::Video && is_frame(tag))
            .collect();
        assert_eq!(pictures.len(), 250, "all pictures of all five");
        assert!(pictures.is_sorted_by_key(|tag| tag.1));
    }
    let mut newest = old.pop().unwrap();
    for publisher in &mut old {
        assert_eq!(told(publisher).await, "NetStream.Unpublish.Success");
    }
    send(&mut newest, &later(&stage.clip.frames, 3_000)).await;
    wait::until("one publisher and one player are left", LIMIT, || async {
        let open = stage
            .gateway
            .metric("lianmai_connections", "protocol=\"rtmp\"")
            .await;
        (open == 2.0).then_some(())
    })
    .await;
}

/// Row 3: the same without waiting for anything in between.
#[tokio::test]
async fn row_03_the_last_of_many_pushes_wins() {
    let stage = stage().await;
    let mut player = Viewer::open(&stage.pull).await;
    let mut publishers = Vec::new();
    for _ in 0..5 {
        let mut publisher = stage.publisher().await;
        send(&mut publisher, &stage.clip.all()).await;
        publishers.push(publisher);
    }
    let mut newest = publishers.pop().unwrap();
    for publisher in &mut publishers {
        assert_eq!(told(publisher).await, "NetStream.Unpublish.Success");
    }
    let mut marked = vec![0xAF, 1];
    marked.extend([9; 30]);
    send(&mut newest, &[(MediaKind::Audio, 2_100, marked.clone().into())]).await;
    player
        .until("the newest one's media", |tag| tag.2 == marked)
        .await;
}

/// Row 3, R-V6: a push that goes on between two key frames, as after a lost connection. Its pictures refer to ones
/// that nobody got, so players go on with its next key frame; its sound does not wait.
#[tokio::test]
async fn row_03_a_push_between_key_frames_shows_no_broken_picture() {
    let stage = stage().await;
    let mut players = stage.players().await;
    let mut first = stage.publisher().await;
    send(&mut first, &stage.clip.all()).await;
    let last = stage.clip.frames.last().unwrap();
    for player in &mut players {
        player.until("the last frame", |tag| tag.2 == last.2).await;
    }
    let middle = stage.clip.frames.iter().position(|tag| tag.1 > 500).unwrap();
    let mut second = stage.publisher().await;
    send(&mut second, &stage.clip.headers()).await;
    send(&mut second, &stage.clip.frames[middle..]).await;
    for player in &mut players {
        let tags = player.until("the last frame", |tag| tag.2 == last.2).await;
        let of_track = |kind| tags.iter().filter(move |tag| is_frame(tag) && tag.0 == kind);
        assert!(is_key(of_track(MediaKind::Video).next().unwrap()));
        assert_eq!(of_track(MediaKind::Video).count(), 25);
        assert!(of_track(MediaKind::Audio).count() > 60, "sound from the start");
    }
}

/// Row 3: camera switched off and on, page hidden and shown: a proper end and a new push within half a second.
#[tokio::test]
async fn row_03_stop_and_start_keeps_the_players() {
    let stage = stage().await;
    let mut player = Viewer::open(&stage.pull).await;
    for pause in [100, 300, 500] {
        let mut publisher = stage.publisher().await;
        send(&mut publisher, &stage.clip.all()).await;
        let last = stage.clip.frames.last().unwrap().clone();
        player.until("the last frame", |tag| tag.2 == last.2).await;
        publisher.finish().await.unwrap();
        player.hears_nothing_for(Duration::from_millis(pause)).await;
    }
}

/// Row 3, R-W1: a URL was re-issued because somebody else has the old one. Whoever holds the old one is closed
/// properly when the new one is used (the component then says 3004), and cannot win the stream back: not within
/// the overlap, and not after it.
#[tokio::test]
async fn row_03_another_holder_gets_a_clean_close() {
    let stage = stage().await;
    let mut old = stage.publisher().await;
    send(&mut old, &stage.clip.all()).await;
    let mut player = Viewer::open(&stage.pull).await;
    player.until("a picture", is_key).await;

    let path = format!("/v1/rooms/{}/streams/{}/push-url", stage.room.id, stage.stream);
    let new_url = text(&stage.room.api.ok("POST", &path, None).await["push"], "url");
    let reissued = Instant::now();
    // The overlap: until the new URL is used, the old one goes on.
    let mut again = stage.publisher().await;
    assert_eq!(told(&mut old).await, "NetStream.Unpublish.Success");

    let mut new = open(&new_url, Purpose::Publish).await.unwrap();
    // Media on the way when the server closes must not turn the close into a broken connection.
    for n in 0..50 {
        if again.send_media(MediaKind::Audio, n, &[0xAF, 1, 0]).is_err() || again.flush().await.is_err() {
            break;
        }
    }
    assert_eq!(told(&mut again).await, "NetStream.Unpublish.Success");
    assert!(
        refusal(&stage.push).await.contains("NetStream.Publish.BadName"),
        "the new holder keeps the stream"
    );
    send(&mut new, &stage.clip.all()).await;
    player.until("the new holder's picture", is_key).await;

    wait::until("the overlap is over", LIMIT, || async {
        (reissued.elapsed() > Duration::from_millis(4_200)).then_some(())
    })
    .await;
    assert!(
        refusal(&stage.push)
            .await
            .contains("NetStream.Publish.Unauthorized")
    );
    send(&mut new, &later(&stage.clip.frames, 3_000)).await;
    player.until("the new holder goes on", is_key).await;
}

/// Row 5: the component tries three times, three seconds apart, and then gives up with -1307 or -2301. A gateway
/// that ends and is started again is back before the second try, for publisher and player.
async fn a_restart_is_short(end: impl AsyncFnOnce(&mut Gateway)) {
    let mut stage = stage().await;
    let mut publisher = stage.publisher().await;
    send(&mut publisher, &stage.clip.all()).await;
    let mut player = Viewer::open(&stage.pull).await;
    player.until("a picture", is_key).await;
    let gone = Instant::now();
    let reconnect = async |url: &str, purpose| {
        for attempt in 1..=3 {
            tokio::time::sleep((Duration::from_secs(3) * (attempt - 1)).saturating_sub(gone.elapsed())).await;
            // The gateway that ends takes nobody any more.
            if let Ok(client) = open(url, purpose).await {
                return (attempt, client);
            }
        }
        panic!("three tries failed");
    };
    end(&mut stage.gateway).await;
    let (_, (push_attempt, mut publisher), (play_attempt, player)) = tokio::join!(
        stage.gateway.restart(),
        reconnect(&stage.push, Purpose::Publish),
        reconnect(&stage.pull, Purpose::Play)
    );
    assert!(
        push_attempt <= 2 && play_attempt <= 2,
        "{push_attempt}, {play_attempt}"
    );
    assert!(
        gone.elapsed() < Duration::from_secs(5),
        "took {:?}",
        gone.elapsed()
    );
    send(&mut publisher, &stage.clip.all()).await;
    let mut player = Viewer::Rtmp(Box::new(player));
    player.until("a picture", is_key).await;
}

#[tokio::test]
async fn row_05_a_crash_is_over_before_the_component_gives_up() {
    a_restart_is_short(async |gateway| gateway.kill()).await;
}

/// Clients that do not react to the goodbye do not hold up the restart.
#[tokio::test]
async fn row_05_a_restart_is_over_before_the_component_gives_up() {
    a_restart_is_short(async |gateway| {
        gateway.process().signal("-TERM");
        assert!(gateway.process().wait(LIMIT).await.success());
    })
    .await;
}
