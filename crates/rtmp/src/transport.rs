//! What sessions of both sides do with a byte stream.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

const MAX_SLICES: usize = 64;

/// A connection's byte stream: TCP, or TLS over it.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// Bytes on their way out. Holds references, not copies.
#[derive(Debug, Default)]
pub(crate) struct OutQueue {
    parts: VecDeque<Bytes>,
}

impl OutQueue {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.parts.push_back(bytes);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes everything, many parts per system call. Fails with `TimedOut` when the peer takes nothing for
    /// `stall`. What was written is gone from the queue also when the future is dropped.
    pub(crate) async fn write_to(&mut self, io: &mut impl Transport, stall: Duration) -> io::Result<u64> {
        let mut written = 0;
        while !self.is_empty() {
            // The common case takes no timer: the kernel has room.
            let n = match std::future::poll_fn(|cx| Poll::Ready(self.poll_write(io, cx))).await {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    let progress = std::future::poll_fn(|cx| self.poll_write(io, cx));
                    tokio::time::timeout(stall, progress)
                        .await
                        .map_err(|_| io::ErrorKind::TimedOut)??
                }
            };
            written += n as u64;
        }
        Ok(written)
    }

    /// Writes what the peer takes now; the number of bytes, never 0.
    pub(crate) fn poll_write(
        &mut self,
        io: &mut impl Transport,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let (1, Some(part)) = (self.parts.len(), self.parts.front()) {
            let n = std::task::ready!(Pin::new(io).poll_write(cx, part))?;
            return self.written(n);
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = self.parts.len().min(MAX_SLICES);
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part);
        }
        let slices = slices.get(..count).unwrap_or_default();
        let n = std::task::ready!(Pin::new(io).poll_write_vectored(cx, slices))?;
        self.written(n)
    }

    fn written(&mut self, n: usize) -> Poll<io::Result<usize>> {
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(n);
        Poll::Ready(Ok(n))
    }

    fn advance(&mut self, mut n: usize) {
        while let Some(part) = self.parts.front_mut() {
            if part.len() > n {
                part.advance(n);
                return;
            }
            n -= part.len();
            self.parts.pop_front();
        }
        // A burst must not leave its buffer behind in a connection that then idles.
        if self.parts.capacity() > 8 {
            self.parts = VecDeque::new();
        }
    }
}

/// How much room to make for what the peer sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReadSize {
    /// Commands and acknowledgements only.
    Control,
    /// Media.
    Media,
}

/// Appends what the peer has sent to `buffer`. 0 is the end of the stream. Nothing is lost when the future
/// is dropped.
pub(crate) async fn read_some(
    io: &mut impl Transport,
    buffer: &mut BytesMut,
    size: ReadSize,
) -> io::Result<usize> {
    let (least, block) = match size {
        ReadSize::Control => (64, 512),
        ReadSize::Media => (4 * 1024, 32 * 1024),
    };
    if buffer.is_empty() && buffer.capacity() > 2 * block {
        *buffer = BytesMut::new();
    }
    if buffer.capacity() - buffer.len() < least {
        buffer.reserve(block);
    }
    io.read_buf(buffer).await
}
