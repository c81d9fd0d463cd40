//! Any decoded picture to 4:2:0 of a given size.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;
use ffmpeg_next::software::scaling::{Context, Flags};

use super::{CodecError, Size, raw};

/// A scaler that is set up anew whenever its input or output changes.
#[derive(Default)]
pub(crate) struct Scaler {
    context: Option<Context>,
}

impl Scaler {
    /// Whether `frame` can be encoded as it is at `size`.
    pub(crate) fn fits(frame: &frame::Video, size: Size) -> bool {
        frame.format() == Pixel::YUV420P && frame.width() == size.width && frame.height() == size.height
    }

    /// `frame` at `size`.
    ///
    /// # Errors
    /// [`CodecError`] when its pixels cannot be converted.
    pub(crate) fn scale(&mut self, frame: &frame::Video, size: Size) -> Result<frame::Video, CodecError> {
        let mut scaled = raw::new_picture_frame(size)?;
        self.run(frame, &mut scaled, size)?;
        Ok(scaled)
    }

    /// `frame` at `size`, put into `room`, which is made anew only when it has another size.
    ///
    /// # Errors
    /// [`CodecError`] when its pixels cannot be converted.
    pub(crate) fn scale_into(
        &mut self,
        frame: &frame::Video,
        size: Size,
        room: &mut Option<frame::Video>,
    ) -> Result<(), CodecError> {
        let fits = |room: &frame::Video| Scaler::fits(room, size);
        let mut scaled = match room.take().filter(fits) {
            Some(room) => room,
            None => raw::new_picture_frame(size)?,
        };
        self.run(frame, &mut scaled, size)?;
        *room = Some(scaled);
        Ok(())
    }

    fn run(&mut self, frame: &frame::Video, scaled: &mut frame::Video, size: Size) -> Result<(), CodecError> {
        let same = self.context.as_ref().is_some_and(|context| {
            let (input, output) = (context.input(), context.output());
            (input.format, input.width, input.height) == (frame.format(), frame.width(), frame.height())
                && (output.width, output.height) == (size.width, size.height)
        });
        if !same {
            // Freed first: two of them at a time are a lot of memory.
            self.context = None;
            let context = Context::get(
                frame.format(),
                frame.width(),
                frame.height(),
                Pixel::YUV420P,
                size.width,
                size.height,
                Flags::BILINEAR,
            );
            self.context = Some(context.map_err(CodecError::of("scaler"))?);
        }
        if let Some(context) = &mut self.context {
            context.run(frame, scaled).map_err(CodecError::of("scale"))?;
        }
        Ok(())
    }
}
