//! All peers of one gateway.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use lianmai_hub::Hub;
use parking_lot::Mutex;
use rtc::peer_connection::certificate::RTCCertificate;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::net::{Limits, Net};
use crate::peer::link::Link;
use crate::peer::negotiate::add_candidates;
use crate::peer::places::Places;
use crate::peer::{Command, Peer, check, direction_of, engine};
use crate::{Answer, BridgeConfig, BridgeError, BridgeEvent, LayerChoice, Offer, PeerId, Trickled};

/// Commands that wait for one peer.
const COMMANDS: usize = 16;
/// Events that a slow receiver may be behind.
const EVENTS: usize = 1_024;

/// All peers. Cheap to clone; all clones are the same bridge.
#[derive(Clone)]
pub struct Bridge {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<BridgeConfig>,
    hub: Hub,
    net: Net,
    places: Places,
    certificate: RTCCertificate,
    peers: Mutex<HashMap<PeerId, Handle>>,
    events: broadcast::Sender<BridgeEvent>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Handle {
    commands: mpsc::Sender<Command>,
    stop: CancellationToken,
}

impl Bridge {
    /// Listens on the configured ports. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// A port cannot be bound, or there is no address to announce.
    pub async fn start(config: BridgeConfig, hub: Hub) -> io::Result<Bridge> {
        let net = Net::start(config.udp, config.tcp, Limits::default())?;
        let places = places(&config, &net)?;
        let certificate = engine::certificate().map_err(io::Error::other)?;
        tracing::info!(udp = %net.udp_address(), announced = ?places.udp(), "WebRTC");
        Ok(Bridge {
            inner: Arc::new(Inner {
                config: Arc::new(config),
                hub,
                net,
                places,
                certificate,
                peers: Mutex::default(),
                events: broadcast::channel(EVENTS).0,
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        })
    }

    /// Where peers send UDP to, when the port was chosen by the system.
    pub fn udp_address(&self) -> SocketAddr {
        self.inner.net.udp_address()
    }

    /// Where peers without UDP connect to.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.inner.net.tcp_address()
    }

    /// Settings.
    pub fn config(&self) -> &BridgeConfig {
        &self.inner.config
    }

    /// Makes a peer from its offer. Media starts by itself when it connects.
    ///
    /// # Errors
    /// See [`BridgeError`]; nothing is left behind.
    pub async fn open(&self, offer: Offer) -> Result<Answer, BridgeError> {
        let inner = &self.inner;
        check(&inner.config, &offer)?;
        let direction = direction_of(&offer.lines)?;
        if inner.stop.is_cancelled() {
            return Err(BridgeError::ShuttingDown);
        }
        if inner.peers.lock().len() >= inner.config.max_peers {
            metrics::counter!("lianmai_bridge_refused_total", "reason" => "too_many").increment(1);
            return Err(BridgeError::TooManyPeers);
        }
        let now = Instant::now();
        let consent = inner.config.consent_timeout;
        let certificate = inner.certificate.clone();
        let unusable = |error: rtc::shared::error::Error| BridgeError::Sdp(error.to_string());
        let media = engine::Media::new(direction).map_err(unusable)?;
        let mut connection = engine::connection(now, certificate, &media, consent).map_err(unusable)?;
        add_candidates(&mut connection, inner.places.udp(), inner.places.tcp())?;
        let link = Link::new(connection, inner.places.clone(), inner.net.clone(), media, now);
        let id = PeerId::random();
        let mut peer = Peer::new(
            id.clone(),
            inner.config.clone(),
            inner.hub.clone(),
            inner.events.clone(),
            direction,
            link,
            now,
        );
        let (sdp, etag) = peer.apply(&offer, now).inspect_err(|_| {
            metrics::counter!("lianmai_bridge_refused_total", "reason" => "offer").increment(1);
        })?;
        self.spawn(peer);
        Ok(Answer { peer: id, sdp, etag })
    }

    fn spawn(&self, peer: Peer) {
        let inner = &self.inner;
        let id = peer.id.clone();
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let stop = inner.stop.child_token();
        let handle = Handle {
            commands,
            stop: stop.clone(),
        };
        inner.peers.lock().insert(id.clone(), handle);
        metrics::gauge!("lianmai_bridge_peers").increment(1.0);
        let registered = Registered {
            inner: Arc::downgrade(inner),
            id: id.clone(),
        };
        let span = tracing::info_span!("peer", id = ?id);
        inner.tasks.spawn(
            async move {
                // Forgets the peer also when its task panics.
                let _registered = registered;
                let ended = peer.run(receiver, stop).await;
                metrics::counter!("lianmai_bridge_peers_ended_total", "reason" => ended.as_str())
                    .increment(1);
                tracing::info!(reason = ended.as_str(), "peer ended");
            }
            .instrument(span),
        );
    }

    /// Gives a peer's lines other uses: more streams, fewer, others.
    ///
    /// # Errors
    /// See [`BridgeError`].
    pub async fn renegotiate(&self, peer: &PeerId, offer: Offer) -> Result<Answer, BridgeError> {
        check(&self.inner.config, &offer)?;
        let (reply, answer) = oneshot::channel();
        self.command(peer, Command::Renegotiate(offer, reply)).await?;
        let (sdp, etag) = answer.await.map_err(|_| BridgeError::NoSuchPeer)??;
        Ok(Answer {
            peer: peer.clone(),
            sdp,
            etag,
        })
    }

    /// Takes candidates, or restarts ICE when the fragment has other credentials.
    ///
    /// # Errors
    /// [`BridgeError::Stale`] when `if_match` is not the present entity tag.
    pub async fn trickle(
        &self,
        peer: &PeerId,
        if_match: Option<&str>,
        fragment: &str,
    ) -> Result<Trickled, BridgeError> {
        let (length, limit) = (fragment.len(), self.inner.config.max_sdp);
        if length > limit {
            return Err(BridgeError::TooLong { length, limit });
        }
        let (reply, answer) = oneshot::channel();
        let command = Command::Trickle {
            if_match: if_match.map(str::to_owned),
            fragment: fragment.to_owned(),
            reply,
        };
        self.command(peer, command).await?;
        answer.await.map_err(|_| BridgeError::NoSuchPeer)?
    }

    /// Which layer a playing line gets from now on.
    ///
    /// # Errors
    /// [`BridgeError::NoSuchPeer`].
    pub fn choose_layer(&self, peer: &PeerId, mid: &str, layer: LayerChoice) -> Result<(), BridgeError> {
        let handle = self.handle(peer)?;
        let mid = mid.to_owned();
        handle
            .commands
            .try_send(Command::Layer { mid, layer })
            .map_err(|_| BridgeError::NoSuchPeer)
    }

    async fn command(&self, peer: &PeerId, command: Command) -> Result<(), BridgeError> {
        let handle = self.handle(peer)?;
        handle
            .commands
            .send(command)
            .await
            .map_err(|_| BridgeError::NoSuchPeer)
    }

    fn handle(&self, peer: &PeerId) -> Result<Handle, BridgeError> {
        self.inner
            .peers
            .lock()
            .get(peer)
            .cloned()
            .ok_or(BridgeError::NoSuchPeer)
    }

    /// Whether there is such a peer.
    pub fn has(&self, peer: &PeerId) -> bool {
        self.inner.peers.lock().contains_key(peer)
    }

    /// Ends a peer. `false` if there is none.
    pub fn close(&self, peer: &PeerId) -> bool {
        let handle = self.inner.peers.lock().remove(peer);
        handle.inspect(|handle| handle.stop.cancel()).is_some()
    }

    /// Events from now on. A receiver that falls behind by 1 024 loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<BridgeEvent> {
        self.inner.events.subscribe()
    }

    /// Peers at present.
    pub fn peers(&self) -> usize {
        self.inner.peers.lock().len()
    }

    /// Ends all peers and waits until every task has finished.
    pub async fn shut_down(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.net.shut_down().await;
    }
}

/// A peer's place in the registry.
struct Registered {
    inner: std::sync::Weak<Inner>,
    id: PeerId,
}

impl Drop for Registered {
    fn drop(&mut self) {
        metrics::gauge!("lianmai_bridge_peers").decrement(1.0);
        let Some(inner) = self.inner.upgrade() else { return };
        inner.peers.lock().remove(&self.id);
        // Nobody may be listening.
        let _ = inner.events.send(BridgeEvent::Closed {
            peer: self.id.clone(),
        });
    }
}

/// The addresses to announce: the public ones, or those we are bound to.
fn places(config: &BridgeConfig, net: &Net) -> io::Result<Places> {
    let hosts: Vec<IpAddr> = if config.public_addresses.is_empty() {
        net.host_addresses(true)?
    } else {
        config.public_addresses.clone()
    };
    let udp_port = net.udp_address().port();
    let at = |port: u16| {
        hosts
            .iter()
            .map(|ip| SocketAddr::new(*ip, port))
            .collect::<Vec<_>>()
    };
    let tcp = net.tcp_address().map_or_else(Vec::new, |tcp| at(tcp.port()));
    Ok(Places::new(at(udp_port), tcp))
}
