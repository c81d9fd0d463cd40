//! Slow disks, lack of space, wrong specifications, streams that never come.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{EndReason, HubConfig};
use lianmai_media::flv::{FlvReader, ReaderLimits, ScriptData, TagKind, parse_script};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, Metadata, TrackKind};
use lianmai_recorder::{DiskGuard, EndCause, Format, PartLimits, RecordingEvent, TrackChoice, free_space};

use crate::rig::{Rig, names};
use crate::source::Clip;

pub(crate) fn flv_metadata(path: &Path) -> Metadata {
    let mut reader = FlvReader::new(ReaderLimits::default());
    reader.push(&std::fs::read(path).unwrap());
    let tag = reader.poll().unwrap().unwrap();
    assert_eq!(tag.kind, TagKind::Script);
    match parse_script(&tag.body).unwrap() {
        ScriptData::Metadata(metadata) => metadata,
        other => panic!("{other:?}"),
    }
}

fn sound(payload: Bytes) -> Clip {
    let frame = |index: i64| Frame {
        kind: TrackKind::Audio,
        dts: MediaTime::from_millis(index * 20),
        composition: MediaDuration::from_millis(0),
        keyframe: true,
        payload: payload.clone(),
    };
    Clip {
        video: None,
        audio: Some(AudioConfig::aac_lc(48_000, 2).unwrap()),
        frames: (0..2_500).map(frame).collect(),
    }
}

/// A writer that is held up (here by an owner who takes no events) holds up nobody else, and what is lost is counted.
#[tokio::test]
async fn a_slow_writer_costs_its_own_frames_only() {
    let rig = Rig::new();
    let mut spec = rig.spec();
    spec.tracks = TrackChoice::AudioOnly;
    spec.format = Format::Flv;
    spec.limits = PartLimits {
        duration: Some(Duration::from_millis(1)),
        bytes: None,
    };
    let mut running = rig.record(spec);
    let clip = sound(vec![7; 64 << 10].into());
    let publication = rig.publish(&clip);
    let mut slowest = Duration::ZERO;
    for frames in clip.frames.chunks(25) {
        for frame in frames {
            let start = std::time::Instant::now();
            publication.push(frame.clone()).unwrap();
            slowest = slowest.max(start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(
        slowest < Duration::from_millis(100),
        "the publisher waited for {slowest:?}"
    );
    let dropped = running
        .until(|event| match event {
            RecordingEvent::Gap { dropped } => Some(*dropped),
            _ => None,
        })
        .await;
    assert!(dropped > 0);
    drop(publication);
    rig.hub.end(&rig.key);
    let (parts, cause, failures) = running.ended().await;
    assert_eq!(cause, EndCause::Stream(EndReason::Finished));
    assert!(failures.is_empty() && !parts.is_empty(), "{failures:?}");
}

#[tokio::test]
async fn without_space_nothing_begins() {
    let rig = Rig::new();
    assert!(free_space(rig.dir.path()).unwrap() > 0);
    let mut spec = rig.spec();
    spec.guard = DiskGuard { min_free: u64::MAX };
    let clip = sound(Bytes::from_static(&[1, 2, 3]));
    let publication = rig.publish(&clip);
    let (parts, cause, failures) = rig.record(spec.clone()).ended().await;
    assert_eq!((parts, cause, failures), (vec![], EndCause::DiskFull, vec![]));
    assert_eq!(names(&spec.dir), [""; 0]);
    publication
        .push(clip.frames[0].clone())
        .expect("the stream goes on");
}

#[tokio::test]
async fn a_stream_that_nobody_publishes_ends_its_recording() {
    let rig = Rig::with(HubConfig {
        publisher_wait: Duration::from_millis(50),
        continue_window: Duration::from_millis(50),
        ..HubConfig::default()
    });
    let (parts, cause, _) = rig.record(rig.spec()).ended().await;
    assert_eq!(
        (parts, cause),
        (vec![], EndCause::Stream(EndReason::NotPublished))
    );
}

#[tokio::test]
async fn names_that_would_leave_the_folder_are_refused() {
    let rig = Rig::new();
    for id in ["", "../x", "a/b", "a.b", "a b", &"x".repeat(129)] {
        let mut spec = rig.spec();
        spec.id = id.to_owned();
        let (_, cause, failures) = rig.record(spec).ended().await;
        assert_eq!((cause, failures.len()), (EndCause::WriteError, 1), "{id}");
    }
}

/// Recordings end with the gateway, and their tasks with them.
#[tokio::test]
async fn shutting_down_closes_the_part() {
    let rig = Rig::new();
    let mut spec = rig.spec();
    spec.tracks = TrackChoice::AudioOnly;
    let mut running = rig.record(spec);
    let clip = sound(Bytes::from_static(&[0x21, 0x10, 4, 0x60, 0x8C, 0x1C]));
    let publication = rig.publish(&clip);
    crate::rig::push(&publication, &clip.frames[..100]).await;
    running
        .until(|event| matches!(event, RecordingEvent::PartOpened { .. }).then_some(()))
        .await;
    rig.shutdown.cancel();
    rig.tracker.close();
    let (parts, cause, _) = running.ended().await;
    assert_eq!((parts.len(), cause), (1, EndCause::Stopped));
    rig.tracker.wait().await;
}
