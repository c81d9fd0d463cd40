//! What comes over a WebSocket that speaks JSON.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A connection as clients have it.
pub type Frames = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens one.
pub async fn connect(url: &str, limit: Duration) -> Frames {
    let connecting = tokio_tungstenite::connect_async(url);
    let connected = tokio::time::timeout(limit, connecting).await;
    connected.expect("an answer in time").unwrap().0
}

/// The next frame, or the code of the end: 0 when the connection was just gone. Pings come all the time; the limit is for
/// what says something.
pub async fn next(frames: &mut Frames, limit: Duration) -> Result<Value, u16> {
    let next = async {
        loop {
            match frames.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |f| f.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    };
    tokio::time::timeout(limit, next).await.expect("a frame in time")
}

/// Waits for the end; the code it came with.
pub async fn close_code(frames: &mut Frames, limit: Duration) -> u16 {
    loop {
        if let Err(code) = next(frames, limit).await {
            return code;
        }
    }
}
