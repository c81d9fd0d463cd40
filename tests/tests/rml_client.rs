//! An independent RTMP client, rml_rtmp's, publishes to and plays from the running gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use bytes::Bytes;
use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::Gateway;
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::flv_tags;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType,
};
use rml_rtmp::time::RtmpTimestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(10);

/// The library's session on a real connection.
struct Peer {
    io: TcpStream,
    session: ClientSession,
    events: Vec<ClientSessionEvent>,
}

impl Peer {
    /// Connected to the app of `url`; the second value is the stream name with its query.
    async fn connect(url: &str) -> (Peer, String) {
        let (address, path) = url.strip_prefix("rtmp://").unwrap().split_once('/').unwrap();
        let (app, stream) = path.split_once('/').unwrap();
        let mut io = TcpStream::connect(address).await.unwrap();
        let mut handshake = Handshake::new(PeerType::Client);
        io.write_all(&handshake.generate_outbound_p0_and_p1().unwrap())
            .await
            .unwrap();
        let mut buffer = vec![0; 4_096];
        let rest = loop {
            let n = io.read(&mut buffer).await.unwrap();
            assert!(n > 0, "closed in the handshake");
            match handshake.process_bytes(&buffer[..n]).unwrap() {
                HandshakeProcessResult::InProgress { response_bytes } => {
                    io.write_all(&response_bytes).await.unwrap();
                }
                HandshakeProcessResult::Completed {
                    response_bytes,
                    remaining_bytes,
                } => {
                    io.write_all(&response_bytes).await.unwrap();
                    break remaining_bytes;
                }
            }
        };
        let (session, results) = ClientSession::new(ClientSessionConfig::new()).unwrap();
        let mut peer = Peer {
            io,
            session,
            events: Vec::new(),
        };
        peer.take(results).await;
        let results = peer.session.handle_input(&rest).unwrap();
        peer.take(results).await;
        let request = peer.session.request_connection(app.to_owned()).unwrap();
        peer.take(vec![request]).await;
        peer.until(|event| *event == ClientSessionEvent::ConnectionRequestAccepted)
            .await;
        (peer, stream.to_owned())
    }

    async fn take(&mut self, results: Vec<ClientSessionResult>) {
        for result in results {
            match result {
                ClientSessionResult::OutboundResponse(packet) => {
                    self.io.write_all(&packet.bytes).await.unwrap();
                }
                ClientSessionResult::RaisedEvent(event) => self.events.push(event),
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
    }

    /// Reads until an event is what is waited for; gives it and forgets those before.
    async fn until(&mut self, wanted: impl Fn(&ClientSessionEvent) -> bool) -> ClientSessionEvent {
        let reading = async {
            let mut buffer = vec![0; 64 * 1_024];
            loop {
                if let Some(place) = self.events.iter().position(&wanted) {
                    return self.events.drain(..=place).next_back().unwrap();
                }
                let n = self.io.read(&mut buffer).await.unwrap();
                assert!(n > 0, "closed by the gateway; heard {:?}", self.events);
                let results = self.session.handle_input(&buffer[..n]).unwrap();
                self.take(results).await;
            }
        };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("what was waited for, in time")
    }
}

/// R-R2: every byte of every frame comes out as it went in, through another project's chunk layer on both ends.
#[tokio::test]
async fn what_it_publishes_it_plays_again() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "peer"})).await;
    let (_, push, pull) = room.publisher("ann").await;
    let source = Source {
        seconds: Some(2.0),
        ..Source::default()
    };
    let tags = flv_tags(&std::fs::read(source.kept()).unwrap());

    let (mut player, stream) = Peer::connect(&format!("{pull}&coalesce=0")).await;
    let request = player.session.request_playback(stream).unwrap();
    player.take(vec![request]).await;
    player
        .until(|event| *event == ClientSessionEvent::PlaybackRequestAccepted)
        .await;
    let (mut publisher, stream) = Peer::connect(&push).await;
    let request = publisher
        .session
        .request_publishing(stream, PublishRequestType::Live)
        .unwrap();
    publisher.take(vec![request]).await;
    publisher
        .until(|event| *event == ClientSessionEvent::PublishRequestAccepted)
        .await;

    let mut sent = Vec::new();
    for (kind, time, body) in tags {
        let stamp = RtmpTimestamp::new(time);
        let message = match kind {
            MediaKind::Video => publisher.session.publish_video_data(body.clone(), stamp, false),
            MediaKind::Audio => publisher.session.publish_audio_data(body.clone(), stamp, false),
            MediaKind::Data => continue,
        };
        publisher.take(vec![message.unwrap()]).await;
        sent.push((kind, body));
    }
    let is_end = |body: &Bytes, kind: MediaKind| kind == MediaKind::Video && body[1] == 2;
    sent.retain(|(kind, body)| !is_end(body, *kind));
    // Both sequence headers come first for the player, wherever the publisher had them.
    let order = |(kind, body): &(MediaKind, Bytes)| (body[1] != 0, *kind == MediaKind::Audio && body[1] == 0);
    let (mut headers, media): (Vec<_>, Vec<_>) = sent.into_iter().partition(|item| !order(item).0);
    headers.sort_by_key(|item| order(item).1);

    let mut got = Vec::new();
    while got.len() < headers.len() + media.len() {
        let event = player
            .until(|event| {
                matches!(
                    event,
                    ClientSessionEvent::VideoDataReceived { .. }
                        | ClientSessionEvent::AudioDataReceived { .. }
                )
            })
            .await;
        got.push(match event {
            ClientSessionEvent::VideoDataReceived { data, .. } => (MediaKind::Video, data),
            ClientSessionEvent::AudioDataReceived { data, .. } => (MediaKind::Audio, data),
            _ => unreachable!("only media was waited for"),
        });
    }
    let (got_headers, got_media): (Vec<_>, Vec<_>) = got.into_iter().partition(|item| !order(item).0);
    assert_eq!(got_headers, headers);
    assert_eq!(got_media.len(), media.len());
    assert!(got_media == media, "a frame differs");
}
