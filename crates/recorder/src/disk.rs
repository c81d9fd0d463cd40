//! How much space is left.

use std::path::Path;

/// When a recording stops for lack of space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskGuard {
    /// Bytes that stay free; 0: never stop.
    pub min_free: u64,
}

impl Default for DiskGuard {
    fn default() -> DiskGuard {
        DiskGuard { min_free: 256 << 20 }
    }
}

impl DiskGuard {
    /// Whether a recording may go on in `dir`. Where the space cannot be told, it may.
    pub fn allows(self, dir: &Path) -> bool {
        self.leaves(dir, 0)
    }

    /// Whether `extra` bytes more may be written in `dir`.
    pub fn leaves(self, dir: &Path, extra: u64) -> bool {
        self.min_free == 0 && extra == 0
            || free_space(dir).map_or(true, |free| free >= self.min_free.saturating_add(extra))
    }
}

/// Bytes that an unprivileged process may still write below `dir`.
///
/// # Errors
/// Those of `statvfs(3)`.
pub fn free_space(dir: &Path) -> std::io::Result<u64> {
    let stat = nix::sys::statvfs::statvfs(dir)?;
    Ok(stat.blocks_available().saturating_mul(stat.fragment_size()))
}
