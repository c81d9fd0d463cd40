//! Two tracks into one sequence by time, with a bounded wait.
//!
//! A frame is held until the other track shows that it has nothing earlier, but never longer than the patience with it;
//! what comes later than that is passed on late: each track stays in its own order. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

use lianmai_media::TrackKind;
use tokio::time::Instant;

/// How long a frame is held for a track that flows.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);
/// How long the first frames are held for a track that has not shown itself yet.
pub(crate) const FIRST_PATIENCE: Duration = Duration::from_millis(500);
/// A track that brings nothing for this long is not waited for.
const SILENT_AFTER: Duration = Duration::from_secs(2);
/// Frames of one track held before more of it is read.
const ENOUGH: usize = 256;

#[derive(Debug)]
struct Lane<T> {
    waiting: VecDeque<(i64, Instant, T)>,
    newest: i64,
    last_came: Option<Instant>,
}

/// Brings the frames of two tracks into order.
#[derive(Debug)]
pub(crate) struct Interleaver<T> {
    lanes: [Lane<T>; 2],
    /// When the first frame of all came.
    began: Option<Instant>,
    /// Only one track is recorded.
    alone: bool,
}

fn place(kind: TrackKind) -> usize {
    usize::from(kind == TrackKind::Video)
}

impl<T> Interleaver<T> {
    pub(crate) fn new(alone: bool) -> Interleaver<T> {
        let lane = || Lane {
            waiting: VecDeque::new(),
            newest: i64::MIN,
            last_came: None,
        };
        Interleaver {
            lanes: [lane(), lane()],
            began: None,
            alone,
        }
    }

    /// Whether more of `kind` should be read.
    pub(crate) fn has_room(&self, kind: TrackKind) -> bool {
        self.lanes[place(kind)].waiting.len() < ENOUGH
    }

    pub(crate) fn put(&mut self, kind: TrackKind, millis: i64, item: T, now: Instant) {
        self.began.get_or_insert(now);
        let lane = &mut self.lanes[place(kind)];
        lane.newest = millis;
        lane.last_came = Some(now);
        lane.waiting.push_back((millis, now, item));
    }

    /// The next frame, if it need not wait any longer.
    pub(crate) fn peek(&self, now: Instant) -> Option<&T> {
        let lane = self.first()?;
        let (_, _, item) = self.lanes[lane].waiting.front()?;
        (self.due(lane)? <= now).then_some(item)
    }

    pub(crate) fn pop(&mut self, now: Instant) -> Option<T> {
        self.peek(now)?;
        let lane = self.first()?;
        self.lanes[lane].waiting.pop_front().map(|(_, _, item)| item)
    }

    /// Everything that is left, in order.
    pub(crate) fn pop_any(&mut self) -> Option<T> {
        let lane = self.first()?;
        self.lanes[lane].waiting.pop_front().map(|(_, _, item)| item)
    }

    /// When [`peek`](Self::peek) has something, if nothing comes meanwhile.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due(self.first()?)
    }

    /// The lane with the earliest frame.
    fn first(&self) -> Option<usize> {
        match (self.lanes[0].waiting.front(), self.lanes[1].waiting.front()) {
            (Some(audio), Some(video)) => Some(usize::from(audio.0 >= video.0)),
            (Some(_), None) => Some(0),
            (None, Some(_)) => Some(1),
            (None, None) => None,
        }
    }

    fn due(&self, lane: usize) -> Option<Instant> {
        let (millis, came, _) = self.lanes[lane].waiting.front()?;
        let other = &self.lanes[1 - lane];
        if self.alone || other.newest >= *millis {
            return Some(*came);
        }
        Some(match other.last_came {
            Some(at) => (at + SILENT_AFTER).min(*came + PATIENCE),
            None => self
                .began
                .map_or(*came, |began| (began + FIRST_PATIENCE).max(*came)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TrackKind::{Audio, Video};
    use proptest::prelude::*;

    fn drain(lanes: &mut Interleaver<i64>, now: Instant) -> Vec<i64> {
        std::iter::from_fn(|| lanes.pop(now)).collect()
    }

    #[test]
    fn the_second_track_is_waited_for_once() {
        let (mut lanes, start) = (Interleaver::new(false), Instant::now());
        lanes.put(Video, 0, 0, start);
        let soon = start + FIRST_PATIENCE / 2;
        assert_eq!(drain(&mut lanes, soon), [0i64; 0]);
        lanes.put(Video, 40, 40, soon);
        lanes.put(Audio, 10, 10, soon);
        assert_eq!(drain(&mut lanes, soon), [0, 10]);
        assert_eq!(drain(&mut lanes, soon + PATIENCE), [40]);
        let (mut lonely, later) = (Interleaver::new(false), start + FIRST_PATIENCE);
        lonely.put(Video, 0, 0, start);
        assert_eq!(lonely.deadline(), Some(later));
        assert_eq!(drain(&mut lonely, later), [0]);
        lonely.put(Video, 1, 1, later);
        assert_eq!(drain(&mut lonely, later), [1], "nobody else comes");
    }

    proptest! {
        /// Nothing is lost, each track keeps its order, nothing is held beyond the patience.
        #[test]
        fn everything_comes_out_in_time(steps in prop::collection::vec((any::<bool>(), 0i64..100, 0u64..50), 1..200)) {
            let (mut lanes, start) = (Interleaver::new(false), Instant::now());
            let (mut now, mut clocks, mut came, mut out) = (start, [0, 0], Vec::new(), Vec::new());
            for (video, step, pause) in steps {
                now += Duration::from_millis(pause);
                let kind = if video { Video } else { Audio };
                clocks[usize::from(video)] += step;
                let millis = clocks[usize::from(video)];
                lanes.put(kind, millis, (kind, millis), now);
                came.push((kind, millis, now));
                out.extend(std::iter::from_fn(|| lanes.pop(now)));
                if now >= start + FIRST_PATIENCE {
                    let overdue = came.iter().filter(|(.., at)| *at + PATIENCE <= now).count();
                    prop_assert!(out.len() >= overdue);
                }
            }
            out.extend(std::iter::from_fn(|| lanes.pop_any()));
            prop_assert_eq!(out.len(), came.len());
            for kind in [Audio, Video] {
                let of = |list: &[(TrackKind, i64)]| list.iter().filter(|i| i.0 == kind).map(|i| i.1).collect::<Vec<_>>();
                let expected: Vec<_> = came.iter().map(|(kind, millis, _)| (*kind, *millis)).collect();
                prop_assert_eq!(of(&out), of(&expected));
            }
        }
    }
}
