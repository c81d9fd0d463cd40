//! The sum of all voices, in steps of 20 ms, for everybody and for everybody but one.

use std::collections::BTreeMap;

use bytes::Bytes;
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};

use super::limiter::{DELAY, Limiter};
use super::voice::{Voice, VoiceLosses};
use crate::codec::{AudioEncoder, Channels, CodecError};
use crate::timeline::{RATE, to_millis};
use crate::transcode::{Fifo, Output};

/// Samples of one step.
pub(crate) const STEP: i64 = RATE / 50;

/// How loud one input is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Level {
    /// The input.
    pub(crate) input: String,
    /// Factor; 0 = not heard.
    pub(crate) gain: f32,
}

/// The number of an output: 0 is the mix, others as they are added.
pub(crate) type OutputId = u64;

/// Sums voices.
pub(crate) struct SoundMixer {
    bitrate: u32,
    position: i64,
    voices: BTreeMap<String, Entry>,
    outputs: BTreeMap<OutputId, Channel>,
    sum: Vec<f32>,
    /// What was lost of voices that are gone.
    past: VoiceLosses,
}

struct Entry {
    voice: Voice,
    gain: f32,
    wanted: f32,
    /// It is forgotten once it is silent.
    leaves: bool,
    /// Its part of this step, where an output leaves it out.
    part: Vec<f32>,
}

/// One output: a sum, kept within bounds and coded.
struct Channel {
    without: Option<String>,
    limiter: Limiter,
    encoder: AudioEncoder,
    fifo: Fifo,
    packets: Vec<(i64, Bytes)>,
}

impl SoundMixer {
    /// A sum of nothing, whose first step is at `position`. `bitrate` is that of each output.
    pub(crate) fn new(bitrate: u32, position: i64) -> SoundMixer {
        SoundMixer {
            bitrate,
            position,
            voices: BTreeMap::new(),
            outputs: BTreeMap::new(),
            sum: Vec::new(),
            past: VoiceLosses::default(),
        }
    }

    /// Adds an output; gives its configuration.
    ///
    /// # Errors
    /// [`CodecError`] when there is no encoder.
    pub(crate) fn add_output(
        &mut self,
        id: OutputId,
        without: Option<String>,
    ) -> Result<AudioConfig, CodecError> {
        let encoder = AudioEncoder::aac(Channels::Stereo, self.bitrate)?;
        let config = encoder.config().clone();
        let mut fifo = Fifo::new(2);
        fifo.restart(self.position - DELAY);
        self.outputs.insert(
            id,
            Channel {
                without,
                limiter: Limiter::new(),
                encoder,
                fifo,
                packets: Vec::new(),
            },
        );
        Ok(config)
    }

    /// Ends an output.
    pub(crate) fn remove_output(&mut self, id: OutputId) {
        self.outputs.remove(&id);
    }

    /// Who is heard, and how loud, from the next step on. Inputs that are not named are forgotten.
    pub(crate) fn set_levels(&mut self, levels: &[Level]) {
        for entry in self.voices.values_mut() {
            (entry.wanted, entry.leaves) = (0.0, true);
        }
        for level in levels {
            let entry = self.voices.entry(level.input.clone()).or_insert_with(|| Entry {
                voice: Voice::new(),
                gain: level.gain,
                wanted: level.gain,
                leaves: false,
                part: Vec::new(),
            });
            (entry.wanted, entry.leaves) = (level.gain, false);
        }
    }

    /// An input's voice, to hand packets to.
    pub(crate) fn voice(&mut self, input: &str) -> Option<&mut Voice> {
        self.voices.get_mut(input).map(|entry| &mut entry.voice)
    }

    /// The position of the next step.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// Leaves out steps: the machine slept.
    pub(crate) fn skip_to(&mut self, position: i64) {
        self.position = position;
        for channel in self.outputs.values_mut() {
            channel.fifo.restart(position - DELAY);
        }
    }

    /// What was lost so far.
    pub(crate) fn losses(&self) -> VoiceLosses {
        let mut all = self.past;
        for entry in self.voices.values() {
            add(&mut all, entry.voice.losses());
        }
        all
    }

    /// Sums the next 20 ms and appends what comes of it, by output.
    ///
    /// # Errors
    /// [`CodecError`] when encoding fails.
    pub(crate) fn step(&mut self, out: &mut Vec<(OutputId, Output)>) -> Result<(), CodecError> {
        let length = STEP as usize * 2;
        self.sum.clear();
        self.sum.resize(length, 0.0);
        for (input, entry) in &mut self.voices {
            let (from, to) = (entry.gain, entry.wanted);
            entry.gain = to;
            let alone = self
                .outputs
                .values()
                .any(|channel| channel.without.as_ref() == Some(input));
            if !alone {
                entry.part.clear();
                entry.voice.add_to(&mut self.sum, self.position, from, to);
                continue;
            }
            entry.part.clear();
            entry.part.resize(length, 0.0);
            entry.voice.add_to(&mut entry.part, self.position, from, to);
            for (sum, part) in self.sum.iter_mut().zip(&entry.part) {
                *sum += part;
            }
        }
        self.position += STEP;
        let past = &mut self.past;
        self.voices.retain(|_, entry| {
            if entry.leaves {
                add(past, entry.voice.losses());
            }
            !entry.leaves
        });
        for (id, channel) in &mut self.outputs {
            let part = channel.without.as_ref().and_then(|input| self.voices.get(input));
            match part.map(|entry| &entry.part).filter(|part| part.len() == length) {
                Some(part) => {
                    let rest: Vec<f32> = self.sum.iter().zip(part).map(|(all, own)| all - own).collect();
                    channel.take(&rest)?;
                }
                None => channel.take(&self.sum)?,
            }
            channel.emit(*id, out);
        }
        Ok(())
    }
}

fn add(all: &mut VoiceLosses, more: VoiceLosses) {
    all.broken += more.broken;
    all.late += more.late;
    all.concealed += more.concealed;
}

impl Channel {
    fn take(&mut self, sum: &[f32]) -> Result<(), CodecError> {
        self.limiter.push(sum, self.fifo.samples());
        let (encoder, packets) = (&mut self.encoder, &mut self.packets);
        self.fifo
            .take_blocks(encoder.block(), |block, at| encoder.encode(block, at, packets))
    }

    fn emit(&mut self, id: OutputId, out: &mut Vec<(OutputId, Output)>) {
        for (position, payload) in self.packets.drain(..) {
            let millis = to_millis(position);
            // Only the delays of limiter and encoder lie before the beginning.
            if millis >= 0 {
                let frame = Frame {
                    kind: TrackKind::Audio,
                    dts: MediaTime::from_millis(millis),
                    composition: MediaDuration::from_millis(0),
                    keyframe: true,
                    payload,
                };
                out.push((id, Output::Frame(frame)));
            }
        }
    }
}
