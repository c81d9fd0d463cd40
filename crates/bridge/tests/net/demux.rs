//! Whose a UDP datagram is.

use std::net::SocketAddr;
use std::time::Instant;

use lianmai_bridge::net::{Dropped, Limits, Net, Transport};
use tokio::net::UdpSocket;

use super::kit::{DTLS, PASSWORD, check, dropped, limits, next, one, receive, socket, start, validated};

#[tokio::test]
async fn checks_go_to_the_peer_they_name() {
    let net = start(limits());
    let mut a = net.register("aaaa", PASSWORD).unwrap();
    let mut b = net.register("bbbb", "another password").unwrap();
    let far = socket().await;
    let before = Instant::now();
    far.send_to(&check("bbbb", "another password"), net.udp_address())
        .await
        .unwrap();
    let got = one(&mut b).await;
    assert_eq!(*got.bytes, check("bbbb", "another password"));
    assert_eq!(
        (got.from, got.local),
        (far.local_addr().unwrap(), net.udp_address())
    );
    assert_eq!(got.transport, Transport::Udp);
    assert!(got.at >= before && got.at <= Instant::now());

    let far = socket().await;
    far.send_to(&check("aaaa", PASSWORD), net.udp_address())
        .await
        .unwrap();
    assert_eq!(one(&mut a).await.from, far.local_addr().unwrap());
    assert_eq!(net.known(), (2, 2, 2));
}

#[tokio::test]
async fn a_check_without_the_password_binds_nothing() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = socket().await;
    far.send_to(&check("aaaa", "not the password"), net.udp_address())
        .await
        .unwrap();
    dropped(&net, Dropped::Integrity, 1).await;
    far.send_to(&check("zzzz", PASSWORD), net.udp_address())
        .await
        .unwrap();
    dropped(&net, Dropped::UnknownUfrag, 1).await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    dropped(&net, Dropped::UnknownAddress, 1).await;
    assert_eq!(net.known(), (1, 1, 0));
    // What was dropped does not come later either.
    let far = validated(&net, &mut port, "aaaa").await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    assert_eq!(*one(&mut port).await.bytes, *DTLS);
}

/// reliability: a hello of DTLS from an address that proved nothing never reaches a peer.
#[tokio::test]
async fn only_validated_addresses_reach_a_peer() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let stranger = socket().await;
    let far = validated(&net, &mut port, "aaaa").await;
    let rtp = [0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    let mut response = check("aaaa", PASSWORD);
    response[0] = 1;
    for bytes in [DTLS, &rtp, &response] {
        stranger.send_to(bytes, net.udp_address()).await.unwrap();
    }
    dropped(&net, Dropped::UnknownAddress, 3).await;
    for bytes in [DTLS, &rtp, &response] {
        far.send_to(bytes, net.udp_address()).await.unwrap();
        let got = one(&mut port).await;
        assert_eq!((&*got.bytes, got.from), (bytes, far.local_addr().unwrap()));
    }
}

#[tokio::test]
async fn what_is_no_protocol_of_ours_or_too_long_is_dropped_from_anybody() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = validated(&net, &mut port, "aaaa").await;
    for bytes in [&b"GET / HTTP/1.1"[..], &[], &[0; 20], &[64, 0, 0, 0], &[255; 100]] {
        far.send_to(bytes, net.udp_address()).await.unwrap();
    }
    far.send_to(&[22; 2_049], net.udp_address()).await.unwrap();
    dropped(&net, Dropped::Oversize, 1).await;
    // An empty one is not even counted.
    dropped(&net, Dropped::Malformed, 4).await;
    far.send_to(&[22; 2_048], net.udp_address()).await.unwrap();
    assert_eq!(one(&mut port).await.bytes.len(), 2_048);
}

#[tokio::test]
async fn an_address_changes_hands_only_with_a_valid_check() {
    let net = start(limits());
    let mut a = net.register("aaaa", PASSWORD).unwrap();
    let mut b = net.register("bbbb", "another password").unwrap();
    let far = validated(&net, &mut a, "aaaa").await;
    far.send_to(&check("bbbb", PASSWORD), net.udp_address())
        .await
        .unwrap();
    dropped(&net, Dropped::Integrity, 1).await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    assert_eq!(*one(&mut a).await.bytes, *DTLS);

    far.send_to(&check("bbbb", "another password"), net.udp_address())
        .await
        .unwrap();
    one(&mut b).await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    assert_eq!(*one(&mut b).await.bytes, *DTLS);
    assert_eq!(net.known(), (2, 2, 1));
    drop(a);
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    assert_eq!(*one(&mut b).await.bytes, *DTLS);
}

#[tokio::test]
async fn a_peer_has_a_limited_number_of_addresses() {
    let net = start(Limits {
        addresses: 2,
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut far = Vec::new();
    for _ in 0..3 {
        far.push(validated(&net, &mut port, "aaaa").await);
    }
    assert_eq!(net.known(), (1, 1, 2));
    far[0].send_to(DTLS, net.udp_address()).await.unwrap();
    dropped(&net, Dropped::UnknownAddress, 1).await;
    for far in &far[1..] {
        far.send_to(DTLS, net.udp_address()).await.unwrap();
        one(&mut port).await;
    }
}

#[tokio::test]
async fn an_ice_restart_changes_the_credentials_and_keeps_the_addresses() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = validated(&net, &mut port, "aaaa").await;
    port.accept("bbbb", PASSWORD).unwrap();
    validated(&net, &mut port, "bbbb").await;
    port.forget("aaaa");
    far.send_to(&check("aaaa", PASSWORD), net.udp_address())
        .await
        .unwrap();
    dropped(&net, Dropped::UnknownUfrag, 1).await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    one(&mut port).await;
    assert_eq!(net.known(), (1, 1, 2));
}

/// The answer must come from where the question went, or a NAT and the browser's ICE agent drop it.
#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    let net = Net::start("0.0.0.0:0".parse().unwrap(), None, limits()).unwrap();
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let other = SocketAddr::from(([127, 0, 0, 2], net.udp_address().port()));
    let far = socket().await;
    far.send_to(&check("aaaa", PASSWORD), other).await.unwrap();
    let got = one(&mut port).await;
    assert_eq!(got.local, other);
    port.send(got.route(), b"answer");
    port.flush();
    assert_eq!(receive(&far).await, (b"answer".to_vec(), other));
    assert!(!net.host_addresses(false).unwrap().is_empty());
    assert!(
        net.host_addresses(true)
            .unwrap()
            .contains(&"127.0.0.1".parse().unwrap())
    );
}

#[tokio::test]
async fn ipv6() {
    let net = Net::start("[::1]:0".parse().unwrap(), None, limits()).unwrap();
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = UdpSocket::bind("[::1]:0").await.unwrap();
    far.send_to(&check("aaaa", PASSWORD), net.udp_address())
        .await
        .unwrap();
    let got = one(&mut port).await;
    assert_eq!(
        (got.from, got.local),
        (far.local_addr().unwrap(), net.udp_address())
    );
    for size in [100, 100, 50] {
        port.send(got.route(), &vec![7; size]);
    }
    port.flush();
    for size in [100, 100, 50] {
        assert_eq!(receive(&far).await, (vec![7; size], net.udp_address()));
    }
}

#[tokio::test]
async fn one_socket_for_both_families() {
    let net = Net::start("[::]:0".parse().unwrap(), None, limits()).unwrap();
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    for (from, to) in [("127.0.0.1:0", "127.0.0.3"), ("[::1]:0", "::1")] {
        let to = SocketAddr::new(to.parse().unwrap(), net.udp_address().port());
        let far = UdpSocket::bind(from).await.unwrap();
        far.send_to(&check("aaaa", PASSWORD), to).await.unwrap();
        let got = one(&mut port).await;
        assert_eq!((got.from, got.local), (far.local_addr().unwrap(), to));
        far.send_to(DTLS, to).await.unwrap();
        assert_eq!(*one(&mut port).await.bytes, *DTLS);
        for size in [100, 100, 50] {
            port.send(got.route(), &vec![7; size]);
        }
        port.flush();
        for size in [100, 100, 50] {
            assert_eq!(receive(&far).await, (vec![7; size], to));
        }
    }
}

#[tokio::test]
async fn a_peer_that_does_not_keep_up_loses_the_newest_and_nobody_else_does() {
    let net = start(Limits { queue: 8, ..limits() });
    let mut slow = net.register("aaaa", PASSWORD).unwrap();
    let mut quick = net.register("bbbb", PASSWORD).unwrap();
    let far = validated(&net, &mut slow, "aaaa").await;
    for number in 0..20 {
        far.send_to(&[22, number], net.udp_address()).await.unwrap();
    }
    dropped(&net, Dropped::QueueFull, 12).await;
    let far = validated(&net, &mut quick, "bbbb").await;
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    one(&mut quick).await;
    let got: Vec<u8> = next(&mut slow, 8).await.iter().map(|got| got.bytes[1]).collect();
    assert_eq!(got, [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// What waits in the socket is handed over in portions that fit into a peer's queue, and peers have turns in between.
#[tokio::test]
async fn a_burst_longer_than_the_queue_reaches_a_peer_that_keeps_up() {
    let net = start(Limits {
        queue: 200,
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = validated(&net, &mut port, "aaaa").await.into_std().unwrap();
    for number in 0..450_u16 {
        let [high, low] = number.to_be_bytes();
        // Of different sizes, so that the kernel does not put them together.
        let size = 3 + usize::from(number % 2);
        far.send_to(&[22, high, low, 0][..size], net.udp_address())
            .unwrap();
    }
    let got = next(&mut port, 450).await;
    assert!(
        got.iter()
            .map(|got| u16::from_be_bytes([got.bytes[1], got.bytes[2]]))
            .eq(0..450)
    );
    assert_eq!(net.dropped(Dropped::QueueFull), 0);
}
