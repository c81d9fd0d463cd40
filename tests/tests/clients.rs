//! Publishers and players of other projects, through a room made by the API; content checked, not only connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::media::{Source, assert_sound, decode, packets, probe, record};
use lianmai_tests::{Gateway, Process, Room, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(30);

async fn room(gateway: &Gateway) -> Room {
    gateway.api().await.create_room(json!({"name": "clients"})).await
}

/// Waits until the API says the stream is on air with these tracks.
async fn on_air(room: &Room, stream: &str, video: bool, audio: bool) {
    wait::until("the stream is on air", LIMIT, || async {
        let stats = room.stream(stream).await["stats"].clone();
        (stats["video"].is_object() == video && stats["audio"].is_object() == audio).then_some(())
    })
    .await;
}

/// Ann's camera, on air from ffmpeg.
struct Ann {
    _gateway: Gateway,
    _push: Process,
    /// Pull URLs.
    rtmp: String,
    flv: String,
}

impl Ann {
    async fn on_air() -> Ann {
        let gateway = Gateway::start().await;
        let room = room(&gateway).await;
        let (stream, push, rtmp) = room.publisher("ann").await;
        let push = Source::default().publish(&push);
        on_air(&room, &stream, true, true).await;
        Ann {
            _gateway: gateway,
            _push: push,
            rtmp,
            flv: text(&room.pull(&stream).await, "http_flv"),
        }
    }
}

/// What kinds of track a player finds within so many microseconds.
async fn kinds(url: &str, micros: &str) -> Vec<serde_json::Value> {
    let found = probe(
        url,
        &["-analyzeduration", micros, "-show_entries", "stream=codec_type"],
    )
    .await;
    let streams = found["streams"].as_array().unwrap();
    streams
        .iter()
        .map(|stream| stream["codec_type"].clone())
        .collect()
}

/// Records two seconds of `url` and checks that it is whole: both tracks, sound times, decodable, about the
/// expected number of pictures and samples.
async fn check_recording(url: &str, path: &Path) {
    check_recording_of(url, path, 45).await;
}

/// The same with a lower bound on pictures, for servers in between that start anywhere in a group of pictures.
async fn check_recording_of(url: &str, path: &Path, least: u64) {
    record(url, 2.0, path).succeed(LIMIT).await;
    let all = packets(path).await;
    assert_sound(&all);
    let (pictures, samples) = decode(path).await;
    assert!(
        (least..=55).contains(&pictures),
        "{pictures} pictures in 2 s at 25 fps from {url}"
    );
    assert!(
        (85_000..=110_000).contains(&samples),
        "{samples} samples in 2 s at 48 kHz from {url}"
    );
}

#[tokio::test]
async fn two_members_watch_each_other_and_somebody_watches_over_http() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let (ann, ann_push, ann_pull) = room.publisher("ann").await;
    let (bob, bob_push, bob_pull) = room.publisher("bob").await;
    let source = Source::default();
    let _pushes = [source.publish(&ann_push), source.publish(&bob_push)];
    on_air(&room, &ann, true, true).await;
    on_air(&room, &bob, true, true).await;
    let dir = tempfile::tempdir().unwrap();
    let flv = text(&room.pull(&ann).await, "http_flv");
    let (first, second, third) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
    tokio::join!(
        check_recording(&ann_pull, &first),
        check_recording(&bob_pull, &second),
        check_recording(&flv, &third),
    );
    let stats = room.stream(&ann).await["stats"].clone();
    assert_eq!(
        (&stats["video"]["width"], &stats["video"]["height"]),
        (&json!(368), &json!(640))
    );
    assert_eq!(stats["video"]["codec"], "h264");
    assert!(
        (20.0..=30.0).contains(&stats["video"]["fps"].as_f64().unwrap()),
        "{stats}"
    );
    assert_eq!(stats["video"]["gop_ms"], 1_000);
    assert!(stats["audio"]["kbps"].as_f64().unwrap() > 5.0, "{stats}");
    assert_eq!(stats["dropped"], 0);
}

/// GStreamer's two RTMP sinks, which log in differently from ffmpeg.
#[tokio::test]
async fn gstreamer_publishes_with_both_of_its_sinks() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let dir = tempfile::tempdir().unwrap();
    for sink in ["rtmpsink", "rtmp2sink"] {
        let (stream, push, pull) = room.publisher(sink).await;
        let location = if sink == "rtmpsink" {
            format!("location={push} live=1")
        } else {
            format!("location={push}")
        };
        let pipeline = format!(
            "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! \
             x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! video/x-h264,profile=baseline ! \
             flvmux name=m streamable=true ! {sink} {location} \
             audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! m."
        );
        let pipeline: Vec<_> = pipeline.split_whitespace().map(str::to_owned).collect();
        // rtmpsink takes its options inside the location, as one word with blanks.
        let arguments = join_location(pipeline);
        let _publisher = Process::start("gst-launch-1.0", [vec!["-q".to_owned()], arguments].concat());
        on_air(&room, &stream, true, true).await;
        check_recording(&pull, &dir.path().join(sink)).await;
    }
}

fn join_location(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        match joined.last_mut() {
            Some(last) if last.starts_with("location=") && word == "live=1" => {
                *last = format!("{last} {word}")
            }
            _ => joined.push(word),
        }
    }
    joined
}

#[tokio::test]
async fn rtmpdump_and_gstreamer_play() {
    let ann = Ann::on_air().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.flv").to_string_lossy().into_owned();
    let mut dump = Process::start("rtmpdump", ["-q", "-v", "-r", &ann.rtmp, "-o", &file]);
    let location = format!("location={}", ann.rtmp);
    let play = ["-q", "rtmp2src", &location, "num-buffers=120", "!", "fakesink"];
    Process::start("gst-launch-1.0", play).succeed(LIMIT).await;
    // rtmpdump records a live stream until it is interrupted.
    wait::until("rtmpdump has recorded", LIMIT, || async {
        (std::fs::metadata(&file).map_or(0, |m| m.len()) > 200_000).then_some(())
    })
    .await;
    dump.signal("-INT");
    dump.wait(LIMIT).await;
    let all = packets(Path::new(&file)).await;
    assert_sound(&all);
    let pictures = all.iter().filter(|p| p.video).count();
    assert!(pictures >= 35, "{pictures} pictures");
}

/// R-F1, mini-program row 9: sound alone starts at once and never waits for a picture; and the reverse.
#[tokio::test]
async fn streams_with_one_track_play_at_once() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    for (account, with_video, with_audio) in [("ear", false, true), ("eye", true, false)] {
        let (stream, push, pull) = room.publisher(account).await;
        let source = Source {
            with_video,
            with_audio,
            ..Source::default()
        };
        let _push = source.publish(&push);
        on_air(&room, &stream, with_video, with_audio).await;
        let flv = text(&room.pull(&stream).await, "http_flv");
        for url in [pull, flv] {
            let start = std::time::Instant::now();
            assert_eq!(
                kinds(&url, "500000").await,
                [if with_video { "video" } else { "audio" }],
                "{url}"
            );
            assert!(
                start.elapsed() < Duration::from_secs(6),
                "{url} took {:?}",
                start.elapsed()
            );
        }
    }
}

/// The play options of the URL.
#[tokio::test]
async fn one_track_of_two_can_be_pulled() {
    let ann = Ann::on_air().await;
    let check = async |url: &str, only: &str| {
        let url = format!("{url}&only={only}&gop=0&coalesce=0");
        assert_eq!(kinds(&url, "1500000").await, [only], "{url}");
    };
    let Ann { rtmp, flv, .. } = &ann;
    tokio::join!(
        check(rtmp, "audio"),
        check(rtmp, "video"),
        check(flv, "audio"),
        check(flv, "video"),
    );
}

/// nginx-rtmp pulls from us, and pushes to us what it is given: the other server's own client, with the stream
/// names and queries it keeps (R-P5).
#[tokio::test]
async fn nginx_relays_in_both_directions() {
    let gateway = Gateway::start().await;
    let room = room(&gateway).await;
    let (ann, ann_push, ann_pull) = room.publisher("ann").await;
    let (bob, bob_push, bob_pull) = room.publisher("bob").await;
    let _push = Source::default().publish(&ann_push);
    on_air(&room, &ann, true, true).await;

    let dir = tempfile::tempdir().unwrap();
    let [nginx_rtmp] = lianmai_tests::gateway::free_ports();
    let (pull_app, pull_path) = ann_pull.rsplit_once('/').unwrap();
    let (push_app, push_path) = bob_push.rsplit_once('/').unwrap();
    let config = format!(
        "daemon off; master_process off; pid {dir}/nginx.pid;\n\
         load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n\
         events {{ worker_connections 64; }}\n\
         rtmp {{ server {{ listen {nginx_rtmp}; access_log off;\n\
           application pulls {{ live on; pull {pull_app} name=ann playPath={pull_path} static; }}\n\
           application pushes {{ live on; push {push_app} playPath={push_path}; }}\n\
         }} }}\n",
        dir = dir.path().display(),
    );
    let file = dir.path().join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let prefix = dir.path().to_string_lossy().into_owned();
    let file = file.to_string_lossy().into_owned();
    let _nginx = Process::start("/usr/sbin/nginx", ["-p", &prefix, "-c", &file, "-e", "stderr"]);
    wait::until("nginx listens", LIMIT, || async {
        tokio::net::TcpStream::connect(nginx_rtmp).await.ok()
    })
    .await;

    let pulled = dir.path().join("pulled.flv");
    check_recording_of(&format!("rtmp://{nginx_rtmp}/pulls/ann"), &pulled, 20).await;
    let _to_nginx = Source::default().publish(&format!("rtmp://{nginx_rtmp}/pushes/bob"));
    on_air(&room, &bob, true, true).await;
    check_recording(&bob_pull, &dir.path().join("pushed.flv")).await;
}
