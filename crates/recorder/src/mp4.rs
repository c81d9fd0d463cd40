//! ISO base media files (ISO/IEC 14496-12), fragmented while they grow and fast-start afterwards.

#[cfg(test)]
mod cut_tests;
mod entry;
mod facts;
mod finish;
mod fragment;
mod grow;
mod header;
mod progressive;
mod scan;
mod table;
mod timing;

pub(crate) use facts::{started_at, tracks_of};
pub(crate) use finish::{finish, finished};
pub(crate) use fragment::{Fragment, Fragments, Pushed};
pub(crate) use grow::Mp4File;
pub(crate) use header::{fragmented_header, init_segment};
pub(crate) use scan::{Scan, scan};
pub(crate) use table::{Table, Tables};

/// Ticks per second of video tracks and of the movie: exact for milliseconds and for RTP.
pub(crate) const VIDEO_SCALE: u32 = 90_000;

/// Seconds from 1904-01-01, the zero of times in boxes, to 1970-01-01.
pub(crate) const EPOCH_1904: u64 = 2_082_844_800;
