//! What the outside may cost.

use std::time::Duration;

/// Limits of a [`Net`](super::Net).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Datagrams that wait for one peer.
    pub queue: usize,
    /// Addresses of one peer, UDP and TCP each. One more UDP address replaces the one checked longest ago.
    pub addresses: usize,
    /// Longest datagram or TCP frame from a peer, in bytes. Browsers send 1 200.
    pub datagram: usize,
    /// TCP connections in total.
    pub connections: usize,
    /// TCP connections from one IPv4 address or one IPv6 network of 64 bits.
    pub connections_per_address: usize,
    /// How soon a TCP connection must bring its first ICE check.
    pub first_check: Duration,
    /// How long a TCP connection may go without a complete frame, or without taking anything of what waits for it.
    pub idle: Duration,
    /// Bytes that wait for one TCP connection.
    pub unsent: usize,
    /// What the socket's buffers are raised to, in bytes, as far as the system allows.
    pub socket_buffer: usize,
    /// Whether runs of datagrams go out in one system call (UDP GSO) where that is possible.
    pub segmentation: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            queue: 512,
            addresses: 16,
            datagram: 2_048,
            connections: 4_096,
            connections_per_address: 64,
            first_check: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            unsent: 256 * 1024,
            socket_buffer: 4 * 1024 * 1024,
            segmentation: true,
        }
    }
}
