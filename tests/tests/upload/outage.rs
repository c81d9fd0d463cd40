//! Storage that is down, wedged, refuses us, or makes something else of what it gets.

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::gate::Way;
use lianmai_tests::media::Source;
use lianmai_tests::receiver::Reply;
use lianmai_tests::{Gate, Receiver, S3, wait};
use serde_json::{Value, json};

use crate::scene::{LIMIT, Scene};

fn fails(part: &Value) -> bool {
    part["upload"]["attempts"]
        .as_u64()
        .is_some_and(|attempts| attempts >= 2)
}

/// How much longer the server is away: nothing, or `TEST_OUTAGE` seconds.
fn outage() -> Duration {
    let seconds = std::env::var("TEST_OUTAGE")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// R-C1: while the server is away, or takes connections and says nothing, streams and recordings go on, and parts wait;
/// when it is back, all arrive.
#[tokio::test]
async fn a_dead_server_disturbs_nobody() {
    // What a long outage leaves is large.
    let timeout = if outage().is_zero() { "400ms" } else { "3s" };
    let scene = Scene::start(&[&format!("recording.upload.timeout={timeout}")]).await;
    let _ffmpeg = Source::default().publish(&scene.push);
    scene.gate.set(Way::Shut);
    let id = scene.record(json!({"stream": scene.stream})).await;
    let mut parts = Vec::new();
    for (count, way) in [(2, Way::Shut), (3, Way::Frozen)] {
        tokio::time::sleep(Duration::from_millis(700)).await;
        scene.gate.set(way);
        scene.act(&id, "split").await;
        parts = scene
            .until(&id, "the next part", |parts| {
                parts.len() == count && fails(&parts[count - 2])
            })
            .await;
    }
    for part in &parts[..2] {
        assert_eq!(
            (&part["state"], &part["location"]),
            (&json!("complete"), &json!("local"))
        );
        assert_eq!(part["upload"]["state"], "waiting");
        assert!(scene.check(part).await > 0.3, "had from disk meanwhile");
    }
    tokio::time::sleep(outage()).await;
    assert!(scene.plays().await);
    assert!(scene.gateway.metric("lianmai_uploads_waiting", "").await >= 2.0);
    assert!(scene.gateway.metric("lianmai_uploads_waiting_bytes", "").await > 1_000.0);
    assert!(
        scene
            .gateway
            .metric("lianmai_upload_failures_total", "unreachable")
            .await
            >= 2.0
    );
    scene.gate.set(Way::Open);
    scene.act(&id, "stop").await;
    for part in scene.uploaded(&id, 3).await {
        assert!(scene.check(&part).await > 0.3);
    }
    assert!(scene.files(&id).is_empty());
}

/// R-C1: wrong keys are told and cost nothing: with the right ones, also after a restart, everything arrives.
#[tokio::test]
async fn wrong_keys_lose_nothing() {
    let hook = Receiver::start(|_| Reply::Status(200)).await;
    let server = S3::strict().await;
    let gate = Gate::to(server.address).await;
    let wrong = "recording.upload.secret_key=east-west-north-south";
    let mut scene = Scene::with(server, gate, &[wrong, "recording.upload.give_up=700ms"]).await;
    let body = json!({"webhooks": [hook.url("/hook")]});
    scene.api.ok("PUT", "/v1/app/webhooks", Some(body)).await;
    let (id, _) = scene.one_part(json!({"stream": scene.stream})).await;
    let given_up = |parts: &[Value]| parts[0]["upload"]["state"] == "given_up";
    let part = scene.until(&id, "it is given up", given_up).await.remove(0);
    assert!(
        text(&part["upload"], "error").contains("SignatureDoesNotMatch"),
        "{part}"
    );
    let told = |all: &[lianmai_tests::receiver::Posted]| {
        let failed = all
            .iter()
            .map(|posted| posted.json())
            .filter(|told| told["event"] == "record.failed");
        failed
            .map(|told| text(&told["part"]["upload"], "state"))
            .collect::<Vec<_>>()
    };
    let posted = hook.until("it is told", |all| told(all).len() == 2).await;
    assert_eq!(
        told(&posted),
        ["waiting", "given_up"],
        "once at once, and at last"
    );
    assert!(
        scene
            .gateway
            .metric("lianmai_upload_failures_total", "refused")
            .await
            >= 2.0
    );
    assert_eq!(scene.gateway.metric("lianmai_uploads_given_up", "").await, 1.0);
    assert!(scene.check(&part).await > 0.5, "it stays on disk");
    let log = scene.gateway.process().stderr();
    assert!(log.contains("SignatureDoesNotMatch") && !log.contains("east-west"));

    let settings = scene.server.settings(scene.gate.address);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    scene.gateway.configure(&settings);
    scene.gateway.restart().await;
    let part = scene.uploaded(&id, 1).await.remove(0);
    assert!(scene.files(&id).is_empty());
    assert!(scene.check(&part).await > 0.5);
}

/// R-C1: what lies in the bucket is not what was recorded: the file stays on disk until it is.
#[tokio::test]
async fn a_spoiled_upload_keeps_the_file() {
    let scene = Scene::start(&[]).await;
    scene.gate.set(Way::Spoiled);
    let (id, _) = scene.one_part(json!({"stream": scene.stream})).await;
    let part = scene
        .until(&id, "it is noticed", |parts| fails(&parts[0]))
        .await
        .remove(0);
    assert_eq!(part["location"], "local");
    assert!(
        text(&part["upload"], "error").contains("not the file's"),
        "{part}"
    );
    assert_eq!(scene.server.objects().await.len(), 1);
    assert_eq!(scene.files(&id).len(), 1);
    assert!(scene.check(&part).await > 0.5);
    scene.gate.set(Way::Open);
    let part = scene.uploaded(&id, 1).await.remove(0);
    assert!(scene.check(&part).await > 0.5);
}

/// A recording can be deleted while it waits and while it is under way; nothing of it stays anywhere.
#[tokio::test]
async fn deleting_does_not_wait_for_the_storage() {
    let scene = Scene::start(&["recording.upload.timeout=1200ms"]).await;
    scene.gate.set(Way::Frozen);
    let (id, _) = scene.one_part(json!({"stream": scene.stream})).await;
    // Its upload hangs in the middle of a request.
    wait::until("it is under way", LIMIT, || async {
        (scene.gate.passed() > 0).then_some(())
    })
    .await;
    let asked = std::time::Instant::now();
    scene
        .api
        .ok("DELETE", &format!("/v1/recordings/{id}"), None)
        .await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(!scene.dir(&id).exists());
    scene.gate.set(Way::Open);
    wait::until("what is to be removed is", LIMIT, || async {
        let left = scene.gateway.metric("lianmai_remote_removals_total", "").await;
        (left >= 2.0 && scene.server.objects().await.is_empty()).then_some(())
    })
    .await;
}
