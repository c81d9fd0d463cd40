//! What a file is, before it is put anywhere.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::Pieces;
use crate::RecordError;
use crate::file::io_error;

/// Size and checksums of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// The entity tag that S3 gives an object of these bytes put in these pieces, unless it encrypts with a key of its
    /// own: MD5, or MD5 of the pieces' MD5 with their number.
    pub(crate) etag: String,
}

/// Reads a file once; `wanted` is the size of pieces. Blocking.
///
/// # Errors
/// [`RecordError::Io`].
pub fn digest(path: &Path, wanted: u64) -> Result<Digest, RecordError> {
    let io = io_error(path);
    let mut file = File::open(path).map_err(&io)?;
    let bytes = file.metadata().map_err(&io)?.len();
    let pieces = Pieces::new(bytes, wanted);
    let mut sha256 = Sha256::new();
    let mut of_pieces = Md5::new();
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    for index in 0..pieces.count() {
        let range = pieces.range(index);
        let mut left = range.end - range.start;
        let mut of_piece = Md5::new();
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = file
                .read(buffer.get_mut(..most).unwrap_or_default())
                .map_err(&io)?;
            if read == 0 {
                break;
            }
            let read_bytes = buffer.get(..read).unwrap_or_default();
            sha256.update(read_bytes);
            of_piece.update(read_bytes);
            left -= read as u64;
            total += read as u64;
        }
        if pieces.is_whole() {
            of_pieces = of_piece;
        } else {
            of_pieces.update(of_piece.finalize());
        }
    }
    let tag = hex(&of_pieces.finalize());
    Ok(Digest {
        bytes: total,
        sha256: sha256.finalize().into(),
        etag: match pieces.is_whole() {
            true => tag,
            false => format!("{tag}-{}", pieces.count()),
        },
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_s3() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "hello").unwrap();
        let whole = digest(&path, 1_000).unwrap();
        assert_eq!(
            (whole.bytes, whole.etag.as_str()),
            (5, "5d41402abc4b2a76b9719d911017c592")
        );
        assert_eq!(whole.sha256, crate::file::hash(&path).unwrap());
        // printf '%s%s' "$(printf hel | md5sum)" "$(printf lo | md5sum)" in binary, summed again.
        let cut = digest(&path, 3).unwrap();
        assert_eq!((cut.sha256, cut.etag.ends_with("-2")), (whole.sha256, true));
        std::fs::write(&path, "").unwrap();
        assert_eq!(digest(&path, 3).unwrap().etag, "d41d8cd98f00b204e9800998ecf8427e");
    }
}
