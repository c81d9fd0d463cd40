//! What decoded sound looks like, and keeping it within full scale.

use ffmpeg_next::format::Sample;
use ffmpeg_next::frame;

use super::raw;

/// How many channels a rendition has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Channels {
    /// One.
    Mono,
    /// Two.
    Stereo,
}

impl Channels {
    /// What `count` channels are mixed to.
    pub(crate) fn for_source(count: usize) -> Channels {
        if count == 1 {
            Channels::Mono
        } else {
            Channels::Stereo
        }
    }

    /// The number.
    pub(crate) fn count(self) -> usize {
        match self {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        }
    }
}

/// The shape of decoded sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SoundShape {
    /// Samples per second.
    pub(crate) rate: u32,
    /// Channels.
    pub(crate) channels: usize,
    /// How samples lie in memory.
    pub(crate) format: Sample,
    /// Which speakers, as FFmpeg's mask; 0 when the decoder does not say.
    pub(crate) mask: u64,
}

impl SoundShape {
    /// The shape of a decoded frame; `None` when it is empty or of no shape that is handled.
    pub(crate) fn of(frame: &frame::Audio) -> Option<SoundShape> {
        raw::sound_shape(frame)
    }
}

/// Where the limiter begins to bend.
const KNEE: f32 = 0.9;

/// Bends what comes near or beyond full scale to stay below it (R-A5): a decoder may give more than 1.0, and an encoder
/// would wrap or crackle there.
pub(crate) fn limit(samples: &mut [f32]) {
    for sample in samples {
        let size = sample.abs();
        if !size.is_finite() {
            *sample = 0.0;
        } else if size > KNEE {
            let over = (size - KNEE) / (1.0 - KNEE);
            *sample = sample.signum() * (KNEE + (1.0 - KNEE) * (over / (1.0 + over)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-A5: what is too loud is bent, what is not stays as it is, and what is no number is silence.
    #[test]
    fn loud_sound_stays_within_full_scale() {
        let mut sound = [0.0, 0.5, -0.9, 0.95, 1.5, -40.0, f32::INFINITY, f32::NAN];
        limit(&mut sound);
        assert_eq!(sound[..3], [0.0, 0.5, -0.9]);
        assert!(sound[3] > 0.9 && sound[3] < sound[4] && sound[4] < 1.0);
        assert!(sound[5] < -0.99 && sound[5] > -1.0);
        assert!(sound[6..].iter().all(|s| s.abs() <= 1.0), "{sound:?}");
    }
}
