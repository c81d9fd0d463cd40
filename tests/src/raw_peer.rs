//! A peer that sends bytes as it likes, and says what it hears.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::{ChunkLimits, ChunkReader, ChunkWriter, Command, Message, RtmpUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Limits that do not matter.
const WIDE: ChunkLimits = ChunkLimits {
    max_message: 1 << 24,
    max_chunk_streams: 70_000,
    max_buffered: 1 << 26,
};
/// C0 and C1 of the simple handshake; S0, S1 and S2 are as long and C2 is C1's length.
const HELLO: usize = 1 + 1_536;
const ANSWER: usize = HELLO + 1_536;
/// Bound of every wait that a test does not bound itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A TCP connection that speaks as much RTMP as it is told to.
pub struct RawPeer {
    pub io: TcpStream,
    writer: ChunkWriter,
    reader: ChunkReader,
}

impl RawPeer {
    /// A connection on which nothing was said yet.
    pub async fn connect(address: SocketAddr) -> RawPeer {
        RawPeer::connect_with_buffer(address, None).await.unwrap()
    }

    /// The same with a receive buffer of about so many bytes.
    pub async fn connect_with_buffer(address: SocketAddr, receive: Option<u32>) -> io::Result<RawPeer> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive {
            socket.set_recv_buffer_size(bytes)?;
        }
        let io = socket.connect(address).await?;
        io.set_nodelay(true)?;
        Ok(RawPeer {
            io,
            writer: ChunkWriter::new(),
            reader: ChunkReader::new(WIDE),
        })
    }

    /// A connection past the handshake.
    pub async fn greeted(address: SocketAddr) -> RawPeer {
        let mut peer = RawPeer::connect(address).await;
        peer.greet().await.unwrap();
        peer
    }

    /// The handshake, to its end.
    ///
    /// # Errors
    /// When the gateway closed, or was silent for ten seconds.
    pub async fn greet(&mut self) -> io::Result<()> {
        self.io.write_all(&hello()).await?;
        self.hear_greeting().await
    }

    /// Takes the handshake's answer off what [`ask`](Self::ask) left to be read.
    pub async fn skip_greeting(&mut self) {
        self.hear_greeting().await.unwrap();
    }

    async fn hear_greeting(&mut self) -> io::Result<()> {
        let mut answer = [0; ANSWER];
        tokio::time::timeout(PATIENCE, self.io.read_exact(&mut answer)).await??;
        Ok(())
    }

    /// A connection with `connect` and `createStream` answered, to the app of `url`.
    pub async fn connected(url: &str) -> RawPeer {
        let url = RtmpUrl::parse(url).unwrap();
        let mut peer = RawPeer::greeted(address(&url)).await;
        let login = peer.login(&url);
        peer.send(&login).await.unwrap();
        while peer.command().await.unwrap().transaction != 2.0 {}
        peer
    }

    /// A connection that publishes `url`.
    pub async fn publishing(url: &str) -> RawPeer {
        let mut peer = RawPeer::connected(url).await;
        let url = RtmpUrl::parse(url).unwrap();
        let publish = Command::new("publish", 3.0, Value::Null).with(url.stream());
        peer.call(1, publish).await;
        assert_eq!(peer.status().await.as_deref(), Some("NetStream.Publish.Start"));
        peer
    }

    /// Everything up to `publish` or `play` of `url` in one go, without waiting for any answer.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn ask(url: &str, what: &str, receive: Option<u32>) -> io::Result<RawPeer> {
        let url = RtmpUrl::parse(url).map_err(io::Error::other)?;
        let mut peer = RawPeer::connect_with_buffer(address(&url), receive).await?;
        let mut bytes = hello();
        bytes.extend(peer.login(&url));
        let command = Command::new(what, 3.0, Value::Null).with(url.stream());
        bytes.extend(peer.chunks(20, 1, &command.encode()));
        peer.io.write_all(&bytes).await?;
        Ok(peer)
    }

    /// The same, with the handshake's answer taken off, so that messages can be read.
    ///
    /// # Errors
    /// When the connection cannot be made, or was closed at once.
    pub async fn ask_and_listen(url: &str, what: &str) -> io::Result<RawPeer> {
        let mut peer = RawPeer::ask(url, what, None).await?;
        peer.hear_greeting().await?;
        Ok(peer)
    }

    fn login(&mut self, url: &RtmpUrl) -> Vec<u8> {
        let object = vec![
            ("app".to_owned(), Value::from(url.app())),
            ("tcUrl".to_owned(), Value::from(url.tc_url().as_str())),
        ];
        let connect = Command::new("connect", 1.0, Value::Object(object)).encode();
        let create = Command::new("createStream", 2.0, Value::Null).encode();
        [self.chunks(20, 0, &connect), self.chunks(20, 0, &create)].concat()
    }

    /// One message as chunks.
    pub fn chunks(&mut self, type_id: u8, stream_id: u32, body: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        self.writer
            .write_parts(3, type_id, 0, stream_id, body, &mut out)
            .unwrap();
        out.to_vec()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the gateway has closed the connection already.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        tokio::time::timeout(PATIENCE, self.io.write_all(bytes)).await?
    }

    /// Sends one message; the gateway may have closed already.
    pub async fn message(&mut self, type_id: u8, stream_id: u32, body: &[u8]) {
        let chunks = self.chunks(type_id, stream_id, body);
        let _ = self.send(&chunks).await;
    }

    /// Sends a command; the gateway may have closed already.
    pub async fn call(&mut self, stream_id: u32, command: Command) {
        self.message(20, stream_id, &command.encode()).await;
    }

    /// The next message; `None` when the gateway closed.
    pub async fn next(&mut self) -> Option<Message> {
        let wait = async {
            loop {
                if let Some(message) = self.reader.poll_message().unwrap() {
                    return Some(message);
                }
                let mut buffer = [0; 16 * 1_024];
                match self.io.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(n) => self.reader.push(&buffer[..n]),
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the gateway says nothing and does not close")
    }

    /// The next command; `None` when the gateway closed.
    pub async fn command(&mut self) -> Option<Command> {
        loop {
            let message = self.next().await?;
            if Command::is_in(&message) {
                return Some(Command::parse(&message.payload).unwrap());
            }
        }
    }

    /// The code of the next status, or of the refusal of `connect`; `None` when the gateway closed without one.
    pub async fn status(&mut self) -> Option<String> {
        Some(self.told().await?.0)
    }

    /// The same with its description.
    pub async fn told(&mut self) -> Option<(String, String)> {
        loop {
            let command = self.command().await?;
            if command.name == "onStatus" || command.name == "_error" {
                let information = command.arguments.first()?;
                let text = |name| Some(information.get(name)?.as_str()?.to_owned());
                return Some((text("code")?, text("description").unwrap_or_default()));
            }
        }
    }

    /// Whether it still answers.
    pub async fn answers(&mut self) -> bool {
        self.call(0, Command::new("_checkbw", 99.0, Value::Null)).await;
        while let Some(command) = self.command().await {
            if command.transaction == 99.0 {
                return true;
            }
        }
        false
    }

    /// Waits for the gateway to close; how long that took. Panics after `limit`.
    pub async fn closed(&mut self, limit: Duration) -> Duration {
        let start = Instant::now();
        let wait = async {
            let mut buffer = [0; 16 * 1_024];
            while !matches!(self.io.read(&mut buffer).await, Ok(0) | Err(_)) {}
        };
        tokio::time::timeout(limit, wait)
            .await
            .unwrap_or_else(|_| panic!("still open after {limit:?}"));
        start.elapsed()
    }
}

/// C0, C1 and C2 of the simple handshake.
fn hello() -> Vec<u8> {
    let mut bytes = vec![0; HELLO + 1_536];
    bytes[0] = 3;
    bytes
}

fn address(url: &RtmpUrl) -> SocketAddr {
    format!("{}:{}", url.host(), url.port()).parse().unwrap()
}

/// A chunk's basic and message header; `time` is timestamp or delta, put into the 32-bit field when it must.
pub fn header(format: u8, csid: u32, time: u32, length: usize, type_id: u8, stream_id: u32) -> Vec<u8> {
    let mut out = match csid {
        2..=63 => vec![format << 6 | csid as u8],
        64..=319 => vec![format << 6, (csid - 64) as u8],
        _ => vec![
            format << 6 | 1,
            ((csid - 64) & 0xFF) as u8,
            ((csid - 64) >> 8) as u8,
        ],
    };
    if format < 3 {
        out.extend(&time.min(0xFF_FFFF).to_be_bytes()[1..]);
    }
    if format < 2 {
        out.extend(&(length as u32).to_be_bytes()[1..]);
        out.push(type_id);
    }
    if format < 1 {
        out.extend(stream_id.to_le_bytes());
    }
    if format < 3 && time >= 0xFF_FFFF {
        out.extend(time.to_be_bytes());
    }
    out
}
