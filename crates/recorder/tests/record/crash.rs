//! What is left when the process is killed at any moment (R-C2).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lianmai_media::Frame;
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_recorder::{CloseReason, Format, PartFacts, RecordingSpec, RecordingState, recover};

use crate::examine::{decode, of_kind, packets};
use crate::rig::{Rig, names};
use crate::source::{AAC, Clip, H264};

const INTO: &str = "LIANMAI_RECORD_INTO";
const AS: &str = "LIANMAI_RECORD_AS";
const OF: &str = "LIANMAI_RECORD_OF";
const PROGRESS: &str = "progress";
/// A disk that takes three seconds to confirm what it got: two calls of the C library, replaced.
const SLOW_DISK: &str = "
#include <unistd.h>
int fsync(int fd) { (void)fd; usleep(3000000); return 0; }
int fdatasync(int fd) { (void)fd; usleep(3000000); return 0; }
";

/// What the child publishes.
fn clip(dir: &Path, of: &str) -> Clip {
    match of {
        "pictures" => Clip::make(dir, 8.0, H264, &[]),
        "seldom" => Clip::make(dir, 8.0, &[H264, &["-bf", "0", "-r", "0.5"]].concat(), AAC),
        _ => Clip::make(dir, 8.0, H264, AAC),
    }
}

/// Not a test by itself: what the tests below start as a process of its own, and kill. Records in real time and writes
/// down how far the publisher is.
#[tokio::test]
async fn child() {
    let (Ok(dir), Ok(format)) = (std::env::var(INTO), std::env::var(AS)) else {
        return;
    };
    let dir = Path::new(&dir);
    let rig = Rig::new();
    let spec = RecordingSpec {
        dir: dir.join("out"),
        format: match format.as_str() {
            "flv" => Format::Flv,
            "hls" => Format::Hls,
            _ => Format::Mp4,
        },
        ..rig.spec()
    };
    let clip = clip(dir, &std::env::var(OF).unwrap_or_default());
    let running = rig.record(spec);
    let publication = rig.publish(&clip);
    let start = tokio::time::Instant::now();
    for frame in &clip.frames {
        let at = frame.dts.as_millis() as u64;
        tokio::time::sleep_until(start + Duration::from_millis(at)).await;
        publication.push(frame.clone()).unwrap();
        std::fs::write(dir.join(PROGRESS), at.to_string()).unwrap();
        if running.recording.status().state == RecordingState::Ended {
            break;
        }
    }
    let (_, cause, failures) = running.ended().await;
    std::fs::write(dir.join("ended"), format!("{cause:?} {failures:?}")).unwrap();
}

fn child_process(dir: &Path, format: &str, of: &str, wrap: Option<&str>) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = match wrap {
        Some(script) => {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("{script}; exec \"$0\" \"$@\"")])
                .arg(own);
            shell
        }
        None => Command::new(own),
    };
    command
        .args(["crash::child", "--exact"])
        .env(INTO, dir)
        .env(AS, format)
        .env(OF, of)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn progress(dir: &Path) -> u64 {
    std::fs::read_to_string(dir.join(PROGRESS))
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// Kills the child when it has published so much; how much that was.
async fn kill_at(mut child: Child, dir: &Path, millis: u64) -> u64 {
    let start = Instant::now();
    while progress(dir) < millis {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the child does not get on"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    progress(dir)
}

/// Everything that was published a second before is there, in each track.
fn assert_at_most_a_second_is_lost(facts: &PartFacts, clip: &Clip, published: u64) {
    let path = &facts.files[0];
    decode(path);
    let found = packets(path);
    for kind in [Video, Audio] {
        let count = |until: u64| {
            let is_of = |frame: &&Frame| frame.kind == kind && frame.dts.as_millis() as u64 <= until;
            clip.frames.iter().filter(is_of).count()
        };
        let (expected, kept) = (
            count(published.saturating_sub(1_000)),
            of_kind(&found, kind).len(),
        );
        println!("{kind:?}: {kept} of {} frames are left", count(published));
        assert!(
            kept >= expected,
            "{kind:?}: {kept} of {expected} frames of a second before {published} ms"
        );
    }
}

async fn survives_a_kill(format: &str, of: &str, wrap: Option<&str>, millis: u64) {
    let dir = tempfile::tempdir().unwrap();
    let clip = clip(dir.path(), of);
    let child = child_process(dir.path(), format, of, wrap);
    let published = kill_at(child, dir.path(), millis).await;
    let out = dir.path().join("out");
    if format == "mp4" {
        // Playable as it is, before anything repairs it.
        let found = packets(&out.join("r-00000.mp4"));
        assert!(!found.is_empty());
    }
    let parts = recover(&out).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].id.as_str(), parts[0].part), ("r", 0));
    assert_eq!(parts[0].facts.reason, CloseReason::Recovered);
    assert!(parts[0].facts.finalised);
    assert_at_most_a_second_is_lost(&parts[0].facts, &clip, published);
    let again = recover(&out).unwrap();
    assert_eq!(
        again[0].facts.sha256, parts[0].facts.sha256,
        "what is finished stays as it is"
    );
    assert!(names(&out).iter().all(|name| !name.ends_with(".tmp")));
}

/// R-C2.
#[tokio::test]
async fn mp4_survives_a_kill() {
    survives_a_kill("mp4", "", None, 2_730).await;
}

/// R-C2.
#[tokio::test]
async fn flv_survives_a_kill() {
    survives_a_kill("flv", "", None, 2_310).await;
}

/// R-C2: before the first segment is complete, and with a segment begun.
#[tokio::test]
async fn hls_survives_a_kill() {
    tokio::join!(
        survives_a_kill("hls", "", None, 1_900),
        survives_a_kill("hls", "", None, 4_850)
    );
}

/// R-C2: at the very beginning, while sound may still come, and where pictures are seconds apart.
#[tokio::test]
async fn pictures_alone_and_seldom_ones_survive_a_kill() {
    tokio::join!(
        survives_a_kill("mp4", "pictures", None, 1_300),
        survives_a_kill("flv", "pictures", None, 1_300),
        survives_a_kill("mp4", "seldom", None, 3_100),
        survives_a_kill("flv", "seldom", None, 3_100),
        survives_a_kill("hls", "seldom", None, 3_100),
    );
}

/// R-C2: what the disk has not confirmed is with the operating system, which survives the process.
#[tokio::test]
async fn a_slow_disk_costs_no_more_at_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let (source, library) = (dir.path().join("slow.c"), dir.path().join("slow.so"));
    std::fs::write(&source, SLOW_DISK).unwrap();
    // Whoever links Rust has it.
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(made.unwrap().success());
    let slow = format!("export LD_PRELOAD={}", library.display());
    tokio::join!(
        survives_a_kill("mp4", "", Some(&slow), 3_700),
        survives_a_kill("flv", "", Some(&slow), 3_700),
        survives_a_kill("hls", "", Some(&slow), 5_700),
    );
}

/// A file that may not grow stands for a full disk: the part is closed, and what is in it plays.
#[tokio::test]
async fn a_full_disk_ends_the_recording_in_order() {
    let dir = tempfile::tempdir().unwrap();
    // Made before, as the limit is for everything the child writes.
    Clip::make(dir.path(), 8.0, H264, AAC);
    // In units of 512 bytes; the signal would end the process.
    let mut child = child_process(dir.path(), "mp4", "", Some("trap '' XFSZ; ulimit -f 400"));
    let start = Instant::now();
    let ended = dir.path().join("ended");
    while !ended.exists() {
        assert!(start.elapsed() < Duration::from_secs(15), "no end");
        assert!(
            child.try_wait().unwrap().is_none() || ended.exists(),
            "the child died"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.wait().unwrap();
    let told = std::fs::read_to_string(&ended).unwrap();
    assert!(
        told.contains("WriteError") && told.contains("File too large"),
        "{told}"
    );
    let path = dir.path().join("out/r-00000.mp4");
    decode(&path);
    assert!(of_kind(&packets(&path), Video).len() > 25);
}
