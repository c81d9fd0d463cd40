//! What the service answers.

use std::sync::Arc;

use lianmai_hub::StreamStats;
use lianmai_rooms::{
    AccountId, AppId, Device, MemberId, RoomId, RoomView, SessionId, StreamId, StreamView, Timestamp,
};
use serde::Serialize;

use crate::events::RoomEvent;
use crate::service::AppPolicy;

/// An app as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppView {
    /// Its id.
    pub id: AppId,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its policy.
    pub policy: AppPolicy,
}

/// A new app. The only time its secrets are shown (R-K1); not printed by `Debug`.
#[derive(Clone, Serialize)]
pub struct AppCreated {
    /// The app.
    pub app: AppView,
    /// Signs connection tokens, tickets and URLs.
    pub secret: String,
    /// Signs what the gateway posts to the app's hooks.
    pub webhook_secret: String,
}

impl std::fmt::Debug for AppCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppCreated")
            .field("app", &self.app.id)
            .finish_non_exhaustive()
    }
}

/// A room at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomState {
    /// The room, without secrets.
    pub view: RoomView,
    /// Number of the newest event in it: go on with the events after this one.
    pub sequence: u64,
}

/// A command was carried out and is durable.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What happened; empty if nothing changed.
    pub events: Vec<Arc<RoomEvent>>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// Somebody is inside.
#[derive(Debug, Clone)]
pub struct Joined {
    /// As which member.
    pub member: MemberId,
    /// The room after joining.
    pub room: RoomState,
    /// Whether the account was inside before.
    pub again: bool,
}

/// A URL to push to. The URL is a secret; not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PushUrl {
    /// `rtmp://…`; `None` if media does not come over RTMP.
    pub url: Option<String>,
    /// `rtmps://…`, where the gateway is reachable so.
    pub rtmps: Option<String>,
    /// Where to send a WHIP offer to (RFC 9725); `None` where the gateway does not speak WebRTC.
    pub whip: Option<String>,
    /// When it stops being accepted for new connections.
    pub expires_at: Timestamp,
    /// Version; a newer one replaces it (R-W1).
    pub version: u32,
}

/// URLs to pull one stream from. Secrets; not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PullUrls {
    /// `rtmp://…`; `None`, like the others of its kin, if only WebRTC was asked for.
    pub rtmp: Option<String>,
    /// `rtmps://…`, where the gateway is reachable so.
    pub rtmps: Option<String>,
    /// `http(s)://….flv`
    pub http_flv: Option<String>,
    /// `ws(s)://….flv`
    pub ws_flv: Option<String>,
    /// Where to send a WHEP offer to; `None` where the gateway does not speak WebRTC.
    pub whep: Option<String>,
    /// When they stop being accepted for new connections.
    pub expires_at: Timestamp,
    /// Version; a newer one replaces it (R-W1).
    pub version: u32,
}

impl std::fmt::Debug for PushUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushUrl")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PullUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PullUrls")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A member publishes.
#[derive(Debug, Clone)]
pub struct Published {
    /// The stream.
    pub stream: StreamView,
    /// Where to push; `None` if it comes over WebRTC and the gateway has none.
    pub push: Option<PushUrl>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// A stream's URLs have a new version.
#[derive(Debug, Clone)]
pub struct Reissued {
    /// The version now.
    pub version: u32,
    /// First moment at which the version before is refused.
    pub previous_until: Timestamp,
    /// The new push URL; only for the stream's owner and the app.
    pub push: Option<PushUrl>,
}

/// A signed ticket. Not printed by `Debug`.
#[derive(Clone, Serialize)]
pub struct IssuedTicket {
    /// Its text.
    pub ticket: String,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for IssuedTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedTicket")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A signalling session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its id; whoever knows it and proves the account can resume.
    pub id: SessionId,
    /// App.
    pub app: AppId,
    /// Whose.
    pub account: AccountId,
    /// What it runs on.
    pub device: Device,
    /// The rooms it is inside, and as which members.
    pub rooms: Vec<(RoomId, MemberId)>,
    /// When it can no longer be resumed, if it stays without a connection from now on.
    pub expires_at: Timestamp,
}

/// A stream of a room and what is known about its media.
#[derive(Debug, Clone)]
pub struct StreamStatus {
    /// The stream.
    pub id: StreamId,
    /// Its media; `None` if nobody publishes or plays it.
    pub stats: Option<StreamStats>,
}

/// Deliveries to one webhook target of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookStatus {
    /// Its URL.
    pub url: String,
    /// Events that wait.
    pub queued: u64,
    /// Events given up.
    pub dead: u64,
}
