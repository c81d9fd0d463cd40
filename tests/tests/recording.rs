//! Recordings: a room's flags and requests, pause and parts, kill −9 in the middle, files over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::Purpose;
use lianmai_tests::api::{Room, text};
use lianmai_tests::clip::{Clip, send};
use lianmai_tests::media::{Source, probe};
use lianmai_tests::{Api, Gateway, rtmp, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_secs(20);

/// The recordings of a room, oldest first.
async fn recordings(api: &Api, room: &Room) -> Vec<Value> {
    let path = format!("/v1/recordings?room={}", room.id);
    let list = api.ok("GET", &path, None).await["recordings"]
        .as_array()
        .unwrap()
        .clone();
    list.into_iter().rev().collect()
}

/// Waits until a recording is as `holds` wants it.
async fn until(api: &Api, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, LIMIT, || async {
        let recording = api.ok("GET", &format!("/v1/recordings/{id}"), None).await;
        holds(&recording).then_some(recording)
    })
    .await
}

fn parts(recording: &Value) -> &Vec<Value> {
    recording["parts"].as_array().unwrap()
}

fn is_complete(recording: &Value) -> bool {
    let all = parts(recording);
    recording["state"] == "done" && !all.is_empty() && all.iter().all(|part| part["state"] == "complete")
}

/// Gets the first file of a part over HTTP.
async fn download(gateway: &Gateway, api: &Api, part: &Value, into: &Path) -> PathBuf {
    let file = &part["files"][0];
    let answer = reqwest::Client::new()
        .get(format!("http://{}{}", gateway.http, text(file, "path")))
        .bearer_auth(api.token())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, file["bytes"].as_u64().unwrap());
    let path = into.join(text(file, "name"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Codecs and length in seconds of a file that decodes without an error.
async fn look(path: &Path) -> (Vec<String>, f64) {
    let path = path.to_string_lossy();
    let entries = ["-show_entries", "stream=codec_name:format=duration"];
    let shown = probe(&path, &entries).await;
    let streams = shown["streams"].as_array().unwrap();
    let mut codecs: Vec<String> = streams.iter().map(|stream| text(stream, "codec_name")).collect();
    codecs.sort();
    let decode = ["-v", "error", "-xerror", "-i", &path, "-f", "null", "-"];
    lianmai_tests::Process::start("ffmpeg", decode)
        .succeed(LIMIT)
        .await;
    (codecs, text(&shown["format"], "duration").parse().unwrap())
}

/// The room's own flag: what is on air is recorded until the stream is gone; a range of the file can be had.
#[tokio::test]
async fn a_room_with_the_flag_is_recorded() {
    let gateway = Gateway::start_with(&["recording.min_free=0"]).await;
    let api = gateway.api().await;
    let room = api
        .create_room(json!({"name": "on record", "record": true}))
        .await;
    let (stream, push, _) = room.publisher("ann").await;
    let mut ffmpeg = Source::default().publish(&push);
    let recording = wait::until("it is recorded", LIMIT, || async {
        let all = recordings(&api, &room).await;
        all.into_iter().find(|recording| !parts(recording).is_empty())
    })
    .await;
    assert_eq!(
        (&recording["stream"], &recording["account"]),
        (&json!(stream), &json!("ann"))
    );
    assert_eq!(recording["state"], "recording");
    assert_eq!(recording["members"][0]["account"], "ann");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let path = format!("/v1/rooms/{}/streams/{stream}", room.id);
    api.ok("DELETE", &path, None).await;
    ffmpeg.kill();
    let done = until(&api, &text(&recording, "id"), "it is complete", is_complete).await;
    let dir = tempfile::tempdir().unwrap();
    let file = download(&gateway, &api, &parts(&done)[0], dir.path()).await;
    let (codecs, seconds) = look(&file).await;
    assert_eq!(codecs, ["aac", "h264"]);
    assert!((1.5..10.0).contains(&seconds), "{seconds}");
    assert_eq!(
        recordings(&api, &room).await.len(),
        1,
        "one recording for one stream"
    );

    let file = &parts(&done)[0]["files"][0];
    let range = reqwest::Client::new()
        .get(format!("http://{}{}", gateway.http, text(file, "path")))
        .bearer_auth(api.token())
        .header("range", "bytes=4-7")
        .send()
        .await
        .unwrap();
    assert_eq!(range.status(), 206);
    assert_eq!(range.bytes().await.unwrap(), "ftyp", "the type of the first box");
    // Who is not an admin of the room gets nothing, and a name that is not in the index is no file.
    let bob = gateway.api_as("bob").await;
    assert_eq!(bob.call("GET", &text(file, "path"), None).await.0, 403);
    let id = text(&done, "id");
    for name in ["x.mp4", "..%2F..%2Flianmai.db", "%2Fetc%2Fpasswd"] {
        let path = format!("/v1/recordings/{id}/parts/1/{name}");
        assert_eq!(api.call("GET", &path, None).await.0, 404, "{name}");
    }
    api.ok("DELETE", &format!("/v1/recordings/{id}"), None).await;
    assert_eq!(api.call("GET", &text(file, "path"), None).await.0, 404);
    assert!(!gateway.data_dir().join("recordings/demo").join(&id).exists());
}

/// By request: sound only and everything side by side; pause, resume and split make parts.
#[tokio::test]
async fn recordings_on_request_have_parts() {
    let gateway = Gateway::start_with(&["recording.min_free=0"]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "asked for"})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let _ffmpeg = Source::default().publish(&push);
    let path = format!("/v1/rooms/{}/recordings", room.id);
    let begin = async |body: Value| {
        let begun = api.ok("POST", &path, Some(body)).await;
        text(&begun["recordings"][0], "id")
    };
    let flv = begin(json!({"stream": stream, "format": "flv"})).await;
    let sound = begin(json!({"what": "streams", "audio_only": true})).await;
    let again = api
        .ok("POST", &path, Some(json!({"stream": stream, "format": "flv"})))
        .await;
    assert_eq!(again["recordings"], json!([]), "it runs already");
    let has = |count: usize| move |recording: &Value| parts(recording).len() >= count;
    until(&api, &flv, "the first part", has(1)).await;
    let act = async |id: &str, act: &str| api.ok("POST", &format!("/v1/recordings/{id}/{act}"), None).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(act(&flv, "pause").await["state"], "paused");
    until(&api, &flv, "the part ends", |r| {
        parts(r)[0]["state"] == "complete"
    })
    .await;
    assert_eq!(act(&flv, "resume").await["state"], "recording");
    until(&api, &flv, "the second part", has(2)).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    act(&flv, "split").await;
    until(&api, &flv, "the third part", has(3)).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    act(&flv, "stop").await;
    act(&sound, "stop").await;
    let dir = tempfile::tempdir().unwrap();
    let done = until(&api, &flv, "all parts are complete", is_complete).await;
    let reasons: Vec<&str> = parts(&done)
        .iter()
        .map(|p| p["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["paused", "split", "ended"]);
    for part in parts(&done) {
        let (codecs, seconds) = look(&download(&gateway, &api, part, dir.path()).await).await;
        assert_eq!(codecs, ["aac", "h264"]);
        assert!(seconds > 0.5, "{seconds} in {part}");
    }
    let done = until(&api, &sound, "the sound is complete", is_complete).await;
    let file = download(&gateway, &api, &parts(&done)[0], dir.path()).await;
    assert_eq!(file.extension().unwrap(), "m4a");
    assert_eq!(look(&file).await.0, ["aac"]);
    let (status, problem) = api
        .call("POST", &format!("/v1/recordings/{flv}/pause"), None)
        .await;
    assert_eq!((status, &problem["code"]), (409, &json!("recording_ended")));
}

/// Sends a clip in real time, and says how far it is, in milliseconds.
async fn send_live(push: &str, clip: Clip) -> (JoinSet<()>, Arc<AtomicU32>) {
    let mut client = rtmp::open(push, Purpose::Publish).await.unwrap();
    send(&mut client, &clip.headers()).await;
    let sent = Arc::new(AtomicU32::new(0));
    let (mut tasks, far) = (JoinSet::new(), sent.clone());
    tasks.spawn(async move {
        let start = tokio::time::Instant::now();
        for (kind, time, body) in clip.frames {
            let due = start + Duration::from_millis(time.into());
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                event = until_error(&mut client) => return event,
            }
            let queued = client.send_media(kind, time, &body);
            if queued.is_err() || client.flush().await.is_err() {
                return;
            }
            far.store(time, Relaxed);
        }
    });
    (tasks, sent)
}

async fn until_error(client: &mut RtmpClient) {
    while client.next_event().await.is_ok() {}
}

/// R-C2: kill −9 of the gateway costs a second at most, and the recording goes on as the next part.
#[tokio::test]
async fn a_crash_costs_a_second_at_most() {
    let mut gateway = Gateway::start_with(&["recording.min_free=0"]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "crash", "record": true})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let clip = Clip::make(Source {
        seconds: Some(20.0),
        ..Source::default()
    });
    let (_publisher, sent) = send_live(&push, clip.await).await;
    let id = wait::until("it is recorded", LIMIT, || async {
        let all = recordings(&api, &room).await;
        let found = all.iter().find(|recording| !parts(recording).is_empty());
        found.map(|recording| text(recording, "id"))
    })
    .await;
    // What was sent before is in the file, or from before its beginning.
    let from = sent.load(Relaxed);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let written = f64::from(sent.load(Relaxed) - from) / 1_000.0;
    gateway.kill();
    gateway.restart().await;
    let repaired = until(&api, &id, "the part is repaired", |r| {
        parts(r)[0]["state"] == "complete"
    })
    .await;
    assert_eq!(parts(&repaired)[0]["reason"], "recovered");
    let dir = tempfile::tempdir().unwrap();
    let (codecs, seconds) = look(&download(&gateway, &api, &parts(&repaired)[0], dir.path()).await).await;
    assert_eq!(codecs, ["aac", "h264"]);
    println!("{seconds} s of {written} s at least");
    assert!(seconds > written - 1.0, "{seconds} s of {written} s");
    // The publisher comes back on its old URL.
    let _ffmpeg = Source::default().publish(&push);
    until(&api, &id, "the next part", |r| parts(r).len() >= 2).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    api.ok("DELETE", &format!("/v1/rooms/{}/streams/{stream}", room.id), None)
        .await;
    let done = until(&api, &id, "it is complete", is_complete).await;
    assert_eq!(parts(&done).len(), 2);
    look(&download(&gateway, &api, &parts(&done)[1], dir.path()).await).await;
}

/// A disk that is nearly full ends recordings, and nothing else.
#[tokio::test]
async fn a_full_disk_ends_recordings_and_not_rooms() {
    let gateway = Gateway::start_with(&["recording.min_free=9223372036854775807"]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "full", "record": true})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let _ffmpeg = Source::default().publish(&push);
    wait::until("it is on air", LIMIT, || async {
        room.stream(&stream).await["on_air"].as_bool().filter(|on| *on)
    })
    .await;
    let path = format!("/v1/rooms/{}/recordings", room.id);
    let (status, problem) = api.call("POST", &path, Some(json!({}))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("disk_full")));
    assert_eq!(recordings(&api, &room).await, Vec::<Value>::new());
}
