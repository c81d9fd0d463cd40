//! Two browsers and two RTMP members in one room: everybody sees and hears everybody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::clip::{Tag, is_frame};
use lianmai_tests::media::Source;
use lianmai_tests::rtc::assert_fields;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Browser, Gateway};
use serde_json::json;

/// R-A1 … R-A3, R-V1: every pair of members, in all four combinations of protocols; each browser holds two connections.
#[tokio::test]
async fn everybody_sees_and_hears_everybody() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "all"})).await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    for (page, account) in [(&ann, "ann"), (&bob, "bob")] {
        page.enter(&gateway, &room, account).await;
    }
    let (from_ann, from_bob) = (ann.camera(&room).await, bob.camera(&room).await);
    let (from_cat, cat, _) = room.publisher("cat").await;
    let (from_dan, dan, _) = room.publisher("dan").await;
    let source = Source {
        size: "320x240",
        ..Source::default()
    };
    let _pushes = [source.publish(&cat), source.publish(&dan)];
    for (page, stream, codec) in [(&ann, &from_ann, "H264"), (&bob, &from_bob, "VP8")] {
        let source = json!({"video": "pattern", "audio": "tone", "width": 320, "height": 240});
        let line = json!({"stream": stream, "source": source, "videoCodecs": [codec]});
        let args = json!({"name": "out", "room": room.id, "streams": [line]});
        page.call("roomPublish", args).await;
    }
    let all = [&from_ann, &from_bob, &from_cat, &from_dan];
    for (page, own) in [(&ann, &from_ann), (&bob, &from_bob)] {
        let others: Vec<_> = all.iter().filter(|stream| **stream != own).collect();
        let args = json!({"name": "in", "room": room.id, "streams": others});
        page.call("roomSubscribe", args).await;
    }
    for (page, own) in [(&ann, &from_ann), (&bob, &from_bob)] {
        for stream in all.iter().filter(|stream| **stream != own) {
            page.sees_and_hears_stream("in", stream).await;
        }
    }
    // What a browser shows of another is its picture: red, green, blue and yellow fields.
    let fields = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
    let shown = ann.colours("in", &from_bob, &fields).await;
    assert_fields(&shown, ["red", "green", "blue", "yellow"]);
    let span = Duration::from_secs(2);
    for stream in all {
        let url = room.rtmp(stream).await;
        // Pictures of VP8 are made once somebody asks for them.
        let is_picture = |tag: &Tag| tag.0 == MediaKind::Video && is_frame(tag);
        let mut first = Viewer::open(&url).await;
        first.until("a picture", is_picture).await;
        let got = Arrivals::of(&url, span).await;
        let count = |kind| got.track(kind).count();
        let (pictures, sounds) = (count(MediaKind::Video), count(MediaKind::Audio));
        assert!(
            pictures > 20 && sounds > 40,
            "{stream}: {pictures} pictures, {sounds} sounds"
        );
    }
    assert_eq!(gateway.metric("lianmai_bridge_peers", "").await, 4.0);
    for page in [&ann, &bob] {
        assert_eq!(page.errors().await, Vec::<String>::new());
    }
}
