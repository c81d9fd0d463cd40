//! Keeps a sum of voices below full scale without crackling: it looks ahead, turns down in time and up slowly.

use std::collections::VecDeque;

use crate::codec::limit;

/// Samples that share one measurement: 1 ms.
const STEP: usize = 48;
/// Steps that are looked ahead.
const AHEAD: usize = 5;
/// What the sum is kept to; the bend that follows begins above it.
const CEILING: f32 = 0.89;
/// How much of the way back to full volume is gone in a step: about 200 ms for most of it.
const RELEASE: f32 = 0.008;

/// Samples that come out later than they went in.
pub(crate) const DELAY: i64 = (STEP * AHEAD) as i64;

/// A limiter of interleaved stereo.
pub(crate) struct Limiter {
    waiting: VecDeque<f32>,
    /// The gain that each waiting step needs.
    needs: VecDeque<f32>,
    gain: f32,
}

impl Limiter {
    pub(crate) fn new() -> Limiter {
        Limiter {
            waiting: VecDeque::from(vec![0.0; STEP * AHEAD * 2]),
            needs: VecDeque::from(vec![1.0; AHEAD]),
            gain: 1.0,
        }
    }

    /// Takes whole milliseconds of samples and appends as many that are [`DELAY`] older.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        for step in samples.chunks_exact(STEP * 2) {
            let peak = step.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            let need = if peak > CEILING { CEILING / peak } else { 1.0 };
            self.needs.push_back(need);
            self.waiting.extend(step);
            // The gain runs in a line from what it is to what this step and those after it need.
            let needed = self.needs.iter().copied().fold(1.0, f32::min);
            let next = needed.min(self.gain + (1.0 - self.gain) * RELEASE);
            self.needs.pop_front();
            let slope = (next - self.gain) / STEP as f32;
            let start = out.len();
            if self.gain == 1.0 && next == 1.0 {
                out.extend(self.waiting.drain(..STEP * 2));
            } else {
                for (n, sample) in self.waiting.drain(..STEP * 2).enumerate() {
                    out.push(sample * (self.gain + slope * (n / 2) as f32));
                }
            }
            // What is no number, and the one step that came without warning.
            limit(out.get_mut(start..).unwrap_or_default());
            self.gain = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f32, millis: usize) -> Vec<f32> {
        (0..millis * STEP)
            .flat_map(|n| {
                let value = amplitude * (n as f32 / 48_000.0 * 440.0 * std::f32::consts::TAU).sin();
                [value, value]
            })
            .collect()
    }

    /// R-A5: quiet sound passes as it is, only later; loud sound keeps its shape below full scale.
    #[test]
    fn loud_sums_are_turned_down_without_a_bend() {
        let mut limiter = Limiter::new();
        let mut out = Vec::new();
        let quiet = sine(0.5, 100);
        limiter.push(&quiet, &mut out);
        let delay = DELAY as usize * 2;
        assert_eq!(out[delay..], quiet[..quiet.len() - delay]);
        out.clear();
        let loud = sine(3.0, 400);
        limiter.push(&loud, &mut out);
        assert!(out.iter().all(|sample| sample.abs() <= 0.9), "never above");
        // Shape: the ratio to what went in hardly changes once it is down.
        let tail = out.len() - 48_000 / 5;
        for at in (tail..out.len()).step_by(2) {
            let original = loud[at - delay];
            if original.abs() > 1.0 {
                let ratio = out[at] / original;
                assert!((0.27..0.31).contains(&ratio), "{ratio}");
            }
        }
        // And full volume comes back.
        out.clear();
        limiter.push(&sine(0.5, 1_500), &mut out);
        let peak = out[out.len() - 9_600..]
            .iter()
            .fold(0.0_f32, |a, b| a.max(b.abs()));
        assert!(peak > 0.49, "{peak}");
        out.clear();
        limiter.push(&[f32::NAN; STEP * 2], &mut out);
        limiter.push(&sine(0.1, 20), &mut out);
        assert!(out.iter().all(|sample| sample.abs() <= 1.0));
    }
}
