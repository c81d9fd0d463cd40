//! Making finished files of parts, on a thread of its own: the next part is written meanwhile.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::SystemTime;

use tokio::sync::mpsc::Sender;

use crate::container::Container;
use crate::names::PartName;
use crate::{CloseReason, DiskGuard, Format, PartFacts, RecordError, RecordingEvent, flv, hls, mp4};

/// A part whose writing has ended.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) name: PartName,
    pub(crate) started_at: SystemTime,
    pub(crate) reason: CloseReason,
    /// Written, but perhaps not on the disk yet.
    pub(crate) files: Container,
}

/// Finishes a part, whatever state it is in.
///
/// # Errors
/// [`RecordError`]; the files are then as they were.
pub(crate) fn finish(
    dir: &Path,
    name: &PartName,
    reason: CloseReason,
    guard: DiskGuard,
) -> Result<PartFacts, RecordError> {
    let path = name.file(dir);
    match name.format {
        Format::Mp4 => mp4::finish(&path, name.audio_only, reason, guard),
        Format::Flv => {
            let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            flv::finish(&path, reason, guard.leaves(dir, size))
        }
        Format::Hls => hls::finish(dir, name, reason),
    }
}

/// Finishes parts as they come, until no more will.
pub(crate) fn run(
    dir: &Path,
    guard: DiskGuard,
    closed: &Receiver<Closed>,
    events: &Sender<RecordingEvent>,
    mut done: impl FnMut(&PartFacts),
) {
    while let Ok(mut part) = closed.recv() {
        // What cannot be brought to the disk is told when the finished file cannot, either.
        if let Err(error) = part.files.sync() {
            tracing::warn!(%error, "a part is not on the disk yet");
        }
        let event = match finish(dir, &part.name, part.reason, guard) {
            Ok(facts) => {
                let facts = PartFacts {
                    started_at: part.started_at,
                    ..facts
                };
                done(&facts);
                RecordingEvent::PartClosed {
                    part: part.name.part,
                    facts,
                }
            }
            Err(error) => {
                metrics::counter!("lianmai_recorder_unfinished_parts_total").increment(1);
                RecordingEvent::Failed {
                    reason: format!("part {} was not finished: {error}", part.name.part),
                }
            }
        };
        // Nobody may be listening any more; the files are what counts.
        let _ = events.blocking_send(event);
    }
}
