//! What a job takes, in cores: a first guess from what is to be done, refined by what workers measure.

use lianmai_hub::job::JobKind;

/// Decode, resample and encode of one voice or stereo track.
const AUDIO: f64 = 0.02;
/// Cores per pixel and second: decoding, and scaling with encoding (measured with FFmpeg 5.1 and x264 veryfast:
/// 0.02 and 0.13 at 1280 × 720, 25 frames per second).
const DECODE: f64 = 0.02 / (1280.0 * 720.0 * 25.0);
const ENCODE: f64 = 0.13 / (1280.0 * 720.0 * 25.0);
/// What is assumed of a picture nothing is known of.
const USUAL: (u32, u32, f64) = (1280, 720, 30.0);
const VIDEO_RANGE: (f64, f64) = (0.03, 8.0);
/// How far measuring may move a guess, and how fast it does.
const FACTOR_RANGE: (f64, f64) = (0.25, 4.0);
const WEIGHT: f64 = 0.02;

/// The first guess. `picture` is width, height and frames per second of the source.
pub(in super::super) fn estimate(kind: &JobKind, picture: Option<(u32, u32, f64)>) -> f64 {
    let JobKind::VideoToH264 { max_side, .. } = kind else {
        return AUDIO;
    };
    let (width, height, fps) = picture.unwrap_or(USUAL);
    let fps = if fps >= 1.0 { fps.min(240.0) } else { USUAL.2 };
    let rate = f64::from(width) * f64::from(height) * fps;
    let shrink = (f64::from(*max_side) / f64::from(width.max(height).max(1))).min(1.0);
    (rate * (DECODE + ENCODE * shrink * shrink)).clamp(VIDEO_RANGE.0, VIDEO_RANGE.1)
}

/// How measured jobs compare with their guesses, for sound and for pictures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    audio: f64,
    video: f64,
}

impl Default for Factors {
    fn default() -> Self {
        Self {
            audio: 1.0,
            video: 1.0,
        }
    }
}

impl Factors {
    pub(super) fn of(&self, kind: &JobKind) -> f64 {
        match kind {
            JobKind::VideoToH264 { .. } => self.video,
            JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => self.audio,
        }
    }

    /// A job that was guessed at `guess` was measured at `measured` cores.
    pub(super) fn learn(&mut self, kind: &JobKind, guess: f64, measured: f64) {
        if guess <= 0.0 || measured <= 0.0 {
            return;
        }
        let factor = match kind {
            JobKind::VideoToH264 { .. } => &mut self.video,
            JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => &mut self.audio,
        };
        let seen = (measured / guess).clamp(FACTOR_RANGE.0, FACTOR_RANGE.1);
        *factor += (seen - *factor) * WEIGHT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: JobKind = JobKind::VideoToH264 {
        bitrate: 2_000_000,
        max_side: 1_280,
    };

    #[test]
    fn bigger_pictures_take_more_and_the_output_is_bounded() {
        let of = |picture| estimate(&VIDEO, picture);
        assert!((of(Some((1280, 720, 25.0))) - 0.15).abs() < 1e-9);
        assert!(of(Some((640, 360, 15.0))) < of(None));
        let (full, huge) = (of(Some((1920, 1080, 30.0))), of(Some((7680, 4320, 60.0))));
        assert!(full > 0.15 && full < 0.3, "{full}");
        assert!(huge < 3.0, "{huge}");
        assert!(of(Some((u32::MAX, u32::MAX, f64::MAX))) <= 8.0);
        assert!(of(Some((1, 1, 0.0))) >= 0.03);
        assert!(estimate(&JobKind::AudioToOpus { bitrate: 96_000 }, None) < 0.05);
    }

    #[test]
    fn guesses_follow_what_is_measured_within_bounds() {
        let mut factors = Factors::default();
        for _ in 0..1_000 {
            factors.learn(&VIDEO, 0.2, 0.3);
        }
        assert!((factors.of(&VIDEO) - 1.5).abs() < 0.01);
        for _ in 0..10_000 {
            factors.learn(&VIDEO, 0.2, 1e9);
        }
        assert!(factors.of(&VIDEO) <= 4.0);
        assert!((factors.of(&JobKind::AudioToAac { bitrate: 1 }) - 1.0).abs() < 1e-9);
    }
}
