//! Where the worker's program is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The program's name.
pub const PROGRAM: &str = "lianmai-worker";

/// The program beside `own` (this program's path), or else in one of the folders of `path` (the variable `PATH`).
pub fn locate(own: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let beside = own.and_then(Path::parent).map(Path::to_path_buf);
    let folders = path.into_iter().flat_map(std::env::split_paths);
    // An empty folder in PATH is the working directory; nobody means that here.
    let folders = folders.filter(|folder| folder.is_absolute());
    beside
        .into_iter()
        .chain(folders)
        .map(|folder| folder.join(PROGRAM))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = std::fs::metadata(file);
    meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn program(folder: &Path, mode: u32) -> PathBuf {
        let file = folder.join(PROGRAM);
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_program_beside_this_one_wins_over_path() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let this = own.path().join("lianmai");
        let path = std::env::join_paths([Path::new(""), other.path()]).unwrap();
        assert_eq!(locate(Some(&this), Some(&path)), None);
        let in_path = program(other.path(), 0o755);
        assert_eq!(locate(Some(&this), Some(&path)), Some(in_path.clone()));
        assert_eq!(locate(None, Some(&path)), Some(in_path.clone()));
        program(own.path(), 0o644);
        assert_eq!(locate(Some(&this), Some(&path)), Some(in_path), "not executable");
        let beside = program(own.path(), 0o755);
        assert_eq!(locate(Some(&this), Some(&path)), Some(beside));
        assert_eq!(locate(None, None), None);
    }
}
