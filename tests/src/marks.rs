//! A source whose pictures carry their number and that flashes and beeps once a second, sent at known times.
//!
//! It is encoded once and then sent in real time, so it costs nothing while it runs and the time each picture leaves
//! is known. `tests/browser/page/code.js` draws and reads the same pictures.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::{MediaKind, Purpose};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clip::{Clip, later};
use crate::{kept, rtmp, sync};

const BLOCKS: usize = 20;
const RATE: usize = 48_000;
/// Seconds of a clip: a whole number of pictures and of AAC frames.
const SECONDS: usize = 8;
pub const FPS: usize = 25;
const PICTURES: usize = SECONDS * FPS;
const SOUNDS: usize = SECONDS * RATE / 1_024;
const MARK: f64 = 0.08;

/// Wall clock in milliseconds, as browsers have it.
pub fn wall() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        * 1_000.0
}

/// Whether there is a flash and a beep at this time, in seconds.
fn is_marked(time: f64) -> bool {
    (time + 0.5).fract() < MARK
}

fn checked(number: u16) -> u32 {
    let n = u32::from(number);
    let sum = (n + (n >> 4) + (n >> 8) + (n >> 12) + 5) & 15;
    n << 4 | sum
}

/// What a picture shows.
#[derive(Clone, Debug, Deserialize)]
pub struct Shown {
    /// When, in milliseconds: wall clock or the picture's own time.
    pub at: f64,
    pub number: Option<u16>,
    /// Brightness of its middle, 0 to 255.
    pub bright: f64,
    #[serde(default)]
    pub width: u32,
    #[serde(default)]
    pub height: u32,
}

/// Reads a picture of luma.
pub fn read(luma: &[u8], width: usize, height: usize, at: f64) -> Shown {
    let (block, row) = (width / BLOCKS, height / 30);
    let word = (0..BLOCKS).fold(0, |word, n| {
        word << 1 | u32::from(luma[row * width + n * block + block / 2] > 127)
    });
    let number = (word >> 4) as u16;
    Shown {
        at,
        number: (checked(number) == word).then_some(number),
        bright: luma[height * 2 / 3 * width + width / 2].into(),
        width: width as u32,
        height: height as u32,
    }
}

/// What was seen and heard.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Seen {
    pub frames: Vec<Shown>,
    /// When sound began after silence, in milliseconds of the same clock.
    pub beeps: Vec<f64>,
}

impl Seen {
    /// The answer of a page's `look`.
    pub fn of(answer: Value) -> Seen {
        serde_json::from_value(answer).unwrap()
    }

    pub fn flashes(&self) -> Vec<f64> {
        let pairs = self.frames.windows(2);
        let begins = pairs.filter(|pair| pair[0].bright < 128.0 && pair[1].bright >= 128.0);
        begins.map(|pair| pair[1].at).collect()
    }

    /// Beep minus flash of every mark, in milliseconds.
    pub fn offsets(&self) -> Vec<f64> {
        let seconds = |times: &[f64]| times.iter().map(|t| t / 1_000.0).collect::<Vec<_>>();
        let found = sync::offsets(&seconds(&self.flashes()), &seconds(&self.beeps));
        found.iter().map(|offset| offset * 1_000.0).collect()
    }

    /// Longest time between two pictures, in milliseconds.
    pub fn longest_gap(&self) -> f64 {
        self.frames
            .windows(2)
            .map(|pair| pair[1].at - pair[0].at)
            .fold(0.0, f64::max)
    }

    /// Age of each picture that carries the wall clock, in milliseconds.
    pub fn ages(&self) -> Vec<f64> {
        let coded = self
            .frames
            .iter()
            .filter_map(|frame| Some((frame.at, frame.number?)));
        // The number is the clock's last 16 bits.
        coded
            .map(|(at, number)| (at - f64::from(number)).rem_euclid(65_536.0))
            .collect()
    }
}

/// The one in the middle; panics if there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    *sorted.get(sorted.len() / 2).expect("no values")
}

/// The source; `video` are further arguments of the encoder.
pub async fn clip(width: usize, height: usize, video: &[&str]) -> Clip {
    let (size, fps) = (format!("{width}x{height}"), FPS.to_string());
    let mut arguments = vec![
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", &size, "-r", &fps, "-i", "{0}",
    ];
    arguments.extend(["-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "{1}"]);
    arguments.extend([
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", &fps,
    ]);
    arguments.extend(["-keyint_min", &fps, "-sc_threshold", "0"]);
    arguments.extend(video);
    arguments.extend(["-c:a", "aac", "-b:a", "96k"]);
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    let pictures = || draw(width, height);
    // What is drawn and heard depends on this file.
    let mut clip = Clip::read(&kept::flv(
        &arguments,
        &[&pictures, &beep],
        include_str!("marks.rs"),
    ));
    let (mut pictures, mut sounds) = (0, 0);
    clip.frames.retain(|(kind, ..)| {
        let (count, limit) = match kind {
            MediaKind::Video => (&mut pictures, PICTURES),
            _ => (&mut sounds, SOUNDS),
        };
        *count += 1;
        *count <= limit
    });
    assert!(
        pictures >= PICTURES && sounds >= SOUNDS,
        "{pictures} pictures, {sounds} sounds"
    );
    clip
}

/// The usual one: baseline, no B-frames, a key frame each second.
pub async fn baseline() -> Clip {
    clip(320, 240, &["-profile:v", "baseline", "-tune", "zerolatency"]).await
}

fn draw(width: usize, height: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(PICTURES * width * height);
    for number in 0..PICTURES {
        let flash = is_marked(number as f64 / FPS as f64);
        let word = checked(number as u16);
        for y in 0..height {
            for x in 0..width {
                let bit = word >> (BLOCKS - 1 - (x * BLOCKS / width)) & 1 == 1;
                let white = if y < height / 15 { bit } else { flash };
                all.push(if white { 255 } else { 0 });
            }
        }
    }
    all
}

fn beep() -> Vec<u8> {
    let sample = |n: usize| {
        let time = n as f64 / RATE as f64;
        let wave = (time * 1_000.0 * std::f64::consts::TAU).sin();
        (if is_marked(time) { wave * 26_000.0 } else { 0.0 }) as i16
    };
    // A little more than needed, for what the encoder keeps back.
    let samples = (0..SECONDS * RATE + RATE / 2).map(sample);
    samples.flat_map(i16::to_le_bytes).collect()
}

/// Pictures and when they were sent, newest last.
type Sent = Arc<Mutex<VecDeque<(u16, f64)>>>;

/// A publisher in real time.
pub struct Sender {
    sent: Sent,
    tasks: JoinSet<()>,
}

impl Sender {
    /// Publishes the clip again and again until dropped.
    pub async fn start(url: &str, clip: &Clip) -> Sender {
        Sender::of(url, vec![clip.clone()]).await
    }

    /// The same with several clips in turn.
    pub async fn of(url: &str, clips: Vec<Clip>) -> Sender {
        let client = rtmp::open(url, Purpose::Publish).await.unwrap();
        let sent = Sent::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(publish(client, clips, sent.clone()));
        Sender { sent, tasks }
    }

    /// Whether its connection is gone.
    pub fn ended(&mut self) -> bool {
        self.tasks.is_empty() || self.tasks.try_join_next().is_some()
    }

    /// Milliseconds from sending to being seen, of each picture that can be told.
    pub fn ages(&self, seen: &Seen) -> Vec<f64> {
        let sent = self.sent.lock().unwrap();
        let age = |frame: &Shown| {
            let number = frame.number?;
            let before = sent.iter().rev().filter(|(_, at)| *at <= frame.at);
            before
                .take(PICTURES)
                .find(|(n, _)| *n == number)
                .map(|(_, at)| frame.at - at)
        };
        seen.frames.iter().filter_map(age).collect()
    }
}

async fn publish(mut client: RtmpClient, clips: Vec<Clip>, sent: Sent) {
    let start = Instant::now();
    let mut offset = 0;
    loop {
        for clip in &clips {
            let mut number = 0;
            for (kind, time, body) in [later(&clip.headers(), offset), later(&clip.frames, offset)].concat() {
                let at = start + Duration::from_millis(time.into());
                // What the server says is heard while waiting.
                while let Ok(event) = tokio::time::timeout_at(at, client.next_event()).await {
                    if event.is_err() {
                        return;
                    }
                }
                if client.send_media(kind, time, &body).is_err() || client.flush().await.is_err() {
                    return;
                }
                if kind == MediaKind::Video && body.get(1) == Some(&1) {
                    let mut sent = sent.lock().unwrap();
                    sent.push_back((number, wall()));
                    if sent.len() > 4 * PICTURES {
                        sent.pop_front();
                    }
                    number += 1;
                }
            }
            // Whole seconds of pictures, so that marks stay on full seconds.
            offset += u32::from(number).div_ceil(FPS as u32) * 1_000;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_drawn() {
        let (width, height) = (320, 240);
        let all = draw(width, height);
        for (n, luma) in all.chunks(width * height).enumerate() {
            let shown = read(luma, width, height, 0.0);
            assert_eq!(shown.number, Some(n as u16));
            assert_eq!(shown.bright > 128.0, is_marked(n as f64 / FPS as f64));
        }
        assert_eq!(read(&vec![0; width * height], width, height, 0.0).number, None);
    }
}
