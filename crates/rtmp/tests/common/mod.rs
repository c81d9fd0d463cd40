//! Hand-made chunks and sessions in virtual time, for the protocol tests.
#![allow(dead_code, unreachable_pub)]

pub mod pair;
pub mod raw;
