//! What the sockets and all ports have in common, and the one way in for datagrams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use bytes::BytesMut;
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

use super::drops::Drops;
use super::inbox::Inbox;
use super::stun::{self, Check, Kind};
use super::table::Table;
use super::udp::Udp;
use super::{Datagram, Dropped, Limits, Transport};

pub(super) struct Shared {
    pub(super) table: RwLock<Table>,
    pub(super) drops: Drops,
    pub(super) limits: Limits,
    pub(super) udp: Udp,
    /// Cancelled when everything ends.
    pub(super) stop: CancellationToken,
    /// Id of the next peer.
    pub(super) next: AtomicU64,
}

/// Where a datagram came from, where it was sent to, when it was read.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) transport: Transport,
    pub(super) from: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) at: Instant,
}

impl Shared {
    /// Takes what one UDP read brought: datagrams of one sender, each of `stride` bytes, the last may be shorter.
    pub(super) fn take_udp(&self, bytes: &[u8], stride: usize, origin: Origin) {
        // Looked up once for all of them; a check may change it.
        let mut owner = None;
        for datagram in bytes.chunks(stride.max(1)) {
            let taken = match self.classify(datagram) {
                Err(dropped) => Err(dropped),
                Ok(Kind::Check) => self.verify(datagram).and_then(|inbox| {
                    owner = None;
                    let id = inbox.peer.id;
                    match self
                        .table
                        .write()
                        .bind(id, origin.from, self.limits.addresses, origin.at)
                    {
                        true => self.deliver(&inbox, datagram, origin),
                        false => Err(Dropped::UnknownUfrag),
                    }
                }),
                Ok(_) => {
                    let found =
                        owner.get_or_insert_with(|| self.table.read().owner(origin.from).map(Arc::clone));
                    match found {
                        Some(inbox) => self.deliver(inbox, datagram, origin),
                        None => Err(Dropped::UnknownAddress),
                    }
                }
            };
            if let Err(dropped) = taken {
                self.drops.add(dropped, 1);
            }
        }
    }

    /// What a datagram is, if it is anything.
    pub(super) fn classify(&self, datagram: &[u8]) -> Result<Kind, Dropped> {
        match stun::kind(datagram) {
            _ if datagram.len() > self.limits.datagram => Err(Dropped::Oversize),
            Kind::Unknown => Err(Dropped::Malformed),
            kind => Ok(kind),
        }
    }

    /// Whose check this is.
    pub(super) fn verify(&self, datagram: &[u8]) -> Result<Arc<Inbox>, Dropped> {
        let check = Check::read(datagram).ok_or(Dropped::Malformed)?;
        self.table.read().verify(&check)
    }

    /// Copies a datagram to its peer: only now is anything allocated.
    pub(super) fn deliver(&self, inbox: &Inbox, datagram: &[u8], origin: Origin) -> Result<(), Dropped> {
        inbox.put(Datagram {
            bytes: BytesMut::from(datagram),
            from: origin.from,
            local: origin.local,
            transport: origin.transport,
            at: origin.at,
        })
    }
}
