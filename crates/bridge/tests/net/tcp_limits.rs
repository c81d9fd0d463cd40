//! ICE-TCP: what a connection may cost.

use std::time::{Duration, Instant};

use lianmai_bridge::net::{Dropped, Limits};
use tokio::io::AsyncWriteExt as _;

use super::kit::{DTLS, PASSWORD, check, dropped, limits, one, start};
use super::tcp::{Client, connected, framed};

#[tokio::test]
async fn a_connection_without_a_check_in_time_is_closed() {
    let net = start(Limits {
        first_check: Duration::from_millis(300),
        ..limits()
    });
    let started = Instant::now();
    Client::to(&net).await.closed().await;
    assert!(started.elapsed() >= Duration::from_millis(300));

    // Neither do bytes that come one at a time keep it open, nor empty frames.
    for slow in [framed(&check("aaaa", PASSWORD)), vec![0; 1_000]] {
        let mut client = Client::to(&net).await;
        let started = Instant::now();
        for byte in slow {
            if client.stream.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.closed().await;
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn a_connection_without_complete_frames_is_closed() {
    let net = start(Limits {
        idle: Duration::from_millis(300),
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = connected(&net, &mut port, "aaaa").await;
    for byte in framed(&[22; 1_000]) {
        if client.stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.closed().await;
}

#[tokio::test]
async fn frames_that_are_too_long_close_the_connection() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = Client::to(&net).await;
    client.stream.write_all(&[0xff, 0xff]).await.unwrap();
    client.closed().await;
    dropped(&net, Dropped::Oversize, 1).await;
    let mut client = connected(&net, &mut port, "aaaa").await;
    client.stream.write_all(&2_049_u16.to_be_bytes()).await.unwrap();
    client.closed().await;
    dropped(&net, Dropped::Oversize, 2).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_media_and_then_its_connection() {
    let net = start(Limits {
        idle: Duration::from_millis(700),
        unsent: 64 * 1024,
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let mut client = connected(&net, &mut port, "aaaa").await;
    client.send(DTLS).await;
    let route = one(&mut port).await.route();
    let mut closed = false;
    let started = Instant::now();
    while !closed && started.elapsed() < Duration::from_secs(10) {
        port.send(route, &[0x80; 1_200]);
        closed = net.dropped(Dropped::NotConnected) > 0;
        // Frames keep coming in meanwhile: it is the reading that counts.
        if started.elapsed().as_millis().is_multiple_of(50) {
            let _ = client.stream.try_write(&framed(DTLS));
        }
        tokio::task::yield_now().await;
    }
    assert!(closed);
    assert!(net.dropped(Dropped::ConnectionFull) > 0);
}

#[tokio::test]
async fn connections_are_limited_per_address_and_per_peer() {
    let net = start(Limits {
        addresses: 2,
        connections_per_address: 3,
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let first = connected(&net, &mut port, "aaaa").await;
    let _second = connected(&net, &mut port, "aaaa").await;
    let mut third = Client::to(&net).await;
    let fourth = Client::to(&net).await;
    fourth.closed().await;
    third.send(&check("aaaa", PASSWORD)).await;
    third.closed().await;
    // A place that is given back is a place.
    drop(first);
    let again = async {
        loop {
            let mut client = Client::to(&net).await;
            client.send(&check("aaaa", PASSWORD)).await;
            let mut batch = Vec::new();
            let got = port.recv(&mut batch);
            if tokio::time::timeout(Duration::from_millis(200), got)
                .await
                .is_ok()
            {
                break;
            }
        }
    };
    tokio::time::timeout(super::kit::LONG, again)
        .await
        .expect("a new connection");
}

#[tokio::test]
async fn connections_are_limited_in_total() {
    let net = start(Limits {
        connections: 1,
        ..limits()
    });
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let _first = connected(&net, &mut port, "aaaa").await;
    Client::to(&net).await.closed().await;
}
