//! RTP timestamps on one timeline per publisher.
//!
//! A track starts at once, by the arrival of its first packet (R-S1), and drifts towards its fastest packets. With the
//! first sender reports all tracks are related to the publisher's NTP clock and so to each other (R-S2); later ones
//! keep them there, whatever their RTP clocks do (R-S4). Corrections are at most 5 ms per second, unless they are more
//! than 200 ms: then one step. Times of a track never go back.

mod source;
mod track;
mod transit;

pub use source::SourceClock;
pub use track::TrackClock;
