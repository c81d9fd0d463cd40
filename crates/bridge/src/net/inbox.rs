//! Where a peer's datagrams wait for it.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::tcp::Unsent;
use super::{Datagram, Dropped};

/// What a [`Port`](super::Port) and the sockets have in common.
pub(super) struct Peer {
    /// Never used twice.
    pub(super) id: u64,
    /// Cancelled when the port is dropped or everything ends: its connections close.
    pub(super) gone: CancellationToken,
    /// Its TCP connections. Few; the newest last.
    pub(super) connections: Mutex<Vec<Connection>>,
}

/// A TCP connection that brought a valid check for the peer.
pub(super) struct Connection {
    /// Our end.
    pub(super) local: SocketAddr,
    /// The peer's end.
    pub(super) remote: SocketAddr,
    /// What waits to be written.
    pub(super) unsent: Arc<Unsent>,
}

/// The receiving sockets' end of a peer's queue.
pub(super) struct Inbox {
    /// Whose it is.
    pub(super) peer: Arc<Peer>,
    sender: mpsc::Sender<Datagram>,
}

impl Inbox {
    pub(super) fn new(peer: Arc<Peer>, sender: mpsc::Sender<Datagram>) -> Inbox {
        Inbox { peer, sender }
    }

    /// Leaves a datagram there if it fits: media that waits is worth nothing.
    pub(super) fn put(&self, datagram: Datagram) -> Result<(), Dropped> {
        self.sender.try_send(datagram).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Dropped::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Dropped::UnknownAddress,
        })
    }
}
