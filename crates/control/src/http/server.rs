//! Accepts HTTP/1.1 connections and serves them until told to stop.
//!
//! Bounds what one connection may cost before it says anything: the head of a request has a size and a time-out, and
//! open connections are counted in total and per address. Stopping lets requests finish for a grace period, then ends
//! what is left (players of endless streams).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::config::HttpConfig;
use super::rate::caller_key;
use super::stall::{StallGuard, Stalled};
use super::tally::{Place, Tally};

/// Smallest buffer the HTTP library takes.
const MIN_BUFFER: usize = 8192;
/// Bytes that may wait unsent in the kernel for one client; the rest waits in the ring, where a slow player can skip it.
#[cfg(target_os = "linux")]
const UNSENT_LOW_WATER: u32 = 256 * 1024;
/// Pause after a failed accept, such as when file descriptors are used up.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `stop`, then lets open requests finish for at most `grace`.
///
/// The address of the peer is an extension of each request: [`ConnectInfo<SocketAddr>`].
///
/// Cancel-safe only by `stop`: dropping the future leaves connections running until their clients go.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &HttpConfig,
    stop: CancellationToken,
    grace: Duration,
) {
    let server = Server {
        router,
        head_timeout: config.head_timeout,
        write_stall: config.write_stall,
        buffer: config.max_head.saturating_mul(2).max(MIN_BUFFER),
        stop: stop.clone(),
        kill: CancellationToken::new(),
    };
    let places = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
    let per_ip = Tally::new(config.max_connections_per_ip);
    let tracker = TaskTracker::new();
    while let Some((stream, peer, permit)) = accept(&listener, &places, &stop).await {
        let Some(place) = per_ip.open(caller_key(peer.ip())) else {
            metrics::counter!("http_connections_refused_total").increment(1);
            continue;
        };
        let server = server.clone();
        let span = tracing::info_span!("http", %peer);
        tracker.spawn(server.connection(stream, peer, (permit, place)).instrument(span));
    }
    drop(listener);
    tracker.close();
    if tokio::time::timeout(grace, tracker.wait()).await.is_err() {
        server.kill.cancel();
        tracker.wait().await;
    }
}

/// The next connection; `None` once stopped.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let next = async {
        let permit = Arc::clone(places).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, permit)),
                Err(error) => {
                    tracing::debug!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(next).await.flatten()
}

#[derive(Clone)]
struct Server {
    router: Router,
    head_timeout: Duration,
    write_stall: Duration,
    buffer: usize,
    stop: CancellationToken,
    kill: CancellationToken,
}

impl Server {
    async fn connection(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        _places: (OwnedSemaphorePermit, Place<IpAddr>),
    ) {
        tune(&stream);
        let stalled = Stalled::default();
        let stream = StallGuard::new(stream, self.write_stall, stalled.clone());
        let router = self.router;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(stalled.clone());
            router.clone().oneshot(request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_buf_size(self.buffer)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        let mut stopping = false;
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::trace!(%peer, %error, "connection ended");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.kill.cancelled() => return,
            }
        }
    }
}

/// Options without which it works as well, only less well.
fn tune(stream: &TcpStream) {
    // Small writes of live media must not wait for each other.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_LOW_WATER);
}
