//! Signalling of peer connections, over the WebSocket only. Descriptions are those of RFC 8829.

use lianmai_bridge as bridge;
use lianmai_rooms::StreamId;
use serde::{Deserialize, Serialize};

/// Which layer of a stream with several a viewer gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layer {
    /// The best that the connection carries.
    #[default]
    Auto,
    /// The best, or less if the connection does not carry it.
    High,
    /// The smallest.
    Low,
    /// No picture.
    AudioOnly,
}

impl From<Layer> for bridge::LayerChoice {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::Auto => Self::Auto,
            Layer::High => Self::High,
            Layer::Low => Self::Low,
            Layer::AudioOnly => Self::AudioOnly,
        }
    }
}

/// A line that sends a track of an own stream.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishLine {
    pub(crate) mid: String,
    pub(crate) stream: StreamId,
}

/// Publish own streams over one connection; with `peer`, over the one that is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishOffer {
    #[serde(default)]
    pub(crate) peer: Option<String>,
    pub(crate) offer: String,
    pub(crate) lines: Vec<PublishLine>,
}

/// A line that receives a track of a stream.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeLine {
    pub(crate) mid: String,
    pub(crate) stream: StreamId,
    #[serde(default)]
    pub(crate) layer: Layer,
}

/// Play streams of the room over one connection; with `peer`, over the one that is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeOffer {
    #[serde(default)]
    pub(crate) peer: Option<String>,
    pub(crate) offer: String,
    pub(crate) lines: Vec<SubscribeLine>,
}

/// The answer to an offer.
#[derive(Serialize)]
pub(crate) struct NegotiatedPeer {
    /// Its id; a secret of the session.
    pub(crate) peer: String,
    pub(crate) answer: String,
    pub(crate) etag: String,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// A server as `RTCPeerConnection` takes it.
#[derive(Serialize)]
pub(crate) struct IceServer {
    pub(crate) urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<String>,
}

impl From<bridge::IceServer> for IceServer {
    fn from(server: bridge::IceServer) -> Self {
        Self {
            urls: server.urls,
            username: server.username,
            credential: server.credential,
        }
    }
}

/// All servers.
#[derive(Serialize)]
pub(crate) struct IceServers {
    pub(crate) ice_servers: Vec<IceServer>,
}

/// Which layer a line gets from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseLayer {
    pub(crate) peer: String,
    pub(crate) mid: String,
    pub(crate) layer: Layer,
}

/// Candidates, or credentials of a new ICE session (RFC 8840).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trickle {
    pub(crate) peer: String,
    pub(crate) fragment: String,
}

/// Empty, or our side of a restarted ICE session.
#[derive(Default, Serialize)]
pub(crate) struct Trickled {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fragment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
}

/// One peer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) peer: String,
}
