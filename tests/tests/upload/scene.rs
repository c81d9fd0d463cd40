//! A gateway that uploads, and a member who publishes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lianmai_tests::api::{Room, text};
use lianmai_tests::media::{Source, probe};
use lianmai_tests::{Api, Gate, Gateway, Process, S3, wait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A room with one stream on air.
pub(crate) struct Scene {
    pub(crate) server: S3,
    /// Between gateway and server.
    pub(crate) gate: Gate,
    pub(crate) gateway: Gateway,
    pub(crate) app: &'static str,
    pub(crate) api: Api,
    pub(crate) room: Room,
    pub(crate) stream: String,
    pub(crate) push: String,
    pub(crate) pull: String,
}

/// Lets [`heavy`] media in.
pub(crate) const HEAVY: &str = "app_limits.max_bitrate=100000000";

/// Media of so many megabits a second, most of it filling.
pub(crate) fn heavy(megabits: u32) -> Source {
    let params = format!(
        "nal-hrd=cbr:vbv-maxrate={0}000:vbv-bufsize={0}000:bitrate={0}000",
        megabits
    );
    Source {
        video: vec!["-profile:v", "main", "-x264-params", params.leak()],
        ..Source::default()
    }
}

impl Scene {
    pub(crate) async fn start(extra: &[&str]) -> Scene {
        let server = S3::start().await;
        let gate = Gate::to(server.address).await;
        Scene::with(server, gate, extra).await
    }

    pub(crate) async fn with(server: S3, gate: Gate, extra: &[&str]) -> Scene {
        let settings = server.settings(gate.address);
        let settings: Vec<&str> = settings
            .iter()
            .map(String::as_str)
            .chain([HEAVY])
            .chain(extra.iter().copied())
            .collect();
        let gateway = Gateway::start_from_file(&settings).await;
        Scene::of(server, gate, gateway).await
    }

    pub(crate) async fn of(server: S3, gate: Gate, gateway: Gateway) -> Scene {
        let api = gateway.api().await;
        Scene::in_app(server, gate, gateway, "demo", api).await
    }

    async fn in_app(server: S3, gate: Gate, gateway: Gateway, app: &'static str, api: Api) -> Scene {
        let room = api.create_room(json!({"name": "uploaded"})).await;
        let (stream, push, pull) = room.publisher("ann").await;
        Scene {
            server,
            gate,
            gateway,
            app,
            api,
            room,
            stream,
            push,
            pull,
        }
    }

    /// The same in another app, which is made.
    pub(crate) async fn of_app(mut self, app: &'static str) -> Scene {
        self.gateway.cli(&["app", "create", app]).succeed(LIMIT).await;
        self.app = app;
        self.again().await
    }

    /// The same with an app that is in the database and that the gateway does not know yet.
    pub(crate) async fn again(self) -> Scene {
        let (server, gate, mut gateway, app) = (self.server, self.gate, self.gateway, self.app);
        // Before the signal: the command line writes the file of settings that a reload reads.
        let api = gateway.api_of(app).await;
        gateway.process().signal("-HUP");
        wait::until("the app is taken over", LIMIT, || async {
            let (status, _) = api.call("GET", "/v1/rooms", None).await;
            (status == 200).then_some(())
        })
        .await;
        Scene::in_app(server, gate, gateway, app, api).await
    }

    /// Begins a recording of the stream; waits until its first part is open.
    pub(crate) async fn record(&self, body: Value) -> String {
        let path = format!("/v1/rooms/{}/recordings", self.room.id);
        let begun = self.api.ok("POST", &path, Some(body)).await;
        let id = text(&begun["recordings"][0], "id");
        self.until(&id, "it is written", |parts| !parts.is_empty()).await;
        id
    }

    pub(crate) async fn act(&self, id: &str, act: &str) -> Value {
        self.api
            .ok("POST", &format!("/v1/recordings/{id}/{act}"), None)
            .await
    }

    pub(crate) async fn recording(&self, id: &str) -> Value {
        self.api.ok("GET", &format!("/v1/recordings/{id}"), None).await
    }

    /// Waits until the parts of a recording are as `holds` wants them.
    pub(crate) async fn until(&self, id: &str, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        wait::until(what, LIMIT, || async {
            let recording = self.recording(id).await;
            let parts = recording["parts"].as_array().unwrap().clone();
            holds(&parts).then_some(parts)
        })
        .await
    }

    /// A second of one recording, complete, and how it stands then.
    pub(crate) async fn one_part(&self, body: Value) -> (String, Value) {
        let mut ffmpeg = Source::default().publish(&self.push);
        let id = self.record(body).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.act(&id, "stop").await;
        let parts = self
            .until(&id, "it is complete", |parts| parts[0]["state"] == "complete")
            .await;
        ffmpeg.kill();
        (id, parts[0].clone())
    }

    /// Waits until so many parts are in the bucket and nowhere else.
    pub(crate) async fn uploaded(&self, id: &str, count: usize) -> Vec<Value> {
        self.until(id, "it is uploaded", |parts| {
            parts.len() == count && parts.iter().all(|part| part["location"] == "s3")
        })
        .await
    }

    /// The key of a file of a recording.
    pub(crate) fn key(&self, id: &str, name: &str) -> String {
        format!("a/b/{}/{id}/{name}", self.app)
    }

    /// The folder of a recording on disk.
    pub(crate) fn dir(&self, id: &str) -> PathBuf {
        self.app_dir().join(id)
    }

    /// The folder of the app's recordings.
    pub(crate) fn app_dir(&self) -> PathBuf {
        self.gateway.data_dir().join("recordings").join(self.app)
    }

    /// What is in it.
    pub(crate) fn files(&self, id: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir(id)).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    /// Asks for the first file of a part with these headers.
    pub(crate) async fn get(&self, part: &Value, headers: &[(&str, &str)]) -> reqwest::Response {
        let url = format!("http://{}{}", self.gateway.http, text(&part["files"][0], "path"));
        let mut request = reqwest::Client::new().get(url).bearer_auth(self.api.token());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Gets the first file of a part, which is what the index says and plays; how long it is.
    pub(crate) async fn check(&self, part: &Value) -> f64 {
        let answer = self.get(part, &[]).await;
        assert_eq!(answer.status(), 200, "{part}");
        let bytes = answer.bytes().await.unwrap();
        let file = &part["files"][0];
        assert_eq!(bytes.len() as u64, file["bytes"].as_u64().unwrap());
        assert_eq!(sha256(&bytes), text(file, "sha256"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(text(file, "name"));
        std::fs::write(&path, bytes).unwrap();
        play(&path).await
    }

    /// Whether the stream is on air and comes to a player.
    pub(crate) async fn plays(&self) -> bool {
        let output = [
            "-v", "error", "-nostdin", "-i", &self.pull, "-t", "0.3", "-f", "null", "-",
        ];
        Process::start("ffmpeg", output).wait(LIMIT).await.success()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Length in seconds of a file that decodes without an error.
pub(crate) async fn play(path: &Path) -> f64 {
    let path = path.to_string_lossy();
    let shown = probe(&path, &["-show_entries", "stream=codec_name:format=duration"]).await;
    let decode = ["-v", "error", "-xerror", "-i", &path, "-f", "null", "-"];
    Process::start("ffmpeg", decode).succeed(LIMIT).await;
    text(&shown["format"], "duration").parse().unwrap()
}
