//! Where we say that peers reach us, and where they really did.
//!
//! The ICE agent knows only the candidates we announce. Behind a translated address a datagram arrives at another one, so
//! what goes in is labelled with the announced address, and what comes out takes the way the peer's last datagram from
//! that address came. Pure.

use std::net::SocketAddr;

use rtc::peer_connection::transport::{RTCIceCandidate, RTCIceProtocol};
use rtc::shared::{TransportContext, TransportProtocol};

use crate::net::{Datagram, Route, Transport};

/// Remote addresses remembered; the net allows a peer no more.
const MAX_ROUTES: usize = 32;

/// The announced addresses, and the routes of one peer.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    routes: Vec<Route>,
}

impl Places {
    pub(crate) fn new(udp: Vec<SocketAddr>, tcp: Vec<SocketAddr>) -> Places {
        Places {
            udp,
            tcp,
            routes: Vec::new(),
        }
    }

    pub(crate) fn udp(&self) -> &[SocketAddr] {
        &self.udp
    }

    pub(crate) fn tcp(&self) -> &[SocketAddr] {
        &self.tcp
    }

    /// The label for a datagram that came in.
    pub(crate) fn inward(&mut self, datagram: &Datagram) -> TransportContext {
        let route = datagram.route();
        match self.routes.iter_mut().find(|known| same_peer(known, &route)) {
            Some(known) => *known = route,
            None => {
                if self.routes.len() >= MAX_ROUTES {
                    self.routes.remove(0);
                }
                self.routes.push(route);
            }
        }
        let (announced, protocol) = match route.transport {
            Transport::Udp => (&self.udp, TransportProtocol::UDP),
            Transport::Tcp => (&self.tcp, TransportProtocol::TCP),
        };
        let exact = announced.iter().find(|address| **address == route.local);
        let same_family = || {
            announced
                .iter()
                .find(|address| address.is_ipv4() == route.remote.is_ipv4())
        };
        TransportContext {
            local_addr: exact.or_else(same_family).copied().unwrap_or(route.local),
            peer_addr: route.remote,
            transport_protocol: protocol,
            ecn: None,
        }
    }

    /// The way out to where a datagram is to go; `None` where nothing ever came from.
    pub(crate) fn outward(&self, context: &TransportContext) -> Option<Route> {
        let transport = match context.transport_protocol {
            TransportProtocol::TCP => Transport::Tcp,
            _ => Transport::Udp,
        };
        let to_peer = |route: &&Route| route.remote == context.peer_addr && route.transport == transport;
        self.routes.iter().find(to_peer).copied()
    }

    /// The way between two candidates that ICE has chosen; `None` where nothing ever came from.
    pub(crate) fn selected(&self, local: &RTCIceCandidate, remote: &RTCIceCandidate) -> Option<Route> {
        let transport = match local.protocol {
            RTCIceProtocol::Tcp => Transport::Tcp,
            _ => Transport::Udp,
        };
        let remote = SocketAddr::new(remote.address.parse().ok()?, remote.port);
        let to_peer = |route: &&Route| route.remote == remote && route.transport == transport;
        self.routes.iter().find(to_peer).copied()
    }
}

fn same_peer(a: &Route, b: &Route) -> bool {
    a.remote == b.remote && a.transport == b.transport
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translated_addresses_are_announced_ones_inside() {
        let announced: SocketAddr = "203.0.113.5:8000".parse().unwrap();
        let mut places = Places::new(vec![announced], vec![]);
        let datagram = Datagram {
            bytes: Default::default(),
            from: "198.51.100.7:40000".parse().unwrap(),
            local: "10.0.0.5:8000".parse().unwrap(),
            transport: Transport::Udp,
            at: std::time::Instant::now(),
        };
        let context = places.inward(&datagram);
        assert_eq!(context.local_addr, announced);
        assert_eq!(places.outward(&context), Some(datagram.route()));
        let stranger = TransportContext {
            peer_addr: "198.51.100.8:1".parse().unwrap(),
            ..context
        };
        assert_eq!(places.outward(&stranger), None);
    }
}
