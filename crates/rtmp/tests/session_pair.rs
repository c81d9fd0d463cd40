//! Our server session against our client session, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::pair::Pair;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::{
    ClientConfig, ClientEvent, Close, ConnectPolicy, DataMessage, EnhancedCaps, Media, MediaKind, Phase,
    PlayEnd, Purpose, Rejection, ServerConfig, ServerEvent, SessionErrorKind, media_chunks, status,
};

const URL: &str = "rtmp://host/live/room1?x=y";
const CAM: &str = "rtmp://host/live/cam?t=secret/1";

fn metadata() -> Value {
    Value::Object(vec![("width".into(), Value::Number(640.0))])
}

/// A connection that publishes.
fn publishing() -> Pair {
    let mut pair = Pair::default(CAM, Purpose::Publish);
    pair.run();
    pair.accept_publish();
    pair
}

/// A connection that plays.
fn playing() -> Pair {
    let mut pair = Pair::default(CAM, Purpose::Play);
    pair.run();
    pair.accept_play();
    pair
}

fn refusal(pair: &Pair) -> (String, String) {
    match &pair.client_close {
        Some(Close::Failed(error)) => match &error.kind {
            SessionErrorKind::Refused {
                code, description, ..
            }
            | SessionErrorKind::Ended { code, description } => (code.clone(), description.clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn publish_from_connect_to_the_end() {
    for step in [usize::MAX, 1, 1_000] {
        let mut pair = Pair::default(CAM, Purpose::Publish);
        pair.step = step;
        pair.run();
        let [
            ServerEvent::Connected { connect },
            ServerEvent::PublishRequested(request),
        ] = &pair.server_events[..]
        else {
            panic!("{:?}", pair.server_events)
        };
        assert_eq!(
            (connect.app.as_str(), connect.tc_url.as_deref()),
            ("live", Some("rtmp://host/live"))
        );
        assert_eq!(
            (request.stream.name(), request.stream.query()),
            ("cam", Some("t=secret/1"))
        );
        assert_eq!(request.stream_id, 1);
        assert!(connect.enhanced.receives("Opus"));
        assert!(connect.other.iter().any(|(name, _)| name == "type"));

        // R-H2: no Start before the verdict.
        assert_eq!(pair.client.phase(), Phase::Connected);
        assert!(pair.client.send_media(MediaKind::Audio, 0, b"x").is_err());
        pair.accept_publish();
        assert_eq!(
            pair.client_events.last(),
            Some(&ClientEvent::Publishing { stream_id: 1 })
        );
        let ClientEvent::Connected { enhanced } = &pair.client_events[0] else {
            panic!()
        };
        assert_eq!(enhanced, &EnhancedCaps::gateway());

        // R-P7: metadata, then media.
        pair.client.send_metadata(&metadata(), 0).unwrap();
        let body = vec![7; 200_000];
        pair.client
            .send_media(MediaKind::Video, 0xFF_FFFF, &body)
            .unwrap();
        pair.client
            .send_media(MediaKind::Audio, 0xFF_FFFF, b"audio")
            .unwrap();
        pair.server_events.clear();
        pair.run();
        let [
            ServerEvent::Media(data),
            ServerEvent::Media(video),
            ServerEvent::Media(audio),
        ] = &pair.server_events[..]
        else {
            panic!()
        };
        let data = DataMessage::parse(&data.payload).unwrap();
        assert_eq!((data.set_frame, data.name.as_str()), (true, "onMetaData"));
        assert_eq!(data.arguments, [metadata()]);
        assert_eq!(
            (video.kind, video.timestamp, video.payload.len()),
            (MediaKind::Video, 0xFF_FFFF, 200_000)
        );
        assert_eq!(
            (audio.kind, audio.stream_id, &audio.payload[..]),
            (MediaKind::Audio, 1, &b"audio"[..])
        );

        pair.client.finish();
        pair.server_events.clear();
        pair.run();
        assert_eq!(pair.server_events, [ServerEvent::PublishEnded { stream_id: 1 }]);
        assert_eq!(pair.client_close, Some(Close::Finished));
        assert_eq!(pair.server.publish_stream_id(), None);
    }
}

/// Media that follows `publish` without waiting, as some encoders send it, is read after the verdict.
#[test]
fn early_media_waits_for_the_verdict() {
    let mut pair = Pair::default(CAM, Purpose::Publish);
    pair.run();
    let early: Vec<Bytes> = (0..10)
        .map(|n| media_chunks(4, 8, n, 1, 60_000, &[], &[n as u8; 1_000]))
        .collect();
    assert!(pair.server.wants_read());
    early
        .iter()
        .for_each(|bytes| pair.server.handle_input(bytes, pair.now));
    pair.server
        .handle_input(&media_chunks(6, 9, 0, 1, 60_000, &[], &[0; 60_000]), pair.now);
    assert!(!pair.server.wants_read());
    assert_eq!(pair.server.deadline(), None);
    pair.server_events
        .retain(|event| matches!(event, ServerEvent::PublishRequested(_)));
    pair.accept_publish();
    assert_eq!(pair.server_events.len(), 12);
    assert!(pair.server.wants_read());
    assert_eq!(pair.server.counters().ignored_media, 0);
    // The time the verdict took is not the client's silence.
    pair.now += Duration::from_secs(100);
    pair.server.handle_timeout(pair.now);
    assert_eq!(pair.server.phase(), Phase::Active);
}

/// R-H2: the encoder hears an error and never a Start.
#[test]
fn a_rejected_publisher_hears_why() {
    let table = [
        (Rejection::bad_name("taken"), status::PUBLISH_BAD_NAME),
        (Rejection::publish_denied("no"), status::PUBLISH_DENIED),
        (
            Rejection::publish_unauthorized("no token"),
            status::PUBLISH_UNAUTHORIZED,
        ),
    ];
    for (rejection, code) in table {
        let mut pair = Pair::default(CAM, Purpose::Publish);
        pair.run();
        let Some(ServerEvent::PublishRequested(request)) = pair.server_events.last().cloned() else {
            panic!()
        };
        assert!(pair.server.accept_play(request.request).is_err());
        pair.server.reject(request.request, rejection.clone()).unwrap();
        assert!(pair.server.accept_publish(request.request).is_err());
        pair.run();
        assert_eq!(refusal(&pair), (code.to_owned(), rejection.description.clone()));
        assert_eq!(pair.server_close, Some(Close::Rejected(rejection)));
        let start = status::PUBLISH_START.as_bytes();
        assert!(!pair.down.windows(start.len()).any(|part| part == start));
    }
}

#[test]
fn play_from_connect_to_the_end() {
    let mut pair = Pair::default(URL, Purpose::Play);
    pair.run();
    let Some(ServerEvent::PlayRequested(request)) = pair.server_events.last() else {
        panic!()
    };
    assert_eq!(
        (request.stream.name(), request.stream.query()),
        ("room1", Some("x=y"))
    );
    assert_eq!(
        (request.start, request.duration, request.reset),
        (-2.0, -1.0, true)
    );
    let buffer = ServerEvent::BufferLength {
        stream_id: 1,
        millis: 1_000,
    };
    assert!(pair.server_events.contains(&buffer));
    pair.accept_play();
    assert_eq!(pair.server.play_stream_id(), Some(1));
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Playing { stream_id: 1 })
    );

    // The driver writes shared chunks beside what the session writes.
    let size = pair.server.chunk_size();
    pair.client_events.clear();
    for n in 0..3_u8 {
        let chunks = media_chunks(6, 9, n.into(), 1, size, &[n], &[n; 100_000]);
        pair.client.handle_input(&chunks, pair.now);
        pair.run();
        let payload = Bytes::from(vec![n; 100_001]);
        let media = Media {
            stream_id: 1,
            kind: MediaKind::Video,
            timestamp: n.into(),
            payload,
        };
        assert_eq!(pair.client_events.pop(), Some(ClientEvent::Media(media)));
    }

    pair.server.end_play(1, PlayEnd::Unpublished);
    pair.server.end_play(1, PlayEnd::Unpublished);
    pair.run();
    assert!(
        pair.client_events
            .contains(&ClientEvent::StreamEnded { dry: false })
    );
    assert!(pair.client_events.iter().any(
        |event| matches!(event, ClientEvent::Status { code, .. } if code == status::PLAY_UNPUBLISH_NOTIFY)
    ));
    assert_eq!(pair.server.play_stream_id(), None);
    assert_eq!((pair.server_close, pair.client_close), (None, None));
}

#[test]
fn a_rejected_player_hears_why() {
    for rejection in [
        Rejection::stream_not_found("nothing there"),
        Rejection::play_failed("no"),
    ] {
        let mut pair = Pair::default(URL, Purpose::Play);
        pair.run();
        let Some(ServerEvent::PlayRequested(request)) = pair.server_events.last().cloned() else {
            panic!()
        };
        pair.server.reject(request.request, rejection.clone()).unwrap();
        pair.run();
        assert_eq!(
            refusal(&pair),
            (rejection.code.to_string(), rejection.description)
        );
    }
}

/// R-X1: the old connection of a publisher that came again is closed with a word.
#[test]
fn takeover_closes_politely() {
    let mut pair = publishing();
    pair.server.close("a newer publisher took over");
    pair.run();
    let (code, description) = refusal(&pair);
    assert_eq!(code, status::UNPUBLISH_SUCCESS);
    assert_eq!(description, "a newer publisher took over");
    assert_eq!(pair.server_close, Some(Close::Finished));
    let mut pair = playing();
    pair.server.close("draining");
    pair.run();
    assert_eq!(refusal(&pair).0, status::CONNECT_CLOSED);
}

#[test]
fn connect_can_be_asked_about() {
    for accept in [true, false] {
        let server = ServerConfig {
            connect: ConnectPolicy::Ask,
            ..ServerConfig::default()
        };
        let mut pair = Pair::new(URL, Purpose::Play, server, ClientConfig::default());
        pair.run();
        let Some(ServerEvent::ConnectRequested { request, connect }) = pair.server_events.last().cloned()
        else {
            panic!()
        };
        assert_eq!(connect.app, "live");
        if accept {
            pair.server.accept_connect(request).unwrap();
            pair.run();
            assert!(matches!(
                pair.server_events.last(),
                Some(ServerEvent::PlayRequested(_))
            ));
        } else {
            pair.server
                .reject(request, Rejection::connect_rejected("unknown app"))
                .unwrap();
            pair.run();
            assert_eq!(
                refusal(&pair),
                (status::CONNECT_REJECTED.to_owned(), "unknown app".to_owned())
            );
        }
    }
}

#[test]
fn plain_handshake_and_plain_rtmp() {
    let client = ClientConfig {
        digest_handshake: false,
        enhanced: None,
        ..ClientConfig::default()
    };
    let mut pair = Pair::new(CAM, Purpose::Publish, ServerConfig::default(), client);
    pair.run();
    pair.accept_publish();
    // Who negotiates nothing is told nothing.
    assert_eq!(
        pair.client_events[0],
        ClientEvent::Connected {
            enhanced: EnhancedCaps::default()
        }
    );
    let text = b"fourCcList";
    assert!(!pair.down.windows(text.len()).any(|part| part == text));
}

/// R-R4: pings are answered both ways, so a quiet connection lives.
#[test]
fn quiet_connections_live_and_silent_ones_end() {
    let mut pair = playing();
    pair.pass(Duration::from_secs(600));
    assert_eq!((&pair.server_close, &pair.client_close), (&None, &None));
    // The client vanishes.
    let deadline = pair.now + Duration::from_secs(46);
    while let Some(at) = pair.server.deadline().filter(|&at| at < deadline) {
        pair.server.handle_timeout(at);
        while pair.server.poll_output().is_some() {}
    }
    assert_eq!(pair.server.phase(), Phase::Closed);
}

/// R-R4: both sides acknowledge although neither waits for it.
#[test]
fn bytes_are_acknowledged() {
    let mut pair = publishing();
    for n in 0..40 {
        pair.client
            .send_media(MediaKind::Video, n, &[0; 100_000])
            .unwrap();
        pair.run();
    }
    let acknowledged = pair.client.acknowledged().unwrap();
    assert!(acknowledged >= 2_500_000 && u64::from(acknowledged) <= pair.server.bytes_received());
}

#[test]
fn slow_logins_are_cut_off() {
    let mut pair = Pair::default(CAM, Purpose::Publish);
    pair.server
        .handle_timeout(pair.now + Duration::from_millis(9_999));
    assert_eq!(pair.server.phase(), Phase::Handshake);
    assert_eq!(pair.server.deadline(), Some(pair.now + Duration::from_secs(10)));
    pair.server.handle_timeout(pair.now + Duration::from_secs(10));
    let close = pair.server.poll_output();
    assert!(
        format!("{close:?}").contains("TooSlow { phase: Handshake }"),
        "{close:?}"
    );
    assert!(pair.server.poll_output().is_none());
    // The client gives up as well.
    pair.client.handle_timeout(pair.now + Duration::from_secs(10));
    while pair.client.poll_output().is_some() {}
    assert_eq!(pair.client.phase(), Phase::Closed);
}

/// A closed session takes anything and says nothing.
#[test]
fn closed_sessions_stay_closed() {
    let mut pair = publishing();
    pair.server.close("over");
    pair.client.finish();
    pair.run();
    pair.server.handle_input(&[0; 100], pair.now);
    pair.server.close("again");
    pair.client.finish();
    pair.server.handle_timeout(pair.now + Duration::from_secs(1_000));
    assert!(pair.server.poll_output().is_none() && pair.client.poll_output().is_none());
    assert!(pair.client.send_media(MediaKind::Audio, 0, b"").is_err());
}
