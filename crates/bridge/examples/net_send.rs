//! What sending costs: processor time of the sending thread per datagram, with and without UDP segmentation offload.
//!
//! `cargo run --release -p lianmai-bridge --example net_send`. The far ends are sockets on loopback that another thread
//! keeps reading, so the kernel's work for arrival is in the figures too.

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lianmai_bridge::net::{Dropped, Limits, Net, Route, Transport};
use nix::sys::resource::{UsageWho, getrusage};

/// Viewers of one stream.
const VIEWERS: usize = 100;
/// Bytes of one datagram.
const SIZE: usize = 916;
/// Datagrams per measurement.
const COUNT: usize = 600_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let stop = Arc::new(AtomicBool::new(false));
    let arrived = Arc::new(AtomicU64::new(0));
    let mut far = Vec::new();
    for _ in 0..VIEWERS {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        far.push(socket);
    }
    let routes = far.iter().map(|socket| {
        let remote = socket.local_addr()?;
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        Ok(Route {
            transport: Transport::Udp,
            local,
            remote,
        })
    });
    let routes = routes.collect::<std::io::Result<Vec<Route>>>()?;
    let reader = {
        let (stop, arrived) = (Arc::clone(&stop), Arc::clone(&arrived));
        std::thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while !stop.load(Ordering::Relaxed) {
                for socket in &far {
                    while socket.recv(&mut buffer).is_ok() {
                        arrived.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        })
    };
    println!("datagrams of {SIZE} bytes to {VIEWERS} viewers, one picture each in turn");
    println!("per picture  offload  µs of processor per datagram  datagrams/s  arrived");
    for picture in [1, 3, 6, 12, 40] {
        for segmentation in [false, true] {
            let limits = Limits {
                segmentation,
                ..Limits::default()
            };
            let net = Net::start(SocketAddr::from(([127, 0, 0, 1], 0)), None, limits)?;
            let before = arrived.load(Ordering::Relaxed);
            let (busy, wall) = send(&net, &routes, picture)?;
            let lost = net.dropped(Dropped::SocketFull) + net.dropped(Dropped::Refused);
            let got = (arrived.load(Ordering::Relaxed) - before) as f64 / COUNT as f64;
            println!(
                "{picture:>11}  {:>7}  {:>28.2}  {:>11.0}  {:>6.1} % ({lost} refused)",
                if segmentation { "yes" } else { "no" },
                busy.as_secs_f64() * 1e6 / COUNT as f64,
                COUNT as f64 / wall.as_secs_f64(),
                got * 100.0,
            );
            net.shut_down().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let _ = reader.join();
    Ok(())
}

fn send(net: &Net, routes: &[Route], picture: usize) -> Result<(Duration, Duration), Box<dyn Error>> {
    let mut ports = Vec::new();
    for number in 0..routes.len() {
        ports.push(net.register(&format!("viewer{number}"), "password")?);
    }
    let datagram = [0x80; SIZE];
    let (busy, started) = (processor_time()?, Instant::now());
    for picture_number in 0..COUNT / picture {
        let viewer = picture_number % routes.len();
        let (Some(port), Some(route)) = (ports.get_mut(viewer), routes.get(viewer)) else {
            continue;
        };
        for number in 1..=picture {
            // The last datagram of a picture is shorter.
            let size = if number == picture { SIZE / 2 } else { SIZE };
            port.send(*route, datagram.get(..size).unwrap_or_default());
        }
        port.flush();
    }
    Ok((processor_time()? - busy, started.elapsed()))
}

fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let of = |time: nix::sys::time::TimeVal| {
        Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64)
    };
    Ok(of(usage.user_time()) + of(usage.system_time()))
}
