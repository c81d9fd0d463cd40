//! What a client session tells its driver.

use crate::protocol::enhanced::EnhancedCaps;
use crate::protocol::message::Media;

/// Media was offered before the server said `NetStream.Publish.Start`, or after the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the server does not take media now")]
pub struct NotReady;

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum ClientEvent {
    /// The server let us in.
    Connected {
        /// What it said about Enhanced RTMP.
        enhanced: EnhancedCaps,
    },
    /// Media may be sent.
    Publishing {
        /// The message stream it goes on.
        stream_id: u32,
    },
    /// Media follows.
    Playing {
        /// The message stream it comes on.
        stream_id: u32,
    },
    /// Media of the stream we play.
    Media(Media),
    /// The server said something else about our stream.
    Status {
        /// The code.
        code: String,
        /// Its words.
        description: String,
    },
    /// The stream we play has no more data for now (Stream Dry) or at all (Stream EOF, Play.Stop).
    StreamEnded {
        /// Whether it may come back.
        dry: bool,
    },
}
