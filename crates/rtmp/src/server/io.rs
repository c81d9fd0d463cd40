//! The byte streams of incoming connections: TCP, which the hub may write to by itself, and TLS over it.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use lianmai_hub::DirectWrite;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

use crate::transport::Transport;

/// The byte stream of an incoming connection.
pub(super) trait ServerIo: Transport {
    /// Where the hub may write to by itself, if that is possible.
    fn direct(&self) -> Option<Arc<dyn DirectWrite>>;
}

impl ServerIo for TlsStream<TcpStream> {
    /// TLS records depend on each other; only their own task may write them.
    fn direct(&self) -> Option<Arc<dyn DirectWrite>> {
        None
    }
}

/// A TCP connection that its task reads, and its task and the hub write to.
///
/// The halves share the socket. Reading goes through tokio's own path, which knows that a read that leaves room has
/// emptied the socket, and saves the second one that would only say so.
pub(super) struct SharedTcp {
    input: OwnedReadHalf,
    output: Arc<OwnedWriteHalf>,
}

impl SharedTcp {
    pub(super) fn new(io: TcpStream) -> SharedTcp {
        let (input, output) = io.into_split();
        SharedTcp {
            input,
            output: Arc::new(output),
        }
    }

    fn socket(&self) -> &TcpStream {
        (*self.output).as_ref()
    }
}

struct Output(Arc<OwnedWriteHalf>);

impl DirectWrite for Output {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }
}

impl ServerIo for SharedTcp {
    fn direct(&self) -> Option<Arc<dyn DirectWrite>> {
        Some(Arc::new(Output(self.output.clone())))
    }
}

/// Tries `attempt` until it does not block, waiting for readiness in between.
fn when_ready<T>(
    cx: &mut Context<'_>,
    ready: impl Fn(&mut Context<'_>) -> Poll<io::Result<()>>,
    mut attempt: impl FnMut() -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        ready!(ready(cx))?;
        match attempt() {
            // The readiness was stale and is now cleared.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return Poll::Ready(result),
        }
    }
}

impl AsyncRead for SharedTcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SharedTcp {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let io = self.socket();
        when_ready(cx, |cx| io.poll_write_ready(cx), || io.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let io = self.socket();
        when_ready(cx, |cx| io.poll_write_ready(cx), || io.try_write_vectored(parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is buffered here.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket2::SockRef::from(self.socket()).shutdown(Shutdown::Write))
    }
}
