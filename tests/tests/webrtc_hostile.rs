//! Publishers whose pictures and sounds are spoilt on purpose: whatever becomes of them, nobody else notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::{MediaKind, Purpose};
use lianmai_tests::clip::{Clip, Tag, is_frame, later};
use lianmai_tests::marks::{Sender, baseline};
use lianmai_tests::media::Source;
use lianmai_tests::numbered::Beside;
use lianmai_tests::process::children;
use lianmai_tests::rtc::figure;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Browser, Gateway, Page, Room, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const SPAN: Duration = Duration::from_secs(5);

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize % limit.max(1)
    }

    /// Half of all frames: some bytes changed, the end cut off, or something behind it. What says how it is framed stays.
    fn spoil(&mut self, (kind, time, body): Tag) -> Tag {
        let kept = if kind == MediaKind::Video { 5 } else { 2 };
        if kind == MediaKind::Data || body.len() <= kept || self.below(2) == 0 {
            return (kind, time, body);
        }
        let mut bytes = body.to_vec();
        match self.below(6) {
            0 => bytes.truncate(kept + self.below(bytes.len() - kept)),
            1 => bytes.extend((0..200).map(|_| self.below(256) as u8)),
            _ => {
                for _ in 0..=self.below(24) {
                    let at = kept + self.below(bytes.len() - kept);
                    bytes[at] = self.below(256) as u8;
                }
            }
        }
        (kind, time, bytes.into())
    }
}

/// Pushes a clip over and over in its own time, with half of it spoilt, until it is refused.
async fn push_spoilt(url: String, clip: Clip, seed: u64) {
    let mut random = Random(seed);
    let mut publisher = lianmai_tests::rtmp::open(&url, Purpose::Publish).await.unwrap();
    let began = tokio::time::Instant::now();
    let mut tags = clip.all();
    for round in 0.. {
        for tag in later(&tags, round * 2_000) {
            let spoilt = if is_frame(&tag) { random.spoil(tag) } else { tag };
            tokio::time::sleep_until(began + Duration::from_millis(u64::from(spoilt.1))).await;
            let sent = publisher.send_media(spoilt.0, spoilt.1, &spoilt.2);
            if sent.is_err() || publisher.flush().await.is_err() {
                return;
            }
        }
        tags = clip.frames.clone();
    }
}

/// Takes whatever an RTMP player gets of a stream.
async fn take_all(url: String) {
    let mut viewer = Viewer::open(&url).await;
    while viewer.next(Duration::from_secs(60)).await.is_ok() {}
}

/// Publishes from a browser and spoils what its encoders make.
async fn publish_spoilt(page: &Page, room: &Room, account: &str, codec: &str, seed: u32) -> String {
    let (stream, url) = room.whip(account).await;
    let source = json!({"video": "pattern", "audio": "voice", "width": 160, "height": 120, "fps": 15});
    let how = json!({"name": account, "videoCodecs": [codec], "mangle": {"share": 0.5, "seed": seed}});
    page.publish(account, &url, source, how).await;
    stream
}

/// H.264, VP8, AAC and Opus that no encoder made, from browsers and over RTMP, watched by browsers and players, so that
/// workers decode and browsers show all of it.
#[tokio::test]
async fn load_spoilt_streams_harm_nobody_else() {
    let mut gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "hostile"})).await;
    let beside = Beside::start(&room, "good").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    let (eve, zoe) = (browser.page("eve").await, browser.page("zoe").await);
    let (from_ann, whip) = room.whip("ann").await;
    let source = json!({"video": "pattern", "audio": "tone", "width": 160, "height": 120});
    ann.publish("out", &whip, source, json!({"videoCodecs": ["H264"]}))
        .await;
    let (from_cat, push, _) = room.publisher("cat").await;
    let mut cat = Sender::start(&push, &baseline().await).await;
    for (name, stream) in [("ann", &from_ann), ("cat", &from_cat)] {
        bob.play(name, &room.whep(stream).await).await;
        bob.sees_and_hears(name).await;
    }
    let supervisor = children(gateway.id());

    let mut attack = JoinSet::new();
    let mut spoilt = Vec::new();
    for (account, codec, seed) in [("eve", "H264", 1), ("mallory", "VP8", 2)] {
        spoilt.push(publish_spoilt(&eve, &room, account, codec, seed).await);
    }
    // B-frames, so that its pictures are decoded for browsers.
    let clip = Clip::make(Source {
        size: "160x120",
        video: vec!["-profile:v", "main", "-bf", "2"],
        seconds: Some(2.0),
        ..Source::default()
    })
    .await;
    let (stream, push, _) = room.publisher("trudy").await;
    attack.spawn(push_spoilt(push, clip, 88_172_645));
    spoilt.push(stream);
    for (n, stream) in spoilt.iter().enumerate() {
        attack.spawn(take_all(room.rtmp(stream).await));
        let args = json!({"name": format!("bad{n}"), "url": room.whep(stream).await, "wait": false});
        zoe.call("play", args).await;
    }
    let made = |what: &'static str| async {
        let name = "lianmai_jobs_started_total";
        gateway.metric(name, what).await
    };
    // Cat's sound, and of the others: sound both ways, and pictures of VP8 and with B-frames.
    wait::until("workers are at it", Duration::from_secs(15), || async {
        let started = made("").await;
        (started >= 5.0).then_some(())
    })
    .await;

    // What arrives is told by numbers; what is shown depends on how busy the machine is with everybody's codecs.
    let stats = async || [bob.stats("ann").await, bob.stats("cat").await];
    let (before, began) = (stats().await, Instant::now());
    tokio::time::sleep(SPAN).await;
    let (after, seconds) = (stats().await, began.elapsed().as_secs_f64());
    for ((name, before), after) in ["ann", "cat"].into_iter().zip(before).zip(after) {
        let grown = |kind: &str, field: &str| {
            figure(after.inbound(kind), field) - figure(before.inbound(kind), field)
        };
        let (pictures, sounds) = (
            grown("video", "framesReceived"),
            grown("audio", "packetsReceived"),
        );
        println!(
            "{name}: {pictures} pictures, {sounds} packets of sound in {seconds:.1} s, {} of the pictures decoded, {} s frozen",
            grown("video", "framesDecoded"),
            grown("video", "totalFreezesDuration"),
        );
        assert!(
            pictures >= 15.0 * seconds,
            "{name}: {pictures} pictures in {seconds} s"
        );
        assert!(
            sounds >= 45.0 * seconds,
            "{name}: {sounds} packets of sound in {seconds} s"
        );
        for kind in ["audio", "video"] {
            assert_eq!(grown(kind, "packetsLost"), 0.0, "{name}: {kind}");
        }
    }
    beside.assert_undisturbed().await;
    assert!(!cat.ended(), "a publisher beside was cut off");
    let mut restarts = Vec::new();
    for kind in ["audio_to_opus", "audio_to_aac", "video_to_h264"] {
        let failed = gateway
            .metric("lianmai_jobs_failed_total", &format!("kind=\"{kind}\""))
            .await;
        restarts.push((kind, failed));
    }
    println!("jobs that failed: {restarts:?}, {} started", made("").await);
    // Only jobs may end, not whoever runs them.
    assert_eq!(children(gateway.id()), supervisor, "the worker was started again");
    assert_eq!(gateway.metric("panics_total", "").await, 0.0);
    drop(attack);
    let process = gateway.process();
    assert!(process.ended().is_none(), "the gateway ended");
    let said = process.stderr() + &process.stdout();
    assert!(!said.contains("panicked"), "a task panicked:\n{said}");
    assert_eq!(ann.errors().await, Vec::<String>::new());
    let spoilt_left: Value = eve.stats("eve").await.0["outbound"].clone();
    assert!(
        spoilt_left
            .as_array()
            .unwrap()
            .iter()
            .all(|sent| figure(sent, "packetsSent") > 50.0),
        "{spoilt_left}"
    );
}
