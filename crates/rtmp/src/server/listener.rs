//! Accepts connections and owns their tasks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::{Authorise, Hub, Protocol};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::config::RtmpServerConfig;
use super::connection::{Connection, Ended};
use super::io::{ServerIo, SharedTcp};
use super::limits::{ConnectionLimits, Place};
use super::playout::PlayWire;
use crate::protocol::Seed;

/// Makes unpredictable seeds for handshakes.
type SeedSource = dyn Fn() -> Seed + Send + Sync;

pub(super) struct Shared {
    pub(super) config: RtmpServerConfig,
    pub(super) hub: Hub,
    pub(super) authoriser: Arc<dyn Authorise>,
    pub(super) stop: CancellationToken,
    pub(super) wire: PlayWire,
    seeds: Box<SeedSource>,
    limits: ConnectionLimits,
    tasks: TaskTracker,
    next_connection: std::sync::atomic::AtomicU64,
}

/// The RTMP server of a gateway, for any number of listeners.
#[derive(Clone)]
pub struct RtmpServer {
    shared: Arc<Shared>,
}

impl RtmpServer {
    /// A server that joins connections to `hub` as `authoriser` allows. `seeds` gives unpredictable bytes.
    pub fn new(
        config: RtmpServerConfig,
        hub: Hub,
        authoriser: Arc<dyn Authorise>,
        seeds: impl Fn() -> Seed + Send + Sync + 'static,
    ) -> RtmpServer {
        let limits = ConnectionLimits::new(config.max_connections, config.max_connections_per_ip);
        RtmpServer {
            shared: Arc::new(Shared {
                wire: PlayWire::new(config.session.chunk_size),
                config,
                hub,
                authoriser,
                stop: CancellationToken::new(),
                seeds: Box::new(seeds),
                limits,
                tasks: TaskTracker::new(),
                next_connection: 1.into(),
            }),
        }
    }

    /// Accepts connections from `listener` until [`shut_down`](Self::shut_down). With `tls`: RTMPS.
    pub async fn serve(&self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        loop {
            let accepted = tokio::select! {
                () = self.shared.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((io, peer)) => self.admit(io, peer, tls.clone()),
                Err(error) => {
                    // Out of descriptors, mostly: what is open goes on, new connections wait.
                    metrics::counter!("lianmai_accept_errors_total").increment(1);
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn admit(&self, io: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
        let place = match self.shared.limits.enter(peer.ip()) {
            Ok(place) => place,
            Err(full) => {
                metrics::counter!("lianmai_connections_refused_total", "limit" => full.as_str()).increment(1);
                tracing::warn!(%peer, limit = full.as_str(), "connection refused");
                return;
            }
        };
        let protocol = if tls.is_some() {
            Protocol::Rtmps
        } else {
            Protocol::Rtmp
        };
        let number = self
            .shared
            .next_connection
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let span = tracing::info_span!("connection", protocol = protocol.as_str(), number, %peer);
        let shared = self.shared.clone();
        let task = async move {
            if let Err(error) = tune(&io, shared.config.unsent_low_water) {
                tracing::debug!(%error, "socket options");
            }
            match tls {
                None => run(shared, SharedTcp::new(io), peer, protocol, place).await,
                Some(tls) => {
                    let limit = shared.config.session.login_timeout;
                    match tokio::time::timeout(limit, tls.accept(io)).await {
                        Ok(Ok(io)) => run(shared, io, peer, protocol, place).await,
                        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
                        Err(_) => tracing::debug!("TLS handshake timed out"),
                    }
                }
            }
        };
        self.shared.tasks.spawn(task.instrument(span));
    }

    /// Connections served now.
    pub fn connections(&self) -> usize {
        self.shared.tasks.len()
    }

    /// Stops accepting, tells every client goodbye and waits until all connections have ended.
    pub async fn shut_down(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

async fn run<T: ServerIo>(shared: Arc<Shared>, io: T, peer: SocketAddr, protocol: Protocol, _place: Place) {
    let gauge = metrics::gauge!("lianmai_connections", "protocol" => protocol.as_str());
    gauge.increment(1.0);
    let seed = (shared.seeds)();
    let ended = Box::pin(Connection::new(shared, io, peer, protocol, seed).run()).await;
    gauge.decrement(1.0);
    metrics::counter!("lianmai_connections_ended_total", "protocol" => protocol.as_str(), "reason" => ended.as_str())
        .increment(1);
    match ended {
        Ended::Failed(error) => tracing::info!(%error, "connection failed"),
        Ended::Io(error) => tracing::debug!(%error, "connection lost"),
        other => tracing::debug!(reason = other.as_str(), "connection ended"),
    }
}

fn tune(io: &TcpStream, unsent_low_water: u32) -> io::Result<()> {
    io.set_nodelay(true)?;
    let socket = socket2::SockRef::from(io);
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(unsent_low_water)?;
    Ok(())
}
