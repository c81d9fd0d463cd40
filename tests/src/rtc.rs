//! What tests ask of browser pages most: publish, play, statistics.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::text;
use crate::marks::Seen;
use crate::{Gateway, Page, Room, wait};

/// Statistics of one connection (`RTCPeerConnection.getStats()`).
#[derive(Clone, Debug)]
pub struct Stats(pub Value);

impl Stats {
    /// What is received of `kind`, with the stream it belongs to.
    pub fn inbound(&self, kind: &str) -> &Value {
        self.first("inbound", |entry| entry["kind"] == kind)
    }

    /// The same, of one of several streams on a connection.
    pub fn inbound_of(&self, stream: &str, kind: &str) -> &Value {
        self.first("inbound", |entry| {
            entry["kind"] == kind && entry["stream"] == stream
        })
    }

    /// What is sent of `kind`.
    pub fn outbound(&self, kind: &str) -> &Value {
        self.first("outbound", |entry| entry["kind"] == kind)
    }

    fn first(&self, direction: &str, wanted: impl Fn(&Value) -> bool) -> &Value {
        let all = self.0[direction].as_array().unwrap();
        all.iter().find(|entry| wanted(entry)).unwrap_or(&Value::Null)
    }

    pub fn state(&self) -> &str {
        self.0["state"].as_str().unwrap()
    }

    /// Panics if the connection was ever lost: it has been connecting, then connected.
    pub fn assert_connected_once(&self) {
        let states = &self.0["states"];
        assert_eq!(states.as_array().unwrap().len(), 2, "{states}");
    }
}

/// A figure of statistics; 0 while it is not there.
pub fn figure(entry: &Value, name: &str) -> f64 {
    entry[name].as_f64().unwrap_or(0.0)
}

impl Page {
    /// Makes it a member of a room, over a socket of its own.
    pub async fn enter(&self, gateway: &Gateway, room: &Room, account: &str) {
        let token = gateway.token(&["--account", account]).await;
        let url = format!("ws://{}/v1/ws?access_token={token}", gateway.http);
        self.call("socket", json!({"url": url})).await;
        self.command("join", json!({"room": room.id, "role": "talker"}))
            .await;
    }

    /// The result of a command over its socket, which must succeed.
    pub async fn command(&self, op: &str, mut fields: Value) -> Value {
        fields["op"] = json!(op);
        let answer = self.call("ask", fields).await;
        assert_eq!(answer["ok"], true, "{op}: {answer}");
        answer["result"].clone()
    }

    /// Its member's camera, to be published over WebRTC; the stream.
    pub async fn camera(&self, room: &Room) -> String {
        let fields = json!({"room": room.id, "kind": "camera", "via": "webrtc"});
        text(&self.command("publish_stream", fields).await["stream"], "id")
    }

    /// Publishes `source` by WHIP and waits until it is connected. `how` may hold `videoCodecs`, `simulcast`, ….
    pub async fn publish(&self, name: &str, url: &str, source: Value, how: Value) -> Value {
        let mut args = json!({"name": name, "url": url, "source": source});
        merge(&mut args, how);
        self.call("publish", args).await
    }

    /// Plays by WHEP; waits for its first picture. Milliseconds from the answer to it.
    pub async fn play(&self, name: &str, url: &str) -> f64 {
        let answer = self.call("play", json!({"name": name, "url": url})).await;
        answer["first"].as_f64().unwrap()
    }

    pub async fn stats(&self, name: &str) -> Stats {
        Stats(self.call("stats", json!({"name": name})).await)
    }

    /// Waits until its statistics satisfy `condition`.
    pub async fn until(&self, name: &str, what: &str, condition: impl Fn(&Stats) -> bool) -> Stats {
        self.until_within(name, what, Duration::from_secs(15), condition)
            .await
    }

    pub async fn until_within(
        &self,
        name: &str,
        what: &str,
        limit: Duration,
        condition: impl Fn(&Stats) -> bool,
    ) -> Stats {
        let last = std::cell::RefCell::new(Value::Null);
        let condition = &condition;
        let last_seen = &last;
        let look = || async move {
            let stats = self.stats(name).await;
            last_seen.replace(stats.0.clone());
            condition(&stats).then_some(stats)
        };
        let waiting = std::pin::pin!(wait::until(what, limit + limit, look));
        let done = tokio::time::timeout(limit, waiting).await;
        done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}: {}", last.borrow()))
    }

    /// Watches and listens for `span`.
    pub async fn look(&self, name: &str, span: Duration) -> Seen {
        self.look_at(name, "", span).await
    }

    /// The same for one stream of a connection with several.
    pub async fn look_at(&self, name: &str, stream: &str, span: Duration) -> Seen {
        let ms = span.as_millis() as u64;
        Seen::of(
            self.call("look", json!({"name": name, "stream": stream, "ms": ms}))
                .await,
        )
    }

    /// Panics unless pictures are decoded and sound is heard, more of both with time.
    pub async fn sees_and_hears(&self, name: &str) -> Stats {
        self.sees_and_hears_stream(name, "").await
    }

    /// Panics unless pictures are decoded.
    pub async fn sees(&self, name: &str) -> Stats {
        let decoded = |stats: &Stats| figure(stats.inbound("video"), "framesDecoded");
        let before = decoded(&self.stats(name).await);
        self.until(name, "pictures are decoded", |stats| {
            decoded(stats) > before + 20.0
        })
        .await
    }

    /// The same for one stream of a connection with several.
    pub async fn sees_and_hears_stream(&self, name: &str, stream: &str) -> Stats {
        let before = self.stats(name).await;
        let of = |stats: &Stats, kind: &str, field: &str| figure(stats.inbound_of(stream, kind), field);
        let grows = |stats: &Stats, kind: &str, field: &str, by: f64| {
            of(stats, kind, field) > of(&before, kind, field) + by
        };
        let what = format!("{name} sees and hears {stream:?}");
        self.until(name, &what, |stats| {
            grows(stats, "video", "framesDecoded", 20.0) && grows(stats, "audio", "totalAudioEnergy", 1e-4)
        })
        .await
    }
}

/// A stream of a member, and where to publish it.
pub struct Camera {
    pub member: String,
    pub stream: String,
    pub rtmp: String,
    pub whip: String,
}

impl Room {
    /// A member that publishes its camera over WebRTC; stream, WHIP URL.
    pub async fn whip(&self, account: &str) -> (String, String) {
        let camera = self.webrtc_camera(account).await;
        (camera.stream, camera.whip)
    }

    /// The same with everything about it.
    pub async fn webrtc_camera(&self, account: &str) -> Camera {
        self.camera(account, json!({"kind": "camera", "via": "webrtc"}))
            .await
    }

    /// A member whose camera may be published over either protocol.
    pub async fn any_camera(&self, account: &str) -> Camera {
        self.camera(account, json!({"kind": "camera"})).await
    }

    async fn camera(&self, account: &str, mut wish: Value) -> Camera {
        let member = self.join(account, "talker").await;
        wish["member"] = json!(member);
        let path = format!("/v1/rooms/{}/streams", self.id);
        let answer = self.api.ok("POST", &path, Some(wish)).await;
        Camera {
            member,
            stream: text(&answer["stream"], "id"),
            rtmp: answer["push"]["url"].as_str().unwrap_or_default().to_owned(),
            whip: text(&answer["push"], "whip"),
        }
    }

    /// The WHEP URL of a stream.
    pub async fn whep(&self, stream: &str) -> String {
        text(&self.pull(stream).await, "whep")
    }

    /// The RTMP pull URL of a stream.
    pub async fn rtmp(&self, stream: &str) -> String {
        text(&self.pull(stream).await, "rtmp")
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// Panics unless these are the colours of the four fields that pages publish as `pattern`.
pub fn assert_fields(shown: &[[u8; 3]], expected: [&str; 4]) {
    let name = |[r, g, b]: [u8; 3]| match (r > 140, g > 140, b > 140) {
        (true, false, false) => "red",
        (false, true, false) => "green",
        (false, false, true) => "blue",
        (true, true, false) => "yellow",
        _ => "other",
    };
    let names: Vec<_> = shown.iter().map(|colour| name(*colour)).collect();
    assert_eq!(names, expected, "{shown:?}");
}
