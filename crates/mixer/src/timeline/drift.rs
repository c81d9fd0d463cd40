//! How far the sample count has drifted from the stamps, and the resampling ratio that takes it back (R-S4).

use super::RATE;

/// Stamps jitter; what lasts longer than this is drift. Seconds.
const SMOOTHING: f64 = 1.0;
/// An error is taken back over about this long. With [`SMOOTHING`] the loop is critically damped. Seconds.
const CORRECTION: f64 = 4.0;
/// Most that the ratio may differ from one, in parts per million: a pitch change nobody hears.
const MAX_PPM: f64 = 5_000.0;
/// Corrections are whole multiples of this, so that the resampler is not set anew for every block.
const STEP_PPM: f64 = 10.0;
/// Errors up to this are the rounding of stamps and are left alone. Samples.
const TOLERANCE: f64 = 48.0;
/// The longest step between two stamps that counts, in seconds.
const MAX_STEP: f64 = 0.5;

/// The smoothed difference between stamps and sample count.
#[derive(Clone, Debug, Default)]
pub(super) struct Drift {
    /// Samples by which the stamps are ahead.
    error: f64,
    last: Option<i64>,
}

impl Drift {
    /// A block stamped `at` lies `ahead` samples after where the count has it.
    pub(super) fn observe(&mut self, at: i64, ahead: i64) {
        if let Some(last) = self.last {
            let step = (at.saturating_sub(last) as f64 / RATE as f64).clamp(0.0, MAX_STEP);
            self.error += step / (SMOOTHING + step) * (ahead as f64 - self.error);
        }
        self.last = Some(at);
    }

    /// Count and stamps agree again.
    pub(super) fn reset(&mut self) {
        *self = Drift::default();
    }

    /// How many more samples to make out of a million, to take the error back slowly.
    pub(super) fn ppm(&self) -> i32 {
        let error = self.error - self.error.clamp(-TOLERANCE, TOLERANCE);
        let ppm = error / (RATE as f64 * CORRECTION) * 1e6;
        ((ppm / STEP_PPM).round() * STEP_PPM).clamp(-MAX_PPM, MAX_PPM) as i32
    }
}
