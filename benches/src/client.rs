//! One connection of the load generator: a socket, the protocol on it, and for players a tally.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use socket2::{Domain, Socket, Type};

use crate::flv;
use crate::histogram::Histogram;
use crate::http::Body;
use crate::rtmp::client::{Action, Client};
use crate::tally::Tally;

/// Where and how one stream is reached.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) server: SocketAddr,
    pub(crate) via: Via,
}

/// The protocol of a target.
#[derive(Clone, Debug)]
pub(crate) enum Via {
    /// The server sends RTMP chunks or FLV tags at once, without being asked.
    SilentRtmp,
    SilentFlv,
    Rtmp {
        app: String,
        name: String,
    },
    Flv {
        path: String,
    },
}

impl Target {
    /// On a port of this machine.
    pub(crate) fn local(port: u16, via: Via) -> Self {
        Self {
            server: (Ipv4Addr::LOCALHOST, port).into(),
            via,
        }
    }
}

enum Protocol {
    Rtmp(Box<Client>),
    /// The HTTP body around the tags, if there is one.
    Flv(Option<Body>, flv::Reader),
}

/// A connection of any kind; its socket does not block.
pub(crate) struct Connection {
    pub(crate) socket: TcpStream,
    protocol: Protocol,
    pub(crate) tally: Tally,
    unsent: Vec<u8>,
}

/// Reads of one player stop here, so that one of them cannot keep the others waiting.
pub(crate) const READ: usize = 256 * 1024;

impl Connection {
    /// Connects. `receive_buffer` limits what the kernel takes for a player that does not read.
    pub(crate) fn open(target: &Target, action: Action, receive_buffer: Option<usize>) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        socket
            .connect_timeout(&target.server.into(), Duration::from_secs(10))
            .context("connect")?;
        socket.set_tcp_nodelay(true)?;
        // Thousands of sockets waiting out their last minute would use up the ports of the next run.
        socket.set_linger(Some(Duration::ZERO))?;
        socket.set_nonblocking(true)?;
        let host = target.server.to_string();
        let mut unsent = Vec::new();
        let protocol = match &target.via {
            Via::SilentRtmp => Protocol::Rtmp(Box::new(Client::silent())),
            Via::SilentFlv => Protocol::Flv(None, flv::Reader::default()),
            Via::Rtmp { app, name } => Protocol::Rtmp(Box::new(Client::new(action, &host, app, name))),
            Via::Flv { path } => {
                unsent = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
                Protocol::Flv(Some(Body::default()), flv::Reader::default())
            }
        };
        let mut connection = Self {
            socket: socket.into(),
            protocol,
            tally: Tally::default(),
            unsent,
        };
        connection.flush()?;
        Ok(connection)
    }

    /// Whether media may flow.
    pub(crate) fn is_live(&self) -> bool {
        match &self.protocol {
            Protocol::Rtmp(client) => client.is_live(),
            Protocol::Flv(body, _) => body.as_ref().is_none_or(Body::has_begun),
        }
    }

    /// Reads once what has arrived and counts it.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        clock: impl Fn() -> u64,
        latency: &mut Histogram,
    ) -> Result<()> {
        let size = match self.socket.read(buffer) {
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        ensure!(size > 0, "closed by the server");
        let (data, now, tally) = (&buffer[..size], clock(), &mut self.tally);
        tally.bytes += size as u64;
        match &mut self.protocol {
            Protocol::Rtmp(client) => {
                client.feed(data, |message| {
                    tally.message(message.kind, message.head, now, latency)
                })?;
            }
            Protocol::Flv(body, tags) => {
                let mut sink =
                    |data: &[u8]| tags.feed(data, |kind, head| tally.message(kind, head, now, latency));
                match body {
                    Some(body) => body.feed(data, sink)?,
                    None => sink(data)?,
                }
            }
        }
        self.flush()
    }

    /// Queues one media message of a publisher.
    pub(crate) fn media(&mut self, kind: u8, milliseconds: u32, body: &[u8]) {
        if let Protocol::Rtmp(client) = &self.protocol {
            client.media(&mut self.unsent, kind, milliseconds, body);
        }
    }

    /// Writes what the socket takes of everything queued.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if let Protocol::Rtmp(client) = &mut self.protocol {
            self.unsent.extend_from_slice(&client.output());
        }
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(size) => drop(self.unsent.drain(..size)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        ensure!(
            self.unsent.len() < 4 << 20,
            "the server does not read its publisher"
        );
        Ok(())
    }
}
