//! Every container with every codec it takes.

use std::time::Duration;

use lianmai_media::TrackKind::{Audio, Video};
use lianmai_recorder::{EndCause, Format, PartFacts, RecordingSpec, TrackChoice};

use crate::examine::{boxes, codecs, decode, duration, of_kind, packets, sha256};
use crate::rig::{Rig, configure, file, millis, names, push};
use crate::source::{AAC, Clip, H264};

/// Furthest that a frame may be from where the stream has it.
const TOLERANCE: f64 = 0.035;

fn seconds(frame: &lianmai_media::Frame) -> f64 {
    (millis(frame.dts) as f64 + frame.composition.as_millis() as f64) / 1_000.0
}

/// Both tracks are where the source has them, in relation to each other.
fn assert_in_step(file: &std::path::Path, clip: &Clip) {
    let found = packets(file);
    let zero = clip.frames.iter().map(seconds).fold(f64::MAX, f64::min);
    let first = found.iter().map(|packet| packet.pts).fold(f64::MAX, f64::min);
    for kind in [Video, Audio] {
        let of_file: Vec<f64> = of_kind(&found, kind)
            .iter()
            .map(|packet| packet.pts - first)
            .collect();
        let of_clip: Vec<f64> = clip
            .frames
            .iter()
            .filter(|f| f.kind == kind)
            .map(|f| seconds(f) - zero)
            .collect();
        assert_eq!(
            of_file.len(),
            of_clip.len(),
            "{kind:?}: everything is there, once"
        );
        for (file, clip) in of_file.iter().zip(&of_clip) {
            assert!((file - clip).abs() <= TOLERANCE, "{kind:?}: {file} is not {clip}");
        }
    }
}

fn assert_facts(part: &PartFacts, clip: &Clip) {
    let path = &part.files[0];
    assert_eq!(part.sha256, sha256(path));
    let size: u64 = part
        .files
        .iter()
        .map(|file| std::fs::metadata(file).unwrap().len())
        .sum();
    assert_eq!(part.size, size);
    assert!(part.finalised);
    for track in &part.tracks {
        assert_eq!(track.samples as usize, clip.count(track.kind), "{:?}", track.kind);
    }
    // A playlist tells the duration of its pictures.
    let known = duration(path);
    assert!(
        (part.duration.as_secs_f64() - known).abs() < 0.1,
        "{:?} is not {known}",
        part.duration
    );
}

async fn record(spec: impl Fn(&mut RecordingSpec), clip: &Clip) -> (Rig, Vec<PartFacts>) {
    let rig = Rig::new();
    let mut own = rig.spec();
    spec(&mut own);
    let parts = rig.record_clip(own, clip).await;
    (rig, parts)
}

/// H.264 with B-frames and AAC: the usual case.
#[tokio::test]
async fn mp4_is_a_fast_start_file_in_step() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 3.0, H264, AAC);
    assert!(
        clip.frames.iter().any(|frame| frame.composition.ticks() != 0),
        "B-frames"
    );
    let rig = Rig::new();
    let running = rig.record(rig.spec());
    let publication = rig.publish(&clip);
    push(&publication, &clip.frames).await;
    assert_eq!(
        rig.hub.stats(&rig.key).unwrap().readers,
        0,
        "not counted as a viewer"
    );
    let (parts, _) = running.stop().await;
    let path = file(&parts);
    assert_eq!(names(path.parent().unwrap()), ["r-00000.mp4"]);
    assert_eq!(boxes(&path), ["ftyp", "moov", "mdat"]);
    assert_facts(&parts[0], &clip);
    assert_in_step(&path, &clip);
    decode(&path);
    assert_eq!((parts[0].tracks[0].width, parts[0].tracks[0].height), (160, 120));
    assert_eq!(
        rig.hub.stats(&rig.key).unwrap().readers,
        0,
        "not counted as a viewer"
    );
}

#[tokio::test]
async fn mp4_holds_the_other_codecs() {
    let hevc: &[&str] = &[
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=none",
        "-g",
        "25",
        "-tag:v",
        "hvc1",
    ];
    let vp9: &[&str] = &[
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-g",
        "25",
    ];
    let av1: &[&str] = &[
        "-c:v",
        "libaom-av1",
        "-usage",
        "realtime",
        "-cpu-used",
        "8",
        "-g",
        "25",
    ];
    let opus: &[&str] = &["-c:a", "libopus", "-b:a", "48k"];
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-b:a", "64k"];
    for (video, audio, expected) in [
        (hevc, opus, ["hevc", "opus"]),
        (vp9, mp3, ["vp9", "mp3"]),
        (av1, AAC, ["av1", "aac"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let clip = Clip::make(dir.path(), 1.5, video, audio);
        let (_rig, parts) = record(|_| {}, &clip).await;
        let path = file(&parts);
        assert_eq!(codecs(&path), expected);
        assert_in_step(&path, &clip);
        assert_facts(&parts[0], &clip);
        decode(&path);
    }
}

#[tokio::test]
async fn m4a_is_sound_alone() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 2.0, H264, AAC);
    let (_rig, parts) = record(|spec| spec.tracks = TrackChoice::AudioOnly, &clip).await;
    let path = file(&parts);
    assert!(path.ends_with("r-00000.m4a"));
    assert_eq!(codecs(&path), ["aac"]);
    assert_facts(&parts[0], &clip);
    decode(&path);
}

#[tokio::test]
async fn flv_tells_its_length_and_key_frames() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 3.0, H264, AAC);
    let (_rig, parts) = record(|spec| spec.format = Format::Flv, &clip).await;
    let path = file(&parts);
    assert_facts(&parts[0], &clip);
    assert_in_step(&path, &clip);
    decode(&path);
    let metadata = crate::trouble::flv_metadata(&path);
    let number = |name: &str| metadata.get(name).and_then(|value| value.as_number()).unwrap();
    assert_eq!(number("filesize") as u64, parts[0].size);
    let index = metadata.get("keyframes").unwrap();
    let list = |name: &str| match index.get(name) {
        Some(lianmai_media::amf0::Value::StrictArray(values)) => values.clone(),
        other => panic!("{other:?}"),
    };
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(list("filepositions").len(), 3);
    assert_eq!(list("times").len(), 3);
    for place in list("filepositions") {
        let at = place.as_number().unwrap() as usize;
        assert_eq!((bytes[at], bytes[at + 11]), (9, 0x17), "a key frame of H.264");
    }
}

#[tokio::test]
async fn hls_lists_segments_that_begin_with_key_frames() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 10.0, H264, AAC);
    let (_rig, parts) = record(|spec| spec.format = Format::Hls, &clip).await;
    let path = file(&parts);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("#EXTINF:4.000,").count(), 2, "{text}");
    assert!(text.trim_end().ends_with("#EXT-X-ENDLIST"), "{text}");
    assert_eq!(
        parts[0].files.len(),
        5,
        "playlist, initialisation, three segments"
    );
    assert_facts(&parts[0], &clip);
    assert_in_step(&path, &clip);
    decode(&path);
}

/// Sound that comes later gets into the same file, at its time.
#[tokio::test]
async fn sound_may_come_late() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 4.0, H264, AAC);
    let rig = Rig::new();
    let running = rig.record(rig.spec());
    let mut silent = clip.clone();
    silent.audio = None;
    let publication = rig.publish(&silent);
    let mut late = clip.clone();
    late.frames.retain(|f| f.kind == Video || millis(f.dts) >= 2_500);
    let at = late.frames.iter().position(|f| f.kind == Audio).unwrap();
    push(&publication, &late.frames[..at]).await;
    // Long enough that nobody waits for sound any more.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    configure(&publication, &clip);
    push(&publication, &late.frames[at..]).await;
    let (parts, cause) = running.stop().await;
    assert_eq!(cause, EndCause::Stopped);
    let path = file(&parts);
    assert_in_step(&path, &late);
    decode(&path);
}
