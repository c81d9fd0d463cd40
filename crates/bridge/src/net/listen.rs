//! The sockets of all peers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::drops::Drops;
use super::inbox::{Inbox, Peer};
use super::shared::Shared;
use super::table::Table;
use super::tcp::Listener;
use super::udp::{self, Udp};
use super::{CredentialError, Dropped, Limits, Port, hosts};

/// The sockets of all peers. Cheap to clone; when the last clone is dropped, everything ends.
#[derive(Clone)]
pub struct Net(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    tcp: Option<SocketAddr>,
    tasks: TaskTracker,
    _stop: DropGuard,
}

impl Net {
    /// Binds the sockets and starts to read. Must be called inside a tokio runtime. An unspecified IPv6 address takes
    /// IPv4 too.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub fn start(udp: SocketAddr, tcp: Option<SocketAddr>, limits: Limits) -> io::Result<Net> {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let shared = Arc::new(Shared {
            table: RwLock::new(Table::default()),
            drops: Drops::new(),
            udp: Udp::bind(udp, &limits)?,
            limits,
            stop: stop.clone(),
            next: AtomicU64::new(0),
        });
        let listener = tcp
            .map(|address| Listener::bind(address, Arc::clone(&shared)))
            .transpose()?;
        let tcp = listener.as_ref().map(Listener::address);
        tasks.spawn(udp::receive(Arc::clone(&shared)));
        if let Some(listener) = listener {
            tasks.spawn(listener.run(tasks.clone()));
        }
        Ok(Net(Arc::new(Inner {
            shared,
            tcp,
            tasks,
            _stop: stop.drop_guard(),
        })))
    }

    /// What the UDP socket is bound to.
    pub fn udp_address(&self) -> SocketAddr {
        self.0.shared.udp.address
    }

    /// What the TCP listener is bound to, if there is one.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.0.tcp
    }

    /// The addresses a peer on this network could reach the UDP port at: the one it is bound to, or else those of the
    /// interfaces. Loopback addresses are among them if `loopback` or if there is nothing else. Link-local ones never
    /// are: they mean nothing without their interface.
    ///
    /// # Errors
    /// The system does not tell its interfaces.
    pub fn host_addresses(&self, loopback: bool) -> io::Result<Vec<IpAddr>> {
        hosts::addresses(self.udp_address().ip(), loopback)
    }

    /// Makes a port for a peer whose side of the ICE session has these credentials.
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn register(&self, ufrag: &str, password: &str) -> Result<Port, CredentialError> {
        let shared = &self.0.shared;
        let (sender, datagrams) = mpsc::channel(shared.limits.queue.max(1));
        let peer = Arc::new(Peer {
            id: shared.next.fetch_add(1, Ordering::Relaxed),
            gone: shared.stop.child_token(),
            connections: Mutex::new(Vec::new()),
        });
        {
            let mut table = shared.table.write();
            if !shared.stop.is_cancelled() {
                table.add(Arc::new(Inbox::new(Arc::clone(&peer), sender)));
            }
        }
        // From here on dropping the port cleans up.
        let mut port = Port::new(Arc::clone(shared), peer, datagrams);
        port.accept(ufrag, password)?;
        Ok(port)
    }

    /// Datagrams dropped so far for this reason; also `lianmai_bridge_dropped_datagrams_total`.
    pub fn dropped(&self, reason: Dropped) -> u64 {
        self.0.shared.drops.get(reason)
    }

    /// How many peers, user name fragments and validated UDP addresses are known.
    pub fn known(&self) -> (usize, usize, usize) {
        self.0.shared.table.read().sizes()
    }

    /// Closes the sockets' ends: ports receive no more, connections close, and all tasks have finished afterwards.
    pub async fn shut_down(&self) {
        self.0.shared.stop.cancel();
        self.0.shared.table.write().clear();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}
