//! SIGTERM, ports in use.

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::{ClientEvent, Purpose};
use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open};
use lianmai_tests::{Gateway, Process, Socket, gateway, wait};
use serde_json::json;
use tokio::io::AsyncWriteExt;

const LIMIT: Duration = Duration::from_secs(15);

/// Reads an RTMP connection to its end, collecting whatever the server said as text.
async fn last_words(mut player: lianmai_rtmp::client::RtmpClient) -> String {
    let reading = async {
        loop {
            match player.next_event().await {
                Ok(ClientEvent::Media(_)) => {}
                Ok(event) => tracing_text(&event),
                Err(error) => return error.to_string(),
            }
        }
    };
    tokio::time::timeout(LIMIT, reading)
        .await
        .expect("the server closes the connection")
}

fn tracing_text(_event: &ClientEvent) {}

/// A connection that asks for HTTP-FLV and then never reads.
async fn stalled_player(url: &str) -> tokio::net::TcpStream {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// R-X6: everybody gets a proper goodbye (RTMP `NetConnection.Connect.Closed`, WebSocket 1012, the end of the HTTP
/// body), although an RTMP and an HTTP player never read; `/readyz` says 503 meanwhile; the exit code is 0.
#[tokio::test]
async fn everybody_gets_a_goodbye_within_the_deadline() {
    let mut gateway = Gateway::start_with(&["drain.deadline=4s"]).await;
    let room = gateway.api().await.create_room(json!({"name": "drain"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let source = Source {
        size: "1280x720",
        video: vec!["-qp", "5"],
        ..Source::default()
    };
    let mut publisher = source.publish(&push);
    let flv = text(&room.pull(&stream).await, "http_flv");
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let stalled_rtmp = open(&pull, Purpose::Play).await.unwrap();
    let stalled_http = stalled_player(&flv).await;
    let mut body = reqwest::get(&flv).await.unwrap();
    body.chunk().await.unwrap().unwrap();
    let mut socket = Socket::open(&gateway, "bob", "").await;
    // Long enough that the buffers of the stalled ones are full.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        next_media(&mut player, LIMIT).await.unwrap();
        body.chunk().await.unwrap().unwrap();
    }
    gateway.process().signal("-TERM");
    let begun = Instant::now();
    assert_eq!(socket.close_code().await, 1012);
    let words = last_words(player).await;
    assert!(
        words.contains("Connect.Closed"),
        "the RTMP player was told {words:?}"
    );
    let rest = async { while body.chunk().await.expect("a proper end of the body").is_some() {} };
    tokio::time::timeout(LIMIT, rest)
        .await
        .expect("the HTTP body ends");
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "goodbyes took {:?}",
        begun.elapsed()
    );
    let probe = format!("http://{}/readyz", gateway.metrics);
    let answer = reqwest::get(probe)
        .await
        .expect("probes are answered while draining");
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("draining"));
    let metrics = gateway.metric("lianmai_connections", "").await;
    assert!(metrics >= 1.0, "figures are there while draining");

    let status = gateway.process().wait(Duration::from_secs(8)).await;
    assert_eq!(status.code(), Some(0), "{}", gateway.process().stderr());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(
        gateway.process().stderr().contains("deadline"),
        "the stalled were cut off"
    );
    publisher.wait(LIMIT).await;
    drop((stalled_rtmp, stalled_http));
}

/// Without anybody stalled the gateway does not wait for the deadline.
#[tokio::test]
async fn a_drain_is_over_when_all_have_left() {
    let mut gateway = Gateway::start_with(&["drain.deadline=25s"]).await;
    let room = gateway.api().await.create_room(json!({"name": "quick"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let mut publisher = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let flv = text(&room.pull(&stream).await, "http_flv");
    let mut recorder = lianmai_tests::media::record(&flv, 100.0, &dir.path().join("flv"));
    wait::until("ffmpeg plays", LIMIT, || async {
        (room.stream(&stream).await["stats"]["readers"] == 2).then_some(())
    })
    .await;
    gateway.process().signal("-TERM");
    let begun = Instant::now();
    let words = last_words(player).await;
    assert!(words.contains("Connect.Closed"), "{words}");
    assert_eq!(gateway.process().wait(LIMIT).await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(
        recorder.wait(LIMIT).await.success(),
        "a clean end of the stream: {}",
        recorder.stderr()
    );
    publisher.wait(LIMIT).await;
}

/// A second SIGTERM ends the drain at once.
#[tokio::test]
async fn a_second_sigterm_ends_at_once() {
    let mut gateway = Gateway::start_with(&["drain.deadline=60s"]).await;
    let room = gateway
        .api()
        .await
        .create_room(json!({"name": "impatient"}))
        .await;
    let (_, push, pull) = room.publisher("ann").await;
    let source = Source {
        size: "1280x720",
        video: vec!["-qp", "5"],
        ..Source::default()
    };
    let _publisher = source.publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let stalled = open(&pull, Purpose::Play).await.unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        next_media(&mut player, LIMIT).await.unwrap();
    }
    gateway.process().signal("-TERM");
    last_words(player).await;
    assert!(
        gateway.process().ended().is_none(),
        "waits for the stalled player"
    );
    gateway.process().signal("-TERM");
    let begun = Instant::now();
    assert_eq!(gateway.process().wait(LIMIT).await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(stalled);
}

/// A port in use: the key, the address and the reason, and no second gateway.
#[tokio::test]
async fn a_port_in_use_is_told() {
    let first = Gateway::start().await;
    for (key, address) in [
        ("rtmp.listen", first.rtmp),
        ("http.listen", first.http),
        ("metrics.listen", first.metrics),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, c] = gateway::free_ports();
        let mut settings = vec![
            format!("data.dir={}", dir.path().display()),
            format!("rtmp.listen=[\"{a}\"]"),
            format!("http.listen={b}"),
            format!("metrics.listen={c}"),
        ];
        settings.push(match key {
            "rtmp.listen" => format!("{key}=[\"{address}\"]"),
            _ => format!("{key}={address}"),
        });
        let flags = settings.into_iter().flat_map(|s| ["--set".to_owned(), s]);
        let mut second = Process::start(gateway::binary(), ["serve".to_owned()].into_iter().chain(flags));
        assert_eq!(second.wait(LIMIT).await.code(), Some(1));
        let error = second.stderr();
        for word in [key, &address.to_string(), "in use"] {
            assert!(error.contains(word), "{word} is not in {error}");
        }
    }
    first.api().await.ok("GET", "/v1/rooms", None).await;
}
