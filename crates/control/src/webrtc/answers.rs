//! Refusals of the bridge as problems.

use axum::http::StatusCode;
use lianmai_bridge::BridgeError;
use lianmai_hub::{Action, Grant, PublishError};

use crate::http::Problem;
use crate::service::Service;

/// A refusal of the bridge.
pub(crate) fn problem(error: BridgeError) -> Problem {
    let text = error.to_string();
    match error {
        BridgeError::Sdp(_) => Problem::new(StatusCode::BAD_REQUEST, "invalid_sdp", text),
        BridgeError::TooLong { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "sdp_too_long", text),
        BridgeError::NoCodec(_) => Problem::new(StatusCode::NOT_ACCEPTABLE, "no_usable_codec", text),
        BridgeError::NoSuchPeer => no_such_peer(),
        BridgeError::Stale => Problem::new(StatusCode::PRECONDITION_FAILED, "stale_etag", text),
        BridgeError::TooManyPeers => Problem::unavailable("no_capacity", text),
        BridgeError::Stream(PublishError::NewerPublisher) => {
            Problem::new(StatusCode::CONFLICT, "newer_publisher", text)
        }
        BridgeError::Stream(PublishError::Contested) => {
            Problem::new(StatusCode::CONFLICT, "publisher_contested", text)
        }
        BridgeError::Stream(PublishError::TooManyStreams) => Problem::unavailable("too_many_streams", text),
        BridgeError::ShuttingDown => Problem::unavailable("draining", text),
    }
}

/// Media comes after the answer: who could not publish now is told so before.
pub(super) fn check_publish(service: &Service, action: Action, grant: &Grant) -> Result<(), Problem> {
    match action {
        Action::Play => Ok(()),
        Action::Publish => {
            let checked = service.core.hub.check_publish(&grant.key, grant.epoch);
            checked.map_err(|error| problem(BridgeError::Stream(error)))
        }
    }
}

/// There is no such peer, or it is somebody else's: the two look alike.
pub(super) fn no_such_peer() -> Problem {
    let text = "there is no such peer connection";
    Problem::new(StatusCode::NOT_FOUND, "no_such_peer", text)
}

/// The gateway does not speak WebRTC.
pub(super) fn disabled() -> Problem {
    let text = "this gateway does not speak WebRTC";
    Problem::new(StatusCode::NOT_FOUND, "webrtc_disabled", text)
}
