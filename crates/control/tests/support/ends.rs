//! WebSockets of a test, cut when the server under test stops: it waits for each client's goodbye, which a client that
//! nobody reads any more does not say.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, Weak};

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) type Inner = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Kept beside a socket, and dropped with it.
pub(crate) struct End {
    _stream: Arc<TcpStream>,
}

/// All that are open.
#[derive(Default)]
pub(crate) struct Ends(Mutex<Vec<Weak<TcpStream>>>);

impl Ends {
    /// Opens a WebSocket.
    pub(crate) async fn connect(&self, to: SocketAddr, request: Request) -> Result<(Inner, End), Error> {
        let stream = tokio::net::TcpStream::connect(to).await?.into_std()?;
        let end = Arc::new(stream.try_clone()?);
        let stream = MaybeTlsStream::Plain(tokio::net::TcpStream::from_std(stream)?);
        let (inner, _) = tokio_tungstenite::client_async(request, stream).await?;
        self.0.lock().unwrap().push(Arc::downgrade(&end));
        Ok((inner, End { _stream: end }))
    }

    /// Cuts those that are still held.
    pub(crate) fn cut(&self) {
        for end in self.0.lock().unwrap().drain(..).filter_map(|end| end.upgrade()) {
            // It may have been closed from the other side.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}
