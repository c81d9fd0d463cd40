//! One input's sound: decoded, at 48 kHz stereo, each sample at its place on the mix's timeline.
//!
//! Packets come with their places (see [`clock`](super::super::clock)). Between places and sample counts the
//! [`Timeline`] decides; small differences are taken up by resampling (R-M1), gaps are concealed or silent.

use bytes::Bytes;
use ffmpeg_next::frame;
use lianmai_media::{AudioCodec, AudioConfig};

use crate::codec::{Channels, CodecError, Decoder, Resampler, SoundShape};
use crate::timeline::{PER_MILLI, Placement, Policy, RATE, Timeline};
use crate::transcode::{Fifo, Heard, OpusSource};

/// Places of packets whose stamps are made on a millisecond clock.
const STAMPED: Policy = Policy {
    early_limit: 40 * PER_MILLI,
    late_limit: 120 * PER_MILLI,
    fill: 2 * RATE,
    conceal: 0,
};
/// Sound further behind than this is not even decoded.
const TOO_LATE: i64 = 200 * PER_MILLI;
/// Most that is kept ahead, in samples.
const MOST_AHEAD: i64 = 3 * RATE;
/// Samples over which an edge of sound is softened.
const RAMP: usize = 96;
/// Packets in a row that cannot be decoded before the input is given up.
const MAX_BROKEN: u32 = 100;
/// Stand-ins for one gap at most.
const MAX_STAND_INS: usize = 50;

/// What was lost of a voice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct VoiceLosses {
    /// Packets that could not be decoded.
    pub(crate) broken: u64,
    /// Packets that came too late.
    pub(crate) late: u64,
    /// Samples made up.
    pub(crate) concealed: u64,
}

/// One input's sound.
pub(crate) struct Voice {
    source: Option<(AudioCodec, Decoder, OpusSource)>,
    timeline: Timeline,
    resampler: Option<Resampler>,
    fifo: Fifo,
    frame: frame::Audio,
    broken_in_a_row: u32,
    losses: VoiceLosses,
    /// The last step gave sound.
    sounding: bool,
}

impl Voice {
    pub(crate) fn new() -> Voice {
        Voice {
            source: None,
            timeline: Timeline::new(STAMPED),
            resampler: None,
            fifo: Fifo::new(2),
            frame: frame::Audio::empty(),
            broken_in_a_row: 0,
            losses: VoiceLosses::default(),
            sounding: false,
        }
    }

    /// What was lost so far.
    pub(crate) fn losses(&self) -> VoiceLosses {
        self.losses
    }

    /// Whether nothing of it can be decoded; said once.
    pub(crate) fn take_hopeless(&mut self) -> bool {
        let hopeless = self.broken_in_a_row >= MAX_BROKEN;
        if hopeless {
            self.broken_in_a_row = 0;
        }
        hopeless
    }

    /// How the packets from here on are coded.
    pub(crate) fn configure(&mut self, config: &AudioConfig) {
        self.broken_in_a_row = 0;
        match Decoder::audio(config) {
            Ok(decoder) => self.source = Some((config.codec, decoder, OpusSource::default())),
            Err(_) => {
                self.source = None;
                self.broken_in_a_row = MAX_BROKEN;
            }
        }
        self.timeline.set_policy(match config.codec {
            AudioCodec::Opus => Policy::COUNTED,
            AudioCodec::Aac | AudioCodec::Mp3 => STAMPED,
        });
    }

    /// A packet whose sound begins at `at`; `now` is the position of the next step.
    pub(crate) fn packet(&mut self, payload: &Bytes, at: i64, now: i64) {
        let Some((codec, _, opus)) = &mut self.source else {
            return;
        };
        if payload.is_empty() {
            return;
        }
        let heard = match codec {
            AudioCodec::Opus => opus.heard(payload),
            AudioCodec::Aac | AudioCodec::Mp3 => Heard::Sound,
        };
        if heard == Heard::Broken {
            return self.broke();
        }
        if at < now - TOO_LATE {
            self.losses.late += 1;
            return;
        }
        let mut placement = self.timeline.place(at, self.next_position());
        if self.resampler.is_none() {
            placement = Placement::Anchor { at };
        }
        let mut skip = 0;
        match placement {
            Placement::Anchor { at } => self.anchor(at),
            Placement::Continue => {}
            Placement::Fill { conceal, silence } => self.fill(conceal, silence),
            Placement::Skip { samples } => skip = samples,
        }
        if let Heard::Nothing(samples) = heard {
            let (conceal, silence) = self.timeline.fill((samples - skip).max(0));
            return self.fill(conceal, silence);
        }
        self.timeline.sounded();
        if self.decode(payload, skip).is_err() {
            self.broke();
        } else {
            self.broken_in_a_row = 0;
        }
    }

    fn broke(&mut self) {
        self.losses.broken += 1;
        self.broken_in_a_row = self.broken_in_a_row.saturating_add(1);
    }

    fn next_position(&self) -> i64 {
        self.fifo.end() + self.resampler.as_ref().map_or(0, Resampler::delay)
    }

    fn anchor(&mut self, at: i64) {
        self.resampler = None;
        // What waits is played to its end, and silence up to the new place.
        let gap = at - self.fifo.end();
        if (0..MOST_AHEAD).contains(&gap) && self.sounding {
            self.silence(gap);
        } else {
            self.fifo.restart(at);
        }
    }

    fn silence(&mut self, samples: i64) {
        let count = usize::try_from(samples.clamp(0, MOST_AHEAD)).unwrap_or(0);
        let samples = self.fifo.samples();
        samples.resize(samples.len() + count * 2, 0.0);
    }

    fn fill(&mut self, conceal: i64, silence: i64) {
        let end = self.next_position() + conceal;
        for _ in 0..MAX_STAND_INS {
            let missing = end - self.next_position();
            let stand_in = self.source.as_ref().and_then(|(_, _, opus)| opus.lost());
            let Some((packet, samples)) = stand_in.filter(|_| missing > 0) else {
                break;
            };
            let before = self.next_position();
            if self.decode(&packet, 0).is_err() || self.next_position() <= before {
                break;
            }
            self.losses.concealed += samples.unsigned_abs();
        }
        self.silence(silence + end - self.next_position());
    }

    fn decode(&mut self, payload: &[u8], mut skip: i64) -> Result<(), CodecError> {
        let mut frame = std::mem::replace(&mut self.frame, frame::Audio::empty());
        let result = self.decode_into(payload, &mut skip, &mut frame);
        self.frame = frame;
        result
    }

    fn decode_into(
        &mut self,
        payload: &[u8],
        skip: &mut i64,
        frame: &mut frame::Audio,
    ) -> Result<(), CodecError> {
        let Some((_, decoder, _)) = &mut self.source else {
            return Ok(());
        };
        decoder.send(payload, 0)?;
        while decoder.receive(frame)? {
            let shape = SoundShape::of(frame).ok_or(CodecError::Shape("this sound"))?;
            if self.resampler.as_ref().map(Resampler::input) != Some(shape) {
                self.resampler = Some(Resampler::new(shape, Channels::Stereo)?);
            }
            let Some(resampler) = &mut self.resampler else {
                continue;
            };
            let length = frame.samples() as i64;
            let left_out = (*skip * i64::from(shape.rate) / RATE).min(length);
            *skip -= left_out * RATE / i64::from(shape.rate);
            resampler.correct(self.timeline.ppm());
            resampler.push(frame, left_out as usize, self.fifo.samples())?;
        }
        if self.fifo.end() - self.fifo.start() > 2 * MOST_AHEAD {
            let end = self.fifo.end();
            self.fifo.restart(end);
        }
        Ok(())
    }

    /// Adds `count` samples from `position` on to `sum` (stereo), at a gain that goes from `from` to `to`.
    pub(crate) fn add_to(&mut self, sum: &mut [f32], position: i64, from: f32, to: f32) {
        let count = sum.len() / 2;
        let end = position + count as i64;
        if self.fifo.start() < position {
            self.fifo.drop_until(position);
        }
        let lead = self.fifo.start() - position;
        let waiting = (self.fifo.end() - self.fifo.start()).max(0);
        if waiting == 0 || lead >= count as i64 {
            self.sounding = false;
            if waiting == 0 {
                self.fifo.restart(end);
            }
            return;
        }
        let lead = usize::try_from(lead).unwrap_or(0);
        let available = usize::try_from(waiting).unwrap_or(0).min(count - lead);
        let fades_in = !self.sounding || lead > 0;
        let fades_out = lead + available < count;
        let slope = (to - from) / count as f32;
        let place = sum.get_mut(lead * 2..).unwrap_or_default();
        let samples = self.fifo.samples();
        for (n, (target, sample)) in place
            .chunks_exact_mut(2)
            .zip(samples.chunks_exact(2))
            .take(available)
            .enumerate()
        {
            let mut gain = from + slope * (lead + n) as f32;
            if fades_in && n < RAMP {
                gain *= n as f32 / RAMP as f32;
            }
            if fades_out && available - n <= RAMP {
                gain *= (available - n) as f32 / RAMP as f32;
            }
            for (target, sample) in target.iter_mut().zip(sample) {
                // A decoder may give what is no number; the sum of all must not become none.
                *target += if sample.is_finite() { sample * gain } else { 0.0 };
            }
        }
        self.fifo.drop_until(position + (lead + available) as i64);
        if fades_out {
            self.fifo.restart(end);
        }
        self.sounding = !fades_out;
    }

    /// Whether the last step had sound from its first to its last sample.
    #[cfg(test)]
    pub(super) fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// Samples ready for the next steps.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> i64 {
        self.fifo.end() - self.fifo.start()
    }
}
