//! Codec work in processes of its own: transcoding and mixing. The only crate that links FFmpeg.
//!
//! The program `lianmai-worker` is two things. The *supervisor* (`supervisor`) takes jobs from a gateway over a WebSocket
//! and decodes nothing. A *job* (`job`) is a process of its own, confined: it plays its sources over
//! Enhanced RTMP with our own client, transcodes one (`transcode`, on `codec` and `timeline`) or composes many (`mix`) on
//! threads of its own, and pushes the result. FFmpeg never sees a network or a container, only packets of codecs on a short list.
//!
//! A hostile stream can end its own job and nothing else: memory, files and privileges are gone before the first byte,
//! every queue is bounded, and what is lost is counted.

mod calibrate;
pub mod cli;
mod codec;
mod job;
mod mix;
mod supervisor;
mod timeline;
mod transcode;

#[doc(hidden)]
pub use mix::measure;
