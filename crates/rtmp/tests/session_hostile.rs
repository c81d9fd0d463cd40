//! R-R1, R-R3: sessions against everything a peer should not send.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Instant;

use bytes::BytesMut;
use common::pair::Pair;
use common::raw::{basic, control, header, pattern};
use lianmai_media::amf0::{self, Value};
use lianmai_rtmp::protocol::chunk::ChunkErrorKind;
use lianmai_rtmp::protocol::handshake::{ClientHandshake, HandshakeError};
use lianmai_rtmp::protocol::{
    ChunkLimits, ChunkReader, ChunkWriter, Close, Command, DataMessage, Fault, MediaKind, Output, Phase,
    Purpose, Seed, ServerConfig, ServerEvent, ServerSession, SessionError, SessionErrorKind,
};
use proptest::prelude::*;

const URL: &str = "rtmp://host/live/cam?t=1";

/// A server session with a hand-driven peer.
struct Victim {
    session: ServerSession,
    now: Instant,
    writer: ChunkWriter,
    events: Vec<ServerEvent>,
    said: BytesMut,
    heard: ChunkReader,
    close: Option<Close>,
}

impl Victim {
    /// Past the handshake.
    fn new(config: ServerConfig) -> Victim {
        let now = Instant::now();
        let mut hello = BytesMut::new();
        let _ = ClientHandshake::start(Seed([3; 32]), false, &mut hello);
        hello.extend([0; 1536]);
        let session = ServerSession::new(config, Seed([4; 32]), now);
        let wide = ChunkLimits {
            max_message: 1 << 20,
            max_chunk_streams: 64,
            max_buffered: 1 << 20,
        };
        let (writer, said, heard) = (ChunkWriter::new(), BytesMut::new(), ChunkReader::new(wide));
        let mut victim = Victim {
            session,
            now,
            writer,
            events: Vec::new(),
            said,
            heard,
            close: None,
        };
        victim.feed(&hello);
        assert_eq!(victim.session.phase(), Phase::Connecting);
        victim.said.clear();
        victim.heard.read_buf().clear();
        victim
    }

    /// With `connect` and `createStream` done.
    fn connected() -> Victim {
        let mut victim = Victim::new(ServerConfig::default());
        victim.call(
            0,
            Command::new("connect", 1.0, Value::Object(vec![("app".into(), "live".into())])),
        );
        victim.call(0, Command::new("createStream", 2.0, Value::Null));
        assert_eq!(victim.session.phase(), Phase::Connected);
        victim
    }

    /// With a publication accepted on message stream 1.
    fn publishing() -> Victim {
        let mut victim = Victim::connected();
        victim.call(1, Command::new("publish", 0.0, Value::Null).with("cam"));
        let Some(ServerEvent::PublishRequested(request)) = victim.events.last() else {
            panic!()
        };
        victim.session.accept_publish(request.request).unwrap();
        victim.feed(&[]);
        victim
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.session.handle_input(bytes, self.now);
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Write(bytes) => {
                    self.heard.push(&bytes);
                    self.said.extend(bytes);
                }
                Output::Event(event) => self.events.push(event),
                Output::Close(close) => self.close = Some(close),
            }
        }
    }

    fn send(&mut self, type_id: u8, stream_id: u32, body: &[u8]) {
        let mut out = BytesMut::new();
        self.writer
            .write_parts(3, type_id, 0, stream_id, body, &mut out)
            .unwrap();
        self.feed(&out);
    }

    fn call(&mut self, stream_id: u32, command: Command) {
        self.send(20, stream_id, &command.encode());
    }

    fn failure(&self) -> &SessionError {
        match &self.close {
            Some(Close::Failed(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    fn said(&self, text: &str) -> bool {
        self.said.windows(text.len()).any(|part| part == text.as_bytes())
    }

    /// The commands the server sent since the last call.
    fn commands(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(message) = self.heard.poll_message().unwrap() {
            if message.type_id == 20 {
                commands.push(Command::parse(&message.payload).unwrap());
            }
        }
        commands
    }
}

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

/// A recorded session, for cutting and damaging.
fn recorded() -> Vec<u8> {
    let mut pair = Pair::default(URL, Purpose::Publish);
    pair.run();
    pair.accept_publish();
    pair.client
        .send_metadata(&Value::Object(vec![("width".into(), Value::Number(640.0))]), 0)
        .unwrap();
    pair.client
        .send_media(MediaKind::Video, 0, &pattern(500, 1))
        .unwrap();
    pair.client
        .send_media(MediaKind::Audio, 20, &pattern(50, 1))
        .unwrap();
    pair.run();
    pair.client.finish();
    pair.run();
    pair.up
}

/// Gives `bytes` to a server that says yes to everything; what became of it.
fn serve(bytes: &[u8], step: usize) -> (ServerSession, Option<Close>, usize) {
    let now = Instant::now();
    let mut session = ServerSession::new(ServerConfig::default(), Seed([9; 32]), now);
    let (mut close, mut events) = (None, 0);
    for part in bytes.chunks(step) {
        session.handle_input(part, now);
        while let Some(output) = session.poll_output() {
            match output {
                Output::Event(ServerEvent::PublishRequested(request)) => {
                    session.accept_publish(request.request).unwrap();
                }
                Output::Event(ServerEvent::PlayRequested(request)) => {
                    session.accept_play(request.request).unwrap();
                }
                Output::Event(_) => events += 1,
                Output::Write(_) => {}
                Output::Close(reason) => close = Some(reason),
            }
        }
    }
    (session, close, events)
}

#[test]
fn every_truncation_of_a_session_waits_for_more() {
    let bytes = recorded();
    let (_, close, all) = serve(&bytes, usize::MAX);
    assert_eq!((close, all), (None, 5));
    for cut in (0..bytes.len()).filter(|cut| *cut > 3_060 || cut % 97 == 0) {
        let (_, close, events) = serve(&bytes[..cut], usize::MAX);
        assert!(close.is_none() && events <= all, "cut at {cut}: {close:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A session does not depend on how its bytes are cut, nor panics when some of them are wrong.
    #[test]
    fn damaged_sessions_end_well(
        hits in prop::collection::vec((3_073_usize..5_000, any::<u8>()), 0..8),
        step in 1_usize..400,
    ) {
        let mut bytes = recorded();
        for (at, value) in hits {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let (one, close, events) = serve(&bytes, usize::MAX);
        let (two, close_cut, events_cut) = serve(&bytes, step);
        prop_assert_eq!((close, events, one.phase()), (close_cut, events_cut, two.phase()));
    }

    /// Anything after a sound handshake.
    #[test]
    fn nonsense_sessions_end_well(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let mut victim = Victim::new(ServerConfig::default());
        victim.feed(&bytes);
        let mut victim = Victim::publishing();
        victim.feed(&bytes);
    }

    /// Commands of any shape, by name.
    #[test]
    fn odd_commands_end_well(calls in prop::collection::vec((0_usize..20, 0_u32..3, any::<f64>(), 0_usize..7), 1..30)) {
        let names = [
            "connect", "createStream", "deleteStream", "closeStream", "releaseStream", "FCPublish", "FCUnpublish",
            "publish", "FCSubscribe", "play", "pause", "seek", "receiveAudio", "receiveVideo", "getStreamLength",
            "_checkbw", "_result", "onStatus", "play2", "",
        ];
        let values = [
            Value::Null, Value::Number(1.0), Value::Boolean(true), "cam".into(), Value::Object(vec![]),
            Value::StrictArray(vec![Value::Null]), Value::Number(f64::NAN),
        ];
        let mut victim = Victim::connected();
        for (name, stream_id, transaction, value) in calls {
            let command = Command::new(names[name], transaction, values[value].clone());
            victim.call(stream_id, command.with(values[value].clone()).with(values[(value + 3) % 7].clone()));
            match victim.events.pop() {
                Some(ServerEvent::PublishRequested(request)) => victim.session.accept_publish(request.request).unwrap(),
                Some(ServerEvent::PlayRequested(request)) => victim.session.accept_play(request.request).unwrap(),
                _ => {}
            }
        }
    }

    /// A server that answers our client with anything.
    #[test]
    fn clients_survive_any_server(bytes in prop::collection::vec(any::<u8>(), 0..2_000), hits in prop::collection::vec((3_073_usize..4_000, any::<u8>()), 1..6)) {
        let mut pair = Pair::default(URL, Purpose::Play);
        pair.run();
        pair.accept_play();
        pair.client.handle_input(&bytes, pair.now);
        while pair.client.poll_output().is_some() {}
        let mut down = pair.down.clone();
        for (at, value) in hits {
            if let Some(byte) = down.get_mut(at) {
                *byte = value;
            }
        }
        let mut fresh = Pair::default(URL, Purpose::Play);
        while fresh.client.poll_output().is_some() {}
        fresh.client.handle_input(&down, fresh.now);
        while fresh.client.poll_output().is_some() {}
    }
}
