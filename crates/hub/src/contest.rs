//! Publishers that take a stream from each other again and again.
//!
//! The newer of two publications wins. Two clients that both come back by themselves would go on like that for ever, and
//! nobody could watch. So after a few takeovers of a stream that was alive, whoever is on air stays, and the others are
//! refused for as long as they keep coming. A newer push URL decides the contest at once, and a publisher that brings
//! nothing any more is no rival. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A publication that brought nothing for this long may always be replaced: its connection is probably dead.
pub(crate) const ALIVE: Duration = Duration::from_secs(2);
/// So many takeovers in this time are a contest.
const TAKEOVERS: usize = 6;
const WINDOW: Duration = Duration::from_secs(60);
/// How long others are refused after the last takeover or attempt.
const HOLD: Duration = Duration::from_secs(10);

/// The takeovers of one stream.
#[derive(Debug, Default)]
pub(crate) struct Contest {
    takeovers: VecDeque<Instant>,
    held_until: Option<Instant>,
}

impl Contest {
    /// Somebody wants the place of a rival that is alive. `false`: the rival stays.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        let held = self.held_until.is_some_and(|until| now < until);
        if held {
            self.held_until = Some(now + HOLD);
            metrics::counter!("lianmai_contested_publications_refused_total").increment(1);
        }
        !held
    }

    /// Somebody has taken that place.
    pub(crate) fn taken(&mut self, now: Instant) {
        self.takeovers.push_back(now);
        if self.takeovers.len() > TAKEOVERS {
            self.takeovers.pop_front();
        }
        let oldest = self
            .takeovers
            .front()
            .filter(|_| self.takeovers.len() == TAKEOVERS);
        let is_contest = oldest.is_some_and(|oldest| now.saturating_duration_since(*oldest) < WINDOW);
        self.held_until = is_contest.then(|| now + HOLD);
    }

    /// A newer push URL has decided it.
    pub(crate) fn decided(&mut self) {
        *self = Contest::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clients that come back a second after they lost the stream.
    #[test]
    fn a_contest_comes_to_an_end() {
        let start = Instant::now();
        let mut contest = Contest::default();
        let mut takeovers = Vec::new();
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            if contest.admits(now) {
                contest.taken(now);
                takeovers.push(second);
            }
        }
        assert_eq!(takeovers, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn who_waits_has_its_turn() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut contest = Contest::default();
        for second in 0..6 {
            assert!(contest.admits(at(second)));
            contest.taken(at(second));
        }
        assert!(!contest.admits(at(14)) && !contest.admits(at(23)));
        assert!(contest.admits(at(33)));
        contest.taken(at(33));
        assert!(!contest.admits(at(34)), "and then the other one has to wait");
        contest.decided();
        assert!(contest.admits(at(34)));
    }

    #[test]
    fn takeovers_now_and_then_are_no_contest() {
        let start = Instant::now();
        let mut contest = Contest::default();
        for minute in 0..60 {
            for second in 0..2 {
                let now = start + Duration::from_secs(minute * 60 + second);
                assert!(contest.admits(now));
                contest.taken(now);
            }
        }
    }
}
