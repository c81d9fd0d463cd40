//! A server session and a client session joined in virtual time.

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::{
    ClientConfig, ClientEvent, ClientSession, Close, Output, Purpose, RtmpUrl, Seed, ServerConfig,
    ServerEvent, ServerSession,
};

/// Both ends of a connection, what they said and how they ended.
pub struct Pair {
    pub now: Instant,
    pub server: ServerSession,
    pub client: ClientSession,
    pub server_events: Vec<ServerEvent>,
    pub client_events: Vec<ClientEvent>,
    pub server_close: Option<Close>,
    pub client_close: Option<Close>,
    /// All bytes of the client and of the server.
    pub up: Vec<u8>,
    pub down: Vec<u8>,
    /// Bytes handed over at a time.
    pub step: usize,
}

impl Pair {
    pub fn new(url: &str, purpose: Purpose, server: ServerConfig, client: ClientConfig) -> Pair {
        let now = Instant::now();
        let url = RtmpUrl::parse(url).unwrap();
        Pair {
            now,
            server: ServerSession::new(server, Seed([1; 32]), now),
            client: ClientSession::new(client, &url, purpose, Seed([2; 32]), now),
            server_events: Vec::new(),
            client_events: Vec::new(),
            server_close: None,
            client_close: None,
            up: Vec::new(),
            down: Vec::new(),
            step: usize::MAX,
        }
    }

    pub fn default(url: &str, purpose: Purpose) -> Pair {
        Pair::new(url, purpose, ServerConfig::default(), ClientConfig::default())
    }

    /// Exchanges bytes until both are quiet or the server asks something.
    pub fn run(&mut self) {
        let mut up = self.drain_client();
        let mut down = self.drain_server();
        while !(up.is_empty() && down.is_empty()) {
            let (sent_up, sent_down) = (std::mem::take(&mut up), std::mem::take(&mut down));
            for part in sent_up.chunks(self.step) {
                self.server.handle_input(part, self.now);
                down.extend(self.drain_server());
            }
            for part in sent_down.chunks(self.step) {
                self.client.handle_input(part, self.now);
                up.extend(self.drain_client());
            }
            self.up.extend(sent_up);
            self.down.extend(sent_down);
        }
    }

    fn drain_client(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Write(part) => bytes.extend(part),
                Output::Event(event) => self.client_events.push(event),
                Output::Close(close) => assert!(self.client_close.replace(close).is_none()),
            }
        }
        bytes
    }

    fn drain_server(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Write(part) => bytes.extend(part),
                Output::Event(event) => self.server_events.push(event),
                Output::Close(close) => assert!(self.server_close.replace(close).is_none()),
            }
        }
        bytes
    }

    /// Lets time pass, firing every deadline on the way.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            self.run();
            let next = [self.server.deadline(), self.client.deadline()]
                .into_iter()
                .flatten()
                .min();
            match next {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.server.handle_timeout(self.now);
            self.client.handle_timeout(self.now);
        }
        self.now = end;
    }

    /// Answers the open question to publish with yes.
    pub fn accept_publish(&mut self) {
        let Some(ServerEvent::PublishRequested(request)) = self.server_events.last() else {
            panic!("no request in {:?}", self.server_events)
        };
        self.server.accept_publish(request.request).unwrap();
        self.run();
    }

    /// Answers the open question to play with yes.
    pub fn accept_play(&mut self) {
        let Some(ServerEvent::PlayRequested(request)) = self.server_events.last() else {
            panic!("no request in {:?}", self.server_events)
        };
        self.server.accept_play(request.request).unwrap();
        self.run();
    }
}
