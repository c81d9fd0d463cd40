//! A server session whose peer a test plays by hand.

use std::time::Instant;

use bytes::BytesMut;
use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::handshake::ClientHandshake;
use lianmai_rtmp::protocol::{
    ChunkLimits, ChunkReader, ChunkWriter, Close, Command, Output, Phase, Seed, ServerConfig, ServerEvent,
    ServerSession, SessionError,
};

/// A server session with a hand-driven peer.
pub struct Victim {
    pub session: ServerSession,
    pub now: Instant,
    pub writer: ChunkWriter,
    pub events: Vec<ServerEvent>,
    pub said: BytesMut,
    pub heard: ChunkReader,
    pub close: Option<Close>,
}

impl Victim {
    /// Past the handshake.
    pub fn new(config: ServerConfig) -> Victim {
        let now = Instant::now();
        let mut hello = BytesMut::new();
        let _ = ClientHandshake::start(Seed([3; 32]), false, &mut hello);
        hello.extend([0; 1536]);
        let session = ServerSession::new(config, Seed([4; 32]), now);
        let wide = ChunkLimits {
            max_message: 1 << 20,
            max_chunk_streams: 64,
            max_buffered: 1 << 20,
        };
        let (writer, said, heard) = (ChunkWriter::new(), BytesMut::new(), ChunkReader::new(wide));
        let mut victim = Victim {
            session,
            now,
            writer,
            events: Vec::new(),
            said,
            heard,
            close: None,
        };
        victim.feed(&hello);
        assert_eq!(victim.session.phase(), Phase::Connecting);
        victim.said.clear();
        victim.heard.read_buf().clear();
        victim
    }

    /// With `connect` and `createStream` done.
    pub fn connected() -> Victim {
        let mut victim = Victim::new(ServerConfig::default());
        victim.call(
            0,
            Command::new("connect", 1.0, Value::Object(vec![("app".into(), "live".into())])),
        );
        victim.call(0, Command::new("createStream", 2.0, Value::Null));
        assert_eq!(victim.session.phase(), Phase::Connected);
        victim
    }

    /// With a publication accepted on message stream 1.
    pub fn publishing() -> Victim {
        let mut victim = Victim::connected();
        victim.call(1, Command::new("publish", 0.0, Value::Null).with("cam"));
        let Some(ServerEvent::PublishRequested(request)) = victim.events.last() else {
            panic!()
        };
        victim.session.accept_publish(request.request).unwrap();
        victim.feed(&[]);
        victim
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.session.handle_input(bytes, self.now);
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Write(bytes) => {
                    self.heard.push(&bytes);
                    self.said.extend(bytes);
                }
                Output::Event(event) => self.events.push(event),
                Output::Close(close) => self.close = Some(close),
            }
        }
    }

    pub fn send(&mut self, type_id: u8, stream_id: u32, body: &[u8]) {
        let mut out = BytesMut::new();
        self.writer
            .write_parts(3, type_id, 0, stream_id, body, &mut out)
            .unwrap();
        self.feed(&out);
    }

    pub fn call(&mut self, stream_id: u32, command: Command) {
        self.send(20, stream_id, &command.encode());
    }

    pub fn failure(&self) -> &SessionError {
        match &self.close {
            Some(Close::Failed(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    pub fn said(&self, text: &str) -> bool {
        self.said.windows(text.len()).any(|part| part == text.as_bytes())
    }

    /// The commands the server sent since the last call.
    pub fn commands(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(message) = self.heard.poll_message().unwrap() {
            if message.type_id == 20 {
                commands.push(Command::parse(&message.payload).unwrap());
            }
        }
        commands
    }
}
