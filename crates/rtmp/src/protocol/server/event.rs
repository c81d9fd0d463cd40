//! What a server session tells its driver, and the verdicts it takes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::protocol::message::Media;
use crate::protocol::status;

use super::connect::Connect;

/// Names one question of the session to its driver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestId(pub(super) u32);

/// The verdict came for a question that is not (or no longer) open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such request is open")]
pub struct UnknownRequest;

/// How a stream is to be published (RTMP 1.0 §7.2.2.6); the argument may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublishKind {
    /// `live`, also when nothing (or something unknown) was said.
    Live,
    /// `record`.
    Record,
    /// `append`.
    Append,
}

/// A stream name as it came, for instance `cam1?t=abc`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamName {
    /// The whole argument of `publish` or `play`.
    pub raw: String,
}

impl StreamName {
    /// The part before the first `?`.
    pub fn name(&self) -> &str {
        self.raw.split_once('?').map_or(&self.raw, |(name, _)| name)
    }

    /// The part after the first `?`, undecoded.
    pub fn query(&self) -> Option<&str> {
        self.raw.split_once('?').map(|(_, query)| query)
    }
}

/// Somebody wants to publish.
#[derive(Clone, PartialEq, Debug)]
pub struct PublishRequest {
    /// For the verdict.
    pub request: RequestId,
    /// The message stream.
    pub stream_id: u32,
    /// What `connect` said: app, tcUrl, …
    pub connect: Arc<Connect>,
    /// The stream name with its query.
    pub stream: StreamName,
    /// Live, record or append.
    pub kind: PublishKind,
}

/// Somebody wants to play.
#[derive(Clone, PartialEq, Debug)]
pub struct PlayRequest {
    /// For the verdict.
    pub request: RequestId,
    /// The message stream.
    pub stream_id: u32,
    /// What `connect` said: app, tcUrl, …
    pub connect: Arc<Connect>,
    /// The stream name with its query.
    pub stream: StreamName,
    /// Seconds; -2 (live, else recorded) when not given, -1 live only, 0 or more recorded.
    pub start: f64,
    /// Seconds; -1 (until it ends) when not given.
    pub duration: f64,
    /// Whether an earlier playlist is to be flushed; true when not given.
    pub reset: bool,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum ServerEvent {
    /// `connect` came and waits for `accept_connect` or `reject`.
    ConnectRequested {
        /// For the verdict.
        request: RequestId,
        /// What it said.
        connect: Arc<Connect>,
    },
    /// `connect` came and was let in (`ConnectPolicy::Accept`).
    Connected {
        /// What it said.
        connect: Arc<Connect>,
    },
    /// `publish` came and waits for `accept_publish` or `reject`. Nothing is read until then.
    PublishRequested(PublishRequest),
    /// `play` came and waits for `accept_play` or `reject`. Nothing is read until then.
    PlayRequested(PlayRequest),
    /// Media of an accepted publication.
    Media(Media),
    /// An accepted publication was ended by the client (FCUnpublish, deleteStream, closeStream).
    PublishEnded {
        /// Its message stream.
        stream_id: u32,
    },
    /// An accepted play was ended by the client.
    PlayEnded {
        /// Its message stream.
        stream_id: u32,
    },
    /// The player paused or went on; it was told so already.
    Paused {
        /// Its message stream.
        stream_id: u32,
        /// Whether it is paused now.
        paused: bool,
        /// Where, in milliseconds.
        position: f64,
    },
    /// The player wants audio, or no more of it.
    ReceiveAudio {
        /// Its message stream.
        stream_id: u32,
        /// Whether it wants it.
        enabled: bool,
    },
    /// The player wants video, or no more of it.
    ReceiveVideo {
        /// Its message stream.
        stream_id: u32,
        /// Whether it wants it.
        enabled: bool,
    },
    /// The player told how much it buffers.
    BufferLength {
        /// Its message stream.
        stream_id: u32,
        /// Milliseconds.
        millis: u32,
    },
}

/// A no: what the client is told before the connection is closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The status code.
    pub code: Cow<'static, str>,
    /// Words for a human; must not hold secrets.
    pub description: String,
}

impl Rejection {
    /// A rejection with any code of [`status`].
    pub fn new(code: impl Into<Cow<'static, str>>, description: impl Into<String>) -> Rejection {
        Rejection {
            code: code.into(),
            description: description.into(),
        }
    }

    /// The name is bad or taken: `NetStream.Publish.BadName`.
    pub fn bad_name(description: impl Into<String>) -> Rejection {
        Rejection::new(status::PUBLISH_BAD_NAME, description)
    }

    /// No right to publish: `NetStream.Publish.Denied`.
    pub fn publish_denied(description: impl Into<String>) -> Rejection {
        Rejection::new(status::PUBLISH_DENIED, description)
    }

    /// Credentials missing or wrong: `NetStream.Publish.Unauthorized`.
    pub fn publish_unauthorized(description: impl Into<String>) -> Rejection {
        Rejection::new(status::PUBLISH_UNAUTHORIZED, description)
    }

    /// Nothing to see under that name: `NetStream.Play.StreamNotFound`.
    pub fn stream_not_found(description: impl Into<String>) -> Rejection {
        Rejection::new(status::PLAY_STREAM_NOT_FOUND, description)
    }

    /// Playing is not possible: `NetStream.Play.Failed`.
    pub fn play_failed(description: impl Into<String>) -> Rejection {
        Rejection::new(status::PLAY_FAILED, description)
    }

    /// The connection as such is refused: `NetConnection.Connect.Rejected`.
    pub fn connect_rejected(description: impl Into<String>) -> Rejection {
        Rejection::new(status::CONNECT_REJECTED, description)
    }
}

/// Why we end a play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlayEnd {
    /// The publisher left: `NetStream.Play.UnpublishNotify`, then `NetStream.Play.Stop`.
    Unpublished,
    /// It is over: `NetStream.Play.Stop`.
    Complete,
}

/// What was left out, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServerCounters {
    /// Media messages outside an accepted publication.
    pub ignored_media: u64,
    /// Commands we do not know.
    pub unknown_commands: u64,
    /// Messages of types we do not know, and control messages that could not be read.
    pub unknown_messages: u64,
    /// Aggregates with broken sub-messages.
    pub broken_aggregates: u64,
    /// Messages the peer abandoned half-way.
    pub abandoned_messages: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_stream_name_is_split_off() {
        let stream = StreamName {
            raw: "cam1?t=a?b".into(),
        };
        assert_eq!((stream.name(), stream.query()), ("cam1", Some("t=a?b")));
        let plain = StreamName { raw: "cam1".into() };
        assert_eq!((plain.name(), plain.query()), ("cam1", None));
    }
}
