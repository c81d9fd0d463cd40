//! What the control plane says to the bridge and hears from it.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lianmai_hub::{Grant, StreamKey};
use lianmai_media::TrackKind;

/// Settings of the bridge.
#[derive(Clone, Debug)]
pub struct BridgeConfig {
    /// Where all peers send UDP to.
    pub udp: SocketAddr,
    /// Where peers without UDP connect to (ICE-TCP, RFC 6544); `None`: not at all.
    pub tcp: Option<SocketAddr>,
    /// Addresses that peers reach us at, when they are not those we listen on. Empty: those of the interfaces.
    pub public_addresses: Vec<IpAddr>,
    /// Peers at a time.
    pub max_peers: usize,
    /// Longest session description, in bytes.
    pub max_sdp: usize,
    /// Media lines of one peer at most.
    pub max_lines: usize,
    /// A peer that has not connected after this long is forgotten.
    pub connect_timeout: Duration,
    /// A peer that answers no consent checks for this long is gone (RFC 7675).
    pub consent_timeout: Duration,
}

impl Default for BridgeConfig {
    fn default() -> BridgeConfig {
        BridgeConfig {
            udp: SocketAddr::from(([0, 0, 0, 0], 8_000)),
            tcp: None,
            public_addresses: Vec::new(),
            max_peers: 5_000,
            max_sdp: 64 * 1024,
            max_lines: 64,
            connect_timeout: Duration::from_secs(15),
            consent_timeout: Duration::from_secs(15),
        }
    }
}

/// One peer connection. Unguessable: knowing it is the right to change the connection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PeerId(String);

impl PeerId {
    /// A fresh one.
    pub(crate) fn random() -> PeerId {
        use base64::Engine as _;
        PeerId(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>()))
    }

    /// The id as a client brings it back; whether it exists shows when it is used.
    pub fn from_client(text: &str) -> PeerId {
        PeerId(text.to_owned())
    }

    /// As in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PeerId {
    /// Only its beginning: it is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({}…)", self.0.get(..4).unwrap_or_default())
    }
}

/// A session description with what its media lines are for.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The description (RFC 8866, RFC 8829).
    pub sdp: String,
    /// What its lines are for.
    pub lines: Lines,
}

/// What the media lines of an offer are for.
#[derive(Clone, Debug)]
pub enum Lines {
    /// All of them publish one stream (WHIP).
    Publish(PublishLine),
    /// All of them play one stream (WHEP).
    Play(PlayLine),
    /// By `mid`. Lines that are not named are answered as inactive.
    ByMid(HashMap<String, Line>),
}

/// What one media line is for.
#[derive(Clone, Debug)]
pub enum Line {
    /// It sends a track of a stream to us.
    Publish(PublishLine),
    /// It receives a track of a stream from us.
    Play(PlayLine),
}

/// Publishing.
#[derive(Clone, Debug)]
pub struct PublishLine {
    /// What the authoriser granted.
    pub grant: Grant,
}

/// Playing.
#[derive(Clone, Debug)]
pub struct PlayLine {
    /// What the authoriser granted.
    pub grant: Grant,
    /// Which layer of a stream with several.
    pub layer: LayerChoice,
}

/// Which of a publisher's layers (simulcast) a viewer gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LayerChoice {
    /// The best that the viewer's connection carries.
    #[default]
    Auto,
    /// The best one, or less if the connection does not carry it.
    High,
    /// The smallest one.
    Low,
    /// No picture.
    AudioOnly,
}

/// The answer to an [`Offer`].
#[derive(Clone, Debug)]
pub struct Answer {
    /// The peer that was made or changed.
    pub peer: PeerId,
    /// Session description, with all our candidates.
    pub sdp: String,
    /// Changes with the ICE session (RFC 9725 §4.3.1).
    pub etag: String,
}

/// What became of a trickle fragment (RFC 8840).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trickled {
    /// Its candidates were taken.
    Candidates,
    /// ICE was restarted; our side of it as a fragment, and the new entity tag.
    Restarted {
        /// `application/trickle-ice-sdpfrag`.
        fragment: String,
        /// New entity tag.
        etag: String,
    },
}

/// A STUN or TURN server for clients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IceServer {
    /// `stun:` and `turn(s):` URLs.
    pub urls: Vec<String>,
    /// User name, for TURN.
    pub username: Option<String>,
    /// Password, for TURN.
    pub credential: Option<String>,
}

/// Why a peer cannot be made or changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BridgeError {
    /// The description, or a fragment of one, cannot be used.
    #[error("session description: {0}")]
    Sdp(String),
    /// It is too long.
    #[error("session description of {length} bytes; {limit} are allowed")]
    TooLong {
        /// Its length.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// No codec that we can use is offered.
    #[error("no usable {0:?} codec is offered")]
    NoCodec(TrackKind),
    /// There is no such peer.
    #[error("there is no such peer connection")]
    NoSuchPeer,
    /// The entity tag is not the present one.
    #[error("the ICE session has changed")]
    Stale,
    /// As many peers as allowed are there.
    #[error("too many peer connections")]
    TooManyPeers,
    /// The stream cannot be published or played.
    #[error(transparent)]
    Stream(#[from] lianmai_hub::PublishError),
    /// The bridge shuts down.
    #[error("the gateway shuts down")]
    ShuttingDown,
}

/// What happens to peers, for the control plane.
#[derive(Clone, PartialEq, Debug)]
pub enum BridgeEvent {
    /// How loud a publisher is now (RFC 6464): told about five times per second while it changes.
    AudioLevel {
        /// The stream.
        key: StreamKey,
        /// dB below overload, 0 (loudest) to 127 (silent).
        level: u8,
        /// Whether the sender says that it is speech.
        voice: bool,
    },
    /// How good a connection is, told every two seconds while it changes.
    Quality {
        /// The stream published or played.
        key: StreamKey,
        /// Whose connection it is.
        holder: Option<std::sync::Arc<str>>,
        /// From the member to us: 0 (unknown), 1 (best) to 5 (worst).
        up: u8,
        /// From us to the member, likewise.
        down: u8,
    },
    /// A peer is gone.
    Closed {
        /// Which.
        peer: PeerId,
    },
}
