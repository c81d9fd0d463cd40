//! From HTTP to the operations: bodies in whatever content type, answers always JSON.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::refusal::NOT_ACCEPTED;
use super::rest::Server;
use super::{Fields, Refusal, attributes, confr, live, manage, media, tickets};
use crate::http::HttpState;

type Body = Result<Bytes, BytesRejection>;
type Names<T> = Result<Path<T>, PathRejection>;

fn read(body: Body) -> Result<Fields, Refusal> {
    let bytes = body.map_err(|rejection| Refusal::from(crate::http::extract::body_problem(rejection)))?;
    Fields::parse(&bytes)
}

/// What an address names; one that is no text names nothing.
pub(super) fn named<T>(names: Names<T>) -> Result<T, Refusal> {
    names.map(|Path(names)| names).map_err(|_| Refusal::field("path"))
}

fn answer(result: Result<Value, Refusal>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => refusal.answer(),
    }
}

fn answer_server(result: Result<Value, Refusal>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => refusal.answer_with_status(),
    }
}

/// The address is there, but not for this method.
pub(super) async fn method_not_allowed() -> Response {
    let text = "the address does not take this method";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refusal::new(NOT_ACCEPTED, "method_not_allowed", text, status).answer_with_status()
}

/// A handler of a request that is a body and nothing else.
macro_rules! posted {
    ($($(#[$doc:meta])* $name:ident = $operation:expr;)*) => {$(
        $(#[$doc])*
        pub(super) async fn $name(State(state): State<HttpState>, body: Body) -> Response {
            answer(async {
                let said = read(body)?;
                $operation(&state, &said).await
            }.await)
        }
    )*};
}

posted! {
    /// `POST /easemob/rtc/req/ticket`
    ticket = tickets::request;
    /// `POST /easemob/rtc/chanage/roles`
    change_roles = |state, said| manage::roles(state, said, false);
    /// `POST /easemob/rtc/role/degrade`
    degrade = |state, said| manage::roles(state, said, true);
    /// `POST /easemob/rtc/kick/member`
    kick = manage::kick;
    /// `POST /easemob/rtc/disband/conference`
    disband = manage::disband;
    /// `POST /easemob/rtc/select/confr`
    select = confr::select;
    /// `POST /easemob/rtc/confr/attrs/update`
    attributes = attributes::update;
    /// `POST /easemob/rtc/livecfg`
    add_live = live::add;
    /// `POST /easemob/rtc/live/layout`
    live_layout = live::update;
    /// `DELETE /easemob/rtc/delete/live`
    delete_live = live::delete;
}

/// `POST /{org}/{app}/conferences/room`
pub(super) async fn room(
    State(state): State<HttpState>,
    names: Names<(String, String)>,
    body: Body,
) -> Response {
    let result = async {
        let (org, app) = named(names)?;
        confr::room(&state, &org, &app, &read(body)?).await
    };
    answer(result.await)
}

/// `POST /easemob/rtc/use`
pub(super) async fn use_media(
    State(state): State<HttpState>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let result = async {
        let query = query.unwrap_or_default();
        let token = query.split('&').find_map(|part| part.strip_prefix("t="));
        let said = read(body)?;
        media::use_media(&state, token.ok_or_else(Refusal::link)?, &said).await
    };
    answer(result.await)
}

/// `POST /{org}/{app}/conferences`
pub(super) async fn create(
    State(state): State<HttpState>,
    names: Names<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let result = async {
        let (org, app) = named(names)?;
        let server = Server::prove(&state, &headers, &org, &app)?;
        server.create(&read(body)?).await
    };
    answer_server(result.await)
}

/// `GET /{org}/{app}/conferences/{confrId}`
pub(super) async fn show(
    State(state): State<HttpState>,
    names: Names<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let shown = named(names).and_then(|(org, app, room)| {
        let server = Server::prove(&state, &headers, &org, &app)?;
        server.show(&room)
    });
    answer_server(shown)
}

/// `DELETE /{org}/{app}/conferences/{confrId}`
pub(super) async fn delete(
    State(state): State<HttpState>,
    names: Names<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let (org, app, room) = named(names)?;
        let server = Server::prove(&state, &headers, &org, &app)?;
        server.delete(&room).await
    };
    answer_server(result.await)
}

/// `DELETE /{org}/{app}/conferences/{confrId}/{userName}`
pub(super) async fn remove(
    State(state): State<HttpState>,
    names: Names<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let (org, app, room, user) = named(names)?;
        let server = Server::prove(&state, &headers, &org, &app)?;
        server.kick(&room, &user).await
    };
    answer_server(result.await)
}
