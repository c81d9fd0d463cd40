//! The gateway's side of workers: who they are, what they are to do, and what they may touch.
//!
//! A worker logs in over `GET /internal/worker` (its end of the conversation is in `lianmai-mixer`, the messages are
//! `lianmai_hub::job`). The dispatcher compares what readers want, and which mixes rooms have, with what runs and starts and stops jobs; it is
//! level-triggered, so a lost hint or a lost worker is made good at the next look. What is decided is decided in
//! `plan`, which reads no clock and does no I/O. Workers reach media over RTMP with tokens of their own (`token`),
//! each for one form of one stream and one action.

mod config;
mod dispatcher;
mod figures;
mod job;
mod link;
mod plan;
mod registry;
mod secret;
mod socket;
mod status;
mod token;
mod urls;

#[cfg(test)]
mod tests;

pub use config::{JobTiming, WorkersConfig};
pub use registry::Workers;
pub use secret::{WorkerSecret, WorkerSecretError};
pub(crate) use socket::connect;
pub use status::{MixStatus, RenditionState, RenditionStatus, WorkerStatus};
pub(crate) use token::{InternalKey, TokenFault, internal_token};
