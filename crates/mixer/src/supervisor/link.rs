//! The connection to the gateway: one WebSocket, JSON text messages (see `lianmai_hub::job`).

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use lianmai_hub::job::{GatewayMessage, WorkerMessage};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Secret;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// A gateway that says nothing for so long, although it is pinged every second, is gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of the longest message taken: a mix with its files.
const MAX_MESSAGE: usize = 20 << 20;

/// Where a gateway takes workers: `ws://` or `wss://`, without anything secret in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GatewayUrl(Uri);

impl FromStr for GatewayUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<GatewayUrl, String> {
        let uri: Uri = text.parse().map_err(|_| "not a URL".to_owned())?;
        if !matches!(uri.scheme_str(), Some("ws" | "wss")) {
            return Err("expected ws://… or wss://…".to_owned());
        }
        let authority = uri.authority().map(|authority| authority.as_str());
        match authority {
            Some(authority) if authority.contains('@') => Err("credentials do not belong here".to_owned()),
            Some(_) => Ok(GatewayUrl(uri)),
            None => Err("no host".to_owned()),
        }
    }
}

impl fmt::Display for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// The gateway did not answer in time, or has been silent for too long.
    #[error("the gateway does not answer")]
    Silent,
    /// The gateway ended the connection.
    #[error("the gateway closed the connection")]
    Closed,
    /// It did not let us in.
    #[error("the gateway answered {0}: is the secret the same on both sides?")]
    Refused(tungstenite::http::StatusCode),
    /// The secret cannot be sent.
    #[error("the secret has characters that no header can carry")]
    Secret,
    /// The connection broke or never was.
    #[error("{0}")]
    WebSocket(tungstenite::Error),
    /// A message of ours cannot be written as JSON.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<tungstenite::Error> for LinkError {
    fn from(error: tungstenite::Error) -> LinkError {
        match error {
            tungstenite::Error::Http(response) => LinkError::Refused(response.status()),
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => LinkError::Closed,
            other => LinkError::WebSocket(other),
        }
    }
}

/// An open connection.
pub(super) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Instant,
}

/// Connects and shows the secret.
///
/// # Errors
/// [`LinkError`].
pub(super) async fn connect(url: &GatewayUrl, secret: &Secret) -> Result<Link, LinkError> {
    let mut request = url.0.clone().into_client_request()?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", secret.0)).map_err(|_| LinkError::Secret)?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let connecting = tokio_tungstenite::connect_async_with_config(request, Some(config), true);
    let connected = tokio::time::timeout(CONNECT_LIMIT, connecting).await;
    let (socket, _) = connected.map_err(|_| LinkError::Silent)??;
    Ok(Link {
        socket,
        heard: Instant::now(),
    })
}

impl Link {
    /// The next message. What cannot be read is left out. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`LinkError`]; the connection is then over.
    pub(super) async fn next(&mut self) -> Result<GatewayMessage, LinkError> {
        loop {
            let message = self.socket.next().await.ok_or(LinkError::Closed)??;
            self.heard = Instant::now();
            match message {
                Message::Text(text) => match serde_json::from_str(text.as_str()) {
                    Ok(message) => return Ok(message),
                    // Not the text: it may hold tokens.
                    Err(error) => tracing::warn!(%error, "a message of the gateway cannot be read"),
                },
                Message::Close(_) => return Err(LinkError::Closed),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Says something.
    ///
    /// # Errors
    /// [`LinkError`]; the connection is then over.
    pub(super) async fn say(&mut self, message: &WorkerMessage) -> Result<(), LinkError> {
        let text = serde_json::to_string(message).map_err(io::Error::from)?;
        self.send(Message::text(text)).await
    }

    /// Asks for a sign of life, and looks whether there was one lately.
    ///
    /// # Errors
    /// [`LinkError::Silent`].
    pub(super) async fn ping(&mut self) -> Result<(), LinkError> {
        if self.heard.elapsed() > SILENCE_LIMIT {
            return Err(LinkError::Silent);
        }
        self.send(Message::Ping(Default::default())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), LinkError> {
        tokio::time::timeout(WRITE_LIMIT, self.socket.send(message))
            .await
            .map_err(|_| LinkError::Silent)??;
        Ok(())
    }

    /// Ends the connection properly.
    pub(super) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_urls_are_websocket_urls_without_credentials() {
        for good in [
            "ws://127.0.0.1:8080/internal/worker",
            "wss://gw.example/internal/worker",
        ] {
            assert_eq!(good.parse::<GatewayUrl>().unwrap().to_string(), good);
        }
        for bad in ["http://h/", "h", "ws:///x", "ws://u:p@h/", "", "/internal/worker"] {
            assert!(bad.parse::<GatewayUrl>().is_err(), "{bad}");
        }
    }
}
