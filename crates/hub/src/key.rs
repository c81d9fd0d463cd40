//! The name of a stream inside the gateway.

use std::fmt;
use std::sync::Arc;

/// App and stream id: the address of a stream for every protocol. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StreamKey {
    app: Arc<str>,
    stream: Arc<str>,
}

impl StreamKey {
    /// The stream `stream` of the app `app`. Both have been checked by whoever granted access.
    pub fn new(app: &str, stream: &str) -> StreamKey {
        StreamKey {
            app: app.into(),
            stream: stream.into(),
        }
    }

    /// The tenant.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The stream id, unique within the app.
    pub fn stream(&self) -> &str {
        &self.stream
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.stream)
    }
}
