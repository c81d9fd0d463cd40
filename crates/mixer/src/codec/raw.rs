//! What the safe wrapper of FFmpeg leaves out. Fields are touched only between allocation and opening, or on frames this
//! process owns.
#![allow(unsafe_code)]

use ffmpeg_next::codec::Context;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Sample;
use ffmpeg_next::frame;

use super::{CodecError, SoundShape};

/// Gives a codec context that is not open yet a copy of `record`, with the padding that parsers read into.
pub(super) fn set_extradata(context: &mut Context, record: &[u8]) -> Result<(), CodecError> {
    let Ok(length) = i32::try_from(record.len()) else {
        return Err(CodecError::Shape("a configuration of this size"));
    };
    let padding = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: the context is alive and owns its extradata, which it frees with av_free; so ours is from av_mallocz, and
    // what was there before is freed. The copy stays within the bytes just allocated.
    unsafe {
        let pointer = context.as_mut_ptr();
        let memory = ffi::av_mallocz(record.len() + padding).cast::<u8>();
        if memory.is_null() {
            return Err(CodecError::OutOfMemory);
        }
        std::ptr::copy_nonoverlapping(record.as_ptr(), memory, record.len());
        ffi::av_freep((&raw mut (*pointer).extradata).cast());
        (*pointer).extradata = memory;
        (*pointer).extradata_size = length;
    }
    Ok(())
}

/// The codec's own configuration record, after opening.
pub(super) fn extradata(context: &Context) -> Vec<u8> {
    // SAFETY: extradata, when there, has extradata_size readable bytes for as long as the context lives; they are
    // copied here.
    unsafe {
        let pointer = context.as_ptr();
        let (data, size) = ((*pointer).extradata, (*pointer).extradata_size);
        match usize::try_from(size) {
            Ok(size) if !data.is_null() => std::slice::from_raw_parts(data, size).to_vec(),
            _ => Vec::new(),
        }
    }
}

/// Tells a context that is not open yet what sound it is for.
pub(super) fn set_sound(context: &mut Context, rate: u32, channels: usize, format: Sample) {
    let channels = i32::try_from(channels).unwrap_or(2);
    // SAFETY: plain fields of a live context that is not open; av_channel_layout_default writes a layout without
    // allocated parts over one that had none either.
    unsafe {
        let pointer = context.as_mut_ptr();
        (*pointer).sample_rate = rate as i32;
        (*pointer).sample_fmt = format.into();
        (*pointer).request_sample_fmt = format.into();
        ffi::av_channel_layout_default(&raw mut (*pointer).ch_layout, channels);
    }
}

/// Samples the encoder puts before the first sample it was given.
pub(super) fn initial_padding(context: &Context) -> i64 {
    // SAFETY: a plain field of a live context.
    unsafe { i64::from((*context.as_ptr()).initial_padding) }
}

/// Sets the highest bit rate, which an open encoder takes up with its next frame, and the buffer it is measured over.
pub(super) fn set_peak_rate(context: &mut Context, bitrate: u32, buffer_bits: u32) {
    // SAFETY: plain fields of a live context; libx264's wrapper compares them before each frame.
    unsafe {
        let pointer = context.as_mut_ptr();
        (*pointer).rc_max_rate = i64::from(bitrate);
        (*pointer).rc_buffer_size = i32::try_from(buffer_bits).unwrap_or(i32::MAX);
    }
}

/// What a decoded frame holds; `None` when it is empty or not one of the known shapes.
pub(super) fn sound_shape(frame: &frame::Audio) -> Option<SoundShape> {
    // SAFETY: plain fields of a frame we own; `u.mask` is read only in native order, where it is the valid member.
    let (rate, channels, mask) = unsafe {
        let pointer = frame.as_ptr();
        let layout = &(*pointer).ch_layout;
        let native = layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE;
        let mask = if native { layout.u.mask } else { 0 };
        ((*pointer).sample_rate, layout.nb_channels, mask)
    };
    let format = frame.format();
    let known = format != Sample::None && frame.samples() > 0;
    Some(SoundShape {
        rate: u32::try_from(rate).ok().filter(|rate| *rate > 0)?,
        channels: usize::try_from(channels)
            .ok()
            .filter(|count| (1..=8).contains(count))?,
        format,
        mask,
    })
    .filter(|_| known)
}

/// A frame with room for sound; its memory is new, so writing to it changes nothing an encoder still holds.
pub(super) fn new_sound_frame(
    format: Sample,
    samples: usize,
    channels: usize,
) -> Result<frame::Audio, CodecError> {
    let mut frame = frame::Audio::empty();
    frame.set_format(format);
    frame.set_samples(samples);
    frame.set_rate(super::resampler::OUTPUT_RATE);
    // SAFETY: the frame is new and owns nothing; the layout written has no allocated parts, and the buffers
    // av_frame_get_buffer makes belong to the frame.
    let result = unsafe {
        let pointer = frame.as_mut_ptr();
        ffi::av_channel_layout_default(
            &raw mut (*pointer).ch_layout,
            i32::try_from(channels).unwrap_or(2),
        );
        ffi::av_frame_get_buffer(pointer, 0)
    };
    if result < 0 {
        return Err(CodecError::OutOfMemory);
    }
    Ok(frame)
}

/// A frame with room for a picture, as [`new_sound_frame`].
pub(crate) fn new_picture_frame(size: super::Size) -> Result<frame::Video, CodecError> {
    let mut frame = frame::Video::empty();
    frame.set_format(ffmpeg_next::format::Pixel::YUV420P);
    frame.set_width(size.width);
    frame.set_height(size.height);
    // SAFETY: the frame is new and owns nothing; the buffers made here belong to it.
    let result = unsafe { ffi::av_frame_get_buffer(frame.as_mut_ptr(), 0) };
    if result < 0 {
        return Err(CodecError::OutOfMemory);
    }
    Ok(frame)
}

/// The planes of packed or planar sound of `count` samples per channel in a frame, for reading.
pub(super) fn planes(frame: &frame::Audio, shape: &SoundShape) -> Vec<*const u8> {
    let planes = if shape.format.is_planar() {
        shape.channels
    } else {
        1
    };
    // SAFETY: extended_data has one pointer per plane of the frame's own channel count, which `shape` was read from.
    (0..planes)
        .map(|plane| unsafe { (*(*frame.as_ptr()).extended_data.add(plane)).cast_const() })
        .collect()
}

/// One channel's samples of a planar frame of 32-bit floats that [`new_sound_frame`] made, for writing.
pub(super) fn plane_mut(frame: &mut frame::Audio, plane: usize, values: usize) -> &mut [f32] {
    // SAFETY: the caller asks for planes and lengths the frame was made with (checked in debug builds by FFmpeg's own
    // allocation); the memory is aligned for any sample type and exclusively borrowed with the frame.
    unsafe {
        let data = *(*frame.as_mut_ptr()).extended_data.add(plane);
        std::slice::from_raw_parts_mut(data.cast::<f32>(), values)
    }
}

/// How many bytes of how many rows a plane of a 4:2:0 picture has.
fn plane_size(frame: &frame::Video, plane: usize) -> (usize, usize) {
    let half = u32::from(plane > 0);
    let side = |length: u32| ((length + half) >> half) as usize;
    (side(frame.width()), side(frame.height()))
}

/// Where a plane of a 4:2:0 picture begins, how many bytes it has, and its stride; no bytes for other pictures.
fn plane_extent(frame: &frame::Video, plane: usize) -> (*mut u8, usize, usize) {
    if plane > 2 || frame.format() != ffmpeg_next::format::Pixel::YUV420P {
        return (std::ptr::null_mut(), 0, 0);
    }
    let (width, height) = plane_size(frame, plane);
    // SAFETY: plain fields of a frame we own; the index is below 3.
    let (data, stride) = unsafe {
        let pointer = frame.as_ptr();
        ((*pointer).data[plane], (*pointer).linesize[plane])
    };
    let stride = usize::try_from(stride).unwrap_or(0);
    if data.is_null() || stride < width || width == 0 || height == 0 {
        return (std::ptr::null_mut(), 0, 0);
    }
    // The last row ends with its picture: the frame may be a part of a larger one.
    (data, stride * (height - 1) + width, stride)
}

/// A plane of a 4:2:0 picture and the distance of its rows; empty for other pictures.
pub(crate) fn plane_bytes(frame: &frame::Video, plane: usize) -> (&[u8], usize) {
    let (data, length, stride) = plane_extent(frame, plane);
    if length == 0 {
        return (&[], 0);
    }
    // SAFETY: the plane has this many bytes (see `plane_extent`), borrowed with the frame.
    (unsafe { std::slice::from_raw_parts(data, length) }, stride)
}

/// A plane of a 4:2:0 picture that nobody else holds, for writing.
pub(crate) fn plane_bytes_mut(frame: &mut frame::Video, plane: usize) -> (&mut [u8], usize) {
    let (data, length, stride) = plane_extent(frame, plane);
    if length == 0 {
        return (&mut [], 0);
    }
    // SAFETY: as `plane_bytes`, borrowed exclusively; encoders copy pictures before they return.
    (unsafe { std::slice::from_raw_parts_mut(data, length) }, stride)
}

/// The middle of a picture, `part` large, without copying it. What is cut off is even, as chroma needs.
pub(crate) fn cut(frame: &frame::Video, part: super::Size) -> Result<frame::Video, CodecError> {
    let margin = |whole: u32, part: u32| {
        let off = whole.saturating_sub(part.max(1));
        let first = (off / 2) & !1;
        (first as usize, (off - first) as usize)
    };
    let (left, right) = margin(frame.width(), part.width);
    let (top, bottom) = margin(frame.height(), part.height);
    let mut cutting = frame::Video::empty();
    // SAFETY: the new frame takes a reference of the same buffers; what is cut off is less than there is.
    let result = unsafe {
        let pointer = cutting.as_mut_ptr();
        match ffi::av_frame_ref(pointer, frame.as_ptr()) {
            0 => {
                (*pointer).crop_left = left;
                (*pointer).crop_right = right;
                (*pointer).crop_top = top;
                (*pointer).crop_bottom = bottom;
                ffi::av_frame_apply_cropping(pointer, ffi::AV_FRAME_CROP_UNALIGNED as i32)
            }
            error => error,
        }
    };
    if result < 0 {
        return Err(CodecError::of("cut")(ffmpeg_next::Error::from(result)));
    }
    Ok(cutting)
}

/// One channel of planar 32-bit floats, for looking at.
#[cfg(test)]
pub(crate) fn plane_floats(frame: &frame::Audio, plane: usize) -> &[f32] {
    let shape = sound_shape(frame).filter(|shape| {
        shape.format == Sample::F32(ffmpeg_next::format::sample::Type::Planar) && plane < shape.channels
    });
    assert!(shape.is_some(), "planar floats");
    // SAFETY: a planar frame has `samples` floats in each of its planes, borrowed with the frame.
    unsafe {
        let data = *(*frame.as_ptr()).extended_data.add(plane);
        std::slice::from_raw_parts(data.cast::<f32>(), frame.samples())
    }
}
