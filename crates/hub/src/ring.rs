//! The bounded sequence of items behind one stream.
//!
//! Sequence numbers are consecutive, so an item's place is its number minus the first. The ring forgets from
//! the tail when it holds more media time or more bytes than allowed; it always keeps the newest item.

use std::collections::VecDeque;
use std::sync::Arc;

use lianmai_media::TrackKind;

use crate::Item;

pub(crate) struct Ring {
    items: VecDeque<Arc<Item>>,
    /// Sequence of the item that will be pushed next.
    head: u64,
    bytes: usize,
    max_millis: i64,
    max_bytes: usize,
    newest_keyframe: Option<u64>,
}

impl Ring {
    pub(crate) fn new(max_millis: i64, max_bytes: usize) -> Ring {
        Ring {
            items: VecDeque::new(),
            head: 0,
            bytes: 0,
            max_millis,
            max_bytes,
            newest_keyframe: None,
        }
    }

    /// Sequence of the next item: where a reader stands that has read everything.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// Sequence of the oldest item still held; equals `head` when empty.
    pub(crate) fn tail(&self) -> u64 {
        self.head - self.items.len() as u64
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn newest(&self) -> Option<&Arc<Item>> {
        self.items.back()
    }

    /// Sequence of the newest video key frame still held, unless it was disowned.
    pub(crate) fn newest_keyframe(&self) -> Option<u64> {
        self.newest_keyframe
    }

    /// From now on nobody joins at a key frame pushed before: it belongs to a publication that ended.
    pub(crate) fn disown_keyframe(&mut self) {
        self.newest_keyframe = None;
    }

    /// Forgets all items. Numbers go on.
    pub(crate) fn clear(&mut self) {
        self.items = VecDeque::new();
        self.bytes = 0;
        self.newest_keyframe = None;
    }

    pub(crate) fn push(&mut self, item: Arc<Item>) {
        debug_assert_eq!(item.sequence, self.head);
        if item
            .frame()
            .is_some_and(|f| f.kind == TrackKind::Video && f.keyframe)
        {
            self.newest_keyframe = Some(item.sequence);
        }
        let newest = item.millis();
        self.bytes += item.size();
        self.head += 1;
        self.items.push_back(item);
        while self.items.len() > 1 {
            let Some(oldest) = self.items.front() else { break };
            let too_old = newest.saturating_sub(oldest.millis()) > self.max_millis;
            if !too_old && self.bytes <= self.max_bytes {
                break;
            }
            self.bytes -= oldest.size();
            self.items.pop_front();
        }
        if self.newest_keyframe.is_some_and(|at| at < self.tail()) {
            self.newest_keyframe = None;
        }
    }

    /// The item numbered `sequence`, if it is still held.
    pub(crate) fn get(&self, sequence: u64) -> Option<&Arc<Item>> {
        let place = sequence.checked_sub(self.tail())?;
        self.items.get(usize::try_from(place).ok()?)
    }

    /// Items from `sequence` on.
    pub(crate) fn from(&self, sequence: u64) -> impl Iterator<Item = &Arc<Item>> {
        let skip = sequence.saturating_sub(self.tail());
        self.items
            .range(usize::try_from(skip).unwrap_or(usize::MAX).min(self.items.len())..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, Headers};
    use bytes::Bytes;
    use lianmai_media::{Frame, MediaDuration, MediaTime};
    use proptest::prelude::*;

    fn item(sequence: u64, millis: i64, size: usize, keyframe: bool) -> Arc<Item> {
        let frame = Frame {
            kind: TrackKind::Video,
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(0),
            keyframe,
            payload: Bytes::from(vec![0; size]),
        };
        Arc::new(Item::new(
            sequence,
            Arc::new(Headers::default()),
            Content::Frame(frame),
        ))
    }

    proptest! {
        /// R-Q2: whatever is pushed, the ring stays within its bounds (or holds one item).
        #[test]
        fn stays_within_bounds(pushes in prop::collection::vec((0i64..400, 0usize..4_000, any::<bool>()), 1..200)) {
            let mut ring = Ring::new(2_000, 20_000);
            let mut millis = 0;
            for (n, (step, size, key)) in pushes.into_iter().enumerate() {
                millis += step;
                ring.push(item(n as u64, millis, size, key));
                let held: Vec<_> = ring.from(0).collect();
                prop_assert!(held.len() == 1 || ring.bytes() <= 20_000);
                prop_assert!(millis - held[0].millis() <= 2_000);
                prop_assert_eq!(held.iter().map(|i| i.size()).sum::<usize>(), ring.bytes());
                prop_assert_eq!(held[0].sequence, ring.tail());
                prop_assert_eq!(ring.head(), n as u64 + 1);
                let newest_key = held.iter().rev().find(|i| i.frame().unwrap().keyframe).map(|i| i.sequence);
                prop_assert_eq!(ring.newest_keyframe(), newest_key);
            }
        }
    }

    #[test]
    fn items_are_found_by_number() {
        let mut ring = Ring::new(100, 1_000);
        for n in 0..10 {
            ring.push(item(n, n as i64 * 40, 10, n == 7));
        }
        assert_eq!((ring.tail(), ring.head()), (7, 10));
        assert!(ring.get(6).is_none() && ring.get(10).is_none());
        assert_eq!(ring.get(8).unwrap().sequence, 8);
        assert_eq!(ring.from(9).count(), 1);
        assert_eq!(ring.from(42).count(), 0);
        ring.disown_keyframe();
        assert_eq!(ring.newest_keyframe(), None);
        ring.clear();
        assert_eq!((ring.tail(), ring.head(), ring.bytes()), (10, 10, 0));
    }
}
