//! The web console, embedded at build time.
//!
//! Only names that were embedded are served; a request path is never turned into a path of the file system.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use lianmai_rooms::{AccountId, AppId, Role, RoomId};
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};

use super::HttpState;
use super::extract::Params;
use super::jwt::{self, Claims, Scope};
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../console/dist/"]
struct Assets;

/// How long a token of the open app is valid, in seconds; the page asks again before it ends.
const SESSION_SECS: u64 = 3600;

/// What pages of the console may load and talk to. Media comes through fetch and WebSocket into blobs.
const CONSOLE_POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss: http: https:; \
    media-src 'self' blob:; worker-src 'self' blob:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Whatever no route takes: an embedded file, or a problem.
pub(crate) async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let name = match uri.path() {
        "/" => "index.html",
        path => path.trim_start_matches('/'),
    };
    let Some(file) = Assets::get(name) else {
        return Problem::no_such_route().into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed().await.into_response();
    }
    let etag = etag(&file.metadata.sha256_hash());
    let mut response = if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_response()
    };
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    out.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONSOLE_POLICY));
    // The bundler puts a hash into the names under assets/, so these never change.
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    out.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(ETAG, etag);
    }
    response
}

/// A token for the console's page.
#[derive(Serialize)]
pub(crate) struct OpenSession {
    app: AppId,
    token: String,
}

/// Who wants a token.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SessionQuery {
    /// The account it is for; without it the token is the app's own.
    account: Option<AccountId>,
    /// With `account`: the room that the account will talk in.
    room: Option<RoomId>,
}

/// Gives the page a token of the open app, if the configuration has one. Not reachable from pages of other origins.
pub(crate) async fn session(
    State(state): State<HttpState>,
    Params(query): Params<SessionQuery>,
) -> Result<Response, Problem> {
    let app = state
        .config()
        .open_app
        .clone()
        .ok_or_else(Problem::no_such_route)?;
    let secret = state
        .service()
        .app_secret(&app)
        .ok_or_else(Problem::no_such_route)?;
    let now = state.service().clock().now();
    let expires_at_secs = now.as_secs().saturating_add(SESSION_SECS);
    let claims = match query.account {
        Some(account) => Claims {
            role: query.room.as_ref().map(|_| Role::Talker),
            room: query.room,
            ..Claims::new(app.clone(), account, expires_at_secs)
        },
        None => Claims {
            scope: Scope::App,
            ..Claims::new(app.clone(), AccountId::parse("console")?, expires_at_secs)
        },
    };
    let token = jwt::sign(&claims, &secret)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(OpenSession { app, token })).into_response())
}

/// The path exists, the method does not.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the address does not take this method",
    )
}

fn etag(hash: &[u8; 32]) -> String {
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str) -> Response {
        fallback(Method::GET, path.parse().unwrap(), HeaderMap::new()).await
    }

    #[tokio::test]
    async fn the_page_is_at_the_root_only() {
        let page = get("/").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().contains_key(CONTENT_SECURITY_POLICY));
        assert_eq!(get("/rooms/r1").await.status(), StatusCode::NOT_FOUND);
    }

    /// Traversal, also encoded, finds nothing.
    #[tokio::test]
    async fn no_path_leads_out() {
        for path in [
            "/../Cargo.toml",
            "/..%2fCargo.toml",
            "//etc/passwd",
            "/assets/../../Cargo.toml",
            "/%00",
            "/.",
        ] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn an_unchanged_page_is_not_sent_again() {
        let etag = get("/").await.headers()[ETAG].clone();
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, etag)]);
        let again = fallback(Method::GET, Uri::from_static("/"), headers).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
