//! Any decoded sound to 48 kHz interleaved floats, at a ratio that can be trimmed while it runs (R-S4).
#![allow(unsafe_code)]

use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{Error, frame};

use super::{Channels, CodecError, SoundShape, raw};

/// Samples per second that come out.
pub(crate) const OUTPUT_RATE: u32 = 48_000;
/// A correction holds for this many output samples; it is renewed long before.
const CORRECTION_SPAN: i32 = 480_000;

/// A resampler for one input shape.
pub(crate) struct Resampler {
    context: *mut ffi::SwrContext,
    input: SoundShape,
    output: Channels,
    ppm: i32,
    /// Output samples since the correction was set.
    corrected: i32,
}

impl Resampler {
    /// A resampler from `input` to `output`.
    ///
    /// # Errors
    /// [`CodecError`] when the shape cannot be converted.
    pub(crate) fn new(input: SoundShape, output: Channels) -> Result<Resampler, CodecError> {
        let mut context = ptr::null_mut();
        // SAFETY: the layouts are zeroed (a valid, empty layout), then set by FFmpeg, and outlive the call, which
        // copies them. The context is freed on every failure.
        unsafe {
            let mut from: ffi::AVChannelLayout = std::mem::zeroed();
            let mut to: ffi::AVChannelLayout = std::mem::zeroed();
            if input.mask == 0 || ffi::av_channel_layout_from_mask(&raw mut from, input.mask) < 0 {
                ffi::av_channel_layout_default(&raw mut from, input.channels as i32);
            }
            ffi::av_channel_layout_default(&raw mut to, output.count() as i32);
            let result = ffi::swr_alloc_set_opts2(
                &raw mut context,
                &raw mut to,
                Sample::F32(Type::Packed).into(),
                OUTPUT_RATE as i32,
                &raw mut from,
                input.format.into(),
                input.rate as i32,
                0,
                ptr::null_mut(),
            );
            if result < 0 {
                return Err(CodecError::of("resampler")(Error::from(result)));
            }
            // Resampling also between equal rates: the ratio is to be trimmed without a jump.
            ffi::av_opt_set_int(
                context.cast(),
                c"flags".as_ptr(),
                i64::from(ffi::SWR_FLAG_RESAMPLE),
                0,
            );
            let result = ffi::swr_init(context);
            if result < 0 {
                ffi::swr_free(&raw mut context);
                return Err(CodecError::of("resampler")(Error::from(result)));
            }
        }
        Ok(Resampler {
            context,
            input,
            output,
            ppm: 0,
            corrected: 0,
        })
    }

    /// What goes in.
    pub(crate) fn input(&self) -> SoundShape {
        self.input
    }

    /// What comes out.
    pub(crate) fn output(&self) -> Channels {
        self.output
    }

    /// Output samples that are still inside.
    pub(crate) fn delay(&self) -> i64 {
        // SAFETY: the context is alive and initialised.
        unsafe { ffi::swr_get_delay(self.context, i64::from(OUTPUT_RATE)) }
    }

    /// From now on makes `ppm` more samples out of a million.
    pub(crate) fn correct(&mut self, ppm: i32) {
        if ppm == self.ppm && (ppm == 0 || self.corrected < CORRECTION_SPAN / 2) {
            return;
        }
        let delta = i64::from(ppm) * i64::from(CORRECTION_SPAN) / 1_000_000;
        // SAFETY: the context is alive and initialised, with resampling on, so that this sets two numbers in it.
        unsafe { ffi::swr_set_compensation(self.context, delta as i32, CORRECTION_SPAN) };
        self.ppm = ppm;
        self.corrected = 0;
    }

    /// Puts a frame in, without its first `skip` samples, and appends what comes out.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn push(
        &mut self,
        frame: &frame::Audio,
        skip: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), CodecError> {
        let shape = raw::sound_shape(frame).filter(|shape| *shape == self.input);
        let shape = shape.ok_or(CodecError::Shape("sound that changed its shape"))?;
        let samples = frame.samples();
        if skip >= samples {
            return Ok(());
        }
        let per_sample = match shape.format.is_planar() {
            true => shape.format.bytes(),
            false => shape.format.bytes() * shape.channels,
        };
        let mut planes = raw::planes(frame, &shape);
        for plane in &mut planes {
            // SAFETY: each plane holds `samples` times `per_sample` bytes, and `skip` is less than `samples`.
            *plane = unsafe { plane.add(skip * per_sample) };
        }
        self.convert(planes.as_mut_ptr(), samples - skip, out)
    }

    /// Puts interleaved silence of `samples` in (only for input of packed floats) and appends what comes out.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn push_silence(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<(), CodecError> {
        if self.input.format != Sample::F32(Type::Packed) {
            return Err(CodecError::Shape("silence among this kind of samples"));
        }
        let zeros = vec![0.0_f32; samples * self.input.channels];
        let mut planes = [zeros.as_ptr().cast::<u8>()];
        self.convert(planes.as_mut_ptr(), samples, out)
    }

    /// Appends everything that is still inside.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn drain(&mut self, out: &mut Vec<f32>) -> Result<(), CodecError> {
        self.convert(ptr::null_mut(), 0, out)
    }

    /// `planes` point at `samples` samples of the input shape each, or are null to drain.
    fn convert(
        &mut self,
        planes: *mut *const u8,
        samples: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), CodecError> {
        let count = i32::try_from(samples).map_err(|_| CodecError::Shape("so much sound at once"))?;
        let channels = self.output.count();
        // SAFETY: the context is alive; the answer is an upper bound of what convert will write.
        let room = unsafe { ffi::swr_get_out_samples(self.context, count) }.max(0);
        let start = out.len();
        out.resize(start + room as usize * channels, 0.0);
        let made = match out.get_mut(start..) {
            Some(place) => {
                let mut target = [place.as_mut_ptr().cast::<u8>()];
                // SAFETY: `target` has room for `room` packed samples of all output channels; `planes` are as the
                // caller says. Both outlive the call.
                unsafe { ffi::swr_convert(self.context, target.as_mut_ptr(), room, planes, count) }
            }
            None => 0,
        };
        out.truncate(start + made.max(0) as usize * channels);
        if made < 0 {
            return Err(CodecError::of("resample")(Error::from(made)));
        }
        self.corrected = self.corrected.saturating_add(made);
        Ok(())
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        // SAFETY: the context is ours and used no more.
        unsafe { ffi::swr_free(&raw mut self.context) };
    }
}
