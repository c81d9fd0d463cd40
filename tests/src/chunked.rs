//! A publisher that writes its own chunks: no window announced, any chunk size at any time.

use std::time::Duration;

use bytes::BytesMut;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::handshake::ClientHandshake;
use lianmai_rtmp::protocol::{
    ChunkLimits, ChunkReader, ChunkWriter, Command, MediaKind, Message, RtmpUrl, csid, type_id,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rtmp::seed;

const LIMIT: Duration = Duration::from_secs(10);

/// The connection of a chunked publisher.
pub struct ChunkedPublisher {
    io: TcpStream,
    reader: ChunkReader,
    writer: ChunkWriter,
    /// The message stream media goes on.
    pub stream_id: u32,
    /// What the server said until it agreed.
    pub login: Vec<Message>,
}

impl ChunkedPublisher {
    /// Publishes to `url`.
    pub async fn open(url: &str) -> ChunkedPublisher {
        let url = RtmpUrl::parse(url).unwrap();
        let mut io = TcpStream::connect((url.host(), url.port())).await.unwrap();
        let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
        let mut handshake = ClientHandshake::start(seed(), false, &mut out);
        io.write_all_buf(&mut out).await.unwrap();
        while !handshake.advance(&mut input, &mut out).unwrap() {
            assert!(
                io.read_buf(&mut input).await.unwrap() > 0,
                "closed in the handshake"
            );
        }
        io.write_all_buf(&mut out).await.unwrap();
        let mut reader = ChunkReader::new(ChunkLimits::after_login());
        reader.push(&input);
        let mut publisher = ChunkedPublisher {
            io,
            reader,
            writer: ChunkWriter::new(),
            stream_id: 0,
            login: Vec::new(),
        };
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let object = vec![text("app", url.app()), text("tcUrl", &url.tc_url())];
        publisher
            .command(0, &Command::new("connect", 1.0, Value::Object(object)))
            .await;
        publisher.answer("_result").await;
        publisher
            .command(0, &Command::new("createStream", 2.0, Value::Null))
            .await;
        let created = publisher.answer("_result").await;
        publisher.stream_id = created.number(0).unwrap() as u32;
        let publish = Command::new("publish", 3.0, Value::Null)
            .with(url.stream())
            .with("live");
        publisher.command(publisher.stream_id, &publish).await;
        publisher.answer("onStatus").await;
        publisher
    }

    async fn command(&mut self, stream_id: u32, command: &Command) {
        let body = command.encode();
        self.send(csid::COMMAND, type_id::COMMAND_AMF0, 0, stream_id, &body)
            .await;
    }

    async fn answer(&mut self, name: &str) -> Command {
        loop {
            let message = self.message(LIMIT).await.expect("an answer");
            self.login.push(message.clone());
            if Command::is_in(&message) {
                let command = Command::parse(&message.payload).unwrap();
                assert_ne!(command.name, "_error", "{command:?}");
                if command.name == name {
                    return command;
                }
            }
        }
    }

    /// Sends one message.
    pub async fn send(&mut self, csid: u32, type_id: u8, time: u32, stream_id: u32, body: &[u8]) {
        let mut out = BytesMut::new();
        self.writer
            .write_parts(csid, type_id, time, stream_id, body, &mut out)
            .unwrap();
        self.write(&out).await;
    }

    /// Sends one tag.
    pub async fn media(&mut self, kind: MediaKind, time: u32, body: &[u8]) {
        self.send(kind.csid(), kind.type_id(), time, self.stream_id, body)
            .await;
    }

    /// Announces and then uses another chunk size.
    pub async fn set_chunk_size(&mut self, size: u32) {
        let mut out = BytesMut::new();
        self.writer.set_chunk_size(size, &mut out);
        self.write(&out).await;
    }

    /// Sends an audio message of more than one chunk of 128 bytes whose rest comes in chunks of `size` bytes:
    /// Set Chunk Size stands between its first chunk and the others.
    pub async fn split_message(&mut self, time: u32, body: &[u8], size: u32) {
        assert!(self.writer.chunk_size() == 128 && (129..128 + size as usize).contains(&body.len()));
        let csid = 40;
        let length = (body.len() as u32).to_be_bytes();
        let mut head = vec![csid];
        head.extend(&time.to_be_bytes()[1..]);
        head.extend(&length[1..]);
        head.push(type_id::AUDIO);
        head.extend(self.stream_id.to_le_bytes());
        head.extend(&body[..128]);
        self.write(&head).await;
        self.set_chunk_size(size).await;
        let rest = [&[0xC0 | csid], &body[128..]].concat();
        self.write(&rest).await;
    }

    /// Sends bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
    }

    /// The server's next message; `None` when it closed or says nothing for `limit`.
    pub async fn message(&mut self, limit: Duration) -> Option<Message> {
        loop {
            if let Some(message) = self.reader.poll_message().unwrap() {
                return Some(message);
            }
            let read = self.io.read_buf(self.reader.read_buf());
            match tokio::time::timeout(limit, read).await {
                Ok(Ok(1..)) => {}
                _ => return None,
            }
        }
    }
}
