//! A place in a stream's ring.
//!
//! Joining puts the cursor on the newest key frame. A cursor that falls off the tail, or further behind than
//! the allowed backlog, jumps to the newest key frame, and the reader learns how many items it lost.
//! A reader holds no media of its own; a batch holds references to at most 64 KiB of it, or one item.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use lianmai_media::TrackKind;

use crate::seat::Seat;
use crate::stream::{State, Stream, millis};
use crate::{Content, Delivery, Headers, Item, ReaderStats, TrackFilter, Wire};

const BATCH_ITEMS: usize = 64;
const BATCH_BYTES: usize = 64 * 1024;

pub(crate) struct Cursor {
    stats: Arc<ReaderStats>,
    tracks: TrackFilter,
    wire: Option<Wire>,
    /// Sequence of the item to be read next.
    position: u64,
    /// Video is passed over until its next key frame.
    needs_keyframe: bool,
    /// Items passed over for want of a key frame count as lost (not when joining).
    lossy: bool,
    started: bool,
    headers: Option<Arc<Headers>>,
}

impl Cursor {
    /// Behind everything that `seat`'s stream holds.
    pub(crate) fn new(seat: &Seat, tracks: TrackFilter, wire: Option<Wire>) -> Cursor {
        Cursor {
            stats: seat.stats().clone(),
            tracks,
            wire,
            position: seat.stream().read(|s| s.ring.head()),
            needs_keyframe: true,
            lossy: false,
            started: false,
            headers: None,
        }
    }

    /// Goes to `place` of what the stream holds.
    pub(crate) fn join(&mut self, state: &State, place: Option<u64>) {
        self.position = place.unwrap_or(state.ring.head());
    }

    pub(crate) fn tracks(&self) -> TrackFilter {
        self.tracks
    }

    /// Whether anything has been read.
    pub(crate) fn started(&self) -> bool {
        self.started
    }

    pub(crate) fn has_everything(&self, state: &State) -> bool {
        self.position >= state.ring.head()
    }

    /// Time of the next item, if it is there.
    pub(crate) fn next_millis(&self, state: &State) -> Option<i64> {
        state.ring.get(self.position).map(|item| item.millis())
    }

    pub(crate) fn forgo_runs(&mut self) {
        self.wire = None;
    }

    /// Where to go on and under which headers, for somebody else who writes runs meanwhile. `None` if this cursor must
    /// look at items itself.
    pub(crate) fn lendable(&self) -> Option<(u64, Arc<Headers>)> {
        let runs = self.wire.is_some() && !self.needs_keyframe;
        let headers = self.headers.clone().filter(|_| runs)?;
        Some((self.position, headers))
    }

    /// Somebody else has read up to `position`.
    pub(crate) fn moved_to(&mut self, position: u64) {
        self.position = position;
        self.started = true;
    }

    /// Counts everything up to `head` as lost.
    pub(crate) fn give_up(&mut self, head: u64) {
        self.count_dropped(head.saturating_sub(self.position));
        self.position = head;
    }

    /// Reads what comes next.
    pub(crate) fn take(&mut self, stream: &Stream, state: &State, batch: &mut Vec<Delivery>) {
        self.skip_what_is_lost(stream, state, batch);
        if !self.take_run(stream, state, batch) {
            self.take_items(state, batch);
        }
        self.stats.backlog_millis.store(self.backlog(state), Relaxed);
    }

    /// Goes to the next key frame and tells its time; `None` if none has come yet.
    pub(crate) fn seek_keyframe(&mut self, state: &State) -> Option<i64> {
        let is_keyframe = |item: &Item| {
            item.frame()
                .is_some_and(|f| f.kind == TrackKind::Video && f.keyframe)
        };
        let found = state.ring.from(self.position).find(|item| is_keyframe(item));
        self.position = found.map_or(state.ring.head(), |item| item.sequence);
        found.map(|item| item.millis())
    }

    /// Jumps to the newest key frame when the cursor fell off the ring or too far behind.
    fn skip_what_is_lost(&mut self, stream: &Stream, state: &State, batch: &mut Vec<Delivery>) {
        let ring = &state.ring;
        let fell_off = self.position < ring.tail();
        let behind = self.backlog(state) > millis(stream.config.max_backlog);
        if !fell_off && !behind {
            return;
        }
        let target = match ring.newest_keyframe() {
            Some(keyframe) if self.tracks != TrackFilter::AudioOnly => keyframe,
            // Sound alone can go on anywhere; a picture waits for its key frame, in the live edge's sound.
            _ => ring.head().saturating_sub(1),
        };
        if target <= self.position {
            return;
        }
        let dropped = target - self.position;
        self.position = target;
        self.needs_keyframe = true;
        self.lossy = true;
        self.count_dropped(dropped);
        batch.push(Delivery::Gap { dropped });
    }

    fn count_dropped(&self, items: u64) {
        self.stats.dropped.fetch_add(items, Relaxed);
        metrics::counter!("lianmai_reader_dropped_items_total").increment(items);
    }

    /// Takes the next items in one piece, when they are wanted just as everybody else's.
    fn take_run(&mut self, stream: &Stream, state: &State, batch: &mut Vec<Delivery>) -> bool {
        let (Some(wire), Some(headers)) = (&self.wire, &self.headers) else {
            return false;
        };
        if self.needs_keyframe || self.tracks != TrackFilter::All {
            return false;
        }
        let (from, head) = (self.position, state.ring.head());
        if from == head {
            return true;
        }
        let items = state.ring.from(from);
        let Some(run) = stream.runs.get(wire, headers, from, head, items) else {
            return false;
        };
        self.position = run.to;
        self.stats.delivered.fetch_add(run.to - run.from, Relaxed);
        self.stats.bytes.fetch_add(run.media as u64, Relaxed);
        batch.push(Delivery::Run(run.bytes));
        true
    }

    fn take_items(&mut self, state: &State, batch: &mut Vec<Delivery>) {
        let mut bytes = 0;
        let mut items = 0;
        let mut passed_over = 0;
        for item in state.ring.from(self.position) {
            if items == BATCH_ITEMS || (items > 0 && bytes + item.size() > BATCH_BYTES) {
                break;
            }
            self.position = item.sequence + 1;
            if let Content::Frame(frame) = &item.content {
                if !self.tracks.wants(frame.kind) {
                    continue;
                }
                if frame.kind == TrackKind::Video && self.needs_keyframe {
                    if !frame.keyframe {
                        passed_over += u64::from(self.lossy);
                        continue;
                    }
                    self.needs_keyframe = false;
                }
            }
            self.tell_headers(item, batch);
            bytes += item.size();
            items += 1;
            batch.push(Delivery::Item(item.clone()));
        }
        self.started |= items > 0;
        self.stats.delivered.fetch_add(items as u64, Relaxed);
        self.stats.bytes.fetch_add(bytes as u64, Relaxed);
        if passed_over > 0 {
            self.count_dropped(passed_over);
        }
    }

    fn tell_headers(&mut self, item: &Arc<Item>, batch: &mut Vec<Delivery>) {
        let changed = match &self.headers {
            Some(known) if Arc::ptr_eq(known, &item.headers) => return,
            Some(known) => **known != *item.headers,
            None => true,
        };
        // Decoding cannot go on across a change of codec before a key frame; encoders send one.
        self.headers = Some(item.headers.clone());
        if changed {
            batch.push(Delivery::Headers(item.headers.clone()));
        }
    }

    fn backlog(&self, state: &State) -> i64 {
        match (state.ring.get(self.position), state.ring.newest()) {
            (Some(next), Some(newest)) => newest.millis() - next.millis(),
            _ => 0,
        }
    }
}
