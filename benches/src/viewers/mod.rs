//! WebRTC viewers: one RTMP publisher, and many clients that play its stream over WHEP.
//!
//! Most clients are light: ICE and DTLS are complete, but of RTP only the clear header is read. What decrypts and answers
//! with feedback is said by the caller. `docs/performance.md` says how to read the figures.

mod cli;
mod client;
mod floor;
mod load;
mod measure;
mod rtp;
mod table;

pub use cli::run;
