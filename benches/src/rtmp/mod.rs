//! As much RTMP as a load generator needs, written small and on its own.

pub(crate) mod client;
pub(crate) mod read;
pub(crate) mod write;
