//! Whether there is room for a job (R-M5, R-M7): what it will take, measured on this machine, against what is free.

use lianmai_hub::job::{JobKind, MixJob};
use tokio::sync::watch;

use crate::calibrate::Costs;
use crate::job::Work;

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

    /// What a job will take.
    pub(super) fn need(&self, work: &Work) -> f64 {
        let costs = *self.costs.borrow();
        let job = match work {
            Work::Mix(job) => return mix_need(job, &costs),
            Work::Transcode(job) => job,
        };
        match &job.kind {
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
    pub(super) fn admit(&self, work: &Work, shares: impl Iterator<Item = f64>) -> Result<f64, NoRoom> {
        let need = self.need(work);
        let pictures = match work {
            Work::Transcode(job) => matches!(job.kind, JobKind::VideoToH264 { .. }),
            Work::Mix(job) => !job.scene.canvas.audio_only,
        };
        let reserve = if pictures { self.capacity * FOR_SOUND } else { 0.0 };
        let free = (self.free(shares) - reserve).max(0.0);
        if need <= free {
            Ok(need)
        } else {
            Err(NoRoom { need, free })
        }
    }
}

/// What a mix takes, from what its parts take alone: each picture decoded, the canvas encoded, each voice decoded, each
/// output encoded. Inputs are taken for pictures of 720p at most, as large as their places.
fn mix_need(job: &MixJob, costs: &Costs) -> f64 {
    let canvas = &job.scene.canvas;
    // Decoding and encoding have about these parts in transcoding a picture.
    let (decode, encode) = (0.17 * costs.video_720p, 0.83 * costs.video_720p);
    let whole = 1_280.0 * 720.0;
    let share = |width: u32, height: u32| f64::from(width) * f64::from(height) / whole;
    let pictures = if canvas.audio_only {
        0.0
    } else {
        let seen = job
            .scene
            .cells
            .iter()
            .filter(|cell| cell.input.is_some() && !cell.off);
        let decoding: f64 = seen
            .map(|cell| decode * share(cell.rect.w, cell.rect.h).clamp(0.25, 1.0))
            .sum();
        let encoding = encode * share(canvas.width, canvas.height) * f64::from(canvas.fps) / 30.0;
        decoding + encoding
    };
    let voices = job
        .scene
        .voices
        .iter()
        .filter(|voice| !voice.muted && voice.gain > 0.0);
    let outputs = job.sound_outputs.len() as f64 + 1.0;
    pictures + 0.2 * costs.audio_to_aac * voices.count() as f64 + costs.audio_to_aac * outputs
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
    use lianmai_hub::job::{Job, JobId};
    use lianmai_rooms::layout::{Canvas, Cell, Fit, Rect, Scene, Voice};

    const SOUND: JobKind = JobKind::AudioToOpus { bitrate: 64_000 };
    const PICTURE: JobKind = JobKind::VideoToH264 {
        bitrate: 2_000_000,
        max_side: 1_280,
    };

    fn work(kind: JobKind) -> Work {
        Work::Transcode(Job {
            id: JobId(1),
            kind,
            source: String::new(),
            target: String::new(),
        })
    }

    fn mix(canvas: Canvas, cells: usize, voices: usize) -> Work {
        let mut scene = Scene::empty(canvas);
        for n in 0..cells {
            scene.cells.push(Cell {
                input: Some(n.to_string()),
                rect: Rect {
                    x: 0,
                    y: 0,
                    w: 640,
                    h: 360,
                },
                z: 0,
                fit: Fit::Fit,
                background: None,
                border: None,
                label: None,
                badge: None,
                off: false,
            });
        }
        for n in 0..voices {
            scene.voices.push(Voice {
                input: n.to_string(),
                gain: 1.0,
                muted: false,
            });
        }
        Work::Mix(Box::new(MixJob {
            id: JobId(2),
            scene,
            inputs: Vec::new(),
            assets: Vec::new(),
            target: String::new(),
            sound_outputs: Vec::new(),
        }))
    }

    /// R-M5: what a mix takes grows with what it shows, plays and encodes; without pictures it takes little.
    #[test]
    fn a_mix_needs_what_its_parts_need() {
        let rules = admission();
        let need = |canvas, cells, voices| rules.need(&mix(canvas, cells, voices));
        let usual = Canvas::default();
        let four = need(usual, 4, 4);
        assert!((0.2..0.5).contains(&four), "{four}");
        assert!(need(usual, 9, 9) > four);
        let small = Canvas {
            width: 640,
            height: 360,
            ..usual
        };
        assert!(need(small, 4, 4) < four);
        let silent = Canvas {
            audio_only: true,
            ..usual
        };
        assert!(need(silent, 50, 50) < 0.2);
        assert!(rules.admit(&mix(usual, 4, 4), std::iter::once(0.9)).is_err());
        assert!(rules.admit(&mix(silent, 0, 4), std::iter::once(0.95)).is_ok());
    }

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
        while let Ok(need) = rules.admit(&work(PICTURE), shares.iter().copied()) {
            shares.push(need);
        }
        assert_eq!(shares.len(), 3);
        let refusal = rules.admit(&work(PICTURE), shares.iter().copied()).unwrap_err();
        assert!(
            (refusal.need - 0.3).abs() < 1e-9 && (refusal.free - 0.05).abs() < 1e-9,
            "{refusal:?}"
        );
        assert!(rules.admit(&work(SOUND), shares.iter().copied()).is_ok());
        assert_eq!(rules.free([2.0].into_iter()), 0.0);
    }

    #[test]
    fn smaller_pictures_need_less() {
        let of = |max_side| admission().need(&work(JobKind::VideoToH264 { bitrate: 1, max_side }));
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
