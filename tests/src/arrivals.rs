//! A player that notes when each tag comes, and what was in it once it is decoded.

use std::path::Path;
use std::time::Duration;

use lianmai_rtmp::protocol::MediaKind;

use crate::clip::{Tag, is_frame};
use crate::marks::{Seen, Shown, read, wall};
use crate::media::probe;
use crate::process::Process;
use crate::sync;
use crate::viewer::{PATIENCE, Viewer};

const LIMIT: Duration = Duration::from_secs(60);

/// Tags with the wall clock, in milliseconds, of their arrival.
pub struct Arrivals {
    pub tags: Vec<(f64, Tag)>,
}

impl Arrivals {
    /// Plays `url` for this long, counted from the first tag.
    pub async fn of(url: &str, span: Duration) -> Arrivals {
        let mut viewer = Viewer::open(url).await;
        let mut tags: Vec<(f64, Tag)> = Vec::new();
        loop {
            let tag = viewer.next(PATIENCE).await;
            let tag = tag.unwrap_or_else(|error| panic!("{url}: {error} after {} tags", tags.len()));
            tags.push((wall(), tag));
            if tags.last().unwrap().0 - tags[0].0 > span.as_secs_f64() * 1_000.0 {
                return Arrivals { tags };
            }
        }
    }

    /// Pictures or sounds with their arrival.
    pub fn track(&self, kind: MediaKind) -> impl Iterator<Item = &(f64, Tag)> {
        self.tags
            .iter()
            .filter(move |(_, tag)| tag.0 == kind && is_frame(tag))
    }

    /// As an FLV file.
    pub fn file(&self, path: &Path) {
        let mut file = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
        for (_, (kind, time, body)) in &self.tags {
            file.push(match kind {
                MediaKind::Audio => 8,
                MediaKind::Video => 9,
                MediaKind::Data => 18,
            });
            let size = body.len() as u32;
            file.extend(&size.to_be_bytes()[1..]);
            file.extend(&time.to_be_bytes()[1..]);
            file.push((time >> 24) as u8);
            file.extend([0; 3]);
            file.extend(body);
            file.extend((size + 11).to_be_bytes());
        }
        std::fs::write(path, file).unwrap();
    }

    /// Decodes it: what was shown and heard, by the times in the stream.
    pub async fn seen(&self) -> Seen {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("seen.flv");
        self.file(&file);
        let (_, beeps) = sync::onsets(&file).await;
        let frames = self.decode(&file, |_, (_, time, _)| f64::from(*time)).await;
        let beeps = beeps.iter().map(|beep| beep * 1_000.0).collect();
        Seen { frames, beeps }
    }

    /// The pictures, by the time of their arrival.
    pub async fn arrived(&self) -> Vec<Shown> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("arrived.flv");
        self.file(&file);
        self.decode(&file, |arrival, _| arrival).await
    }

    /// Its last picture in colour.
    pub async fn last_picture(&self) -> Picture {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("last.flv");
        self.file(&file);
        last_picture(&file).await
    }

    /// The n-th picture that is decoded is that of the n-th tag: there are no B-frames.
    async fn decode(&self, file: &Path, at: impl Fn(f64, &Tag) -> f64) -> Vec<Shown> {
        let path = file.to_string_lossy().into_owned();
        let value = probe(
            &path,
            &["-select_streams", "v", "-show_entries", "stream=width,height"],
        )
        .await;
        let side = |name: &str| value["streams"][0][name].as_u64().unwrap() as usize;
        let (width, height) = (side("width"), side("height"));
        let arguments = decoding(&path);
        let raw = ["-pix_fmt", "gray", "-f", "rawvideo", "-"];
        let mut decoder = Process::start("ffmpeg", arguments.iter().chain(&raw));
        assert!(decoder.wait(LIMIT).await.success(), "{}", decoder.stderr());
        let luma = std::fs::read(decoder.stdout_file()).unwrap();
        let pictures = luma.chunks_exact(width * height);
        let tags: Vec<_> = self.track(MediaKind::Video).collect();
        assert_eq!(
            pictures.len(),
            tags.len(),
            "pictures decoded of those sent: {}",
            decoder.stderr()
        );
        let shown = pictures.zip(tags);
        shown
            .map(|(luma, (arrival, tag))| read(luma, width, height, at(*arrival, tag)))
            .collect()
    }
}

/// What makes ffmpeg decode every picture of a file.
fn decoding(path: &str) -> [&str; 8] {
    [
        "-v",
        "error",
        "-nostdin",
        "-i",
        path,
        "-an",
        "-vsync",
        "passthrough",
    ]
}

/// The last picture of a file in colour.
pub async fn last_picture(file: &Path) -> Picture {
    let dir = tempfile::tempdir().unwrap();
    let last = dir.path().join("last.ppm").to_string_lossy().into_owned();
    let path = file.to_string_lossy().into_owned();
    let read = decoding(&path);
    let write = ["-y", "-update", "1", &last];
    Process::start("ffmpeg", read.iter().chain(&write))
        .succeed(LIMIT)
        .await;
    Picture::parse(&std::fs::read(&last).unwrap())
}

/// A decoded picture.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// Reads a binary PPM file.
    fn parse(file: &[u8]) -> Picture {
        let mut words = file.splitn(4, |byte| byte.is_ascii_whitespace());
        let mut word = || words.next().unwrap();
        assert_eq!(word(), b"P6");
        let mut number = || std::str::from_utf8(word()).unwrap().parse::<usize>().unwrap();
        let (width, height) = (number(), number());
        let rest = words.next().unwrap();
        let rgb = rest.strip_prefix(b"255\n").expect("eight bits a colour").to_vec();
        assert_eq!(rgb.len(), width * height * 3);
        Picture { width, height, rgb }
    }

    /// The colour at a place from 0 to 1.
    pub fn colour(&self, (x, y): (f64, f64)) -> [u8; 3] {
        let column = (x * (self.width - 1) as f64) as usize;
        let row = (y * (self.height - 1) as f64) as usize;
        let at = (row * self.width + column) * 3;
        self.rgb[at..at + 3].try_into().unwrap()
    }
}
