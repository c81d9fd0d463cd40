//! Finished files to S3-compatible storage and back.
//!
//! [`Remote`] puts a file as one object: small ones at once, large ones in pieces whose receipts are given to the
//! caller ([`Multipart`]), so that it can go on after a restart where it stopped. [`Remote::verify`] says whether what
//! lies there is what was put (R-C1). Nothing here retries or keeps anything: that is the caller's. Every request is
//! bounded in time, and so is what is read of answers; all together keep to one rate, if there is a limit.

mod answer;
mod config;
mod digest;
mod error;
mod http;
mod pace;
mod pieces;
mod place;
mod put;
mod remote;
mod verify;

pub use config::{OpenRemoteError, RemoteConfig, SecretKey};
pub use digest::{Digest, digest};
pub use error::{UploadError, UploadErrorKind};
pub use pieces::Pieces;
pub use place::{Place, PlaceError};
pub use put::{Multipart, Progress};
pub use remote::{ByteStream, Remote};
