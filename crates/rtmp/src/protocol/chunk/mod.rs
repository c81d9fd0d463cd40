//! The chunk stream: messages cut into interleaved chunks (RTMP 1.0 §5.3).

mod error;
mod fanout;
mod header;
mod limits;
mod reader;
mod stream;
mod writer;

pub use error::{ChunkError, ChunkErrorKind};
pub use fanout::{media_chunk_parts, media_chunks};
pub use limits::ChunkLimits;
pub use reader::ChunkReader;
pub use writer::{ChunkWriter, Unsendable};

/// The chunk size both sides start with (§5.4.1).
pub const INITIAL_CHUNK_SIZE: u32 = 128;
/// The longest message the 24-bit length field can announce; larger chunks make no difference.
pub const MAX_MESSAGE: usize = 0xFF_FFFF;
/// What the 24-bit timestamp field holds when the 32-bit field follows.
const EXTENDED: u32 = 0xFF_FFFF;
