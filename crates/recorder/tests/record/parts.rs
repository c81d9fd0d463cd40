//! When a part ends and the next begins.

use std::time::Duration;

use lianmai_media::TrackKind::{Audio, Video};
use lianmai_recorder::{CloseReason, PartLimits, RecordingEvent, RecordingState};

use crate::examine::{decode, of_kind, packets};
use crate::rig::{Rig, configure, file, later, push};
use crate::source::{AAC, Clip, H264};

#[tokio::test]
async fn a_part_ends_at_its_limits_before_a_key_frame() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 6.0, H264, AAC);
    let rig = Rig::new();
    let mut spec = rig.spec();
    spec.first_part = 7;
    spec.limits = PartLimits {
        duration: Some(Duration::from_millis(1_900)),
        bytes: None,
    };
    let parts = rig.record_clip(spec, &clip).await;
    let reasons: Vec<_> = parts.iter().map(|part| part.reason).collect();
    assert_eq!(
        reasons,
        [CloseReason::Limit, CloseReason::Limit, CloseReason::Ended]
    );
    let mut total = [0, 0];
    for (number, part) in (7..).zip(&parts) {
        assert!(part.files[0].ends_with(format!("r-{number:05}.mp4")));
        let found = packets(&part.files[0]);
        assert!(of_kind(&found, Video)[0].key);
        assert_eq!(of_kind(&found, Video).len(), 50);
        total[0] += of_kind(&found, Video).len();
        total[1] += of_kind(&found, Audio).len();
        decode(&part.files[0]);
    }
    assert_eq!(
        total,
        [clip.count(Video), clip.count(Audio)],
        "nothing is lost between parts"
    );
}

/// Pictures of an encoder that looks ahead come half a second after the sound: those from before the stop are waited for.
#[tokio::test]
async fn a_stop_waits_for_what_was_made_before_it() {
    const BEHIND: Duration = Duration::from_millis(480);
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 4.0, H264, AAC);
    let rig = Rig::new();
    let running = rig.record(rig.spec());
    let publication = rig.publish(&clip);
    let start = tokio::time::Instant::now();
    let mut frames: Vec<_> = clip
        .frames
        .iter()
        .map(|frame| {
            let at = Duration::from_millis(frame.dts.as_millis() as u64);
            (if frame.kind == Video { at + BEHIND } else { at }, frame.clone())
        })
        .collect();
    frames.sort_by_key(|(at, _)| *at);
    let publishing = async {
        for (at, frame) in frames {
            tokio::time::sleep_until(start + at).await;
            publication.push(frame).unwrap();
        }
    };
    let stopping = async {
        tokio::time::sleep_until(start + Duration::from_secs(2)).await;
        let parts = running.stop().await.0;
        (parts, start.elapsed())
    };
    let (_, (parts, took)) = tokio::join!(publishing, stopping);
    assert!(took < Duration::from_millis(3_400), "{took:?}");
    let found = packets(&file(&parts));
    for kind in [Audio, Video] {
        // Nothing that came after the stop, or little where this machine is slow.
        let last = of_kind(&found, kind).last().unwrap().dts;
        assert!((1.9..2.3).contains(&last), "{kind:?} until {last}");
    }
}

#[tokio::test]
async fn another_size_goes_into_another_part() {
    let dir = tempfile::tempdir().unwrap();
    let small = Clip::make(dir.path(), 2.0, H264, AAC);
    let big = Clip::sized(dir.path(), 2.0, "320x240", H264, AAC);
    let rig = Rig::new();
    let running = rig.record(rig.spec());
    let publication = rig.publish(&small);
    push(&publication, &small.frames).await;
    configure(&publication, &big);
    push(&publication, &later(&big.frames, 2_000)).await;
    let (parts, _) = running.stop().await;
    let sizes: Vec<_> = parts.iter().map(|part| part.tracks[0].width).collect();
    assert_eq!(sizes, [160, 320]);
    assert_eq!(parts[0].reason, CloseReason::ConfigChange);
    for part in &parts {
        assert_eq!(part.tracks[0].samples, 50);
        decode(&part.files[0]);
    }
    let gap = parts[1].started_at.duration_since(parts[0].started_at).unwrap();
    assert!(gap < Duration::from_secs(3), "{gap:?}");
}

#[tokio::test]
async fn a_pause_is_left_out_and_a_split_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 2.0, H264, AAC);
    let rig = Rig::new();
    let mut running = rig.record(rig.spec());
    let publication = rig.publish(&clip);
    let second = |number: i64| later(&clip.frames, number * 2_000);
    push(&publication, &second(0)).await;
    running.recording.split();
    push(&publication, &second(1)).await;
    running
        .until(|event| matches!(event, RecordingEvent::PartOpened { part: 1, .. }).then_some(()))
        .await;
    running.recording.pause();
    let reason = running
        .until(|event| match event {
            RecordingEvent::PartClosed { part: 1, facts } => Some(facts.reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, CloseReason::Paused);
    assert_eq!(running.recording.status().state, RecordingState::Paused);
    push(&publication, &second(2)).await;
    running.recording.resume();
    tokio::task::yield_now().await;
    push(&publication, &second(3)).await;
    let status = running.recording.status();
    let (parts, _) = running.stop().await;
    assert_eq!(status.dropped, 0);
    assert_eq!(parts.len(), 1, "the first two were told before");
    let found = packets(&parts[0].files[0]);
    assert_eq!(of_kind(&found, Video).len(), 50);
    decode(&parts[0].files[0]);
}

/// The publisher goes and comes back: the part goes on, and the time between stays.
#[tokio::test]
async fn a_gap_of_the_publisher_stays_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let clip = Clip::make(dir.path(), 2.0, H264, AAC);
    let rig = Rig::new();
    let running = rig.record(rig.spec());
    let publication = rig.publish(&clip);
    push(&publication, &clip.frames).await;
    drop(publication);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let publication = rig.publish(&clip);
    push(&publication, &clip.frames).await;
    let (parts, _) = running.stop().await;
    let path = file(&parts);
    let found = packets(&path);
    for kind in [Video, Audio] {
        let times: Vec<f64> = of_kind(&found, kind).iter().map(|packet| packet.dts).collect();
        let gaps: Vec<f64> = times
            .windows(2)
            .map(|w| w[1] - w[0])
            .filter(|step| *step > 0.5)
            .collect();
        assert_eq!(gaps.len(), 1, "{kind:?}: {gaps:?}");
        assert!((1.3..2.6).contains(&gaps[0]), "{kind:?}: {gaps:?}");
    }
    decode(&path);
}
