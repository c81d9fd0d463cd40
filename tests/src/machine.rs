//! What a process costs, from /proc, and how many files it may open.

use std::process::Command;
use std::time::Duration;

/// CPU seconds of a process so far, user and system together.
pub fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in brackets may hold blanks; utime and stime are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks: Vec<f64> = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|t| t.parse().unwrap())
        .collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// Share of one core that a process uses over `span`.
pub async fn cpu_share(process: u32, span: Duration) -> f64 {
    let before = cpu_seconds(process);
    tokio::time::sleep(span).await;
    (cpu_seconds(process) - before) / span.as_secs_f64()
}

/// Lets a running process have `count` files open.
pub fn allow_files(process: u32, count: u32) {
    let limit = format!("--nofile={count}:{count}");
    let status = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &limit])
        .status()
        .unwrap();
    assert!(status.success(), "cannot allow {count} open files");
}
