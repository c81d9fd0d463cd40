//! Members of known colours and tones, and what became of them.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use lianmai_hub::job::{GatewayMessage, JobId, MixInput, MixJob};
use lianmai_media::flv::{self, AudioTagBody, VideoTagBody};
use lianmai_rooms::layout::{Canvas, Cell, Fit, Rect, Scene, Voice};
use lianmai_rtmp::protocol::{Media, MediaKind};
use tokio::process::Child;
use tokio::time::timeout;

use crate::rig::*;

pub(crate) const WIDTH: usize = 320;
pub(crate) const HEIGHT: usize = 180;
/// Names of colours as ffmpeg knows them, and what they are in limited BT.601.
pub(crate) const MEMBERS: [(&str, &str, [u8; 3], f64); 4] = [
    ("a", "0xC81414", [70, 106, 212], 500.0),
    ("b", "0x14B414", [118, 80, 62], 800.0),
    ("c", "0x1414C8", [50, 206, 114], 1_300.0),
    ("d", "0x5A5A5A", [93, 128, 128], 2_100.0),
];

pub(crate) fn canvas() -> Canvas {
    Canvas {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        video_bitrate: 800_000,
        ..Canvas::default()
    }
}

pub(crate) fn cell(input: &str, x: i32, y: i32, w: u32, h: u32) -> Cell {
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
pub(crate) fn quad() -> Scene {
    let mut scene = Scene::empty(canvas());
    for (n, (name, ..)) in MEMBERS.into_iter().enumerate() {
        let (x, y) = (160 * (n as i32 % 2), 90 * (n as i32 / 2));
        scene.cells.push(cell(name, x, y, 160, 90));
        scene.voices.push(voice(name));
    }
    scene
}

pub(crate) fn voice(input: &str) -> Voice {
    Voice {
        input: input.to_owned(),
        gain: 1.0,
        muted: false,
    }
}

pub(crate) fn mix(rig: &Rig, scene: &Scene) -> Box<MixJob> {
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
pub(crate) fn member(rig: &Rig, n: usize) -> Child {
    let (name, colour, _, hertz) = MEMBERS[n];
    rig.ffmpeg_publisher(
        name,
        &format!(
            "-f lavfi -i color=c={colour}:size=320x180:rate=25 -f lavfi -i sine=frequency={hertz}:sample_rate=44100 \
             -pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 50 -c:a aac -b:a 96k -ac 2"
        ),
    )
}

pub(crate) async fn members(rig: &Rig, count: usize) -> Vec<Child> {
    let members: Vec<Child> = (0..count).map(|n| member(rig, n)).collect();
    for (name, ..) in MEMBERS.into_iter().take(count) {
        rig.until_on_air(name, true).await;
    }
    members
}

pub(crate) async fn start(gateway: &mut Gateway, job: Box<MixJob>) {
    gateway.say(GatewayMessage::StartMix { job }).await;
    gateway.started(1).await;
}

/// Decoded pictures of the mix's size, as three planes one after another.
pub(crate) fn pixel(picture: &[u8], x: usize, y: usize) -> [u8; 3] {
    let (luma, chroma) = (WIDTH * HEIGHT, WIDTH * HEIGHT / 4);
    let place = y / 2 * (WIDTH / 2) + x / 2;
    [
        picture[y * WIDTH + x],
        picture[luma + place],
        picture[luma + chroma + place],
    ]
}

pub(crate) fn is(seen: [u8; 3], expected: [u8; 3]) -> bool {
    seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 12)
}

/// Messages of a player as an FLV file.
pub(crate) fn flv_file(messages: &[Media]) -> Vec<u8> {
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
pub(crate) async fn decoded(file: Vec<u8>, arguments: &str) -> Vec<u8> {
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
pub(crate) async fn record(player: &mut Player, time: Duration) -> Vec<Media> {
    let end = Instant::now() + time;
    let mut messages = Vec::new();
    while Instant::now() < end {
        messages.push(player.next().await);
    }
    messages
}

/// The stamps of coded pictures, and how many sequence headers there are.
pub(crate) fn pictures(messages: &[Media]) -> (Vec<u32>, usize) {
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
pub(crate) fn first_sound(messages: &[Media]) -> u32 {
    let packet = |media: &&Media| {
        let body = flv::parse_audio(media.payload.clone());
        media.kind == MediaKind::Audio && matches!(body, Ok(AudioTagBody::CodedFrame { .. }))
    };
    messages.iter().find(packet).unwrap().timestamp
}

pub(crate) const AS_IT_IS: &str = "-an -f rawvideo -pix_fmt yuv420p -fps_mode passthrough";
pub(crate) const SOUND: &str = "-vn -f f32le -ac 1 -ar 48000";

/// The amplitude of a tone, under a Hann window: other tones 300 Hz away do not count, one that is a few hertz off does.
pub(crate) fn strength(samples: &[f32], hertz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    let length = samples.len().max(1) as f64;
    for (n, sample) in samples.iter().enumerate() {
        let turn = std::f64::consts::TAU * n as f64;
        let sample = f64::from(*sample) * (1.0 - (turn / length).cos());
        let phase = hertz * turn / 48_000.0;
        re += sample * phase.cos();
        im += sample * phase.sin();
    }
    2.0 * f64::hypot(re, im) / length
}

/// The median amplitude of a tone in parts of 25 ms: a clock that is followed moves its frequency by half a per cent at
/// most, which in so short a time does not matter, and holes that a publisher on a busy machine leaves are not counted.
pub(crate) fn hears(samples: &[f32], hertz: f64) -> f64 {
    let mut parts: Vec<f64> = samples
        .chunks_exact(1_200)
        .map(|part| strength(part, hertz))
        .collect();
    parts.sort_by(f64::total_cmp);
    parts.get(parts.len() / 2).copied().unwrap_or_default()
}

/// Whether a member's tone, an eighth of full scale, is there as loud as it was sent. Measured: 0.1225 to 0.1255.
pub(crate) fn is_heard(strength: f64) -> bool {
    (0.115..0.132).contains(&strength)
}

/// Whether there is nothing of a tone but what coding adds. Measured: up to 0.0001.
pub(crate) fn is_silent(strength: f64) -> bool {
    strength < 0.002
}

pub(crate) fn has_thread(pid: u32, thread: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    tasks.is_ok_and(|tasks| {
        tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == thread)
        })
    })
}

/// An `avcC` of 320 × 240.
pub(crate) const AVCC: &[u8] = &[
    1, 0x42, 0xC0, 0x0D, 0xFF, 0xE1, 0, 21, 0x67, 0x42, 0xC0, 0x0D, 0xDA, 0x05, 0x07, 0xE8, 0x40, 0x00, 0x00,
    0x03, 0x00, 0x40, 0x00, 0x00, 0x0C, 0x83, 0xC5, 0x0A, 0xA8, 1, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
];
