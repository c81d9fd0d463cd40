//! FLV files read piece by piece: cutting the bytes anywhere gives the same tags and the same error.
//! The first byte is the length of the pieces.
#![no_main]

use lianmai_media::flv::{FlvReader, ReaderError, ReaderLimits, Tag};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&piece, file)) = input.split_first() else {
        return;
    };
    let whole = read(file, file.len().max(1));
    let pieces = read(file, usize::from(piece).max(1));
    assert_eq!(whole, pieces);
});

fn read(file: &[u8], piece: usize) -> (Vec<Tag>, Option<ReaderError>, usize) {
    let mut reader = FlvReader::new(ReaderLimits { body: 4_096 });
    let mut tags = Vec::new();
    for bytes in file.chunks(piece) {
        reader.push(bytes);
        loop {
            match reader.poll() {
                Ok(Some(tag)) => tags.push(tag),
                Ok(None) => break,
                Err(error) => return (tags, Some(error), reader.buffered()),
            }
        }
    }
    (tags, None, reader.buffered())
}
