//! Support for the end-to-end tests: a real gateway process and real clients around it.
//!
//! Everything listens on loopback and free ports, is bounded in time and ends with the test. Processes are
//! ended by their id.
// Tests report by panicking; this package is nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

pub mod api;
pub mod arrivals;
pub mod browser;
pub mod certificate;
pub mod chunked;
pub mod clip;
pub mod entry;
pub mod facade;
pub mod frames;
pub mod gate;
pub mod gateway;
pub mod hostile;
pub mod kept;
pub mod link;
pub mod machine;
pub mod marks;
pub mod media;
pub mod mini_program;
pub mod netcall;
pub mod nginx;
pub mod numbered;
pub mod process;
pub mod raw_peer;
pub mod receiver;
pub mod rtc;
pub mod rtmp;
pub mod s3;
pub mod script;
pub mod socket;
pub mod stage;
pub mod sync;
pub mod tones;
pub mod turn;
pub mod viewer;
pub mod wait;

pub use api::{Api, Room};
pub use browser::{Browser, Page};
pub use certificate::Certificate;
pub use gate::Gate;
pub use gateway::Gateway;
pub use mini_program::MiniProgram;
pub use nginx::Nginx;
pub use process::Process;
pub use receiver::{Receiver, Reply};
pub use s3::S3;
pub use socket::Socket;
pub use stage::Stage;
