//! What ffprobe and ffmpeg say about a file.

use std::path::Path;
use std::process::Command;

use lianmai_media::TrackKind;
use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) kind: TrackKind,
    pub(crate) pts: f64,
    pub(crate) dts: f64,
    pub(crate) key: bool,
}

pub(crate) fn probe(path: &Path, what: &[&str]) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(what)
        .arg(path)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{}: {errors}",
        path.display()
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn packets(path: &Path) -> Vec<Packet> {
    let found = probe(
        path,
        &["-show_entries", "packet=codec_type,pts_time,dts_time,flags"],
    );
    let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
    let all = found["packets"].as_array().unwrap();
    all.iter()
        .map(|packet| Packet {
            kind: if packet["codec_type"] == "video" {
                TrackKind::Video
            } else {
                TrackKind::Audio
            },
            pts: number(&packet["pts_time"]),
            dts: number(&packet["dts_time"]),
            key: packet["flags"].as_str().unwrap().starts_with('K'),
        })
        .collect()
}

pub(crate) fn of_kind(packets: &[Packet], kind: TrackKind) -> Vec<Packet> {
    packets
        .iter()
        .filter(|packet| packet.kind == kind)
        .cloned()
        .collect()
}

pub(crate) fn duration(path: &Path) -> f64 {
    let format = probe(path, &["-show_entries", "format=duration"]);
    format["format"]["duration"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn codecs(path: &Path) -> Vec<String> {
    let found = probe(path, &["-show_entries", "stream=codec_name"]);
    let all = found["streams"].as_array().unwrap();
    all.iter()
        .map(|stream| stream["codec_name"].as_str().unwrap().to_owned())
        .collect()
}

/// Decodes everything; panics on any error.
pub(crate) fn decode(path: &Path) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-xerror", "-i"])
        .arg(path)
        .args([
            "-vsync",
            "passthrough",
            "-enc_time_base:v",
            "1:90000",
            "-f",
            "null",
            "-",
        ])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{}: {errors}",
        path.display()
    );
}

/// Kinds of the boxes at the top level, in order.
pub(crate) fn boxes(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let (mut kinds, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        kinds.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
        assert!(
            size >= 8 && at + size <= bytes.len(),
            "a box of {size} bytes at {at}"
        );
        at += size;
    }
    kinds
}

pub(crate) fn sha256(path: &Path) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(std::fs::read(path).unwrap()).into()
}
