//! Tracks that come late, never, or change (rows 6, 8 and 9 of docs/mini-program.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_media::{Metadata, flv};
use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::Stage;
use lianmai_tests::clip::{Clip, Tag, bodies, is_frame, is_header, is_key, later, metadata, number, send};
use lianmai_tests::media::Source;
use lianmai_tests::viewer::Viewer;
use serde_json::json;

/// Metadata that announces one track only.
fn announcing(clip: &Clip, kind: MediaKind) -> Tag {
    let mut own = metadata(&clip.metadata).unwrap();
    let absent: &[&str] = match kind {
        MediaKind::Video => &[
            "audiocodecid",
            "audiodatarate",
            "audiosamplerate",
            "audiosamplesize",
            "stereo",
        ],
        _ => &["videocodecid", "videodatarate", "framerate", "width", "height"],
    };
    absent.iter().for_each(|key| own.remove(key));
    let own = Metadata::new(own.properties().to_vec());
    (MediaKind::Data, 0, flv::metadata_body(&own))
}

fn header(clip: &Clip, kind: MediaKind) -> Tag {
    let header = match kind {
        MediaKind::Audio => &clip.audio_header,
        _ => &clip.video_header,
    };
    header.clone().unwrap()
}

/// Row 6, R-F1: one track starts two seconds after the other and the metadata never announced it. Players that were
/// there before and players that come later, over RTMP and HTTP-FLV, get both tracks whole, each after its header.
async fn a_track_comes_late(early: MediaKind, late: MediaKind) {
    let stage = Stage::new(json!({})).await;
    let mut publisher = stage.publisher().await;
    let mut players = Vec::from(stage.players().await);
    send(
        &mut publisher,
        &[announcing(&stage.clip, early), header(&stage.clip, early)],
    )
    .await;
    // In real time, so that waiting for the other track would show.
    let start = Instant::now();
    for tag in stage.clip.track(early) {
        let due = Duration::from_millis(u64::from(tag.1));
        tokio::time::sleep(due.saturating_sub(start.elapsed())).await;
        send(&mut publisher, &[tag]).await;
    }
    for player in &mut players {
        let newest = stage.clip.track(early).pop().unwrap();
        let tags = player
            .until("the first track alone", |tag| tag.2 == newest.2)
            .await;
        assert!(tags.iter().all(|tag| tag.0 != late));
        assert_eq!(
            bodies(&tags, is_frame),
            bodies(&stage.clip.track(early), is_frame)
        );
    }
    send(&mut publisher, &[header(&stage.clip, late)]).await;
    send(&mut publisher, &later(&stage.clip.frames, 2_000)).await;
    let last = stage.clip.frames.last().unwrap().clone();
    players.push(Viewer::open(&stage.pull).await);
    players.push(Viewer::open(&stage.flv).await);
    for (n, player) in players.iter_mut().enumerate() {
        let tags = player
            .until("both tracks", |tag| tag.2 == last.2 && tag.1 > 3_000)
            .await;
        let of_late: Vec<_> = tags.iter().filter(|tag| tag.0 == late).cloned().collect();
        assert!(is_header(&of_late[0]), "player {n}: the header comes first");
        let frames = bodies(&of_late, is_frame);
        let all = bodies(&stage.clip.track(late), is_frame);
        assert!(all.ends_with(&frames), "player {n} misses frames in between");
        if n < 2 {
            assert_eq!(frames.len(), all.len(), "player {n} misses frames at the start");
        }
        let told = tags.iter().rev().find_map(metadata).unwrap();
        assert_eq!(number(&told, "audiocodecid"), Some(10.0));
        assert_eq!(number(&told, "videocodecid"), Some(7.0));
        assert!(number(&told, "audiodatarate").unwrap() > 0.0);
        if let Some(header) = player.file_header() {
            // The first player began when only one track was known; flags of a file cannot be taken back.
            assert!(n < 2 || header.audio && header.video, "player {n}: {header:?}");
        }
    }
}

#[tokio::test]
async fn row_06_sound_that_comes_late_is_heard() {
    a_track_comes_late(MediaKind::Video, MediaKind::Audio).await;
}

/// Row 9: a stream that starts with the camera off gets its picture later, on the same connections.
#[tokio::test]
async fn row_09_a_camera_switched_on_later_is_seen() {
    a_track_comes_late(MediaKind::Audio, MediaKind::Video).await;
}

/// Rows 6 and 9: the other track never comes, even though the metadata announces it. Nobody waits for it for more than
/// the moment that HTTP-FLV needs for its flags, and players are told what there is.
async fn a_track_never_comes(only: MediaKind) {
    let stage = Stage::new(json!({})).await;
    let mut publisher = stage.publisher().await;
    let mut players = stage.players().await;
    let start = Instant::now();
    send(
        &mut publisher,
        &[stage.clip.metadata.clone(), header(&stage.clip, only)],
    )
    .await;
    send(&mut publisher, &stage.clip.track(only)[..3]).await;
    for (player, limit) in players.iter_mut().zip([700, 1_700]) {
        let tags = player.until("the only track", is_frame).await;
        let took = start.elapsed();
        assert!(
            took < Duration::from_millis(limit),
            "the first frame took {took:?}"
        );
        let told = tags.iter().find_map(metadata).unwrap();
        assert_eq!(told.get("audiocodecid").is_some(), only == MediaKind::Audio);
        assert_eq!(told.get("videocodecid").is_some(), only == MediaKind::Video);
    }
    send(&mut publisher, &stage.clip.track(only)[3..]).await;
    let last = stage.clip.track(only).pop().unwrap();
    for player in &mut players {
        player.until("all of it", |tag| tag.2 == last.2).await;
    }
}

#[tokio::test]
async fn row_06_sound_that_never_comes_is_not_waited_for() {
    a_track_never_comes(MediaKind::Video).await;
}

/// Row 9: sound alone never waits for a key frame.
#[tokio::test]
async fn row_09_sound_alone_starts_at_once() {
    a_track_never_comes(MediaKind::Audio).await;
}

/// Row 8, R-V5, R-V6: the encoder adapts or the phone is turned: another size on the same connection. Players get the
/// new sequence header and metadata before the first picture of the new size, and none twice; who joins later gets
/// the newest ones only.
#[tokio::test]
async fn row_08_a_new_size_comes_with_its_header() {
    let stage = Stage::new(json!({})).await;
    let source = Source {
        size: "240x320",
        seconds: Some(2.0),
        ..Source::default()
    };
    let turned = Clip::make(source).await;
    let mut publisher = stage.publisher().await;
    let mut players = Vec::from(stage.players().await);
    send(&mut publisher, &stage.clip.all()).await;
    // A header that says nothing new, as some encoders repeat with every key frame.
    send(
        &mut publisher,
        &later(&[header(&stage.clip, MediaKind::Video)], 2_000),
    )
    .await;
    // The new size comes without new metadata.
    send(
        &mut publisher,
        &later(&[header(&turned, MediaKind::Video)], 2_000),
    )
    .await;
    send(&mut publisher, &later(&turned.frames, 2_000)).await;
    let last = turned.frames.last().unwrap().clone();
    for player in &mut players {
        let tags = player
            .until("the last frame", |tag| tag.2 == last.2 && tag.1 > 3_000)
            .await;
        let headers = bodies(&tags, |tag| tag.0 == MediaKind::Video && is_header(tag));
        let [old, new] = [&stage.clip, &turned].map(|clip| header(clip, MediaKind::Video).2);
        assert_eq!(headers, [old, new.clone()]);
        let switch = tags.iter().position(|tag| tag.2 == new).unwrap();
        let first = tags
            .iter()
            .position(|tag| tag.2 == turned.track(MediaKind::Video)[0].2)
            .unwrap();
        let told = tags.iter().rposition(|tag| metadata(tag).is_some()).unwrap();
        assert!(
            told < first && switch < first,
            "metadata {told}, header {switch}, picture {first}"
        );
        let is_picture = |tag: &Tag| tag.0 == MediaKind::Video && is_frame(tag);
        assert!(!tags[switch..first].iter().any(is_picture));
        assert!(is_key(&tags[first]));
        let told = metadata(&tags[told]).unwrap();
        assert_eq!(
            (number(&told, "width"), number(&told, "height")),
            (Some(240.0), Some(320.0))
        );
        assert_eq!(bodies(&tags, is_picture).len(), 100, "no picture is lost");
    }
    for url in [&stage.pull, &stage.flv] {
        let mut late = Viewer::open(url).await;
        let tags = late
            .until("the last frame", |tag| tag.2 == last.2 && tag.1 > 3_000)
            .await;
        let headers = bodies(&tags, |tag| tag.0 == MediaKind::Video && is_header(tag));
        assert_eq!(headers, [header(&turned, MediaKind::Video).2]);
        let told: Vec<_> = tags.iter().filter_map(metadata).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(number(&told[0], "width"), Some(240.0));
    }
    let video = stage.room.stream(&stage.stream).await["stats"]["video"].clone();
    assert_eq!((&video["width"], &video["height"]), (&json!(240), &json!(320)));
}
