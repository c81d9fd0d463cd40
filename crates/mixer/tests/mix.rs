//! Mixes by the real worker program: pictures and tones of real publishers, found again in what comes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_hub::job::{GatewayMessage, JobId, MixInput, MixJob, SoundOutput};
use lianmai_media::flv::{self, AudioTagBody, VideoTagBody};
use lianmai_media::{AudioConfig, Metadata, VideoCodec, VideoConfig};
use lianmai_rooms::layout::{Badge, Canvas, Cell, Colour, Fit, Rect, Scene, Voice};
use lianmai_rtmp::protocol::{Media, MediaKind, Purpose};
use rig::*;
use tokio::process::Child;
use tokio::time::timeout;

const WIDTH: usize = 320;
const HEIGHT: usize = 180;
/// Names of colours as ffmpeg knows them, and what they are in limited BT.601.
const MEMBERS: [(&str, &str, [u8; 3], f64); 4] = [
    ("a", "0xC81414", [70, 106, 212], 500.0),
    ("b", "0x14B414", [118, 80, 62], 800.0),
    ("c", "0x1414C8", [50, 206, 114], 1_300.0),
    ("d", "0x5A5A5A", [93, 128, 128], 2_100.0),
];

fn canvas() -> Canvas {
    Canvas {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        video_bitrate: 800_000,
        ..Canvas::default()
    }
}

fn cell(input: &str, x: i32, y: i32, w: u32, h: u32) -> Cell {
    Cell {
        input: Some(input.to_owned()),
        rect: Rect { x, y, w, h },
        z: 0,
        fit: Fit::Fill,
        background: None,
        border: None,
        label: None,
        badge: None,
        off: false,
    }
}

/// A grid of two by two, everybody heard.
fn quad() -> Scene {
    let mut scene = Scene::empty(canvas());
    for (n, (name, ..)) in MEMBERS.into_iter().enumerate() {
        let (x, y) = (160 * (n as i32 % 2), 90 * (n as i32 / 2));
        scene.cells.push(cell(name, x, y, 160, 90));
        scene.voices.push(voice(name));
    }
    scene
}

fn voice(input: &str) -> Voice {
    Voice {
        input: input.to_owned(),
        gain: 1.0,
        muted: false,
    }
}

fn mix(rig: &Rig, scene: &Scene) -> Box<MixJob> {
    let mut names: Vec<String> = scene.voices.iter().map(|voice| voice.input.clone()).collect();
    names.extend(scene.cells.iter().filter_map(|cell| cell.input.clone()));
    names.sort();
    names.dedup();
    Box::new(MixJob {
        id: JobId(1),
        scene: scene.clone(),
        inputs: names
            .into_iter()
            .map(|name| MixInput {
                url: format!("{}?coalesce=0", rig.url(&name)),
                name,
            })
            .collect(),
        assets: Vec::new(),
        target: rig.url("mix"),
        sound_outputs: Vec::new(),
    })
}

/// One colour and one tone.
fn member(rig: &Rig, n: usize) -> Child {
    let (name, colour, _, hertz) = MEMBERS[n];
    rig.ffmpeg_publisher(
        name,
        &format!(
            "-f lavfi -i color=c={colour}:size=320x180:rate=25 -f lavfi -i sine=frequency={hertz}:sample_rate=44100 \
             -pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 50 -c:a aac -b:a 96k -ac 2"
        ),
    )
}

async fn members(rig: &Rig, count: usize) -> Vec<Child> {
    let members: Vec<Child> = (0..count).map(|n| member(rig, n)).collect();
    for (name, ..) in MEMBERS.into_iter().take(count) {
        rig.until_on_air(name, true).await;
    }
    members
}

async fn start(gateway: &mut Gateway, job: Box<MixJob>) {
    gateway.say(GatewayMessage::StartMix { job }).await;
    gateway.started(1).await;
}

/// Decoded pictures of the mix's size, as three planes one after another.
fn pixel(picture: &[u8], x: usize, y: usize) -> [u8; 3] {
    let (luma, chroma) = (WIDTH * HEIGHT, WIDTH * HEIGHT / 4);
    let place = y / 2 * (WIDTH / 2) + x / 2;
    [
        picture[y * WIDTH + x],
        picture[luma + place],
        picture[luma + chroma + place],
    ]
}

fn is(seen: [u8; 3], expected: [u8; 3]) -> bool {
    seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 12)
}

/// Messages of a player as an FLV file.
fn flv_file(messages: &[Media]) -> Vec<u8> {
    let mut file = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
    for media in messages {
        let kind = match media.kind {
            MediaKind::Audio => 8,
            MediaKind::Video => 9,
            MediaKind::Data => continue,
        };
        let size = media.payload.len() as u32;
        let time = media.timestamp.to_be_bytes();
        file.push(kind);
        file.extend(&size.to_be_bytes()[1..]);
        file.extend([time[1], time[2], time[3], time[0], 0, 0, 0]);
        file.extend(&media.payload);
        file.extend((size + 11).to_be_bytes());
    }
    file
}

/// What ffmpeg makes of a file.
async fn decoded(file: Vec<u8>, arguments: &str) -> Vec<u8> {
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    let decoding = tokio::task::spawn_blocking(move || {
        let mut temporary = tempfile::NamedTempFile::new().unwrap();
        temporary.write_all(&file).unwrap();
        let output = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-f", "flv", "-i"])
            .arg(temporary.path())
            .args(arguments)
            .arg("-")
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        output.stdout
    });
    timeout(LIMIT, decoding).await.expect("ffmpeg ends").unwrap()
}

/// Reads everything for a while.
async fn record(player: &mut Player, time: Duration) -> Vec<Media> {
    let end = Instant::now() + time;
    let mut messages = Vec::new();
    while Instant::now() < end {
        messages.push(player.next().await);
    }
    messages
}

/// The stamps of coded pictures, and how many sequence headers there are.
fn pictures(messages: &[Media]) -> (Vec<u32>, usize) {
    let (mut stamps, mut headers) = (Vec::new(), 0);
    for media in messages.iter().filter(|media| media.kind == MediaKind::Video) {
        match flv::parse_video(media.payload.clone()).unwrap() {
            VideoTagBody::SequenceHeader { .. } => headers += 1,
            VideoTagBody::CodedFrame { .. } => stamps.push(media.timestamp),
            _ => {}
        }
    }
    (stamps, headers)
}

/// The stamp of the first packet of sound.
fn first_sound(messages: &[Media]) -> u32 {
    let packet = |media: &&Media| {
        let body = flv::parse_audio(media.payload.clone());
        media.kind == MediaKind::Audio && matches!(body, Ok(AudioTagBody::CodedFrame { .. }))
    };
    messages.iter().find(packet).unwrap().timestamp
}

const AS_IT_IS: &str = "-an -f rawvideo -pix_fmt yuv420p -fps_mode passthrough";
const SOUND: &str = "-vn -f f32le -ac 1 -ar 48000";

/// The amplitude of a tone.
fn strength(samples: &[f32], hertz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * hertz * n as f64 / 48_000.0;
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    2.0 * f64::hypot(re, im) / samples.len().max(1) as f64
}

/// The mean amplitude of a tone (1/8 for a member) over parts so short that a
/// correction of half a per cent does not matter.
fn hears(samples: &[f32], hertz: f64) -> f64 {
    let parts = samples.chunks_exact(1_200);
    let count = parts.len().max(1) as f64;
    parts.map(|part| strength(part, hertz)).sum::<f64>() / count
}

/// Each member's colour is in its cell and its tone in the sum; another output is without one of them. A change of the
/// scene shows within two frames, with no new sequence header and no gap; then the mix stops as told.
#[tokio::test]
async fn four_members_are_mixed() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let _members = members(&rig, 4).await;
    let mut job = mix(&rig, &quad());
    job.sound_outputs.push(SoundOutput {
        without: Some("b".to_owned()),
        url: rig.url("mix_without_b"),
    });
    start(&mut gateway, job.clone()).await;
    let mut player = rig.play("mix").await;
    record(&mut player, Duration::from_millis(1_500)).await;
    drop(player);
    let mut player = rig.play("mix").await;
    let mut messages = record(&mut player, Duration::from_millis(1_500)).await;
    let before = pictures(&messages).0.last().copied().unwrap();
    // b and c change places, a falls silent.
    job.scene.cells[1].input = Some("c".to_owned());
    job.scene.cells[2].input = Some("b".to_owned());
    job.scene.voices[0].muted = true;
    gateway.say(GatewayMessage::UpdateMix { job }).await;
    messages.extend(record(&mut player, Duration::from_millis(1_200)).await);

    let (stamps, headers) = pictures(&messages);
    assert_eq!(headers, 1, "one sequence header");
    let steps: Vec<u32> = stamps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| *step <= 240), "{steps:?}");
    let file = flv_file(&messages);
    let shown = decoded(file.clone(), AS_IT_IS).await;
    let shown: Vec<&[u8]> = shown.chunks_exact(WIDTH * HEIGHT * 3 / 2).collect();
    assert_eq!(shown.len(), stamps.len());
    let cells = |picture: &[u8]| -> Vec<Option<usize>> {
        let seen = [(0, 0), (160, 0), (0, 90), (160, 90)].map(|(x, y)| {
            let corners = [(4, 4), (154, 4), (4, 84), (154, 84), (80, 45)];
            MEMBERS.iter().position(|member| {
                corners
                    .iter()
                    .all(|(dx, dy)| is(pixel(picture, x + dx, y + dy), member.2))
            })
        });
        seen.to_vec()
    };
    let at = stamps.iter().position(|stamp| *stamp == before).unwrap();
    assert_eq!(cells(shown[at / 2]), [Some(0), Some(1), Some(2), Some(3)]);
    let changed = (at..shown.len()).find(|n| cells(shown[*n]) == [Some(0), Some(2), Some(1), Some(3)]);
    let changed = changed.expect("a change");
    println!(
        "changed {} ms after the last frame seen before",
        stamps[changed] - before
    );
    for picture in &shown[at..changed] {
        let known = cells(picture);
        assert_eq!(
            known,
            [Some(0), Some(1), Some(2), Some(3)],
            "no frame in between, none of them black"
        );
    }
    assert!(stamps[changed] - before <= 160, "{}", stamps[changed] - before);

    let sound = floats(&decoded(file, SOUND).await);
    let (first, last) = (&sound[9_600..48_000], &sound[sound.len() - 24_000..]);
    for (n, member) in MEMBERS.into_iter().enumerate() {
        let (heard, later) = (hears(first, member.3), hears(last, member.3));
        assert!((0.08..0.15).contains(&heard), "{}: {heard}", member.0);
        assert!(
            if n == 0 { later < 0.02 } else { later > 0.08 },
            "{}: {later}",
            member.0
        );
    }
    let without = floats(
        &rig.ffmpeg_player("mix_without_b", &format!("-t 1 {}", SOUND))
            .await,
    );
    let rest: Vec<f64> = MEMBERS
        .iter()
        .map(|member| hears(&without[9_600..], member.3))
        .collect();
    assert!(
        rest[0] < 0.02 && rest[1] < 0.02 && rest[2] > 0.08 && rest[3] > 0.08,
        "{rest:?}"
    );

    let (_, reports) = gateway
        .report(|jobs| jobs.iter().any(|job| job.frames_out > 50))
        .await;
    println!("{reports:?}");
    gateway.stop(1).await;
    rig.until_on_air("mix", false).await;
    rig.until_on_air("mix_without_b", false).await;
}

/// R-M1: a flash and a beep of one member stay together.
#[tokio::test]
async fn sound_and_picture_stay_together() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher(
        "a",
        "-f lavfi -i color=c=black:size=320x180:rate=25,drawbox=t=fill:color=white:enable='lt(mod(t\\,1)\\,0.2)' \
         -f lavfi -i aevalsrc=0.5*sin(6283*t)*lt(mod(t\\,1)\\,0.2):s=48000 \
         -pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 25 -c:a aac -b:a 96k -ac 2",
    );
    rig.until_on_air("a", true).await;
    let mut scene = Scene::empty(canvas());
    scene.cells.push(cell("a", 0, 0, WIDTH as u32, HEIGHT as u32));
    scene.voices.push(voice("a"));
    start(&mut gateway, mix(&rig, &scene)).await;
    let mut player = rig.play("mix").await;
    let messages = record(&mut player, Duration::from_millis(5_500)).await;
    let file = flv_file(&messages);
    let (stamps, _) = pictures(&messages);
    let shown = decoded(file.clone(), AS_IT_IS).await;
    let lights: Vec<bool> = shown
        .chunks_exact(WIDTH * HEIGHT * 3 / 2)
        .map(|picture| pixel(picture, 160, 90)[0] > 120)
        .collect();
    let flashes: Vec<u32> = (1..lights.len().min(stamps.len()))
        .filter(|n| lights[*n] && !lights[n - 1])
        .map(|n| stamps[n])
        .collect();
    let begin = first_sound(&messages);
    let sound = floats(&decoded(file, SOUND).await);
    let loud: Vec<bool> = sound
        .chunks_exact(240)
        .map(|part| part.iter().any(|s| s.abs() > 0.15))
        .collect();
    let beeps: Vec<u32> = (20..loud.len())
        .filter(|n| loud[*n] && !loud[n - 20..*n].contains(&true))
        .map(|n| begin + n as u32 * 5)
        .collect();
    let mut offsets = Vec::new();
    for flash in flashes {
        let beep = beeps.iter().min_by_key(|beep| beep.abs_diff(flash)).unwrap();
        offsets.push(i64::from(*beep) - i64::from(flash));
    }
    println!("beep after flash, ms: {offsets:?}");
    // The first may be of before both tracks ran.
    let offsets = &offsets[1..];
    assert!(
        offsets.len() >= 2 && offsets.iter().all(|offset| offset.abs() <= 60),
        "{offsets:?}"
    );
}

/// R-M4: who goes keeps the last picture, then the badge; who returns is seen and heard again.
#[tokio::test]
async fn a_member_dies_and_returns() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let mut publishers = members(&rig, 2).await;
    let mut scene = Scene::empty(canvas());
    for (n, (name, ..)) in MEMBERS.into_iter().enumerate().take(2) {
        let mut place = cell(name, 160 * n as i32, 0, 160, 180);
        place.background = Some(Colour::BLACK);
        place.badge = Some(Badge {
            letters: "连".to_owned(),
            colour: Colour::WHITE,
            image: None,
        });
        scene.cells.push(place);
        scene.voices.push(voice(name));
    }
    scene.hold_ms = 1_000;
    start(&mut gateway, mix(&rig, &scene)).await;
    let mut player = rig.play("mix").await;
    let mut messages = record(&mut player, Duration::from_millis(1_200)).await;
    publishers[0].kill().await.unwrap();
    let died = pictures(&messages).0.last().copied().unwrap();
    messages.extend(record(&mut player, Duration::from_millis(2_000)).await);
    // The hub ends what nobody publishes; the mix goes on asking for it.
    rig.hub.end(&lianmai_hub::StreamKey::new("app", "a"));
    publishers[0] = member(&rig, 0);
    rig.until_on_air("a", true).await;
    let back = pictures(&messages).0.last().copied().unwrap();
    messages.extend(record(&mut player, Duration::from_millis(3_500)).await);
    let (stamps, headers) = pictures(&messages);
    assert_eq!(headers, 1);
    let file = flv_file(&messages);
    let shown = decoded(file.clone(), AS_IT_IS).await;
    let shown: Vec<&[u8]> = shown.chunks_exact(WIDTH * HEIGHT * 3 / 2).collect();
    assert_eq!(shown.len(), stamps.len());
    let [red, green] = [MEMBERS[0].2, MEMBERS[1].2];
    let state = |from: u32, to: u32, expected: [u8; 3]| {
        let seen = stamps
            .iter()
            .zip(&shown)
            .filter(|(stamp, _)| (from..to).contains(stamp));
        seen.filter(|(_, picture)| !is(pixel(picture, 8, 8), expected))
            .count()
    };
    assert_eq!(state(died - 300, died + 700, red), 0, "held");
    assert_eq!(state(died + 1_500, died + 1_900, [16, 128, 128]), 0, "the badge");
    let last = *stamps.last().unwrap();
    assert_eq!(state(last - 300, last, red), 0, "back");
    let until = stamps
        .iter()
        .zip(&shown)
        .find(|(stamp, picture)| **stamp > back && is(pixel(picture, 8, 8), red));
    println!(
        "seen {:?} ms after it published again",
        until.map(|(stamp, _)| stamp - back)
    );
    // The other had no hole, and was never touched.
    let settled = stamps
        .iter()
        .zip(&shown)
        .filter(|(stamp, _)| **stamp > died - 300);
    assert!(
        settled
            .into_iter()
            .all(|(_, picture)| is(pixel(picture, 200, 90), green))
    );
    let sound = floats(&decoded(file, SOUND).await);
    let tail = &sound[sound.len() - 24_000..];
    let heard = [hears(tail, MEMBERS[0].3), hears(tail, MEMBERS[1].3)];
    assert!(heard.iter().all(|strength| *strength > 0.08), "{heard:?}");
    let begin = first_sound(&messages);
    let whole = &sound[(died - 300 - begin) as usize * 48..];
    let holes: Vec<usize> = whole
        .chunks_exact(1_200)
        .enumerate()
        .filter(|(_, part)| strength(part, MEMBERS[1].3) < 0.05)
        .map(|(n, _)| n * 25)
        .collect();
    // The gap was of seconds. A publisher on a busy machine may itself be late by less than this.
    let longest = holes
        .chunk_by(|a, b| b - a == 25)
        .map(<[usize]>::len)
        .max()
        .unwrap_or(0);
    assert!(longest <= 8, "holes in the other's sound: {holes:?}");
}

/// Garbage in place of media ends neither the mix nor anybody else's part in it.
#[tokio::test]
async fn a_hostile_member_harms_only_itself() {
    let rig = Rig::new().await;
    let (worker, mut gateway) = rig.worker().await;
    let _members = members(&rig, 1).await;
    let mut scene = quad();
    scene.cells.truncate(2);
    scene.voices.truncate(2);
    let h264 = VideoConfig::from_record(VideoCodec::H264, Bytes::copy_from_slice(AVCC)).unwrap();
    let aac = AudioConfig::aac_lc(48_000, 2).unwrap();
    let mut bad = rig.open("b", Purpose::Publish).await;
    bad.send_metadata(&Metadata::default(), 0).unwrap();
    bad.send_media(MediaKind::Video, 0, &flv::video_config_body(&h264))
        .unwrap();
    bad.send_media(MediaKind::Audio, 0, &flv::audio_config_body(&aac).unwrap())
        .unwrap();
    bad.flush().await.unwrap();
    start(&mut gateway, mix(&rig, &scene)).await;
    let pids = children_of(&worker);
    let mut player = rig.play("mix").await;
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for n in 0..400_u32 {
        let length = random() as usize % 700;
        let mut body = vec![0x17, 1, 0, 0, 0];
        body.extend((length as u32 + 1).to_be_bytes());
        body.push([0x65, 0x41, 0x67, 0x68, 0x06][random() as usize % 5]);
        body.extend((0..length).map(|_| random() as u8));
        let mut packet = vec![0xAF, 1];
        packet.extend((0..length / 2).map(|_| random() as u8));
        let sent = bad
            .send_media(MediaKind::Video, n * 10, &body)
            .and_then(|()| bad.send_media(MediaKind::Audio, n * 10, &packet));
        if sent.is_err() || bad.flush().await.is_err() {
            // A hub may throw such a publisher out.
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let messages = record(&mut player, Duration::from_millis(1_500)).await;
    let file = flv_file(&messages);
    let shown = decoded(file.clone(), AS_IT_IS).await;
    let picture = shown.chunks_exact(WIDTH * HEIGHT * 3 / 2).last().unwrap();
    assert!(is(pixel(picture, 80, 45), MEMBERS[0].2));
    let sound = floats(&decoded(file, SOUND).await);
    assert!(hears(&sound[sound.len() - 24_000..], MEMBERS[0].3) > 0.1);
    let now = children_of(&worker);
    assert!(
        pids.iter()
            .any(|pid| now.contains(pid) && has_thread(*pid, "canvas")),
        "the same process"
    );
    gateway.stop(1).await;
}

/// Without pictures there is no picture track; without anybody there is silence.
#[tokio::test]
async fn sound_alone_has_no_picture_track() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let mut scene = Scene::empty(Canvas {
        audio_only: true,
        ..canvas()
    });
    scene.voices.push(voice("a"));
    start(&mut gateway, mix(&rig, &scene)).await;
    let mut player = rig.play("mix").await;
    let quiet = record(&mut player, Duration::from_millis(700)).await;
    assert!(quiet.iter().all(|media| media.kind != MediaKind::Video));
    let sound = floats(&decoded(flv_file(&quiet), SOUND).await);
    assert!(sound.len() > 14_400 && sound.iter().all(|sample| sample.abs() < 0.001));
    let _members = members(&rig, 1).await;
    let messages = record(&mut player, Duration::from_millis(4_000)).await;
    assert!(messages.iter().all(|media| media.kind != MediaKind::Video));
    let stamps: Vec<u32> = messages
        .iter()
        .filter(|media| media.kind == MediaKind::Audio)
        .map(|media| media.timestamp)
        .collect();
    assert!(
        stamps
            .windows(2)
            .all(|pair| (20..=23).contains(&(pair[1] - pair[0]))),
        "{stamps:?}"
    );
    let file = [quiet, messages].concat();
    let sound = floats(&decoded(flv_file(&file), SOUND).await);
    let heard = hears(&sound[sound.len() - 24_000..], MEMBERS[0].3);
    assert!(heard > 0.1, "{heard}");
}

fn has_thread(pid: u32, thread: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    tasks.is_ok_and(|tasks| {
        tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == thread)
        })
    })
}

/// An `avcC` of 320 × 240.
const AVCC: &[u8] = &[
    1, 0x42, 0xC0, 0x0D, 0xFF, 0xE1, 0, 21, 0x67, 0x42, 0xC0, 0x0D, 0xDA, 0x05, 0x07, 0xE8, 0x40, 0x00, 0x00,
    0x03, 0x00, 0x40, 0x00, 0x00, 0x0C, 0x83, 0xC5, 0x0A, 0xA8, 1, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
];
