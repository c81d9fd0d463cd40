//! Members that are muted, or have switched a track off: nobody hears or sees them, and everybody stays connected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::{Duration, Instant};

use lianmai_media::silence::Silence;
use lianmai_media::{AudioCodec, AudioConfig};
use lianmai_rtmp::protocol::{MediaKind, Purpose};
use lianmai_tests::api::text;
use lianmai_tests::clip::{Clip, Tag, is_frame, is_header, is_key, later, send};
use lianmai_tests::media::{Source, assert_sound, packets};
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, Process, Room, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

/// A room with a member that publishes.
struct Scene {
    gateway: Gateway,
    room: Room,
    member: String,
    stream: String,
    push: String,
}

impl Scene {
    async fn set() -> Scene {
        let gateway = Gateway::start().await;
        let room = gateway.api().await.create_room(json!({"name": "mute"})).await;
        let member = room.join("ann", "talker").await;
        let (stream, push) = room.publish(&member).await;
        Scene {
            gateway,
            room,
            member,
            stream,
            push,
        }
    }

    /// The RTMP and HTTP-FLV URLs to play.
    async fn pull(&self) -> [String; 2] {
        let urls = self.room.pull(&self.stream).await;
        [text(&urls, "rtmp"), text(&urls, "http_flv")]
    }

    async fn mute(&self, on: bool, kind: &str) {
        let path = format!("/v1/rooms/{}/members/{}/mute/{kind}", self.room.id, self.member);
        self.room.api.ok(method(on), &path, None).await;
    }

    async fn mute_all(&self, on: bool, kind: &str) {
        let path = format!("/v1/rooms/{}/mute-all/{kind}", self.room.id);
        self.room.api.ok(method(on), &path, None).await;
    }

    async fn switch(&self, track: &str, off: bool) {
        let path = format!("/v1/rooms/{}/streams/{}", self.room.id, self.stream);
        let update = json!({ track: off });
        self.room.api.ok("PATCH", &path, Some(update)).await;
    }
}

fn method(on: bool) -> &'static str {
    if on { "PUT" } else { "DELETE" }
}

/// What silence looks like in a stream that begins with these tags.
fn silence(tags: &[Tag]) -> Vec<u8> {
    let header = tags
        .iter()
        .find(|tag| tag.0 == MediaKind::Audio && is_header(tag));
    let record = header.expect("a sequence header").2.slice(2..);
    let config = AudioConfig::from_record(AudioCodec::Aac, record).unwrap();
    Silence::of(&config).instead_of(&[]).unwrap().to_vec()
}

fn sounds(tags: &[Tag]) -> Vec<&Tag> {
    tags.iter().filter(|tag| is_sound(tag)).collect()
}

fn is_sound(tag: &Tag) -> bool {
    tag.0 == MediaKind::Audio && is_frame(tag)
}

/// Tags until `count` frames of sound are among them.
async fn listen(player: &mut Viewer, count: usize) -> Vec<Tag> {
    let mut heard = 0;
    let enough = |tag: &Tag| {
        heard += usize::from(is_sound(tag));
        heard == count
    };
    player.until("sound", enough).await
}

/// A real player's copy of what it gets.
fn copy(url: &str, to: &Path) -> Process {
    let arguments = [
        "-v", "error", "-nostdin", "-y", "-i", url, "-c", "copy", "-f", "flv",
    ];
    Process::start("ffmpeg", arguments.into_iter().chain([to.to_str().unwrap()]))
}

/// Loudest sample of every 50 ms of a file.
async fn peaks(file: &Path) -> Vec<u16> {
    let arguments = [
        "-v",
        "error",
        "-i",
        file.to_str().unwrap(),
        "-vn",
        "-ac",
        "1",
        "-f",
        "s16le",
        "-",
    ];
    let mut decoder = Process::start("ffmpeg", arguments);
    let status = decoder.wait(LIMIT).await;
    assert!(
        status.success() && decoder.stderr().is_empty(),
        "{}",
        decoder.stderr()
    );
    let samples = std::fs::read(decoder.stdout_file()).unwrap();
    let peak = |window: &[u8]| {
        let all = window.chunks_exact(2);
        all.map(|s| i16::from_le_bytes([s[0], s[1]]).unsigned_abs())
            .max()
            .unwrap()
    };
    samples.chunks_exact(2 * 48_000 / 20).map(peak).collect()
}

/// R-A4: a tone of ffmpeg becomes silence for players of both protocols within a second, and a tone again; no frame is
/// missing, and nobody loses the connection.
#[tokio::test]
async fn a_muted_publisher_is_not_heard() {
    let scene = Scene::set().await;
    let source = Source {
        size: "160x120",
        ..Source::default()
    };
    let mut publisher = source.publish(&scene.push);
    let dir = tempfile::tempdir().unwrap();
    let files = ["rtmp.flv", "http.flv"].map(|name| dir.path().join(name));
    let [rtmp, http] = scene.pull().await;
    let mut copies = [copy(&rtmp, &files[0]), copy(&http, &files[1])];
    let mut players = [Viewer::open(&rtmp).await, Viewer::open(&http).await];
    wait::until("all four play", LIMIT, || async {
        (scene.room.stream(&scene.stream).await["stats"]["readers"] == 4).then_some(())
    })
    .await;
    let mut silences = Vec::new();
    for player in &mut players {
        let tags = listen(player, 50).await;
        let silence = silence(&tags);
        assert!(sounds(&tags).iter().all(|tag| tag.2[2..] != silence));
        silences.push(silence);
    }

    for muted in [true, false] {
        let start = Instant::now();
        scene.mute(muted, "audio").await;
        let is_new = |tag: &Tag, silence: &[u8]| is_sound(tag) && (tag.2[2..] == *silence) == muted;
        for (player, silence) in players.iter_mut().zip(&silences) {
            player
                .until("silence, or a tone again", |tag| is_new(tag, silence))
                .await;
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        }
        for (player, silence) in players.iter_mut().zip(&silences) {
            let tags = listen(player, 70).await;
            assert!(sounds(&tags).iter().all(|tag| is_new(tag, silence)));
            let pictures = tags.iter().filter(|tag| tag.0 == MediaKind::Video).count();
            assert!(pictures > 25, "{pictures} pictures");
        }
    }
    assert!(publisher.ended().is_none(), "the publisher stayed");
    for (copy, file) in copies.iter_mut().zip(&files) {
        assert!(copy.ended().is_none(), "the player stayed");
        copy.signal("-INT");
        copy.wait(LIMIT).await;
        let packets = packets(file).await;
        assert_sound(&packets);
        let sounds: Vec<_> = packets.iter().filter(|packet| !packet.video).collect();
        let longest = sounds.windows(2).map(|w| w[1].dts - w[0].dts).fold(0.0, f64::max);
        assert!(longest < 0.025, "sound without a gap: {longest}");
        let peaks = peaks(file).await;
        let is_silent: Vec<bool> = peaks.iter().map(|peak| *peak == 0).collect();
        let from = is_silent.iter().position(|silent| *silent).expect("silence");
        let to = is_silent.iter().rposition(|silent| *silent).unwrap() + 1;
        assert!(is_silent[from..to].iter().all(|silent| *silent), "{peaks:?}");
        assert!(to - from > 25 && from > 10 && peaks.len() - to > 10, "{peaks:?}");
        let is_loud = |peak: &u16| *peak > 3_000;
        assert!(
            peaks[1..from - 1].iter().all(is_loud) && peaks[to + 1..].iter().all(is_loud),
            "{peaks:?}"
        );
    }
}

/// Everybody muted, `aoff`, and a restart in between: each keeps the sound back by itself.
#[tokio::test]
async fn sound_is_kept_back_for_every_reason() {
    let mut scene = Scene::set().await;
    let clip = Clip::small().await;
    let silence = silence(&clip.all());
    let mut publisher = open(&scene.push, Purpose::Publish).await.unwrap();
    let mut player = Viewer::open(&scene.pull().await[0]).await;
    send(&mut publisher, &clip.all()).await;
    let frames = clip.track(MediaKind::Audio).len();
    let tags = listen(&mut player, frames).await;
    assert_eq!(
        sounds(&tags).iter().filter(|tag| tag.2[2..] == silence).count(),
        0
    );

    for (turn, reason) in (1..).zip(["all", "excused", "all again", "aoff", "both", "none"]) {
        match reason {
            "all" => scene.mute_all(true, "audio").await,
            "excused" => scene.mute(false, "audio").await,
            "all again" => scene.mute_all(true, "audio").await,
            "aoff" => {
                scene.mute_all(false, "audio").await;
                scene.switch("aoff", true).await;
            }
            "both" => scene.mute_all(true, "audio").await,
            _ => {
                scene.mute_all(false, "audio").await;
                scene.switch("aoff", false).await;
            }
        }
        send(&mut publisher, &later(&clip.frames, turn * 2_000)).await;
        let tags = listen(&mut player, frames).await;
        let silent = sounds(&tags).iter().filter(|tag| tag.2[2..] == silence).count();
        let expected = if matches!(reason, "excused" | "none") {
            0
        } else {
            frames
        };
        assert_eq!(silent, expected, "{reason}");
    }

    scene.mute(true, "audio").await;
    scene.gateway.restart().await;
    let mut publisher = open(&scene.push, Purpose::Publish).await.unwrap();
    let mut player = Viewer::open(&scene.pull().await[0]).await;
    send(&mut publisher, &clip.all()).await;
    let tags = listen(&mut player, frames).await;
    assert!(sounds(&tags).iter().all(|tag| tag.2[2..] == silence));
}

/// Pictures are kept back from those who watch and those who come; sound goes on. They return with a key frame.
#[tokio::test]
async fn pictures_are_kept_back_until_a_key_frame() {
    let scene = Scene::set().await;
    let clip = Clip::small().await;
    let (frames, pictures) = (
        clip.track(MediaKind::Audio).len(),
        clip.track(MediaKind::Video).len(),
    );
    let mut publisher = open(&scene.push, Purpose::Publish).await.unwrap();
    let [rtmp, http] = scene.pull().await;
    let mut players = vec![Viewer::open(&rtmp).await, Viewer::open(&http).await];
    send(&mut publisher, &clip.all()).await;
    for player in &mut players {
        listen(player, frames).await;
    }
    for (turn, by_host) in [(1, true), (3, false)] {
        match by_host {
            true => scene.mute(true, "video").await,
            false => scene.switch("voff", true).await,
        }
        let late = Viewer::open(&rtmp).await;
        wait::until("the late one plays", LIMIT, || async {
            (scene.room.stream(&scene.stream).await["stats"]["readers"] == players.len() + 1).then_some(())
        })
        .await;
        players.push(late);
        send(&mut publisher, &later(&clip.frames, turn * 2_000)).await;
        for player in &mut players {
            let tags = listen(player, frames).await;
            let early = |tag: &&Tag| tag.0 == MediaKind::Video && is_frame(tag) && tag.1 >= turn * 2_000;
            assert_eq!(tags.iter().filter(early).count(), 0);
        }
        match by_host {
            true => scene.mute(false, "video").await,
            false => scene.switch("voff", false).await,
        }
        // The first key frame of the clip is lost on the way.
        let rest = later(&clip.frames, (turn + 1) * 2_000);
        let first = rest.iter().position(is_key).unwrap();
        let rest = [&rest[..first], &rest[first + 1..]].concat();
        send(&mut publisher, &rest).await;
        let second = rest
            .iter()
            .filter(|tag| tag.0 == MediaKind::Video)
            .position(is_key)
            .unwrap();
        for player in &mut players {
            let tags = listen(player, frames).await;
            let seen: Vec<_> = tags
                .iter()
                .filter(|tag| tag.0 == MediaKind::Video && is_frame(tag))
                .collect();
            assert!(is_key(seen[0]), "begins with a key frame");
            let expected = pictures - 1 - second;
            assert!(
                seen.len() <= expected && seen.len() + 2 >= expected,
                "{} of {expected}",
                seen.len()
            );
        }
    }
    let dropped = scene
        .gateway
        .metric("lianmai_silenced_frames_dropped_total", "")
        .await;
    assert!(dropped > 0.0, "what is kept back is counted");
}
