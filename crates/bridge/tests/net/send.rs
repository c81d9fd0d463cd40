//! Datagrams to peers.

use lianmai_bridge::net::{Dropped, Limits, Port, Route, Transport};
use tokio::net::UdpSocket;

use super::kit::{PASSWORD, dropped, limits, receive, socket, start};

fn route(far: &UdpSocket) -> Route {
    Route {
        transport: Transport::Udp,
        local: "0.0.0.0:0".parse().unwrap(),
        remote: far.local_addr().unwrap(),
    }
}

/// Sends so that all is in the far end's buffer, and compares.
async fn arrives(port: &mut Port, far: &[UdpSocket], sizes: &[(usize, usize)]) {
    for (number, (to, size)) in sizes.iter().enumerate() {
        port.send(route(&far[*to]), &datagram(number, *size));
    }
    port.flush();
    for (number, (to, size)) in sizes.iter().enumerate() {
        assert!(
            receive(&far[*to]).await.0 == datagram(number, *size),
            "datagram {number} of {size} bytes"
        );
    }
}

fn datagram(number: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| (number + at) as u8).collect()
}

#[tokio::test]
async fn runs_arrive_as_separate_datagrams_in_order() {
    for segmentation in [true, false] {
        let net = start(Limits {
            segmentation,
            ..limits()
        });
        let mut port = net.register("aaaa", PASSWORD).unwrap();
        let far = [socket().await, socket().await];
        // A picture: equal sizes, the last shorter.
        let mut picture = vec![(0, 1_180); 40];
        picture.push((0, 333));
        arrives(&mut port, &far, &picture).await;
        // More than one call may take, by number and by bytes.
        arrives(&mut port, &far, &[(0, 100); 150]).await;
        arrives(&mut port, &far, &[(0, 1_200); 70]).await;
        // Growing, shrinking, alternating, to two addresses.
        arrives(
            &mut port,
            &far,
            &[(0, 10), (0, 20), (0, 30), (0, 30), (0, 20), (0, 30), (0, 1)],
        )
        .await;
        arrives(
            &mut port,
            &far,
            &[(0, 10), (1, 10), (1, 10), (0, 10), (0, 10), (1, 9)],
        )
        .await;
        for reason in [Dropped::Refused, Dropped::SocketFull] {
            assert_eq!(net.dropped(reason), 0);
        }
    }
}

#[tokio::test]
async fn nothing_waits_longer_than_the_port() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = socket().await;
    port.send(route(&far), b"last words");
    drop(port);
    assert_eq!(receive(&far).await.0, b"last words");
}

#[tokio::test]
async fn what_cannot_be_sent_is_counted_and_harms_nobody() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = [socket().await];
    let nowhere = Route {
        remote: "127.0.0.1:0".parse().unwrap(),
        ..route(&far[0])
    };
    port.send(nowhere, &[1; 100]);
    port.send(nowhere, &[1; 100]);
    port.send(route(&far[0]), &[]);
    port.send(route(&far[0]), &[1; 70_000]);
    dropped(&net, Dropped::Refused, 4).await;
    arrives(&mut port, &far, &[(0, 100); 50]).await;
}
