//! One TCP connection. It belongs to the peer its first check was for, for all its life.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::Unsent;
use super::frames::{FrameError, Frames};
use crate::net::inbox::{Connection, Inbox, Peer};
use crate::net::shared::{Origin, Shared};
use crate::net::stun::Kind;
use crate::net::{Dropped, Limits, Transport};

/// How long a connection may take, after its peer is gone, for what waits (as the end of DTLS).
const FAREWELL: Duration = Duration::from_millis(500);

/// Serves a connection until it ends.
pub(super) async fn serve(shared: &Shared, mut stream: TcpStream, local: SocketAddr, remote: SocketAddr) {
    let (mut reader, writer) = stream.split();
    let mut link = Link {
        shared,
        local,
        remote,
        frames: Frames::default(),
    };
    let first = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return,
        first = timeout(shared.limits.first_check, link.first(&mut reader)) => first,
    };
    let (inbox, entered) = match first {
        Ok(Ok(first)) => first,
        Ok(Err(ended)) => return tracing::debug!(%remote, %ended, "ICE-TCP connection without a valid check"),
        Err(_) => return tracing::debug!(%remote, "ICE-TCP connection without a check in time"),
    };
    let gone = &inbox.peer.gone;
    let unsent = Arc::clone(&entered.unsent);
    let ended = tokio::select! {
        ended = link.read(&mut reader, &inbox) => ended,
        ended = write(writer, &unsent, &inbox.peer, &shared.limits) => ended,
        ended = async { gone.cancelled().await; tokio::time::sleep(FAREWELL).await; Ended::Gone } => ended,
    };
    tracing::debug!(%remote, %ended, "ICE-TCP connection ended");
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("closed by the peer")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a frame is longer than {0} bytes")]
    TooLong(usize),
    #[error("not a valid check: {}", .0.as_str())]
    NoCheck(Dropped),
    #[error("a check for another peer")]
    Other,
    #[error("the peer has too many connections")]
    TooMany,
    #[error("idle")]
    Idle,
    #[error("the peer is gone")]
    Gone,
}

struct Link<'a> {
    shared: &'a Shared,
    local: SocketAddr,
    remote: SocketAddr,
    frames: Frames,
}

impl Link<'_> {
    fn origin(&self) -> Origin {
        Origin {
            transport: Transport::Tcp,
            from: self.remote,
            local: self.local,
            at: Instant::now(),
        }
    }

    /// Reads once; what is there then is up to the frames.
    async fn fill(&mut self, reader: &mut ReadHalf<'_>) -> Result<(), Ended> {
        match reader
            .read_buf(self.frames.buffer(self.shared.limits.datagram))
            .await?
        {
            0 => Err(Ended::Closed),
            _ => Ok(()),
        }
    }

    /// Waits for the first frame, which must be a valid check, and enters the connection at its peer.
    async fn first(&mut self, reader: &mut ReadHalf<'_>) -> Result<(Arc<Inbox>, Entered), Ended> {
        loop {
            self.fill(reader).await?;
            let (shared, origin) = (self.shared, self.origin());
            let mut first = None;
            // Frames behind the first one are the peer's already.
            let outcome = self.frames.take(shared.limits.datagram, |frame| match &first {
                None => {
                    let inbox = check(shared, frame).map_err(Ended::NoCheck)?;
                    let entered =
                        Entered::enter(&inbox.peer, &origin, &shared.limits).ok_or(Ended::TooMany)?;
                    count(shared, shared.deliver(&inbox, frame, origin));
                    first = Some((inbox, entered));
                    Ok(())
                }
                Some((inbox, _)) => take(shared, inbox, frame, origin),
            });
            match outcome {
                Ok(_) => {}
                Err(FrameError::Each(ended)) => return Err(ended),
                Err(FrameError::TooLong) => return Err(self.too_long()),
            }
            if let Some(first) = first {
                return Ok(first);
            }
        }
    }

    /// Reads for its peer until the connection ends.
    async fn read(&mut self, reader: &mut ReadHalf<'_>, inbox: &Inbox) -> Ended {
        let mut since = tokio::time::Instant::now();
        loop {
            match tokio::time::timeout_at(since + self.shared.limits.idle, self.fill(reader)).await {
                Ok(Ok(())) => {}
                Ok(Err(ended)) => return ended,
                Err(_) => return Ended::Idle,
            }
            let (shared, origin) = (self.shared, self.origin());
            let taken = self
                .frames
                .take(shared.limits.datagram, |frame| take(shared, inbox, frame, origin));
            match taken {
                Ok(0) => {}
                Ok(_) => since = tokio::time::Instant::now(),
                Err(FrameError::Each(ended)) => return ended,
                Err(FrameError::TooLong) => return self.too_long(),
            }
        }
    }

    fn too_long(&self) -> Ended {
        self.shared.drops.add(Dropped::Oversize, 1);
        Ended::TooLong(self.shared.limits.datagram)
    }
}

fn check(shared: &Shared, frame: &[u8]) -> Result<Arc<Inbox>, Dropped> {
    let checked = match shared.classify(frame) {
        Ok(Kind::Check) => shared.verify(frame),
        Ok(_) => Err(Dropped::UnknownAddress),
        Err(dropped) => Err(dropped),
    };
    checked.inspect_err(|dropped| shared.drops.add(*dropped, 1))
}

/// Takes a frame on a connection that is entered.
fn take(shared: &Shared, inbox: &Inbox, frame: &[u8], origin: Origin) -> Result<(), Ended> {
    let taken = match shared.classify(frame) {
        Ok(Kind::Check) => match shared.verify(frame) {
            Ok(owner) if owner.peer.id != inbox.peer.id => return Err(Ended::Other),
            Ok(_) => shared.deliver(inbox, frame, origin),
            Err(dropped) => Err(dropped),
        },
        Ok(_) => shared.deliver(inbox, frame, origin),
        Err(dropped) => Err(dropped),
    };
    count(shared, taken);
    Ok(())
}

fn count(shared: &Shared, taken: Result<(), Dropped>) {
    if let Err(dropped) = taken {
        shared.drops.add(dropped, 1);
    }
}

/// Writes what is put for the connection, until its peer is gone and nothing is left.
async fn write(mut writer: WriteHalf<'_>, unsent: &Unsent, peer: &Peer, limits: &Limits) -> Ended {
    loop {
        let mut bytes = tokio::select! {
            biased;
            bytes = unsent.take() => bytes,
            () = peer.gone.cancelled() => match unsent.take_now() {
                Some(bytes) => bytes,
                None => return Ended::Gone,
            },
        };
        while !bytes.is_empty() {
            match timeout(limits.idle, writer.write_buf(&mut bytes)).await {
                Ok(Ok(0)) => return Ended::Closed,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Ended::Io(error),
                Err(_) => return Ended::Idle,
            }
        }
    }
}

/// A connection's entry at its peer; removed when dropped.
struct Entered {
    peer: Arc<Peer>,
    unsent: Arc<Unsent>,
}

impl Entered {
    fn enter(peer: &Arc<Peer>, origin: &Origin, limits: &Limits) -> Option<Entered> {
        let mut connections = peer.connections.lock();
        if connections.len() >= limits.addresses {
            return None;
        }
        let unsent = Arc::new(Unsent::new(limits.unsent));
        connections.push(Connection {
            local: origin.local,
            remote: origin.from,
            unsent: Arc::clone(&unsent),
        });
        drop(connections);
        Some(Entered {
            peer: Arc::clone(peer),
            unsent,
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.unsent.close();
        self.peer
            .connections
            .lock()
            .retain(|it| !Arc::ptr_eq(&it.unsent, &self.unsent));
    }
}
