//! R-Q1, R-Q2: players that do not read cost next to nothing, lose what they do not take, are counted and cut off,
//! and players beside them notice nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::api::text;
use lianmai_tests::machine::allow_files;
use lianmai_tests::numbered::{Player, Publisher, Seen, Shape};
use lianmai_tests::raw_peer::RawPeer;
use lianmai_tests::rtmp::flv_tags;
use lianmai_tests::{Gateway, Room, wait};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const GOOD: usize = 200;
const LIMIT: Duration = Duration::from_secs(20);
/// What a ring holds: less than by default, so that it is full soon.
const RING: [&str; 2] = ["stream.ring_time=5s", "stream.max_backlog=2s"];
/// Pictures after which a ring is full.
const FULL: u32 = 6 * 25;
const DROPPED: &str = "lianmai_reader_dropped_items_total";
/// What turns a request into a WebSocket; the key is the example of RFC 6455.
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// Receive buffer of players that do not read.
const SMALL: u32 = 4_096;
/// What a player that does not read may cost beyond kernel buffers.
const COST: u64 = 64 << 10;

/// One stream with two hundred players that take everything.
struct Scene {
    gateway: Gateway,
    room: Room,
    stream: String,
    pull: serde_json::Value,
    publisher: Publisher,
    good: Vec<Player>,
    baseline: u64,
}

impl Scene {
    async fn new(settings: &[&str]) -> Scene {
        allow_files(std::process::id(), 4_096);
        let gateway = Gateway::start_with(settings).await;
        allow_files(gateway.id(), 4_096);
        let room = gateway.api().await.create_room(json!({})).await;
        let (stream, push, _) = room.publisher("ann").await;
        let pull = room.pull(&stream).await;
        let publisher = Publisher::start(&push, Shape::P720).await;
        let url = text(&pull, "rtmp");
        let mut good = Vec::new();
        for _ in 0..GOOD {
            good.push(Player::start(&url).await);
        }
        let scene = Scene {
            gateway,
            room,
            stream,
            pull,
            publisher,
            good,
            baseline: 0,
        };
        // Its growth is not the players' doing: the figures of before and after are to be the same thing.
        wait::until_now("the ring is full", LIMIT, || scene.publisher.sent() > FULL).await;
        scene
    }

    /// A player of this protocol that reads nothing.
    async fn stall(&self, protocol: &str) -> TcpStream {
        match protocol {
            "http-flv" => http_play(&self.gateway, &text(&self.pull, "http_flv"), "").await,
            "ws-flv" => http_play(&self.gateway, &text(&self.pull, "ws_flv"), UPGRADE).await,
            _ => {
                let peer = RawPeer::ask(&text(&self.pull, "rtmp"), "play", Some(SMALL)).await;
                peer.unwrap().io
            }
        }
    }

    async fn dropped(&self) -> u64 {
        self.room.stream(&self.stream).await["stats"]["dropped"]
            .as_u64()
            .unwrap()
    }

    async fn stalled(&self, protocol: &str) -> f64 {
        let name = "lianmai_connections_ended_total";
        let labels = format!("protocol=\"{protocol}\",reason=\"stalled\"");
        self.gateway.metric(name, &labels).await
    }

    /// Looks at memory until `count` players of `protocol` were cut off as stalled; what each of them cost at most.
    async fn watch_until_cut_off(&self, protocol: &str, count: usize) -> u64 {
        let start = Instant::now();
        let mut most = 0;
        loop {
            most = most.max(self.gateway.rss());
            let stalled = self.stalled(protocol).await;
            if stalled >= count as f64 {
                assert_eq!(stalled, count as f64, "somebody else was cut off");
                return most.saturating_sub(self.baseline) / count as u64;
            }
            assert!(start.elapsed() < LIMIT, "{stalled} of {count} cut off");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everybody good has everything, from first to last.
    async fn assert_nobody_lost_anything(&mut self) {
        assert!(self.publisher.sent() >= 15 * 25);
        let sent = self.publisher.pause().await;
        for player in &mut self.good {
            player.assert_complete(sent).await;
        }
    }
}

/// Players that stall, of every protocol, beside two hundred good ones.
#[tokio::test]
async fn load_stalled_players() {
    let settings = ["rtmp.write_stall=4s", "http.write_stall=4s", "log.level=warn"];
    let mut scene = Scene::new(&[&RING[..], &settings].concat()).await;
    let mut dropped = 0;
    for (protocol, count) in [("http-flv", 50), ("ws-flv", 50), ("rtmp", 200)] {
        scene.baseline = scene.gateway.rss();
        let mut stalled = Vec::new();
        for _ in 0..count {
            stalled.push(scene.stall(protocol).await);
        }
        let each = scene.watch_until_cut_off(protocol, count).await;
        println!(
            "{protocol}: {each} bytes for each stalled player, {} before",
            scene.baseline
        );
        assert!(each <= COST, "{each} bytes for each stalled {protocol} player");
        let (now, metric) = (scene.dropped().await, scene.gateway.metric(DROPPED, "").await);
        // Each missed most of four seconds of 25 pictures and 25 sounds before it was given up.
        assert!(
            now - dropped >= count as u64 * 80,
            "{dropped} items dropped, then {now}"
        );
        assert_eq!(now as f64, metric);
        dropped = now;
    }
    scene.assert_nobody_lost_anything().await;
    assert_eq!(scene.dropped().await, dropped, "good players lose nothing");
}

/// Asks for FLV over HTTP and reads nothing; `more` are further header lines.
async fn http_play(gateway: &Gateway, url: &str, more: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(SMALL).unwrap();
    let mut io = socket.connect(gateway.http).await.unwrap();
    let (_, path) = url.split_once(&gateway.http.to_string()).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{more}\r\n", gateway.http);
    io.write_all(request.as_bytes()).await.unwrap();
    io
}

/// A player that reads on after a pause gets a key frame first, and exactly what it did not get is what was counted.
#[tokio::test]
async fn each_lost_item_is_counted_once() {
    let gateway = Gateway::start_with(&RING).await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let http = text(&room.pull(&stream).await, "http_flv");
    // Large pictures, so that the kernel's buffers are full soon.
    let shape = Shape {
        picture: 40_000,
        gop: 25,
    };
    let mut publisher = Publisher::start(&push, shape).await;
    let mut rtmp = RawPeer::ask(&pull, "play", Some(SMALL)).await.unwrap();
    let mut flv = http_play(&gateway, &http, "").await;
    let dropped = || async { room.stream(&stream).await["stats"]["dropped"].as_u64().unwrap() };
    // A player that is blocked finds out what it lost when it can be written to again.
    wait::until_now("the ring has moved on", LIMIT, || {
        publisher.sent() > FULL + 3 * 25
    })
    .await;

    let (stop, mut stopped) = tokio::sync::watch::channel(None::<u32>);
    let mut late = stopped.clone();
    let reading = async {
        rtmp.skip_greeting().await;
        let mut seen = Seen::default();
        while stopped
            .borrow_and_update()
            .is_none_or(|sent| seen.next_sound < sent)
        {
            tokio::select! {
                message = rtmp.next() => {
                    let message = message.expect("the player was cut off");
                    match message.type_id {
                        8 => seen.take(MediaKind::Audio, &message.payload),
                        9 => seen.take(MediaKind::Video, &message.payload),
                        _ => {}
                    }
                }
                _ = stopped.changed() => {}
            }
        }
        seen
    };
    let reading_flv = async {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 256 << 10];
        loop {
            let idle = late.borrow_and_update().is_some();
            tokio::select! {
                read = flv.read(&mut buffer) => bytes.extend_from_slice(&buffer[..read.unwrap()]),
                _ = late.changed() => {}
                // Nothing more comes once the publisher has stopped.
                () = tokio::time::sleep(Duration::from_secs(2)), if idle => return flv_seen(&bytes),
            }
        }
    };
    let publishing = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.send_replace(Some(publisher.pause().await));
    };
    let (seen, flv_seen, ()) = tokio::join!(reading, reading_flv, publishing);
    for seen in [&seen, &flv_seen] {
        assert!(
            seen.missing > 25,
            "the player was too fast for this test: {seen:?}"
        );
        assert_eq!(seen.broken, 0, "goes on with a key frame: {seen:?}");
    }
    let missing = [seen, flv_seen]
        .iter()
        .map(|s| u64::from(s.missing + s.missing_sounds))
        .sum::<u64>();
    assert_eq!(dropped().await, missing);
    assert_eq!(gateway.metric(DROPPED, "").await, missing as f64);
}

/// What is in an HTTP answer with a chunked FLV body.
fn flv_seen(answer: &[u8]) -> Seen {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let mut rest = &answer[head + 4..];
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if rest.len() < size + 2 {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
    let mut seen = Seen::default();
    for (kind, _, tag) in flv_tags(&body) {
        seen.take(kind, &tag);
    }
    seen
}
