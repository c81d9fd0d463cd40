//! What is left when the process is killed at any moment (R-C2).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lianmai_media::TrackKind::Video;
use lianmai_recorder::{CloseReason, Format, PartFacts, RecordingSpec, RecordingState, recover};

use crate::examine::{decode, of_kind, packets};
use crate::rig::{Rig, names};
use crate::source::{AAC, Clip, H264};

const INTO: &str = "LIANMAI_RECORD_INTO";
const AS: &str = "LIANMAI_RECORD_AS";
const PROGRESS: &str = "progress";

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
    let clip = Clip::make(dir, 8.0, H264, AAC);
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

fn child_process(dir: &Path, format: &str, wrap: Option<&str>) -> Child {
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

fn assert_at_most_a_second_is_lost(facts: &PartFacts, published: u64) {
    let kept = facts.duration.as_millis() as u64;
    assert!(kept + 1_000 >= published, "{kept} of {published} ms are left");
    let path = &facts.files[0];
    decode(path);
    let last = of_kind(&packets(path), Video).last().unwrap().pts;
    assert!(
        last * 1_000.0 + 1_000.0 >= published as f64,
        "pictures until {last} of {published} ms"
    );
}

async fn survives_a_kill(format: &str, millis: u64) {
    let dir = tempfile::tempdir().unwrap();
    let published = kill_at(child_process(dir.path(), format, None), dir.path(), millis).await;
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
    assert_at_most_a_second_is_lost(&parts[0].facts, published);
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
    survives_a_kill("mp4", 2_730).await;
}

/// R-C2.
#[tokio::test]
async fn flv_survives_a_kill() {
    survives_a_kill("flv", 2_310).await;
}

/// R-C2: before the first segment is complete, and with a segment begun.
#[tokio::test]
async fn hls_survives_a_kill() {
    survives_a_kill("hls", 1_900).await;
    survives_a_kill("hls", 4_850).await;
}

/// A file that may not grow stands for a full disk: the part is closed, and what is in it plays.
#[tokio::test]
async fn a_full_disk_ends_the_recording_in_order() {
    let dir = tempfile::tempdir().unwrap();
    // Made before, as the limit is for everything the child writes.
    Clip::make(dir.path(), 8.0, H264, AAC);
    // In units of 512 bytes; the signal would end the process.
    let mut child = child_process(dir.path(), "mp4", Some("trap '' XFSZ; ulimit -f 400"));
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
