//! `POST /whip/{app}/{stream}` (RFC 9725 §4.2) and `POST /whep/{app}/{stream}` (draft-ietf-wish-whep §4.2).

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{options, patch, post};
use axum::{Router, middleware};
use lianmai_bridge::{Answer, IceServer, LayerChoice, Lines, Offer, PeerId, PlayLine, PublishLine};
use lianmai_hub::{Action, Authorise as _, Grant};
use lianmai_rooms::{AppId, MemberId, Rejection, StreamId};

use super::answers::{OfferAnswers, check_publish, disabled, problem};
use super::asked::Asked;
use super::cors::{self, FRAGMENT, SDP};
use super::{Direction, Owner, Webrtc, capacity, ice, resource};
use crate::http::{HttpState, Problem};
use crate::service::Service;

/// The routes. They check their token themselves and are open to any page.
pub(crate) fn router() -> Router<HttpState> {
    Router::new()
        .route("/whip/{app}/{stream}", post(whip).options(cors::endpoint_options))
        .route("/whep/{app}/{stream}", post(whep).options(cors::endpoint_options))
        .route(
            "/webrtc/{peer}",
            patch(resource::change_peer).delete(resource::close_peer),
        )
        .route("/webrtc/{peer}", options(cors::peer_options))
        .layer(middleware::from_fn(cors::open))
}

/// Publish a stream over WebRTC (WHIP).
///
/// The token is that of a push URL: `?t=<token>` in the address, or `Authorization: Bearer <token>`.
#[utoipa::path(post, path = "/whip/{app}/{stream}", tag = "webrtc", security(("stream_token" = [])),
    params(("app" = String, Path, description = "App"), ("stream" = String, Path, description = "Stream"),
        ("t" = Option<String>, Query, description = "Token of a push URL")),
    request_body(content = String, content_type = "application/sdp"), responses(OfferAnswers))]
pub(crate) async fn whip(
    State(state): State<HttpState>,
    asked: Asked,
    body: Body,
) -> Result<Response, Problem> {
    offered(&state, Action::Publish, asked, body).await
}

/// Play a stream over WebRTC (WHEP).
///
/// The token is that of a pull URL: `?t=<token>` in the address, or `Authorization: Bearer <token>`.
#[utoipa::path(post, path = "/whep/{app}/{stream}", tag = "webrtc", security(("stream_token" = [])),
    params(("app" = String, Path, description = "App"), ("stream" = String, Path, description = "Stream"),
        ("t" = Option<String>, Query, description = "Token of a pull URL")),
    request_body(content = String, content_type = "application/sdp"), responses(OfferAnswers))]
pub(crate) async fn whep(
    State(state): State<HttpState>,
    asked: Asked,
    body: Body,
) -> Result<Response, Problem> {
    offered(&state, Action::Play, asked, body).await
}

async fn offered(state: &HttpState, action: Action, asked: Asked, body: Body) -> Result<Response, Problem> {
    let service = state.service();
    let webrtc = service.webrtc().ok_or_else(disabled)?;
    require_type(&asked.headers, SDP)?;
    if state.is_stopping() {
        return Err(Problem::unavailable("draining", "the gateway is shutting down"));
    }
    let grant = service.access().authorise(asked.access(action)).await?;
    check_publish(service, action, &grant)?;
    let sdp = text(body, webrtc.config.max_sdp).await?;
    if action == Action::Play {
        capacity::check(service, &lianmai_bridge::offered(&sdp), |_| {
            Some(grant.key.clone())
        })?;
    }
    let user = grant.holder.clone().unwrap_or_else(|| "app".into());
    let answer = open(webrtc, action, grant.clone(), sdp).await?;
    keep(service, webrtc, action, &grant, &answer.peer)?;
    Ok(created(&answer, &service.ice_servers(&user)))
}

async fn open(webrtc: &Webrtc, action: Action, grant: Grant, sdp: String) -> Result<Answer, Problem> {
    tracing::info!(stream = %grant.key, action = action.as_str(), "offered");
    let lines = match action {
        Action::Publish => Lines::Publish(PublishLine { grant }),
        Action::Play => Lines::Play(PlayLine {
            grant,
            layer: LayerChoice::Auto,
        }),
    };
    webrtc.bridge.open(Offer { sdp, lines }).await.map_err(problem)
}

/// Notes a member's peer, so that it ends with the stay. Whoever left while the bridge was at it is known only now.
fn keep(
    service: &Service,
    webrtc: &Webrtc,
    action: Action,
    grant: &Grant,
    peer: &PeerId,
) -> Result<(), Problem> {
    let member = grant
        .holder
        .as_deref()
        .and_then(|holder| MemberId::parse(holder).ok());
    let app = AppId::parse(grant.key.app()).ok();
    let stream = StreamId::parse(grant.key.stream()).ok();
    let (Some(member), Some(app), Some(stream)) = (member, app, stream) else {
        return Ok(());
    };
    let found = service.find_stream(&app, &stream).and_then(|(room, _)| {
        let owner = Owner {
            app: app.clone(),
            room: room.clone(),
            member: member.clone(),
            session: None,
            direction: match action {
                Action::Publish => Direction::Publish,
                Action::Play => Direction::Subscribe,
            },
        };
        webrtc.peers.set(peer, owner, Default::default());
        let inside = service.with_room(&app, &room, |room| room.member(&member).is_some())?;
        inside.then_some(()).ok_or_else(|| Rejection::NotAMember.into())
    });
    found.map_err(|error| {
        webrtc.close(peer);
        Problem::from(error)
    })
}

fn created(answer: &Answer, servers: &[IceServer]) -> Response {
    let mut response = (StatusCode::CREATED, answer.sdp.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(
        HeaderName::from_static("accept-patch"),
        HeaderValue::from_static(FRAGMENT),
    );
    let location = format!("/webrtc/{}", answer.peer.as_str());
    let single = [(LOCATION, location), (ETAG, entity_tag(&answer.etag))];
    let links = ice::links(servers).into_iter().map(|link| (LINK, link));
    for (name, value) in single.into_iter().chain(links) {
        // What is configured or made here holds no character that a header cannot.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
    response
}

/// An entity tag as in headers (RFC 9110 §8.8.3). It comes from the client in part, so it may hold anything.
pub(super) fn entity_tag(etag: &str) -> String {
    let plain: String = etag
        .chars()
        .filter(|c| c.is_ascii_graphic() && *c != '"')
        .collect();
    format!("\"{plain}\"")
}

/// Only this media type, with whatever parameters.
pub(super) fn require_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let text = format!("the body must be {wanted}");
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        text,
    ))
}

/// The body as text, no longer than `limit` bytes.
pub(super) async fn text(body: Body, limit: usize) -> Result<String, Problem> {
    let bytes: Bytes = axum::body::to_bytes(body, limit).await.map_err(|error| {
        if is_too_long(&error) {
            let text = format!("the body is longer than {limit} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "sdp_too_long", text);
        }
        let text = "the body could not be read";
        Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", text)
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_sdp",
            "the body is no UTF-8 text",
        )
    })?;
    Ok(text.to_owned())
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}
