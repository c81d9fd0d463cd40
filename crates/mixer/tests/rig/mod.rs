//! A hub with an RTMP server that lets everybody in, a stand-in for the gateway's side of the job channel, and the real
//! worker program between them.
#![allow(dead_code, unreachable_pub)]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use lianmai_hub::job::{GatewayMessage, Job, JobId, JobKind, JobReport, WorkerMessage};
use lianmai_hub::{AccessRequest, Authorise, Denial, Grant, Hub, HubConfig, StreamKey};
use lianmai_rtmp::client::{DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{ClientEvent, Media, MediaKind, Purpose, RtmpUrl, Seed};
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// Longest wait for anything: these tests share a machine.
pub const LIMIT: Duration = Duration::from_secs(20);
pub const SECRET: &str = "a secret of tests";

struct Everybody;

impl Authorise for Everybody {
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>> {
        Box::pin(async move {
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

pub struct Rig {
    pub hub: Hub,
    pub server: RtmpServer,
    pub address: SocketAddr,
    pub channel: TcpListener,
    tasks: JoinSet<()>,
}

impl Rig {
    pub async fn new() -> Rig {
        let hub = Hub::new(HubConfig::default());
        let server = RtmpServer::new(
            RtmpServerConfig::default(),
            hub.clone(),
            Arc::new(Everybody),
            || Seed([3; 32]),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let accepting = server.clone();
        tasks.spawn(async move { accepting.serve(listener, None).await });
        Rig {
            hub,
            server,
            address,
            channel: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tasks,
        }
    }

    pub fn url(&self, stream: &str) -> String {
        format!("rtmp://{}/app/{stream}", self.address)
    }

    pub fn job(&self, id: u64, kind: JobKind, source: &str, target: &str) -> Job {
        let only = match kind {
            JobKind::VideoToH264 { .. } => "video",
            _ => "audio",
        };
        Job {
            id: JobId(id),
            kind,
            source: format!("{}?coalesce=0&only={only}", self.url(source)),
            target: self.url(target),
        }
    }

    /// The worker program with these arguments, connecting here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lianmai-worker"));
        command
            .args([
                "--gateway",
                &format!("ws://{}/internal/worker", self.channel.local_addr().unwrap()),
            ])
            .args(["--name", "tested", "--capacity", "4"])
            // It must not outlive a test that is killed.
            .arg("--with-parent")
            .args(arguments)
            .env("LIANMAI_WORKER_SECRET", SECRET)
            .stdin(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub fn start_worker(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// The worker's next connection, with its first message read.
    pub async fn accept(&self) -> Gateway {
        let accepting = async {
            let (tcp, _) = self.channel.accept().await.unwrap();
            let socket = tokio_tungstenite::accept_hdr_async(tcp, check).await.unwrap();
            let mut gateway = Gateway {
                socket,
                reports: Vec::new(),
            };
            let hello = gateway.next().await;
            assert!(
                matches!(&hello, WorkerMessage::Hello { protocol: 1, name, .. } if name == "tested"),
                "{hello:?}"
            );
            gateway.say(GatewayMessage::Welcome).await;
            gateway
        };
        timeout(LIMIT, accepting).await.expect("the worker connects")
    }

    pub async fn worker(&self) -> (Child, Gateway) {
        let child = self.start_worker(&[]);
        (child, self.accept().await)
    }

    /// Waits until a stream of this name has a publisher, or has none.
    pub async fn until_on_air(&self, stream: &str, on_air: bool) {
        let key = StreamKey::new("app", stream);
        let waiting = async {
            loop {
                if self.hub.stats(&key).is_some_and(|stats| stats.on_air) == on_air {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, waiting)
            .await
            .expect("the publisher comes or goes");
    }

    pub async fn play(&self, stream: &str) -> Player {
        Player {
            client: self.open(stream, Purpose::Play).await,
        }
    }

    pub async fn open(&self, stream: &str, purpose: Purpose) -> RtmpClient {
        let url = RtmpUrl::parse(&self.url(stream)).unwrap();
        let opening = RtmpClient::open(&url, purpose, DialOptions::default(), Seed([5; 32]));
        timeout(LIMIT, opening).await.expect("an answer in time").unwrap()
    }

    /// An ffmpeg that publishes at the pace of a camera.
    pub fn ffmpeg_publisher(&self, stream: &str, arguments: &str) -> Child {
        Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-re"])
            .args(arguments.split_whitespace())
            .args(["-f", "flv", &self.url(stream)])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// What ffmpeg makes of a stream it plays.
    pub async fn ffmpeg_player(&self, stream: &str, arguments: &str) -> Vec<u8> {
        let output = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i", &self.url(stream)])
            .args(arguments.split_whitespace())
            .arg("-")
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output();
        let output = timeout(LIMIT, output).await.expect("ffmpeg ends").unwrap();
        output.stdout
    }
}

/// The gateway's check, as it must be passed.
#[allow(clippy::result_large_err)]
fn check(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let shown = request
        .headers()
        .get("authorization")
        .map(|value| value.as_bytes());
    if shown == Some(format!("Bearer {SECRET}").as_bytes()) && request.uri().path() == "/internal/worker" {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::UNAUTHORIZED;
    Err(refusal)
}

/// The gateway's end of the channel. Reports are put aside.
pub struct Gateway {
    socket: WebSocketStream<TcpStream>,
    pub reports: Vec<(f64, Vec<JobReport>)>,
}

impl Gateway {
    pub async fn say(&mut self, message: GatewayMessage) {
        let text = serde_json::to_string(&message).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn start(&mut self, job: Job) {
        self.say(GatewayMessage::Start { job }).await;
    }

    /// The next message that is no report.
    pub async fn next(&mut self) -> WorkerMessage {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            match self.any().await {
                WorkerMessage::Report { free, jobs } => self.reports.push((free, jobs)),
                other => return other,
            }
        }
        panic!("nothing but reports");
    }

    /// The first report from now on that `fits`; those before it may be old.
    pub async fn report(&mut self, fits: impl Fn(&[JobReport]) -> bool) -> (f64, Vec<JobReport>) {
        for _ in 0..30 {
            match self.any().await {
                WorkerMessage::Report { free, jobs } if fits(&jobs) => return (free, jobs),
                WorkerMessage::Report { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("no such report");
    }

    async fn any(&mut self) -> WorkerMessage {
        loop {
            let message = timeout(LIMIT, self.socket.next())
                .await
                .expect("a message in time");
            if let Message::Text(text) = message.expect("the worker is there").unwrap() {
                return serde_json::from_str(text.as_str()).unwrap();
            }
        }
    }

    pub async fn started(&mut self, id: u64) {
        let message = self.next().await;
        assert!(
            matches!(message, WorkerMessage::Started { id: JobId(n) } if n == id),
            "{message:?}"
        );
    }

    pub async fn failed(&mut self, id: u64) -> String {
        match self.next().await {
            WorkerMessage::Failed { id: JobId(n), reason } if n == id => reason,
            other => panic!("{other:?}"),
        }
    }

    pub async fn stop(&mut self, id: u64) {
        self.say(GatewayMessage::Stop { id: JobId(id) }).await;
        let message = self.next().await;
        assert!(
            matches!(message, WorkerMessage::Stopped { id: JobId(n) } if n == id),
            "{message:?}"
        );
    }
}

pub struct Player {
    pub client: RtmpClient,
}

impl Player {
    pub async fn next(&mut self) -> Media {
        let waiting = async {
            loop {
                if let ClientEvent::Media(media) = self.client.next_event().await.unwrap() {
                    return media;
                }
            }
        };
        timeout(LIMIT, waiting).await.expect("media in time")
    }

    /// The next `count` messages of a kind.
    pub async fn take(&mut self, kind: MediaKind, count: usize) -> Vec<Media> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let media = self.next().await;
            if media.kind == kind {
                taken.push(media);
            }
        }
        taken
    }

    /// Reads for a while; how many messages came.
    pub async fn listen(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut count = 0;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if let Ok(event) = timeout(left, self.client.next_event()).await {
                count += usize::from(matches!(event.unwrap(), ClientEvent::Media(_)));
            }
        }
        count
    }
}

/// The job processes of a worker.
pub fn children_of(worker: &Child) -> Vec<u32> {
    let pid = worker.id().unwrap();
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// The content of a file of /proc; empty when the process is gone.
pub fn proc_file(pid: u32, name: &str) -> String {
    std::fs::read(format!("/proc/{pid}/{name}"))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// A process with a job, besides those known: one with a thread named `codec`.
pub async fn job_process(worker: &Child, known: &[u32]) -> u32 {
    let looking = async {
        loop {
            let found = children_of(worker)
                .into_iter()
                .find(|pid| !known.contains(pid) && has_codec_thread(*pid));
            if let Some(pid) = found {
                return pid;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, looking).await.expect("a process with a job")
}

pub fn has_codec_thread(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    tasks.is_ok_and(|tasks| {
        tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "codec")
        })
    })
}

pub fn send_signal(pid: u32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

pub const SINE: &str = "-f lavfi -i sine=frequency=1000:sample_rate=44100 -ac 2 -c:a aac -b:a 128k";
pub const TO_OPUS: JobKind = JobKind::AudioToOpus { bitrate: 64_000 };
pub const TO_AAC: JobKind = JobKind::AudioToAac { bitrate: 64_000 };
pub const TO_H264: JobKind = JobKind::VideoToH264 {
    bitrate: 1_500_000,
    max_side: 1_280,
};

/// The share of the energy of mono sound at 48 kHz that is at `hertz`.
pub fn purity(samples: &[f32], hertz: f64) -> f64 {
    let mut parts = 0.0;
    let mut sum = 0.0;
    for part in samples.chunks_exact(4_800) {
        let (mut re, mut im, mut energy) = (0.0, 0.0, 1e-9);
        for (n, sample) in part.iter().enumerate() {
            let phase = std::f64::consts::TAU * hertz * n as f64 / 48_000.0;
            re += f64::from(*sample) * phase.cos();
            im += f64::from(*sample) * phase.sin();
            energy += f64::from(*sample).powi(2);
        }
        sum += 2.0 * (re * re + im * im) / (part.len() as f64 * energy);
        parts += 1.0;
    }
    sum / f64::max(parts, 1.0)
}

pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect()
}
