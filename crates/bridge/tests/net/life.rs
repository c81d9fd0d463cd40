//! Registering, unregistering, shutting down.

use lianmai_bridge::net::{CredentialError, Dropped, Net};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::kit::{DTLS, LONG, PASSWORD, check, dropped, limits, one, socket, start, validated};
use super::tcp::connected;

#[tokio::test]
async fn credentials_are_one_peers_and_not_empty() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    assert_eq!(net.register("aaaa", "other").err(), Some(CredentialError::Taken));
    assert_eq!(net.register("bbbb", "").err(), Some(CredentialError::Empty));
    assert_eq!(net.known(), (1, 1, 0), "what failed left nothing");
    validated(&net, &mut port, "aaaa").await;
}

#[tokio::test]
async fn a_dropped_port_is_forgotten() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = validated(&net, &mut port, "aaaa").await;
    assert_eq!(net.known(), (1, 1, 1));
    drop(port);
    assert_eq!(net.known(), (0, 0, 0));
    far.send_to(DTLS, net.udp_address()).await.unwrap();
    dropped(&net, Dropped::UnknownAddress, 1).await;
    far.send_to(&check("aaaa", PASSWORD), net.udp_address())
        .await
        .unwrap();
    dropped(&net, Dropped::UnknownUfrag, 1).await;
    // The fragment is free again.
    let mut port = net.register("aaaa", "another password").unwrap();
    far.send_to(&check("aaaa", "another password"), net.udp_address())
        .await
        .unwrap();
    one(&mut port).await;
}

#[tokio::test]
async fn shutting_down_ends_every_task_and_every_wait() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let connection = connected(&net, &mut port, "aaaa").await;
    let idle = TcpStream::connect(net.tcp_address().unwrap()).await.unwrap();
    let waiting = async {
        let mut batch = Vec::new();
        while port.recv(&mut batch).await > 0 {}
        assert!(batch.is_empty());
    };
    let both = async { tokio::join!(net.shut_down(), waiting) };
    timeout(LONG, both).await.expect("everything ends");
    for mut stream in [connection.stream, idle] {
        let mut byte = [0];
        let read = timeout(LONG, tokio::io::AsyncReadExt::read(&mut stream, &mut byte))
            .await
            .unwrap();
        assert!(matches!(read, Ok(0) | Err(_)));
    }
    let mut late = net.register("bbbb", PASSWORD).unwrap();
    assert_eq!(timeout(LONG, late.recv(&mut Vec::new())).await.unwrap(), 0);
    assert_eq!(net.known(), (0, 0, 0));
    // Once the last user has gone the ports are free.
    let addresses = (net.udp_address(), net.tcp_address());
    drop((net, port, late));
    Net::start(addresses.0, addresses.1, limits()).unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let net = start(limits());
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let connection = connected(&net, &mut port, "aaaa").await;
    let address = net.udp_address();
    drop((net, port));
    connection.closed().await;
    let bound = async {
        while Net::start(address, None, limits()).is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, bound).await.expect("the UDP port is free");
    socket().await.send_to(DTLS, address).await.unwrap();
}
