//! Frames out of a byte stream (RFC 4571 §2). No I/O.

use bytes::{Buf, BytesMut};

/// Bytes as they come; frames as they were sent.
#[derive(Default)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// Length of the frame at the buffer's beginning, once its header was taken off.
    length: Option<usize>,
}

impl Frames {
    /// Where to read to, with room for a frame of `limit` bytes.
    pub(super) fn buffer(&mut self, limit: usize) -> &mut BytesMut {
        self.buffer.reserve(limit + 2);
        &mut self.buffer
    }

    /// Calls `each` with every complete frame. Empty ones (RFC 4571 allows them to keep a path open) are skipped.
    /// Returns how many frames there were.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub(super) fn take<E>(
        &mut self,
        limit: usize,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, FrameError<E>> {
        let mut count = 0;
        loop {
            let length = match self.length {
                Some(length) => length,
                None if self.buffer.len() < 2 => return Ok(count),
                None => usize::from(self.buffer.get_u16()),
            };
            if length > limit {
                return Err(FrameError::TooLong);
            }
            self.length = Some(length);
            let Some(frame) = self.buffer.get(..length) else {
                return Ok(count);
            };
            if length > 0 {
                each(frame).map_err(FrameError::Each)?;
                count += 1;
            }
            self.buffer.advance(length);
            self.length = None;
        }
    }
}

/// Why frames end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FrameError<E> {
    /// A frame is longer than allowed, by its header: the stream cannot be followed any further.
    TooLong,
    /// What was done with a frame failed.
    Each(E),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream_of(frames: &[Vec<u8>]) -> Vec<u8> {
        let framed =
            |frame: &Vec<u8>| [&u16::try_from(frame.len()).unwrap().to_be_bytes()[..], frame].concat();
        frames.iter().flat_map(framed).collect()
    }

    proptest! {
        #[test]
        fn any_way_of_cutting_gives_the_same_frames(
            sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..12),
            cuts in prop::collection::vec(1..40_usize, 1..20),
        ) {
            let stream = stream_of(&sent);
            let mut frames = Frames::default();
            let mut got = Vec::new();
            let (mut rest, mut cuts) = (stream.as_slice(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (part, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                rest = after;
                frames.buffer(100).extend_from_slice(part);
                frames.take(100, |frame| { got.push(frame.to_vec()); Ok::<_, ()>(()) }).unwrap();
            }
            let full: Vec<_> = sent.into_iter().filter(|frame| !frame.is_empty()).collect();
            prop_assert_eq!(got, full);
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_known_by_its_header() {
        let mut frames = Frames::default();
        frames.buffer(100).extend_from_slice(&[0, 1, 7, 0, 101]);
        let mut got = Vec::new();
        let taken = frames.take(100, |frame| {
            got.push(frame.to_vec());
            Ok::<_, ()>(())
        });
        assert_eq!(taken, Err(FrameError::TooLong));
        assert_eq!(got, [vec![7]]);
    }

    #[test]
    fn the_first_failure_ends_it() {
        let mut frames = Frames::default();
        frames
            .buffer(100)
            .extend_from_slice(&stream_of(&[vec![1], vec![2]]));
        assert_eq!(
            frames.take(100, |frame| Err(frame.to_vec())),
            Err(FrameError::Each(vec![1]))
        );
    }
}
