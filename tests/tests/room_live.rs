//! A whole room: four mini-program members and two browsers, mixed, recorded, and pushed to three servers at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lianmai_tests::api::text;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::media::{assert_sound, packets, probe};
use lianmai_tests::tones::{Spot, is_like, loudness, over, publish, samples, until_shown, until_shown_in};
use lianmai_tests::{Api, Browser, Certificate, Gateway, Nginx, Page, Process, Room, gateway, wait};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
/// Account, how ffmpeg makes the colour, the colour, and the tone. The noise keeps the mix's bit rate up.
const MEMBERS: [(&str, &str, [u8; 3], f64); 4] = [
    ("ann", "red", [255, 0, 0], 500.0),
    ("bob", "lime", [0, 255, 0], 800.0),
    ("cat", "blue", [0, 0, 255], 1_300.0),
    ("dan", "gray,noise=c0s=60:c0f=t+u", [128, 128, 128], 1_700.0),
];
/// What browsers play.
const BROWSERS: f64 = 1_000.0;
/// Where nobody's tone is.
const BETWEEN: [f64; 2] = [1_150.0, 2_300.0];

/// The middle of the nth place of a grid of three by two, or a point beside it in parts of the canvas.
fn place(n: usize, (dx, dy): (f64, f64)) -> (f64, f64) {
    let (column, row) = ((n % 3) as f64, (n / 3) as f64);
    ((column + 0.5) / 3.0 + dx, 0.336 + 0.328 * row + dy)
}

/// Everybody's colours in the grid: four of one colour, two with four fields.
fn grid() -> Vec<Spot> {
    let mut spots: Vec<Spot> = (0..4).map(|n| (place(n, (0.0, 0.0)), MEMBERS[n].2)).collect();
    for n in [4, 5] {
        let fields = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]];
        for ((dx, dy), colour) in [(-0.08, -0.08), (0.08, -0.08), (-0.08, 0.08), (0.08, 0.08)]
            .into_iter()
            .zip(fields)
        {
            spots.push((place(n, (dx, dy)), colour));
        }
    }
    spots
}

fn all_tones() -> Vec<f64> {
    MEMBERS
        .map(|member| member.3)
        .into_iter()
        .chain([BROWSERS])
        .collect()
}

async fn push_state(room: &Room, id: &str) -> Value {
    room.api
        .ok("GET", &format!("/v1/rooms/{}/pushes/{id}", room.id), None)
        .await
}

async fn until_push(room: &Room, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, LIMIT, || async {
        let push = push_state(room, id).await;
        holds(&push).then_some(push)
    })
    .await
}

async fn until_live(room: &Room, id: &str) -> Value {
    until_push(room, id, &format!("{id} is live"), |push| push["state"] == "live").await
}

async fn recordings(api: &Api, room: &Room) -> Vec<Value> {
    let list = api
        .ok("GET", &format!("/v1/recordings?room={}", room.id), None)
        .await;
    list["recordings"].as_array().unwrap().clone()
}

/// Another gateway that takes pushes over TLS: its room, and where to push and pull one stream.
async fn secure_target(files: &Path) -> (Gateway, Certificate, String, String) {
    let certificate = Certificate::make(files);
    let [address] = gateway::free_ports();
    let target = Gateway::start_with(&[
        &format!("rtmps.listen=[\"{address}\"]"),
        &format!("rtmps.certificate={}", certificate.chain_file.display()),
        &format!("rtmps.key={}", certificate.key_file.display()),
    ])
    .await;
    let room = target.api().await.create_room(json!({})).await;
    let (_, push, pull) = room.publisher("cdn").await;
    let plain = format!("rtmp://{}", target.rtmp);
    let push = push.replacen(&plain, &format!("rtmps://localhost:{}", address.port()), 1);
    (target, certificate, push, pull)
}

/// Members in order of joining; what makes their media must be kept.
async fn fill(room: &Room, browser: &Browser) -> (Vec<(String, String)>, Vec<Process>, Vec<Page>) {
    let (mut streams, mut processes, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for (account, colour, _, tone) in MEMBERS {
        let member = room.join(account, "talker").await;
        let (stream, url) = room.publish(&member).await;
        processes.push(publish(colour, tone, &url));
        streams.push((account.to_owned(), stream));
    }
    for (account, codec) in [("eve", "VP8"), ("fay", "H264")] {
        let page = browser.page(account).await;
        let (stream, whip) = room.whip(account).await;
        let source = json!({"video": "pattern", "audio": "tone", "width": 320, "height": 180, "fps": 15});
        page.publish("out", &whip, source, json!({"videoCodecs": [codec]}))
            .await;
        streams.push((account.to_owned(), stream));
        pages.push(page);
    }
    (streams, processes, pages)
}

/// Gets the file of a recording's last part.
async fn download(gateway: &Gateway, api: &Api, recording: &Value, into: &Path) -> PathBuf {
    let part = recording["parts"].as_array().unwrap().last().unwrap();
    let file = &part["files"][0];
    let url = format!("http://{}{}", gateway.http, text(file, "path"));
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(api.token())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let path = into.join(format!("{}-{}", text(recording, "id"), text(file, "name")));
    std::fs::write(&path, answer.bytes().await.unwrap()).unwrap();
    path
}

/// Codecs and length as ffprobe finds them, tones, and the last picture's colours.
async fn check_file(path: &Path, recording: &Value, expected: [&str; 2], spots: &[Spot], tones: &[f64]) {
    let name = path.to_string_lossy();
    let entries = [
        "-show_entries",
        "stream=codec_name,start_time,duration:format=duration",
    ];
    let shown = probe(&name, &entries).await;
    let mut codecs: Vec<String> = shown["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| text(s, "codec_name"))
        .collect();
    codecs.sort();
    assert_eq!(codecs, expected, "{recording}");
    let seconds: f64 = text(&shown["format"], "duration").parse().unwrap();
    let part = recording["parts"].as_array().unwrap().last().unwrap();
    let said = part["duration_ms"].as_f64().unwrap() / 1_000.0;
    assert!(
        (seconds - said).abs() < 0.3,
        "{seconds} s, said to be {said}: {recording}"
    );
    assert_sound(&packets(path).await);
    let sound = samples(path).await;
    // A member on a busy machine leaves holes, which are not filled in a file of its own.
    let heard = sound.len() as f64 / 48_000.0;
    assert!(
        heard > 0.7 * seconds,
        "{heard} s of sound in {seconds}: {recording}"
    );
    for stream in shown["streams"].as_array().unwrap() {
        let number = |field| text(stream, field).parse::<f64>().unwrap();
        let end = number("start_time") + number("duration");
        assert!(
            (end - seconds).abs() < 0.7,
            "{stream} in {seconds} s: {recording}"
        );
    }
    let tail = &sound[sound.len().saturating_sub(96_000)..];
    let loud = over(tail, tones, &BETWEEN);
    assert!(
        loud.iter().all(|over| *over > 15.0),
        "{tones:?}: {loud:?} in {recording}"
    );
    let picture = lianmai_tests::arrivals::last_picture(path).await;
    for (at, colour) in spots {
        let seen = picture.colour(*at);
        assert!(
            is_like(seen, *colour),
            "{colour:?} at {at:?} is {seen:?} in {recording}"
        );
    }
}

/// R-P1 … R-P4, R-C2, R-M1 … R-M4: everybody is in the mix; one target dies, one wedges, and comes back; every target,
/// every file and the sound without oneself have what they should.
#[tokio::test]
async fn load_six_members_are_mixed_recorded_and_pushed() {
    let files = tempfile::tempdir().unwrap();
    let (_target, certificate, secure_push, secure_pull) = secure_target(files.path()).await;
    let gateway = Gateway::start_with(&[
        Gateway::WORKER,
        "recording.min_free=0",
        "bypass.stall=2s",
        "bypass.first_retry=200ms",
        "bypass.max_retry=1s",
        &format!("bypass.authorities={}", certificate.authority_file.display()),
    ])
    .await;
    let (mut mortal, lazy) = (Nginx::start().await, Nginx::start().await);
    let targets = [mortal.url("mix"), lazy.url("mix"), secure_push];
    let api = gateway.api().await;
    let canvas = json!({"width": 640, "height": 360, "fps": 15, "video_bitrate": 1_200_000});
    let room = api
        .create_room(json!({
            "id": "live", "record": true, "record_merge": true,
            "pushes": targets.iter().map(|url| json!({"url": url})).collect::<Vec<_>>(),
        }))
        .await;
    let mix_path = "/v1/rooms/live/mix";
    let body = json!({"layout": {"canvas": canvas, "look": {"label": false}}});
    let mix = text(&api.ok("POST", mix_path, Some(body)).await["stream"], "id");
    let browser = Browser::start().await;
    let (streams, _processes, _pages) = fill(&room, &browser).await;
    let pull = room.rtmp(&mix).await;
    let seen = until_shown(&pull, &grid()).await;
    let loud = loudness(&seen, &all_tones(), &BETWEEN).await;
    assert!(loud.iter().all(|over| *over > 15.0), "{loud:?}");
    // The room's flags have the mix recorded; each stream by itself is asked for.
    let body = json!({"what": "streams"});
    let begun = api.ok("POST", "/v1/rooms/live/recordings", Some(body)).await;
    assert_eq!(begun["recordings"].as_array().unwrap().len(), 6, "{begun}");
    let whole = Instant::now();

    // One target dies and one wedges. The third, and viewers, get everything meanwhile.
    let list = api.ok("GET", "/v1/rooms/live/pushes", None).await;
    let pushes = list["pushes"].as_array().unwrap();
    let ids = targets.map(|url| {
        let push = pushes
            .iter()
            .find(|push| url.starts_with(push["target"].as_str().unwrap()));
        text(push.unwrap_or_else(|| panic!("no push to {url} in {list}")), "id")
    });
    let [to_mortal, to_lazy, to_secure] = &ids;
    for id in &ids {
        until_live(&room, id).await;
    }
    mortal.kill();
    lazy.freeze(true);
    until_push(&room, to_mortal, "a dead target is seen", |push| {
        push["state"] == "back_off"
    })
    .await;
    until_push(&room, to_lazy, "a wedged target is seen", |push| {
        push["reason"] == "wedged"
    })
    .await;
    until_shown(&secure_pull, &grid()).await;
    mortal.restart().await;
    lazy.freeze(false);
    for id in [to_mortal, to_lazy] {
        let push = until_live(&room, id).await;
        assert!(push["retries"].as_u64().unwrap() > 0, "{push}");
    }
    let secure = push_state(&room, to_secure).await;
    assert_eq!(
        (&secure["retries"], &secure["dropped"]),
        (&json!(0), &json!(0)),
        "{secure}"
    );
    let urls = [mortal.url("mix"), lazy.url("mix"), secure_pull];
    let checks = urls.iter().map(|url| async move {
        let arrived = until_shown_in(url, Duration::from_millis(2_500), &grid()).await;
        let loud = loudness(&arrived, &all_tones(), &BETWEEN).await;
        assert!(loud.iter().all(|over| *over > 15.0), "{url}: {loud:?}");
    });
    join_all(checks).await;

    // Cat, with her own token, hears everybody but herself.
    let cat = gateway.api_as("cat").await;
    let others = text(
        &cat.ok("POST", &format!("{mix_path}/pull-url"), None).await,
        "rtmp",
    );
    let heard = Arrivals::of(&others, Duration::from_millis(1_500)).await;
    let loud = loudness(&heard, &all_tones(), &BETWEEN).await;
    for (n, over) in loud.iter().enumerate() {
        let is_own = MEMBERS.get(n).is_some_and(|member| member.0 == "cat");
        assert_eq!(*over > 15.0, !is_own, "{loud:?}");
    }
    let lasted = whole.elapsed().as_secs_f64();

    // Nobody is cut off; then everything ends, and every file is looked at.
    api.ok("DELETE", "/v1/rooms/live", None).await;
    let done = wait::until("all recordings are complete", LIMIT, || async {
        let all = recordings(&api, &room).await;
        all.iter()
            .all(|recording| recording["state"] == "done")
            .then_some(all)
    })
    .await;
    assert_eq!(done.len(), 7, "six streams and the mix");
    let (gateway, api, files, streams) = (&gateway, &api, files.path(), &streams);
    let checks = done.iter().map(|recording| async move {
        let file = download(gateway, api, recording, files).await;
        let part = recording["parts"].as_array().unwrap().last().unwrap();
        let seconds = part["duration_ms"].as_f64().unwrap() / 1_000.0;
        assert!(seconds > lasted - 1.5, "{lasted} s: {recording}");
        let owner = streams.iter().find(|(_, stream)| recording["stream"] == *stream);
        let member = owner.and_then(|(account, _)| MEMBERS.iter().find(|member| member.0 == account));
        let fields = [((0.25, 0.25), [255, 0, 0]), ((0.75, 0.75), [255, 255, 0])];
        let (codecs, spots, tones) = match member {
            Some((_, _, colour, tone)) => (["aac", "h264"], vec![((0.5, 0.5), *colour)], vec![*tone]),
            // As it was sent, but for VP8: of that there is H.264 for players, which is taken.
            None if owner.is_some() => (["h264", "opus"], fields.to_vec(), vec![BROWSERS]),
            None => (["aac", "h264"], grid(), all_tones()),
        };
        check_file(&file, recording, codecs, &spots, &tones).await;
    });
    join_all(checks).await;
}
