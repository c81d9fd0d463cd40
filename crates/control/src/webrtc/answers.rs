//! What WHIP and WHEP answer, and refusals of the bridge as problems.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use lianmai_bridge::BridgeError;
use lianmai_hub::{Action, Grant, PublishError};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, ObjectBuilder, RefOr, Response, ResponseBuilder, Type};

use super::cors::SDP;
use crate::http::{Problem, failure};
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

/// What OpenAPI says of answers to an offer.
pub(crate) struct OfferAnswers;

impl utoipa::IntoResponses for OfferAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let text = || ObjectBuilder::new().schema_type(Type::String).build();
        let header = |what: &str| {
            HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some(what))
                .build()
        };
        let created = ResponseBuilder::new()
            .description("The answer")
            .header("Location", header("Address of the peer: `/webrtc/{peer}`"))
            .header("ETag", header("The ICE session"))
            .header("Link", header("STUN and TURN servers, `rel=\"ice-server\"`"))
            .content(SDP, ContentBuilder::new().schema(Some(text())).build());
        BTreeMap::from([
            ("201".to_owned(), RefOr::T(created.build())),
            ("4XX".to_owned(), failure("Refused")),
            ("5XX".to_owned(), failure("Not now")),
        ])
    }
}
