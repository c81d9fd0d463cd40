//! Hand-made chunks and sessions in virtual time, for the protocol tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

pub mod pair;
pub mod raw;
pub mod victim;
