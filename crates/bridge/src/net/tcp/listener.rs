//! Accepting connections, within limits.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::connection;
use crate::net::Limits;
use crate::net::address::{canonical, network};
use crate::net::shared::Shared;

/// Connections that the kernel holds for us.
const BACKLOG: i32 = 1_024;
/// How much the kernel may hold for a connection without having sent it: old media helps nobody.
const UNSENT_LOW_WATER: u32 = 32 * 1024;
/// After an error that will not go away by itself, such as too many open files.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// The TCP port of all peers.
pub(in crate::net) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    places: Arc<Mutex<Places>>,
}

impl Listener {
    /// Binds it. `[::]` takes IPv4 too.
    pub(in crate::net) fn bind(address: SocketAddr, shared: Arc<Shared>) -> io::Result<Listener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        Ok(Listener {
            address: listener.local_addr()?,
            listener,
            shared,
            places: Arc::default(),
        })
    }

    /// What it is bound to.
    pub(in crate::net) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until everything ends.
    pub(in crate::net) async fn run(self, tasks: TaskTracker) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => self.admit(stream, canonical(remote), &tasks),
                Err(error) => {
                    metrics::counter!("lianmai_accept_errors_total").increment(1);
                    tracing::warn!(%error, "accepting ICE-TCP");
                    tokio::time::sleep(ERROR_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, remote: SocketAddr, tasks: &TaskTracker) {
        let place = match Place::take(&self.places, remote.ip(), &self.shared.limits) {
            Ok(place) => place,
            Err(limit) => {
                metrics::counter!("lianmai_bridge_connections_refused_total", "limit" => limit).increment(1);
                return;
            }
        };
        // A stream that is broken already shows that when it is read.
        let Ok(local) = stream.local_addr() else {
            return;
        };
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_LOW_WATER);
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move {
            connection::serve(&shared, stream, canonical(local), remote).await;
            drop(place);
        });
    }
}

/// Connections at present.
#[derive(Default)]
struct Places {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A connection's place; given back when dropped.
struct Place {
    places: Arc<Mutex<Places>>,
    network: IpAddr,
}

impl Place {
    fn take(places: &Arc<Mutex<Places>>, ip: IpAddr, limits: &Limits) -> Result<Place, &'static str> {
        let network = network(ip);
        let mut taken = places.lock();
        if taken.total >= limits.connections {
            return Err("total");
        }
        let here = taken.by_network.get(&network).copied().unwrap_or_default();
        if here >= limits.connections_per_address {
            return Err("address");
        }
        taken.by_network.insert(network, here + 1);
        taken.total += 1;
        drop(taken);
        metrics::gauge!("lianmai_bridge_tcp_connections").increment(1);
        Ok(Place {
            places: Arc::clone(places),
            network,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.total -= 1;
        if let Some(here) = taken.by_network.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                taken.by_network.remove(&self.network);
            }
        }
        metrics::gauge!("lianmai_bridge_tcp_connections").decrement(1);
    }
}
