//! The jobs themselves: coded media in, coded media out, on one thread and without I/O or a clock of their own.
//!
//! Times of arrival come in with the media. A frame that cannot be decoded is counted and passed over; an error is
//! returned only when nothing can come of the track any more.

mod audio;
mod fifo;
mod opus_source;
mod pace;
#[cfg(test)]
mod tests;
mod video;

use std::time::Duration;

use lianmai_hub::job::JobKind;
use lianmai_media::{AudioConfig, Frame, Metadata, VideoConfig};

use crate::codec::CodecError;

pub(crate) use audio::{AudioTarget, AudioTranscoder};
pub(crate) use fifo::Fifo;
pub(crate) use opus_source::{Heard, OpusSource};
pub(crate) use video::VideoTranscoder;

/// What comes from the source.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// The publisher's own words about the stream.
    Metadata(Metadata),
    /// The sound's configuration, which holds for what follows.
    Audio(AudioConfig),
    /// The pictures' configuration, which holds for what follows.
    Video(VideoConfig),
    /// A packet or picture; times in milliseconds on the source's timeline.
    Frame(Frame),
}

/// What goes to the target.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// The sound's configuration.
    Audio(AudioConfig),
    /// The pictures' configuration, and how many come in a second.
    Video(VideoConfig, f64),
    /// A packet or picture on the source's timeline.
    Frame(Frame),
}

/// What was lost on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Losses {
    /// Packets that could not be decoded.
    pub(crate) broken: u64,
    /// Pictures left out to keep up, and sound that came after its place had been filled.
    pub(crate) late: u64,
    /// Samples made up in place of lost ones.
    pub(crate) concealed: u64,
}

/// When an input came and what waits behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Time since the job began.
    pub(crate) at: Duration,
    /// The newest stamp that waits in the queue, in milliseconds; at least the input's own.
    pub(crate) newest: i64,
}

/// A job of any kind. It is made and stays on one thread: FFmpeg's scaler does not move.
pub(crate) trait Transcode {
    /// Takes one input and appends what comes of it.
    ///
    /// # Errors
    /// [`CodecError`] when the track cannot be transcoded.
    fn take(&mut self, input: Input, arrival: Arrival, out: &mut Vec<Output>) -> Result<(), CodecError>;

    /// Time has passed without input.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    fn tick(&mut self, now: Duration, out: &mut Vec<Output>) -> Result<(), CodecError>;

    /// How long from `now` until [`tick`](Self::tick) has something to do.
    fn wait(&self, now: Duration) -> Option<Duration>;

    /// What was lost so far.
    fn losses(&self) -> Losses;
}

/// The transcoder for a job.
pub(crate) fn transcoder(kind: &JobKind) -> Box<dyn Transcode> {
    match *kind {
        JobKind::AudioToOpus { bitrate } => Box::new(AudioTranscoder::new(AudioTarget::Opus, bitrate)),
        JobKind::AudioToAac { bitrate } => Box::new(AudioTranscoder::new(AudioTarget::Aac, bitrate)),
        JobKind::VideoToH264 { bitrate, max_side } => Box::new(VideoTranscoder::new(bitrate, max_side)),
    }
}
