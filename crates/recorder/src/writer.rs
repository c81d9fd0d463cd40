//! The writing thread: frames in, parts out. The only place that waits for the disk while a recording runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender};

use crate::container::Written;
use crate::finalise::Closed;
use crate::names::PartName;
use crate::part::Part;
use crate::sample::Sample;
use crate::shared::{RecordingState, Shared, Work};
use crate::{CloseReason, EndCause, RecordError, RecordingEvent, RecordingSpec};

/// How often the free space is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A part whose pictures have stopped ends without a key frame so long after it should.
const LATEST_CUT_MILLIS: i64 = 10_000;

/// Writes one recording.
pub(crate) struct Writer {
    spec: RecordingSpec,
    dir: PathBuf,
    shared: Arc<Shared>,
    events: Sender<RecordingEvent>,
    closed: SyncSender<Closed>,
    part: Option<Part>,
    next_part: u32,
    /// Pictures are left out until one can be decoded by itself.
    needs_key: bool,
    /// Why the part is to end at the next key frame, and since when.
    cut: Option<(CloseReason, i64)>,
    /// Lost frames nobody has been told of.
    untold: u64,
    looked: Instant,
}

/// Why writing ended early.
enum Stop {
    Disk,
    Error(RecordError),
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Stop {
        Stop::Error(error)
    }
}

impl Writer {
    pub(crate) fn new(
        spec: RecordingSpec,
        shared: Arc<Shared>,
        events: Sender<RecordingEvent>,
        closed: SyncSender<Closed>,
    ) -> Writer {
        Writer {
            dir: spec.dir.clone(),
            next_part: spec.first_part,
            spec,
            shared,
            events,
            closed,
            part: None,
            needs_key: false,
            cut: None,
            untold: 0,
            looked: Instant::now(),
        }
    }

    /// Writes what comes until nothing more does. `Some` if it ended by itself.
    pub(crate) fn run(mut self, work: &mut Receiver<Work>) -> Option<EndCause> {
        let cause = match self.write_all(work) {
            Ok(()) => None,
            Err(Stop::Disk) => Some(EndCause::DiskFull),
            Err(Stop::Error(error)) => {
                metrics::counter!("lianmai_recorder_write_errors_total").increment(1);
                self.tell(RecordingEvent::Failed {
                    reason: error.to_string(),
                });
                Some(EndCause::WriteError)
            }
        };
        // What is left in the queue gives its place back.
        work.close();
        let reason = match cause {
            Some(EndCause::WriteError) => CloseReason::WriteError,
            _ => CloseReason::Ended,
        };
        self.shared.status.lock().state = RecordingState::Closing;
        match self.close(reason) {
            Err(error) if cause.is_none() => {
                self.tell(RecordingEvent::Failed {
                    reason: error.to_string(),
                });
                Some(EndCause::WriteError)
            }
            _ => cause,
        }
    }

    fn write_all(&mut self, work: &mut Receiver<Work>) -> Result<(), Stop> {
        std::fs::create_dir_all(&self.dir).map_err(crate::file::io_error(&self.dir))?;
        if !self.spec.guard.allows(&self.dir) {
            return Err(Stop::Disk);
        }
        while let Some(next) = work.blocking_recv() {
            match next {
                Work::Sample(sample, _place) => self.take(&sample)?,
                Work::Gap(dropped) => self.lost(dropped),
                Work::Pause => {
                    self.needs_key = true;
                    self.close(CloseReason::Paused)?;
                }
                Work::Split => {
                    if let Some(part) = &self.part {
                        let at = i64::try_from(part.millis()).unwrap_or(0);
                        self.cut.get_or_insert((CloseReason::Split, at));
                    }
                }
                Work::Tick => {
                    if let Some(part) = &mut self.part {
                        part.flush()?;
                    }
                    self.tell_gap();
                }
            }
            self.look_at_the_disk()?;
            self.report();
        }
        Ok(())
    }

    fn look_at_the_disk(&mut self) -> Result<(), Stop> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        if self.spec.guard.allows(&self.dir) {
            return Ok(());
        }
        metrics::counter!("lianmai_recorder_disk_full_total").increment(1);
        Err(Stop::Disk)
    }

    fn take(&mut self, sample: &Sample) -> Result<(), RecordError> {
        let is_key = sample.is_picture_to_begin_with();
        if sample.is_video() {
            let begins = self.needs_key
                || self
                    .part
                    .as_ref()
                    .is_none_or(|part| !part.has(sample.frame.kind) || part.is_other_track(sample));
            if begins && !is_key {
                self.needs_key = true;
                self.lost(1);
                return Ok(());
            }
            self.needs_key = false;
        }
        if let Some(reason) = self.ends_before(sample) {
            self.close(reason)?;
        }
        match self.put(sample)? {
            Written::Taken => {}
            Written::TooEarly => {
                metrics::counter!("lianmai_recorder_late_frames_total").increment(1);
                self.lost(1);
            }
            Written::Refused(why) => {
                self.lost(1);
                tracing::warn!(id = self.spec.id, why, "a track is not recorded");
            }
            Written::NoRoom if is_key => {
                self.close(CloseReason::ConfigChange)?;
                self.put(sample)?;
            }
            Written::NoRoom => {
                self.lost(1);
                let at = self.part_millis();
                self.cut.get_or_insert((CloseReason::ConfigChange, at));
            }
        }
        if self
            .part
            .as_ref()
            .is_some_and(|part| part.is_full(self.spec.limits))
        {
            let at = self.part_millis();
            self.cut.get_or_insert((CloseReason::Limit, at));
        }
        Ok(())
    }

    /// Why the present part has to end before this frame, if it has.
    fn ends_before(&mut self, sample: &Sample) -> Option<CloseReason> {
        let part = self.part.as_ref()?;
        let has_pictures = part.has(lianmai_media::TrackKind::Video);
        if part.is_other_track(sample) {
            // Pictures go on in the new part with the next that can be decoded by itself.
            self.needs_key |= has_pictures && !sample.is_video();
            return Some(CloseReason::ConfigChange);
        }
        let (reason, since) = self.cut?;
        let overdue = self.part_millis() - since >= LATEST_CUT_MILLIS;
        if sample.is_picture_to_begin_with() || !sample.is_video() && (!has_pictures || overdue) {
            self.needs_key |= has_pictures && !sample.is_video();
            return Some(reason);
        }
        None
    }

    fn put(&mut self, sample: &Sample) -> Result<Written, RecordError> {
        let part = match &mut self.part {
            Some(part) => part,
            None => {
                let name = PartName::new(&self.spec.id, self.next_part, self.spec.format, self.spec.tracks);
                let file = name.file(&self.dir);
                let part = self.part.insert(Part::open(&self.dir, name, sample)?);
                self.next_part = self.next_part.saturating_add(1);
                metrics::counter!("lianmai_recorder_parts_total").increment(1);
                // Nobody may be listening any more; the files are what counts.
                let _ = self.events.blocking_send(RecordingEvent::PartOpened {
                    part: part.name.part,
                    file,
                    started_at: part.started_at,
                });
                part
            }
        };
        part.write(sample)
    }

    fn close(&mut self, reason: CloseReason) -> Result<(), RecordError> {
        self.cut = None;
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let (closed, written) = part.close(reason == CloseReason::WriteError, reason);
        // Gone only with its thread, after a panic that is reported elsewhere.
        let _ = self.closed.send(closed);
        written
    }

    fn part_millis(&self) -> i64 {
        let millis = self.part.as_ref().map_or(0, Part::millis);
        i64::try_from(millis).unwrap_or(i64::MAX)
    }

    fn lost(&mut self, frames: u64) {
        metrics::counter!("lianmai_recorder_dropped_frames_total").increment(frames);
        self.shared.status.lock().dropped += frames;
        self.untold += frames;
    }

    fn tell_gap(&mut self) {
        let event = RecordingEvent::Gap { dropped: self.untold };
        if self.untold > 0 && self.events.try_send(event).is_ok() {
            self.untold = 0;
        }
    }

    fn tell(&self, event: RecordingEvent) {
        // Nobody may be listening any more.
        let _ = self.events.blocking_send(event);
    }

    fn report(&self) {
        self.shared
            .wants_key
            .store(self.needs_key || self.cut.is_some(), Relaxed);
        let mut status = self.shared.status.lock();
        if let Some(part) = &self.part {
            if status.state == RecordingState::Waiting {
                status.state = RecordingState::Recording;
            }
            status.part = Some(part.name.part);
            status.part_started_at = Some(part.started_at);
            status.part_duration = Duration::from_millis(part.millis());
            status.part_bytes = part.bytes();
        }
    }
}
