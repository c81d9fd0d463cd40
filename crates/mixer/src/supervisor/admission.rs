//! Whether there is room for a job (R-M5, R-M7): what it will take, measured on this machine, against what is free.

use lianmai_hub::job::JobKind;
use tokio::sync::watch;

use crate::calibrate::Costs;

/// The part of the capacity that is kept for sound.
const FOR_SOUND: f64 = 0.05;
/// What a picture of unknown size is taken for, in pixels of its longer side.
const USUAL_SIDE: u32 = 1_280;
/// Weight of a new measurement in a job's share.
const WEIGHT: f64 = 0.3;
/// Measurements after which a job's share is what was measured.
const SETTLED: u32 = 5;

/// A refusal, in cores.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct NoRoom {
    /// What the job would take.
    pub(super) need: f64,
    /// What is free for its kind.
    pub(super) free: f64,
}

/// The rules of one worker.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    capacity: f64,
    /// The usual figures at first, then those measured here.
    costs: watch::Receiver<Costs>,
}

impl Admission {
    pub(super) fn new(capacity: f64, costs: watch::Receiver<Costs>) -> Admission {
        Admission { capacity, costs }
    }

    pub(super) fn capacity(&self) -> f64 {
        self.capacity
    }

    /// What a job of this kind will take.
    pub(super) fn need(&self, kind: &JobKind) -> f64 {
        let costs = *self.costs.borrow();
        match kind {
            JobKind::AudioToOpus { .. } => costs.audio_to_opus,
            JobKind::AudioToAac { .. } => costs.audio_to_aac,
            JobKind::VideoToH264 { max_side, .. } => {
                let side = f64::from((*max_side).min(USUAL_SIDE)) / f64::from(USUAL_SIDE);
                // Decoding does not shrink with the output.
                costs.video_720p * (0.15 + 0.85 * side * side)
            }
        }
    }

    /// Cores not used by `shares`.
    pub(super) fn free(&self, shares: impl Iterator<Item = f64>) -> f64 {
        (self.capacity - shares.sum::<f64>()).max(0.0)
    }

    /// Lets a job in or not, and says what it will take.
    pub(super) fn admit(&self, kind: &JobKind, shares: impl Iterator<Item = f64>) -> Result<f64, NoRoom> {
        let need = self.need(kind);
        let reserve = match kind {
            JobKind::VideoToH264 { .. } => self.capacity * FOR_SOUND,
            JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => 0.0,
        };
        let free = (self.free(shares) - reserve).max(0.0);
        if need <= free {
            Ok(need)
        } else {
            Err(NoRoom { need, free })
        }
    }
}

/// What one job takes: what was expected at first, then what is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    expected: f64,
    measured: f64,
    count: u32,
}

impl Share {
    pub(super) fn expected(cores: f64) -> Share {
        Share {
            expected: cores,
            measured: 0.0,
            count: 0,
        }
    }

    /// The job used so many cores over the last second.
    pub(super) fn measure(&mut self, cores: f64) {
        let weight = if self.count == 0 { 1.0 } else { WEIGHT };
        self.measured += weight * (cores - self.measured);
        self.count = self.count.saturating_add(1);
    }

    /// What to count it for.
    pub(super) fn cores(&self) -> f64 {
        if self.count < SETTLED {
            self.expected.max(self.measured)
        } else {
            self.measured
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: JobKind = JobKind::AudioToOpus { bitrate: 64_000 };
    const PICTURE: JobKind = JobKind::VideoToH264 {
        bitrate: 2_000_000,
        max_side: 1_280,
    };

    fn admission() -> Admission {
        let costs = Costs {
            audio_to_opus: 0.01,
            audio_to_aac: 0.01,
            video_720p: 0.3,
        };
        Admission::new(1.0, watch::channel(costs).1)
    }

    /// R-M7: a refusal says what is needed and what is free; sound finds room where pictures do not.
    #[test]
    fn jobs_are_let_in_while_there_is_room() {
        let rules = admission();
        let mut shares = Vec::new();
        while let Ok(need) = rules.admit(&PICTURE, shares.iter().copied()) {
            shares.push(need);
        }
        assert_eq!(shares.len(), 3);
        let refusal = rules.admit(&PICTURE, shares.iter().copied()).unwrap_err();
        assert!(
            (refusal.need - 0.3).abs() < 1e-9 && (refusal.free - 0.05).abs() < 1e-9,
            "{refusal:?}"
        );
        assert!(rules.admit(&SOUND, shares.iter().copied()).is_ok());
        assert_eq!(rules.free([2.0].into_iter()), 0.0);
    }

    #[test]
    fn smaller_pictures_need_less() {
        let of = |max_side| admission().need(&JobKind::VideoToH264 { bitrate: 1, max_side });
        assert!(of(320) < of(640) && of(640) < of(1_280) && of(1_280) == of(4_000));
        assert!(of(0) > 0.0);
    }

    #[test]
    fn a_share_is_expected_first_and_measured_then() {
        let mut share = Share::expected(0.3);
        assert_eq!(share.cores(), 0.3);
        share.measure(0.4);
        assert_eq!(share.cores(), 0.4, "more than expected counts at once");
        for _ in 0..30 {
            share.measure(0.1);
        }
        assert!((share.cores() - 0.1).abs() < 0.01);
    }
}
