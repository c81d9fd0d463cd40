//! The worker beside the gateway, played by shell scripts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lianmai_control::workers::WorkerSecret;
use lianmai_gateway::worker::{LocalWorker, Restarts, supervise};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

/// A worker whose program is a script that may write to `$DIR`.
struct Stage {
    dir: tempfile::TempDir,
    secret: WorkerSecret,
    stop: CancellationToken,
    running: JoinSet<()>,
}

impl Stage {
    fn play(script: &str) -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("worker");
        let text = format!("#!/bin/sh\nDIR={}\n{script}\n", dir.path().display());
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Stage::with(dir, program)
    }

    fn with(dir: tempfile::TempDir, command: PathBuf) -> Stage {
        let (secret, stop) = (WorkerSecret::generate(), CancellationToken::new());
        let worker = LocalWorker {
            command,
            gateway: "ws://127.0.0.1:1/internal/worker".to_owned(),
            secret: secret.clone(),
            capacity: Some(1.5),
            measure: true,
            user: Some("65534:65534".to_owned()),
            log: "info".to_owned(),
        };
        let mut running = JoinSet::new();
        running.spawn(supervise(worker, Restarts::default(), stop.clone()));
        Stage {
            dir,
            secret,
            stop,
            running,
        }
    }

    /// The lines that scripts have written into a file.
    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until a file has so many lines.
    async fn until(&self, name: &str, lines: usize) -> Vec<String> {
        let look = async {
            loop {
                let found = self.lines(name);
                if found.len() >= lines {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        found.unwrap_or_else(|_| panic!("{name} has not {lines} lines: {:?}", self.lines(name)))
    }

    /// Stops, and says how long that took.
    async fn finish(&mut self) -> Duration {
        let began = Instant::now();
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running.join_next()).await;
        ended
            .expect("it ends")
            .expect("it ran")
            .expect("it did not panic");
        began.elapsed()
    }
}

/// Whether a process is there and no zombie.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Started again within a second of its end, and later and later while it falls over at once.
#[tokio::test]
async fn a_worker_that_ends_is_started_again() {
    let mut stage =
        Stage::play("date +%s%N >> $DIR/starts; echo $$ >> $DIR/pids; echo worker says >&2; exit 3");
    let starts = stage.until("starts", 5).await;
    let at: Vec<f64> = starts
        .iter()
        .map(|nanos| nanos.parse::<f64>().unwrap() / 1e9)
        .collect();
    let waits: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] < 1.0, "{waits:?}");
    assert!(waits[3] >= 0.8, "{waits:?}");
    stage.finish().await;
    assert!(stage.lines("pids").iter().all(|pid| !lives(pid)));
}

/// kill −9 of a worker that has run: back within a second.
#[tokio::test]
async fn a_killed_worker_is_back_within_a_second() {
    let mut stage = Stage::play("echo $$ >> $DIR/pids; exec cat >/dev/null");
    let first = stage.until("pids", 1).await[0].clone();
    let killed = std::process::Command::new("kill")
        .args(["-9", &first])
        .status()
        .unwrap();
    assert!(killed.success());
    let began = Instant::now();
    let second = stage.until("pids", 2).await[1].clone();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_ne!(first, second);
    stage.finish().await;
}

/// The end of standard input tells a worker to end; nothing is left.
#[tokio::test]
async fn a_worker_ends_with_its_input() {
    let mut stage = Stage::play("echo $$ >> $DIR/pids; cat >/dev/null; echo done >> $DIR/ends");
    let pids = stage.until("pids", 1).await;
    let took = stage.finish().await;
    assert_eq!(stage.lines("ends"), ["done"], "it ended by itself");
    assert!(took < Duration::from_millis(1_900), "{took:?}");
    assert!(!lives(&pids[0]));
}

#[tokio::test]
async fn a_worker_that_does_not_want_to_end_is_killed() {
    let mut stage = Stage::play("trap '' TERM INT HUP; echo $$ >> $DIR/pids; while :; do sleep 0.05; done");
    let pids = stage.until("pids", 1).await;
    let took = stage.finish().await;
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(4),
        "{took:?}"
    );
    assert!(!lives(&pids[0]));
}

/// The gateway's end without a goodbye takes the worker with it.
#[tokio::test]
async fn dropping_kills() {
    let mut stage = Stage::play("echo $$ >> $DIR/pids; while :; do sleep 0.05; done");
    let pids = stage.until("pids", 1).await;
    stage.running.shutdown().await;
    let gone = async {
        while lives(&pids[0]) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("it is killed");
}

/// What a worker is told, and that it is told nothing else: no secret of the gateway's is in its environment, and the
/// one it needs is in nobody's sight.
#[tokio::test]
async fn a_worker_knows_only_what_it_needs() {
    let mut stage = Stage::play(
        "env | sort > $DIR/new; mv $DIR/new $DIR/env; echo \"$@\" > $DIR/new; mv $DIR/new $DIR/arguments
         cat >/dev/null",
    );
    let arguments = stage.until("arguments", 1).await;
    assert_eq!(
        arguments,
        [
            "--with-parent --gateway ws://127.0.0.1:1/internal/worker --name local --log info --log-format json \
          --capacity 1.5 --user 65534:65534"
        ]
    );
    let env = stage.lines("env");
    let secret = format!("LIANMAI_WORKER_SECRET={}", stage.secret.expose());
    assert!(env.contains(&secret));
    let kept = [
        "PATH",
        "LANG",
        "TZ",
        "LD_LIBRARY_PATH",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    ];
    for line in env.iter().filter(|line| **line != secret) {
        let name = line.split('=').next().unwrap();
        assert!(kept.contains(&name), "{name}");
    }
    stage.finish().await;
}

/// A flood of output is no reason to wait for anybody.
#[tokio::test]
async fn a_chatty_worker_is_listened_to_and_not_waited_for() {
    let mut stage =
        Stage::play("yes says the worker | head -c 20000000; echo done >> $DIR/ends; cat >/dev/null");
    stage.until("ends", 1).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_crash() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("none");
    let mut stage = Stage::with(dir, program);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(stage.running.try_join_next().is_none(), "it tries on");
    assert!(stage.finish().await < Duration::from_secs(1));
}
