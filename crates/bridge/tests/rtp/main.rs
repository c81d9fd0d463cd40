//! RTP payloads and what is made of received packets, against real streams and wild input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod codecs;
mod fixtures;
mod loss;
mod reorder;
mod robustness;
mod round_trip;
mod rules;
mod wire;
