//! The worker as a process: its command line, how it ends, and what its jobs are not allowed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use std::time::Duration;

use nix::sys::signal::Signal;
use rig::*;
use tokio::process::{Child, Command};
use tokio::time::timeout;

async fn run(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lianmai-worker"))
        .args(arguments)
        .env_remove("LIANMAI_WORKER_SECRET")
        .output()
        .await
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn the_command_line_helps_and_refuses() {
    let (fine, text) = run(&["--version"]).await;
    assert!(fine && text.starts_with("lianmai-worker "), "{text}");
    let (fine, text) = run(&["--help"]).await;
    assert!(
        fine && text.contains("--gateway") && !text.contains("calibrate"),
        "{text}"
    );
    for (arguments, expected) in [
        (&[][..], "--gateway"),
        (&["--gateway", "ws://127.0.0.1:1/"], "secret"),
        (&["--gateway", "http://127.0.0.1:1/"], "ws://"),
        (&["--gateway", "ws://h/", "--secret-file", "/nowhere"], "/nowhere"),
        (&["job"], "pipe"),
    ] {
        let (fine, text) = run(arguments).await;
        assert!(
            !fine && text.to_lowercase().contains(expected),
            "{arguments:?}: {text}"
        );
    }
}

async fn ended(worker: &mut Child) -> bool {
    // Waiting closes the child's input, which would end it by itself.
    let _input = worker.stdin.take();
    let status = timeout(LIMIT, worker.wait())
        .await
        .expect("the worker ends")
        .unwrap();
    status.success()
}

/// A signal ends the worker properly: its streams are off air, its processes gone.
#[tokio::test]
async fn a_signal_ends_everything() {
    let rig = Rig::new().await;
    let (mut worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    let children = children_of(&worker);
    assert!(!children.is_empty());
    send_signal(worker.id().unwrap(), Signal::SIGTERM);
    assert!(ended(&mut worker).await);
    rig.until_on_air("cam_opus", false).await;
    assert!(children.iter().all(|pid| !is_ours(*pid)), "no process stays");
}

/// With `--with-parent`, the end of its parent's pipe is the worker's end.
#[tokio::test]
async fn it_ends_with_its_parent() {
    let rig = Rig::new().await;
    let mut worker = rig.start_worker(&[]);
    let _gateway = rig.accept().await;
    worker.stdin = None;
    assert!(ended(&mut worker).await);
}

/// Killed without a chance to say anything, it takes its jobs along.
#[tokio::test]
async fn jobs_do_not_outlive_their_supervisor() {
    let rig = Rig::new().await;
    let (mut worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    let children = children_of(&worker);
    send_signal(worker.id().unwrap(), Signal::SIGKILL);
    assert!(!ended(&mut worker).await);
    rig.until_on_air("cam_opus", false).await;
    let waiting = async {
        while children.iter().any(|pid| is_ours(*pid)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, waiting).await.expect("all processes end");
}

/// Whether a process of this program has this id.
fn is_ours(pid: u32) -> bool {
    proc_file(pid, "comm").starts_with("lianmai-worker") && !proc_file(pid, "stat").contains(") Z ")
}

/// A job has no privileges, no files, no core dumps, little memory, and nothing secret on its command line or in its
/// environment.
#[tokio::test]
async fn a_job_is_confined() {
    let rig = Rig::new().await;
    let (worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    let mut job = rig.job(1, TO_OPUS, "cam", "cam_opus");
    job.target.push_str("?t=hush");
    gateway.start(job).await;
    gateway.started(1).await;
    let pid = job_process(&worker, &[]).await;
    let status = proc_file(pid, "status");
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    if nix::unistd::geteuid().is_root() {
        assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
        assert!(status.contains("Gid:\t65534\t65534\t65534\t65534"), "{status}");
        let groups = status.lines().find(|line| line.starts_with("Groups:")).unwrap();
        assert_eq!(groups.trim_end(), "Groups:");
        assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
    }
    let limits = proc_file(pid, "limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let numbers = line.trim_start_matches(name).split_whitespace();
        numbers
            .map(|number| number.parse().unwrap_or(u64::MAX))
            .nth(1)
            .unwrap()
    };
    assert_eq!(limit("Max core file size"), 0);
    assert_eq!(limit("Max file size"), 0);
    assert!(limit("Max open files") <= 64);
    assert!(limit("Max data size") <= 200 << 20);
    assert!(limit("Max address space") <= 2 << 30);
    for secret in ["hush", SECRET] {
        assert!(!proc_file(pid, "cmdline").contains(secret));
        assert!(!proc_file(pid, "environ").contains(secret));
    }
    assert!(!proc_file(worker.id().unwrap(), "cmdline").contains(SECRET));
}
