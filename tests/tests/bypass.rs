//! Streams pushed to other servers: to nginx with its RTMP module and over TLS, while targets die, wedge and refuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::{Duration, Instant};

use lianmai_tests::api::text;
use lianmai_tests::media::{Source, assert_sound, decode, packets, probe, record};
use lianmai_tests::{Certificate, Gateway, Nginx, Receiver, Reply, Room, Socket, gateway, wait};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(30);
/// So that nobody has to wait long.
const QUICK: [&str; 3] = [
    "bypass.stall=2s",
    "bypass.first_retry=200ms",
    "bypass.max_retry=1s",
];

async fn push_to(room: &Room, stream: &str, url: &str) -> String {
    let path = format!("/v1/rooms/{}/pushes", room.id);
    let body = json!({ "url": url, "stream": stream });
    text(&room.api.ok("POST", &path, Some(body)).await, "id")
}

async fn push(room: &Room, id: &str) -> Value {
    let path = format!("/v1/rooms/{}/pushes/{id}", room.id);
    room.api.ok("GET", &path, None).await
}

async fn reaches(room: &Room, id: &str, state: &str) -> Value {
    wait::until(&format!("{id} is {state}"), LIMIT, || async {
        let push = push(room, id).await;
        (push["state"] == state).then_some(push)
    })
    .await
}

/// Records two seconds from a target and checks that they are whole.
async fn check(url: &str, file: &Path) {
    record(url, 2.0, file).succeed(LIMIT).await;
    assert_sound(&packets(file).await);
    let (pictures, samples) = decode(file).await;
    assert!((20..=55).contains(&pictures), "{pictures} pictures from {url}");
    assert!(
        (80_000..=110_000).contains(&samples),
        "{samples} samples from {url}"
    );
}

/// R-P1, R-P2, R-P3: one target is killed and brought back, one wedges, one takes nothing from the start; the third
/// gets every picture meanwhile, and viewers too.
#[tokio::test]
async fn a_dead_and_a_wedged_target_delay_nobody() {
    let gateway = Gateway::start_with(&QUICK).await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (stream, publish, pull) = room.publisher("ann").await;
    let (good, mut mortal, lazy) = (Nginx::start().await, Nginx::start().await, Nginx::start().await);
    let black_hole = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hole_url = format!("rtmp://{}/live/key", black_hole.local_addr().unwrap());

    let to_good = push_to(&room, &stream, &good.url("cam")).await;
    let to_mortal = push_to(&room, &stream, &mortal.url("cam")).await;
    let to_lazy = push_to(&room, &stream, &lazy.url("cam")).await;
    let to_hole = push_to(&room, &stream, &hole_url).await;
    assert_eq!(push(&room, &to_good).await["state"], "waiting");
    let source = Source {
        size: "1280x720",
        video: vec!["-profile:v", "baseline", "-tune", "zerolatency", "-b:v", "4M"],
        ..Source::default()
    };
    let _source = source.publish(&publish);
    for id in [&to_good, &to_mortal, &to_lazy] {
        reaches(&room, id, "live").await;
    }
    let dir = tempfile::tempdir().unwrap();
    let (at_target, at_viewer) = (dir.path().join("target.flv"), dir.path().join("viewer.flv"));
    let recordings = [
        record(&good.url("cam"), 6.0, &at_target),
        record(&pull, 6.0, &at_viewer),
    ];

    mortal.kill();
    lazy.freeze(true);
    let frozen = Instant::now();
    assert_eq!(
        reaches(&room, &to_mortal, "back_off").await["target"],
        mortal.url("").trim_end_matches('/')
    );
    let wedged = wait::until("the wedge is seen", LIMIT, || async {
        let push = push(&room, &to_lazy).await;
        (push["reason"] == "wedged").then_some(push)
    })
    .await;
    assert!(
        frozen.elapsed() < Duration::from_secs(30),
        "{:?}",
        frozen.elapsed()
    );
    assert_ne!(wedged["state"], "live");
    lazy.freeze(false);
    mortal.restart().await;
    for id in [&to_mortal, &to_lazy] {
        let push = reaches(&room, id, "live").await;
        assert!(
            push["retries"].as_u64().unwrap() > 0 && push["reason"].is_null(),
            "{push}"
        );
    }
    check(&mortal.url("cam"), &dir.path().join("back.flv")).await;

    let hole = push(&room, &to_hole).await;
    assert!(
        ["connecting", "back_off"].contains(&hole["state"].as_str().unwrap()),
        "{hole}"
    );
    let good_now = push(&room, &to_good).await;
    assert_eq!(
        (&good_now["state"], &good_now["retries"], &good_now["dropped"]),
        (&json!("live"), &json!(0), &json!(0))
    );
    assert!(good_now["kbps"].as_u64().unwrap() > 500, "{good_now}");
    for recording in recordings {
        recording.succeed(LIMIT).await;
    }
    for file in [at_target, at_viewer] {
        let all = packets(&file).await;
        assert_sound(&all);
        let times: Vec<f64> = all.iter().filter(|p| p.video).map(|p| p.dts).collect();
        let gap = times.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        assert!(
            times.len() >= 125 && gap < 0.1,
            "{} pictures, gap {gap}",
            times.len()
        );
    }
    assert_eq!(
        room.stream(&stream).await["stats"]["readers"],
        0,
        "targets are no viewers"
    );
    assert!(
        gateway
            .metric("lianmai_push_failures_total", "reason=\"wedged\"")
            .await
            >= 1.0
    );
    assert_eq!(
        gateway.metric("lianmai_push_targets", "state=\"live\"").await,
        3.0
    );

    let path = format!("/v1/rooms/{}/pushes/{to_good}", room.id);
    room.api.ok("DELETE", &path, None).await;
    assert_eq!(room.api.call("GET", &path, None).await.0, 404);
    wait::until("it is no longer pushed", LIMIT, || async {
        (gateway.metric("lianmai_push_targets", "state=\"live\"").await == 2.0).then_some(())
    })
    .await;
}

/// R-P4, R-P6, R-P7: over TLS with the certificate checked, to a server that knows the stream by metadata alone; a
/// stream without sound has some there.
#[tokio::test]
async fn a_stream_without_sound_goes_over_tls_and_to_nginx_with_silence() {
    let files = tempfile::tempdir().unwrap();
    let certificate = Certificate::make(files.path());
    let [rtmps] = gateway::free_ports();
    let target = Gateway::start_with(&[
        &format!("rtmps.listen=[\"{rtmps}\"]"),
        &format!("rtmps.certificate={}", certificate.chain_file.display()),
        &format!("rtmps.key={}", certificate.key_file.display()),
    ])
    .await;
    let there = target.api().await.create_room(json!({})).await;
    let (stream_there, push_there, pull_there) = there.publisher("cdn").await;
    let secure = push_there.replacen(
        &format!("rtmp://{}", target.rtmp),
        &format!("rtmps://localhost:{}", rtmps.port()),
        1,
    );

    let gateway = Gateway::start_with(&[
        QUICK[1],
        QUICK[2],
        &format!("bypass.authorities={}", certificate.authority_file.display()),
    ])
    .await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (stream, publish, _) = room.publisher("ann").await;
    let source = Source {
        with_audio: false,
        ..Source::default()
    };
    let _source = source.publish(&publish);
    let nginx = Nginx::start().await;
    let over_tls = push_to(&room, &stream, &secure).await;
    let plain = push_to(&room, &stream, &nginx.url("cam?k=v/w")).await;
    reaches(&room, &over_tls, "live").await;
    reaches(&room, &plain, "live").await;
    let stats = wait::until("the target has both tracks", LIMIT, || async {
        let stats = there.stream(&stream_there).await["stats"].clone();
        (stats["audio"].is_object() && stats["video"].is_object()).then_some(stats)
    })
    .await;
    assert_eq!(
        (&stats["video"]["width"], &stats["audio"]["codec"]),
        (&json!(368), &json!("aac"))
    );
    for url in [pull_there, nginx.url("cam")] {
        check(&url, &files.path().join("played.flv")).await;
    }
    // What nginx has, as ffprobe finds it.
    let played = files.path().join("played.flv");
    let entries = ["-show_entries", "stream=codec_name,width,sample_rate"];
    let found = probe(&played.to_string_lossy(), &entries).await;
    let text = found["streams"].to_string();
    assert!(
        text.contains("\"h264\"") && text.contains("368") && text.contains("48000"),
        "{text}"
    );

    // A certificate that nobody vouches for.
    let wary = Gateway::start_with(&QUICK).await;
    let room = wary.api().await.create_room(json!({})).await;
    let (stream, publish, _) = room.publisher("ann").await;
    let _source = source.publish(&publish);
    let push = push_to(&room, &stream, &secure).await;
    assert_eq!(reaches(&room, &push, "back_off").await["reason"], "tls");
}

/// A target that says no, told to those who watch and to the app's server; and the key is nowhere to be seen.
#[tokio::test]
async fn a_refusal_is_told_and_the_key_is_not() {
    const KEY: &str = "k3y-nobody-may-see";
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let mut gateway =
        Gateway::start_with(&[&QUICK[..], &["bypass.first_refused_retry=300ms"]].concat()).await;
    let api = gateway.api().await;
    api.ok(
        "PUT",
        "/v1/app/webhooks",
        Some(json!({ "webhooks": [receiver.url("/")] })),
    )
    .await;
    let nginx = Nginx::start().await;
    let mut taken = Source::default().publish(&nginx.url(KEY));
    let room = api
        .create_room(json!({ "id": "show", "pushes": [{ "url": nginx.url("mix-key-0001") }] }))
        .await;
    let (stream, publish, _) = room.publisher("ann").await;
    let _source = Source::default().publish(&publish);
    let probing = wait::until("nginx has the other stream", LIMIT, || async {
        (gateway.metric("lianmai_publications_total", "").await >= 1.0).then_some(())
    });
    probing.await;
    let mut watcher = Socket::open(&gateway, "ann", "").await;
    watcher.done("watch", json!({ "room": "show" })).await;

    let id = push_to(&room, &stream, &nginx.url(KEY)).await;
    let told = loop {
        let event = watcher.event_named("push_state").await;
        if event["push"] == id && event["state"] == "back_off" {
            break event;
        }
    };
    assert_eq!(told["reason"], "refused: NetStream.Publish.BadName");
    receiver
        .until("the app is told", |posted| {
            posted.iter().any(|p| {
                let event = p.json();
                event["event"] == "push_state" && event["push"] == id && event["state"] == "back_off"
            })
        })
        .await;
    taken.kill();
    reaches(&room, &id, "live").await;

    let ann = gateway.api_as("ann").await;
    for (method, path) in [
        ("GET", "/v1/rooms/show/pushes"),
        ("POST", "/v1/rooms/show/pushes"),
    ] {
        let body = (method == "POST").then(|| json!({ "url": nginx.url("other-key") }));
        let (status, answer) = ann.call(method, path, body).await;
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("not_allowed")),
            "{method}"
        );
    }
    let list = api.ok("GET", "/v1/rooms/show/pushes", None).await;
    assert_eq!(list["pushes"].as_array().unwrap().len(), 2);
    let mix = list["pushes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["stream"].is_null());
    assert_eq!(mix.unwrap()["state"], "waiting", "there is no mix");
    let metrics = reqwest::get(format!("http://{}/metrics", gateway.metrics))
        .await
        .unwrap();
    let mut shown = vec![list.to_string(), metrics.text().await.unwrap()];
    for path in ["/v1/rooms/show", "/v1/rooms/show/events", "/v1/rooms"] {
        shown.push(api.ok("GET", path, None).await.to_string());
    }
    shown.extend(receiver.seen().into_iter().map(|posted| posted.text));
    let process = gateway.process();
    shown.extend([process.stderr(), process.stdout()]);
    for text in shown {
        assert!(!text.contains(KEY) && !text.contains("mix-key-0001"), "{text}");
    }
}

/// Pushes survive a crash of the gateway, and begin again when the stream is back.
#[tokio::test]
async fn pushes_come_back_after_a_crash() {
    let mut gateway = Gateway::start_with(&QUICK).await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (stream, publish, _) = room.publisher("ann").await;
    let nginx = Nginx::start().await;
    let id = push_to(&room, &stream, &nginx.url("cam")).await;
    let first = Source::default().publish(&publish);
    reaches(&room, &id, "live").await;
    gateway.restart().await;
    drop(first);
    assert_eq!(push(&room, &id).await["state"], "waiting");
    let _second = Source::default().publish(&publish);
    reaches(&room, &id, "live").await;
    let dir = tempfile::tempdir().unwrap();
    check(&nginx.url("cam"), &dir.path().join("again.flv")).await;
}

/// What cannot or must not be pushed to is refused at once, and the room is as before.
#[tokio::test]
async fn bad_targets_are_refused_at_once() {
    let gateway = Gateway::start_with(&["bypass.allow_private=false", "app_limits.pushes=2"]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({ "id": "r" })).await;
    let (stream, ..) = room.publisher("ann").await;
    let add = |url: &str| {
        api.call(
            "POST",
            "/v1/rooms/r/pushes",
            Some(json!({ "url": url, "stream": stream })),
        )
    };
    for url in [
        "http://cdn.example/app/key",
        "rtmp://cdn.example/app",
        "rtmp://127.0.0.1/app/key",
        "rtmps://[::1]/app/key",
        "rtmp://10.0.0.1/app/key",
    ] {
        let (status, answer) = add(url).await;
        assert_eq!(
            (status, &answer["code"]),
            (400, &json!("invalid_argument")),
            "{url}"
        );
        assert_eq!(answer["field"], "url");
        assert!(!answer.to_string().contains("key"), "{answer}");
        let body = json!({ "id": "other", "pushes": [{ "url": url }] });
        let (status, answer) = api.call("POST", "/v1/rooms", Some(body)).await;
        assert_eq!(
            (status, &answer["field"]),
            (400, &json!("pushes[0].url")),
            "{url}"
        );
    }
    assert_eq!(api.call("GET", "/v1/rooms/other", None).await.0, 404);
    let statuses = [
        add("rtmp://cdn.example/app/a").await.0,
        add("rtmp://cdn.example/app/a").await.0,
        add("rtmp://cdn.example/app/b").await.0,
        add("rtmp://cdn.example/app/c").await.0,
    ];
    assert_eq!(statuses, [201, 409, 201, 429]);
    let (status, answer) = api
        .call(
            "POST",
            "/v1/rooms/r/pushes",
            Some(json!({ "url": "rtmp://cdn.example/a/b", "stream": "none" })),
        )
        .await;
    assert_eq!((status, answer["code"].as_str()), (429, Some("app_limit_pushes")));
}

/// Clients of some vendors push the room on behalf of a host who joins with the addresses.
#[tokio::test]
async fn a_host_brings_its_targets_and_takes_them_along() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    let room = api.create_room(json!({ "id": "r" })).await;
    let join = |account: &str, role: &str, bypass: &str, pushes: Value| {
        let body = json!({ "account": account, "role": role, "bypass": bypass, "pushes": pushes });
        let api = api.clone();
        async move { api.call("POST", "/v1/rooms/r/members", Some(body)).await }
    };
    let url = json!([{ "url": "rtmp://127.0.0.1:9/app/key" }]);
    let (status, answer) = join("bob", "talker", "guest", json!([])).await;
    assert_eq!((status, &answer["code"]), (403, &json!("bypass_not_hosted")));
    let (status, answer) = join("eve", "talker", "host", url.clone()).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_allowed")));
    assert_eq!(
        api.ok("GET", "/v1/rooms/r", None).await["members"],
        json!([]),
        "eve is not inside"
    );

    let (status, host) = join("ann", "admin", "host", url.clone()).await;
    assert_eq!(status, 201, "{host}");
    let (status, _) = join("ann", "admin", "host", url).await;
    assert_eq!(status, 201, "the same again");
    assert_eq!(join("bob", "talker", "guest", json!([])).await.0, 201);
    let list = room.api.ok("GET", "/v1/rooms/r/pushes", None).await;
    let pushes = list["pushes"].as_array().unwrap();
    assert_eq!(pushes.len(), 1);
    assert_eq!(
        (&pushes[0]["added_by"], &pushes[0]["state"]),
        (&host["member"], &json!("waiting"))
    );
    let path = format!("/v1/rooms/r/members/{}", text(&host, "member"));
    api.ok("DELETE", &path, None).await;
    let list = api.ok("GET", "/v1/rooms/r/pushes", None).await;
    assert_eq!(list["pushes"], json!([]));
}
