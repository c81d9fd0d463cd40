//! A connection that ends when its client takes nothing for too long.
//!
//! An endless answer to a client that does not read would otherwise hold its place for as long as the client likes.
//! Only a write that waits starts the clock; any byte the client takes stops it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Whether a connection was cut off for taking nothing. An extension of each of its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stalled(Arc<AtomicBool>);

impl Stalled {
    /// Whether it was.
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A byte stream whose writes fail with [`io::ErrorKind::TimedOut`] once the peer takes nothing for `limit`.
pub(crate) struct StallGuard<S> {
    io: S,
    limit: Duration,
    /// Runs while a write waits.
    timer: Option<Pin<Box<Sleep>>>,
    stalled: Stalled,
}

impl<S> StallGuard<S> {
    /// Guards `io`; `stalled` tells when it was cut off.
    pub(crate) fn new(io: S, limit: Duration, stalled: Stalled) -> Self {
        Self {
            io,
            limit,
            timer: None,
            stalled,
        }
    }

    /// What a write says, in view of how long it has waited.
    fn watch<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.timer = None;
            return result;
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        self.stalled.0.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, buf);
        self.watch(result, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.watch(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_cut_off() {
        let (io, _peer) = tokio::io::duplex(4);
        let stalled = Stalled::default();
        let mut guarded = StallGuard::new(io, LIMIT, stalled.clone());
        guarded.write_all(b"1234").await.unwrap();
        let start = tokio::time::Instant::now();
        let error = guarded.write_all(b"5").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!((start.elapsed(), stalled.get()), (LIMIT, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_not() {
        let (io, mut peer) = tokio::io::duplex(4);
        let stalled = Stalled::default();
        let mut guarded = StallGuard::new(io, LIMIT, stalled.clone());
        let reading = async {
            let mut bytes = [0; 20];
            for byte in &mut bytes {
                sleep(LIMIT - Duration::from_secs(1)).await;
                *byte = peer.read_u8().await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(guarded.write_all(&[7; 20]), reading);
        written.unwrap();
        assert!(!stalled.get());
    }
}
