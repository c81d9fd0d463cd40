//! The real worker beside a gateway: what ffmpeg pushes over RTMP comes out as renditions, also after a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lianmai_control::flv::{self, FlvState};
use lianmai_control::http::{self, HttpConfig, HttpState};
use lianmai_control::service::{
    AppPolicy, CreateRoom, JoinCredential, JoinRequest, PublishRequest, Service, ServiceConfig,
};
use lianmai_control::store::{Store, StoreConfig};
use lianmai_control::workers::{RenditionState, WorkersConfig};
use lianmai_gateway::worker::{LocalWorker, PROGRAM, Restarts, supervise};
use lianmai_hub::{Content, Delivery, Form, Hub, HubConfig, ReadOptions, Reader, StreamKey};
use lianmai_media::{AudioCodec, TrackKind, VideoCodec};
use lianmai_rooms::{AccountId, AppId, Device, Ext, Nick, RoomId, RoomKind, Settings, StreamKind, Transport};
use lianmai_rtmp::protocol::Seed;
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

struct Rig {
    hub: Hub,
    service: Arc<Service>,
    plain: StreamKey,
    push: String,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// The worker built beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|folder| folder.join(PROGRAM).is_file());
    folder
        .expect("build the worker first: cargo build -p lianmai-mixer")
        .join(PROGRAM)
}

impl Rig {
    async fn start() -> Rig {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rtmp_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (rtmp_at, http_at) = (
            rtmp_listener.local_addr().unwrap(),
            http_listener.local_addr().unwrap(),
        );
        let hub = Hub::new(HubConfig::default());
        let config = ServiceConfig {
            rtmp_host: "127.0.0.1".to_owned(),
            rtmp_port: rtmp_at.port(),
            workers: WorkersConfig {
                rtmp_base: format!("rtmp://{rtmp_at}"),
                ..WorkersConfig::default()
            },
            ..ServiceConfig::default()
        };
        let store = Store::open(&StoreConfig::memory()).await.unwrap();
        let service = Service::open(config, store, hub.clone()).await.unwrap();
        let (plain, push) = publish(&service).await;

        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let rtmp = RtmpServer::new(RtmpServerConfig::default(), hub.clone(), service.access(), || {
            Seed(rand::random())
        });
        tasks.spawn(async move { rtmp.serve(rtmp_listener, None).await });
        let state = HttpState::new(
            service.clone(),
            HttpConfig::default(),
            Arc::new(String::new),
            stop.clone(),
        );
        let play = flv::router(FlvState {
            hub: hub.clone(),
            authoriser: service.access(),
        });
        let (router, http_stop) = (http::router(state, play), stop.clone());
        let limits = HttpConfig::default();
        tasks.spawn(async move { http::serve(http_listener, router, &limits, http_stop, PATIENCE).await });
        let worker = LocalWorker {
            command: program(),
            gateway: format!("ws://{http_at}/internal/worker"),
            secret: service.workers().secret().clone(),
            capacity: Some(8.0),
            measure: true,
            user: None,
            log: "info".to_owned(),
        };
        tasks.spawn(supervise(worker, Restarts::default(), stop.clone()));
        Rig {
            hub,
            service,
            plain,
            push,
            stop,
            tasks,
        }
    }

    async fn until_state(&self, form: Form, state: RenditionState) {
        let is = || {
            let all = self.service.workers().renditions(&self.plain);
            all.iter()
                .any(|rendition| rendition.form == form && rendition.state == state)
        };
        until(&format!("{form:?} {state:?}"), is).await;
    }

    async fn finish(mut self) {
        self.stop.cancel();
        self.hub.shut_down().await;
        // The RTMP server has no stop of its own here.
        self.tasks.shutdown().await;
        self.service.shut_down().await;
    }
}

async fn publish(service: &Service) -> (StreamKey, String) {
    let app = AppId::parse("demo").unwrap();
    service
        .create_app(Some(app.clone()), AppPolicy::default())
        .await
        .unwrap();
    let room = RoomId::parse("r1").unwrap();
    let create = CreateRoom {
        id: Some(room.clone()),
        settings: Settings::new(RoomKind::Communication),
        password: None,
        creator: None,
    };
    service.create_room(&app, create).await.unwrap();
    let join = JoinRequest {
        account: AccountId::parse("ann").unwrap(),
        role: None,
        credential: JoinCredential::None,
        nick: Nick::default(),
        ext: Ext::default(),
        session: None,
        device: Device::default(),
        bypass: None,
    };
    let member = service.join(&app, &room, join).await.unwrap().member;
    let request = PublishRequest {
        member,
        kind: StreamKind::Camera,
        via: Transport::Rtmp,
        voff: false,
        aoff: false,
        client_ref: None,
        ext: Ext::default(),
    };
    let published = service.publish(&app, &room, request).await.unwrap();
    let plain = StreamKey::new("demo", published.stream.id.as_str());
    (plain, published.push.unwrap().url.unwrap())
}

/// A camera with B-frames and AAC. Ends with the test.
struct Camera(Child);

impl Camera {
    fn start(url: &str) -> Camera {
        let picture = "testsrc2=size=320x180:rate=25";
        let encode = "-c:v libx264 -preset ultrafast -bf 2 -g 25 -c:a aac -ar 44100 -f flv";
        let child = Command::new("ffmpeg")
            .args(["-v", "error", "-re", "-f", "lavfi", "-i", picture])
            .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"])
            .args(encode.split(' '))
            .arg(url)
            .stdin(Stdio::null())
            .spawn();
        Camera(child.expect("ffmpeg"))
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let look = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "not: {what}");
}

/// Times in milliseconds of the next frames of one kind.
async fn frames(reader: &mut Reader, kind: TrackKind, count: usize) -> Vec<i64> {
    let mut times = Vec::new();
    let read = async {
        let mut batch = Vec::new();
        while times.len() < count {
            reader.next_batch(&mut batch).await;
            for delivery in batch.drain(..) {
                match delivery {
                    Delivery::Item(item) => {
                        if let Content::Frame(frame) = &item.content
                            && frame.kind == kind
                        {
                            times.push(frame.dts.as_millis());
                        }
                    }
                    Delivery::End(reason) => panic!("the rendition ended: {reason:?}"),
                    _ => {}
                }
            }
        }
    };
    let done = tokio::time::timeout(PATIENCE, read).await;
    assert!(done.is_ok(), "{} of {count} frames", times.len());
    times
}

/// Processes whose command line holds `words`.
fn processes(words: &str) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(words).then_some(pid)
    })
    .collect()
}

/// The worker that this test runs.
fn worker() -> u32 {
    let own = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        parent.is_some_and(|parent| parent.trim() == std::process::id().to_string())
    };
    let workers: Vec<u32> = processes("--with-parent").into_iter().filter(own).collect();
    assert_eq!(workers.len(), 1);
    workers[0]
}

async fn no_jobs_of(worker: u32) {
    let gone = || processes(&format!("--parent {worker} ")).is_empty();
    until("the jobs' processes are gone", gone).await;
}

/// R-A1, R-A2, R-B1; kill −9 of the worker: the rendition is back soon, and its readers stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_worker_makes_renditions_and_comes_back_from_the_dead() {
    let rig = Rig::start().await;
    until("a worker is there", || rig.service.workers().list().len() == 1).await;
    let _camera = Camera::start(&rig.push);
    until("the camera is on air", || {
        rig.hub
            .stats(&rig.plain)
            .is_some_and(|s| s.audio.is_some() && s.video.is_some())
    })
    .await;

    let mut source = rig
        .hub
        .subscribe(rig.plain.clone(), ReadOptions::default())
        .unwrap();
    frames(&mut source, TrackKind::Audio, 50).await;
    drop(source);

    let (opus, nob) = (rig.plain.form(Form::Opus), rig.plain.form(Form::NoBFrames));
    let wanted = Instant::now();
    let wants = [rig.hub.want(&opus), rig.hub.want(&nob)];
    let mut sound = rig.hub.subscribe(opus.clone(), ReadOptions::default()).unwrap();
    let first = frames(&mut sound, TrackKind::Audio, 1).await;
    eprintln!("first Opus packet {:?} after the want", wanted.elapsed());
    let times = [first, frames(&mut sound, TrackKind::Audio, 100).await].concat();
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] == 20),
        "20 ms packets: {times:?}"
    );
    let audio = rig.hub.stats(&opus).unwrap().audio.unwrap();
    assert_eq!((audio.codec, audio.sample_rate), (AudioCodec::Opus, 48_000));

    rig.until_state(Form::NoBFrames, RenditionState::Running).await;
    let mut picture = rig.hub.subscribe(nob.clone(), ReadOptions::default()).unwrap();
    frames(&mut picture, TrackKind::Video, 50).await;
    let video = rig.hub.stats(&nob).unwrap().video.unwrap();
    assert_eq!((video.codec, video.b_frames), (VideoCodec::H264, false));
    assert_eq!(rig.service.workers().list()[0].jobs, 2);

    let first_worker = worker();
    assert!(processes(&format!("--parent {first_worker} ")).len() >= 2);
    let killed = Instant::now();
    let kill = Command::new("kill")
        .args(["-9", &first_worker.to_string()])
        .status();
    assert!(kill.unwrap().success());
    until("it is noticed", || rig.service.workers().list().is_empty()).await;
    until("a worker is there again", || {
        rig.service.workers().list().len() == 1
    })
    .await;
    let back = killed.elapsed();
    rig.until_state(Form::Opus, RenditionState::Running).await;
    let running = killed.elapsed();
    eprintln!("after kill -9: worker back after {back:?}, sound on air after {running:?}");
    assert!(
        back < Duration::from_secs(2) && running < Duration::from_secs(4),
        "{back:?} {running:?}"
    );
    let after = frames(&mut sound, TrackKind::Audio, 100).await;
    assert!(after.windows(2).all(|pair| pair[0] < pair[1]), "{after:?}");
    assert!(after[0] > times[100], "time does not go back");
    no_jobs_of(first_worker).await;

    drop(wants);
    until("jobs end", || rig.service.workers().list()[0].jobs == 0).await;
    let second_worker = worker();
    rig.finish().await;
    until("the worker is gone", || {
        !processes("--with-parent").contains(&second_worker)
    })
    .await;
    no_jobs_of(second_worker).await;
}
