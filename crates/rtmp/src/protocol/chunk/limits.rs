//! What a peer may make a chunk reader hold.

/// Limits of a chunk reader; they depend on how far the peer is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkLimits {
    /// Bytes of one message, as announced in its header.
    pub max_message: usize,
    /// Chunk streams remembered.
    pub max_chunk_streams: usize,
    /// Bytes of half-received messages altogether.
    pub max_buffered: usize,
}

impl ChunkLimits {
    /// For a peer whose right to publish or play is not known yet: with a read buffer of 64 KiB it costs
    /// less than 256 KiB, slack of growing buffers included.
    pub const fn before_login() -> ChunkLimits {
        ChunkLimits {
            max_message: 64 * 1024,
            max_chunk_streams: 64,
            max_buffered: 64 * 1024,
        }
    }

    /// For a peer that may send media.
    pub const fn after_login() -> ChunkLimits {
        ChunkLimits {
            max_message: 8 << 20,
            max_chunk_streams: 64,
            max_buffered: 16 << 20,
        }
    }
}
