//! Cutting what is longer than a payload into pieces.

/// Pieces of `content`, each at most `room` bytes: as few as possible, and all of the same size but the last, so that
/// packets of one picture can be sent with UDP segmentation offload.
pub(super) fn equal_pieces(content: &[u8], room: usize) -> impl ExactSizeIterator<Item = &[u8]> {
    content.chunks(equal_size(content.len(), room))
}

/// How long each of the pieces of `length` bytes is, but the last.
pub(super) fn equal_size(length: usize, room: usize) -> usize {
    let pieces = length.div_ceil(room.max(1)).max(1);
    length.div_ceil(pieces).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_few_and_equal() {
        let content = [7; 1_000];
        for room in 1..1_100 {
            let lengths: Vec<_> = equal_pieces(&content, room).map(<[u8]>::len).collect();
            assert!(lengths.len() <= 1_000_usize.div_ceil(room));
            assert_eq!(lengths.iter().sum::<usize>(), 1_000);
            let first = lengths[0];
            let (last, others) = lengths.split_last().unwrap();
            assert!(first <= room && *last <= first);
            assert!(others.iter().all(|&length| length == first));
        }
        assert_eq!(equal_pieces(&[], 10).len(), 0);
    }
}
