//! Who asks for which stream at an endpoint of WHIP or WHEP.

use std::net::SocketAddr;

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use lianmai_hub::{AccessRequest, Action, Protocol};

use crate::http::bearer;

/// A request before its body.
pub(crate) struct Asked {
    app: String,
    stream: String,
    query: String,
    peer: SocketAddr,
    pub(super) headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let path = parts.extract::<Path<(String, String)>>().await;
        let Path((app, stream)) = path.map_err(|refused| refused.into_response())?;
        let peer = parts.extract::<ConnectInfo<SocketAddr>>().await;
        let ConnectInfo(peer) = peer.map_err(|refused| refused.into_response())?;
        Ok(Self {
            app,
            stream,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            peer,
            headers: parts.headers.clone(),
        })
    }
}

impl Asked {
    /// The request to the authoriser. A token in the address wins over one in the header.
    pub(super) fn access(self, action: Action) -> AccessRequest {
        let mut query = self.query;
        let has_token = query.split('&').any(|pair| pair.starts_with("t="));
        if let Some(token) = bearer(&self.headers).filter(|token| !has_token && !token.contains('&')) {
            query = format!("t={token}&{query}");
        }
        AccessRequest {
            action,
            app: self.app,
            stream: self.stream,
            query,
            peer: self.peer,
            protocol: Protocol::Webrtc,
        }
    }
}
