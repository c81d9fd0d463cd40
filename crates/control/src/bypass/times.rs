//! Times of one connection to a target: they start at 0 and never go back. Pure.

use lianmai_media::TrackKind;

/// From the stream's timeline to a connection's.
#[derive(Debug, Default)]
pub(super) struct Times {
    zero: Option<i64>,
    newest: [i64; 2],
}

impl Times {
    /// The time of the next item of a track, in milliseconds. The first of all is at 0.
    pub(super) fn place(&mut self, kind: TrackKind, millis: i64) -> i64 {
        let zero = *self.zero.get_or_insert(millis);
        let [audio, video] = &mut self.newest;
        let newest = match kind {
            TrackKind::Audio => audio,
            TrackKind::Video => video,
        };
        *newest = millis.saturating_sub(zero).max(*newest);
        *newest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_start_at_zero_and_never_go_back(items in prop::collection::vec((any::<bool>(), any::<i64>()), 1..50)) {
            let (mut times, mut newest) = (Times::default(), [0, 0]);
            for (n, (audio, millis)) in items.into_iter().enumerate() {
                let kind = if audio { TrackKind::Audio } else { TrackKind::Video };
                let placed = times.place(kind, millis);
                prop_assert!(placed >= newest[usize::from(audio)]);
                prop_assert!(n > 0 || placed == 0);
                newest[usize::from(audio)] = placed;
            }
        }
    }

    #[test]
    fn distances_are_kept() {
        let mut times = Times::default();
        assert_eq!(times.place(TrackKind::Video, 70_000), 0);
        assert_eq!(times.place(TrackKind::Audio, 70_012), 12);
        assert_eq!(times.place(TrackKind::Video, 70_040), 40);
    }
}
