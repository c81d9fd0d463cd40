//! Header extensions that we send (RFC 8285), as one line negotiated them.

use rtc::sdp::extmap::{SDES_MID_URI, TRANSPORT_CC_URI};

use crate::peer::sdp::{Section, VIDEO_ORIENTATION};

/// Ids of one-byte headers end here (RFC 8285 §4.2). Longer forms are not sent.
const MAX_ID: u8 = 14;

/// Their ids; 0 for what was not negotiated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Extensions {
    /// Transport-wide sequence number.
    pub(crate) transport: u8,
    /// Which line a packet belongs to (RFC 9143 §15).
    pub(crate) mid: u8,
    /// Coordination of video orientation.
    pub(crate) orientation: u8,
}

impl Extensions {
    pub(crate) fn of(section: &Section) -> Extensions {
        let id = |uri: &str| {
            let id = section.extensions.get(uri).copied();
            id.filter(|id| *id <= MAX_ID).unwrap_or(0)
        };
        Extensions {
            transport: id(TRANSPORT_CC_URI),
            mid: id(SDES_MID_URI),
            orientation: id(VIDEO_ORIENTATION),
        }
    }
}
