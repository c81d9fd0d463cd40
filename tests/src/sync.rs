//! A source that flashes and beeps once a second, and the distance between the two in what was recorded.

use std::path::Path;
use std::time::Duration;

use crate::kept;
use crate::media::{LOOP, copy_to};
use crate::process::Process;

const LIMIT: Duration = Duration::from_secs(60);
const RATE: f64 = 48_000.0;

/// ffmpeg publishing a white flash and a 1 kHz beep of 80 ms at every full second.
pub fn publish_flash_and_beep(url: &str) -> Process {
    let picture = "color=black:size=320x240:rate=50,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.08)'";
    let sound = "aevalsrc='if(lt(mod(t,1),0.08),0.8*sin(2*PI*1000*t),0)':s=48000";
    let mut arguments = vec!["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound];
    arguments.extend("-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 50".split(' '));
    arguments.extend("-c:a aac -b:a 96k".split(' '));
    let mut arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    arguments.extend(["-t".to_owned(), LOOP.to_string()]);
    copy_to(url, &["-stream_loop", "-1"], &kept::flv(&arguments, &[], ""))
}

/// When, in seconds of the file's own time, flashes and beeps begin.
pub async fn onsets(path: &Path) -> (Vec<f64>, Vec<f64>) {
    (flashes(path).await, beeps(path).await)
}

async fn flashes(path: &Path) -> Vec<f64> {
    let path = path.to_string_lossy().into_owned();
    let filter = "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-";
    let arguments = [
        "-v", "error", "-nostdin", "-copyts", "-i", &path, "-an", "-vf", filter, "-f", "null", "-",
    ];
    let text = Process::start("ffmpeg", arguments).succeed(LIMIT).await;
    let mut time = f64::NAN;
    let mut bright = true;
    let mut onsets = Vec::new();
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("pts_time:") {
            time = rest.trim().parse().unwrap();
        } else if let Some((_, value)) = line.split_once("YAVG=") {
            let now_bright = value.trim().parse::<f64>().unwrap() > 120.0;
            if now_bright && !bright {
                onsets.push(time);
            }
            bright = now_bright;
        }
    }
    onsets
}

async fn beeps(path: &Path) -> Vec<f64> {
    let path = path.to_string_lossy().into_owned();
    // Silence is put in front, so that a sample's number is its time.
    let filter = "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=s16:channel_layouts=mono";
    let arguments = [
        "-v", "error", "-nostdin", "-copyts", "-i", &path, "-vn", "-af", filter, "-f", "s16le", "-",
    ];
    let mut decoder = Process::start("ffmpeg", arguments);
    assert!(decoder.wait(LIMIT).await.success(), "{}", decoder.stderr());
    let bytes = std::fs::read(decoder.stdout_file()).unwrap();
    let mut quiet_since = 0;
    let mut onsets = Vec::new();
    for (n, sample) in bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .enumerate()
    {
        if sample.unsigned_abs() > 3_000 {
            if n - quiet_since > 24_000 {
                onsets.push(n as f64 / RATE);
            }
            quiet_since = n;
        }
    }
    onsets
}

/// For every flash with a beep within half a second: beep minus flash, in seconds.
pub fn offsets(flashes: &[f64], beeps: &[f64]) -> Vec<f64> {
    let nearest = |flash: f64| {
        beeps
            .iter()
            .map(|beep| beep - flash)
            .min_by(|a, b| a.abs().total_cmp(&b.abs()))
    };
    flashes
        .iter()
        .filter_map(|&flash| nearest(flash))
        .filter(|offset| offset.abs() < 0.5)
        .collect()
}
