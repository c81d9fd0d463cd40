//! Making and examining media with ffmpeg and ffprobe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::kept;
use crate::process::Process;

/// Seconds of a source that goes on for ever until it begins again: a whole number of pictures and of AAC frames.
pub(crate) const LOOP: f64 = 8.0;

/// What to publish.
#[derive(Clone)]
pub struct Source {
    pub size: &'static str,
    pub fps: u32,
    pub gop: u32,
    /// Extra arguments of the video encoder.
    pub video: Vec<&'static str>,
    pub with_video: bool,
    pub with_audio: bool,
    pub audio_rate: u32,
    /// Louder and softer as syllables are, instead of one tone: what does not change is no voice to encoders.
    pub voice: bool,
    /// Seconds; `None`: until it is ended.
    pub seconds: Option<f64>,
}

impl Default for Source {
    fn default() -> Source {
        Source {
            size: "368x640",
            fps: 25,
            gop: 25,
            video: vec!["-profile:v", "baseline", "-tune", "zerolatency"],
            with_video: true,
            with_audio: true,
            audio_rate: 48_000,
            voice: false,
            seconds: None,
        }
    }
}

impl Source {
    /// What ffmpeg is to encode.
    fn arguments(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
        if self.with_video {
            let pictures = format!("testsrc2=size={}:rate={}", self.size, self.fps);
            add(&["-f", "lavfi", "-i", &pictures]);
        }
        if self.with_audio {
            let voice = if self.voice { ",tremolo=f=3:d=0.95" } else { "" };
            let sound = format!("sine=frequency=440:sample_rate={}{voice}", self.audio_rate);
            add(&["-f", "lavfi", "-i", &sound]);
        }
        if self.with_video {
            add(&["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]);
            add(&["-g", &self.gop.to_string()]);
            add(&self.video);
        }
        if self.with_audio {
            add(&["-c:a", "aac", "-b:a", "64k"]);
        }
        add(&["-t", &self.seconds.unwrap_or(LOOP).to_string()]);
        all
    }

    /// ffmpeg publishing this to `url` in real time, from a file that is encoded once for all tests.
    pub fn publish(&self, url: &str) -> Process {
        let again = if self.seconds.is_none() { "-1" } else { "0" };
        copy_to(url, &["-stream_loop", again], &self.kept())
    }

    /// This as an FLV file.
    pub fn kept(&self) -> PathBuf {
        kept::flv(&self.arguments(), &[], "")
    }
}

/// Publishes an FLV file in real time without encoding.
pub fn publish_file(path: &Path, url: &str) -> Process {
    copy_to(url, &[], path)
}

/// The same with further options of the input.
pub(crate) fn copy_to(url: &str, options: &[&str], path: &Path) -> Process {
    let path = path.to_string_lossy();
    let mut arguments = vec!["-hide_banner", "-loglevel", "warning", "-nostdin", "-re"];
    arguments.extend(options);
    arguments.extend(["-i", &path, "-c", "copy", "-f", "flv", url]);
    Process::start("ffmpeg", arguments)
}

/// Records `seconds` of what `url` plays into `path`, without decoding.
pub fn record(url: &str, seconds: f64, path: &Path) -> Process {
    let (path, seconds) = (path.to_string_lossy().into_owned(), seconds.to_string());
    Process::start(
        "ffmpeg",
        [
            "-hide_banner",
            "-loglevel",
            "warning",
            "-nostdin",
            "-y",
            "-i",
            url,
            "-t",
            &seconds,
            "-c",
            "copy",
            "-f",
            "flv",
            &path,
        ],
    )
}

/// What ffprobe says about a file or URL.
pub async fn probe(input: &str, what: &[&str]) -> Value {
    let mut arguments = vec!["-v", "error", "-of", "json"];
    arguments.extend(what);
    arguments.push(input);
    let text = Process::start("ffprobe", arguments)
        .succeed(Duration::from_secs(60))
        .await;
    serde_json::from_str(&text).unwrap()
}

/// One packet of a file.
#[derive(Clone, Debug)]
pub struct Packet {
    pub video: bool,
    pub dts: f64,
    pub pts: f64,
    pub key: bool,
}

/// All packets of a file, in file order.
pub async fn packets(path: &Path) -> Vec<Packet> {
    let entries = "packet=codec_type,dts_time,pts_time,flags";
    let value = probe(&path.to_string_lossy(), &["-show_entries", entries]).await;
    let number = |v: &Value| v.as_str().and_then(|s| s.parse().ok()).unwrap_or(f64::NAN);
    value["packets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| Packet {
            video: p["codec_type"] == "video",
            dts: number(&p["dts_time"]),
            pts: number(&p["pts_time"]),
            key: p["flags"].as_str().is_some_and(|f| f.starts_with('K')),
        })
        .collect()
}

/// Panics unless decoding times grow within each track and the first picture is a key frame.
pub fn assert_sound(packets: &[Packet]) {
    for video in [true, false] {
        let times: Vec<f64> = packets
            .iter()
            .filter(|p| p.video == video)
            .map(|p| p.dts)
            .collect();
        let bad = times.windows(2).find(|w| w[1] <= w[0]);
        assert!(bad.is_none(), "decoding times go back: {bad:?}");
    }
    assert!(
        packets.iter().find(|p| p.video).is_none_or(|p| p.key),
        "starts with no key frame"
    );
}

/// Decodes a file completely; panics on any decoding error. Returns (pictures, audio samples per channel).
pub async fn decode(path: &Path) -> (u64, u64) {
    let path = path.to_string_lossy().into_owned();
    let mut check = Process::start(
        "ffmpeg",
        [
            "-v",
            "error",
            "-nostdin",
            "-i",
            &path,
            "-vsync",
            "passthrough",
            "-enc_time_base:v",
            "1:1000",
            "-f",
            "null",
            "-",
        ],
    );
    let status = check.wait(Duration::from_secs(60)).await;
    let errors = check.stderr();
    assert!(
        status.success() && errors.is_empty(),
        "{path} does not decode cleanly: {errors}"
    );
    let value = probe(
        &path,
        &[
            "-count_frames",
            "-show_entries",
            "stream=codec_type,nb_read_frames",
        ],
    )
    .await;
    let mut counts = (0, 0);
    for stream in value["streams"].as_array().unwrap() {
        let frames: u64 = stream["nb_read_frames"].as_str().unwrap_or("0").parse().unwrap();
        if stream["codec_type"] == "video" {
            counts.0 = frames
        } else {
            counts.1 = frames * 1_024
        }
    }
    counts
}
