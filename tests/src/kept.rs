//! Media that tests share: encoded once, and kept beside the binaries under a name made of what it is made of.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use crate::gateway::binary;

/// The FLV file that ffmpeg makes of `arguments`, which lack the output; made now unless it is there.
///
/// `{0}`, `{1}` … in the arguments stand for files that hold what `inputs` give; `made_of` is what those depend on besides.
pub fn flv(arguments: &[String], inputs: &[&dyn Fn() -> Vec<u8>], made_of: &str) -> PathBuf {
    let folder = binary().with_file_name("test-media");
    let kept = folder.join(format!("{}.flv", name(arguments, made_of)));
    if kept.is_file() {
        return kept;
    }
    std::fs::create_dir_all(&folder).unwrap();
    // Moved into place when it is whole: tests run side by side.
    let dir = tempfile::tempdir_in(&folder).unwrap();
    let mut filled = arguments.to_vec();
    for (n, input) in inputs.iter().enumerate() {
        let file = dir.path().join(n.to_string());
        std::fs::write(&file, input()).unwrap();
        for argument in &mut filled {
            *argument = argument.replace(&format!("{{{n}}}"), &file.to_string_lossy());
        }
    }
    let made = dir.path().join("made.flv");
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "warning", "-nostdin"])
        .args(filled)
        .args(["-f", "flv"])
        .arg(&made)
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {arguments:?} failed: {said}");
    std::fs::rename(&made, &kept).unwrap();
    kept
}

fn name(arguments: &[String], made_of: &str) -> String {
    let mut hash = Sha256::new();
    for part in arguments.iter().chain([&encoder(), &made_of.to_owned()]) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hash = hash.finalize();
    hash[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which ffmpeg it is, told by size and time of its program: another one makes its own.
fn encoder() -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).filter_map(|folder| folder.join("ffmpeg").metadata().ok());
    found
        .next()
        .map_or_else(String::new, |file| format!("{} {}", file.len(), file.mtime()))
}
