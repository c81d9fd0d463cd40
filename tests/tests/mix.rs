//! A room's mix as its players see and hear it: gateway, worker and members are real.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::api::text;
use lianmai_tests::arrivals::{Arrivals, last_picture};
use lianmai_tests::clip::is_frame;
use lianmai_tests::media::{assert_sound, packets, probe};
use lianmai_tests::process::children;
use lianmai_tests::tones::{is_like, loudness, over, publish, samples, until_shown};
use lianmai_tests::viewer::{PATIENCE, Viewer};
use lianmai_tests::{Browser, Gateway, Process, Room, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Account, colour and tone of each member, in order of joining.
const MEMBERS: [(&str, &str, [u8; 3], f64); 4] = [
    ("ann", "red", [255, 0, 0], 500.0),
    ("bob", "lime", [0, 255, 0], 900.0),
    ("cat", "blue", [0, 0, 255], 1_300.0),
    ("dan", "white", [255, 255, 255], 1_700.0),
];

/// A room in which the first `count` members publish, and its mix runs.
struct Scene {
    gateway: Gateway,
    room: Room,
    mix: String,
    /// The members' ids and what makes their media.
    members: Vec<(String, Process)>,
    streams: Vec<String>,
}

impl Scene {
    async fn start(count: usize) -> Scene {
        Scene::start_as(count, "live").await
    }

    /// With an encoder tuned for `quality`.
    async fn start_as(count: usize, quality: &str) -> Scene {
        let gateway = Gateway::start_with(&[Gateway::WORKER, "recording.min_free=0"]).await;
        let room = gateway.api().await.create_room(json!({"name": "mixed"})).await;
        let (mut members, mut streams) = (Vec::new(), Vec::new());
        for (account, colour, _, tone) in &MEMBERS[..count] {
            let member = room.join(account, "talker").await;
            let (stream, push) = room.publish(&member).await;
            streams.push(stream);
            members.push((member, publish(colour, *tone, &push)));
        }
        let canvas =
            json!({"width": 640, "height": 360, "fps": 15, "video_bitrate": 800_000, "quality": quality});
        let layout = json!({"layout": {"canvas": canvas, "look": {"label": false}}});
        let answer = room.api.ok("POST", &path(&room), Some(layout)).await;
        let mix = text(&answer["stream"], "id");
        let scene = Scene {
            gateway,
            room,
            mix,
            members,
            streams,
        };
        scene.until_state("running").await;
        scene
    }

    async fn state(&self) -> Value {
        self.room.api.ok("GET", &path(&self.room), None).await["status"].clone()
    }

    async fn until_state(&self, state: &str) {
        let limit = Duration::from_secs(20);
        let what = format!("the mix is {state}");
        wait::until(&what, limit, || async {
            (self.state().await["state"] == state).then_some(())
        })
        .await;
    }

    async fn pull(&self, protocol: &str) -> String {
        text(&self.room.pull(&self.mix).await, protocol)
    }
}

fn path(room: &Room) -> String {
    format!("/v1/rooms/{}/mix", room.id)
}

/// The colours of all members in a grid of two by two.
fn grid() -> Vec<((f64, f64), [u8; 3])> {
    let places = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
    places.into_iter().zip(MEMBERS.map(|member| member.2)).collect()
}

/// How loud each member's tone is in what arrived, in dB over what is between the tones.
async fn tones(arrivals: &Arrivals) -> Vec<f64> {
    loudness(arrivals, &MEMBERS.map(|member| member.3), &[1_100.0, 2_300.0]).await
}

#[tokio::test]
async fn four_members_are_one_picture_and_one_sound() {
    let scene = Scene::start(4).await;
    let url = scene.pull("rtmp").await;
    until_shown(&url, &grid()).await;
    // From now on one player watches all along, while the layout changes.
    let mut watching = JoinSet::new();
    watching.spawn(async move { Arrivals::of(&url, Duration::from_secs(3)).await });
    let flv = scene.pull("http_flv").await;
    let heard = until_shown(&flv, &grid()).await;
    for (loud, member) in tones(&heard).await.into_iter().zip(MEMBERS) {
        assert!(loud > 20.0, "{}: {loud} dB", member.0);
    }
    let main = json!({"by": "account", "id": "dan"});
    let layout = scene.room.api.ok("GET", &path(&scene.room), None).await["layout"].clone();
    let layout = with(
        &layout,
        "arrangement",
        json!({"type": "preset", "preset": "side_by_side"}),
    );
    let body = json!({"layout": with(&layout, "main", main)});
    scene.room.api.ok("PATCH", &path(&scene.room), Some(body)).await;
    let all = watching.join_next().await.unwrap().unwrap();
    let headers = all
        .tags
        .iter()
        .filter(|(_, tag)| tag.0 == MediaKind::Video && !is_frame(tag));
    assert_eq!(headers.count(), 1, "the sequence header is sent once");
    let dan = MEMBERS[3].2;
    until_shown(&flv, &[((0.25, 0.5), dan)]).await;

    // Everybody but bob; and without cat, who is silenced in the mix.
    let silence = format!("{}/members/{}", path(&scene.room), scene.members[2].0);
    scene
        .room
        .api
        .ok("PUT", &silence, Some(json!({"muted": true})))
        .await;
    let body = json!({"member": scene.members[1].0});
    let pull = format!("{}/pull-url", path(&scene.room));
    let others = text(&scene.room.api.ok("POST", &pull, Some(body)).await, "rtmp");
    let heard = Arrivals::of(&others, Duration::from_secs(1)).await;
    assert_eq!(heard.track(MediaKind::Video).count(), 0);
    let loud = tones(&heard).await;
    assert!(loud[0] > 20.0 && loud[3] > 20.0, "{loud:?}");
    assert!(loud[1] < loud[0] - 20.0 && loud[2] < loud[0] - 20.0, "{loud:?}");
}

fn with(layout: &Value, field: &str, value: Value) -> Value {
    let mut layout = layout.clone();
    layout[field] = value;
    layout
}

/// A camera that is switched off: its last picture stays, or its badge takes its place, as the layout says.
#[tokio::test]
async fn a_camera_that_is_off_shows_what_the_layout_wants() {
    let scene = Scene::start(2).await;
    let (url, mix) = (scene.pull("rtmp").await, path(&scene.room));
    let room = &scene.room;
    let [left, right] = [(0.25, 0.5), (0.75, 0.5)];
    until_shown(&url, &[(left, MEMBERS[0].2), (right, MEMBERS[1].2)]).await;
    let look = |when_off: &str| json!({"label": false, "background": "#ffff00", "when_off": when_off});
    let layout = room.api.ok("GET", &mix, None).await["layout"].clone();
    let keep = json!({"layout": with(&layout, "look", look("last_picture"))});
    room.api.ok("PATCH", &mix, Some(keep)).await;
    let off = format!("/v1/rooms/{}/streams/{}", room.id, scene.streams[1]);
    room.api.ok("PATCH", &off, Some(json!({"voff": true}))).await;
    // Longer than a second without a picture of bob's.
    until_shown(&url, &[(left, MEMBERS[0].2), (right, MEMBERS[1].2)]).await;
    until_shown(&url, &[(left, MEMBERS[0].2), (right, MEMBERS[1].2)]).await;
    let badge = json!({"layout": with(&layout, "look", look("badge"))});
    room.api.ok("PATCH", &mix, Some(badge)).await;
    // Beside the disc is what is behind the picture.
    until_shown(&url, &[(left, MEMBERS[0].2), ((0.55, 0.45), [255, 255, 0])]).await;
    room.api.ok("PATCH", &off, Some(json!({"voff": false}))).await;
    until_shown(&url, &[((0.55, 0.45), MEMBERS[1].2)]).await;
}

/// R-L3: a mix that is only recorded has pictures of a better profile, somewhat later, and both tracks
/// are in the file.
#[tokio::test]
async fn a_mix_for_recording_is_recorded_whole() {
    let scene = Scene::start_as(2, "recording").await;
    let (room, url) = (&scene.room, scene.pull("rtmp").await);
    let halves = [((0.25, 0.5), MEMBERS[0].2), ((0.75, 0.5), MEMBERS[1].2)];
    until_shown(&url, &halves).await;
    let recordings = format!("/v1/rooms/{}/recordings", room.id);
    let begun = room
        .api
        .ok("POST", &recordings, Some(json!({"what": "mix"})))
        .await;
    let id = text(&begun["recordings"][0], "id");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let shown = format!("/v1/recordings/{id}");
    room.api.ok("POST", &format!("{shown}/stop"), None).await;
    let done = wait::until("it is complete", Duration::from_secs(20), || async {
        let recording = room.api.ok("GET", &shown, None).await;
        (recording["state"] == "done").then_some(recording)
    })
    .await;
    let path = text(&done["parts"][0]["files"][0], "path");
    let client = reqwest::Client::new();
    let answer = client
        .get(format!("http://{}{path}", scene.gateway.http))
        .bearer_auth(room.api.token());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), answer.send().await.unwrap().bytes().await.unwrap()).unwrap();
    let name = file.path().to_string_lossy();
    let streams = probe(
        &name,
        &["-show_entries", "stream=codec_type,profile,start_time,duration"],
    )
    .await;
    let streams = streams["streams"].as_array().unwrap();
    let of = |kind: &str| {
        streams
            .iter()
            .find(|stream| stream["codec_type"] == kind)
            .unwrap()
    };
    assert_eq!(of("video")["profile"], "High");
    let seconds = |kind: &str, field: &str| text(of(kind), field).parse::<f64>().unwrap();
    for kind in ["video", "audio"] {
        assert!(seconds(kind, "duration") > 2.5, "{kind}: {streams:?}");
    }
    // What the encoder still held back of the picture when it was stopped was waited for.
    let apart = seconds("video", "duration") - seconds("audio", "duration");
    assert!((-0.15..0.2).contains(&apart), "{streams:?}");
    assert_sound(&packets(file.path()).await);
    let picture = last_picture(file.path()).await;
    assert!(
        halves
            .iter()
            .all(|(at, colour)| is_like(picture.colour(*at), *colour))
    );
    let sound = samples(file.path()).await;
    let loud = over(&sound, &[MEMBERS[0].3, MEMBERS[1].3], &[1_100.0, 2_300.0]);
    assert!(loud.iter().all(|over| *over > 20.0), "{loud:?}");
}

/// What docs/mixing.md shows is taken as it stands there.
#[tokio::test]
async fn examples_of_the_documentation_are_taken() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "examples"})).await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mixing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let examples: Vec<&str> = page
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 8, "{}", examples.len());
    for example in examples {
        let body: Value = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}: {example}"));
        room.api.ok("PATCH", &path(&room), Some(body)).await;
    }
}

/// Both ways: what a browser sends is composed as it is, and a browser watches the mix.
#[tokio::test]
async fn a_browser_is_in_the_mix_and_watches_it() {
    let scene = Scene::start(1).await;
    let browser = Browser::start().await;
    let (eve, fay) = (browser.page("eve").await, browser.page("fay").await);
    let (_, whip) = scene.room.whip("eve").await;
    let source = json!({"video": "pattern", "audio": "tone", "width": 320, "height": 180});
    eve.publish("out", &whip, source, json!({"videoCodecs": ["VP8"]}))
        .await;
    // Ann on the left; on the right the fields of eve's pattern: red and green above blue and yellow.
    let fields = [
        ((0.25, 0.5), MEMBERS[0].2),
        ((0.625, 0.375), [255, 0, 0]),
        ((0.875, 0.375), [0, 255, 0]),
        ((0.625, 0.625), [0, 0, 255]),
        ((0.875, 0.625), [255, 255, 0]),
    ];
    until_shown(&scene.pull("rtmp").await, &fields).await;
    fay.play("mix", &text(&scene.room.pull(&scene.mix).await, "whep"))
        .await;
    fay.sees_and_hears("mix").await;
    let stream = scene.room.stream(&scene.mix).await;
    assert_eq!(stream["stats"]["readers"], 1, "fay, and no worker: {stream}");
}

/// A worker is killed while many watch: nobody is disconnected, and pictures come again within two seconds.
#[tokio::test]
async fn load_a_killed_worker_freezes_a_mix_for_a_moment() {
    let scene = Scene::start(2).await;
    let halves = [((0.25, 0.5), MEMBERS[0].2), ((0.75, 0.5), MEMBERS[1].2)];
    let (rtmp, flv) = (scene.pull("rtmp").await, scene.pull("http_flv").await);
    until_shown(&rtmp, &halves).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut players = JoinSet::new();
    for n in 0..50 {
        let url = if n % 2 == 0 { &rtmp } else { &flv };
        players.spawn(watch(url.clone(), stopped.clone()));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let worker = children(scene.gateway.id())[0];
    let kill = Command::new("kill").args(["-KILL", &worker.to_string()]).status();
    assert!(kill.unwrap().success());
    let limit = Duration::from_secs(10);
    wait::until("another worker runs", limit, || async {
        children(scene.gateway.id())
            .first()
            .copied()
            .filter(|id| *id != worker)
    })
    .await;
    scene.until_state("running").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.send_replace(true);
    let frozen: Vec<Duration> = players.join_all().await;
    let longest = frozen.iter().max().unwrap();
    println!("{} players, frozen for {longest:?} at most", frozen.len());
    assert_eq!(frozen.len(), 50);
    assert!(*longest <= Duration::from_secs(2), "frozen for {longest:?}");
    until_shown(&rtmp, &halves).await;
    for (member, mut process) in scene.members {
        assert!(
            process.ended().is_none(),
            "{member} was cut off: {}",
            process.stderr()
        );
    }
}

/// Watches until it is told to stop; the longest time without a picture. Panics when it is disconnected, or time goes
/// back.
async fn watch(url: String, stopped: tokio::sync::watch::Receiver<bool>) -> Duration {
    let mut viewer = Viewer::open(&url).await;
    let (mut last, mut longest, mut shown) = (None, Duration::ZERO, 0);
    while !*stopped.borrow() {
        let tag = viewer.next(PATIENCE).await.expect("nobody is disconnected");
        if tag.0 != MediaKind::Video || !is_frame(&tag) {
            continue;
        }
        let now = Instant::now();
        if let Some(last) = last {
            longest = longest.max(now - last);
        }
        assert!(tag.1 >= shown, "time goes back from {shown} to {}", tag.1);
        (last, shown) = (Some(now), tag.1);
    }
    longest
}
