//! Parts on their way to S3-compatible storage, and what is there.
//!
//! A complete part waits in a queue in the database until all its files are in the bucket and verified; only then are
//! they removed from disk (R-C1). Attempts are repeated with growing waits for days, and go on where they stopped, also
//! after a restart. What of a deleted recording is in the bucket waits in a second queue until it is gone. Live media
//! and recordings never wait for any of it.

mod attempt;
mod backoff;
mod config;
mod figures;
mod leave;
mod progress;
mod remote_file;
mod removals;
mod run;
mod uploads;

pub use config::{Download, UploadConfig};
pub use lianmai_recorder::upload::{ByteStream, OpenRemoteError, RemoteConfig, SecretKey};
pub use remote_file::{FileAt, RemoteFile};
pub(super) use run::run;
pub(super) use uploads::Uploads;
