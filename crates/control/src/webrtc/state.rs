//! What all WebRTC endpoints share, and how it comes to life.

use std::sync::Arc;

use lianmai_bridge::{Bridge, IceServer, PeerId};
use lianmai_rooms::{AppId, MemberId, SessionId};

use super::ice::IceConfig;
use super::peers::Peers;
use crate::service::Service;
use crate::signals;

/// Settings of the WebRTC endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebrtcConfig {
    /// STUN and TURN servers for clients.
    pub ice: IceConfig,
    /// Longest session description, in bytes; the bridge's own limit.
    pub max_sdp: usize,
}

impl Default for WebrtcConfig {
    fn default() -> Self {
        Self {
            ice: IceConfig::default(),
            max_sdp: 64 * 1024,
        }
    }
}

/// The bridge and what is known about its peers here.
pub struct Webrtc {
    pub(crate) bridge: Bridge,
    pub(crate) config: WebrtcConfig,
    pub(crate) peers: Peers,
}

impl Webrtc {
    pub(crate) fn new(bridge: Bridge, config: WebrtcConfig) -> Self {
        Self {
            bridge,
            config,
            peers: Peers::default(),
        }
    }

    /// The stay of a member is over.
    pub(crate) fn member_left(&self, app: &AppId, member: &MemberId) {
        self.close_all(self.peers.of_member(app, member));
    }

    /// A session is over.
    pub(crate) fn session_ended(&self, session: &SessionId) {
        self.close_all(self.peers.of_session(session));
    }

    /// A session is no longer inside a room, although its member is.
    pub(crate) fn session_left(&self, app: &AppId, member: &MemberId, session: &SessionId) {
        let of_session = self.peers.of_session(session);
        let of_member = self.peers.of_member(app, member);
        let both = of_session.into_iter().filter(|peer| of_member.contains(peer));
        self.close_all(both.collect());
    }

    fn close_all(&self, peers: Vec<PeerId>) {
        for peer in peers {
            self.close(&peer);
        }
    }

    /// Ends a peer. `false` if there is none.
    pub(crate) fn close(&self, peer: &PeerId) -> bool {
        self.peers.remove(peer);
        self.bridge.close(peer)
    }
}

impl Service {
    /// Offers WebRTC from now on: peers are made on `bridge`. A second call changes nothing.
    pub fn serve_webrtc(&self, bridge: Bridge, config: WebrtcConfig) {
        let webrtc = Arc::new(Webrtc::new(bridge.clone(), config));
        if self.core.webrtc.set(webrtc).is_ok() {
            let events = signals::hear(self.core.clone(), bridge.events());
            self.tasks
                .spawn(self.stop.clone().run_until_cancelled_owned(events));
        }
    }

    /// The WebRTC endpoints, if there are any.
    pub(crate) fn webrtc(&self) -> Option<&Arc<Webrtc>> {
        self.core.webrtc.get()
    }

    /// STUN and TURN servers for `user`; empty without WebRTC.
    pub(crate) fn ice_servers(&self, user: &str) -> Vec<IceServer> {
        let now = self.clock().now();
        self.webrtc()
            .map_or_else(Vec::new, |webrtc| webrtc.config.ice.servers(user, now))
    }
}
