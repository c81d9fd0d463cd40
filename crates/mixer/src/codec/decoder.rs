//! One open decoder: packets in, frames out.

use ffmpeg_next::codec::Context;
use ffmpeg_next::format::Sample;
use ffmpeg_next::{Dictionary, Error, Packet, decoder, frame};
use lianmai_media::opus::{OpusHead, SAMPLE_RATE};
use lianmai_media::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};

use super::{CodecError, allowed, raw};

/// Pixels of the largest picture that is decoded: 4096 × 2304.
const MAX_PIXELS: &str = "9437184";

/// A decoder of one track under one configuration.
pub(crate) struct Decoder {
    inner: decoder::Opened,
}

impl Decoder {
    /// A decoder for sound.
    ///
    /// # Errors
    /// [`CodecError`] when the configuration cannot be used.
    pub(crate) fn audio(config: &AudioConfig) -> Result<Decoder, CodecError> {
        let codec = allowed::audio_decoder(config.codec)?;
        let mut context = Context::new_with_codec(codec);
        match config.codec {
            AudioCodec::Aac => raw::set_extradata(&mut context, &config.record)?,
            AudioCodec::Opus => {
                // What is to be skipped is skipped once per stream, not once per decoder of it.
                let head = OpusHead {
                    pre_skip: 0,
                    ..OpusHead::parse(&config.record)?
                };
                raw::set_extradata(&mut context, &head.to_bytes())?;
                let channels = usize::from(head.channels);
                raw::set_sound(
                    &mut context,
                    SAMPLE_RATE,
                    channels,
                    Sample::F32(ffmpeg_next::format::sample::Type::Packed),
                );
            }
            AudioCodec::Mp3 => {}
        }
        Self::open(context, codec, &[])
    }

    /// A decoder for pictures, which gives each as soon as its order is known.
    ///
    /// # Errors
    /// [`CodecError`] when the configuration cannot be used.
    pub(crate) fn video(config: &VideoConfig) -> Result<Decoder, CodecError> {
        let codec = allowed::video_decoder(config.codec)?;
        let mut context = Context::new_with_codec(codec);
        if !config.record.is_empty() {
            raw::set_extradata(&mut context, &config.record)?;
        }
        let options: &[_] = match config.codec {
            VideoCodec::Av1 => &[("max_pixels", MAX_PIXELS), ("flags", "+low_delay")],
            _ => &[("max_pixels", MAX_PIXELS)],
        };
        Self::open(context, codec, options)
    }

    fn open(
        context: Context,
        codec: ffmpeg_next::Codec,
        options: &[(&str, &str)],
    ) -> Result<Decoder, CodecError> {
        let mut dictionary: Dictionary = options.iter().collect();
        // One thread: more would hold frames back, and a job's share of the machine is one core.
        dictionary.set("threads", "1");
        let inner = context
            .decoder()
            .open_as_with(codec, dictionary)
            .map_err(CodecError::of("decoder"))?;
        Ok(Decoder { inner })
    }

    /// Hands over one packet; `pts` comes back with the frame it becomes.
    ///
    /// # Errors
    /// [`CodecError::Ffmpeg`] when it cannot be decoded. The next one may be.
    pub(crate) fn send(&mut self, payload: &[u8], pts: i64) -> Result<(), CodecError> {
        let mut packet = Packet::copy(payload);
        packet.set_pts(Some(pts));
        packet.set_dts(Some(pts));
        self.inner.send_packet(&packet).map_err(CodecError::of("decode"))
    }

    /// Says that no packet follows: what is held back comes out.
    pub(crate) fn finish(&mut self) {
        let _ = self.inner.send_eof();
    }

    /// Whether another frame was put into `frame`.
    ///
    /// # Errors
    /// [`CodecError::Ffmpeg`].
    pub(crate) fn receive(&mut self, frame: &mut frame::Frame) -> Result<bool, CodecError> {
        match self.inner.receive_frame(frame) {
            Ok(()) => Ok(true),
            Err(Error::Eof) => Ok(false),
            Err(Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => Ok(false),
            Err(error) => Err(CodecError::of("decode")(error)),
        }
    }
}
