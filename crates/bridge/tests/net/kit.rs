//! A peer's far end.

use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use lianmai_bridge::net::{Datagram, Dropped, Limits, Net, Port};
use sha1::Sha1;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Nothing here takes that long.
pub(crate) const LONG: Duration = Duration::from_secs(10);
/// The start of a DTLS record.
pub(crate) const DTLS: &[u8] = &[22, 254, 253, 0, 0];
pub(crate) const PASSWORD: &str = "a password of 22 chars";

/// An ICE check (RFC 8445 §7.2.2).
pub(crate) fn check(ufrag: &str, password: &str) -> Vec<u8> {
    let username = format!("{ufrag}:far");
    let mut attributes = vec![0x00, 0x24, 0, 4, 0x6e, 0x7f, 0xff, 0xff, 0x00, 0x06];
    attributes.extend(u16::try_from(username.len()).unwrap().to_be_bytes());
    attributes.extend(username.as_bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    let length = u16::try_from(attributes.len() + 24).unwrap();
    let mut message = vec![0x00, 0x01];
    message.extend(length.to_be_bytes());
    message.extend(0x2112_A442_u32.to_be_bytes());
    message.extend(b"transaction!");
    message.extend(attributes);
    let mut mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).unwrap();
    mac.update(&message);
    message.extend([0x00, 0x08, 0, 20]);
    message.extend(mac.finalize().into_bytes());
    message
}

pub(crate) fn limits() -> Limits {
    Limits {
        idle: Duration::from_secs(5),
        ..Limits::default()
    }
}

/// Sockets on loopback, TCP too.
pub(crate) fn start(limits: Limits) -> Net {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    Net::start(any, Some(any), limits).unwrap()
}

pub(crate) async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// The next datagrams, at least `count`.
pub(crate) async fn next(port: &mut Port, count: usize) -> Vec<Datagram> {
    let mut batch = Vec::new();
    while batch.len() < count {
        let more = timeout(LONG, port.recv(&mut batch))
            .await
            .expect("a datagram in time");
        assert_ne!(more, 0, "the sockets are shut down");
    }
    batch
}

/// The next datagram, which is the only one.
pub(crate) async fn one(port: &mut Port) -> Datagram {
    let mut batch = next(port, 1).await;
    assert_eq!(batch.len(), 1);
    batch.remove(0)
}

/// A socket that proved to belong to the port.
pub(crate) async fn validated(net: &Net, port: &mut Port, ufrag: &str) -> UdpSocket {
    let socket = socket().await;
    socket
        .send_to(&check(ufrag, PASSWORD), net.udp_address())
        .await
        .unwrap();
    assert_eq!(one(port).await.from, socket.local_addr().unwrap());
    socket
}

/// Waits until so many datagrams were dropped for a reason.
pub(crate) async fn dropped(net: &Net, reason: Dropped, count: u64) {
    let reached = async {
        while net.dropped(reason) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let _ = timeout(LONG, reached).await;
    assert_eq!(net.dropped(reason), count, "{reason:?}");
}

/// What a socket gets next.
pub(crate) async fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (length, from) = timeout(LONG, socket.recv_from(&mut buffer))
        .await
        .expect("in time")
        .unwrap();
    buffer.truncate(length);
    (buffer, from)
}
