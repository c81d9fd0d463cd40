//! Recordings on their way to S3-compatible storage and back (R-C1): a real gateway, a real server, and what can go
//! wrong between and inside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apps;
mod crash;
mod outage;
mod scene;
mod serve;
mod space;
mod storage;
