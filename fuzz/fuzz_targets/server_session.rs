//! A whole server session with a driver that says yes or no to every request.
//!
//! The first byte is flags: 1 the driver is asked about `connect`, 2 it refuses to publish and to play, 4 the input has
//! its own handshake (else a plain one is put before it); the rest of the byte sizes the pieces. Any way of cutting
//! the bytes gives the same events, and a peer cannot make us send much more than it sends.
#![no_main]

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::{
    ConnectPolicy, Output, PlayEnd, Rejection, Seed, ServerConfig, ServerEvent, ServerSession,
};
use libfuzzer_sys::fuzz_target;

const ASK: u8 = 1;
const REFUSE: u8 = 2;
const OWN_HANDSHAKE: u8 = 4;
/// C0, C1 and C2.
const HANDSHAKE: usize = 1 + 2 * 1_536;

fuzz_target!(|input: &[u8]| {
    let Some((&flags, rest)) = input.split_first() else {
        return;
    };
    let mut stream = Vec::new();
    if flags & OWN_HANDSHAKE == 0 {
        stream.resize(HANDSHAKE, 0);
        stream[0] = 3;
    }
    stream.extend_from_slice(rest);
    let whole = run(flags, &stream, stream.len().max(1));
    let pieces = run(flags, &stream, 1 + usize::from(flags >> 3) * 7);
    assert_eq!(whole, pieces);
});

/// What happened, as text: a NaN in an event is not equal to itself.
fn run(flags: u8, stream: &[u8], piece: usize) -> Vec<String> {
    let connect = if flags & ASK == 0 {
        ConnectPolicy::Accept
    } else {
        ConnectPolicy::Ask
    };
    let now = Instant::now();
    let config = ServerConfig {
        connect,
        ..ServerConfig::default()
    };
    let mut session = ServerSession::new(config, Seed([7; 32]), now);
    let mut driver = Driver {
        refuse: flags & REFUSE != 0,
        ..Driver::default()
    };
    for bytes in stream.chunks(piece) {
        session.handle_input(bytes, now);
        driver.drain(&mut session);
        if driver.closed {
            return driver.happened;
        }
    }
    assert!(
        driver.sent <= 64 * 1_024 + 64 * stream.len(),
        "{} bytes for {}",
        driver.sent,
        stream.len()
    );
    // A peer that says nothing any more is told so, and let go.
    if let Some(stream_id) = session.play_stream_id() {
        session.end_play(stream_id, PlayEnd::Unpublished);
        driver.drain(&mut session);
    }
    let mut later = now;
    for _ in 0..8 {
        let Some(deadline) = session.deadline().filter(|_| !driver.closed) else {
            break;
        };
        later = later.max(deadline) + Duration::from_millis(1);
        session.handle_timeout(later);
        driver.drain(&mut session);
    }
    driver.happened
}

#[derive(Default)]
struct Driver {
    refuse: bool,
    happened: Vec<String>,
    sent: usize,
    closed: bool,
}

impl Driver {
    fn drain(&mut self, session: &mut ServerSession) {
        while let Some(output) = session.poll_output() {
            assert!(!self.closed, "something follows the end: {output:?}");
            match output {
                Output::Write(bytes) => self.sent += bytes.len(),
                Output::Event(event) => {
                    self.happened.push(format!("{event:?}"));
                    self.answer(session, event);
                }
                Output::Close(close) => {
                    self.happened.push(format!("{close:?}"));
                    self.closed = true;
                }
            }
        }
    }

    fn answer(&self, session: &mut ServerSession, event: ServerEvent) {
        let request = match &event {
            ServerEvent::ConnectRequested { request, .. } => *request,
            ServerEvent::PublishRequested(publish) => publish.request,
            ServerEvent::PlayRequested(play) => play.request,
            _ => return,
        };
        let answered = match event {
            ServerEvent::ConnectRequested { .. } => session.accept_connect(request),
            _ if self.refuse => session.reject(request, Rejection::publish_denied("no")),
            ServerEvent::PublishRequested(_) => session.accept_publish(request),
            _ => session.accept_play(request),
        };
        assert!(answered.is_ok(), "the request was just made");
    }
}
