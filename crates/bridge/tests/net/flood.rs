//! Junk, in quantity.

use lianmai_bridge::net::{Dropped, Port};
use tokio::net::UdpSocket;

use super::kit::{PASSWORD, check, dropped, limits, one, receive, socket, start, validated};

const JUNK: u64 = 100_000;
const BURST: u64 = 250;

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// A datagram there and back.
async fn round_trip(port: &mut Port, far: &UdpSocket, net: std::net::SocketAddr, number: u64) {
    let question = [&[22][..], &number.to_be_bytes()].concat();
    far.send_to(&question, net).await.unwrap();
    let got = one(port).await;
    assert_eq!(*got.bytes, *question);
    port.send(got.route(), &got.bytes);
    port.flush();
    assert_eq!(receive(far).await.0, question);
}

/// Every datagram of the flood is counted, none is stored, and a peer goes on meanwhile.
#[tokio::test]
async fn a_flood_of_junk_costs_nothing_that_stays() {
    let net = start(limits());
    let address = net.udp_address();
    let mut port = net.register("aaaa", PASSWORD).unwrap();
    let far = validated(&net, &mut port, "aaaa").await;
    let mut strangers = Vec::new();
    for _ in 0..16 {
        strangers.push(socket().await);
    }
    let kinds = [
        (check("aaaa", "not the password"), Dropped::Integrity),
        (check("zzzz", PASSWORD), Dropped::UnknownUfrag),
        ([&[22, 254, 253][..], &[0; 200]].concat(), Dropped::UnknownAddress),
        ([&[0x80, 96][..], &[0; 1_198]].concat(), Dropped::UnknownAddress),
        (vec![0; 600], Dropped::Malformed),
    ];
    round_trip(&mut port, &far, address, 0).await;
    let before = resident();
    let known = net.known();
    for number in 0..JUNK {
        let (bytes, _) = &kinds[number as usize % kinds.len()];
        let from = &strangers[number as usize / kinds.len() % strangers.len()];
        from.send_to(bytes, address).await.unwrap();
        // In bursts that the socket's buffer holds, so that all of them arrive.
        if (number + 1).is_multiple_of(BURST) {
            let share = (number + 1) / kinds.len() as u64;
            dropped(&net, Dropped::Malformed, share).await;
            round_trip(&mut port, &far, address, number).await;
        }
    }
    let share = JUNK / kinds.len() as u64;
    let times = |reason| share * kinds.iter().filter(|kind| kind.1 == reason).count() as u64;
    for (_, reason) in &kinds {
        dropped(&net, *reason, times(*reason)).await;
    }
    assert_eq!(net.known(), known);
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "grew by {grown} bytes");
}
