//! The socket of one connection: texts in, frames out, each in bounded time.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde_json::Value;
use tokio::time::timeout;

use crate::ws::CloseReason;

/// Longest time for the close frame to get out.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The client is gone, or does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// What a client sends.
pub(super) enum Heard {
    /// A text.
    Text(Utf8Bytes),
    /// A sign of life without meaning.
    Nothing,
    /// Something that is no text.
    Binary,
}

/// A socket.
pub(super) struct Link {
    pub(super) socket: WebSocket,
    pub(super) send_timeout: Duration,
}

impl Link {
    /// What comes next. Safe to cancel.
    pub(super) async fn hear(&mut self) -> Result<Heard, Gone> {
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => Ok(Heard::Text(text)),
            Some(Ok(Message::Binary(_))) => Ok(Heard::Binary),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Heard::Nothing),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
        }
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, frame: &Value) -> Result<(), Gone> {
        let message = Message::Text(Utf8Bytes::from(frame.to_string()));
        match timeout(self.send_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_) => {
                metrics::counter!("lianmai_netcall_slow_total").increment(1);
                Err(Gone)
            }
        }
    }

    /// Says goodbye and waits until the client confirms, so that what was said before is not lost.
    pub(super) async fn close(mut self, reason: CloseReason, detail: &str) {
        let goodbye = async {
            let frame = Message::Close(Some(reason.frame(detail)));
            if self.socket.send(frame).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}
