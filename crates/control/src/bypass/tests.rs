//! Targets over real sockets: a server of the project behind a switch that can freeze.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{
    AccessRequest, Authorise, Denial, Grant, Hub, HubConfig, Publication, PublishOptions, StreamKey,
};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};
use lianmai_rtmp::protocol::{RtmpUrl, Seed};
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::air::Air;
use super::standing::{PushState, PushStatus, Standing};
use super::target::Target;
use super::{BypassConfig, RetryConfig};
use crate::service::Clock;

const LIMIT: Duration = Duration::from_secs(10);
/// An `avcC` record of 368x640.
const SPS_PPS: &str = "0142c01effe100186742c01eda05c146c044000003000400000300c83c58ba8001000568ce019720";

/// Lets everybody publish but those who say so.
struct Everybody;

impl Authorise for Everybody {
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>> {
        Box::pin(async move {
            if request.query.contains("no=1") {
                return Err(Denial {
                    code: "token_missing",
                    description: "no, secret-key".to_owned(),
                });
            }
            Ok(Grant {
                key: StreamKey::new(&request.app, &request.stream),
                epoch: 1,
                holder: None,
                internal: false,
                max_bitrate: None,
            })
        })
    }
}

/// A server to push to, behind a proxy that forwards while `open`.
struct Server {
    hub: Hub,
    address: SocketAddr,
    open: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

async fn server() -> Server {
    let hub = Hub::new(HubConfig {
        coalesce: Duration::ZERO,
        continue_window: Duration::from_millis(100),
        ..HubConfig::default()
    });
    let rtmp = RtmpServer::new(
        RtmpServerConfig::default(),
        hub.clone(),
        Arc::new(Everybody),
        || Seed([3; 32]),
    );
    let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let behind = inner.local_addr().unwrap();
    let outer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = outer.local_addr().unwrap();
    let (open, watch) = watch::channel(true);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { rtmp.serve(inner, None).await });
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = outer.accept().await.unwrap();
            connections.spawn(forward(client, behind, watch.clone()));
        }
    });
    Server {
        hub,
        address,
        open,
        _tasks: tasks,
    }
}

async fn closed(open: &mut watch::Receiver<bool>) {
    let _ = open.wait_for(|open| !*open).await;
}

/// Forwards both ways while the switch is open; then nothing is read any more, and nothing is closed.
async fn forward(mut client: TcpStream, behind: SocketAddr, mut open: watch::Receiver<bool>) {
    let mut server = TcpStream::connect(behind).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        () = closed(&mut open) => {}
    }
    drop(server);
    std::future::pending::<()>().await;
}

impl Server {
    fn url(&self, stream: &str) -> RtmpUrl {
        RtmpUrl::parse(&format!("rtmp://{}/live/{stream}", self.address)).unwrap()
    }

    fn stats(&self, stream: &str) -> Option<lianmai_hub::StreamStats> {
        let stats = self.hub.stats(&StreamKey::new("live", stream))?;
        stats.on_air.then_some(stats)
    }

    fn pictures(&self, stream: &str) -> u64 {
        self.stats(stream)
            .and_then(|s| Some(s.video?.frames))
            .unwrap_or(0)
    }
}

fn config() -> BypassConfig {
    BypassConfig {
        allow_private: true,
        connect_timeout: Duration::from_secs(2),
        stall: Duration::from_millis(400),
        retry: RetryConfig {
            first: Duration::from_millis(40),
            max: Duration::from_millis(200),
            stable: Duration::from_secs(30),
            refused_first: Duration::from_millis(30),
            refused_max: Duration::from_millis(30),
            refusals: 3,
        },
        tls: None,
    }
}

/// A gateway with one stream on air and some targets.
struct Source {
    hub: Hub,
    air: Arc<Air>,
    key: StreamKey,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

fn source() -> Source {
    let hub = Hub::new(HubConfig {
        continue_window: Duration::from_millis(200),
        ..HubConfig::default()
    });
    let air = Arc::new(Air::new(hub.clone()));
    let mut tasks = JoinSet::new();
    let (watching, events) = (air.clone(), hub.events());
    tasks.spawn(async move { watching.watch(events).await });
    Source {
        hub,
        air,
        key: StreamKey::new("acme", "mix"),
        stop: CancellationToken::new(),
        tasks,
    }
}

impl Source {
    fn push_to(&mut self, url: RtmpUrl) -> Arc<Standing> {
        let standing = Arc::new(Standing::new(Clock::system(), Arc::<Notify>::default()));
        let target = Target {
            hub: self.hub.clone(),
            air: self.air.clone(),
            config: Arc::new(config()),
            key: self.key.clone(),
            url,
            standing: standing.clone(),
            stop: self.stop.clone(),
        };
        self.tasks.spawn(target.run());
        standing
    }

    /// Pictures of `size` bytes, 100 a second, until it is dropped.
    fn publish(&mut self, size: usize) -> tokio::task::AbortHandle {
        let publication = self.hub.publish(self.key.clone(), PublishOptions::default());
        let publication = publication.unwrap();
        publication
            .set_audio(AudioConfig::aac_lc(48_000, 2).unwrap())
            .unwrap();
        publication.set_video(video()).unwrap();
        self.tasks.spawn(produce(publication, size))
    }
}

fn video() -> VideoConfig {
    let hex = SPS_PPS.as_bytes().chunks(2);
    let record = hex.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
    VideoConfig::from_record(VideoCodec::H264, record.collect()).unwrap()
}

async fn produce(publication: Publication, size: usize) {
    let begin = Instant::now();
    for n in 0.. {
        let millis = n * 10;
        let mut payload = (size as u32 - 4).to_be_bytes().to_vec();
        let keyframe = n % 20 == 0;
        payload.push(if keyframe { 0x65 } else { 0x41 });
        payload.resize(size, 0x7f);
        for (kind, payload) in [(TrackKind::Video, payload), (TrackKind::Audio, vec![0x21; 20])] {
            let frame = Frame {
                kind,
                dts: MediaTime::from_millis(millis),
                composition: MediaDuration::from_millis(0),
                keyframe: keyframe || kind == TrackKind::Audio,
                payload: Bytes::from(payload),
            };
            if publication.push(frame).is_err() {
                return;
            }
        }
        tokio::time::sleep_until(begin + Duration::from_millis(millis as u64)).await;
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(LIMIT, waiting).await.is_ok(), "{what}");
}

async fn reaches(standing: &Standing, state: PushState) -> PushStatus {
    until(&format!("{state:?}"), || standing.status().state == state).await;
    standing.status()
}

/// R-P2, R-P1: a target that stops reading is seen, tried again and comes back; another one loses nothing meanwhile.
#[tokio::test]
async fn a_wedged_target_is_seen_and_costs_others_nothing() {
    let (bad, good) = (server().await, server().await);
    let mut source = source();
    let wedged = source.push_to(bad.url("cam"));
    let fine = source.push_to(good.url("cam"));
    source.publish(20_000);
    reaches(&wedged, PushState::Live).await;
    reaches(&fine, PushState::Live).await;
    until("media arrives", || {
        good.pictures("cam") > 20 && bad.pictures("cam") > 20
    })
    .await;
    let before = good.pictures("cam");

    bad.open.send_replace(false);
    let frozen = Instant::now();
    let status = reaches(&wedged, PushState::BackOff).await;
    assert_eq!(status.reason.as_deref(), Some("wedged"));
    assert!(
        frozen.elapsed() < Duration::from_secs(3),
        "{:?}",
        frozen.elapsed()
    );
    until("it is tried again", || wedged.status().retries > 1).await;
    let expected = (frozen.elapsed().as_millis() / 10) as u64;
    let arrived = good.pictures("cam") - before;
    assert!(arrived * 10 >= expected * 8, "{arrived} of {expected} pictures");
    assert_eq!((fine.status().state, fine.status().dropped), (PushState::Live, 0));

    bad.open.send_replace(true);
    let status = reaches(&wedged, PushState::Live).await;
    assert_eq!(status.reason, None);
    until("media arrives again", || bad.pictures("cam") > 20).await;
}

/// A refusal is tried again slowly and at last no more; nothing of the server's words is shown.
#[tokio::test]
async fn a_refusing_target_is_given_up() {
    let server = server().await;
    let mut source = source();
    let refused = source.push_to(server.url("secret-key?no=1"));
    source.publish(500);
    let status = reaches(&refused, PushState::Failed).await;
    let reason = status.reason.unwrap();
    assert!(
        reason.starts_with("refused") && !reason.contains("secret"),
        "{reason}"
    );
    assert_eq!((status.retries, status.bytes), (2, 0));
}

#[tokio::test]
async fn private_addresses_are_refused_at_every_connection() {
    let server = server().await;
    let config = BypassConfig {
        allow_private: false,
        ..config()
    };
    let refused = super::connect::connect(&server.url("cam"), &config).await;
    assert_eq!(refused.err(), Some(super::reason::Reason::PrivateAddress));
}

/// A source that is away is waited for, not asked for; times start at 0 for every connection, and a target that is told
/// goodbye lets go at once.
#[tokio::test]
async fn an_absent_source_is_waited_for() {
    let server = server().await;
    let mut source = source();
    let standing = source.push_to(server.url("cam"));
    tokio::task::yield_now().await;
    assert_eq!(standing.status().state, PushState::Waiting);
    for _ in 0..2 {
        let publisher = source.publish(500);
        reaches(&standing, PushState::Live).await;
        until("media arrives", || server.pictures("cam") > 5).await;
        publisher.abort();
        let status = reaches(&standing, PushState::Waiting).await;
        assert_eq!(status.reason, None);
        until("the target is told", || server.stats("cam").is_none()).await;
    }
    assert_eq!(standing.status().retries, 1, "one connection per stay");
    source.publish(500);
    reaches(&standing, PushState::Live).await;
    source.stop.cancel();
    until("the target is told", || server.stats("cam").is_none()).await;
}
