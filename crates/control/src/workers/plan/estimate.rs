//! What a job takes, in cores: a first guess from what is to be done, refined by what workers measure.

use lianmai_hub::job::JobKind;
use lianmai_rooms::layout::Canvas;

use super::work::Work;

/// Decode, resample and encode of one voice or stereo track.
const AUDIO: f64 = 0.02;
/// Cores per pixel and second: decoding, and scaling with encoding (measured with FFmpeg 5.1 and x264 veryfast:
/// 0.02 and 0.13 at 1280 × 720, 25 frames per second).
const DECODE: f64 = 0.02 / (1280.0 * 720.0 * 25.0);
const ENCODE: f64 = 0.13 / (1280.0 * 720.0 * 25.0);
/// Cores per pixel and second of a canvas: putting pictures into it.
const COMPOSE: f64 = 0.03 / (1280.0 * 720.0 * 25.0);
/// What is assumed of a picture nothing is known of.
const USUAL: Picture = (1280, 720, 30.0);
const VIDEO_RANGE: (f64, f64) = (0.03, 8.0);
const MIX_MOST: f64 = 16.0;
/// How far measuring may move a guess, and how fast it does.
const FACTOR_RANGE: (f64, f64) = (0.25, 4.0);
const WEIGHT: f64 = 0.02;

/// Width, height and frames per second.
pub(in super::super) type Picture = (u32, u32, f64);

/// The first guess for a rendition of a source with this picture.
pub(in super::super) fn estimate(kind: &JobKind, picture: Option<Picture>) -> f64 {
    let JobKind::VideoToH264 { max_side, .. } = kind else {
        return AUDIO;
    };
    let (width, height, _) = picture.unwrap_or(USUAL);
    let shrink = (f64::from(*max_side) / f64::from(width.max(height).max(1))).min(1.0);
    (rate(picture) * (DECODE + ENCODE * shrink * shrink)).clamp(VIDEO_RANGE.0, VIDEO_RANGE.1)
}

/// The first guess for a mix of inputs with these pictures, of which only those that are shown are decoded, and so
/// many sounds; `outputs` is the number of its further outputs, which are sound.
pub(in super::super) fn estimate_mix(
    canvas: &Canvas,
    pictures: &[Option<Picture>],
    sounds: usize,
    outputs: usize,
) -> f64 {
    let sound = AUDIO + (sounds as f64) * AUDIO / 2.0 + (outputs as f64) * AUDIO;
    if canvas.audio_only {
        return sound.clamp(AUDIO, MIX_MOST);
    }
    let size = Some((canvas.width, canvas.height, f64::from(canvas.fps)));
    let decode: f64 = pictures.iter().map(|picture| rate(*picture) * DECODE).sum();
    (sound + decode + rate(size) * (COMPOSE + ENCODE)).clamp(VIDEO_RANGE.0, MIX_MOST)
}

/// Pixels per second.
fn rate(picture: Option<Picture>) -> f64 {
    let (width, height, fps) = picture.unwrap_or(USUAL);
    let fps = if fps >= 1.0 { fps.min(240.0) } else { USUAL.2 };
    f64::from(width) * f64::from(height) * fps
}

/// How measured jobs compare with their guesses, for sound, for pictures and for mixes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    audio: f64,
    video: f64,
    mix: f64,
}

impl Default for Factors {
    fn default() -> Self {
        Self {
            audio: 1.0,
            video: 1.0,
            mix: 1.0,
        }
    }
}

impl Factors {
    pub(super) fn of(&self, work: &Work) -> f64 {
        match work {
            Work::Rendition(JobKind::VideoToH264 { .. }) => self.video,
            Work::Rendition(JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. }) => self.audio,
            Work::Mix { .. } => self.mix,
        }
    }

    /// A job that was guessed at `guess` was measured at `measured` cores.
    pub(super) fn learn(&mut self, work: &Work, guess: f64, measured: f64) {
        if guess <= 0.0 || measured <= 0.0 {
            return;
        }
        let factor = match work {
            Work::Rendition(JobKind::VideoToH264 { .. }) => &mut self.video,
            Work::Rendition(JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. }) => &mut self.audio,
            Work::Mix { .. } => &mut self.mix,
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

    /// R-M5: the cost of a mix is known before it is let in.
    #[test]
    fn a_mix_takes_more_with_its_canvas_and_its_inputs() {
        let canvas = Canvas::default();
        let hd = Some((1280, 720, 25.0));
        let four = estimate_mix(&canvas, &[hd; 4], 4, 0);
        assert!((0.2..0.4).contains(&four), "{four}");
        assert!(estimate_mix(&canvas, &[hd; 9], 9, 0) > four);
        assert!(estimate_mix(&canvas, &[hd; 4], 4, 3) > four);
        let sound = Canvas {
            audio_only: true,
            ..canvas
        };
        assert!(estimate_mix(&sound, &[], 50, 0) < 0.6);
        let wild = [Some((u32::MAX, u32::MAX, f64::INFINITY)); 64];
        assert!(estimate_mix(&canvas, &wild, 64, 0) <= 16.0);
    }

    #[test]
    fn guesses_follow_what_is_measured_within_bounds() {
        let (mut factors, video) = (Factors::default(), Work::Rendition(VIDEO));
        for _ in 0..1_000 {
            factors.learn(&video, 0.2, 0.3);
        }
        assert!((factors.of(&video) - 1.5).abs() < 0.01);
        for _ in 0..10_000 {
            factors.learn(&video, 0.2, 1e9);
        }
        assert!(factors.of(&video) <= 4.0);
        let others = [
            Work::Rendition(JobKind::AudioToAac { bitrate: 1 }),
            Work::Mix {
                canvas: Canvas::default(),
                revision: 1,
            },
        ];
        for other in others {
            assert!((factors.of(&other) - 1.0).abs() < 1e-9);
        }
    }
}
