//! Making a process ready: code paged in, tables built, so that a job's first packet does not wait for it.

use super::{AudioEncoder, Channels, CodecError, Decoder, Size, VideoEncoder, raw};

/// Opens each encoder, encodes a little, and decodes it again.
///
/// # Errors
/// [`CodecError::Missing`] when this FFmpeg lacks what jobs need.
pub(crate) fn warm_up() -> Result<(), CodecError> {
    for mut encoder in [
        AudioEncoder::opus(Channels::Stereo, 64_000)?,
        AudioEncoder::aac(Channels::Stereo, 64_000)?,
    ] {
        let silence = vec![0.0; encoder.block() * 2];
        let mut packets = Vec::new();
        for n in 0..3 {
            encoder.encode(&silence, n * encoder.block() as i64, &mut packets)?;
        }
        let mut decoder = Decoder::audio(encoder.config())?;
        let mut frame = ffmpeg_next::frame::Audio::empty();
        for (at, packet) in packets {
            decoder.send(&packet, at)?;
            while decoder.receive(&mut frame)? {}
        }
    }
    let size = Size {
        width: 64,
        height: 64,
    };
    let mut encoder = VideoEncoder::h264(size, 100_000, 30.0)?;
    let mut decoder = Decoder::video(encoder.config())?;
    let mut picture = raw::new_picture_frame(size)?;
    for plane in 0..3 {
        picture.data_mut(plane).fill(128);
    }
    if let Some(coded) = encoder.encode(&mut picture, 0, true)? {
        decoder.send(&coded.payload, 0)?;
        while decoder.receive(&mut picture)? {}
    }
    Ok(())
}
