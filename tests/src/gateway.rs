//! A gateway process on free ports with its own data directory.

use std::net::{SocketAddr, TcpListener};
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
    extra: Vec<String>,
}

impl Gateway {
    /// A gateway with an open demo app.
    pub async fn start() -> Gateway {
        Gateway::start_with(&[]).await
    }

    /// The same with further settings (`key=value`).
    pub async fn start_with(settings: &[&str]) -> Gateway {
        // Each test is its own process; a second installation in one changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let [rtmp, http, metrics] = free_ports();
        let extra: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        let process = spawn(&dir, rtmp, http, metrics, &extra);
        let gateway = Gateway {
            process,
            dir,
            rtmp,
            http,
            metrics,
            extra,
        };
        gateway.ready().await;
        gateway
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
        self.process = spawn(&self.dir, self.rtmp, self.http, self.metrics, &self.extra);
        self.ready().await;
        start.elapsed()
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
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
        all.extend(settings(
            &self.dir,
            self.rtmp,
            self.http,
            self.metrics,
            &self.extra,
        ));
        Process::start(binary(), all)
            .succeed(READY)
            .await
            .trim()
            .to_owned()
    }

    /// Runs `lianmai` with these arguments and this gateway's settings.
    pub fn cli(&self, arguments: &[&str]) -> Process {
        let mut all: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        all.extend(settings(
            &self.dir,
            self.rtmp,
            self.http,
            self.metrics,
            &self.extra,
        ));
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

/// Addresses on loopback that nobody listens on now.
pub fn free_ports<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|l| l.local_addr().unwrap())
}

fn settings(
    dir: &tempfile::TempDir,
    rtmp: SocketAddr,
    http: SocketAddr,
    metrics: SocketAddr,
    extra: &[String],
) -> Vec<String> {
    let fixed = [
        format!("data.dir={}", dir.path().join("data").display()),
        "public.host=127.0.0.1".to_owned(),
        format!("public.rtmp_port={}", rtmp.port()),
        format!("public.http_url=http://{http}"),
        format!("rtmp.listen=[\"{rtmp}\"]"),
        format!("http.listen={http}"),
        format!("metrics.listen={metrics}"),
        "console.open_app=demo".to_owned(),
        "webhook.allow_private=true".to_owned(),
    ];
    fixed
        .iter()
        .chain(extra)
        .flat_map(|s| ["--set".to_owned(), s.clone()])
        .collect()
}

fn spawn(
    dir: &tempfile::TempDir,
    rtmp: SocketAddr,
    http: SocketAddr,
    metrics: SocketAddr,
    extra: &[String],
) -> Process {
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(settings(dir, rtmp, http, metrics, extra));
    Process::start(binary(), arguments)
}
