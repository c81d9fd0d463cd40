//! One peer's side of the sockets.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::inbox::Peer;
use super::run::Run;
use super::shared::Shared;
use super::stun::Password;
use super::tcp::Unsent;
use super::{Datagram, Dropped, Route, Transport};

/// Datagrams handed out at a time.
const BATCH: usize = 64;

/// Why a peer's credentials are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialError {
    /// Another peer has this user name fragment, or this peer has it already.
    #[error("the ICE user name fragment is in use")]
    Taken,
    /// An empty password protects nothing.
    #[error("the ICE password is empty")]
    Empty,
}

/// One peer's side of the sockets. Dropping it sends what waits in its run, closes the peer's TCP connections, and
/// forgets its credentials and addresses.
pub struct Port {
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    datagrams: mpsc::Receiver<Datagram>,
    run: Run,
}

impl Port {
    pub(super) fn new(shared: Arc<Shared>, peer: Arc<Peer>, datagrams: mpsc::Receiver<Datagram>) -> Port {
        Port {
            shared,
            peer,
            datagrams,
            run: Run::default(),
        }
    }

    /// Takes more credentials, as for an ICE restart. The old ones stay until [`forget`](Port::forget).
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn accept(&mut self, ufrag: &str, password: &str) -> Result<(), CredentialError> {
        let password = Password::new(password).ok_or(CredentialError::Empty)?;
        match self.shared.table.write().accept(self.peer.id, ufrag, password) {
            true => Ok(()),
            // Once everything ends there are no peers, and nothing will ask for the credentials.
            false if self.shared.stop.is_cancelled() => Ok(()),
            false => Err(CredentialError::Taken),
        }
    }

    /// Takes no more checks for this user name fragment. Addresses that proved it stay.
    pub fn forget(&mut self, ufrag: &str) {
        self.shared.table.write().forget_ufrag(self.peer.id, ufrag);
    }

    /// Waits for datagrams and appends them. Returns how many; 0 once the sockets are shut down. Nothing is lost when
    /// the future is dropped.
    pub async fn recv(&mut self, batch: &mut Vec<Datagram>) -> usize {
        self.datagrams.recv_many(batch, BATCH).await
    }

    /// Sends a datagram, at the latest with the next [`flush`](Port::flush). UDP datagrams of one size to one address
    /// that follow each other leave in one system call; the order is kept. Never waits: what does not fit into the
    /// socket is dropped and counted.
    ///
    /// `to.local` must be as it was in a [`Datagram`], or unspecified.
    pub fn send(&mut self, to: Route, bytes: &[u8]) {
        self.send_with(to, bytes.len(), |room| room.copy_from_slice(bytes));
    }

    /// As [`send`](Port::send) with a datagram of `length` bytes that `write` puts where it is sent from.
    pub fn send_with(&mut self, to: Route, length: usize, write: impl FnOnce(&mut [u8])) {
        match to.transport {
            Transport::Udp => {
                if let Some(room) = self.run.append(to, length) {
                    return write(room);
                }
                self.flush();
                match self.run.append(to, length) {
                    Some(room) => write(room),
                    None => self.shared.drops.add(Dropped::Refused, 1),
                }
            }
            Transport::Tcp => {
                let mut bytes = vec![0; length];
                write(&mut bytes);
                self.send_on_connection(to, &bytes);
            }
        }
    }

    /// Sends what waits.
    pub fn flush(&mut self) {
        if let Some((route, bytes, segment)) = self.run.get() {
            self.shared.udp.send(route, bytes, segment, &self.shared.drops);
            self.run.clear();
        }
    }

    fn send_on_connection(&self, to: Route, bytes: &[u8]) {
        let connections = self.peer.connections.lock();
        // The same remote port may be connected to two of our addresses.
        let exact = connections
            .iter()
            .rev()
            .find(|it| it.remote == to.remote && it.local == to.local);
        let found = exact.or_else(|| connections.iter().rev().find(|it| it.remote == to.remote));
        let unsent: Option<Arc<Unsent>> = found.map(|connection| Arc::clone(&connection.unsent));
        drop(connections);
        let pushed = unsent.map_or(Err(Dropped::NotConnected), |unsent| unsent.push(bytes));
        if let Err(dropped) = pushed {
            self.shared.drops.add(dropped, 1);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.flush();
        self.shared.table.write().remove(self.peer.id);
        self.peer.gone.cancel();
    }
}
