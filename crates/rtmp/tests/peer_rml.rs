//! An independent peer: rml_rtmp's client against our server, its server against our client.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Instant;

use bytes::Bytes;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::{
    ClientConfig, ClientEvent, ClientSession, Media, MediaKind, Output, Purpose, RtmpUrl, Seed, ServerConfig,
    ServerEvent, ServerSession, media_chunks,
};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession as RmlClient, ClientSessionConfig, ClientSessionEvent, ClientSessionResult,
    PublishRequestType, ServerSession as RmlServer, ServerSessionConfig, ServerSessionEvent,
    ServerSessionResult,
};
use rml_rtmp::time::RtmpTimestamp;

/// rml_rtmp's client, past the handshake, and our server.
struct Up {
    now: Instant,
    ours: ServerSession,
    theirs: RmlClient,
    our_events: Vec<ServerEvent>,
    their_events: Vec<ClientSessionEvent>,
}

impl Up {
    fn connect() -> Up {
        let now = Instant::now();
        let mut ours = ServerSession::new(ServerConfig::default(), Seed([1; 32]), now);
        let mut handshake = Handshake::new(PeerType::Client);
        ours.handle_input(&handshake.generate_outbound_p0_and_p1().unwrap(), now);
        let Some(Output::Write(answer)) = ours.poll_output() else {
            panic!()
        };
        let HandshakeProcessResult::Completed { response_bytes, .. } =
            handshake.process_bytes(&answer).unwrap()
        else {
            panic!()
        };
        ours.handle_input(&response_bytes, now);
        let (theirs, results) = RmlClient::new(ClientSessionConfig::new()).unwrap();
        let mut up = Up {
            now,
            ours,
            theirs,
            our_events: Vec::new(),
            their_events: Vec::new(),
        };
        up.exchange(results);
        let request = up.theirs.request_connection("live".into()).unwrap();
        up.exchange(vec![request]);
        assert!(
            up.their_events
                .contains(&ClientSessionEvent::ConnectionRequestAccepted)
        );
        up
    }

    fn exchange(&mut self, mut results: Vec<ClientSessionResult>) {
        loop {
            for result in results.drain(..) {
                match result {
                    ClientSessionResult::OutboundResponse(packet) => {
                        self.ours.handle_input(&packet.bytes, self.now);
                    }
                    ClientSessionResult::RaisedEvent(event) => self.their_events.push(event),
                    ClientSessionResult::UnhandleableMessageReceived(_) => {}
                }
            }
            while let Some(output) = self.ours.poll_output() {
                match output {
                    Output::Write(bytes) => results.extend(self.theirs.handle_input(&bytes).unwrap()),
                    Output::Event(event) => self.our_events.push(event),
                    Output::Close(close) => panic!("{close:?}"),
                }
            }
            if results.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn its_client_publishes_to_us() {
    let mut up = Up::connect();
    let publish = up
        .theirs
        .request_publishing("cam?t=1".into(), PublishRequestType::Live)
        .unwrap();
    up.exchange(vec![publish]);
    let Some(ServerEvent::PublishRequested(request)) = up.our_events.last().cloned() else {
        panic!()
    };
    assert_eq!(
        (request.stream.name(), request.stream.query()),
        ("cam", Some("t=1"))
    );
    assert!(
        !up.their_events
            .contains(&ClientSessionEvent::PublishRequestAccepted)
    );
    up.ours.accept_publish(request.request).unwrap();
    up.exchange(vec![]);
    assert!(
        up.their_events
            .contains(&ClientSessionEvent::PublishRequestAccepted)
    );
    let data = Bytes::from(vec![5; 10_000]);
    for time in [0, 20, 40, 0x0100_0000] {
        let video = up
            .theirs
            .publish_video_data(data.clone(), RtmpTimestamp::new(time), false)
            .unwrap();
        up.exchange(vec![video]);
        let media = Media {
            stream_id: 1,
            kind: MediaKind::Video,
            timestamp: time,
            payload: data.clone(),
        };
        assert_eq!(up.our_events.pop(), Some(ServerEvent::Media(media)));
    }
    let results = up.theirs.stop_publishing().unwrap();
    up.exchange(results);
    assert_eq!(
        up.our_events.pop(),
        Some(ServerEvent::PublishEnded { stream_id: 1 })
    );
}

#[test]
fn its_client_plays_from_us() {
    let mut up = Up::connect();
    let play = up.theirs.request_playback("cam".into()).unwrap();
    up.exchange(vec![play]);
    let Some(ServerEvent::PlayRequested(request)) = up.our_events.last().cloned() else {
        panic!()
    };
    up.ours.accept_play(request.request).unwrap();
    up.exchange(vec![]);
    assert!(
        up.their_events
            .contains(&ClientSessionEvent::PlaybackRequestAccepted)
    );
    let size = up.ours.chunk_size();
    for time in [0, 40, 0x0100_0000] {
        let chunks = media_chunks(4, 8, time, request.stream_id, size, &[0xAF, 1], &[9; 70_000]);
        let results = up.theirs.handle_input(&chunks).unwrap();
        up.exchange(results);
        let Some(ClientSessionEvent::AudioDataReceived { timestamp, data }) = up.their_events.last() else {
            panic!()
        };
        assert_eq!((timestamp.value, data.len()), (time, 70_002));
    }
}

/// Our client against rml_rtmp's server, which says yes to everything.
fn our_client(
    purpose: Purpose,
) -> (
    ClientSession,
    RmlServer,
    Vec<ClientEvent>,
    Vec<ServerSessionEvent>,
) {
    let now = Instant::now();
    let url = RtmpUrl::parse("rtmp://host/live/cam?t=1").unwrap();
    let mut ours = ClientSession::new(ClientConfig::default(), &url, purpose, Seed([2; 32]), now);
    let mut handshake = Handshake::new(PeerType::Server);
    let hello = handshake.generate_outbound_p0_and_p1().unwrap();
    ours.handle_input(&hello, now);
    let mut theirs = None;
    let (mut our_events, mut their_events) = (Vec::new(), Vec::new());
    while let Some(output) = ours.poll_output() {
        let bytes = match output {
            Output::Write(bytes) => bytes,
            Output::Event(event) => {
                our_events.push(event);
                continue;
            }
            Output::Close(close) => panic!("{close:?}"),
        };
        let mut results = match &mut theirs {
            None => match handshake.process_bytes(&bytes).unwrap() {
                HandshakeProcessResult::InProgress { response_bytes } => {
                    ours.handle_input(&response_bytes, now);
                    continue;
                }
                HandshakeProcessResult::Completed {
                    response_bytes,
                    remaining_bytes,
                } => {
                    ours.handle_input(&response_bytes, now);
                    let (mut server, mut results) = RmlServer::new(ServerSessionConfig::new()).unwrap();
                    results.extend(server.handle_input(&remaining_bytes).unwrap());
                    theirs = Some(server);
                    results
                }
            },
            Some(server) => server.handle_input(&bytes).unwrap(),
        };
        let Some(server) = &mut theirs else { panic!() };
        while !results.is_empty() {
            match results.remove(0) {
                ServerSessionResult::OutboundResponse(packet) => ours.handle_input(&packet.bytes, now),
                ServerSessionResult::RaisedEvent(event) => {
                    match &event {
                        ServerSessionEvent::ConnectionRequested { request_id, .. }
                        | ServerSessionEvent::PublishStreamRequested { request_id, .. }
                        | ServerSessionEvent::PlayStreamRequested { request_id, .. } => {
                            results.extend(server.accept_request(*request_id).unwrap());
                        }
                        _ => {}
                    }
                    their_events.push(event);
                }
                ServerSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
    }
    (ours, theirs.unwrap(), our_events, their_events)
}

#[test]
fn we_publish_to_its_server() {
    let (mut ours, mut theirs, events, requests) = our_client(Purpose::Publish);
    assert_eq!(events.last(), Some(&ClientEvent::Publishing { stream_id: 1 }));
    let asked = requests.iter().any(|event| match event {
        ServerSessionEvent::PublishStreamRequested {
            app_name, stream_key, ..
        } => (app_name.as_str(), stream_key.as_str()) == ("live", "cam?t=1"),
        _ => false,
    });
    assert!(asked, "{requests:?}");
    ours.send_metadata(&Value::Object(vec![("width".into(), Value::Number(640.0))]), 0)
        .unwrap();
    ours.send_media(MediaKind::Video, 40, &[7; 100_000]).unwrap();
    ours.send_media(MediaKind::Video, 0xFF_FFFF, &[7; 100_000])
        .unwrap();
    let mut heard = Vec::new();
    while let Some(Output::Write(bytes)) = ours.poll_output() {
        for result in theirs.handle_input(&bytes).unwrap() {
            match result {
                ServerSessionResult::RaisedEvent(ServerSessionEvent::VideoDataReceived {
                    timestamp,
                    data,
                    ..
                }) => heard.push((timestamp.value, data.len())),
                ServerSessionResult::RaisedEvent(ServerSessionEvent::StreamMetadataChanged {
                    metadata,
                    ..
                }) => assert_eq!(metadata.video_width, Some(640)),
                _ => {}
            }
        }
    }
    assert_eq!(heard, [(40, 100_000), (0xFF_FFFF, 100_000)]);
}

#[test]
fn we_play_from_its_server() {
    let (mut ours, mut theirs, events, _) = our_client(Purpose::Play);
    assert!(
        events.contains(&ClientEvent::Playing { stream_id: 1 }),
        "{events:?}"
    );
    let data = Bytes::from(vec![3; 9_000]);
    for time in [0, 40, 80] {
        let packet = theirs
            .send_audio_data(1, data.clone(), RtmpTimestamp::new(time), false)
            .unwrap();
        ours.handle_input(&packet.bytes, Instant::now());
        let mut last = None;
        while let Some(output) = ours.poll_output() {
            last = Some(output);
        }
        let media = Media {
            stream_id: 1,
            kind: MediaKind::Audio,
            timestamp: time,
            payload: data.clone(),
        };
        assert_eq!(last, Some(Output::Event(ClientEvent::Media(media))));
    }
}
