//! Which datagram is whose. No I/O; time comes in.
//!
//! An address is in the table only after a check from it was verified, so what an outsider sends never makes it grow.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::Dropped;
use super::inbox::Inbox;
use super::stun::{Check, Password};

/// All peers of one [`Net`](super::Net).
#[derive(Default)]
pub(super) struct Table {
    peers: HashMap<u64, Known>,
    ufrags: HashMap<Box<[u8]>, Credential>,
    /// UDP only: a TCP connection knows its peer itself.
    addresses: HashMap<SocketAddr, Arc<Inbox>>,
}

/// What to forget with a peer.
struct Known {
    inbox: Arc<Inbox>,
    ufrags: Vec<Box<[u8]>>,
    /// With the time of the last valid check.
    addresses: Vec<(SocketAddr, Instant)>,
}

struct Credential {
    inbox: Arc<Inbox>,
    password: Password,
}

impl Table {
    /// Adds a peer without credentials.
    pub(super) fn add(&mut self, inbox: Arc<Inbox>) {
        let known = Known {
            inbox: Arc::clone(&inbox),
            ufrags: Vec::new(),
            addresses: Vec::new(),
        };
        self.peers.insert(inbox.peer.id, known);
    }

    /// From now on checks for `ufrag` are the peer's. `false` if they are somebody's already, or there is no such peer.
    pub(super) fn accept(&mut self, peer: u64, ufrag: &str, password: Password) -> bool {
        let ufrag: Box<[u8]> = ufrag.as_bytes().into();
        if self.ufrags.contains_key(&ufrag) {
            return false;
        }
        let Some(known) = self.peers.get_mut(&peer) else {
            return false;
        };
        known.ufrags.push(ufrag.clone());
        let inbox = Arc::clone(&known.inbox);
        self.ufrags.insert(ufrag, Credential { inbox, password });
        true
    }

    /// Undoes [`accept`](Table::accept). Addresses stay.
    pub(super) fn forget_ufrag(&mut self, peer: u64, ufrag: &str) {
        let Some(known) = self.peers.get_mut(&peer) else {
            return;
        };
        if let Some(at) = known.ufrags.iter().position(|own| **own == *ufrag.as_bytes()) {
            known.ufrags.swap_remove(at);
            self.ufrags.remove(ufrag.as_bytes());
        }
    }

    /// Forgets a peer and all that led to it.
    pub(super) fn remove(&mut self, peer: u64) {
        let Some(known) = self.peers.remove(&peer) else {
            return;
        };
        for ufrag in known.ufrags {
            self.ufrags.remove(&ufrag);
        }
        for (address, _) in known.addresses {
            self.addresses.remove(&address);
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Table::default();
    }

    /// Whose check this is, if its sender knows that peer's password.
    pub(super) fn verify(&self, check: &Check<'_>) -> Result<Arc<Inbox>, Dropped> {
        let credential = self.ufrags.get(check.ufrag).ok_or(Dropped::UnknownUfrag)?;
        match check.is_from_who_knows(&credential.password) {
            true => Ok(Arc::clone(&credential.inbox)),
            false => Err(Dropped::Integrity),
        }
    }

    /// Gives a UDP address to a peer, after a verified check from it. It is no longer another peer's, and takes the
    /// place of the one checked longest ago when the peer has `most` already. `false` if the peer is gone.
    pub(super) fn bind(&mut self, peer: u64, address: SocketAddr, most: usize, now: Instant) -> bool {
        let former = self.addresses.get(&address).map(|inbox| inbox.peer.id);
        if let Some(former) = former.filter(|former| *former != peer)
            && let Some(known) = self.peers.get_mut(&former)
        {
            known.addresses.retain(|(own, _)| *own != address);
            self.addresses.remove(&address);
        }
        let Some(known) = self.peers.get_mut(&peer) else {
            return false;
        };
        if let Some((_, checked)) = known.addresses.iter_mut().find(|(own, _)| *own == address) {
            *checked = now;
            return true;
        }
        if known.addresses.len() >= most
            && let Some(oldest) =
                (0..known.addresses.len()).min_by_key(|at| known.addresses.get(*at).map(|it| it.1))
        {
            let (address, _) = known.addresses.swap_remove(oldest);
            self.addresses.remove(&address);
        }
        known.addresses.push((address, now));
        self.addresses.insert(address, Arc::clone(&known.inbox));
        true
    }

    /// Whose address this is.
    pub(super) fn owner(&self, address: SocketAddr) -> Option<&Arc<Inbox>> {
        self.addresses.get(&address)
    }

    /// Peers, user name fragments and addresses.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.peers.len(), self.ufrags.len(), self.addresses.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parking_lot::Mutex;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::net::inbox::Peer;

    fn add(table: &mut Table, id: u64) {
        let peer = Peer {
            id,
            gone: CancellationToken::new(),
            connections: Mutex::default(),
        };
        table.add(Arc::new(Inbox::new(Arc::new(peer), mpsc::channel(1).0)));
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn owner(table: &Table, port: u16) -> Option<u64> {
        table.owner(address(port)).map(|inbox| inbox.peer.id)
    }

    fn password() -> Password {
        Password::new("a password").unwrap()
    }

    #[test]
    fn one_address_too_many_replaces_the_one_checked_longest_ago() {
        let (mut table, start) = (Table::default(), Instant::now());
        add(&mut table, 1);
        for (second, port) in [(0, 10), (1, 11), (2, 12), (3, 10), (4, 13)] {
            assert!(table.bind(1, address(port), 3, start + Duration::from_secs(second)));
        }
        assert_eq!(owner(&table, 11), None);
        assert!([10, 12, 13].iter().all(|port| owner(&table, *port) == Some(1)));
    }

    #[test]
    fn an_address_taken_over_stays_when_its_former_peer_leaves() {
        let (mut table, now) = (Table::default(), Instant::now());
        add(&mut table, 1);
        add(&mut table, 2);
        assert!(table.bind(1, address(10), 16, now));
        assert!(table.bind(2, address(10), 16, now));
        table.remove(1);
        assert_eq!(owner(&table, 10), Some(2));
        assert!(!table.bind(1, address(11), 16, now), "it has gone");
        table.remove(2);
        assert_eq!(table.sizes(), (0, 0, 0));
    }

    #[test]
    fn a_user_name_fragment_is_one_peers_only() {
        let mut table = Table::default();
        add(&mut table, 1);
        add(&mut table, 2);
        assert!(table.accept(1, "abcd", password()));
        assert!(!table.accept(2, "abcd", password()));
        assert!(!table.accept(1, "abcd", password()));
        table.forget_ufrag(2, "abcd");
        assert!(
            !table.accept(2, "abcd", password()),
            "only its owner can give it up"
        );
        table.forget_ufrag(1, "abcd");
        assert!(table.accept(2, "abcd", password()));
        table.remove(1);
        assert_eq!(table.sizes(), (1, 1, 0));
        assert!(!table.accept(1, "efgh", password()));
    }
}
