//! A small disk: recordings end in order before it is full, rooms and uploads go on, and what is uploaded makes room.

use lianmai_tests::gate::Way;
use lianmai_tests::{Gate, Gateway, S3, wait};
use serde_json::json;

use crate::scene::{HEAVY, LIMIT, Scene, heavy};

/// R-C1, R-C2: the disk fills while the storage is away; afterwards everything arrives, and recording is possible again.
#[tokio::test]
async fn uploads_make_room() {
    let server = S3::start().await;
    let gate = Gate::to(server.address).await;
    let settings = server.settings(gate.address);
    let more = ["recording.min_free=12000000", "recording.part_duration=1s", HEAVY];
    let settings: Vec<&str> = settings.iter().map(String::as_str).chain(more).collect();
    // 24 MB for recordings alone, of which half stays free.
    let gateway = Gateway::start_on_small_disk(&settings, 24_000_000).await;
    gate.set(Way::Shut);
    let scene = Scene::of(server, gate, gateway).await;
    let _ffmpeg = heavy(40).publish(&scene.push);
    let id = scene.record(json!({"stream": scene.stream})).await;
    let ended = wait::until("it ends", LIMIT, || async {
        let recording = scene.recording(&id).await;
        let is_over = recording["state"] == "failed";
        let parts = recording["parts"].as_array().unwrap().clone();
        let complete = parts.iter().all(|part| part["state"] == "complete");
        (is_over && complete).then_some((recording, parts))
    })
    .await;
    let (recording, parts) = ended;
    assert_eq!(recording["error"], "the disk is nearly full");
    assert!(parts.len() >= 2, "{recording}");
    assert!(scene.plays().await, "the room goes on");
    let path = format!("/v1/rooms/{}/recordings", scene.room.id);
    let (status, problem) = scene.api.call("POST", &path, Some(json!({}))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("disk_full")));
    scene.gate.set(Way::Open);
    for part in scene.uploaded(&id, parts.len()).await {
        assert!(scene.check(&part).await > 0.0);
    }
    let again = scene.record(json!({"stream": scene.stream})).await;
    scene.act(&again, "stop").await;
    scene
        .until(&again, "it arrives, too", |parts| {
            parts.iter().all(|part| part["location"] == "s3")
        })
        .await;
}
