//! Which layer of a picture a viewer gets, or none, by what the connection carries.
//!
//! Down goes at once, as far as needed. Up is a trial, because a connection that carries little says nothing about what
//! more it would carry: when the estimate allows it, a while after the last step down, and the later the more often that
//! went wrong. Pure.

use std::time::{Duration, Instant};

/// Of what a layer needs, so much must be there to keep it, and to step to it.
const KEEP: f64 = 0.95;
const STEP: f64 = 1.15;
/// First and longest wait before a step up.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// What stayed as long was no failed trial.
const STAYED: Duration = Duration::from_secs(20);

/// One picture's place among its layers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ladder {
    /// 0 is the best layer; `None`: no picture.
    layer: Option<u8>,
    /// When it went down, and up after that.
    down: Option<Instant>,
    up: Option<Instant>,
    wait: Duration,
}

impl Ladder {
    pub(crate) fn new() -> Ladder {
        Ladder {
            layer: Some(0),
            down: None,
            up: None,
            wait: FIRST_WAIT,
        }
    }

    /// The layer, if there is room for any.
    pub(crate) fn layer(&self) -> Option<u8> {
        self.layer
    }

    /// Another layer is asked for; where there is no room for a picture that stays so.
    pub(crate) fn ask(&mut self, layer: u8) {
        if self.layer.is_some() {
            self.layer = Some(layer);
        }
    }

    /// Takes what each layer needs, best first, in bits per second as far as that is known, the best that is wanted, and
    /// what is available. The layer from now on.
    pub(crate) fn look(
        &mut self,
        needs: &[Option<f64>],
        best: u8,
        available: f64,
        now: Instant,
    ) -> Option<u8> {
        let layers = u8::try_from(needs.len()).unwrap_or(u8::MAX);
        let last = layers.saturating_sub(1);
        let fits = |layer: u8, margin: f64| {
            let need = needs.get(usize::from(layer)).copied().flatten();
            need.is_none_or(|need| need * margin <= available)
        };
        let present = self.layer.map(|layer| layer.clamp(best.min(last), last));
        let keeps = present.and_then(|from| {
            if fits(from, KEEP) {
                return Some(from);
            }
            // Not to one that fits barely: its first key frame needs more.
            let lower = (from + 1..layers).find(|layer| fits(*layer, STEP));
            lower.or(Some(last).filter(|last| fits(*last, KEEP)))
        });
        if keeps != present || (present.is_none() && self.layer.is_some()) {
            let stayed = self.up.take().map(|up| now.saturating_duration_since(up));
            self.wait = match stayed {
                Some(stayed) if stayed < STAYED => (self.wait * 2).min(LONGEST_WAIT),
                // Further down in the same fall.
                None if self.is_before_wait(now) => self.wait,
                _ => FIRST_WAIT,
            };
            self.down = Some(now);
            self.layer = keeps;
            return keeps;
        }
        self.layer = present;
        let better = best.min(last)..present.unwrap_or(layers);
        if let Some(layer) = better.into_iter().find(|layer| fits(*layer, STEP))
            && !self.is_before_wait(now)
        {
            self.layer = Some(layer);
            self.up = Some(now);
        }
        self.layer
    }

    fn is_before_wait(&self, now: Instant) -> bool {
        self.down
            .is_some_and(|down| now.saturating_duration_since(down) < self.wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [Option<f64>; 1] = [Some(1_000_000.0)];
    const THREE: [Option<f64>; 3] = [Some(1_000_000.0), Some(300_000.0), Some(100_000.0)];

    #[test]
    fn a_picture_goes_at_once_and_comes_back_later_and_later() {
        let mut now = Instant::now();
        let mut ladder = Ladder::new();
        assert_eq!(ladder.look(&ONE, 0, 960_000.0, now), Some(0));
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert_eq!(ladder.look(&ONE, 0, 250_000.0, now), None);
            let since = now;
            // The estimate rises at once, and is wrong.
            while ladder.look(&ONE, 0, 2_000_000.0, now).is_none() {
                now += Duration::from_millis(500);
            }
            waits.push((now - since).as_secs());
            now += Duration::from_secs(2);
        }
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        // It stays for long: that is forgotten.
        now += STAYED;
        assert_eq!(ladder.look(&ONE, 0, 250_000.0, now), None);
        assert_eq!(
            ladder.look(&ONE, 0, 1_000_000.0, now + FIRST_WAIT),
            None,
            "not before it fits"
        );
        assert_eq!(ladder.look(&ONE, 0, 2_000_000.0, now + FIRST_WAIT), Some(0));
    }

    #[test]
    fn layers_go_down_as_far_as_needed_and_up_by_trials() {
        let start = Instant::now();
        let mut ladder = Ladder::new();
        let at = |millis: u64| start + Duration::from_millis(millis);
        assert_eq!(ladder.look(&THREE, 0, 250_000.0, start), Some(2));
        // Further down in the same fall is no failed trial.
        assert_eq!(ladder.look(&THREE, 0, 50_000.0, at(300)), None);
        assert_eq!(ladder.look(&THREE, 0, 400_000.0, at(5_200)), None);
        assert_eq!(ladder.look(&THREE, 0, 400_000.0, at(5_400)), Some(1));
        assert_eq!(
            ladder.look(&THREE, 0, 1_100_000.0, at(6_000)),
            Some(1),
            "not quite"
        );
        assert_eq!(ladder.look(&THREE, 0, 2_000_000.0, at(6_500)), Some(0));
        // That went wrong.
        assert_eq!(ladder.look(&THREE, 0, 350_000.0, at(7_000)), Some(1));
        assert_eq!(ladder.look(&THREE, 0, 2_000_000.0, at(16_000)), Some(1));
        assert_eq!(ladder.look(&THREE, 0, 2_000_000.0, at(17_100)), Some(0));
    }

    #[test]
    fn what_is_asked_for_and_what_there_is_bound_it() {
        let now = Instant::now();
        let mut ladder = Ladder::new();
        ladder.ask(2);
        assert_eq!(ladder.look(&THREE, 2, 5_000_000.0, now), Some(2));
        // The publisher comes back without layers.
        assert_eq!(ladder.look(&ONE, 0, 5_000_000.0, now), Some(0));
        assert_eq!(
            ladder.look(&[None; 3], 0, 10_000.0, now),
            Some(0),
            "nothing known"
        );
    }
}
