//! What becomes of a part that is uploaded, and how it is had back.
use lianmai_tests::api::text;
use lianmai_tests::gate::Way;
use lianmai_tests::receiver::Reply;
use lianmai_tests::{Receiver, wait};
use serde_json::json;

use crate::scene::{LIMIT, Scene, sha256};

/// R-C1: a part leaves the disk when it is in the bucket, and is had from there as from disk, whole and in ranges; the
/// app is told, and deleting the recording deletes the object.
#[tokio::test]
async fn parts_move_to_the_bucket() {
    let hook = Receiver::start(|_| Reply::Status(200)).await;
    let mut scene = Scene::start(&[]).await;
    let body = json!({"webhooks": [hook.url("/hook")]});
    scene.api.ok("PUT", "/v1/app/webhooks", Some(body)).await;
    let (id, _) = scene.one_part(json!({"stream": scene.stream})).await;
    let part = scene.uploaded(&id, 1).await.remove(0);
    assert!(part["upload"].is_null() && scene.files(&id).is_empty(), "{part}");
    assert!(!scene.dir(&id).exists());
    let name = text(&part["files"][0], "name");
    let object = scene.server.read(&scene.key(&id, &name)).await;
    assert_eq!(sha256(&object), text(&part["files"][0], "sha256"));
    assert!(scene.check(&part).await > 0.5);

    let size = object.len();
    let tag = format!("\"{}\"", sha256(&object));
    for (range, start, end) in [("4-7", 4, 8), ("100-", 100, size), ("-50", size - 50, size)] {
        let answer = scene.get(&part, &[("range", &format!("bytes={range}"))]).await;
        assert_eq!(answer.status(), 206, "{range}");
        let told = answer.headers()["content-range"].to_str().unwrap().to_owned();
        assert_eq!(told, format!("bytes {start}-{}/{size}", end - 1));
        assert!(answer.bytes().await.unwrap() == object[start..end], "{range}");
    }
    let outside = format!("bytes={size}-");
    assert_eq!(scene.get(&part, &[("range", &outside)]).await.status(), 416);
    let changed = scene
        .get(&part, &[("range", "bytes=0-1"), ("if-range", "\"x\"")])
        .await;
    assert_eq!(changed.status(), 200, "another file by now");
    let same = scene
        .get(&part, &[("range", "bytes=0-1"), ("if-range", &tag)])
        .await;
    assert_eq!(
        (same.status().as_u16(), &same.headers()["etag"]),
        (206, &tag.parse().unwrap())
    );
    let url = format!("http://{}{}", scene.gateway.http, text(&part["files"][0], "path"));
    let head = reqwest::Client::new()
        .head(&url)
        .bearer_auth(scene.api.token())
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["content-length"], size.to_string().as_str());
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 401);

    let posted = hook
        .until("it is told", |all| {
            all.iter().any(|p| p.json()["event"] == "record.uploaded")
        })
        .await;
    let told = posted
        .iter()
        .map(|p| p.json())
        .find(|told| told["event"] == "record.uploaded")
        .unwrap();
    assert_eq!(
        (&told["recording"]["id"], &told["part"]["location"]),
        (&json!(id), &json!("s3"))
    );
    assert_eq!(scene.gateway.metric("lianmai_uploads_total", "").await, 1.0);
    assert_eq!(
        scene.gateway.metric("lianmai_upload_bytes_total", "").await,
        size as f64
    );
    assert_eq!(scene.gateway.metric("lianmai_uploads_waiting", "").await, 0.0);
    let log = scene.gateway.process().stderr();
    assert!(!log.contains(&scene.server.keys.1), "the secret is nowhere");
    let shown = scene.gateway.cli(&["config", "print"]).succeed(LIMIT).await;
    assert!(shown.contains("[recording.upload]") && !shown.contains(&scene.server.keys.1));

    scene
        .api
        .ok("DELETE", &format!("/v1/recordings/{id}"), None)
        .await;
    wait::until("the object is gone", LIMIT, || async {
        scene.server.objects().await.is_empty().then_some(())
    })
    .await;
    assert_eq!(
        scene
            .api
            .call("GET", &text(&part["files"][0], "path"), None)
            .await
            .0,
        404
    );
}

/// HLS: every segment, and the playlist last; had through the gateway or, if so configured, with signed URLs. Files may
/// stay on disk.
#[tokio::test]
async fn many_files_and_signed_urls() {
    let scene = Scene::start(&[
        "recording.upload.download=redirect",
        "recording.upload.read_back=true",
    ])
    .await;
    let (hls, _) = scene
        .one_part(json!({"stream": scene.stream, "format": "hls"}))
        .await;
    let part = scene.uploaded(&hls, 1).await.remove(0);
    let files = part["files"].as_array().unwrap();
    assert!(files.len() >= 3, "{part}");
    let objects = scene.server.objects().await;
    assert_eq!(objects.len(), files.len());
    for file in files {
        let key = scene.key(&hls, &text(file, "name"));
        assert_eq!(objects[&key], file["bytes"].as_u64().unwrap(), "{key}");
    }
    assert!(scene.files(&hls).is_empty());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let get = async |file: &serde_json::Value| {
        let url = format!("http://{}{}", scene.gateway.http, text(file, "path"));
        client
            .get(url)
            .bearer_auth(scene.api.token())
            .send()
            .await
            .unwrap()
    };
    let playlist = get(&files[0]).await;
    assert_eq!(
        (playlist.status().as_u16(), &playlist.headers()["content-type"]),
        (200, &"application/vnd.apple.mpegurl".parse().unwrap())
    );
    assert!(playlist.text().await.unwrap().contains("#EXT-X-ENDLIST"));
    let segment = files.last().unwrap();
    let elsewhere = get(segment).await;
    assert_eq!(elsewhere.status(), 307);
    let location = elsewhere.headers()["location"].to_str().unwrap();
    assert!(location.contains("X-Amz-Signature=") && !location.contains(&scene.server.keys.1));
    let got = client
        .get(location)
        .header("range", "bytes=4-7")
        .send()
        .await
        .unwrap();
    assert_eq!(got.status(), 206);
}

#[tokio::test]
async fn files_may_stay_on_disk_and_age() {
    let mut scene = Scene::start(&["recording.upload.keep_local=true"]).await;
    let (id, _) = scene
        .one_part(json!({"stream": scene.stream, "format": "flv"}))
        .await;
    let both = scene
        .until(&id, "it is uploaded", |parts| parts[0]["location"] == "both")
        .await;
    assert_eq!(
        (scene.files(&id).len(), scene.server.objects().await.len()),
        (1, 1)
    );
    scene.gate.set(Way::Shut);
    assert!(
        scene.check(&both[0]).await > 0.5,
        "from disk, whatever the storage does"
    );
    // Retention is for both.
    let settings = scene.server.settings(scene.gate.address);
    let settings = settings
        .iter()
        .map(String::as_str)
        .chain(["recording.retention=1ms"]);
    scene.gateway.configure(&settings.collect::<Vec<_>>());
    scene.gateway.restart().await;
    wait::until("it is past its time", LIMIT, || async {
        let path = format!("/v1/recordings/{id}");
        (scene.api.call("GET", &path, None).await.0 == 404).then_some(())
    })
    .await;
    assert!(scene.files(&id).is_empty());
    assert_eq!(
        scene.server.objects().await.len(),
        1,
        "the storage does not answer"
    );
    scene.gate.set(Way::Open);
    wait::until("the object is gone", LIMIT, || async {
        scene.server.objects().await.is_empty().then_some(())
    })
    .await;
}
