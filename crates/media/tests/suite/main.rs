//! Tests over real encoders' output, hand-made messages and random bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod amf0;
mod audio;
mod fixtures;
mod flv_bodies;
mod flv_files;
mod metadata;
mod nal;
mod robustness;
mod silence;
mod video;
