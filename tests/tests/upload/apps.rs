//! Apps that are deleted: nothing of their recordings stays, whatever is down meanwhile.

use lianmai_tests::gate::Way;
use lianmai_tests::media::Source;
use lianmai_tests::wait;
use serde_json::json;

use crate::scene::{LIMIT, Scene};

const APP: &str = "other";

async fn delete_app(scene: &Scene) {
    let delete = scene.gateway.cli(&["app", "delete", APP, "--recordings"]);
    delete.succeed(LIMIT).await;
}

async fn bucket_is_empty(scene: &Scene) {
    wait::until("nothing is in the bucket", LIMIT, || async {
        let is_empty = scene.server.objects().await.is_empty() && scene.server.begun().await == 0;
        is_empty.then_some(())
    })
    .await;
}

/// What runs, what waits for its upload and what is uploaded goes with the app; the storage is down, and the gateway is
/// killed before it is back. Whoever has recordings is not deleted by mistake.
#[tokio::test]
async fn an_app_takes_its_recordings_along() {
    let mut scene = Scene::start(&[]).await.of_app(APP).await;
    let (uploaded, _) = scene.one_part(json!({"stream": scene.stream})).await;
    scene.uploaded(&uploaded, 1).await;
    let _ffmpeg = Source::default().publish(&scene.push);
    scene.gate.set(Way::Shut);
    let running = scene.record(json!({"stream": scene.stream})).await;
    scene.act(&running, "split").await;
    scene
        .until(&running, "a part waits, the next is written", |parts| {
            parts.len() == 2 && parts[0]["upload"]["attempts"].as_u64() > Some(0)
        })
        .await;

    let mut refused = scene.gateway.cli(&["app", "delete", APP]);
    assert!(!refused.wait(LIMIT).await.success());
    let said = refused.stderr();
    assert!(
        said.contains("2 recordings") && said.contains("--recordings"),
        "{said}"
    );
    delete_app(&scene).await;
    assert!(scene.app_dir().exists(), "not before it is told");
    scene.gateway.process().signal("-HUP");
    wait::until_now("nothing is on disk", LIMIT, || !scene.app_dir().exists()).await;
    let (status, _) = scene.api.call("GET", "/v1/recordings", None).await;
    assert_eq!(status, 401);
    assert_eq!(scene.server.objects().await.len(), 1, "the storage is away");

    scene.gateway.restart().await;
    wait::until("the id is free", LIMIT, || async {
        let mut create = scene.gateway.cli(&["app", "create", APP]);
        create.wait(LIMIT).await.success().then_some(())
    })
    .await;
    assert_eq!(scene.server.objects().await.len(), 1);
    scene.gate.set(Way::Open);
    bucket_is_empty(&scene).await;
    let scene = scene.again().await;
    let list = scene.api.ok("GET", "/v1/recordings", None).await;
    assert_eq!(list["recordings"], json!([]), "a new app has none");
}

/// An app that is deleted while no gateway runs is gone once one does.
#[tokio::test]
async fn an_app_is_deleted_at_the_next_start() {
    let scene = Scene::start(&["recording.upload.keep_local=true"]).await;
    let mut scene = scene.of_app(APP).await;
    let (id, _) = scene.one_part(json!({"stream": scene.stream})).await;
    scene
        .until(&id, "it is in both places", |parts| {
            parts[0]["location"] == "both"
        })
        .await;
    scene.gateway.kill();
    delete_app(&scene).await;
    assert_eq!(
        (scene.server.objects().await.len(), scene.files(&id).len()),
        (1, 1)
    );
    scene.gateway.restart().await;
    wait::until_now("nothing is on disk", LIMIT, || !scene.app_dir().exists()).await;
    bucket_is_empty(&scene).await;
    let (status, _) = scene.api.call("GET", "/v1/recordings", None).await;
    assert_eq!(status, 401);
}
