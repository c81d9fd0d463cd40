//! What a session hands to its driver.

use bytes::Bytes;

use super::error::SessionError;
use super::server::Rejection;

/// One thing for the driver to do, in the order it must happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Output<E> {
    /// Send these bytes.
    Write(Bytes),
    /// Something happened.
    Event(E),
    /// Send what was handed out before, then close the connection. Nothing follows.
    Close(Close),
}

/// Why a session ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Close {
    /// As both sides agreed, or as the driver asked.
    Finished,
    /// The driver's verdict was no.
    Rejected(Rejection),
    /// Something went wrong.
    Failed(SessionError),
}
