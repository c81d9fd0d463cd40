//! `PATCH` and `DELETE /webrtc/{peer}`: trickled candidates, ICE restarts, the end (RFC 9725 §4.3, §4.2).
//!
//! Knowing the address of a peer is the right to change it. Peers that were made in a room are not found here.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lianmai_bridge::{BridgeError, PeerId, Trickled};

use super::Webrtc;
use super::answers::{disabled, no_such_peer, problem};
use super::cors::FRAGMENT;
use super::routes::{entity_tag, require_type, text};
use crate::http::{HttpState, Problem};

/// Longest fragment, in bytes: candidates, not descriptions.
const MAX_FRAGMENT: usize = 16 * 1024;
/// Longest peer id that is looked up.
const MAX_PEER: usize = 64;
/// Entity tags that one request may name.
const MAX_TAGS: usize = 8;

/// Add candidates, or restart ICE.
///
/// `If-Match` names the ICE session that candidates are for; `*` is any, and needed to restart.
#[utoipa::path(patch, path = "/webrtc/{peer}", tag = "webrtc", security(()),
    params(("peer" = String, Path, description = "Peer, from `Location`"),
        ("If-Match" = String, Header, description = "Entity tag of the ICE session, or `*`")),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 204, description = "The candidates were taken"),
        (status = 200, description = "ICE was restarted", body = String,
            content_type = "application/trickle-ice-sdpfrag",
            headers(("ETag" = String, description = "The new ICE session"))),
        (status = "4XX", description = "Refused", body = crate::http::ProblemBody,
            content_type = "application/problem+json")))]
pub(crate) async fn change_peer(
    State(state): State<HttpState>,
    Path(peer): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let webrtc = state.service().webrtc().ok_or_else(disabled)?;
    let peer = by_url(webrtc, &peer)?;
    require_type(&headers, FRAGMENT)?;
    let condition = condition(&headers)?;
    let fragment = text(body, MAX_FRAGMENT).await?;
    match trickle(webrtc, &peer, condition, &fragment).await? {
        Trickled::Candidates => Ok(StatusCode::NO_CONTENT.into_response()),
        Trickled::Restarted { fragment, etag } => {
            let headers = [(CONTENT_TYPE, FRAGMENT.to_owned()), (ETAG, entity_tag(&etag))];
            Ok((headers, fragment).into_response())
        }
    }
}

/// End a peer.
#[utoipa::path(delete, path = "/webrtc/{peer}", tag = "webrtc", security(()),
    params(("peer" = String, Path, description = "Peer, from `Location`")),
    responses((status = 200, description = "It has ended"),
        (status = 404, description = "There is none", body = crate::http::ProblemBody,
            content_type = "application/problem+json")))]
pub(crate) async fn close_peer(
    State(state): State<HttpState>,
    Path(peer): Path<String>,
) -> Result<StatusCode, Problem> {
    let webrtc = state.service().webrtc().ok_or_else(disabled)?;
    let peer = by_url(webrtc, &peer)?;
    if webrtc.close(&peer) {
        Ok(StatusCode::OK)
    } else {
        Err(no_such_peer())
    }
}

/// A peer that was made by URL, if it is one.
fn by_url(webrtc: &Webrtc, text: &str) -> Result<PeerId, Problem> {
    let peer = PeerId::from_client(text);
    let of_session = || {
        webrtc
            .peers
            .owner(&peer)
            .is_some_and(|owner| owner.session.is_some())
    };
    if text.len() > MAX_PEER || of_session() {
        return Err(no_such_peer());
    }
    Ok(peer)
}

/// Which ICE sessions the request is for; `None`: whichever it is.
fn condition(headers: &HeaderMap) -> Result<Option<Vec<String>>, Problem> {
    let mut tags = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return Ok(None);
            }
            // A weak tag matches nothing here (RFC 9110 §13.1.1).
            let strong = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tags.extend(strong.filter(|_| tags.len() < MAX_TAGS).map(str::to_owned));
        }
    }
    if headers.contains_key(IF_MATCH) {
        return Ok(Some(tags));
    }
    let text = "If-Match must name the ICE session";
    Err(Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "if_match_required",
        text,
    ))
}

async fn trickle(
    webrtc: &Webrtc,
    peer: &PeerId,
    condition: Option<Vec<String>>,
    fragment: &str,
) -> Result<Trickled, Problem> {
    let Some(tags) = condition else {
        return webrtc.bridge.trickle(peer, None, fragment).await.map_err(problem);
    };
    for tag in tags {
        match webrtc.bridge.trickle(peer, Some(&tag), fragment).await {
            Err(BridgeError::Stale) => {}
            done => return done.map_err(problem),
        }
    }
    Err(problem(BridgeError::Stale))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(values: &[&'static str]) -> Result<Option<Vec<String>>, u16> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        condition(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(of(&[]), Err(428));
        assert_eq!(of(&["*"]), Ok(None));
        assert_eq!(of(&["\"a\""]), Ok(Some(vec!["a".into()])));
        assert_eq!(
            of(&["\"a\", \"b\"", "\"c\""]),
            Ok(Some(vec!["a".into(), "b".into(), "c".into()]))
        );
        // Named, but nothing that could match.
        for none in ["W/\"a\"", "a", "", "\""] {
            assert_eq!(of(&[none]), Ok(Some(Vec::new())), "{none}");
        }
        let many: &'static str = "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"";
        assert_eq!(of(&[many]).unwrap().unwrap().len(), MAX_TAGS);
    }
}
