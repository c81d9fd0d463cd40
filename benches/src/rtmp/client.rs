//! An RTMP connection from simple handshake to media, without I/O: bytes in, bytes to write and messages out.

use anyhow::{Result, bail};

use super::read::{Reader, Received};
use super::write::{Amf, CHUNK, command, control, message, set_chunk_size};

const HANDSHAKE: usize = 1536;

/// What the connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Play,
    Publish,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Handshake,
    Connect,
    CreateStream,
    Start,
    Live,
}

/// One client connection.
pub(crate) struct Client {
    action: Action,
    app: String,
    name: String,
    host: String,
    step: Step,
    handshake: Vec<u8>,
    reader: Reader,
    stream: u32,
    received: u32,
    acknowledged: u32,
    window: Option<u32>,
    out: Vec<u8>,
}

impl Client {
    /// A connection that will ask for stream `name` (with its query) of `app`.
    pub(crate) fn new(action: Action, host: &str, app: &str, name: &str) -> Self {
        let mut out = vec![0; 1 + HANDSHAKE];
        out[0] = 3;
        Self {
            action,
            app: app.to_owned(),
            name: name.to_owned(),
            host: host.to_owned(),
            step: Step::Handshake,
            handshake: Vec::new(),
            reader: Reader::new(128),
            stream: 0,
            received: 0,
            acknowledged: 0,
            window: None,
            out,
        }
    }

    /// A connection to a server that sends chunks at once and asks nothing: the floor.
    pub(crate) fn silent() -> Self {
        let mut client = Self::new(Action::Play, "", "", "");
        (client.step, client.reader) = (Step::Live, Reader::new(CHUNK));
        client.out.clear();
        client
    }

    /// Whether the server has confirmed playing or publishing.
    pub(crate) fn is_live(&self) -> bool {
        self.step == Step::Live
    }

    /// Takes the bytes that have to be written now.
    pub(crate) fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Appends one media message of a publisher to `out`.
    pub(crate) fn media(&self, out: &mut Vec<u8>, kind: u8, milliseconds: u32, body: &[u8]) {
        message(out, kind, milliseconds, self.stream, CHUNK, body);
    }

    /// Takes received bytes; complete messages go to `sink`.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut sink: impl FnMut(&Received<'_>)) -> Result<()> {
        if self.step == Step::Handshake {
            let missing = (1 + 2 * HANDSHAKE - self.handshake.len()).min(data.len());
            self.handshake.extend_from_slice(&data[..missing]);
            data = &data[missing..];
            if self.handshake.len() < 1 + 2 * HANDSHAKE {
                return Ok(());
            }
            self.connect();
        }
        self.received = self.received.wrapping_add(data.len() as u32);
        let mut reader = std::mem::replace(&mut self.reader, Reader::new(128));
        let mut failed = None;
        reader.feed(data, |message| {
            if let Err(error) = self.on_message(&message) {
                failed.get_or_insert(error);
            }
            sink(&message);
        })?;
        self.reader = reader;
        if let Some(window) = self.window
            && self.received.wrapping_sub(self.acknowledged) >= window
        {
            self.acknowledged = self.received;
            control(&mut self.out, 3, self.received);
        }
        failed.map_or(Ok(()), Err)
    }

    fn connect(&mut self) {
        self.out.extend_from_slice(&self.handshake[1..=HANDSHAKE]);
        self.handshake = Vec::new();
        set_chunk_size(&mut self.out);
        let url = format!("rtmp://{}/{}", self.host, self.app);
        let arguments = [
            ("app", Amf::Text(&self.app)),
            ("type", Amf::Text("nonprivate")),
            ("tcUrl", Amf::Text(&url)),
        ];
        command(&mut self.out, 0, "connect", 1.0, &[Amf::object(&arguments)]);
        self.step = Step::Connect;
    }

    fn on_message(&mut self, message: &Received<'_>) -> Result<()> {
        let head = message.head;
        match message.kind {
            4 if head.starts_with(&[0, 6]) && head.len() >= 6 => {
                let pong = [&[0, 7], &head[2..6]].concat();
                super::write::message(&mut self.out, 4, 0, 0, CHUNK, &pong);
            }
            5 => {
                self.window = head
                    .first_chunk()
                    .map(|bytes| u32::from_be_bytes(*bytes))
                    .filter(|size| *size > 0)
            }
            20 => self.on_command(head)?,
            _ => {}
        }
        Ok(())
    }

    fn on_command(&mut self, body: &[u8]) -> Result<()> {
        let name = body.get(3..).unwrap_or_default();
        if name.starts_with(b"_error") || contains(body, b"error") && name.starts_with(b"onStatus") {
            bail!(
                "refused in {:?}: {}",
                self.step,
                String::from_utf8_lossy(body).escape_default()
            );
        }
        match self.step {
            Step::Connect if name.starts_with(b"_result") => {
                command(&mut self.out, 0, "createStream", 2.0, &[Amf::Null]);
                self.step = Step::CreateStream;
            }
            // Name, transaction number and null come before the number of the stream.
            Step::CreateStream if name.starts_with(b"_result") => {
                let number = body
                    .get(10 + 9 + 1 + 1..)
                    .and_then(<[u8]>::first_chunk)
                    .copied()
                    .unwrap_or_default();
                self.stream = f64::from_be_bytes(number) as u32;
                let (verb, argument) = match self.action {
                    Action::Play => ("play", Amf::Number(-2000.0)),
                    Action::Publish => ("publish", Amf::Text("live")),
                };
                command(
                    &mut self.out,
                    self.stream,
                    verb,
                    3.0,
                    &[Amf::Null, Amf::Text(&self.name), argument],
                );
                self.step = Step::Start;
            }
            Step::Start
                if contains(body, b"NetStream.Play.Start") || contains(body, b"NetStream.Publish.Start") =>
            {
                self.step = Step::Live;
            }
            _ => {}
        }
        Ok(())
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
