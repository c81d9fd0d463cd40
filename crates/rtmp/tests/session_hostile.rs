//! R-R1, R-R3: sessions against everything a peer should not send.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Instant;

use common::raw::{basic, control, header, pattern};
use common::victim::Victim;
use lianmai_media::amf0::{self, Value};
use lianmai_rtmp::protocol::chunk::ChunkErrorKind;
use lianmai_rtmp::protocol::handshake::HandshakeError;
use lianmai_rtmp::protocol::{
    ChunkLimits, Close, Command, DataMessage, Fault, MediaKind, Output, Seed, ServerConfig, ServerEvent,
    ServerSession, SessionError, SessionErrorKind,
};

/// What makes rml_rtmp abort the process: AMF0 nested 200 000 deep.
#[test]
fn deep_nesting_is_survived() {
    let mut body = Command::new("connect", 1.0, Value::Null).encode();
    body.truncate(body.len() - 1);
    body.extend([3, 0, 1, b'a'].repeat(200_000));
    let mut victim = Victim::new(ServerConfig::default());
    victim.send(20, 0, &body);
    let limit = ChunkLimits::before_login().max_message;
    let kind = ChunkErrorKind::MessageTooLong {
        announced: body.len(),
        limit,
    };
    assert_eq!(victim.failure().kind, SessionErrorKind::Chunk(kind));
    // Small enough for the message limit, still 15 000 deep.
    body.truncate(60_000);
    let mut victim = Victim::new(ServerConfig::default());
    victim.send(20, 0, &body);
    assert!(
        matches!(victim.close, Some(Close::Rejected(_))),
        "{:?}",
        victim.close
    );
    // As metadata of an accepted publisher it goes to the driver, whose parser survives it as well.
    let mut victim = Victim::publishing();
    let mut data = Vec::new();
    amf0::encode(&Value::from("@setDataFrame"), &mut data);
    amf0::encode(&Value::from("onMetaData"), &mut data);
    data.extend([3, 0, 1, b'a'].repeat(200_000));
    victim.send(18, 1, &data);
    let Some(ServerEvent::Media(media)) = victim.events.last() else {
        panic!()
    };
    assert_eq!(DataMessage::parse(&media.payload).unwrap().arguments, []);
}

/// What makes rml_rtmp panic: two chunk streams interleaved in the middle of messages.
#[test]
fn interleaving_is_legal() {
    let mut victim = Victim::publishing();
    let (one, two) = (pattern(200, 1), pattern(200, 2));
    let parts = [
        header(0, 4, 0, 200, 8, 1),
        one[..128].to_vec(),
        header(0, 6, 0, 200, 9, 1),
        two[..128].to_vec(),
        basic(3, 4),
        one[128..].to_vec(),
        basic(3, 6),
        two[128..].to_vec(),
    ];
    victim.feed(&parts.concat());
    let [.., ServerEvent::Media(audio), ServerEvent::Media(video)] = &victim.events[..] else {
        panic!()
    };
    assert_eq!((&audio.payload[..], &video.payload[..]), (&one[..], &two[..]));
}

/// What makes rml_rtmp panic: `@setDataFrame` alone, and a small delta in the long field.
#[test]
fn odd_data_and_odd_deltas_are_survived() {
    let mut victim = Victim::publishing();
    let mut body = Vec::new();
    amf0::encode(&Value::from("@setDataFrame"), &mut body);
    victim.send(18, 1, &body);
    let Some(ServerEvent::Media(media)) = victim.events.last() else {
        panic!()
    };
    assert_eq!(DataMessage::parse(&media.payload), None);
    victim.feed(&[header(0, 8, 100, 1, 8, 1), vec![1]].concat());
    victim.feed(&[0x48, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8, 0, 0, 0, 5, 2]);
    let Some(ServerEvent::Media(media)) = victim.events.last() else {
        panic!()
    };
    assert_eq!((media.timestamp, victim.close.is_none()), (105, true));
}

/// What ends a session with rml_rtmp: every AMF0 type inside commands (R-R3).
#[test]
fn every_amf_type_is_taken() {
    let odd = [
        Value::Date {
            millis: 1.0,
            timezone: 0,
        },
        Value::String("x".repeat(66_000)),
        Value::Xml("<a/>".into()),
        Value::Reference(1),
        Value::TypedObject {
            class: "c".into(),
            properties: vec![],
        },
        Value::Unsupported,
        Value::Undefined,
    ];
    for value in odd {
        let mut victim = Victim::publishing();
        let call = Command::new("whatever", 9.0, value).with("tail");
        victim.call(0, call);
        assert!(victim.close.is_none());
        let answer = victim.commands().pop().unwrap();
        assert_eq!((answer.name.as_str(), answer.transaction), ("_error", 9.0));
        assert_eq!(victim.session.counters().unknown_commands, 1);
    }
    // AVM+ (AMF3 inside AMF0), and a marker nobody knows.
    for marker in [0x11, 0x7F] {
        let mut victim = Victim::connected();
        let mut body = Command::new("whatever", 9.0, Value::Null).encode();
        body.extend([marker, 0xFF, 0xFF]);
        victim.send(20, 0, &body);
        assert!(victim.close.is_none());
    }
}

#[test]
fn other_protocols_are_turned_away_at_the_first_byte() {
    for (bytes, kind) in [
        (&b"GET / HTTP/1.1"[..], HandshakeError::Version(b'G')),
        (&[0x16, 3, 1], HandshakeError::Version(0x16)),
        (&[6], HandshakeError::Encrypted),
    ] {
        let now = Instant::now();
        let mut session = ServerSession::new(ServerConfig::default(), Seed([0; 32]), now);
        session.handle_input(bytes, now);
        let Some(Output::Close(Close::Failed(error))) = session.poll_output() else {
            panic!()
        };
        assert_eq!(
            error,
            SessionError {
                position: 0,
                kind: SessionErrorKind::Handshake(kind)
            }
        );
        assert_eq!(error.fault(), Fault::Peer);
    }
}

#[test]
fn names_have_a_limit() {
    let long = "x".repeat(2_049);
    let connect = |name: &str, value: &str| {
        let mut object = vec![("app".to_owned(), Value::from("live"))];
        object.retain(|(key, _)| key != name);
        object.push((name.to_owned(), Value::from(value)));
        Command::new("connect", 1.0, Value::Object(object))
    };
    for name in ["app", "tcUrl"] {
        let mut victim = Victim::new(ServerConfig::default());
        victim.call(0, connect(name, &long));
        assert!(matches!(
            victim.failure().kind,
            SessionErrorKind::NameTooLong { length: 2_049, .. }
        ));
    }
    let mut victim = Victim::new(ServerConfig::default());
    victim.call(0, connect("pageUrl", &long));
    let Some(ServerEvent::Connected { connect }) = victim.events.last() else {
        panic!()
    };
    assert_eq!(connect.page_url, None);
    for call in ["publish", "play"] {
        let mut victim = Victim::connected();
        victim.call(1, Command::new(call, 0.0, Value::Null).with(long.as_str()));
        assert!(matches!(
            victim.failure().kind,
            SessionErrorKind::NameTooLong { .. }
        ));
    }
}

#[test]
fn the_app_is_split_from_its_query() {
    for (app, expected, query) in [
        ("live/?a=b/c", "live", Some("a=b/c")),
        ("/live/x/", "live/x", None),
        ("", "", None),
    ] {
        let mut victim = Victim::new(ServerConfig::default());
        let object = Value::Object(vec![
            ("app".into(), app.into()),
            ("objectEncoding".into(), 3.0.into()),
        ]);
        victim.call(0, Command::new("connect", 1.0, object).with("extra"));
        let Some(ServerEvent::Connected { connect }) = victim.events.last() else {
            panic!()
        };
        assert_eq!(
            (connect.app.as_str(), connect.app_query.as_deref()),
            (expected, query)
        );
        assert_eq!((connect.object_encoding, connect.arguments.len()), (3.0, 1));
    }
    let mut victim = Victim::new(ServerConfig::default());
    victim.call(0, Command::new("connect", 1.0, Value::Null));
    assert!(victim.said("NetConnection.Connect.InvalidApp"));
    assert!(matches!(victim.close, Some(Close::Rejected(_))));
}

#[test]
fn floods_before_login_end() {
    let mut victim = Victim::connected();
    for _ in 0..100 {
        victim.call(0, Command::new("releaseStream", 3.0, Value::Null).with("x"));
    }
    assert_eq!(victim.failure().kind, SessionErrorKind::TooManyCommands);
    let mut victim = Victim::connected();
    for _ in 0..20 {
        victim.call(0, Command::new("createStream", 3.0, Value::Null));
    }
    assert!(victim.close.is_none() && victim.said("too many streams"));
}

/// Calls out of order are answered or ignored, never fatal.
#[test]
fn calls_out_of_order_are_survived() {
    let mut victim = Victim::new(ServerConfig::default());
    victim.call(0, Command::new("createStream", 2.0, Value::Null));
    victim.call(1, Command::new("publish", 3.0, Value::Null).with("cam"));
    victim.send(8, 1, b"audio");
    assert_eq!(victim.session.counters().ignored_media, 1);
    let mut victim = Victim::connected();
    for (stream_id, name) in [(0, "publish"), (7, "publish"), (0, "play"), (7, "play")] {
        victim.call(stream_id, Command::new(name, 3.0, Value::Null).with("cam"));
    }
    for name in [
        "publish",
        "play",
        "pause",
        "seek",
        "receiveAudio",
        "closeStream",
        "FCUnpublish",
        "connect",
    ] {
        victim.call(1, Command::new(name, 3.0, Value::Null));
    }
    for id in [f64::NAN, -1.0, 1e300, 5.0] {
        victim.call(0, Command::new("deleteStream", 3.0, Value::Null).with(id));
    }
    assert!(victim.close.is_none());
    assert!(
        !victim
            .events
            .iter()
            .any(|event| !matches!(event, ServerEvent::Connected { .. }))
    );
    let mut victim = Victim::publishing();
    victim.call(1, Command::new("publish", 3.0, Value::Null).with("other"));
    assert!(victim.said("NetStream.Publish.Failed"));
    assert_eq!(victim.session.publish_stream_id(), Some(1));
}

/// What encoders and players expect to hear.
#[test]
fn calls_are_answered_as_expected() {
    let mut victim = Victim::connected();
    victim.said.clear();
    let mut heard = |call: Command| {
        victim.commands();
        victim.call(0, call);
        victim
            .commands()
            .into_iter()
            .map(|c| (c.name, c.transaction))
            .collect::<Vec<_>>()
    };
    let call = |name: &str, id: f64| Command::new(name, id, Value::Null).with("cam");
    let result = |id| vec![("_result".to_owned(), id)];
    assert_eq!(heard(call("releaseStream", 2.0)), result(2.0));
    assert_eq!(heard(call("FCPublish", 3.0)), result(3.0));
    assert_eq!(heard(call("getStreamLength", 4.0)), result(4.0));
    assert_eq!(heard(call("_checkbw", 5.0)), result(5.0));
    assert_eq!(
        heard(call("FCSubscribe", 6.0)),
        [("onFCSubscribe".to_owned(), 0.0)]
    );
    assert_eq!(heard(call("play2", 7.0)), [("_error".to_owned(), 7.0)]);
    assert_eq!(heard(call("play2", 0.0)), []);
    assert_eq!(heard(call("FCUnpublish", 8.0)), result(8.0));

    victim.said.clear();
    victim.call(
        1,
        Command::new("publish", 0.0, Value::Null)
            .with("cam?t=1")
            .with("live"),
    );
    assert!(victim.said.is_empty());
    let Some(ServerEvent::PublishRequested(request)) = victim.events.last().cloned() else {
        panic!()
    };
    victim.session.accept_publish(request.request).unwrap();
    victim.feed(&[]);
    let names: Vec<String> = victim
        .commands()
        .into_iter()
        .map(|command| command.name)
        .collect();
    assert_eq!(names, ["onFCPublish", "onStatus"]);
    victim.said.clear();
    victim.call(0, Command::new("FCUnpublish", 8.0, Value::Null).with("cam"));
    let names: Vec<String> = victim
        .commands()
        .into_iter()
        .map(|command| command.name)
        .collect();
    assert_eq!(names, ["_result", "onFCUnpublish", "onStatus"]);
    victim.call(0, Command::new("deleteStream", 0.0, Value::Null).with(1.0));
    let ended = victim
        .events
        .iter()
        .filter(|event| matches!(event, ServerEvent::PublishEnded { .. }));
    assert_eq!(ended.count(), 1);
    // The same camera comes back on the same connection.
    victim.call(0, Command::new("createStream", 9.0, Value::Null));
    victim.call(1, Command::new("publish", 0.0, Value::Null).with("cam"));
    assert!(matches!(
        victim.events.last(),
        Some(ServerEvent::PublishRequested(_))
    ));
}

#[test]
fn players_pause_seek_and_choose() {
    let mut victim = Victim::connected();
    victim.call(
        1,
        Command::new("play", 0.0, Value::Null)
            .with("cam")
            .with(-2000.0)
            .with(-1.0)
            .with(false),
    );
    let Some(ServerEvent::PlayRequested(request)) = victim.events.pop() else {
        panic!()
    };
    assert_eq!((request.start, request.reset), (-2000.0, false));
    victim.session.accept_play(request.request).unwrap();
    victim.feed(&[]);
    assert!(victim.said("NetStream.Play.Start") && !victim.said("NetStream.Play.Reset"));
    assert!(!victim.said("|RtmpSampleAccess"));
    victim.call(1, Command::new("pause", 0.0, Value::Null).with(true).with(40.0));
    victim.call(1, Command::new("pause", 0.0, Value::Null));
    victim.call(1, Command::new("seek", 0.0, Value::Null).with(10.0));
    victim.call(1, Command::new("receiveAudio", 0.0, Value::Null).with(false));
    victim.call(1, Command::new("receiveVideo", 0.0, Value::Null).with(1.0));
    for code in [
        "NetStream.Pause.Notify",
        "NetStream.Unpause.Notify",
        "NetStream.Seek.Notify",
    ] {
        assert!(victim.said(code), "{code}");
    }
    let expected = [
        ServerEvent::Paused {
            stream_id: 1,
            paused: true,
            position: 40.0,
        },
        ServerEvent::Paused {
            stream_id: 1,
            paused: false,
            position: 0.0,
        },
        ServerEvent::ReceiveAudio {
            stream_id: 1,
            enabled: false,
        },
        ServerEvent::ReceiveVideo {
            stream_id: 1,
            enabled: true,
        },
    ];
    assert_eq!(victim.events[victim.events.len() - 4..], expected);
    // Another stream on the same message stream.
    victim.call(1, Command::new("play", 0.0, Value::Null).with("other"));
    assert!(victim.events.contains(&ServerEvent::PlayEnded { stream_id: 1 }));
}

#[test]
fn aggregates_and_amf3_are_unwrapped() {
    let mut victim = Victim::publishing();
    let sub = |kind: u8, time: u8| vec![kind, 0, 0, 1, 0, 0, time, 0, 0, 0, 0, 7, 0, 0, 0, 12];
    let mut broken = [sub(8, 10), sub(9, 30)].concat();
    broken.extend([8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    victim.feed(&[header(0, 9, 1_000, broken.len(), 22, 1), broken].concat());
    let times: Vec<(MediaKind, u32)> = (victim.events.iter())
        .filter_map(|event| match event {
            ServerEvent::Media(media) => Some((media.kind, media.timestamp)),
            _ => None,
        })
        .collect();
    assert_eq!(times, [(MediaKind::Audio, 1_000), (MediaKind::Video, 1_020)]);
    assert_eq!(victim.session.counters().broken_aggregates, 1);
    victim.send(15, 1, b"\0\x02\0\x01x");
    let Some(ServerEvent::Media(media)) = victim.events.last() else {
        panic!()
    };
    assert_eq!(
        (media.kind, &media.payload[..]),
        (MediaKind::Data, &b"\x02\0\x01x"[..])
    );
    let wrapped = [vec![0], Command::new("createStream", 5.0, Value::Null).encode()].concat();
    victim.commands();
    victim.send(17, 0, &wrapped);
    assert_eq!(victim.commands()[0].name, "_result");
    victim.send(99, 0, b"?");
    victim.feed(&control(5, 0));
    victim.feed(&[header(0, 2, 0, 1, 4, 0), vec![0]].concat());
    assert_eq!(victim.session.counters().unknown_messages, 2);
    assert!(victim.close.is_none());
}
