//! A live stream whose pictures and sounds carry numbers, so that a player knows what it has not got.
//!
//! The gateway decodes nothing, so the bodies are valid FLV with made-up pictures in them.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::{ClientEvent, MediaKind, Purpose};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::{Room, rtmp, wait};

const LIMIT: Duration = Duration::from_secs(20);
/// Sequence header of H.264 baseline, 1280×720.
pub const VIDEO_HEADER: &[u8] = &[
    0x17, 0x00, 0x00, 0x00, 0x00, 0x01, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x42, 0xc0, 0x1f,
    0xda, 0x01, 0x40, 0x16, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0xa3, 0xc6,
    0x0c, 0xa8, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8,
];
/// Sequence header of AAC-LC, 48 kHz, stereo.
pub const AUDIO_HEADER: &[u8] = &[0xAF, 0x00, 0x11, 0x90];
const FRAME_MILLIS: u32 = 40;

/// A picture of `size` bytes with its number.
pub fn picture(number: u32, key: bool, size: usize) -> Vec<u8> {
    let unit = size.max(64) - 9;
    let mut body = vec![if key { 0x17 } else { 0x27 }, 1, 0, 0, 0];
    body.extend((unit as u32).to_be_bytes());
    body.push(if key { 0x65 } else { 0x41 });
    body.extend(number.to_be_bytes());
    body.resize(size.max(64), 0xA5);
    body
}

/// A sound with its number.
pub fn sound(number: u32) -> Vec<u8> {
    let mut body = vec![0xAF, 1];
    body.extend(number.to_be_bytes());
    body.resize(180, 0x5A);
    body
}

/// How fast and large.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes of each picture; there are 25 pictures and 25 sounds a second.
    pub picture: usize,
    /// Pictures from key frame to key frame.
    pub gop: u32,
}

impl Shape {
    /// About 1.24 Mb/s with its sound, a key frame each second.
    pub const P720: Shape = Shape {
        picture: 6_000,
        gop: 25,
    };
}

/// A publisher in real time.
pub struct Publisher {
    sent: Arc<AtomicU32>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Publisher {
    /// Publishes until told to stop or dropped.
    pub async fn start(url: &str, shape: Shape) -> Publisher {
        let mut client = rtmp::open(url, Purpose::Publish).await.unwrap();
        client.send_media(MediaKind::Video, 0, VIDEO_HEADER).unwrap();
        client.send_media(MediaKind::Audio, 0, AUDIO_HEADER).unwrap();
        client.flush().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let sent = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(publish(client, shape, sent.clone(), stopped));
        Publisher { sent, stop, tasks }
    }

    /// Pictures sent so far; as many sounds.
    pub fn sent(&self) -> u32 {
        self.sent.load(Relaxed)
    }

    /// Sends nothing more, but keeps the connection. How many pictures and sounds were sent in all.
    pub async fn pause(&mut self) -> u32 {
        assert!(self.tasks.try_join_next().is_none(), "the publisher was cut off");
        self.stop.send_replace(true);
        // One tick later nothing is on the way into the socket any more.
        let before = self.sent();
        tokio::time::sleep(Duration::from_millis(2 * u64::from(FRAME_MILLIS))).await;
        assert!(self.sent() <= before + 1);
        self.sent()
    }

    /// Whether its connection is gone.
    pub fn ended(&mut self) -> bool {
        self.tasks.is_empty() || self.tasks.try_join_next().is_some()
    }
}

async fn publish(mut client: RtmpClient, shape: Shape, sent: Arc<AtomicU32>, stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_millis(FRAME_MILLIS.into()));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                if *stopped.borrow() {
                    continue;
                }
                let n = sent.load(Relaxed);
                let body = picture(n, n.is_multiple_of(shape.gop), shape.picture);
                let queued = client.send_media(MediaKind::Video, n * FRAME_MILLIS, &body)
                    .and_then(|()| client.send_media(MediaKind::Audio, n * FRAME_MILLIS, &sound(n)));
                if queued.is_err() || client.flush().await.is_err() {
                    return;
                }
                sent.store(n + 1, Relaxed);
            }
            event = client.next_event() => if event.is_err() { return },
        }
    }
}

/// What a player has got.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Number of its first picture.
    pub first: Option<u32>,
    /// Number after its newest picture, and after its newest sound.
    pub next: u32,
    pub next_sound: u32,
    /// Pictures and sounds.
    pub pictures: u32,
    pub sounds: u32,
    /// Pictures and sounds that are missing in between.
    pub missing: u32,
    pub missing_sounds: u32,
    /// Times something other than a key frame came first or after a loss of pictures.
    pub broken: u32,
}

impl Seen {
    /// Counts one FLV body.
    pub fn take(&mut self, kind: MediaKind, body: &[u8]) {
        let number = |at: usize| {
            body.get(at..at + 4)
                .map(|b| u32::from_be_bytes(b.try_into().unwrap()))
        };
        match (kind, body.get(1)) {
            (MediaKind::Video, Some(1)) => {
                let number = number(10).unwrap();
                let key = body[0] >> 4 == 1;
                let lost = self
                    .first
                    .map_or(0, |_| number.checked_sub(self.next).expect("goes back"));
                if !key && (lost > 0 || self.first.is_none()) {
                    self.broken += 1;
                }
                self.missing += lost;
                self.first.get_or_insert(number);
                self.next = number + 1;
                self.pictures += 1;
            }
            (MediaKind::Audio, Some(1)) => {
                let number = number(2).unwrap();
                if self.sounds > 0 {
                    self.missing_sounds += number.checked_sub(self.next_sound).expect("goes back");
                }
                self.next_sound = number + 1;
                self.sounds += 1;
            }
            _ => {}
        }
    }

    /// Panics unless everything from its first picture to `sent` came.
    pub fn assert_complete(&self, sent: u32) {
        let whole = self.next == sent && self.next_sound == sent && self.broken == 0;
        assert!(
            whole && self.missing == 0 && self.missing_sounds == 0 && self.first.is_some(),
            "not everything of {sent} came: {self:?}"
        );
    }
}

/// A player that takes everything.
pub struct Player {
    seen: Arc<Mutex<Seen>>,
    tasks: JoinSet<()>,
}

impl Player {
    /// Plays until dropped or cut off.
    pub async fn start(url: &str) -> Player {
        let mut client = rtmp::open(url, Purpose::Play).await.unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = JoinSet::new();
        let notes = seen.clone();
        tasks.spawn(async move {
            loop {
                match client.next_event().await {
                    Ok(ClientEvent::Media(media)) => notes.lock().unwrap().take(media.kind, &media.payload),
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        });
        Player { seen, tasks }
    }

    pub fn seen(&self) -> Seen {
        *self.seen.lock().unwrap()
    }

    /// Whether its connection is gone.
    pub fn ended(&mut self) -> bool {
        self.tasks.is_empty() || self.tasks.try_join_next().is_some()
    }

    /// Waits for the first `pictures` pictures.
    pub async fn has(&self, pictures: u32) {
        let what = format!("{pictures} pictures");
        wait::until(&what, LIMIT, || async {
            (self.seen().pictures >= pictures).then_some(())
        })
        .await;
    }

    /// Waits until it has what was sent up to now, then panics unless it has all of it.
    pub async fn assert_complete(&mut self, sent: u32) {
        let start = std::time::Instant::now();
        while self.seen().next_sound < sent && start.elapsed() < LIMIT {
            assert!(!self.ended(), "the player was cut off: {:?}", self.seen());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.seen().assert_complete(sent);
    }
}

/// Somebody who publishes and watches in a room while something else goes on, and must notice nothing of it.
pub struct Beside {
    publisher: Publisher,
    player: Player,
}

impl Beside {
    pub async fn start(room: &Room, account: &str) -> Beside {
        let (_, push, pull) = room.publisher(account).await;
        let publisher = Publisher::start(&push, Shape::P720).await;
        let player = Player::start(&pull).await;
        player.has(1).await;
        Beside { publisher, player }
    }

    /// Pictures its player has so far.
    pub fn pictures(&self) -> u32 {
        self.player.seen().pictures
    }

    /// Panics unless the publisher was never cut off and the player has every picture and sound.
    pub async fn assert_undisturbed(mut self) {
        let player = &mut self.player;
        let now = player.seen().pictures;
        player.has(now + 5).await;
        let sent = self.publisher.pause().await;
        player.assert_complete(sent).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pictures: &[(u32, bool)]) -> Seen {
        let mut seen = Seen::default();
        for &(number, key) in pictures {
            seen.take(MediaKind::Video, &picture(number, key, 100));
            seen.take(MediaKind::Audio, &sound(number));
        }
        seen
    }

    #[test]
    fn what_is_missing_is_seen() {
        seen(&[(5, true), (6, false), (7, false)]).assert_complete(8);
        let gap = seen(&[(0, true), (1, false), (4, true)]);
        assert_eq!((gap.missing, gap.missing_sounds, gap.broken), (2, 2, 0));
        assert_eq!(seen(&[(0, true), (2, false)]).broken, 1);
        assert_eq!(seen(&[(0, false)]).broken, 1);
    }

    #[test]
    #[should_panic = "not everything"]
    fn an_early_end_is_seen() {
        seen(&[(0, true), (1, false)]).assert_complete(3);
    }
}
