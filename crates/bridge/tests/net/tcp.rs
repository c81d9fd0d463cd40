//! ICE-TCP: frames in and out.

use std::net::SocketAddr;

use lianmai_bridge::net::{Dropped, Net, Port, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::kit::{DTLS, LONG, PASSWORD, check, dropped, limits, next, one, start, validated};

/// A client's connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    pub(crate) async fn to(net: &Net) -> Client {
        let stream = TcpStream::connect(net.tcp_address().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub(crate) async fn send(&mut self, datagram: &[u8]) {
        self.stream.write_all(&framed(datagram)).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Vec<u8> {
        let frame = async {
            let length = self.stream.read_u16().await.unwrap();
            let mut frame = vec![0; usize::from(length)];
            self.stream.read_exact(&mut frame).await.unwrap();
            frame
        };
        timeout(LONG, frame).await.expect("a frame in time")
    }

    /// Waits until the gateway closes it.
    pub(crate) async fn closed(mut self) {
        let mut rest = Vec::new();
        let read = timeout(LONG, self.stream.read_to_end(&mut rest))
            .await
            .expect("closed in time");
        assert!(read.is_err() || rest.is_empty(), "{rest:?}");
    }
}

pub(crate) fn framed(datagram: &[u8]) -> Vec<u8> {
    [&u16::try_from(datagram.len()).unwrap().to_be_bytes(), datagram].concat()
}

/// A connection that is the port's.
pub(crate) async fn connected(net: &Net, port: &mut Port, ufrag: &str) -> Client {
    let mut client = Client::to(net).await;
    client.send(&check(ufrag, PASSWORD)).await;
    let got = one(port).await;
    assert_eq!((got.transport, got.from), (Transport::Tcp, client.address()));
    assert_eq!(got.local, net.tcp_address().unwrap());
    client
}

#[tokio::test]
async fn frames_go_both_ways() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = connected(&net, &mut port, "aaaa").await;
    client.send(DTLS).await;
    let got = one(&mut port).await;
    assert_eq!(*got.bytes, *DTLS);
    port.send(got.route(), b"one");
    port.send(got.route(), &[2; 1_500]);
    assert_eq!(client.receive().await, b"one");
    assert_eq!(client.receive().await, [2; 1_500]);
    // UDP of the same peer is another way to it.
    let far = validated(&net, &mut port, "aaaa").await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    assert_eq!(one(&mut port).await.transport, Transport::Udp);
}

#[tokio::test]
async fn any_fragmentation_gives_the_same_datagrams() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let datagrams = [
        check("aaaa", PASSWORD),
        DTLS.to_vec(),
        vec![22; 2_048],
        vec![],
        vec![0x80; 12],
    ];
    let stream: Vec<u8> = datagrams.iter().flat_map(|datagram| framed(datagram)).collect();
    for size in [1, 2, 3, 7, 100, 1_000, stream.len()] {
        let mut client = Client::to(&net).await;
        for part in stream.chunks(size) {
            client.stream.write_all(part).await.unwrap();
            if size < 100 {
                tokio::task::yield_now().await;
            }
        }
        let got = next(&mut port, 4).await;
        let expected = datagrams.iter().filter(|datagram| !datagram.is_empty());
        assert!(
            got.iter().map(|got| &*got.bytes).eq(expected.map(Vec::as_slice)),
            "parts of {size} bytes"
        );
    }
}

#[tokio::test]
async fn a_connection_starts_with_a_valid_check() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let wrong = [
        (DTLS.to_vec(), Dropped::UnknownAddress),
        (check("aaaa", "not the password"), Dropped::Integrity),
        (check("zzzz", PASSWORD), Dropped::UnknownUfrag),
        (b"GET / HTTP/1.1".to_vec(), Dropped::Malformed),
    ];
    for (first, reason) in wrong {
        let mut client = Client::to(&net).await;
        client.send(&first).await;
        client.closed().await;
        dropped(&net, reason, 1).await;
    }
    connected(&net, &mut port, "aaaa").await;
}

#[tokio::test]
async fn a_connection_is_one_peers_for_all_its_life() {
    let net = start(limits());
    let mut a = net.register("aaaa", PASSWORD).unwrap();
    let mut b = net.register("bbbb", PASSWORD).unwrap();
    let mut client = connected(&net, &mut a, "aaaa").await;
    // A wrong password is only dropped: the datagrams around it are still the peer's.
    client.send(&check("aaaa", "not the password")).await;
    client.send(DTLS).await;
    let got = one(&mut a).await;
    assert_eq!(*got.bytes, *DTLS);
    assert_eq!(net.dropped(Dropped::Integrity), 1);
    // Another peer's port cannot write to it.
    b.send(got.route(), b"not yours");
    dropped(&net, Dropped::NotConnected, 1).await;
    client.send(&check("bbbb", PASSWORD)).await;
    client.closed().await;
    connected(&net, &mut b, "bbbb").await;
}

#[tokio::test]
async fn a_port_that_goes_says_its_last_words_and_closes() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = connected(&net, &mut port, "aaaa").await;
    client.send(DTLS).await;
    let route = one(&mut port).await.route();
    port.send(route, b"last words");
    drop(port);
    assert_eq!(client.receive().await, b"last words");
    client.closed().await;
}

#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = connected(&net, &mut port, "aaaa").await;
    client.send(DTLS).await;
    let route = one(&mut port).await.route();
    drop(client);
    let forgotten = async {
        while net.dropped(Dropped::NotConnected) == 0 {
            port.send(route, b"anybody there?");
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, forgotten).await.expect("it is forgotten");
}
