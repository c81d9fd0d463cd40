//! Reading one form of a stream.
//!
//! A reader waits for its stream's pulse and for its publisher, who may be away for a while. It may lend its output to
//! the pulse, which then writes without waking it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use lianmai_media::TrackKind;
use tokio::time::Instant;

use crate::cursor::Cursor;
use crate::direct::{Direct, DirectWrite};
use crate::registry::Place;
use crate::seat::Seat;
use crate::stream::{State, Stream};
use crate::{Headers, Item, ReaderStats, StreamKey, Wire};

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
    /// Not a member's player but part of the gateway (a worker, a recorder): not counted as a reader, and no reason to
    /// compose what players take.
    pub internal: bool,
    /// A reason to compose what players take although [`internal`](Self::internal): it sends the plain form on.
    pub composed: bool,
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
    key: StreamKey,
    seat: Seat,
    cursor: Cursor,
    direct: Option<Arc<Direct>>,
    joined: Instant,
}

enum Outcome {
    Ready,
    Wait { until: Option<Instant> },
}

impl Reader {
    pub(crate) fn new(key: StreamKey, stream: Arc<Stream>, place: Place, options: ReadOptions) -> Reader {
        let stats = Arc::new(ReaderStats {
            holder: options.holder,
            internal: options.internal,
            composed: options.composed,
            ..ReaderStats::default()
        });
        let coalesce = options.coalesce.unwrap_or(stream.config.coalesce);
        let seat = Seat::take(stream, place, stats, coalesce);
        let direct = match (&options.wire, options.direct, options.tracks) {
            (Some(wire), Some(output), TrackFilter::All) => {
                let direct = Direct::new(output, wire.clone(), seat.stats().clone());
                seat.pulse().add(direct.clone());
                Some(direct)
            }
            _ => None,
        };
        let mut cursor = Cursor::new(&seat, options.tracks, options.wire);
        if options.tracks != TrackFilter::AudioOnly && !options.skip_gop_cache {
            let keyframe = seat.stream().read(|s| {
                cursor.join(s, s.ring.newest_keyframe());
                s.ring.newest_keyframe()
            });
            if keyframe.is_none() {
                // Where key frames come on demand only, this reader would wait for ever.
                seat.stream().request_keyframe();
            }
        }
        Reader {
            key,
            seat,
            cursor,
            direct,
            joined: Instant::now(),
        }
    }

    /// The stream read.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }

    /// This reader's counters.
    pub fn stats(&self) -> &Arc<ReaderStats> {
        self.seat.stats()
    }

    /// Headers in force at the live edge, which may be newer than those told to this reader.
    pub fn live_headers(&self) -> Arc<Headers> {
        self.seat.stream().read(|s| s.headers.clone())
    }

    /// Which tracks this reader wants.
    pub fn tracks(&self) -> TrackFilter {
        self.cursor.tracks()
    }

    /// What is known about the stream now.
    pub fn stream_stats(&self) -> crate::StreamStats {
        self.seat.stream().stats()
    }

    /// How long the present publication has been on air; `None` while nobody publishes.
    pub fn publication_age(&self) -> Option<Duration> {
        self.seat
            .stream()
            .read(|s| s.on_air.as_ref().map(|p| p.since.elapsed()))
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
        let pulse = self.seat.pulse().clone();
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
        let Some(direct) = &self.direct else {
            return false;
        };
        let Some((position, headers)) = self.cursor.lendable() else {
            return false;
        };
        direct.lend(position, headers);
        // What came, or ended, just before is seen by no pulse: then the reader looks again itself.
        let stats = self.seat.stats();
        let unchanged = self.seat.stream().read(|state| {
            state.on_air.is_some() && state.ring.head() == position && !stats.evicted.load(Relaxed)
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
        self.cursor.moved_to(lent.cursor);
        lent.cut
    }

    fn collect(&mut self, batch: &mut Vec<Delivery>) -> Outcome {
        let stream = self.seat.stream().clone();
        stream.read(|state| {
            if let Some(reason) = self.ended(state) {
                batch.push(Delivery::End(reason));
                return Outcome::Ready;
            }
            self.cursor.take(&stream, state, batch);
            if !batch.is_empty() {
                return Outcome::Ready;
            }
            Outcome::Wait {
                until: self.patience(state),
            }
        })
    }

    fn ended(&self, state: &State) -> Option<EndReason> {
        if self.seat.stats().evicted.load(Relaxed) {
            return Some(EndReason::Revoked);
        }
        if !self.cursor.has_everything(state) {
            return None;
        }
        if state.ended.is_some() {
            return state.ended;
        }
        let until = self.patience(state)?;
        let reason = if self.cursor.started() {
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
        let config = &self.seat.stream().config;
        let back = state.off_air_since + config.continue_window;
        Some(if self.cursor.started() {
            back
        } else {
            back.max(self.joined + config.publisher_wait)
        })
    }

    /// Waits until this reader's right to read is taken back, for whoever is busy with something else than
    /// [`next_batch`](Self::next_batch), which reports it too.
    pub async fn revoked(&self) {
        loop {
            let mut news = std::pin::pin!(self.seat.pulse().readers().notified());
            news.as_mut().enable();
            if self.seat.stats().evicted.load(Relaxed) {
                return;
            }
            news.await;
        }
    }

    /// From now on items come one by one, so that the reader can leave some out.
    pub fn forgo_runs(&mut self) {
        self.cursor.forgo_runs();
    }

    /// Counts all that still waits for this reader as lost. To be called when it is cut off for taking nothing
    /// (R-Q1: no loss without a counter).
    pub fn give_up(&mut self) {
        let head = self.seat.stream().read(|s| s.ring.head());
        self.cursor.give_up(head);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reclaim();
        if let Some(direct) = &self.direct {
            self.seat.pulse().remove(direct);
        }
    }
}
