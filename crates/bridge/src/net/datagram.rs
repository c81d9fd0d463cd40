//! What goes in and out.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::BytesMut;

/// How a datagram travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// As it is.
    Udp,
    /// In a frame with its length (RFC 4571) on a connection that the peer made (RFC 6544, passive).
    Tcp,
}

/// A path between us and a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Route {
    /// How.
    pub transport: Transport,
    /// Our address, as the peer used it. An unspecified one leaves the choice to the system.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
}

/// A datagram that belongs to a peer.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Its bytes: STUN, DTLS, RTP or RTCP by their first byte (RFC 7983).
    pub bytes: BytesMut,
    /// Where it came from. Never an IPv4 address in IPv6 form.
    pub from: SocketAddr,
    /// Where it was sent to: the interface's address, not a public one in front of it.
    pub local: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// When it was read from the socket.
    pub at: Instant,
}

impl Datagram {
    /// The way back.
    pub fn route(&self) -> Route {
        Route {
            transport: self.transport,
            local: self.local,
            remote: self.from,
        }
    }
}
