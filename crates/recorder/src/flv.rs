//! FLV files (FLV specification v10.1 annex E, Enhanced RTMP for newer codecs).

mod finish;
mod scan;
mod write;

pub(crate) use finish::{finish, finished};
pub(crate) use write::FlvFile;
