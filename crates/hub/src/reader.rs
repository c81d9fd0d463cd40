//! A cursor into a stream's ring.
//!
//! Joining puts the cursor on the newest key frame. A cursor that falls off the tail, or further behind than
//! the allowed backlog, jumps to the newest key frame, and the reader learns how many items it lost.
//! A reader holds no media of its own; a batch holds references to at most 64 KiB of it, or one item.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use lianmai_media::TrackKind;
use tokio::time::Instant;

use crate::direct::{Direct, DirectWrite};
use crate::hub::Registry;
use crate::pulse::Pulse;
use crate::stream::{State, Stream, millis};
use crate::{Content, Headers, Item, ReaderStats, StreamKey, Wire};

const BATCH_ITEMS: usize = 64;
const BATCH_BYTES: usize = 64 * 1024;

/// Which tracks a reader wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TrackFilter {
    /// Everything.
    #[default]
    All,
    /// Sound only.
    AudioOnly,
    /// Pictures only.
    VideoOnly,
}

impl TrackFilter {
    /// Whether the track is wanted.
    pub fn wants(self, kind: TrackKind) -> bool {
        match self {
            TrackFilter::All => true,
            TrackFilter::AudioOnly => kind == TrackKind::Audio,
            TrackFilter::VideoOnly => kind == TrackKind::Video,
        }
    }
}

/// How a reader wants to read.
#[derive(Clone, Default)]
pub struct ReadOptions {
    /// Wake at most once in this time; zero: for every item; `None`: the hub's default.
    pub coalesce: Option<Duration>,
    /// Which tracks.
    pub tracks: TrackFilter,
    /// Start with the next key frame instead of the newest one in the ring.
    pub skip_gop_cache: bool,
    /// Whose connection it is.
    pub holder: Option<Arc<str>>,
    /// The reader sends every item as it is in this form: it then gets [`Delivery::Run`] where it can.
    pub wire: Option<Wire>,
    /// Where the reader sends, if the hub may write there by itself while the reader waits in
    /// [`Reader::next_batch`]. Needs [`wire`](Self::wire). Whoever sets it calls [`Reader::reclaim`] before writing.
    pub direct: Option<Arc<dyn DirectWrite>>,
}

impl std::fmt::Debug for ReadOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadOptions")
            .field("coalesce", &self.coalesce)
            .field("tracks", &self.tracks)
            .field("skip_gop_cache", &self.skip_gop_cache)
            .finish_non_exhaustive()
    }
}

/// What a reader gets, in order.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Headers of all items that follow. Comes before the first item and whenever they change.
    Headers(Arc<Headers>),
    /// The next item.
    Item(Arc<Item>),
    /// The next items, ready to send; only for readers that named their [`Wire`](ReadOptions::wire).
    Run(Bytes),
    /// The reader was too slow and lost this many items; a video key frame or sound follows.
    Gap {
        /// Number of items lost.
        dropped: u64,
    },
    /// Nothing more will come.
    End(EndReason),
}

/// Why a stream ended for a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndReason {
    /// Nobody came to publish in time.
    NotPublished,
    /// The publisher left and did not come back in time.
    PublisherGone,
    /// The stream was ended on purpose.
    Finished,
    /// This reader's right to read was taken back.
    Revoked,
    /// The gateway shuts down.
    ShuttingDown,
}

/// A reader of one stream. Dropping it detaches it.
pub struct Reader {
    pub(crate) key: StreamKey,
    pub(crate) stream: Arc<Stream>,
    pub(crate) registry: Arc<Registry>,
    pulse: Arc<Pulse>,
    direct: Option<Arc<Direct>>,
    stats: Arc<ReaderStats>,
    tracks: TrackFilter,
    wire: Option<Wire>,
    skip_gop_cache: bool,
    cursor: u64,
    /// Video is passed over until its next key frame.
    needs_keyframe: bool,
    /// Items passed over for want of a key frame count as lost (not when joining).
    lossy: bool,
    started: bool,
    joined: Instant,
    headers: Option<Arc<Headers>>,
}

enum Outcome {
    Ready,
    Wait { until: Option<Instant> },
}

impl Reader {
    pub(crate) fn new(
        key: StreamKey,
        stream: Arc<Stream>,
        registry: Arc<Registry>,
        options: ReadOptions,
    ) -> Reader {
        let stats = Arc::new(ReaderStats {
            holder: options.holder,
            ..ReaderStats::default()
        });
        stream.add_reader(stats.clone());
        let pulse = stream.pulse(options.coalesce.unwrap_or(stream.config.coalesce));
        let direct = match (&options.wire, options.direct, options.tracks) {
            (Some(wire), Some(output), TrackFilter::All) => {
                let direct = Direct::new(output, wire.clone(), stats.clone());
                pulse.add(direct.clone());
                Some(direct)
            }
            _ => None,
        };
        Reader {
            pulse,
            direct,
            key,
            stats,
            tracks: options.tracks,
            wire: options.wire,
            skip_gop_cache: options.skip_gop_cache,
            cursor: stream.read(|s| s.ring.head()),
            needs_keyframe: true,
            lossy: false,
            started: false,
            joined: Instant::now(),
            headers: None,
            stream,
            registry,
        }
        .join_at_keyframe()
    }

    fn join_at_keyframe(mut self) -> Reader {
        if !self.skip_gop_cache && self.tracks != TrackFilter::AudioOnly {
            self.cursor = self
                .stream
                .read(|s| s.ring.newest_keyframe().unwrap_or(s.ring.head()));
        }
        self
    }

    /// The stream read.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }

    /// This reader's counters.
    pub fn stats(&self) -> &Arc<ReaderStats> {
        &self.stats
    }

    /// Headers in force at the live edge, which may be newer than those told to this reader.
    pub fn live_headers(&self) -> Arc<Headers> {
        self.stream.read(|s| s.headers.clone())
    }

    /// Which tracks this reader wants.
    pub fn tracks(&self) -> TrackFilter {
        self.tracks
    }

    /// What is known about the stream now.
    pub fn stream_stats(&self) -> crate::StreamStats {
        self.stream.stats()
    }

    /// How long the present publication has been on air; `None` while nobody publishes.
    pub fn publication_age(&self) -> Option<Duration> {
        self.stream.read(|s| s.on_air.as_ref().map(|p| p.since.elapsed()))
    }

    /// Waits for news and puts them into `batch`, which is emptied first and never stays empty. After
    /// [`Delivery::End`] do not call it again. Nothing is lost when the future is dropped.
    ///
    /// With a [direct](ReadOptions::direct) output, everything delivered before must have been written.
    pub async fn next_batch(&mut self, batch: &mut Vec<Delivery>) {
        batch.clear();
        if let Some(cut) = self.reclaim() {
            batch.push(Delivery::Run(cut));
            return;
        }
        if let Outcome::Ready = self.collect(batch) {
            return;
        }
        let pulse = self.pulse.clone();
        loop {
            let mut news = std::pin::pin!(pulse.readers().notified());
            news.as_mut().enable();
            match self.collect(batch) {
                Outcome::Ready => return,
                Outcome::Wait { until: None } if self.lend() => {
                    if let Some(direct) = &self.direct {
                        direct.parked().await;
                    }
                    if let Some(cut) = self.reclaim() {
                        batch.push(Delivery::Run(cut));
                        return;
                    }
                }
                Outcome::Wait { until: None } => news.await,
                Outcome::Wait { until: Some(until) } => {
                    // Whether news or the deadline came first, the next look decides.
                    let _ = tokio::time::timeout_at(until, news).await;
                }
            }
        }
    }

    /// Lends the output to the pulse, if this reader has everything and needs nothing of its own.
    fn lend(&mut self) -> bool {
        let (Some(direct), Some(headers), Some(_)) = (&self.direct, &self.headers, &self.wire) else {
            return false;
        };
        if self.needs_keyframe {
            return false;
        }
        direct.lend(self.cursor, headers.clone());
        // What came, or ended, just before is seen by no pulse: then the reader looks again itself.
        let unchanged = self.stream.read(|state| {
            state.on_air.is_some() && state.ring.head() == self.cursor && !self.stats.evicted.load(Relaxed)
        });
        if !unchanged {
            direct.park();
        }
        true
    }

    /// Takes a lent output back. To be called before writing to it: the bytes returned are the end of what was cut
    /// there and come first. Nothing to do for readers without a direct output.
    pub fn reclaim(&mut self) -> Option<Bytes> {
        let lent = self.direct.as_ref()?.take_back()?;
        self.cursor = lent.cursor;
        self.started = true;
        lent.cut
    }

    fn collect(&mut self, batch: &mut Vec<Delivery>) -> Outcome {
        let stream = self.stream.clone();
        stream.read(|state| {
            if let Some(reason) = self.ended(state) {
                batch.push(Delivery::End(reason));
                return Outcome::Ready;
            }
            self.skip_what_is_lost(state, batch);
            self.take(state, batch);
            self.stats.backlog_millis.store(self.backlog(state), Relaxed);
            if !batch.is_empty() {
                return Outcome::Ready;
            }
            Outcome::Wait {
                until: self.patience(state),
            }
        })
    }

    fn ended(&self, state: &State) -> Option<EndReason> {
        if self.stats.evicted.load(Relaxed) {
            return Some(EndReason::Revoked);
        }
        if self.cursor < state.ring.head() {
            return None;
        }
        if state.ended.is_some() {
            return state.ended;
        }
        let until = self.patience(state)?;
        let reason = if self.started {
            EndReason::PublisherGone
        } else {
            EndReason::NotPublished
        };
        (Instant::now() >= until).then_some(reason)
    }

    /// How long to wait for a publisher; for ever while one is on air.
    fn patience(&self, state: &State) -> Option<Instant> {
        if state.on_air.is_some() {
            return None;
        }
        let config = &self.stream.config;
        let back = state.off_air_since + config.continue_window;
        Some(if self.started {
            back
        } else {
            back.max(self.joined + config.publisher_wait)
        })
    }

    /// Jumps to the newest key frame when the cursor fell off the ring or too far behind.
    fn skip_what_is_lost(&mut self, state: &State, batch: &mut Vec<Delivery>) {
        let ring = &state.ring;
        let fell_off = self.cursor < ring.tail();
        let behind = self.backlog(state) > millis(self.stream.config.max_backlog);
        if !fell_off && !behind {
            return;
        }
        let target = match ring.newest_keyframe() {
            Some(keyframe) if self.tracks != TrackFilter::AudioOnly => keyframe,
            // Sound alone can go on anywhere; a picture waits for its key frame, in the live edge's sound.
            _ => ring.head().saturating_sub(1),
        };
        if target <= self.cursor {
            return;
        }
        let dropped = target - self.cursor;
        self.cursor = target;
        self.needs_keyframe = true;
        self.lossy = true;
        self.count_dropped(dropped);
        batch.push(Delivery::Gap { dropped });
    }

    /// Waits until this reader's right to read is taken back, for whoever is busy with something else than
    /// [`next_batch`](Self::next_batch), which reports it too.
    pub async fn revoked(&self) {
        loop {
            let mut news = std::pin::pin!(self.pulse.readers().notified());
            news.as_mut().enable();
            if self.stats.evicted.load(Relaxed) {
                return;
            }
            news.await;
        }
    }

    /// From now on items come one by one, so that the reader can leave some out.
    pub fn forgo_runs(&mut self) {
        self.wire = None;
    }

    /// Counts all that still waits for this reader as lost. To be called when it is cut off for taking nothing
    /// (R-Q1: no loss without a counter).
    pub fn give_up(&mut self) {
        let head = self.stream.read(|s| s.ring.head());
        self.count_dropped(head.saturating_sub(self.cursor));
        self.cursor = head;
    }

    fn count_dropped(&self, items: u64) {
        self.stats.dropped.fetch_add(items, Relaxed);
        metrics::counter!("lianmai_reader_dropped_items_total").increment(items);
    }

    /// Takes the next items in one piece, when they are wanted just as everybody else's.
    fn take_run(&mut self, state: &State, batch: &mut Vec<Delivery>) -> bool {
        let (Some(wire), Some(headers)) = (&self.wire, &self.headers) else {
            return false;
        };
        if self.needs_keyframe || self.tracks != TrackFilter::All {
            return false;
        }
        let (from, head) = (self.cursor, state.ring.head());
        if from == head {
            return true;
        }
        let items = state.ring.from(from);
        let Some(run) = self.stream.runs.get(wire, headers, from, head, items) else {
            return false;
        };
        self.cursor = run.to;
        self.stats.delivered.fetch_add(run.to - run.from, Relaxed);
        self.stats.bytes.fetch_add(run.media as u64, Relaxed);
        batch.push(Delivery::Run(run.bytes));
        true
    }

    fn take(&mut self, state: &State, batch: &mut Vec<Delivery>) {
        if self.take_run(state, batch) {
            return;
        }
        let mut bytes = 0;
        let mut items = 0;
        let mut passed_over = 0;
        for item in state.ring.from(self.cursor) {
            if items == BATCH_ITEMS || (items > 0 && bytes + item.size() > BATCH_BYTES) {
                break;
            }
            self.cursor = item.sequence + 1;
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
        match (state.ring.get(self.cursor), state.ring.newest()) {
            (Some(next), Some(newest)) => newest.millis() - next.millis(),
            _ => 0,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reclaim();
        self.pulse.leave(self.direct.as_ref());
        self.stream.remove_reader(&self.stats);
        self.registry.reader_left(&self.key);
    }
}
