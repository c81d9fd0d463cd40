//! A room's mix as its players see and hear it: gateway, worker and members are real.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;
use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::api::text;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::clip::is_frame;
use lianmai_tests::process::children;
use lianmai_tests::tones::{loudness, publish, until_shown};
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
}

impl Scene {
    async fn start(count: usize) -> Scene {
        let gateway = Gateway::with_worker().await;
        let room = gateway.api().await.create_room(json!({"name": "mixed"})).await;
        let mut members = Vec::new();
        for (account, colour, _, tone) in &MEMBERS[..count] {
            let member = room.join(account, "talker").await;
            let (_, push) = room.publish(&member).await;
            members.push((member, publish(colour, *tone, &push)));
        }
        let canvas = json!({"width": 640, "height": 360, "fps": 15, "video_bitrate": 800_000});
        let layout = json!({"layout": {"canvas": canvas, "look": {"label": false}}});
        let answer = room.api.ok("POST", &path(&room), Some(layout)).await;
        let mix = text(&answer["stream"], "id");
        let scene = Scene {
            gateway,
            room,
            mix,
            members,
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
