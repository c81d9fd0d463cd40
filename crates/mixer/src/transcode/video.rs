//! Pictures of any codec to constrained baseline H.264 without B-frames, upright and no larger than asked for.
//!
//! Each decoded picture keeps its presentation time and leaves at once. When the machine is too slow, pictures are
//! decoded and left out, newest first to be shown; a source that changes its size gets a new sequence header (R-V6).

use std::time::Duration;

use ffmpeg_next::frame;
use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind, VideoConfig};

use super::pace::{Pace, Step};
use super::{Arrival, Input, Losses, Output, Transcode};
use crate::codec::{CodecError, Coded, Decoder, Rotation, Scaler, Size, VideoEncoder, fit, rotate};

/// How much the rate may change before the encoder's budget per picture does.
const RATE_TOLERANCE: f64 = 0.15;

/// One picture track's transcoding.
pub(crate) struct VideoTranscoder {
    bitrate: u32,
    max_side: u32,
    rotation: Rotation,
    decoder: Option<Decoder>,
    scaler: Scaler,
    encoder: Option<VideoEncoder>,
    /// The rate the encoder knows.
    encoder_rate: f64,
    pace: Pace,
    frame: frame::Video,
    losses: Losses,
}

impl VideoTranscoder {
    /// A transcoder that waits for the source's configuration. `bitrate` is the highest in bits per second, `max_side`
    /// the most pixels of the longer side.
    pub(crate) fn new(bitrate: u32, max_side: u32) -> VideoTranscoder {
        VideoTranscoder {
            bitrate: bitrate.clamp(50_000, 50_000_000),
            max_side,
            rotation: Rotation::None,
            decoder: None,
            scaler: Scaler::default(),
            encoder: None,
            encoder_rate: 0.0,
            pace: Pace::new(),
            frame: frame::Video::empty(),
            losses: Losses::default(),
        }
    }

    fn configure(&mut self, config: &VideoConfig, out: &mut Vec<Output>) -> Result<(), CodecError> {
        if let Some(decoder) = &mut self.decoder {
            decoder.finish();
            self.receive(false, out)?;
            self.pace.want_key();
        }
        if let Some(rate) = config.frame_rate() {
            self.pace.announce(rate);
        }
        self.decoder = Some(Decoder::video(config)?);
        Ok(())
    }

    fn picture(&mut self, frame: &Frame, newest: i64, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let dts = frame.dts.as_millis();
        let pts = dts.saturating_add(frame.composition.as_millis());
        self.pace.source(dts, pts, frame.keyframe);
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        if frame.payload.is_empty() {
            return Ok(());
        }
        if decoder.send(&frame.payload, pts).is_err() {
            self.losses.broken += 1;
        }
        let late = self.pace.is_late(dts, newest);
        self.receive(late, out)
    }

    /// Takes what the decoder has.
    fn receive(&mut self, late: bool, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let mut frame = std::mem::replace(&mut self.frame, frame::Video::empty());
        while let Some(decoder) = &mut self.decoder {
            match decoder.receive(&mut frame) {
                Ok(true) if late => self.losses.late += 1,
                Ok(true) => self.show(&mut frame, out)?,
                Ok(false) => break,
                Err(_) => {
                    self.losses.broken += 1;
                    break;
                }
            }
        }
        self.frame = frame;
        Ok(())
    }

    /// Encodes one decoded picture.
    fn show(&mut self, frame: &mut frame::Video, out: &mut Vec<Output>) -> Result<(), CodecError> {
        let Some(pts) = frame.pts() else {
            self.losses.broken += 1;
            return Ok(());
        };
        let mut step = self.pace.step(pts);
        if step == Step::Restart {
            self.encoder = None;
            step = self.pace.step(pts);
        }
        let Step::Encode { mut keyframe } = step else {
            self.losses.late += 1;
            return Ok(());
        };
        let source = Size {
            width: frame.width(),
            height: frame.height(),
        };
        let flat = fit(source, self.max_side);
        let size = self.rotation.size(flat);
        keyframe |= self.prepare(size, out)?;
        let Some(encoder) = &mut self.encoder else {
            return Ok(());
        };
        let coded = if self.rotation == Rotation::None && Scaler::fits(frame, flat) {
            encoder.encode(frame, pts, keyframe)?
        } else {
            let mut picture = if Scaler::fits(frame, flat) {
                rotate(frame, self.rotation)?
            } else {
                let scaled = self.scaler.scale(frame, flat)?;
                match self.rotation {
                    Rotation::None => scaled,
                    rotation => rotate(&scaled, rotation)?,
                }
            };
            encoder.encode(&mut picture, pts, keyframe)?
        };
        if let Some(coded) = coded {
            out.push(Output::Frame(output_frame(coded)));
        }
        Ok(())
    }

    /// Makes the encoder fit `size`; true when it is a new one.
    fn prepare(&mut self, size: Size, out: &mut Vec<Output>) -> Result<bool, CodecError> {
        let rate = self.pace.rate();
        if let Some(encoder) = self.encoder.as_mut().filter(|encoder| encoder.size() == size) {
            if (rate / self.encoder_rate - 1.0).abs() > RATE_TOLERANCE {
                encoder.set_frame_rate(rate);
                self.encoder_rate = rate;
            }
            return Ok(false);
        }
        // The old one first: two at a time are a lot of memory.
        self.encoder = None;
        let encoder = VideoEncoder::h264(size, self.bitrate, rate)?;
        self.encoder_rate = rate;
        out.push(Output::Video(encoder.config().clone(), rate));
        self.encoder = Some(encoder);
        Ok(true)
    }
}

fn output_frame(coded: Coded) -> Frame {
    Frame {
        kind: TrackKind::Video,
        dts: MediaTime::from_millis(coded.pts.max(0)),
        composition: MediaDuration::from_millis(0),
        keyframe: coded.keyframe,
        payload: coded.payload,
    }
}

impl Transcode for VideoTranscoder {
    fn take(&mut self, input: Input, arrival: Arrival, out: &mut Vec<Output>) -> Result<(), CodecError> {
        match input {
            Input::Video(config) => self.configure(&config, out),
            Input::Frame(frame) if frame.kind == TrackKind::Video => {
                self.picture(&frame, arrival.newest, out)
            }
            Input::Metadata(metadata) => {
                let number = |name: &str| metadata.get(name).and_then(|value| value.as_number());
                self.rotation = number("rotation").map_or(Rotation::None, Rotation::from_degrees);
                if let Some(rate) = number("framerate") {
                    self.pace.announce(rate);
                }
                Ok(())
            }
            Input::Frame(_) | Input::Audio(_) => Ok(()),
        }
    }

    fn tick(&mut self, _: Duration, _: &mut Vec<Output>) -> Result<(), CodecError> {
        Ok(())
    }

    fn wait(&self, _: Duration) -> Option<Duration> {
        None
    }

    fn losses(&self) -> Losses {
        self.losses
    }
}
