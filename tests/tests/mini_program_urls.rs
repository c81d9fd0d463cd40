//! What mini-program apps demand of URLs and codecs (rows 1 and 2 of docs/mini-program.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_rtmp::protocol::{MediaKind, Purpose};
use lianmai_tests::api::text;
use lianmai_tests::clip::{Clip, Tag, bodies, is_frame, is_header, send};
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

/// `[\w/.?&_=-]`, the class of both expressions.
fn in_class(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_/.?&=-".contains(letter)
}

/// `/^(rtmp|RTMP):\/\/[\w\/\.?&_=-]+$/`, as apps check before they play.
fn is_rtmp_source(url: &str) -> bool {
    let rest = url
        .strip_prefix("rtmp://")
        .or_else(|| url.strip_prefix("RTMP://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(in_class))
}

/// `/^(http|HTTP|https|HTTPS):\/\/[\w\/\.&_=-]+\.flv[\w\/\.=?&_-]*$/`.
fn is_flv_source(url: &str) -> bool {
    let schemes = ["http://", "HTTP://", "https://", "HTTPS://"];
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest.filter(|rest| rest.chars().all(in_class)) else {
        return false;
    };
    let ends = rest.match_indices(".flv");
    ends.into_iter()
        .any(|(at, _)| at > 0 && !rest[..at].contains('?'))
}

#[test]
fn row_02_the_expressions_are_as_strict_as_those_of_the_apps() {
    assert!(is_rtmp_source("rtmp://live.example.com/app/name?a=b&c=d_-."));
    for refused in [
        "rtmp://h:1936/a/b",
        "rtmp://h/a%20",
        "rtmp://u@h/a",
        "rtmps://h/a",
        "rtmp://",
    ] {
        assert!(!is_rtmp_source(refused), "{refused}");
    }
    assert!(is_flv_source("https://live.example.com/live/name.flv?a=b&c=d"));
    for refused in [
        "https://h:8443/a.flv",
        "https://h/a?b=c.flv",
        "https://h/a.m3u8",
        "https://h/a.flv?t=%2F",
    ] {
        assert!(!is_flv_source(refused), "{refused}");
    }
}

/// Row 2: with the usual ports, every URL passes both expressions letter by letter; also after re-issue.
#[tokio::test]
async fn row_02_urls_have_no_port_and_only_letters_that_apps_accept() {
    let gateway = Gateway::start_with(&[
        "public.host=live.example.com",
        "public.rtmp_port=1935",
        "public.http_url=https://live.example.com",
    ])
    .await;
    let room = gateway
        .api()
        .await
        .create_room(json!({"name": "urls", "limits": {"videos": 30}}))
        .await;
    // Tokens differ with each signature; a letter outside the class would come up in some of them.
    for n in 0..20 {
        let member = room.join(&format!("account-{n}"), "talker").await;
        let (stream, push) = room.publish(&member).await;
        let pull = room.pull(&stream).await;
        let again = format!("/v1/rooms/{}/streams/{stream}/push-url", room.id);
        let again = text(&room.api.ok("POST", &again, None).await["push"], "url");
        assert_ne!(push, again);
        for url in [push, again, text(&pull, "rtmp")] {
            assert!(is_rtmp_source(&url), "{url}");
            assert!(url.starts_with("rtmp://live.example.com/"), "{url}");
        }
        let flv = text(&pull, "http_flv");
        assert!(is_flv_source(&flv), "{flv}");
    }
}

/// Row 2: the right is in the query of the stream name, and an app may hang its own parameters on it.
#[tokio::test]
async fn row_02_a_push_url_with_further_parameters_is_accepted() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "query"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let _push = Source::default().publish(&format!("{push}&bizid=8525&txTime=5C2A3CFF&record=flv"));
    wait::until("the stream is on air", LIMIT, || async {
        (room.stream(&stream).await["on_air"] == true).then_some(())
    })
    .await;
    let mut player = Viewer::open(&format!("{pull}&bizid=8525&from=mini_program")).await;
    player
        .until("a picture", |tag| tag.0 == MediaKind::Video && is_frame(tag))
        .await;
    let (token, _) = push.split_once("?t=").unwrap();
    assert!(
        open(token, Purpose::Publish).await.is_err(),
        "a name without its query is refused"
    );
}

/// Row 1: what comes in as H.264 and AAC goes out as the FLV tags every mini-program player knows, byte for
/// byte, and not in the extended form of newer servers.
#[tokio::test]
async fn row_01_h264_and_aac_go_out_as_plain_flv_tags() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "codecs"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let flv = text(&room.pull(&stream).await, "http_flv");
    let clip = Clip::small().await;
    let mut publisher = open(&push, Purpose::Publish).await.unwrap();
    let mut players = [Viewer::open(&pull).await, Viewer::open(&flv).await];
    send(&mut publisher, &clip.all()).await;
    let last = clip.frames.last().unwrap();
    for player in &mut players {
        let tags = player.until("the last frame", |tag| tag.2 == last.2).await;
        for kind in [MediaKind::Video, MediaKind::Audio] {
            let track =
                |tags: &[Tag], wanted: fn(&Tag) -> bool| bodies(tags, |tag| tag.0 == kind && wanted(tag));
            assert_eq!(track(&tags, is_frame), track(&clip.frames, is_frame));
            assert_eq!(track(&tags, is_header), track(&clip.headers(), is_header));
        }
        for tag in &tags {
            match tag.0 {
                MediaKind::Video => assert!([0x17, 0x27].contains(&tag.2[0]), "H.264, plain: {:x}", tag.2[0]),
                MediaKind::Audio => assert_eq!(tag.2[0] >> 4, 10, "AAC"),
                MediaKind::Data => {}
            }
        }
    }
}
