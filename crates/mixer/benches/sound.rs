//! What a job that turns sound of one codec into the other costs, with everything that belongs to it: its process, both of
//! its connections, the pipes to the worker. `cargo bench -p lianmai-mixer --bench sound`.
//!
//! A hub with its RTMP server is in this process, and so is none of the cost. AAC of one publisher goes to some jobs that
//! make Opus of it, and what the first of them makes goes to as many that make AAC. Several worker programs take turns, to
//! be compared with each other: `-- --worker target/before --worker target/release/lianmai-worker`. Beside them, `ffmpeg`
//! transcodes the same sound from file to file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/rig/mod.rs"]
mod rig;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lianmai_hub::job::JobKind;
use nix::sys::resource::{UsageWho, getrusage};
use rig::{Gateway, LIMIT, Rig, SECRET, children_of, has_codec_thread};
use tokio::process::{Child, Command};

/// Jobs of each kind.
const JOBS: u64 = 4;
const WARM_UP: Duration = Duration::from_secs(2);
/// As the gateway asks for by itself.
const OPUS_BITRATE: u32 = 96_000;
const AAC_BITRATE: u32 = 128_000;
/// Seconds of sound in the file; it is published again and again.
const FILE_SECONDS: u64 = 20;

struct Options {
    workers: Vec<PathBuf>,
    runs: usize,
    seconds: u64,
}

fn options() -> Options {
    let mut all = std::env::args().skip(1);
    let mut options = Options {
        workers: Vec::new(),
        runs: 3,
        seconds: 10,
    };
    while let Some(name) = all.next() {
        let mut value = || all.next().expect("a value");
        match name.as_str() {
            "--worker" => options.workers.push(value().into()),
            "--runs" => options.runs = value().parse().unwrap(),
            "--seconds" => options.seconds = value().parse().unwrap(),
            _ => {}
        }
    }
    if options.workers.is_empty() {
        options.workers.push(env!("CARGO_BIN_EXE_lianmai-worker").into());
    }
    options
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = options();
    let folder = tempfile::tempdir().unwrap();
    let (aac, opus) = (folder.path().join("sound.flv"), folder.path().join("sound.ogg"));
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            "anoisesrc=color=pink:amplitude=0.2:sample_rate=48000,tremolo=f=3:d=0.8[n];sine=f=330:sample_rate=48000[s];\
         [n][s]join=inputs=2:channel_layout=stereo",
            "-t",
            &FILE_SECONDS.to_string(),
            "-c:a",
            "aac",
            "-b:a",
            "128k",
        ],
        &aac,
    );
    println!(
        "cores per stream: job processes of {JOBS} streams, {} s each, and ffmpeg from file to file",
        options.seconds
    );
    let mut all: Vec<Vec<[f64; 2]>> = vec![Vec::new(); options.workers.len() + 1];
    for run in 0..options.runs {
        let source = [
            "-i",
            aac.to_str().unwrap(),
            "-c:a",
            "libopus",
            "-b:a",
            "96k",
            "-fec",
            "1",
            "-packet_loss",
            "10",
            "-compression_level",
            "5",
        ];
        let to_opus = ffmpeg(&source, &opus);
        let to_aac = ffmpeg(
            &["-i", opus.to_str().unwrap(), "-c:a", "aac", "-b:a", "128k"],
            &folder.path().join("back.flv"),
        );
        all[options.workers.len()].push([to_opus, to_aac]);
        for (n, worker) in options.workers.iter().enumerate() {
            let found = measure(worker, &aac, options.seconds).await;
            println!(
                "run {run}: {} {found:.4?} (ffmpeg {to_opus:.4}, {to_aac:.4})",
                worker.display()
            );
            all[n].push(found);
        }
    }
    for (n, found) in all.iter().enumerate() {
        let name = options
            .workers
            .get(n)
            .map_or("ffmpeg".into(), |path| path.display().to_string());
        let [to_opus, to_aac] = [0, 1].map(|kind| median(found.iter().map(|pair| pair[kind]).collect()));
        println!("median: AAC -> Opus {to_opus:.4}, Opus -> AAC {to_aac:.4}   {name}");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Cores per stream for both directions.
async fn measure(worker: &Path, file: &Path, seconds: u64) -> [f64; 2] {
    let rig = Rig::new().await;
    let (mut opus_worker, mut opus_jobs) = start(&rig, worker).await;
    let (mut aac_worker, mut aac_jobs) = start(&rig, worker).await;
    let publish = format!("-stream_loop -1 -i {} -c copy", file.display());
    let _publisher = rig.ffmpeg_publisher("cam", &publish);
    rig.until_on_air("cam", true).await;
    for n in 0..JOBS {
        let kind = JobKind::AudioToOpus {
            bitrate: OPUS_BITRATE,
        };
        opus_jobs
            .start(rig.job(n, kind, "cam", &format!("opus{n}")))
            .await;
        opus_jobs.started(n).await;
    }
    rig.until_on_air("opus0", true).await;
    for n in 0..JOBS {
        let kind = JobKind::AudioToAac { bitrate: AAC_BITRATE };
        aac_jobs
            .start(rig.job(n, kind, "opus0", &format!("aac{n}")))
            .await;
        aac_jobs.started(n).await;
    }
    listen(&mut opus_jobs, &mut aac_jobs, WARM_UP).await;
    let before = [&opus_worker, &aac_worker].map(cpu_of_children);
    let start = tokio::time::Instant::now();
    listen(&mut opus_jobs, &mut aac_jobs, Duration::from_secs(seconds)).await;
    let after = [&opus_worker, &aac_worker].map(cpu_of_children);
    let took = start.elapsed().as_secs_f64();
    for worker in [&mut opus_worker, &mut aac_worker] {
        let _ = worker.start_kill();
        let _ = tokio::time::timeout(LIMIT, worker.wait()).await;
    }
    [0, 1].map(|n| (after[n] - before[n]) / took / JOBS as f64)
}

/// Hears both workers for so long: one that is not heard gives up.
async fn listen(one: &mut Gateway, other: &mut Gateway, time: Duration) {
    let hear = async |gateway: &mut Gateway| loop {
        gateway.report(|_| true).await;
    };
    let _ = tokio::time::timeout(time, async { tokio::join!(hear(one), hear(other)) }).await;
}

async fn start(rig: &Rig, worker: &Path) -> (Child, Gateway) {
    let child = Command::new(worker)
        .arg("--gateway")
        .arg(format!(
            "ws://{}/internal/worker",
            rig.channel.local_addr().unwrap()
        ))
        .args([
            "--name",
            "tested",
            "--capacity",
            "8",
            "--with-parent",
            "--log",
            "error",
        ])
        .env("LIANMAI_WORKER_SECRET", SECRET)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    (child, rig.accept().await)
}

/// Processor seconds of the job processes so far.
fn cpu_of_children(worker: &Child) -> f64 {
    let of_thread = |path: PathBuf| {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split(' ')
            .next()
            .and_then(|nanos| nanos.parse::<f64>().ok())
            .unwrap_or(0.0)
            / 1e9
    };
    let of_process = |pid: u32| -> f64 {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        threads.map(|thread| of_thread(thread.unwrap().path())).sum()
    };
    let jobs = children_of(worker)
        .into_iter()
        .filter(|pid| has_codec_thread(*pid));
    jobs.map(of_process).sum()
}

/// Runs ffmpeg; processor seconds per second of sound.
fn ffmpeg(arguments: &[&str], into: &Path) -> f64 {
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        seconds(usage.user_time()) + seconds(usage.system_time())
    };
    let before = used();
    let status = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .arg(into)
        .status();
    assert!(status.unwrap().success());
    (used() - before) / FILE_SECONDS as f64
}
