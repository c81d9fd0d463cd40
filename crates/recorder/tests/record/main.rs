//! Recordings of real media, examined by ffprobe and ffmpeg.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod examine;
mod formats;
mod parts;
mod rig;
mod source;
mod trouble;
