//! A bad network between browsers and the gateway's UDP port: loss, delay, jitter, a narrow link with a short queue.
//!
//! It is a relay on another loopback address, which the gateway announces as its own, because not every kernel has
//! `netem`. The same numbers are drawn in every run.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Gateway;

/// Where browsers send to.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// What a narrow link holds back before it drops.
const QUEUE: Duration = Duration::from_millis(300);

/// How bad it is, in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions {
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Each packet is late by up to this, so they overtake each other.
    pub jitter: Duration,
    /// Bits per second.
    pub rate: Option<f64>,
}

struct Direction {
    conditions: Mutex<Conditions>,
    free_at: Mutex<Instant>,
    random: AtomicU64,
    passed: AtomicU64,
    dropped: AtomicU64,
}

/// A running relay; ends with the test.
pub struct Link {
    up: Arc<Direction>,
    down: Arc<Direction>,
    _tasks: JoinSet<()>,
}

impl Link {
    /// A gateway that is reached through a link, which is perfect at first.
    pub async fn to_gateway(settings: &[&str]) -> (Gateway, Link) {
        let announced = format!("webrtc.public_addresses=[\"{ADDRESS}\"]");
        let settings: Vec<&str> = settings.iter().copied().chain([announced.as_str()]).collect();
        let gateway = Gateway::start_with(&settings).await;
        let outside = UdpSocket::bind((ADDRESS, gateway.webrtc.port())).await.unwrap();
        let (up, down) = (Arc::new(Direction::new(1)), Arc::new(Direction::new(2)));
        let mut tasks = JoinSet::new();
        tasks.spawn(relay(outside, gateway.webrtc, up.clone(), down.clone()));
        let link = Link {
            up,
            down,
            _tasks: tasks,
        };
        (gateway, link)
    }

    /// From browsers to the gateway.
    pub fn set_up(&self, conditions: Conditions) {
        *self.up.conditions.lock().unwrap() = conditions;
    }

    /// From the gateway to browsers.
    pub fn set_down(&self, conditions: Conditions) {
        *self.down.conditions.lock().unwrap() = conditions;
    }

    /// Packets dropped so far, up and down.
    pub fn dropped(&self) -> (u64, u64) {
        (self.up.dropped.load(Relaxed), self.down.dropped.load(Relaxed))
    }

    /// Packets passed on so far, up and down.
    pub fn passed(&self) -> (u64, u64) {
        (self.up.passed.load(Relaxed), self.down.passed.load(Relaxed))
    }
}

impl Direction {
    fn new(seed: u64) -> Direction {
        Direction {
            conditions: Mutex::default(),
            free_at: Mutex::new(Instant::now()),
            random: AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            passed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    /// When a packet of this size comes out at the other end; `None`: never.
    fn delivery(&self, size: usize) -> Option<Instant> {
        let conditions = *self.conditions.lock().unwrap();
        let at = self.fate(conditions, size);
        let counter = if at.is_some() { &self.passed } else { &self.dropped };
        counter.fetch_add(1, Relaxed);
        at
    }

    fn fate(&self, conditions: Conditions, size: usize) -> Option<Instant> {
        let now = Instant::now();
        if self.draw() < conditions.loss {
            return None;
        }
        let mut at = now;
        if let Some(rate) = conditions.rate {
            let mut free_at = self.free_at.lock().unwrap();
            let done = (*free_at).max(now) + Duration::from_secs_f64((size + 28) as f64 * 8.0 / rate);
            if done > now + QUEUE {
                return None;
            }
            *free_at = done;
            at = done;
        }
        Some(at + conditions.jitter.mul_f64(self.draw()))
    }

    /// 0 to 1 (xorshift).
    fn draw(&self) -> f64 {
        let mut x = self.random.load(Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.store(x, Relaxed);
        (x >> 11) as f64 / (1_u64 << 53) as f64
    }
}

async fn relay(outside: UdpSocket, gateway: SocketAddr, up: Arc<Direction>, down: Arc<Direction>) {
    let outside = Arc::new(outside);
    let mut clients: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    // All of it ends when the test drops the relay.
    let mut tasks = JoinSet::new();
    let mut buffer = [0; 2_048];
    loop {
        let Ok((size, client)) = outside.recv_from(&mut buffer).await else {
            continue;
        };
        while tasks.try_join_next().is_some() {}
        if let Entry::Vacant(place) = clients.entry(client) {
            let inside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
            inside.connect(gateway).await.unwrap();
            tasks.spawn(back(inside.clone(), outside.clone(), client, down.clone()));
            place.insert(inside);
        }
        let inside = clients[&client].clone();
        if let Some(at) = up.delivery(size) {
            let packet = buffer[..size].to_vec();
            tasks.spawn(async move {
                tokio::time::sleep_until(at).await;
                let _ = inside.send(&packet).await;
            });
        }
    }
}

async fn back(inside: Arc<UdpSocket>, outside: Arc<UdpSocket>, client: SocketAddr, down: Arc<Direction>) {
    let mut tasks = JoinSet::new();
    let mut buffer = [0; 2_048];
    loop {
        // The gateway's port may be closed for a while.
        let Ok(size) = inside.recv(&mut buffer).await else {
            continue;
        };
        while tasks.try_join_next().is_some() {}
        let Some(at) = down.delivery(size) else { continue };
        let (outside, packet) = (outside.clone(), buffer[..size].to_vec());
        tasks.spawn(async move {
            tokio::time::sleep_until(at).await;
            let _ = outside.send_to(&packet, client).await;
        });
    }
}
