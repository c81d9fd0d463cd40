//! The generator: one epoll loop that publishes on time and reads the socket of every viewer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use socket2::SockRef;

use super::client::Client;
use super::rtp::{Header, Sent, Tally};
use crate::client::{Connection, READ, Target};
use crate::histogram::Histogram;
use crate::http;
use crate::machine::now_ns;
use crate::probe::Probe;
use crate::rtmp::client::Action;
use crate::source::{AUDIO, MARK, Shape, Source, VIDEO};

/// Viewers that may be between their offer and their first picture at the same time.
const OPENING: usize = 4;
const EVENTS: usize = 512;
/// The publisher's epoll token.
const PUBLISHER: u64 = u64::MAX;
/// Datagrams read of one viewer before others have a turn.
const TURN: usize = 64;
/// How often clients are asked whether they have something to do.
const TICK_NS: u64 = 5_000_000;
/// For half a second of a stream, if the kernel gives it.
const RECEIVE_BUFFER: usize = 1 << 20;

struct Viewer {
    socket: UdpSocket,
    /// None at the floor.
    client: Option<Client>,
    /// Whether RTP goes to the client.
    feedback: bool,
    tally: Tally,
    answered_ns: u64,
    first_picture_ns: Option<u64>,
    /// Timestamp and send time of the picture that is arriving, read from what was decrypted.
    probe: Option<(u32, u64)>,
}

/// Publisher and viewers of one run.
pub(crate) struct Load {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    shape: Shape,
    publisher: Option<(Connection, Option<Source>)>,
    sent: Sent,
    viewers: Vec<Viewer>,
    opening: usize,
    tick_ns: u64,
    seen: Seen,
}

/// What the viewers saw in one measuring window.
pub(crate) struct Seen {
    /// Of all viewers, told from headers.
    pub(crate) latency: Histogram,
    /// Of those who decrypt, told from what they decrypted.
    pub(crate) decrypted_latency: Histogram,
    pub(crate) decrypted: u64,
}

impl Seen {
    fn new() -> Self {
        Self {
            latency: Histogram::new(),
            decrypted_latency: Histogram::new(),
            decrypted: 0,
        }
    }
}

/// Sums over all viewers.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) lost: i64,
    /// Viewers with less than half of the pictures, or without a connection.
    pub(crate) starved: usize,
}

impl Load {
    /// Without connections. The publisher will send pictures of this shape.
    pub(crate) fn new(shape: Shape) -> Result<Self> {
        let key_packets = (shape.least_key_frame() / 1_200 / 2).max(2) as u32;
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; READ],
            shape,
            publisher: None,
            sent: Sent::new(key_packets),
            viewers: Vec::new(),
            opening: 0,
            tick_ns: 0,
            seen: Seen::new(),
        })
    }

    /// Connects the publisher and lets it start.
    pub(crate) fn publish(&mut self, target: &Target, limit: Duration) -> Result<()> {
        let connection = Connection::open(target, Action::Publish, None)?;
        let data = epoll::EventData::new_u64(PUBLISHER);
        epoll::add(&self.epoll, &connection.socket, data, epoll::EventFlags::IN)?;
        self.publisher = Some((connection, None));
        let deadline = now_ns() + limit.as_nanos() as u64;
        while self.publisher.as_ref().is_none_or(|(_, source)| source.is_none()) {
            self.turn(deadline)?;
            if now_ns() >= deadline {
                bail!("the publisher was not accepted");
            }
        }
        Ok(())
    }

    /// Opens one viewer over WHEP, in turn with the others that are on their way.
    pub(crate) fn open(
        &mut self,
        server: SocketAddr,
        path: &str,
        feedback: bool,
        audio: bool,
        limit: Duration,
    ) -> Result<()> {
        let deadline = now_ns() + limit.as_nanos() as u64;
        while self.opening >= OPENING {
            self.turn(deadline)?;
            if now_ns() >= deadline {
                bail!("viewers do not get their first picture");
            }
        }
        let socket = socket()?;
        let mut client = Client::new(socket.local_addr()?, feedback, audio)?;
        let offer = client.offer()?;
        let answer = http::offer(server, path, &offer)?;
        let answered_ns = now_ns();
        socket.connect(client.answer(&answer)?)?;
        client.drive(&socket, Instant::now(), |_| {});
        self.opening += 1;
        self.add(socket, Some(client), feedback, answered_ns)?;
        self.turn(now_ns())
    }

    /// Asks the floor for its packets.
    pub(crate) fn open_floor(&mut self, server: SocketAddr) -> Result<()> {
        let socket = socket()?;
        socket.connect(server)?;
        socket.send(b"send")?;
        self.add(socket, None, false, now_ns())?;
        self.turn(now_ns())
    }

    fn add(
        &mut self,
        socket: UdpSocket,
        client: Option<Client>,
        feedback: bool,
        answered_ns: u64,
    ) -> Result<()> {
        let data = epoll::EventData::new_u64(self.viewers.len() as u64);
        epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN)?;
        self.viewers.push(Viewer {
            socket,
            client,
            feedback,
            tally: Tally::default(),
            answered_ns,
            first_picture_ns: None,
            probe: None,
        });
        Ok(())
    }

    /// Publishes and reads for this long.
    pub(crate) fn run(&mut self, time: Duration) -> Result<()> {
        let deadline = now_ns() + time.as_nanos() as u64;
        while now_ns() < deadline {
            self.turn(deadline)?;
        }
        Ok(())
    }

    /// Forgets what was counted.
    pub(crate) fn restart(&mut self) {
        self.seen = Seen::new();
        for viewer in &mut self.viewers {
            viewer.tally.restart();
        }
    }

    /// What was counted since [`Load::restart`]; `enough` pictures are half of what everybody should have.
    pub(crate) fn counted(&mut self, enough: u64) -> (Totals, Seen) {
        let mut totals = Totals::default();
        for Viewer { tally, client, .. } in &self.viewers {
            totals.packets += tally.packets;
            totals.bytes += tally.bytes;
            totals.lost += tally.lost;
            let gone = client
                .as_ref()
                .is_some_and(|client| client.ended || !client.connected);
            totals.starved += usize::from(gone || tally.pictures < enough);
        }
        (totals, std::mem::replace(&mut self.seen, Seen::new()))
    }

    /// Times from the answer to the first whole picture.
    pub(crate) fn first_pictures(&self) -> Histogram {
        let mut times = Histogram::new();
        for viewer in &self.viewers {
            if let Some(at) = viewer.first_picture_ns {
                times.add(at.saturating_sub(viewer.answered_ns) / 1000);
            }
        }
        times
    }

    /// Publishes what is due, then waits for and reads at most one batch of sockets.
    fn turn(&mut self, deadline: u64) -> Result<()> {
        let now = now_ns();
        let mut wake = deadline.min(now + TICK_NS);
        if let Some((connection, Some(source))) = &mut self.publisher {
            while source.due_ns() <= now {
                let sent_ns = now_ns();
                let message = source.next(sent_ns);
                if message.kind == VIDEO {
                    self.sent.picture(message.key, sent_ns);
                }
                connection.media(message.kind, message.milliseconds, message.body);
            }
            wake = wake.min(source.due_ns());
            connection.flush().context("publisher")?;
        }
        if now >= self.tick_ns {
            self.tick_ns = now + TICK_NS;
            let at = Instant::now();
            for viewer in &mut self.viewers {
                if viewer.client.as_ref().is_some_and(|client| client.wake <= at) {
                    viewer.drive(at, &mut self.seen);
                }
            }
        }
        let wait = wake.saturating_sub(now);
        let wait = Timespec {
            tv_sec: (wait / 1_000_000_000) as i64,
            tv_nsec: (wait % 1_000_000_000) as i64,
        };
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&wait))?;
        let events = std::mem::take(&mut self.events);
        let outcome = events.iter().try_for_each(|event| self.read(event.data.u64()));
        self.events = events;
        outcome
    }

    fn read(&mut self, token: u64) -> Result<()> {
        if token == PUBLISHER {
            return self.read_publisher();
        }
        let Some(viewer) = self.viewers.get_mut(token as usize) else {
            return Ok(());
        };
        let had_picture = viewer.first_picture_ns.is_some();
        viewer.receive(&mut self.buffer[..2_048], &self.sent, &mut self.seen)?;
        if !had_picture && viewer.first_picture_ns.is_some() {
            self.opening = self.opening.saturating_sub(1);
        }
        Ok(())
    }

    fn read_publisher(&mut self) -> Result<()> {
        let Some((connection, source)) = &mut self.publisher else {
            return Ok(());
        };
        connection
            .receive(&mut self.buffer, now_ns, &mut self.seen.latency)
            .context("publisher")?;
        if source.is_none() && connection.is_live() {
            let with_audio = self.shape.has_audio();
            for (kind, body) in Source::headers() {
                if with_audio || kind != AUDIO {
                    connection.media(kind, 0, &body);
                }
            }
            *source = Some(Source::with(self.shape, now_ns(), 0));
        }
        Ok(())
    }
}

impl Viewer {
    /// Reads what has arrived and counts it.
    fn receive(&mut self, buffer: &mut [u8], sent: &Sent, seen: &mut Seen) -> Result<()> {
        let mut taken = false;
        for _ in 0..TURN {
            let size = match self.socket.recv(buffer) {
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The server's port is closed: it shows as a viewer without pictures.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => break,
                Err(error) => return Err(error.into()),
            };
            let Some(datagram) = buffer.get(..size) else {
                continue;
            };
            let header = Header::parse(datagram);
            if let Some(header) = header {
                let now = now_ns();
                self.tally.packet(header, size, now, sent, &mut seen.latency);
                if header.marker {
                    self.first_picture_ns.get_or_insert(now);
                }
            }
            let Some(client) = &mut self.client else { continue };
            // Reports belong to RTP: who does not look at one does not look at the other.
            let media = (128..=191).contains(&datagram.first().copied().unwrap_or_default());
            if !media || self.feedback {
                client.take(datagram);
                taken = true;
            }
        }
        if taken {
            self.drive(Instant::now(), seen);
        }
        Ok(())
    }

    fn drive(&mut self, at: Instant, seen: &mut Seen) {
        let Some(client) = &mut self.client else { return };
        let probe = &mut self.probe;
        client.drive(&self.socket, at, |packet| {
            seen.decrypted += 1;
            if let Some(sent_ns) = probe_of(&packet.payload) {
                *probe = Some((packet.header.timestamp, sent_ns));
            }
            if packet.header.marker
                && let Some((_, sent_ns)) = probe.filter(|(at, _)| *at == packet.header.timestamp)
            {
                seen.decrypted_latency
                    .add(now_ns().saturating_sub(sent_ns) / 1000);
            }
        });
    }
}

/// Send time in the first packet of a picture, whatever stands before it.
fn probe_of(payload: &[u8]) -> Option<u64> {
    let head = payload.get(..payload.len().min(200))?;
    let at = head.windows(MARK.len()).position(|bytes| bytes == MARK)?;
    Some(Probe::decode(head.get(at + MARK.len()..)?)?.sent_ns)
}

fn socket() -> Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
    Ok(socket)
}
