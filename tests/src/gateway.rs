//! A gateway process on free ports with its own data directory.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Api;
use crate::process::Process;

const READY: Duration = Duration::from_secs(20);

/// A running gateway. Ends, and forgets its data, with the test.
pub struct Gateway {
    process: Process,
    dir: tempfile::TempDir,
    pub rtmp: SocketAddr,
    pub http: SocketAddr,
    pub metrics: SocketAddr,
    /// UDP of all WebRTC peers.
    pub webrtc: SocketAddr,
    extra: Vec<String>,
    /// Settings come from `lianmai.toml` in `dir` instead of flags, so that a reload can change them.
    from_file: bool,
    disk: Option<Disk>,
}

/// A small disk for recordings.
struct Disk {
    folder: tempfile::TempDir,
    bytes: u64,
}

impl Gateway {
    /// The setting with which a gateway starts a worker of its own.
    pub const WORKER: &str = "workers.local=true";

    /// A gateway with an open demo app, and without a worker: for media that needs no transcoding.
    pub async fn start() -> Gateway {
        Gateway::start_with(&[]).await
    }

    /// The same with a worker.
    pub async fn with_worker() -> Gateway {
        Gateway::start_with(&[Gateway::WORKER]).await
    }

    /// The same with further settings (`key=value`).
    pub async fn start_with(settings: &[&str]) -> Gateway {
        Gateway::launch(settings, false).await
    }

    /// The same with all settings in a file, which [`configure`](Self::configure) can change.
    pub async fn start_from_file(settings: &[&str]) -> Gateway {
        Gateway::launch(settings, true).await
    }

    /// The same with a disk of its own of so many bytes for recordings, which nobody else sees and which goes with the
    /// process. Needs the right to make name spaces.
    pub async fn start_on_small_disk(settings: &[&str], bytes: u64) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let own = format!("recording.dir={}", folder.path().display());
        let settings: Vec<&str> = settings.iter().copied().chain([own.as_str()]).collect();
        let disk = Disk { folder, bytes };
        Gateway::launch_on(&settings, false, Some(disk)).await
    }

    async fn launch(settings: &[&str], from_file: bool) -> Gateway {
        Gateway::launch_on(settings, from_file, None).await
    }

    async fn launch_on(settings: &[&str], from_file: bool, disk: Option<Disk>) -> Gateway {
        // Each test is its own process; a second installation in one changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let [rtmp, http, metrics] = free_ports();
        let extra: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        let webrtc = free_udp_port();
        let flags = flags(&dir, [rtmp, http, metrics, webrtc], &extra, from_file);
        let gateway = Gateway {
            process: spawn(flags, disk.as_ref()),
            disk,
            dir,
            rtmp,
            http,
            metrics,
            webrtc,
            extra,
            from_file,
        };
        gateway.ready().await;
        gateway
    }

    /// Rewrites the configuration file with these further settings; SIGHUP or a restart takes them over.
    pub fn configure(&mut self, settings: &[&str]) {
        assert!(self.from_file, "started without a file");
        self.extra = settings.iter().map(|s| (*s).to_owned()).collect();
        self.flags();
    }

    /// The configuration file of a gateway that was started from one.
    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join(CONFIG)
    }

    fn flags(&self) -> Vec<String> {
        let addresses = [self.rtmp, self.http, self.metrics, self.webrtc];
        flags(&self.dir, addresses, &self.extra, self.from_file)
    }

    async fn ready(&self) {
        let client = reqwest::Client::new();
        let url = format!("http://{}/readyz", self.http);
        crate::wait::until("the gateway is ready", READY, || async {
            let answer = client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Ends the process as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts again on the same data and ports; returns when ready, and how long that took.
    pub async fn restart(&mut self) -> Duration {
        self.process.kill();
        let start = Instant::now();
        self.process = spawn(self.flags(), self.disk.as_ref());
        self.ready().await;
        start.elapsed()
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The API as the demo app's own server.
    pub async fn api(&self) -> Api {
        Api::new(
            format!("http://{}", self.http),
            self.token(&["--account", "server", "--server"]).await,
        )
    }

    /// The API as the own server of an app whose secret is in the database.
    pub async fn api_of(&self, app: &str) -> Api {
        let arguments = ["token", "--app", app, "--account", "server", "--server"];
        let token = self.cli(&arguments).succeed(READY).await;
        Api::new(format!("http://{}", self.http), token.trim().to_owned())
    }

    /// The API as one account.
    pub async fn api_as(&self, account: &str) -> Api {
        Api::new(
            format!("http://{}", self.http),
            self.token(&["--account", account]).await,
        )
    }

    /// What `lianmai token --app demo …` prints.
    pub async fn token(&self, arguments: &[&str]) -> String {
        let mut all = vec!["token".to_owned(), "--app".to_owned(), "demo".to_owned()];
        all.extend(arguments.iter().map(|a| (*a).to_owned()));
        all.extend(self.flags());
        Process::start(binary(), all)
            .succeed(READY)
            .await
            .trim()
            .to_owned()
    }

    /// Runs `lianmai` with these arguments and this gateway's settings.
    pub fn cli(&self, arguments: &[&str]) -> Process {
        let mut all: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        all.extend(self.flags());
        Process::start(binary(), all)
    }

    /// Resident memory in bytes.
    pub fn rss(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// A value of `/metrics`: the sum over all series of `name` whose labels contain `labels`.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let url = format!("http://{}/metrics", self.metrics);
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        let values = text.lines().filter(|l| {
            l.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
                && l.contains(labels)
        });
        values
            .filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

/// The binary built with this test, in the same target directory.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().find(|p| p.join("lianmai").is_file());
    profile
        .expect("build the gateway first: cargo build --workspace")
        .join("lianmai")
}

/// Addresses on loopback that nobody listens on now, nor will by chance: systems hand out ports from 32768 on to those who
/// ask for any, and of tests that run side by side hardly two draw the same of so many.
pub fn free_ports<const N: usize>() -> [SocketAddr; N] {
    let mut taken = Vec::with_capacity(N);
    [(); N].map(|()| {
        let (address, listener) = drawn(TcpListener::bind);
        // Kept until all are drawn, so that they differ.
        taken.push(listener);
        address
    })
}

/// An address on loopback whose UDP port nobody uses now.
pub fn free_udp_port() -> SocketAddr {
    drawn(UdpSocket::bind).0
}

/// The first address drawn that can be bound.
fn drawn<T>(bind: impl Fn(SocketAddr) -> std::io::Result<T>) -> (SocketAddr, T) {
    loop {
        let drawn = RandomState::new().hash_one(std::process::id());
        let port = 10_000 + u16::try_from(drawn % 22_000).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if let Ok(bound) = bind(address) {
            return (address, bound);
        }
    }
}

/// Name of the configuration file in a gateway's directory.
const CONFIG: &str = "lianmai.toml";

/// What names the settings on the command line. Later settings win over earlier ones.
fn flags(
    dir: &tempfile::TempDir,
    [rtmp, http, metrics, webrtc]: [SocketAddr; 4],
    extra: &[String],
    from_file: bool,
) -> Vec<String> {
    let fixed = [
        format!("data.dir={}", dir.path().join("data").display()),
        "public.host=127.0.0.1".to_owned(),
        format!("public.rtmp_port={}", rtmp.port()),
        format!("public.http_url=http://{http}"),
        format!("rtmp.listen=[\"{rtmp}\"]"),
        format!("http.listen={http}"),
        format!("metrics.listen={metrics}"),
        format!("webrtc.listen={webrtc}"),
        "console.open_app=demo".to_owned(),
        "webhook.allow_private=true".to_owned(),
        "bypass.allow_private=true".to_owned(),
        "workers.local=false".to_owned(),
        // It would take each test most of a second of a core.
        "workers.measure=false".to_owned(),
    ];
    let all = fixed.iter().chain(extra);
    if !from_file {
        return all.flat_map(|s| ["--set".to_owned(), s.clone()]).collect();
    }
    let mut settings = BTreeMap::new();
    for (key, value) in all.filter_map(|s| s.split_once('=')) {
        let bare = value.starts_with(['[', '"'])
            || value.parse::<i64>().is_ok()
            || ["true", "false"].contains(&value);
        settings.insert(
            key,
            if bare {
                value.to_owned()
            } else {
                format!("{value:?}")
            },
        );
    }
    let text: String = settings.iter().map(|(k, v)| format!("{k} = {v}\n")).collect();
    let path = dir.path().join(CONFIG);
    // A gateway that reloads just now reads the whole of it or what was before.
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, &path).unwrap();
    vec!["--config".to_owned(), path.display().to_string()]
}

fn spawn(flags: Vec<String>, disk: Option<&Disk>) -> Process {
    let arguments = ["serve".to_owned()].into_iter().chain(flags);
    let Some(Disk { folder, bytes }) = disk else {
        return Process::start(binary(), arguments);
    };
    let mount = format!("mount -t tmpfs -o size={bytes} none {}", folder.path().display());
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    // Root needs no namespace of users, which is refused below a changed root.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let spaces = if is_root { "-m" } else { "-Urm" };
    let mut command = std::process::Command::new("unshare");
    command
        .args([spaces, "sh", "-c", &script])
        .arg(binary())
        .args(arguments);
    Process::start_command(&mut command)
}
