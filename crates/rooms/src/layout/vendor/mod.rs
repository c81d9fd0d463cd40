//! Translators from the layouts of other vendors' grammars to [`Layout`](super::Layout), with their error numbers.
//!
//! Input is hostile: text is bounded before it is parsed, lists and numbers before they are used, and what comes out
//! passes [`Layout::check`](super::Layout::check). What a vendor's documents leave open is said where it is decided.

pub mod cloudroom;
pub mod emedia;
mod fields;
pub mod nim;

use super::LayoutError;
use crate::PushUrlError;

/// Why a vendor's layout was refused. Each vendor's error wraps it and has the vendor's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// More text than is read.
    #[error("more than {max} bytes")]
    TooLarge {
        /// How much is read.
        max: usize,
    },
    /// Not a JSON object.
    #[error("not a JSON object")]
    Json,
    /// A field is missing, of another type, or out of bounds.
    #[error("{field} is missing or not valid")]
    Field {
        /// Which, as the vendor calls it.
        field: &'static str,
    },
    /// More than is read.
    #[error("at most {max} of {field}")]
    TooMany {
        /// Of what, as the vendor calls it.
        field: &'static str,
        /// How many are read.
        max: usize,
    },
    /// It cannot be drawn.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An address to push to is none.
    #[error(transparent)]
    Push(#[from] PushUrlError),
}
