//! Codec work in processes of its own: transcoding and mixing. The only crate that links FFmpeg.
mod codec;
mod job;
mod timeline;
mod transcode;
