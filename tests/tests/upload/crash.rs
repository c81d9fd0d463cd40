//! kill −9 of everything that takes part, at the worst moments (R-C1, R-C2).

use std::time::{Duration, Instant};

use lianmai_tests::api::text;
use lianmai_tests::gate::Way;
use lianmai_tests::media::Source;
use lianmai_tests::process::children;
use lianmai_tests::{Gateway, Process, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::scene::{LIMIT, Scene, heavy};

const PIECE: u64 = 5 << 20;
/// Pieces one after the other, and time enough for each.
const SLOW: [&str; 2] = ["recording.upload.parallel=1", "recording.upload.timeout=10s"];

/// A part of more than two pieces, of which the first is in the bucket and the second on its way.
async fn half_uploaded(scene: &Scene) -> (String, u64) {
    scene.gate.set(Way::Narrow(8e6));
    let mut ffmpeg = heavy(40).publish(&scene.push);
    let id = scene.record(json!({"stream": scene.stream})).await;
    wait::until_now("it is large enough", LIMIT, || {
        size(scene, &id) > 2 * PIECE + 500_000
    })
    .await;
    scene.act(&id, "stop").await;
    ffmpeg.kill();
    let parts = scene
        .until(&id, "it is complete", |parts| parts[0]["state"] == "complete")
        .await;
    let bytes = parts[0]["bytes"].as_u64().unwrap();
    assert!(bytes > 2 * PIECE, "{bytes}");
    wait::until_now("a piece is there", LIMIT, || {
        scene.gate.passed() > PIECE + 500_000
    })
    .await;
    (id, bytes)
}

fn size(scene: &Scene, id: &str) -> u64 {
    let files = scene.files(id).into_iter();
    files
        .filter_map(|name| Some(scene.dir(id).join(name).metadata().ok()?.len()))
        .sum()
}

/// R-C1: an upload that the gateway's end cut off goes on with the next piece.
#[tokio::test]
async fn the_gateway_killed_during_an_upload() {
    let mut scene = Scene::start(&SLOW).await;
    let (id, bytes) = half_uploaded(&scene).await;
    scene.gateway.kill();
    assert_eq!(
        (scene.server.begun().await, scene.server.objects().await.len()),
        (1, 0)
    );
    scene.gate.set(Way::Open);
    scene.gateway.restart().await;
    let part = scene.uploaded(&id, 1).await.remove(0);
    let sent = scene.gateway.metric("lianmai_upload_bytes_total", "").await;
    assert_eq!(sent, (bytes - PIECE) as f64, "only the rest");
    assert_eq!(scene.server.begun().await, 0);
    assert!(scene.files(&id).is_empty());
    scene.check(&part).await;
}

/// R-C1: a server that has lost what it had gets it once more.
#[tokio::test]
async fn the_storage_killed_during_an_upload() {
    let mut scene = Scene::start(&SLOW).await;
    let (id, _) = half_uploaded(&scene).await;
    scene.server.kill();
    scene.gate.set(Way::Open);
    scene
        .until(&id, "it is noticed", |parts| {
            parts[0]["upload"]["attempts"].as_u64() > Some(0)
        })
        .await;
    assert_eq!(scene.files(&id).len(), 1);
    scene.server.restart().await;
    let part = scene.uploaded(&id, 1).await.remove(0);
    scene.check(&part).await;
}

/// R-C2, R-C1: what was recorded until a crash is there but for a second and uploaded, and the recording goes on.
#[tokio::test]
async fn the_gateway_killed_while_recording() {
    let mut scene = Scene::start(&[]).await;
    let mut ffmpeg = Source::default().publish(&scene.push);
    let id = scene.record(json!({"stream": scene.stream})).await;
    scene.act(&id, "split").await;
    let parts = scene
        .until(&id, "one is uploaded, the next is written", |parts| {
            parts.len() == 2 && parts[0]["location"] == "s3"
        })
        .await;
    let from = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    scene.gateway.kill();
    let written = from.elapsed().as_secs_f64();
    ffmpeg.kill();
    scene.gateway.restart().await;
    let _ffmpeg = Source::default().publish(&scene.push);
    scene.until(&id, "it goes on", |parts| parts.len() == 3).await;
    scene.act(&id, "stop").await;
    let after = scene.uploaded(&id, 3).await;
    assert_eq!(after[0], parts[0], "what was there is left alone");
    assert_eq!(after[1]["reason"], "recovered");
    for (part, at_least) in after.iter().zip([0.0, written - 1.1, 0.0]) {
        let seconds = scene.check(part).await;
        assert!(seconds >= at_least, "{seconds} s of {written} s in {part}");
    }
}

/// R-C2, R-C1: the same when a finished file is being made.
#[tokio::test]
async fn the_gateway_killed_while_finalising() {
    let mut scene = Scene::start(&[]).await;
    let mut ffmpeg = heavy(40).publish(&scene.push);
    let from = Instant::now();
    let id = scene.record(json!({"stream": scene.stream})).await;
    wait::until_now("it is large enough", LIMIT, || size(&scene, &id) > 2 * PIECE).await;
    let media = from.elapsed().as_secs_f64();
    let path = format!("/v1/recordings/{id}/stop");
    let api = scene.api.clone();
    let mut asking = JoinSet::new();
    asking.spawn(async move { api.try_call("POST", &path, None).await });
    // The file that is put together beside the fragments.
    let start = Instant::now();
    while !scene.files(&id).iter().any(|name| name.ends_with(".tmp"))
        && start.elapsed() < Duration::from_secs(2)
    {
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    scene.gateway.kill();
    ffmpeg.kill();
    let left = scene.files(&id);
    assert!(
        left.iter().any(|name| name.ends_with(".tmp")),
        "not in the middle of it: {left:?}"
    );
    scene.gateway.restart().await;
    let part = scene
        .until(&id, "it is uploaded", |parts| parts[0]["location"] == "s3")
        .await
        .remove(0);
    let seconds = scene.check(&part).await;
    assert!(seconds > media - 1.5, "{seconds} s of {media} s");
    assert!(scene.files(&id).is_empty(), "{:?}", scene.files(&id));
}

/// R-C1: a worker's end is a gap in the mix, and the mix's recording goes on and arrives.
#[tokio::test]
async fn the_worker_killed_while_the_mix_is_recorded() {
    let scene = Scene::start(&[Gateway::WORKER]).await;
    let _ffmpeg = Source::default().publish(&scene.push);
    let mix = format!("/v1/rooms/{}/mix", scene.room.id);
    let canvas = json!({"width": 320, "height": 180, "fps": 15, "video_bitrate": 300_000});
    let id = scene.record(json!({"what": "mix"})).await;
    scene
        .api
        .ok("PATCH", &mix, Some(json!({"layout": {"canvas": canvas}})))
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for supervisor in children(scene.gateway.id()) {
        for process in children(supervisor).into_iter().chain([supervisor]) {
            Process::start("kill", ["-9", &process.to_string()])
                .wait(LIMIT)
                .await;
        }
    }
    let restarts = |state: &Value| state["status"]["state"] == "running";
    tokio::time::sleep(Duration::from_millis(300)).await;
    wait::until("the mix is back", LIMIT, || async {
        restarts(&scene.api.ok("GET", &mix, None).await).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    scene.act(&id, "stop").await;
    let parts = scene
        .until(&id, "all is uploaded", |parts| {
            parts.iter().all(|part| part["location"] == "s3")
        })
        .await;
    let mut seconds = 0.0;
    for part in &parts {
        assert_eq!(text(&part["files"][0], "name").rsplit_once('.').unwrap().1, "mp4");
        seconds += scene.check(part).await;
    }
    assert!(seconds > 1.2, "{seconds} s in {} parts", parts.len());
}
