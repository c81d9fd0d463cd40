//! One open sound encoder: equal blocks of 48 kHz samples in, packets with their positions out.

use std::collections::VecDeque;

use bytes::Bytes;
use ffmpeg_next::codec::Context;
use ffmpeg_next::encoder;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{Dictionary, Error, Packet, Rational};
use lianmai_media::AudioConfig;

use super::allowed::Encoder;
use super::resampler::OUTPUT_RATE;
use super::{Channels, CodecError, raw};

/// Effort of libopus, 0…10.
const OPUS_EFFORT: usize = 5;
/// Bits per second and channel from which the AAC encoder searches its quantisers in one go: with so many it comes as close
/// to the sound as its long search, or closer, in half the time. Below, the long search is the better one.
const AAC_FAST_FROM: usize = 48_000;
/// Loss that libopus makes its forward error correction for, in per cent. Up to 5 it would code this bit rate in a way
/// that knows none (CELT alone).
const EXPECTED_LOSS: &str = "10";

/// An encoder of a rendition's sound.
pub(crate) struct AudioEncoder {
    inner: encoder::audio::Encoder,
    config: AudioConfig,
    channels: Channels,
    format: Sample,
    /// Samples of one block.
    block: usize,
    /// Samples that decoding gives before the first sample put in.
    delay: i64,
    /// Positions of blocks whose packets have not come yet.
    positions: VecDeque<i64>,
    packet: Packet,
}

impl AudioEncoder {
    /// Opus, 20 ms packets, with in-band forward error correction.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn opus(channels: Channels, bitrate: u32) -> Result<AudioEncoder, CodecError> {
        Self::opus_of("20", channels, bitrate)
    }

    /// Opus packets of `millis`.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn opus_of(
        millis: &str,
        channels: Channels,
        bitrate: u32,
    ) -> Result<AudioEncoder, CodecError> {
        let options = [
            ("application", "audio"),
            ("frame_duration", millis),
            ("vbr", "constrained"),
            ("fec", "1"),
            ("packet_loss", EXPECTED_LOSS),
        ];
        let config = AudioConfig::opus(channels.count() as u8)?;
        let format = Sample::F32(Type::Packed);
        Self::open(Encoder::Opus, config, format, channels, bitrate, &options)
    }

    /// AAC-LC, 1 024 samples per packet.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn aac(channels: Channels, bitrate: u32) -> Result<AudioEncoder, CodecError> {
        let config = AudioConfig::aac_lc(OUTPUT_RATE, channels.count() as u8)?;
        let format = Sample::F32(Type::Planar);
        let has_bits = bitrate as usize / channels.count() >= AAC_FAST_FROM;
        let coder = if has_bits { "fast" } else { "twoloop" };
        let options = [("aac_coder", coder)];
        Self::open(Encoder::Aac, config, format, channels, bitrate, &options)
    }

    fn open(
        which: Encoder,
        config: AudioConfig,
        format: Sample,
        channels: Channels,
        bitrate: u32,
        options: &[(&str, &str)],
    ) -> Result<AudioEncoder, CodecError> {
        let codec = which.find()?;
        let context = Context::new_with_codec(codec);
        let mut encoder = context
            .encoder()
            .audio()
            .map_err(CodecError::of("sound encoder"))?;
        raw::set_sound(&mut encoder, OUTPUT_RATE, channels.count(), format);
        encoder.set_bit_rate(bitrate as usize);
        encoder.set_time_base(Rational(1, OUTPUT_RATE as i32));
        if which == Encoder::Opus {
            encoder.set_compression(Some(OPUS_EFFORT));
        }
        let dictionary: Dictionary = options.iter().collect();
        let inner = encoder
            .open_as_with(codec, dictionary)
            .map_err(CodecError::of("sound encoder"))?;
        let block = inner.frame_size() as usize;
        if block == 0 {
            return Err(CodecError::Shape("an encoder without blocks"));
        }
        Ok(AudioEncoder {
            delay: raw::initial_padding(&inner),
            inner,
            config,
            channels,
            format,
            block,
            positions: VecDeque::new(),
            packet: Packet::empty(),
        })
    }

    /// The configuration of what comes out.
    pub(crate) fn config(&self) -> &AudioConfig {
        &self.config
    }

    /// Its channels.
    pub(crate) fn channels(&self) -> Channels {
        self.channels
    }

    /// Samples per channel of one block.
    pub(crate) fn block(&self) -> usize {
        self.block
    }

    /// Encodes one block of interleaved samples whose first has the position `at`. Packets are given with the position
    /// at which their decoded sound begins: the encoder's own delay is taken off.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn encode(
        &mut self,
        block: &[f32],
        at: i64,
        out: &mut Vec<(i64, Bytes)>,
    ) -> Result<(), CodecError> {
        let channels = self.channels.count();
        if block.len() != self.block * channels {
            return Err(CodecError::Shape("a block of this length"));
        }
        let mut frame = raw::new_sound_frame(self.format, self.block, channels)?;
        if self.format.is_planar() {
            for channel in 0..channels {
                let plane = raw::plane_mut(&mut frame, channel, self.block);
                let source = block.iter().skip(channel).step_by(channels);
                for (target, sample) in plane.iter_mut().zip(source) {
                    *target = *sample;
                }
            }
        } else {
            raw::plane_mut(&mut frame, 0, block.len()).copy_from_slice(block);
        }
        frame.set_pts(Some(at));
        self.positions.push_back(at);
        self.inner.send_frame(&frame).map_err(CodecError::of("encode"))?;
        self.collect(out)
    }

    /// Ends the encoding: what is held back comes out.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn finish(mut self, out: &mut Vec<(i64, Bytes)>) -> Result<(), CodecError> {
        self.inner.send_eof().map_err(CodecError::of("encode"))?;
        self.collect(out)
    }

    fn collect(&mut self, out: &mut Vec<(i64, Bytes)>) -> Result<(), CodecError> {
        loop {
            match self.inner.receive_packet(&mut self.packet) {
                Ok(()) => {}
                Err(Error::Eof) => return Ok(()),
                Err(Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => return Ok(()),
                Err(error) => return Err(CodecError::of("encode")(error)),
            }
            // One packet per block, in order; the flush of an encoder may give one more.
            if let (Some(at), Some(data)) = (self.positions.pop_front(), self.packet.data()) {
                out.push((at - self.delay, Bytes::copy_from_slice(data)));
            }
        }
    }
}
