//! The blocking hook: asked before every publish and play, and silence is a no.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::Purpose;
use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open};
use lianmai_tests::{Api, Gateway, Receiver, Reply, wait};
use serde_json::json;

use crate::{LIMIT, key};

async fn ask(api: &Api, url: &str) {
    api.ok(
        "PUT",
        "/v1/app/webhooks",
        Some(json!({"webhooks": [], "access_hook": url})),
    )
    .await;
}

/// A receiver whose answer can be changed.
async fn answering(status: u16) -> (Receiver, Arc<AtomicU16>) {
    let answer = Arc::new(AtomicU16::new(status));
    let now = answer.clone();
    let receiver = Receiver::start(move |_| match now.load(Ordering::SeqCst) {
        0 => Reply::Silence,
        status => Reply::Status(status),
    })
    .await;
    (receiver, answer)
}

/// Yes lets through, and the question says who wants what; signed like a webhook.
#[tokio::test]
async fn yes_lets_through() {
    let gateway = Gateway::start().await;
    let (api, key) = (gateway.api().await, key(&gateway).await);
    let (receiver, _) = answering(200).await;
    ask(&api, &receiver.url("/may")).await;
    let room = api.create_room(json!({"name": "yes"})).await;
    let member = room.join("ann", "talker").await;
    let (stream, push) = room.publish(&member).await;
    let _publisher = Source::default().publish(&push);
    let urls = room.pull(&stream).await;
    let mut player = open(&text(&urls, "rtmp"), Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let mut body = reqwest::get(text(&urls, "http_flv")).await.unwrap();
    body.chunk().await.unwrap().unwrap();
    let seen = receiver
        .until("all were asked about", |seen| seen.len() == 3)
        .await;
    let mut asked: Vec<String> = Vec::new();
    for posted in &seen {
        assert!(posted.is_signed_with(&key));
        let body = posted.json();
        assert_eq!(
            (body["event"].as_str(), body["app"].as_str()),
            (Some("access"), Some("demo"))
        );
        assert_eq!(
            (body["room"].as_str(), body["stream"].as_str()),
            (Some(&*room.id), Some(&*stream))
        );
        assert_eq!(body["peer"], "127.0.0.1");
        if body["action"] == "publish" {
            assert_eq!(
                (body["account"].as_str(), body["member"].as_str()),
                (Some("ann"), Some(&*member))
            );
        }
        assert!(
            !posted.text.contains("t=") && !posted.text.contains("token"),
            "{}",
            posted.text
        );
        asked.push(format!(
            "{}/{}",
            body["action"].as_str().unwrap(),
            body["protocol"].as_str().unwrap()
        ));
    }
    asked.sort();
    assert_eq!(asked, ["play/http-flv", "play/rtmp", "publish/rtmp"]);
}

/// R-H2: no is told before `Publish.Start`; ffmpeg ends with an error at once, and nothing ever was on air. Players
/// are refused over RTMP and HTTP. A later yes lets the same URL through.
#[tokio::test]
async fn no_is_a_clear_refusal() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    let (receiver, answer) = answering(403).await;
    ask(&api, &receiver.url("/may")).await;
    let room = api.create_room(json!({"name": "no"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let start = Instant::now();
    let mut ffmpeg = Source::default().publish(&push);
    assert!(!ffmpeg.wait(LIMIT).await.success());
    assert!(start.elapsed() < Duration::from_secs(5));
    let refused = open(&push, Purpose::Publish)
        .await
        .err()
        .expect("refused")
        .to_string();
    // `open` returns as soon as the server says Publish.Start: a refusal came before it.
    assert!(refused.contains("hook_denied"), "{refused}");
    let refused = open(&pull, Purpose::Play)
        .await
        .err()
        .expect("refused")
        .to_string();
    assert!(refused.contains("hook_denied"), "{refused}");
    let http = reqwest::get(text(&room.pull(&stream).await, "http_flv"))
        .await
        .unwrap();
    assert_eq!(http.status(), 403);
    let problem: serde_json::Value = serde_json::from_str(&http.text().await.unwrap()).unwrap();
    assert_eq!(problem["code"], "hook_denied");
    let rtmpdump = lianmai_tests::Process::start("rtmpdump", ["-r", &pull, "-o", "/dev/null", "-m", "5"]);
    let mut rtmpdump = rtmpdump;
    assert!(!rtmpdump.wait(LIMIT).await.success());
    assert_eq!(gateway.metric("lianmai_publications_total", "").await, 0.0);

    answer.store(204, Ordering::SeqCst);
    let _publisher = Source::default().publish(&push);
    wait::until("on air", LIMIT, || async {
        (room.stream(&stream).await["on_air"] == true).then_some(())
    })
    .await;
}

/// R-H3: a hook that is silent, down, broken or elsewhere by redirect is a no, after three seconds at most; the
/// streams of another app are not delayed meanwhile.
#[tokio::test]
async fn silence_is_a_no_and_delays_nobody_else() {
    let mut gateway = Gateway::start().await;
    gateway.cli(&["app", "create", "calm"]).succeed(LIMIT).await;
    gateway.process().signal("-HUP");
    let calm = gateway.api_of("calm").await;
    wait::until("the app is taken over", LIMIT, || async {
        (calm.call("GET", "/v1/rooms", None).await.0 == 200).then_some(())
    })
    .await;
    let calm_room = calm.create_room(json!({"name": "calm"})).await;
    let (calm_stream, calm_push, calm_pull) = calm_room.publisher("zoe").await;
    let _calm_publisher = Source::default().publish(&calm_push);
    wait::until("the calm app is on air", LIMIT, || async {
        (calm_room.stream(&calm_stream).await["on_air"] == true).then_some(())
    })
    .await;

    let api = gateway.api().await;
    let (receiver, answer) = answering(0).await;
    ask(&api, &receiver.url("/may")).await;
    let room = api.create_room(json!({"name": "silent"})).await;
    let (_, push, pull) = room.publisher("ann").await;
    let start = Instant::now();
    let refused = async {
        let refused = open(&push, Purpose::Publish)
            .await
            .err()
            .expect("refused")
            .to_string();
        assert!(refused.contains("hook_unavailable"), "{refused}");
        start.elapsed()
    };
    let others = async {
        receiver
            .until("the question is open", |seen| seen.len() == 1)
            .await;
        let mut slowest = Duration::ZERO;
        for _ in 0..5 {
            let start = Instant::now();
            let mut player = open(&calm_pull, Purpose::Play).await.unwrap();
            next_media(&mut player, LIMIT).await.unwrap();
            slowest = slowest.max(start.elapsed());
        }
        (slowest, start.elapsed())
    };
    let (waited, (slowest, others_done)) = tokio::join!(refused, others);
    assert!(
        (Duration::from_millis(2_500)..Duration::from_secs(4)).contains(&waited),
        "{waited:?}"
    );
    assert!(slowest < Duration::from_secs(1), "another app waited {slowest:?}");
    assert!(
        others_done < waited,
        "the others were served while the question was open"
    );

    // Down, broken, or pointing elsewhere: at once and no.
    for status in [500, 302, 100] {
        answer.store(status, Ordering::SeqCst);
        let refused = open(&pull, Purpose::Play)
            .await
            .err()
            .expect("refused")
            .to_string();
        assert!(refused.contains("hook_unavailable"), "{status}: {refused}");
    }
    let url = receiver.url("/may");
    drop(receiver);
    ask(&api, &url).await;
    let start = Instant::now();
    let refused = open(&push, Purpose::Publish)
        .await
        .err()
        .expect("refused")
        .to_string();
    assert!(
        refused.contains("hook_unavailable") && start.elapsed() < Duration::from_secs(4),
        "{refused}"
    );
    assert_eq!(calm_room.stream(&calm_stream).await["on_air"], true);
}
