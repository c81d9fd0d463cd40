//! Why packets do not give an access unit.

/// Why packets do not give an access unit. The unit they belong to is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PayloadError {
    /// The payload ends too early.
    #[error("RTP payload of {length} bytes ends inside its {part}")]
    Truncated {
        /// What is cut off.
        part: &'static str,
        /// Length of the payload.
        length: usize,
    },
    /// A kind of payload that is not negotiated.
    #[error("RTP payload of the unsupported type {0}")]
    Unsupported(u8),
    /// A middle or last fragment without the first, or a first one inside of another unit.
    #[error("fragment out of place")]
    Fragment,
    /// The access unit is longer than [`MAX_ACCESS_UNIT`](super::MAX_ACCESS_UNIT).
    #[error("access unit of more than {limit} bytes")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
    /// A key frame without a configuration that can be read.
    #[error("key frame without usable parameter sets")]
    NoConfig,
    /// The bits of a header are not those of the codec.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// More of a picture came after the packet that was marked as its last.
    #[error("picture goes on behind its marker")]
    AfterMarker,
}
