//! Sound of many into one: each voice at its place on the mix's timeline, summed, kept within full scale, coded as AAC.
//!
//! It never waits: what is not there when its turn comes is silence. Pure but for FFmpeg's codecs.

mod limiter;
mod mixer;
#[cfg(test)]
mod tests;
mod voice;

pub(crate) use mixer::{Level, OutputId, STEP, SoundMixer};
