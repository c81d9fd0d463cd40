//! Why a decoder configuration cannot be read or made.

use crate::h264::SpsError;

/// Why a decoder configuration cannot be read or made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The record ends too early.
    #[error("{record} of {length} bytes is too short")]
    Truncated {
        /// Which record.
        record: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// The record is of a version that is not known.
    #[error("{record} has the unknown version {version}")]
    Version {
        /// Which record.
        record: &'static str,
        /// What it says.
        version: u8,
    },
    /// A field is outside its range.
    #[error("{record} has a {field} out of range")]
    OutOfRange {
        /// Which record.
        record: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// The record has no sequence parameter set.
    #[error("{record} has no sequence parameter set")]
    NoParameterSets {
        /// Which record.
        record: &'static str,
    },
    /// The sequence parameter set cannot be read.
    #[error(transparent)]
    Sps(#[from] SpsError),
}
