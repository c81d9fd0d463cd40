//! HLS (RFC 8216): one playlist of type EVENT, an initialisation segment and fMP4 segments per part.

mod finish;
mod playlist;
mod write;

pub(crate) use finish::{finish, is_finished};
pub(crate) use write::HlsFiles;
