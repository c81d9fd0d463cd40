//! Who is let in, and who is shown out.

use std::time::{Duration, Instant};

use lianmai_control::workers::{WorkerSecret, WorkersConfig};
use lianmai_hub::job::{JOB_PROTOCOL, WorkerMessage};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Plane, get, quick, until};

const GONE: u16 = 4004;
const BAD_MESSAGE: u16 = 4000;
const PROTOCOL: u16 = 4003;

#[tokio::test]
async fn without_the_secret_nobody_gets_in() {
    let plane = Plane::start().await;
    let secret = plane.service.workers().secret().expose().to_owned();
    let cut = &secret[..secret.len() - 1];
    for wrong in [
        None,
        Some(String::new()),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {cut}")),
        Some(format!("Bearer {secret}x")),
        Some(format!("Basic {secret}")),
        Some(secret.clone()),
    ] {
        let (status, body) = plane.refused(wrong.as_deref()).await;
        assert_eq!(status, 401, "{wrong:?}");
        assert!(!body.contains(cut), "the answer tells the secret");
    }
    assert!(plane.service.workers().list().is_empty());
    plane.finish().await;
}

#[tokio::test]
async fn a_configured_secret_lets_remote_workers_in() {
    let secret = WorkerSecret::generate();
    let config = WorkersConfig {
        secret: Some(secret.clone()),
        ..quick()
    };
    let plane = Plane::with(config).await;
    assert_eq!(plane.service.workers().secret(), &secret);
    plane.worker("far", 2.0).await;
    plane.finish().await;
}

#[tokio::test]
async fn with_the_secret_only_websocket_is_spoken() {
    let plane = Plane::start().await;
    let url = format!("http://{}/internal/worker", plane.http);
    let secret = plane.service.workers().secret().expose().to_owned();
    assert_eq!(get(&url, Some(&secret)).await.0, 426);
    assert_eq!(get(&url, None).await.0, 401);
    plane.finish().await;
}

#[tokio::test]
async fn who_says_no_hello_is_shown_out() {
    let plane = Plane::start().await;
    let mut silent = plane.socket().await;
    let began = Instant::now();
    assert_eq!(silent.close_code().await, GONE);
    assert!(began.elapsed() < Duration::from_secs(5));
    let others: [&str; 6] = [
        "",
        "hello",
        "{}",
        r#"{"type":"started","id":1}"#,
        r#"{"type":"hello","protocol":1,"name":"w","capacity":-1.0}"#,
        r#"{"type":"hello","protocol":1,"name":"w","capacity":1e300}"#,
    ];
    for text in others {
        let mut worker = plane.socket().await;
        worker.say_text(text.to_owned()).await;
        assert_eq!(worker.close_code().await, BAD_MESSAGE, "{text}");
    }
    let mut binary = plane.socket().await;
    binary.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(binary.close_code().await, BAD_MESSAGE);
    let mut newer = plane.socket().await;
    newer.hello(JOB_PROTOCOL + 1, "w", 1.0).await;
    assert_eq!(newer.close_code().await, PROTOCOL);
    assert!(plane.service.workers().list().is_empty());
    plane.finish().await;
}

#[tokio::test]
async fn nonsense_and_floods_end_the_connection() {
    let plane = Plane::start().await;
    let mut worker = plane.worker("talks nonsense", 1.0).await;
    worker.say_text("[".repeat(10_000)).await;
    assert_eq!(worker.close_code().await, BAD_MESSAGE);
    let mut worker = plane.worker("shouts", 1.0).await;
    // Larger than any report: the library ends it, or the write fails because it has.
    let _ = worker.send(Message::text("x".repeat(4 << 20))).await;
    assert!(worker.close_code().await != 4003);
    let mut worker = plane.worker("chatters", 1.0).await;
    let hello = serde_json::to_string(&WorkerMessage::Report {
        free: 1.0,
        jobs: Vec::new(),
    });
    let hello = hello.unwrap();
    for _ in 0..20_000 {
        if worker.send(Message::text(hello.clone())).await.is_err() {
            break;
        }
    }
    worker.close_code().await;
    until("all are gone", || plane.service.workers().list().is_empty()).await;
    plane.finish().await;
}

/// A worker whose machine vanished sends nothing, not even a FIN.
#[tokio::test]
async fn a_silent_worker_is_gone() {
    let plane = Plane::start().await;
    // Nobody reads the socket, so no ping is answered.
    let silent = plane.worker("silent", 1.0).await;
    until("it is gone", || plane.service.workers().list().is_empty()).await;
    drop(silent);
    plane.finish().await;
}

/// Answering pings is enough to stay.
#[tokio::test]
async fn a_worker_with_nothing_to_say_stays() {
    let plane = Plane::start().await;
    let mut worker = plane.worker("idle", 1.0).await;
    let reading = tokio::time::timeout(Duration::from_secs(1), worker.next()).await;
    assert!(reading.is_err(), "{reading:?}");
    assert_eq!(plane.service.workers().list().len(), 1);
    plane.finish().await;
}

#[tokio::test]
async fn there_is_a_limit_of_workers() {
    let config = WorkersConfig {
        max_workers: 1,
        ..quick()
    };
    let plane = Plane::with(config).await;
    let first = plane.worker("first", 1.0).await;
    let bearer = format!("Bearer {}", plane.service.workers().secret().expose());
    assert_eq!(plane.refused(Some(&bearer)).await.0, 429);
    drop(first);
    until("it is gone", || plane.service.workers().list().is_empty()).await;
    plane.worker("second", 1.0).await;
    plane.finish().await;
}

#[tokio::test]
async fn the_drain_says_goodbye() {
    let plane = Plane::start().await;
    let mut worker = plane.worker("w", 1.0).await;
    plane.stop.cancel();
    assert_eq!(worker.close_code().await, 1012);
    plane.finish().await;
}
