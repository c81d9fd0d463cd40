//! Members that are one colour and one tone, and which tones are in what was received.

use std::path::Path;
use std::time::Duration;

use lianmai_rtmp::protocol::MediaKind;

use crate::arrivals::Arrivals;
use crate::process::Process;

const RATE: f64 = 48_000.0;
/// A colour at a place from 0 to 1.
pub type Spot = ((f64, f64), [u8; 3]);

const LIMIT: Duration = Duration::from_secs(30);
/// How long something may take to be shown.
const PATIENCE: Duration = Duration::from_secs(20);

/// A camera of 320 × 180 at 15 pictures a second: what the video filter `colour` makes, and one tone.
pub fn publish(colour: &str, tone: f64, url: &str) -> Process {
    let video = format!("color=s=320x180:r=15:c={colour}");
    let audio = format!("sine=frequency={tone}:sample_rate=48000");
    let arguments = format!(
        "-hide_banner -loglevel warning -nostdin -re -f lavfi -i {video} -re -f lavfi -i {audio} -c:v libx264 \
         -preset ultrafast -tune zerolatency -g 15 -pix_fmt yuv420p -c:a aac -b:a 64k -f flv {url}"
    );
    Process::start("ffmpeg", arguments.split_whitespace())
}

/// How loud each of `tones` is in what arrived, in dB over what is at `between`, where no tone is.
pub async fn loudness(arrivals: &Arrivals, tones: &[f64], between: &[f64]) -> Vec<f64> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("heard.flv");
    arrivals.file(&file);
    let samples = samples(&file).await;
    // Not the first of it, which the decoder has to find into.
    over(&samples[samples.len() / 4..], tones, between)
}

/// The same of mono sound at 48 kHz.
pub fn over(samples: &[f32], tones: &[f64], between: &[f64]) -> Vec<f64> {
    assert!(samples.len() > 12_000, "{} samples", samples.len());
    let floor = between
        .iter()
        .map(|tone| strength(samples, *tone))
        .fold(1e-5, f64::max);
    let over = tones.iter().map(|tone| strength(samples, *tone) / floor);
    over.map(|ratio| 20.0 * ratio.log10()).collect()
}

/// The sound of a file as mono at 48 kHz.
pub async fn samples(file: &Path) -> Vec<f32> {
    let path = file.to_string_lossy().into_owned();
    let input = ["-v", "error", "-nostdin", "-i", &path, "-vn"];
    let output = ["-ac", "1", "-ar", "48000", "-f", "f32le", "-"];
    let mut decoder = Process::start("ffmpeg", input.iter().chain(&output));
    assert!(decoder.wait(LIMIT).await.success(), "{}", decoder.stderr());
    let bytes = std::fs::read(decoder.stdout_file()).unwrap();
    let four = bytes.chunks_exact(4);
    four.map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The mean amplitude of a tone over parts of 25 ms: while a mix finds its members' clocks, it plays them up to half a
/// per cent slower or faster, which a longer part would not take for the same tone.
fn strength(samples: &[f32], tone: f64) -> f64 {
    let parts = samples.chunks_exact(1_200);
    let count = parts.len().max(1) as f64;
    parts.map(|part| amplitude(part, tone)).sum::<f64>() / count
}

/// The amplitude of a tone, under a Hann window.
fn amplitude(samples: &[f32], tone: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    let length = samples.len() as f64;
    for (n, sample) in samples.iter().enumerate() {
        let turn = std::f64::consts::TAU * n as f64;
        let sample = f64::from(*sample) * (1.0 - (turn / length).cos());
        let (sin, cos) = (turn * tone / RATE).sin_cos();
        real += sample * cos;
        imaginary += sample * sin;
    }
    2.0 * real.hypot(imaginary) / length
}

/// Whether a colour of a picture is this one, but for what coding does to it.
pub fn is_like(seen: [u8; 3], colour: [u8; 3]) -> bool {
    seen.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 48)
}

/// Plays until the picture has these colours at these places from 0 to 1, all at once, for some seconds at most.
pub async fn until_shown(url: &str, expected: &[Spot]) -> Arrivals {
    until_shown_in(url, Duration::from_secs(1), expected).await
}

/// The same of a server that lets players begin anywhere: `span` has to hold a key frame.
pub async fn until_shown_in(url: &str, span: Duration, expected: &[Spot]) -> Arrivals {
    let begin = std::time::Instant::now();
    loop {
        let arrivals = Arrivals::of(url, span).await;
        if arrivals.track(MediaKind::Video).count() == 0 {
            assert!(begin.elapsed() < PATIENCE, "no pictures come from {url}");
            continue;
        }
        let picture = arrivals.last_picture().await;
        let wrong = expected
            .iter()
            .find(|(at, colour)| !is_like(picture.colour(*at), *colour));
        let Some((at, colour)) = wrong else {
            return arrivals;
        };
        let seen = picture.colour(*at);
        assert!(begin.elapsed() < PATIENCE, "{colour:?} at {at:?} is {seen:?}");
    }
}
