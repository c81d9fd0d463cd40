//! What mixing costs beside the ffmpeg command line, in one run: `cargo bench -p lianmai-mixer --bench mix`.
//!
//! The same FLV files are decoded, composed, summed and encoded with the same settings by both, on one thread each stage.
//! Figures are processor seconds per second of media; the largest resident set of either process is beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lianmai_mixer::measure::measure;
use lianmai_rooms::layout::{Canvas, Cell, Fit, Rect, Scene, Voice};

const SECONDS: u64 = 20;

/// Columns and rows, size of the inputs, whether there are pictures.
const CASES: [(&str, usize, u32, u32, u32, bool); 4] = [
    ("4 x 720p25", 4, 2, 1_280, 720, true),
    ("9 x 360p25", 9, 3, 640, 360, true),
    ("16 x 360p25", 16, 4, 640, 360, true),
    ("50 sound only", 50, 1, 0, 0, false),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = tempfile::tempdir().unwrap();
    if let Some(at) = arguments.iter().position(|argument| argument == "--case") {
        let (case, folder) = (&arguments[at + 1], &arguments[at + 2]);
        return one(case.parse().unwrap(), Path::new(folder));
    }
    println!("{SECONDS} s of media; processor seconds per second of media, largest resident set");
    for (index, (name, count, columns, width, height, pictures)) in CASES.into_iter().enumerate() {
        for n in 0..count.min(4) {
            make(folder.path(), n, width, height, pictures);
        }
        let before = children();
        ffmpeg(folder.path(), count, columns, pictures);
        let (cpu, memory) = used(before);
        println!("{name:14} ffmpeg  {cpu:.4}   {memory} MB");
        let before = children();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--case", &index.to_string(), &folder.path().display().to_string()])
            .status();
        assert!(status.unwrap().success());
        let _ = used(before);
    }
}

/// One case in a process of its own, so that its memory is its own.
fn one(index: usize, folder: &Path) {
    let (name, count, columns, _, _, pictures) = CASES[index];
    let canvas = Canvas {
        video_bitrate: 1_800_000,
        audio_bitrate: 96_000,
        audio_only: !pictures,
        ..Canvas::default()
    };
    let mut scene = Scene::empty(canvas);
    let files: Vec<(String, Vec<u8>)> = (0..count)
        .map(|n| (n.to_string(), std::fs::read(file(folder, n % 4)).unwrap()))
        .collect();
    let (w, h) = (canvas.width / columns, canvas.height / columns);
    for (n, (input, _)) in files.iter().enumerate() {
        scene.voices.push(Voice {
            input: input.clone(),
            gain: 0.5,
            muted: false,
        });
        if pictures {
            let (column, row) = (n as u32 % columns, n as u32 / columns);
            scene.cells.push(Cell {
                input: Some(input.clone()),
                rect: Rect {
                    x: (column * w).cast_signed(),
                    y: (row * h).cast_signed(),
                    w,
                    h,
                },
                z: 0,
                fit: Fit::Fill,
                background: None,
                border: None,
                label: None,
                badge: None,
                off: false,
            });
        }
    }
    let figures = measure(&files, &scene, Duration::from_secs(SECONDS)).unwrap();
    let per = |time: Duration| time.as_secs_f64() / SECONDS as f64;
    let memory = field("/proc/self/status", "VmHWM:") / 1_024;
    let held: usize = files.iter().map(|(_, file)| 2 * file.len()).sum();
    let [decode, compose, encode, sound] = figures.parts.map(per);
    println!(
        "{name:14} lianmai {:.4}   {} MB without the files   decode {decode:.4}, compose {compose:.4}, x264 {encode:.4}, \
         sound {sound:.4}; {} kb/s",
        per(figures.cpu),
        memory.saturating_sub(held as u64 >> 20),
        figures.video_bytes as u64 * 8 / SECONDS / 1_000,
    );
}

fn file(folder: &Path, n: usize) -> std::path::PathBuf {
    folder.join(format!("{n}.flv"))
}

/// A moving picture and a tone.
fn make(folder: &Path, n: usize, width: u32, height: u32, pictures: bool) {
    let tone = format!("sine=frequency={}:sample_rate=48000", 300 + 200 * n);
    let seconds = (SECONDS + 1).to_string();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    if pictures {
        let bitrate = if height >= 720 { "1200k" } else { "500k" };
        let card = format!(
            "testsrc2=size={width}x{height}:rate=25,noise=alls=6:allf=t,hue=h={}",
            40 * n
        );
        command.args(["-f", "lavfi", "-i", &card, "-f", "lavfi", "-i", &tone]);
        command.args([
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-profile:v",
            "baseline",
        ]);
        command.args([
            "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate, "-g", "50",
        ]);
    } else {
        command.args(["-f", "lavfi", "-i", &tone]);
    }
    command.args(["-c:a", "aac", "-b:a", "64k", "-ac", "2", "-t", &seconds]);
    assert!(command.arg(file(folder, n)).status().unwrap().success());
}

/// The same by the command line.
fn ffmpeg(folder: &Path, count: usize, columns: u32, pictures: bool) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-filter_complex_threads", "1"]);
    let mut graph = String::new();
    let (w, h) = (1_280 / columns, 720 / columns);
    let (mut labels, mut places, mut sounds) = (String::new(), Vec::new(), String::new());
    for n in 0..count {
        command.args(["-threads", "1", "-i"]).arg(file(folder, n % 4));
        if pictures {
            graph += &format!("[{n}:v]scale={w}:{h}:flags=bilinear[v{n}];");
            labels += &format!("[v{n}]");
            places.push(format!("{}_{}", n as u32 % columns * w, n as u32 / columns * h));
        }
        sounds += &format!("[{n}:a]");
    }
    if pictures {
        graph += &format!("{labels}xstack=inputs={count}:layout={}[v];", places.join("|"));
    }
    graph += &format!("{sounds}amix=inputs={count}:normalize=0,volume=0.5[a]");
    command.args(["-filter_complex", &graph]);
    if pictures {
        command.args([
            "-map",
            "[v]",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-tune",
            "zerolatency",
        ]);
        command.args([
            "-profile:v",
            "baseline",
            "-crf",
            "23",
            "-maxrate",
            "1800k",
            "-bufsize",
            "1800k",
        ]);
        command.args([
            "-threads",
            "1",
            "-x264-params",
            "sliced-threads=0:scenecut=0",
            "-g",
            "50",
            "-r",
            "25",
        ]);
    }
    command.args([
        "-map",
        "[a]",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        "-t",
        &SECONDS.to_string(),
    ]);
    let out = folder.join("out.flv");
    assert!(command.arg("-y").arg(out).status().unwrap().success());
}

/// Processor time of all children so far.
fn children() -> Duration {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_micros(value.tv_sec() as u64 * 1_000_000 + value.tv_usec() as u64)
    };
    time(usage.user_time()) + time(usage.system_time())
}

/// Processor seconds per second of media since `before`, and the largest resident set of any child in MB.
fn used(before: Duration) -> (f64, i64) {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = children().saturating_sub(before).as_secs_f64() / SECONDS as f64;
    (cpu, usage.max_rss() / 1_024)
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
