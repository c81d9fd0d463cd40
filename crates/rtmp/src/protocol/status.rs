//! The codes and levels of `onStatus` and of `connect` answers (RTMP 1.0 §7.2).

/// Level of a status that is good news.
pub const LEVEL_STATUS: &str = "status";
/// Level of a status that ends something.
pub const LEVEL_ERROR: &str = "error";

/// `connect` worked.
pub const CONNECT_SUCCESS: &str = "NetConnection.Connect.Success";
/// `connect` was refused.
pub const CONNECT_REJECTED: &str = "NetConnection.Connect.Rejected";
/// There is no such app.
pub const CONNECT_INVALID_APP: &str = "NetConnection.Connect.InvalidApp";
/// The connection ends.
pub const CONNECT_CLOSED: &str = "NetConnection.Connect.Closed";
/// A call failed.
pub const CALL_FAILED: &str = "NetConnection.Call.Failed";

/// Media may be sent.
pub const PUBLISH_START: &str = "NetStream.Publish.Start";
/// The name cannot be published (bad, or taken).
pub const PUBLISH_BAD_NAME: &str = "NetStream.Publish.BadName";
/// The right to publish is missing.
pub const PUBLISH_DENIED: &str = "NetStream.Publish.Denied";
/// Credentials are missing or wrong.
pub const PUBLISH_UNAUTHORIZED: &str = "NetStream.Publish.Unauthorized";
/// Publishing failed for another reason.
pub const PUBLISH_FAILED: &str = "NetStream.Publish.Failed";
/// Publishing ended.
pub const UNPUBLISH_SUCCESS: &str = "NetStream.Unpublish.Success";

/// The player's buffers are to be emptied.
pub const PLAY_RESET: &str = "NetStream.Play.Reset";
/// Media follows.
pub const PLAY_START: &str = "NetStream.Play.Start";
/// Playing ended.
pub const PLAY_STOP: &str = "NetStream.Play.Stop";
/// Playing failed.
pub const PLAY_FAILED: &str = "NetStream.Play.Failed";
/// There is no such stream, or no right to see it.
pub const PLAY_STREAM_NOT_FOUND: &str = "NetStream.Play.StreamNotFound";
/// The publisher left.
pub const PLAY_UNPUBLISH_NOTIFY: &str = "NetStream.Play.UnpublishNotify";

/// Paused.
pub const PAUSE_NOTIFY: &str = "NetStream.Pause.Notify";
/// Playing again.
pub const UNPAUSE_NOTIFY: &str = "NetStream.Unpause.Notify";
/// Seeking worked.
pub const SEEK_NOTIFY: &str = "NetStream.Seek.Notify";
/// Seeking is not possible.
pub const SEEK_FAILED: &str = "NetStream.Seek.Failed";
