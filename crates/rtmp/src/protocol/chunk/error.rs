//! Why a chunk stream cannot be read on.

/// A broken or excessive chunk stream. There is no way to find the next chunk after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("chunk stream at byte {position}: {kind}")]
pub struct ChunkError {
    /// Bytes from the first one the peer sent (handshake included) to the chunk or message in question.
    pub position: u64,
    /// What is wrong.
    pub kind: ChunkErrorKind,
}

/// What can be wrong with a chunk stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChunkErrorKind {
    /// A chunk stream starts with a header that refers to an earlier one.
    #[error("chunk stream {csid} starts with header type {format}")]
    NoPreviousHeader {
        /// The chunk stream.
        csid: u32,
        /// Its header type, 2 or 3.
        format: u8,
    },
    /// A header announces more than a message may hold now.
    #[error("message of {announced} bytes, {limit} are allowed")]
    MessageTooLong {
        /// The announced bytes.
        announced: usize,
        /// The allowed bytes.
        limit: usize,
    },
    /// More chunk streams than allowed.
    #[error("more than {limit} chunk streams")]
    TooManyChunkStreams {
        /// The allowed number.
        limit: usize,
    },
    /// Half-received messages hold more than allowed.
    #[error("more than {limit} bytes of unfinished messages")]
    TooMuchBuffered {
        /// The allowed bytes.
        limit: usize,
    },
    /// Set Chunk Size with 0, or with the bit that must be clear.
    #[error("chunk size {0} is not allowed")]
    ChunkSize(u32),
    /// Set Chunk Size or Abort with less than four bytes.
    #[error("control message of type {type_id} has {length} bytes")]
    ShortControl {
        /// The message type.
        type_id: u8,
        /// Its bytes.
        length: usize,
    },
}
