//! How loud a sender is (RFC 6464).

use std::time::{Duration, Instant};

/// Content of the audio level header extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AudioLevel {
    /// dB below overload: 0 loudest, 127 silent.
    pub level: u8,
    /// Whether the sender says that it is speech.
    pub voice: bool,
}

impl AudioLevel {
    /// Nothing to be heard.
    pub const SILENCE: AudioLevel = AudioLevel {
        level: 127,
        voice: false,
    };

    /// From the content of the header extension, its first byte.
    pub fn from_extension(byte: u8) -> AudioLevel {
        AudioLevel {
            level: byte & 0x7F,
            voice: byte & 0x80 != 0,
        }
    }
}

/// A louder packet moves the level half of the way; a quieter one takes this long for most of it.
const RELEASE: Duration = Duration::from_millis(250);
/// What was speech stays it for so long: pauses between words.
const VOICE: Duration = Duration::from_millis(400);
/// Without packets for so long, it is silent: muted, or DTX.
const SILENT_AFTER: Duration = Duration::from_millis(500);

/// The smoothed level of one sender: rises fast, falls slowly.
#[derive(Clone, Copy, Debug, Default)]
pub struct LevelMeter {
    /// dB above silence, 0…127.
    loudness: f32,
    last: Option<Instant>,
    voice: Option<Instant>,
}

impl LevelMeter {
    /// A meter at silence.
    pub fn new() -> LevelMeter {
        LevelMeter::default()
    }

    /// Takes the level of a packet.
    pub fn push(&mut self, now: Instant, level: AudioLevel) {
        let loudness = f32::from(127 - level.level.min(127));
        let before = self.loudness_at(now);
        let part = if loudness > before {
            0.5
        } else {
            let elapsed = self
                .last
                .map_or(RELEASE, |last| now.saturating_duration_since(last));
            (elapsed.as_secs_f32() / RELEASE.as_secs_f32()).min(1.0)
        };
        self.loudness = before + (loudness - before) * part;
        self.last = Some(now);
        if level.voice {
            self.voice = Some(now);
        }
    }

    fn loudness_at(&self, now: Instant) -> f32 {
        let is_fresh = |last| now.saturating_duration_since(last) < SILENT_AFTER;
        if self.last.is_some_and(is_fresh) {
            self.loudness
        } else {
            0.0
        }
    }

    /// The level now.
    pub fn level(&self, now: Instant) -> AudioLevel {
        let is_voice = |voice| now.saturating_duration_since(voice) < VOICE;
        AudioLevel {
            level: 127 - self.loudness_at(now).clamp(0.0, 127.0).round() as u8,
            voice: self.voice.is_some_and(is_voice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(20);

    #[test]
    fn the_extension_is_read() {
        assert_eq!(
            AudioLevel::from_extension(0x80 | 30),
            AudioLevel {
                level: 30,
                voice: true
            }
        );
        assert_eq!(AudioLevel::from_extension(127), AudioLevel::SILENCE);
    }

    #[test]
    fn speech_shows_at_once_and_fades() {
        let start = Instant::now();
        let mut meter = LevelMeter::new();
        assert_eq!(meter.level(start), AudioLevel::SILENCE);
        let mut now = start;
        for _ in 0..5 {
            now += PACKET;
            meter.push(
                now,
                AudioLevel {
                    level: 30,
                    voice: true,
                },
            );
        }
        let loud = meter.level(now);
        assert!(loud.level <= 35 && loud.voice, "{loud:?}");
        meter.push(now + PACKET, AudioLevel::SILENCE);
        let fading = meter.level(now + PACKET);
        assert!((36..60).contains(&fading.level) && fading.voice, "{fading:?}");
        assert_eq!(meter.level(now + Duration::from_secs(1)), AudioLevel::SILENCE);
    }
}
