//! Sound of any codec to Opus or AAC, on the source's timeline.
//!
//! Decoded sound is placed by its stamp (see [`timeline`](crate::timeline)), resampled to 48 kHz with the clocks'
//! difference taken out, limited, and encoded in whole blocks. Opus packets that are missing are concealed, then silent;
//! towards AAC this also happens by the wall clock, as a player of it would stop at the hole.

use std::time::Duration;

use bytes::Bytes;
use ffmpeg_next::frame;
use lianmai_media::{AudioCodec, AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};

use super::fifo::Fifo;
use super::opus_source::{Heard, OpusSource};
use super::{Arrival, Input, Losses, Output, Transcode};
use crate::codec::{AudioEncoder, Channels, CodecError, Decoder, Resampler, SoundShape, limit};
use crate::timeline::{LiveClock, Placement, Policy, Timeline, from_millis, to_millis};

/// Longest that is made up at a time, in samples.
const FILL_STEP: i64 = 960;
/// Stand-ins for one gap at most: 100 ms of the shortest Opus frames, and some.
const MAX_STAND_INS: usize = 50;

/// What sound is turned into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AudioTarget {
    /// Opus, for WebRTC viewers.
    Opus,
    /// AAC-LC, for RTMP and FLV players.
    Aac,
}

/// One sound track's transcoding.
pub(crate) struct AudioTranscoder {
    target: AudioTarget,
    bitrate: u32,
    source: Option<Source>,
    timeline: Timeline,
    live: LiveClock,
    resampler: Option<Resampler>,
    encoder: Option<AudioEncoder>,
    fifo: Fifo,
    frame: frame::Audio,
    packets: Vec<(i64, Bytes)>,
    losses: Losses,
}

/// The decoder and what it decodes.
struct Source {
    codec: AudioCodec,
    decoder: Decoder,
    opus: OpusSource,
}

impl AudioTranscoder {
    /// A transcoder that waits for the source's configuration. `bitrate` is in bits per second.
    pub(crate) fn new(target: AudioTarget, bitrate: u32) -> AudioTranscoder {
        AudioTranscoder {
            target,
            bitrate: bitrate.clamp(8_000, 256_000),
            source: None,
            timeline: Timeline::new(Policy::STAMPED),
            live: LiveClock::default(),
            resampler: None,
            encoder: None,
            fifo: Fifo::new(2),
            frame: frame::Audio::empty(),
            packets: Vec::new(),
            losses: Losses::default(),
        }
    }

    fn configure(&mut self, config: &AudioConfig) -> Result<(), CodecError> {
        self.source = Some(Source {
            codec: config.codec,
            decoder: Decoder::audio(config)?,
            opus: OpusSource::default(),
        });
        self.timeline.set_policy(match config.codec {
            AudioCodec::Opus => Policy::COUNTED,
            AudioCodec::Aac | AudioCodec::Mp3 => Policy::STAMPED,
        });
        Ok(())
    }

    /// Where the next sample put into the resampler will come out.
    fn next_position(&self) -> i64 {
        self.fifo.end() + self.resampler.as_ref().map_or(0, Resampler::delay)
    }

    fn packet(&mut self, frame: &Frame, now: Duration, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let at = from_millis(frame.dts.as_millis());
        let Some(source) = &mut self.source else {
            return Ok(());
        };
        // A packet without bytes is one the encoder left out; what is missing shows with the next one.
        if frame.payload.is_empty() {
            return Ok(());
        }
        let heard = match source.codec {
            AudioCodec::Opus => source.opus.heard(&frame.payload),
            AudioCodec::Aac | AudioCodec::Mp3 => Heard::Sound,
        };
        if heard == Heard::Broken {
            self.losses.broken += 1;
            return Ok(());
        }
        // The gap before it comes first: the decoder's state is that of the packet before.
        let mut placement = self.timeline.place(at, self.next_position());
        if self.resampler.is_none() {
            // Nothing has been decoded since the last anchor.
            placement = Placement::Anchor { at };
        }
        let late = matches!(placement, Placement::Skip { .. });
        if let Placement::Anchor { .. } = placement {
            self.live.reset();
        }
        self.live.heard(now, at, late);
        let mut skip = 0;
        match placement {
            Placement::Anchor { at } => self.anchor(at, out)?,
            Placement::Continue => {}
            Placement::Fill { conceal, silence } => self.fill(conceal, silence, out)?,
            Placement::Skip { samples } => {
                self.losses.late += 1;
                skip = samples;
            }
        }
        if let Heard::Nothing(samples) = heard {
            let (conceal, silence) = self.timeline.fill((samples - skip).max(0));
            return self.fill(conceal, silence, out);
        }
        self.timeline.sounded();
        self.decode(&frame.payload, skip, out)
    }

    /// Decodes a packet and leaves out its first `skip` samples (at 48 kHz).
    fn decode(&mut self, payload: &[u8], mut skip: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let mut frame = std::mem::replace(&mut self.frame, frame::Audio::empty());
        let mut broken = self
            .source
            .as_mut()
            .is_none_or(|source| source.decoder.send(payload, 0).is_err());
        while let Some(source) = &mut self.source {
            match source.decoder.receive(&mut frame) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    broken = true;
                    break;
                }
            }
            let Some(shape) = SoundShape::of(&frame) else {
                broken = true;
                continue;
            };
            self.shape(shape, out)?;
            let length = frame.samples() as i64;
            let left_out = (skip * i64::from(shape.rate) / crate::timeline::RATE).min(length);
            skip -= left_out * crate::timeline::RATE / i64::from(shape.rate);
            self.push(&frame, left_out as usize)?;
        }
        self.frame = frame;
        self.losses.broken += u64::from(broken);
        self.encode(out)
    }

    fn push(&mut self, frame: &frame::Audio, skip: usize) -> Result<(), CodecError> {
        let Some(resampler) = &mut self.resampler else {
            return Ok(());
        };
        resampler.correct(self.timeline.ppm());
        let from = self.fifo.samples().len();
        resampler.push(frame, skip, self.fifo.samples())?;
        limit(self.fifo.samples().get_mut(from..).unwrap_or_default());
        Ok(())
    }

    /// Makes resampler and encoder fit sound of this shape.
    fn shape(&mut self, shape: SoundShape, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let channels = Channels::for_source(shape.channels);
        if self
            .resampler
            .as_ref()
            .is_some_and(|r| r.input() == shape && r.output() == channels)
        {
            return Ok(());
        }
        let position = self.next_position();
        self.drain_resampler()?;
        if self.encoder.as_ref().map(AudioEncoder::channels) != Some(channels) {
            self.finish_encoder(out)?;
            let encoder = match self.target {
                AudioTarget::Opus => AudioEncoder::opus(channels, self.bitrate)?,
                AudioTarget::Aac => AudioEncoder::aac(channels, self.bitrate)?,
            };
            out.push(Output::Audio(encoder.config().clone()));
            self.encoder = Some(encoder);
            self.fifo = Fifo::new(channels.count());
            self.fifo.restart(position);
        }
        self.resampler = Some(Resampler::new(shape, channels)?);
        Ok(())
    }

    fn drain_resampler(&mut self) -> Result<(), CodecError> {
        if let Some(mut resampler) = self.resampler.take() {
            let from = self.fifo.samples().len();
            resampler.drain(self.fifo.samples())?;
            limit(self.fifo.samples().get_mut(from..).unwrap_or_default());
        }
        Ok(())
    }

    /// The run of output ends: its last block is filled up with silence.
    fn finish_encoder(&mut self, out: &mut Vec<Output>) -> Result<(), CodecError> {
        if let Some(block) = self.encoder.as_ref().map(AudioEncoder::block) {
            self.fifo.pad(block);
            self.encode(out)?;
        }
        if let Some(encoder) = self.encoder.take() {
            encoder.finish(&mut self.packets)?;
            self.emit(out);
        }
        Ok(())
    }

    /// The output starts anew at `at`.
    fn anchor(&mut self, at: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        self.drain_resampler()?;
        if let Some(block) = self.encoder.as_ref().map(AudioEncoder::block) {
            self.fifo.pad(block);
            self.encode(out)?;
        }
        self.fifo.restart(at);
        Ok(())
    }

    /// Writes what stands in for missing packets: so many samples concealed, then so many silent.
    fn fill(&mut self, conceal: i64, silence: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let end = self.next_position() + conceal;
        for _ in 0..MAX_STAND_INS {
            let missing = end - self.next_position();
            let Some((packet, samples)) = self.source.as_ref().and_then(|s| s.opus.lost()) else {
                break;
            };
            if missing <= 0 || self.resampler.is_none() {
                break;
            }
            self.losses.concealed += samples.min(missing).unsigned_abs();
            self.conceal(&packet, samples.min(missing), out)?;
        }
        self.silence(silence + end - self.next_position(), out)
    }

    /// Decodes a stand-in packet and takes its first `samples`.
    fn conceal(&mut self, packet: &[u8], samples: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let before = self.next_position();
        let mut frame = std::mem::replace(&mut self.frame, frame::Audio::empty());
        if let Some(source) = &mut self.source {
            let decoded = source.decoder.send(packet, 0).is_ok()
                && matches!(source.decoder.receive(&mut frame), Ok(true));
            if decoded && let Some(shape) = SoundShape::of(&frame) {
                self.shape(shape, out)?;
                let wanted = usize::try_from(samples).unwrap_or(0);
                if wanted < frame.samples() {
                    frame.set_samples(wanted);
                }
                self.push(&frame, 0)?;
            }
        }
        self.frame = frame;
        // A decoder that makes nothing of it must not hold the timeline up.
        let made = self.next_position() - before;
        if made < samples {
            self.silence(samples - made, out)?;
        }
        self.encode(out)
    }

    fn silence(&mut self, samples: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let mut left = samples;
        while left > 0 {
            let Some(resampler) = &mut self.resampler else {
                break;
            };
            let step = left.min(FILL_STEP);
            resampler.correct(0);
            resampler.push_silence(step as usize, self.fifo.samples())?;
            left -= step;
            self.encode(out)?;
        }
        Ok(())
    }

    fn encode(&mut self, out: &mut Vec<Output>) -> Result<(), CodecError> {
        if let Some(encoder) = &mut self.encoder {
            let packets = &mut self.packets;
            self.fifo
                .take_blocks(encoder.block(), |block, at| encoder.encode(block, at, packets))?;
        }
        self.emit(out);
        Ok(())
    }

    fn emit(&mut self, out: &mut Vec<Output>) {
        for (position, payload) in self.packets.drain(..) {
            let millis = to_millis(position);
            // Only the encoder's own delay lies before the source's zero.
            if millis >= 0 {
                out.push(Output::Frame(Frame {
                    kind: TrackKind::Audio,
                    dts: MediaTime::from_millis(millis),
                    composition: MediaDuration::from_millis(0),
                    keyframe: true,
                    payload,
                }));
            }
        }
    }
}

impl Transcode for AudioTranscoder {
    fn take(&mut self, input: Input, arrival: Arrival, out: &mut Vec<Output>) -> Result<(), CodecError> {
        match input {
            Input::Audio(config) => self.configure(&config),
            Input::Frame(frame) if frame.kind == TrackKind::Audio => self.packet(&frame, arrival.at, out),
            Input::Frame(_) | Input::Video(_) | Input::Metadata(_) => Ok(()),
        }
    }

    fn tick(&mut self, now: Duration, out: &mut Vec<Output>) -> Result<(), CodecError> {
        if self.wait(now).is_none() {
            return Ok(());
        }
        let due = self.live.due(now, self.next_position());
        if due > 0 {
            let (conceal, silence) = self.timeline.fill(due);
            self.fill(conceal, silence, out)?;
        }
        Ok(())
    }

    fn wait(&self, now: Duration) -> Option<Duration> {
        let counted = self.source.as_ref().is_some_and(|s| s.codec == AudioCodec::Opus);
        let fills = self.target == AudioTarget::Aac && counted && self.timeline.is_anchored();
        self.resampler.as_ref()?;
        fills.then(|| self.live.wait(now, self.next_position())).flatten()
    }

    fn losses(&self) -> Losses {
        self.losses
    }
}
