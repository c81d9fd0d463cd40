//! Who may publish or play: one decision for all protocols.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::StreamKey;

/// What a client wants to do with a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Send media into it.
    Publish,
    /// Receive media from it.
    Play,
}

impl Action {
    /// `publish` or `play`.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Publish => "publish",
            Action::Play => "play",
        }
    }
}

/// The protocol a client speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// RTMP over TCP.
    Rtmp,
    /// RTMP over TLS.
    Rtmps,
    /// FLV in one endless HTTP response.
    HttpFlv,
    /// FLV in WebSocket messages.
    WsFlv,
    /// WebRTC (WHIP, WHEP or a room's signalling).
    Webrtc,
}

impl Protocol {
    /// Lower-case name, as in metrics and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Rtmp => "rtmp",
            Protocol::Rtmps => "rtmps",
            Protocol::HttpFlv => "http-flv",
            Protocol::WsFlv => "ws-flv",
            Protocol::Webrtc => "webrtc",
        }
    }
}

/// A request to publish or play, as it came from the network: nothing in it has been checked.
#[derive(Clone, Debug)]
pub struct AccessRequest {
    /// What is wanted.
    pub action: Action,
    /// App part of the URL.
    pub app: String,
    /// Stream part of the URL, without its query.
    pub stream: String,
    /// Query of the URL without `?`; carries the token.
    pub query: String,
    /// Who asks.
    pub peer: SocketAddr,
    /// Over which protocol.
    pub protocol: Protocol,
}

/// Permission to publish or play one stream.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The stream.
    pub key: StreamKey,
    /// Version of the URL used. A publisher with a lower epoch never replaces one with a higher.
    pub epoch: u64,
    /// Whose right it is, where the token names somebody. Used to end a holder's connections together.
    pub holder: Option<Arc<str>>,
    /// Given to a part of the gateway (a worker), which counts as nobody's player.
    pub internal: bool,
    /// Highest ingest rate in bits per second, audio and video together; `None`: no limit.
    pub max_bitrate: Option<u64>,
}

/// Refusal to publish or play.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Denial {
    /// Stable machine-readable code, such as `token_expired`.
    pub code: &'static str,
    /// A sentence for the person at the other end; holds no secret.
    pub description: String,
}

/// Decides every publish and play of every protocol. What is not granted is denied.
pub trait Authorise: Send + Sync + 'static {
    /// Grants or denies `request`. Implementations bound their own time.
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>>;
}
