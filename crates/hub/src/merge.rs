//! Two tracks into one sequence by time, with a bounded wait.
//!
//! What one track has is held until the other one shows that it has nothing earlier, but never longer than
//! [`MAX_WAIT`]; a track that has been silent for [`SILENT_AFTER`] is not waited for. What comes later than that is
//! passed on late: each track stays in its own order. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

use lianmai_media::TrackKind;
use tokio::time::Instant;

/// Nothing is held longer for the other track.
pub(crate) const MAX_WAIT: Duration = Duration::from_millis(60);
/// A track that brings nothing for this long is not waited for.
const SILENT_AFTER: Duration = Duration::from_secs(1);
/// Items of one track held at most before more of it is read.
const ENOUGH: usize = 128;

#[derive(Debug)]
struct Lane<T> {
    waiting: VecDeque<(i64, Instant, T)>,
    /// Time of the newest item that came.
    newest: i64,
    last_came: Option<Instant>,
}

impl<T> Default for Lane<T> {
    fn default() -> Lane<T> {
        Lane {
            waiting: VecDeque::new(),
            newest: i64::MIN,
            last_came: None,
        }
    }
}

/// Brings the items of two tracks into order.
#[derive(Debug)]
pub(crate) struct Merger<T> {
    audio: Lane<T>,
    video: Lane<T>,
}

impl<T> Merger<T> {
    pub(crate) fn new() -> Merger<T> {
        Merger {
            audio: Lane::default(),
            video: Lane::default(),
        }
    }

    fn lane(&mut self, kind: TrackKind) -> &mut Lane<T> {
        match kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => &mut self.video,
        }
    }

    /// Items of `kind` will come, as far as is known.
    pub(crate) fn expect(&mut self, kind: TrackKind, now: Instant) {
        self.lane(kind).last_came = Some(now);
    }

    /// Whether more of `kind` should be read.
    pub(crate) fn has_room(&self, kind: TrackKind) -> bool {
        let lane = match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        };
        lane.waiting.len() < ENOUGH
    }

    pub(crate) fn put(&mut self, kind: TrackKind, millis: i64, item: T, now: Instant) {
        let lane = self.lane(kind);
        lane.newest = millis;
        lane.last_came = Some(now);
        lane.waiting.push_back((millis, now, item));
    }

    /// The next item that need not wait any longer.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<T> {
        let kind = self.first()?;
        if self.due(kind)? > now {
            return None;
        }
        self.lane(kind).waiting.pop_front().map(|(_, _, item)| item)
    }

    /// When [`pop`](Self::pop) has something, if nothing comes meanwhile.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due(self.first()?)
    }

    /// The track with the earliest item.
    fn first(&self) -> Option<TrackKind> {
        match (self.audio.waiting.front(), self.video.waiting.front()) {
            (Some(audio), Some(video)) if audio.0 < video.0 => Some(TrackKind::Audio),
            (_, Some(_)) => Some(TrackKind::Video),
            (Some(_), None) => Some(TrackKind::Audio),
            (None, None) => None,
        }
    }

    /// Until when the earliest item of `kind` is held.
    fn due(&self, kind: TrackKind) -> Option<Instant> {
        let (lane, other) = match kind {
            TrackKind::Audio => (&self.audio, &self.video),
            TrackKind::Video => (&self.video, &self.audio),
        };
        let (millis, came, _) = lane.waiting.front()?;
        if other.newest >= *millis {
            return Some(*came);
        }
        let patience = other.last_came.map_or(*came, |at| at + SILENT_AFTER);
        Some(patience.min(*came + MAX_WAIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TrackKind::{Audio, Video};
    use proptest::prelude::*;

    fn drain(merger: &mut Merger<(TrackKind, i64)>, now: Instant) -> Vec<i64> {
        std::iter::from_fn(|| merger.pop(now))
            .map(|(_, millis)| millis)
            .collect()
    }

    fn put(merger: &mut Merger<(TrackKind, i64)>, kind: TrackKind, millis: i64, now: Instant) {
        merger.put(kind, millis, (kind, millis), now);
    }

    #[test]
    fn tracks_are_brought_into_order() {
        let (mut merger, start) = (Merger::new(), Instant::now());
        merger.expect(Audio, start);
        for millis in [0, 40, 80] {
            put(&mut merger, Video, millis, start);
        }
        assert_eq!(drain(&mut merger, start), [0i64; 0]);
        for millis in [10, 30, 50] {
            put(&mut merger, Audio, millis, start);
        }
        assert_eq!(drain(&mut merger, start), [0, 10, 30, 40, 50]);
        let late = start + MAX_WAIT;
        assert_eq!(merger.deadline(), Some(late));
        assert_eq!(drain(&mut merger, late), [80]);
        put(&mut merger, Audio, 70, late);
        assert_eq!(drain(&mut merger, late), [70], "late, but not lost");
    }

    #[test]
    fn a_silent_track_is_not_waited_for() {
        let (mut merger, start) = (Merger::new(), Instant::now());
        put(&mut merger, Video, 0, start);
        assert_eq!(drain(&mut merger, start), [0]);
        put(&mut merger, Audio, 0, start);
        assert_eq!(drain(&mut merger, start), [0]);
        let now = start + SILENT_AFTER;
        put(&mut merger, Video, 1_000, now);
        assert_eq!(drain(&mut merger, now), [1_000]);
    }

    proptest! {
        /// Nothing is lost or held too long, and each track keeps its order.
        #[test]
        fn everything_comes_out_in_time(steps in prop::collection::vec((any::<bool>(), 0i64..100, 0u64..50), 1..200)) {
            let mut merger = Merger::new();
            let mut now = Instant::now();
            let (mut came, mut out) = (Vec::new(), Vec::new());
            let mut clocks = [0, 0];
            for (video, step, pause) in steps {
                now += Duration::from_millis(pause);
                let kind = if video { Video } else { Audio };
                clocks[usize::from(video)] += step;
                let millis = clocks[usize::from(video)];
                merger.put(kind, millis, (kind, millis), now);
                came.push((kind, millis, now));
                out.extend(std::iter::from_fn(|| merger.pop(now)));
                let overdue = came.iter().filter(|(.., at)| *at + MAX_WAIT <= now).count();
                prop_assert!(out.len() >= overdue);
            }
            out.extend(std::iter::from_fn(|| merger.pop(now + MAX_WAIT)));
            prop_assert_eq!(merger.deadline(), None);
            for kind in [Audio, Video] {
                let of_came: Vec<_> = came.iter().filter(|c| c.0 == kind).map(|c| c.1).collect();
                let of_out: Vec<_> = out.iter().filter(|c| c.0 == kind).map(|c| c.1).collect();
                prop_assert_eq!(of_came, of_out);
            }
        }
    }
}
