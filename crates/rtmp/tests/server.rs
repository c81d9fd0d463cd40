//! The server over real sockets: our client on both ends, and every refusal as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{AccessRequest, Action, Authorise, Denial, Grant, Hub, HubConfig, StreamKey};
use lianmai_media::flv::{self, VideoTagBody};
use lianmai_media::{AudioConfig, Metadata};
use lianmai_rtmp::client::{ClientError, DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{
    ClientEvent, Media, MediaKind, Purpose, RtmpUrl, Seed, SessionError, SessionErrorKind,
};
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig};
use tokio::net::TcpListener;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(5);

/// Grants what carries `t=good`.
struct ByWord;

impl Authorise for ByWord {
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>> {
        Box::pin(async move {
            let epoch = request.query.split('&').find_map(|p| p.strip_prefix("epoch="));
            if !request.query.contains("t=good") {
                let description = format!("{} needs a token", request.action.as_str());
                return Err(Denial {
                    code: "token_missing",
                    description,
                });
            }
            Ok(Grant {
                key: StreamKey::new(&request.app, &request.stream),
                epoch: epoch.and_then(|e| e.parse().ok()).unwrap_or(1),
                holder: None,
                internal: false,
                max_bitrate: (request.action == Action::Publish && request.query.contains("slow=1"))
                    .then_some(8_000),
            })
        })
    }
}

struct Rig {
    hub: Hub,
    server: RtmpServer,
    address: SocketAddr,
    serving: tokio::task::JoinSet<()>,
}

async fn rig() -> Rig {
    rig_with(RtmpServerConfig::default()).await
}

async fn rig_with(config: RtmpServerConfig) -> Rig {
    let hub = Hub::new(HubConfig {
        coalesce: Duration::ZERO,
        ..HubConfig::default()
    });
    let server = RtmpServer::new(config, hub.clone(), Arc::new(ByWord), || Seed([3; 32]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = tokio::task::JoinSet::new();
    let accepting = server.clone();
    serving.spawn(async move { accepting.serve(listener, None).await });
    Rig {
        hub,
        server,
        address,
        serving,
    }
}

impl Rig {
    async fn open(&self, name: &str, purpose: Purpose) -> Result<RtmpClient, ClientError> {
        let url = RtmpUrl::parse(&format!("rtmp://{}/demo/{name}", self.address)).unwrap();
        let opening = RtmpClient::open(&url, purpose, DialOptions::default(), Seed([5; 32]));
        timeout(LIMIT, opening).await.expect("an answer in time")
    }

    async fn publish(&self, name: &str) -> RtmpClient {
        self.open(name, Purpose::Publish).await.unwrap()
    }

    async fn play(&self, name: &str) -> RtmpClient {
        self.open(name, Purpose::Play).await.unwrap()
    }
}

async fn next_media(client: &mut RtmpClient) -> Media {
    loop {
        let event = timeout(LIMIT, client.next_event())
            .await
            .expect("media in time")
            .unwrap();
        if let ClientEvent::Media(media) = event {
            return media;
        }
    }
}

async fn end_of(client: &mut RtmpClient) -> ClientError {
    loop {
        match timeout(LIMIT, client.next_event()).await.expect("an end in time") {
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// H.264 baseline 320×240 and AAC sequence headers, as encoders send them.
fn video_header() -> Bytes {
    let sps = [
        0x67, 0x42, 0xC0, 0x0D, 0xDA, 0x05, 0x07, 0xE8, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0C,
        0x83, 0xC5, 0x0A, 0xA8,
    ];
    let pps = [0x68, 0xCE, 0x3C, 0x80];
    let mut record = vec![1, sps[1], sps[2], sps[3], 0xFF, 0xE1, 0, sps.len() as u8];
    record.extend(sps);
    record.extend([1, 0, pps.len() as u8]);
    record.extend(pps);
    [&[0x17, 0, 0, 0, 0][..], &record].concat().into()
}

fn audio_header() -> Bytes {
    flv::audio_config_body(&AudioConfig::aac_lc(48_000, 2).unwrap()).unwrap()
}

fn picture(keyframe: bool, size: usize) -> Bytes {
    let mut body = vec![if keyframe { 0x17 } else { 0x27 }, 1, 0, 0, 0];
    body.extend((size as u32).to_be_bytes());
    body.push(if keyframe { 0x65 } else { 0x41 });
    body.resize(9 + size, 0xAB);
    body.into()
}

async fn start_media(client: &mut RtmpClient) {
    client.send_metadata(&Metadata::default(), 0).unwrap();
    client.send_media(MediaKind::Video, 0, &video_header()).unwrap();
    client.send_media(MediaKind::Audio, 0, &audio_header()).unwrap();
    client
        .send_media(MediaKind::Video, 0, &picture(true, 5_000))
        .unwrap();
    client.flush().await.unwrap();
}

/// R-P7, R-V5: a player gets metadata, sequence headers and a key frame, in this order, once.
#[tokio::test]
async fn media_reaches_a_player_headers_first() {
    let rig = rig().await;
    let mut player = rig.play("cam?t=good").await;
    let mut publisher = rig.publish("cam?t=good").await;
    start_media(&mut publisher).await;
    let sizes: Vec<_> = [next_media(&mut player).await, next_media(&mut player).await].into();
    assert_eq!(sizes[0].kind, MediaKind::Data);
    assert_eq!(sizes[1].payload, video_header());
    assert_eq!(next_media(&mut player).await.payload, audio_header());
    assert_eq!(next_media(&mut player).await.payload, picture(true, 5_000));
    publisher
        .send_media(MediaKind::Video, 40, &video_header())
        .unwrap();
    publisher
        .send_media(MediaKind::Video, 40, &picture(false, 200_000))
        .unwrap();
    publisher.flush().await.unwrap();
    let second = next_media(&mut player).await;
    assert_eq!(
        (second.timestamp, &second.payload),
        (40, &picture(false, 200_000)),
        "no repeated header"
    );
}

/// R-H2: without a right there is no `Publish.Start`, but a status that says why.
#[tokio::test]
async fn who_has_no_token_is_told_so() {
    let rig = rig().await;
    for (purpose, code) in [
        (Purpose::Publish, "NetStream.Publish.Unauthorized"),
        (Purpose::Play, "NetStream.Play.Failed"),
    ] {
        let error = rig.open("cam?t=bad", purpose).await.err().unwrap();
        let ClientError::Session(SessionError {
            kind: SessionErrorKind::Refused { code: told, .. },
            ..
        }) = error
        else {
            panic!("{error}");
        };
        assert_eq!(told, code);
    }
    assert!(rig.hub.all_stats().is_empty());
}

/// R-X1: a second push of the same right replaces the first, whose connection ends; an older right does not.
#[tokio::test]
async fn a_second_publisher_takes_over() {
    let rig = rig().await;
    let mut player = rig.play("cam?t=good").await;
    let mut first = rig.publish("cam?t=good&epoch=2").await;
    start_media(&mut first).await;
    for _ in 0..4 {
        next_media(&mut player).await;
    }
    let refused = rig
        .open("cam?t=good&epoch=1", Purpose::Publish)
        .await
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("NetStream.Publish.BadName"),
        "{refused}"
    );
    let mut second = rig.publish("cam?t=good&epoch=2").await;
    end_of(&mut first).await;
    start_media(&mut second).await;
    let media = next_media(&mut player).await;
    let body = flv::parse_video(media.payload).unwrap();
    assert!(
        matches!(body, VideoTagBody::CodedFrame { keyframe: true, .. }),
        "{body:?}"
    );
    assert!(media.timestamp >= 20, "the timeline goes on: {}", media.timestamp);
}

#[tokio::test]
async fn a_publisher_over_its_bit_rate_is_ended() {
    let rig = rig().await;
    let mut publisher = rig.publish("cam?t=good&slow=1").await;
    start_media(&mut publisher).await;
    publisher
        .send_media(MediaKind::Video, 40, &picture(false, 20_000))
        .unwrap();
    publisher.flush().await.unwrap();
    end_of(&mut publisher).await;
}

#[tokio::test]
async fn connections_are_limited_and_given_back() {
    let rig = rig_with(RtmpServerConfig {
        max_connections_per_ip: 2,
        ..RtmpServerConfig::default()
    })
    .await;
    let first = rig.publish("a?t=good").await;
    let _second = rig.publish("b?t=good").await;
    assert!(rig.open("c?t=good", Purpose::Publish).await.is_err());
    first.finish().await.unwrap();
    let opened = async {
        loop {
            if let Ok(client) = rig.open("c?t=good", Purpose::Publish).await {
                return client;
            }
        }
    };
    timeout(LIMIT, opened).await.expect("the place is free again");
}

#[tokio::test]
async fn shutting_down_leaves_nothing_behind() {
    let mut rig = rig().await;
    let mut publisher = rig.publish("cam?t=good").await;
    let mut player = rig.play("cam?t=good").await;
    start_media(&mut publisher).await;
    next_media(&mut player).await;
    timeout(LIMIT, rig.server.shut_down())
        .await
        .expect("shut down in time");
    end_of(&mut publisher).await;
    end_of(&mut player).await;
    rig.serving.join_next().await;
    assert_eq!(rig.server.connections(), 0);
    assert!(rig.hub.all_stats().is_empty());
    rig.hub.shut_down().await;
}
