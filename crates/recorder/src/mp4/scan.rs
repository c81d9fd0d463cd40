//! Reading back a fragmented file, whole or cut anywhere.
//!
//! Only headers and movie boxes are read, not the media. A fragment counts when all its data is there.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use mp4_atom::{Atom, Moof, Moov};

use super::table::Tables;
use crate::RecordError;

/// The longest movie header and fragment header that are read.
const MAX_MOOV: u64 = 256 << 20;
const MAX_MOOF: u64 = 16 << 20;

/// What is in a file.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The movie box; media segments have none.
    pub(crate) moov: Option<Moov>,
    pub(crate) tables: Tables,
    /// Everything before this byte is whole.
    pub(crate) valid: u64,
    /// Bytes of the file.
    pub(crate) length: u64,
}

#[derive(Clone, Copy)]
struct BoxAt {
    kind: [u8; 4],
    at: u64,
    body: u64,
    end: u64,
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RecordError {
    move |source| RecordError::Io {
        path: path.to_owned(),
        source,
    }
}

/// The box at byte `at`; `None` where the rest of the file is no whole box.
fn box_at(file: &File, at: u64, length: u64) -> std::io::Result<Option<BoxAt>> {
    let rest = length.saturating_sub(at);
    let mut head = [0; 16];
    let known = usize::try_from(rest.min(16)).unwrap_or(16);
    let Some(head_part) = head.get_mut(..known).filter(|_| rest >= 8) else {
        return Ok(None);
    };
    file.read_exact_at(head_part, at)?;
    let [s0, s1, s2, s3, k0, k1, k2, k3, large @ ..] = head;
    let (header, size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        1 if rest >= 16 => (16, u64::from_be_bytes(large)),
        1 => return Ok(None),
        size => (8, u64::from(size)),
    };
    if size < header || size > rest {
        return Ok(None);
    }
    Ok(Some(BoxAt {
        kind: [k0, k1, k2, k3],
        at,
        body: at + header,
        end: at + size,
    }))
}

fn body(file: &File, found: BoxAt, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let size = found.end - found.body;
    let Some(size) = usize::try_from(size).ok().filter(|_| size <= limit) else {
        return Ok(None);
    };
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, found.body)?;
    Ok(Some(bytes))
}

/// Reads what is whole in `file`.
///
/// # Errors
/// [`RecordError::Io`]; what is not whole or not understood ends the scan and is no error.
pub(crate) fn scan(file: &File, path: &Path) -> Result<Scan, RecordError> {
    let length = file.metadata().map_err(io(path))?.len();
    let mut scan = Scan {
        moov: None,
        tables: Tables::default(),
        valid: 0,
        length,
    };
    let mut fragment: Option<(Moof, u64)> = None;
    let mut at = 0;
    while let Some(found) = box_at(file, at, length).map_err(io(path))? {
        at = found.end;
        match &found.kind {
            b"moov" => {
                let Some(bytes) = body(file, found, MAX_MOOV).map_err(io(path))? else {
                    break;
                };
                let Ok(moov) = Moov::decode_body(&mut bytes.as_slice()) else {
                    break;
                };
                scan.moov = Some(moov);
            }
            b"moof" => {
                let Some(bytes) = body(file, found, MAX_MOOF).map_err(io(path))? else {
                    break;
                };
                let Ok(moof) = Moof::decode_body(&mut bytes.as_slice()) else {
                    break;
                };
                fragment = Some((moof, found.at));
                continue;
            }
            b"mdat" => {
                if let Some((moof, moof_at)) = fragment.take()
                    && scan.tables.add(&moof, moof_at, found.end).is_err()
                {
                    break;
                }
            }
            b"ftyp" | b"free" | b"styp" => {}
            _ => break,
        }
        scan.valid = found.end;
    }
    Ok(scan)
}

/// The movie box of a finished file, with the order of the boxes around it; `None` if there is none.
///
/// # Errors
/// [`RecordError::Io`].
pub(crate) fn read_moov(file: &File, path: &Path) -> Result<Option<Moov>, RecordError> {
    let length = file.metadata().map_err(io(path))?.len();
    let mut at = 0;
    while let Some(found) = box_at(file, at, length).map_err(io(path))? {
        if &found.kind == b"moov" {
            let bytes = body(file, found, MAX_MOOV).map_err(io(path))?;
            return Ok(bytes.and_then(|bytes| Moov::decode_body(&mut bytes.as_slice()).ok()));
        }
        at = found.end;
    }
    Ok(None)
}
