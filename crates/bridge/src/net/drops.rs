//! Datagrams that reach nobody, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a datagram was dropped: the label `reason` of `lianmai_bridge_dropped_datagrams_total`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dropped {
    /// Received: it is none of the protocols spoken here, or a broken or overlong ICE check.
    Malformed,
    /// Received: longer than allowed.
    Oversize,
    /// Received: an ICE check for a user name that nobody has.
    UnknownUfrag,
    /// Received: an ICE check whose sender does not know the password.
    Integrity,
    /// Received: not an ICE check, and from an address without a valid one.
    UnknownAddress,
    /// Received: its peer does not keep up.
    QueueFull,
    /// To be sent: the UDP socket is full.
    SocketFull,
    /// To be sent: the TCP connection does not keep up.
    ConnectionFull,
    /// To be sent: the TCP connection is gone.
    NotConnected,
    /// To be sent: the system refuses it, because it is too long or there is no way to its destination.
    Refused,
}

impl Dropped {
    const ALL: [Dropped; 10] = [
        Dropped::Malformed,
        Dropped::Oversize,
        Dropped::UnknownUfrag,
        Dropped::Integrity,
        Dropped::UnknownAddress,
        Dropped::QueueFull,
        Dropped::SocketFull,
        Dropped::ConnectionFull,
        Dropped::NotConnected,
        Dropped::Refused,
    ];

    /// As in the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Dropped::Malformed => "malformed",
            Dropped::Oversize => "oversize",
            Dropped::UnknownUfrag => "unknown_ufrag",
            Dropped::Integrity => "integrity",
            Dropped::UnknownAddress => "unknown_address",
            Dropped::QueueFull => "queue_full",
            Dropped::SocketFull => "socket_full",
            Dropped::ConnectionFull => "connection_full",
            Dropped::NotConnected => "not_connected",
            Dropped::Refused => "refused",
        }
    }
}

/// Counts of one [`Net`](super::Net). The metric's handles are looked up once: a flood must cost little.
pub(super) struct Drops([(AtomicU64, metrics::Counter); Dropped::ALL.len()]);

impl Drops {
    pub(super) fn new() -> Drops {
        Drops(Dropped::ALL.map(|reason| {
            let counter =
                metrics::counter!("lianmai_bridge_dropped_datagrams_total", "reason" => reason.as_str());
            counter.increment(0);
            (AtomicU64::new(0), counter)
        }))
    }

    pub(super) fn add(&self, reason: Dropped, datagrams: usize) {
        if let Some((count, counter)) = self.0.get(reason as usize) {
            count.fetch_add(datagrams as u64, Ordering::Relaxed);
            counter.increment(datagrams as u64);
        }
    }

    pub(super) fn get(&self, reason: Dropped) -> u64 {
        self.0
            .get(reason as usize)
            .map_or(0, |(count, _)| count.load(Ordering::Relaxed))
    }
}
