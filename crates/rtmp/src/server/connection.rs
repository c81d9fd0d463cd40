//! One incoming connection: the session's bytes, timers and events, and what they mean for the hub.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::{AccessRequest, Action, Delivery, Denial, Protocol, PublishError, StopReason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, Sleep};

use super::io::ServerIo;
use super::listener::Shared;
use super::playout::Playout;
use super::publish::Ingress;
use crate::protocol::{
    Close, Output, PlayEnd, PlayRequest, PublishRequest, Rejection, Seed, ServerCounters, ServerEvent,
    ServerSession, SessionError, status,
};
use crate::transport::{OutQueue, ReadSize, Transport, read_some};

/// How long, and for how many bytes, a peer may go on sending after our last words.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 4 << 20;

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// As one of the sides wanted.
    Finished,
    /// The client was told no.
    Rejected,
    /// The client broke a rule of the protocol or a limit.
    Failed(SessionError),
    /// The connection broke, or the client took nothing for too long.
    Io(io::Error),
}

impl Ended {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Ended::Finished => "finished",
            Ended::Rejected => "rejected",
            Ended::Failed(_) => "protocol",
            Ended::Io(_) if self.stalled() => "stalled",
            Ended::Io(_) => "lost",
        }
    }

    fn stalled(&self) -> bool {
        matches!(self, Ended::Io(error) if error.kind() == io::ErrorKind::TimedOut)
    }
}

pub(super) struct Connection<T> {
    shared: Arc<Shared>,
    io: T,
    peer: SocketAddr,
    protocol: Protocol,
    session: ServerSession,
    out: OutQueue,
    ingress: Option<Box<Ingress>>,
    playout: Option<Box<Playout>>,
    timer: Pin<Box<Sleep>>,
    closing: Option<Close>,
    said_goodbye: bool,
}

/// What a connection waits for.
enum Wake {
    Read(io::Result<usize>),
    Media,
    Stopped(StopReason),
    Timer,
    ShuttingDown,
}

impl<T: ServerIo> Connection<T> {
    pub(super) fn new(shared: Arc<Shared>, io: T, peer: SocketAddr, protocol: Protocol, seed: Seed) -> Self {
        let now = Instant::now();
        Connection {
            session: ServerSession::new(shared.config.session.clone(), seed, now.into_std()),
            shared,
            io,
            peer,
            protocol,
            out: OutQueue::default(),
            ingress: None,
            playout: None,
            timer: Box::pin(tokio::time::sleep_until(now)),
            closing: None,
            said_goodbye: false,
        }
    }

    pub(super) async fn run(mut self) -> Ended {
        let ended = self.serve().await;
        if ended.stalled()
            && let Some(playout) = &mut self.playout
        {
            playout.give_up();
        }
        count_ignored(&self.session.counters());
        ended
    }

    async fn serve(&mut self) -> Ended {
        let mut batch = Vec::new();
        loop {
            self.handle_outputs().await;
            let written = tokio::select! {
                biased;
                written = self.out.write_to(&mut self.io, self.shared.config.write_stall) => written,
                // A player that takes nothing cannot be told that it is out.
                () = revoked(self.playout.as_deref()) => return Ended::Finished,
            };
            if let Err(error) = written {
                return Ended::Io(error);
            }
            if let Some(close) = self.closing.take() {
                // The peer may have gone first.
                let _ = self.io.shutdown().await;
                if !matches!(close, Close::Failed(_)) {
                    linger(&mut self.io).await;
                }
                return match close {
                    Close::Finished => Ended::Finished,
                    Close::Rejected(_) => Ended::Rejected,
                    Close::Failed(error) => Ended::Failed(error),
                };
            }
            let wake = self.wait(&mut batch).await;
            // What the hub cut off while it wrote by itself goes out before anything else.
            if let Some(cut) = self.playout.as_mut().and_then(|playout| playout.reclaim()) {
                self.out.push(cut);
            }
            match wake {
                Wake::Read(Ok(0)) => return Ended::Finished,
                Wake::Read(Ok(_)) => self.session.handle_read(Instant::now().into_std()),
                Wake::Read(Err(error)) => return Ended::Io(error),
                Wake::Media => self.deliver(&mut batch),
                Wake::Stopped(reason) => self.stop_publishing(reason),
                Wake::Timer => self.session.handle_timeout(Instant::now().into_std()),
                Wake::ShuttingDown => {
                    self.said_goodbye = true;
                    self.session.close("the server shuts down");
                }
            }
        }
    }

    async fn wait(&mut self, batch: &mut Vec<Delivery>) -> Wake {
        match self.session.deadline().map(Instant::from_std) {
            Some(deadline) if deadline != self.timer.deadline() => self.timer.as_mut().reset(deadline),
            _ => {}
        }
        let has_deadline = self.session.deadline().is_some();
        let wants_read = self.session.wants_read();
        let size = if self.ingress.is_some() {
            ReadSize::Media
        } else {
            ReadSize::Control
        };
        let ingress = self.ingress.as_deref();
        let playout = self.playout.as_deref_mut();
        tokio::select! {
            read = read_some(&mut self.io, self.session.read_buf(), size), if wants_read => Wake::Read(read),
            () = next_media(playout, batch) => Wake::Media,
            reason = stopped(ingress) => Wake::Stopped(reason),
            () = &mut self.timer, if has_deadline => Wake::Timer,
            () = self.shared.stop.cancelled(), if !self.said_goodbye => Wake::ShuttingDown,
        }
    }

    async fn handle_outputs(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Write(bytes) => self.out.push(bytes),
                Output::Event(event) => self.handle_event(event).await,
                Output::Close(close) => {
                    if let Close::Rejected(rejection) = &close {
                        tracing::info!(code = %rejection.code, description = rejection.description, "rejected");
                    }
                    self.ingress = None;
                    self.playout = None;
                    self.closing = Some(close);
                    return;
                }
            }
        }
    }

    async fn handle_event(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Media(media) => {
                let Some(ingress) = &mut self.ingress else { return };
                let now = Instant::now();
                match ingress.take(media, now) {
                    Ok(()) => {}
                    // Replaced by a newer publisher: `stopped` says so too, and why.
                    Err(super::publish::Refused::Superseded) => {}
                    Err(super::publish::Refused::TooFast) => {
                        self.ingress = None;
                        self.session.close("the stream exceeds its bit rate limit");
                    }
                }
            }
            ServerEvent::PublishRequested(request) => self.publish(request).await,
            ServerEvent::PlayRequested(request) => self.play(request).await,
            ServerEvent::PublishEnded { .. } => {
                self.ingress = None;
                tracing::info!("publisher finished");
            }
            ServerEvent::PlayEnded { .. } => self.playout = None,
            ServerEvent::Paused { paused, .. } => {
                if let Some(playout) = &mut self.playout {
                    playout.pause(paused);
                }
            }
            ServerEvent::ReceiveAudio { enabled, .. } => {
                if let Some(playout) = &mut self.playout {
                    playout.receive_audio(enabled);
                }
            }
            ServerEvent::ReceiveVideo { enabled, .. } => {
                if let Some(playout) = &mut self.playout {
                    playout.receive_video(enabled);
                }
            }
            // Every app is let in; the decision falls with the stream.
            ServerEvent::ConnectRequested { request, .. } => {
                let _ = self.session.accept_connect(request);
            }
            ServerEvent::Connected { .. } | ServerEvent::BufferLength { .. } => {}
        }
    }

    async fn publish(&mut self, request: PublishRequest) {
        let asked = self.access(Action::Publish, &request.connect.app, &request.stream);
        let verdict = match self.shared.authoriser.authorise(asked).await {
            Ok(grant) => {
                Ingress::start(&self.shared.hub, self.protocol, grant).map_err(|error| publish_error(&error))
            }
            Err(denial) => Err(publish_denied(&denial)),
        };
        // An unknown request means that the client left while the verdict was made.
        let _ = match verdict {
            Ok(ingress) => {
                tracing::info!(stream = %ingress.key(), "publishing");
                self.ingress = Some(Box::new(ingress));
                self.session.accept_publish(request.request)
            }
            Err(rejection) => self.session.reject(request.request, rejection),
        };
    }

    async fn play(&mut self, request: PlayRequest) {
        let asked = self.access(Action::Play, &request.connect.app, &request.stream);
        let query = asked.query.clone();
        let verdict = match self.shared.authoriser.authorise(asked).await {
            Ok(grant) => Playout::start(
                &self.shared.hub,
                grant,
                &query,
                request.stream_id,
                &self.shared.wire,
                self.io.direct(),
            )
            .map_err(|error| Rejection::play_failed(error.to_string())),
            Err(denial) => Err(play_denied(&denial)),
        };
        let _ = match verdict {
            Ok(playout) => {
                tracing::info!(stream = %playout.key(), "playing");
                self.playout = Some(Box::new(playout));
                self.session.accept_play(request.request)
            }
            Err(rejection) => self.session.reject(request.request, rejection),
        };
    }

    /// The request for the authoriser. The query may hang on the stream name or, with some clients, on the app.
    fn access(&self, action: Action, app: &str, stream: &crate::protocol::StreamName) -> AccessRequest {
        let (app, app_query) = app.split_once('?').unwrap_or((app, ""));
        AccessRequest {
            action,
            app: app.trim_end_matches('/').to_owned(),
            stream: stream.name().to_owned(),
            query: stream.query().unwrap_or(app_query).to_owned(),
            peer: self.peer,
            protocol: self.protocol,
        }
    }

    fn deliver(&mut self, batch: &mut Vec<Delivery>) {
        let Some(playout) = &mut self.playout else { return };
        // Taken, so that a burst leaves no room behind.
        for delivery in std::mem::take(batch) {
            if let Delivery::End(reason) = delivery {
                tracing::info!(?reason, "play ended");
                let stream_id = playout.stream_id();
                self.playout = None;
                self.session.end_play(stream_id, PlayEnd::Unpublished);
                self.session.close("the stream ended");
                return;
            }
            playout.write(delivery, &mut self.out);
        }
    }

    fn stop_publishing(&mut self, reason: StopReason) {
        self.ingress = None;
        tracing::info!(?reason, "publisher stopped");
        match reason {
            StopReason::TakenOver => self
                .session
                .give_name_away("another connection publishes this stream now"),
            StopReason::Revoked => self.session.close("the right to publish has ended"),
            StopReason::ShuttingDown => self.session.close("the server shuts down"),
        }
    }
}

/// Reads what the peer still sends, up to a limit, until it closes too. A socket closed with unread bytes in it resets
/// the connection (RFC 1122 §4.2.2.13): the peer would lose our last words and take the end for a broken line.
async fn linger(io: &mut impl Transport) {
    let mut scrap = vec![0; 16 * 1024];
    let drain = async {
        let mut left = LINGER_BYTES;
        while left > 0
            && let Ok(read @ 1..) = io.read(&mut scrap).await
        {
            left = left.saturating_sub(read);
        }
    };
    // Who does not close in time is cut off.
    let _ = tokio::time::timeout(LINGER, drain).await;
}

async fn next_media(playout: Option<&mut Playout>, batch: &mut Vec<Delivery>) {
    match playout {
        Some(playout) => playout.next_batch(batch).await,
        None => std::future::pending().await,
    }
}

async fn revoked(playout: Option<&Playout>) {
    match playout {
        Some(playout) => playout.revoked().await,
        None => std::future::pending().await,
    }
}

async fn stopped(ingress: Option<&Ingress>) -> StopReason {
    match ingress {
        Some(ingress) => ingress.stopped().await,
        None => std::future::pending().await,
    }
}

/// What a client sent that was left out (R-R3).
fn count_ignored(counters: &ServerCounters) {
    for (what, count) in [
        ("media", counters.ignored_media),
        ("command", counters.unknown_commands),
        ("message", counters.unknown_messages),
        ("aggregate", counters.broken_aggregates),
        ("abandoned", counters.abandoned_messages),
    ] {
        if count > 0 {
            metrics::counter!("lianmai_rtmp_ignored_total", "what" => what).increment(count);
        }
    }
}

fn publish_error(error: &PublishError) -> Rejection {
    match error {
        PublishError::NewerPublisher | PublishError::Contested => Rejection::bad_name(error.to_string()),
        PublishError::TooManyStreams => Rejection::new(status::PUBLISH_FAILED, error.to_string()),
    }
}

fn publish_denied(denial: &Denial) -> Rejection {
    Rejection::publish_unauthorized(denial.to_string())
}

fn play_denied(denial: &Denial) -> Rejection {
    if denial.code == "unknown_stream" {
        Rejection::stream_not_found(denial.to_string())
    } else {
        Rejection::play_failed(denial.to_string())
    }
}
