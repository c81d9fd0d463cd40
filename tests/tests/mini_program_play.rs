//! What `live-player` needs (rows 4, 7, 12, 14 and 17 of docs/mini-program.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_media::amf0::Value;
use lianmai_media::{Metadata, flv};
use lianmai_rtmp::protocol::{MediaKind, Purpose};
use lianmai_tests::api::text;
use lianmai_tests::clip::{Clip, bodies, is_frame, is_key, later, metadata, number, send};
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, Room, Stage};
use serde_json::json;

async fn room(gateway: &Gateway) -> Room {
    gateway
        .api()
        .await
        .create_room(json!({"name": "players", "limits": {"videos": 9}}))
        .await
}

/// Row 4: an app starts its player as soon as it knows the URL and does not try again. Ten seconds later the
/// publisher comes, and both players start with its first key frame.
#[tokio::test]
async fn row_04_a_player_that_comes_first_starts_with_the_publisher() {
    let stage = Stage::new(json!({})).await;
    let (mut first, mut second) = (Viewer::open(&stage.pull).await, Viewer::open(&stage.flv).await);
    let early = Duration::from_secs(10);
    tokio::join!(first.hears_nothing_for(early), second.hears_nothing_for(early));
    let mut publisher = stage.publisher().await;
    send(&mut publisher, &stage.clip.all()).await;
    let last = stage.clip.frames.last().unwrap().clone();
    for player in [&mut first, &mut second] {
        let tags = player.until("the last frame", |tag| tag.2 == last.2).await;
        assert_eq!(bodies(&tags, is_frame), bodies(&stage.clip.frames, is_frame));
    }
}

/// Row 7: one report says that a player which is told `audiodatarate` 0 stays black after 2004. Whatever the
/// publisher says or leaves out, players are told plausible values.
#[tokio::test]
async fn row_07_metadata_is_plausible_whatever_the_publisher_sends() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let clip = Clip::small().await;
    let zero = |name: &str| (name.to_owned(), Value::Number(0.0));
    let own = Metadata::new(vec![
        ("author".to_owned(), Value::from("live-pusher")),
        zero("audiodatarate"),
        zero("videodatarate"),
        zero("framerate"),
        ("width".to_owned(), Value::Number(9_999.0)),
    ]);
    let without_rates = Metadata::new(vec![("author".to_owned(), Value::from("live-pusher"))]);
    for (account, own) in [("zero", Some(own)), ("bare", Some(without_rates)), ("none", None)] {
        let (stream, push, pull) = room.publisher(account).await;
        let flv = text(&room.pull(&stream).await, "http_flv");
        let mut publisher = open(&push, Purpose::Publish).await.unwrap();
        let mut early = [Viewer::open(&pull).await, Viewer::open(&flv).await];
        if let Some(own) = &own {
            let body = flv::metadata_body(own);
            send(&mut publisher, &[(MediaKind::Data, 0, body)]).await;
        }
        send(&mut publisher, &clip.all()[1..]).await;
        let late = [Viewer::open(&pull).await, Viewer::open(&flv).await];
        for player in early.iter_mut().chain(&mut { late }) {
            let mut kinds = [false, false];
            let tags = player.until("both tracks", |tag| {
                kinds[0] |= is_frame(tag) && tag.0 == MediaKind::Video;
                kinds[1] |= is_frame(tag) && tag.0 == MediaKind::Audio;
                kinds == [true, true]
            });
            let tags = tags.await;
            assert!(metadata(&tags[0]).is_some(), "{account}: metadata comes first");
            let told = tags.iter().rev().find_map(metadata).unwrap();
            let value = |key| number(&told, key).unwrap_or_else(|| panic!("{account}: no {key} in {told:?}"));
            assert_eq!((value("width"), value("height")), (160.0, 120.0));
            assert_eq!((value("videocodecid"), value("audiocodecid")), (7.0, 10.0));
            assert_eq!(value("audiosamplerate"), 48_000.0);
            assert!(
                (8.0..=320.0).contains(&value("audiodatarate")),
                "{account}: {told:?}"
            );
            assert!(value("videodatarate") > 0.0, "{account}: {told:?}");
            assert!((1.0..=120.0).contains(&value("framerate")), "{account}: {told:?}");
            if own.is_some() {
                assert_eq!(
                    told.get("author").and_then(Value::as_str),
                    Some("live-pusher"),
                    "keys are kept"
                );
            }
        }
    }
}

/// Row 12: a player in RTC mode catches up slowly, so the picture starts at the newest key frame and not at an
/// older one; with `gop=0`, at the next one. Sound does not wait.
#[tokio::test]
async fn row_12_play_begins_at_the_newest_key_frame() {
    let stage = Stage::new(json!({})).await;
    let keys: Vec<_> = stage
        .clip
        .frames
        .iter()
        .filter(|tag| is_key(tag))
        .cloned()
        .collect();
    assert_eq!(keys.len(), 2, "one key frame a second");
    // The second group of pictures is half over when the players come.
    let (sent, rest) = stage
        .clip
        .frames
        .split_at(stage.clip.frames.iter().position(|tag| tag.1 > 1_500).unwrap());
    let mut publisher = stage.publisher().await;
    let mut witness = Viewer::open(&stage.pull).await;
    send(&mut publisher, &stage.clip.headers()).await;
    send(&mut publisher, sent).await;
    let newest = sent.last().unwrap().clone();
    witness
        .until("everything is in the ring", |tag| tag.2 == newest.2)
        .await;
    for url in [&stage.pull, &stage.flv] {
        let mut player = Viewer::open(url).await;
        let mut bare = Viewer::open(&format!("{url}&gop=0")).await;
        let tags = player.until("the live edge", |tag| tag.2 == newest.2).await;
        let pictures = bodies(&tags, |tag| is_frame(tag) && tag.0 == MediaKind::Video);
        assert_eq!(pictures[0], keys[1].2, "starts with the newest key frame");
        assert!(pictures.len() < 16, "{} pictures of the past", pictures.len());

        bare.hears_nothing_for(Duration::from_millis(300)).await;
        send(&mut publisher, rest).await;
        let sound = bare.until("sound at once", is_frame).await;
        assert!(
            sound
                .iter()
                .all(|tag| tag.0 != MediaKind::Video || !is_frame(tag))
        );
        send(&mut publisher, &later(&stage.clip.frames, 2_000)).await;
        let tags = bare
            .until("a picture", |tag| is_frame(tag) && tag.0 == MediaKind::Video)
            .await;
        assert!(is_key(tags.last().unwrap()), "and it is a key frame");
        // Back to the state before: a fresh publication, half way through its second group.
        publisher = stage.publisher().await;
        send(&mut publisher, &stage.clip.headers()).await;
        send(&mut publisher, sent).await;
        witness
            .until("everything again", |tag| tag.2 == newest.2 && tag.1 > 4_000)
            .await;
    }
}

/// Row 14, R-T2: the component's clock starts at 0 with every push. Players of both protocols see one timeline that
/// never goes back, sequence headers included.
#[tokio::test]
async fn row_14_time_goes_on_when_the_publisher_starts_again_at_zero() {
    let stage = Stage::new(json!({})).await;
    // Another size, so that the second push brings another sequence header.
    let larger = lianmai_tests::media::Source {
        size: "320x240",
        seconds: Some(2.0),
        ..Default::default()
    };
    let larger = Clip::make(larger).await;
    let mut players = stage.players().await;
    let mut seen = [Vec::new(), Vec::new()];
    for clip in [&stage.clip, &larger, &stage.clip] {
        let mut publisher = stage.publisher().await;
        send(&mut publisher, &clip.all()).await;
        let last = clip.frames.last().unwrap();
        for (player, seen) in players.iter_mut().zip(&mut seen) {
            seen.extend(player.until("the last frame", |tag| tag.2 == last.2).await);
        }
    }
    for seen in &seen {
        for kind in [MediaKind::Video, MediaKind::Audio] {
            let times: Vec<u32> = seen.iter().filter(|tag| tag.0 == kind).map(|tag| tag.1).collect();
            let back = times.windows(2).find(|pair| pair[1] < pair[0]);
            assert!(back.is_none(), "{kind:?} goes back: {back:?}");
            assert!(*times.last().unwrap() > 5_500, "{kind:?}: {times:?}");
        }
        // Players that build on FFmpeg take metadata with another time for a subtitle track.
        assert!(
            seen.iter()
                .filter(|tag| metadata(tag).is_some())
                .all(|tag| tag.1 == 0)
        );
    }
}

/// Row 17: a page with nine players, each with its own connection: the sound of one stream alone (as with a mixed
/// stream), and eight pictures without sound. Each is told of its own track only.
#[tokio::test]
async fn row_17_nine_players_on_one_page() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let clip = Clip::small().await;
    let mut publishers = Vec::new();
    let mut players = Vec::new();
    for n in 0..8 {
        let (_, push, pull) = room.publisher(&format!("member-{n}")).await;
        publishers.push(open(&push, Purpose::Publish).await.unwrap());
        players.push((
            MediaKind::Video,
            Viewer::open(&format!("{pull}&only=video")).await,
        ));
        if n == 0 {
            players.push((
                MediaKind::Audio,
                Viewer::open(&format!("{pull}&only=audio")).await,
            ));
        }
    }
    assert_eq!(
        gateway.metric("lianmai_connections", "protocol=\"rtmp\"").await,
        17.0
    );
    for publisher in &mut publishers {
        send(publisher, &clip.all()).await;
    }
    assert_eq!(players.len(), 9);
    for (kind, player) in &mut players {
        let last = clip.track(*kind).pop().unwrap();
        let tags = player.until("the last frame", |tag| tag.2 == last.2).await;
        assert!(tags.iter().all(|tag| tag.0 == *kind || tag.0 == MediaKind::Data));
        assert_eq!(bodies(&tags, is_frame), bodies(&clip.track(*kind), is_frame));
        let told = tags.iter().find_map(metadata).unwrap();
        let audio = *kind == MediaKind::Audio;
        assert_eq!(told.get("audiocodecid").is_some(), audio);
        assert_eq!(told.get("videocodecid").is_some(), !audio);
    }
}
