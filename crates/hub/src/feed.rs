//! Following one track of a stream, in whatever form it can be had.
//!
//! A feed reads the best form for its viewer and changes over when the situation changes: another protocol or codec of
//! the publisher, a first B-frame, a simulcast layer chosen or gone. It is a cursor like a reader, woken with the
//! readers of the form it reads: no task, no queue. A rendition it needs is wanted as long as it reads it, and when one
//! is missing the feed waits for it, however long, while somebody publishes.

mod choice;
mod source;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lianmai_media::{TrackKind, VideoCodec};
use tokio::time::Instant;

use crate::family::Origin;
use crate::pick::{Taste, View};
use crate::registry::Place;
use crate::{Delivery, EndReason, Form, Headers, Hub, Item, PublishError, ReaderStats, StreamKey};
use source::{Bell, Source};

/// How often to look whether a layer that is to take over has a key frame, while the present one is silent.
const LOOK_AT_NEXT: Duration = Duration::from_millis(20);

/// Which pictures a viewer can show. Sound is always Opus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accept {
    /// Codecs it can decode. With H.264 among them it can follow every stream.
    pub video: Vec<VideoCodec>,
    /// Whether pictures may be shown in another order than they are decoded.
    pub b_frames: bool,
}

/// How to follow one track of a stream.
#[derive(Clone, Debug)]
pub struct FeedOptions {
    /// Which track.
    pub kind: TrackKind,
    /// What the viewer can show.
    pub accept: Accept,
    /// Wake at most once in this time; zero: for every item.
    pub coalesce: Duration,
    /// Whose connection it is.
    pub holder: Option<Arc<str>>,
}

/// Follows one track of a stream. Dropping it detaches it.
pub struct Feed {
    place: Place,
    kind: TrackKind,
    taste: Taste,
    coalesce: Duration,
    stats: Arc<ReaderStats>,
    joined: Instant,
    /// What sound begins with; `None`: the next packet.
    start_at: Option<i64>,
    /// The simulcast layer that is wanted.
    layer: u8,
    /// The version of the stream's situation that `view` shows; 0: look again.
    seen: u64,
    view: View,
    current: Option<Source>,
    /// Takes over at its next key frame.
    next: Option<Source>,
    /// Counts changes of `current` and `next`.
    changes: u64,
    /// What the viewer has been told; `None` if it must be told again.
    told: Option<Arc<Headers>>,
    /// The newest frame delivered: on whose timeline, and its time.
    newest: Option<(Origin, i64)>,
}

impl Hub {
    /// Follows one track of the stream with the plain key `key`, whether somebody publishes it yet or not.
    ///
    /// # Errors
    /// [`PublishError::TooManyStreams`].
    pub fn follow(&self, key: &StreamKey, options: FeedOptions) -> Result<Feed, PublishError> {
        let stats = Arc::new(ReaderStats {
            holder: options.holder,
            // Counted as a reader of the stream, not of the forms it comes in.
            internal: true,
            ..ReaderStats::default()
        });
        let place = self.registry.enter_family(&key.plain(), |family| {
            family.add_feed(options.kind, true, stats.clone());
            Place::new(&self.registry, family.clone())
        })?;
        let taste = Taste::Viewer(options.accept);
        Ok(Feed::new(place, options.kind, taste, options.coalesce, stats))
    }
}

impl Feed {
    /// `stats` have been entered into the family as this feed's.
    pub(crate) fn new(
        place: Place,
        kind: TrackKind,
        taste: Taste,
        coalesce: Duration,
        stats: Arc<ReaderStats>,
    ) -> Feed {
        let mut feed = Feed {
            kind,
            taste,
            coalesce,
            stats,
            joined: Instant::now(),
            start_at: None,
            layer: 0,
            seen: 0,
            view: place.family.view(),
            current: None,
            next: None,
            changes: 0,
            told: None,
            newest: None,
            place,
        };
        feed.look();
        feed
    }

    /// Sound held since `millis` is wanted, too.
    pub fn start_at(&mut self, millis: i64) {
        self.start_at = Some(millis);
        self.current = None;
        self.seen = 0;
        self.look();
    }

    /// The plain key of the stream followed.
    pub fn key(&self) -> &StreamKey {
        &self.place.family.key
    }

    /// This feed's counters.
    pub fn stats(&self) -> &Arc<ReaderStats> {
        &self.stats
    }

    /// Waits for news and puts them into `batch`, which is emptied first and never stays empty: [`Delivery::Headers`]
    /// before the first frame, whenever they change for this track, and whenever another form is read from here on;
    /// frames of this track; [`Delivery::Gap`]; [`Delivery::End`], after which it is not to be called again. Nothing is
    /// lost when the future is dropped.
    ///
    /// Times are on one timeline while a publisher stays with one protocol. After a change of layer a frame may be
    /// slightly earlier than the one before it.
    pub async fn next_batch(&mut self, batch: &mut Vec<Delivery>) {
        batch.clear();
        loop {
            let bell = Bell::of(self.current.as_ref(), &self.place);
            let mut news = std::pin::pin!(bell.notified());
            // Listens first and looks then, so that nothing comes in between and one look is enough.
            news.as_mut().enable();
            let before = self.changes;
            if self.collect(batch) {
                return;
            }
            if self.changes != before {
                continue;
            }
            match self.patience().or(self.next_look()) {
                None => news.await,
                // Whether news or the deadline came first, the next look decides.
                Some(until) => drop(tokio::time::timeout_at(until, news).await),
            }
        }
    }

    /// When to look at what is to take over, in case the present form is silent.
    fn next_look(&self) -> Option<Instant> {
        self.next.as_ref().map(|_| Instant::now() + LOOK_AT_NEXT)
    }

    /// Asks for a key frame: whoever publishes what this feed reads, or what that is made of. Requests are merged and
    /// throttled; RTMP publishers cannot be asked.
    pub fn request_keyframe(&self) {
        if let Some(source) = self.next.as_ref().or(self.current.as_ref()) {
            self.place.family.request_keyframe(source.form);
        }
    }

    /// Which simulcast layer to read, 0 being the best; while there is none such, or the publisher sends nothing in it,
    /// the next better one, or else the next one below. Asks for a key frame of it and changes over when that has come;
    /// until then goes on with the present one.
    pub fn choose_layer(&mut self, layer: u8) {
        if self.layer != layer {
            self.layer = layer;
            self.seen = 0;
            self.look();
        }
    }

    /// The layer read now.
    pub fn layer(&self) -> u8 {
        match self.current.as_ref().and_then(|source| source.form) {
            Some(Form::Layer(layer)) => layer,
            _ => 0,
        }
    }

    /// Whether another layer takes over at its next key frame.
    pub fn is_changing(&self) -> bool {
        self.next.is_some()
    }

    /// Layers on air: 0 when nobody publishes, 1 without simulcast.
    pub fn layers(&self) -> u8 {
        let view = self.place.family.view();
        match view.publisher {
            None => 0,
            Some(Origin::Plain) => 1,
            Some(Origin::Rtc) => view.layers.count().saturating_add(1),
        }
    }

    /// Time of the key frame that is read first; `None` if none is there yet.
    pub fn begins_at(&self) -> Option<i64> {
        self.current.as_ref()?.next_millis()
    }

    /// Which of the stream's timelines the last batch was on. It changes when the publisher comes back over another
    /// protocol; times of two timelines cannot be compared.
    pub fn timeline(&self) -> Option<u8> {
        self.current
            .as_ref()
            .map(|source| Origin::of_timeline(source.form) as u8)
    }

    /// Whether what is read now is a WebRTC publisher's own, who makes key frames on demand.
    pub(crate) fn reads_rtc(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|source| matches!(source.form, Some(Form::Rtc | Form::Layer(_))))
    }

    /// Looks for news without waiting. `true` if there are any.
    pub(crate) fn collect(&mut self, batch: &mut Vec<Delivery>) -> bool {
        loop {
            if self.stats.evicted.load(Relaxed) {
                batch.push(Delivery::End(EndReason::Revoked));
                return true;
            }
            self.look();
            self.read(batch);
            if !batch.is_empty() {
                return true;
            }
            if self.seen == self.place.family.version() {
                break;
            }
        }
        if let Some(reason) = self.ended() {
            batch.push(Delivery::End(reason));
        }
        !batch.is_empty()
    }

    fn ended(&self) -> Option<EndReason> {
        if self.view.ended.is_some() {
            return self.view.ended;
        }
        let until = self.patience()?;
        let reason = match self.newest {
            Some(_) => EndReason::PublisherGone,
            None => EndReason::NotPublished,
        };
        (Instant::now() >= until).then_some(reason)
    }

    /// How long to wait for a publisher; for ever while one is on air.
    fn patience(&self) -> Option<Instant> {
        if self.view.publisher.is_some() {
            return None;
        }
        let back = self.view.off_air_since + self.place.registry.config.continue_window;
        Some(match self.newest {
            Some(_) => back,
            None => back.max(self.joined + self.place.registry.config.publisher_wait),
        })
    }

    fn read(&mut self, batch: &mut Vec<Delivery>) {
        let Some(current) = &mut self.current else {
            return;
        };
        let switch_at = self.next.as_mut().and_then(Source::seek_keyframe);
        current.take(batch);
        if let Some(millis) = switch_at {
            let end = batch
                .iter()
                .position(|d| matches!(d, Delivery::Item(item) if item.millis() >= millis));
            batch.truncate(end.unwrap_or(batch.len()));
            while let Some(Delivery::Headers(_)) = batch.last() {
                batch.pop();
            }
            if end.is_some() || batch.is_empty() {
                self.current = self.next.take();
                self.changes += 1;
                self.told = None;
                if let Some(current) = &mut self.current {
                    current.take(batch);
                }
            }
        }
        self.keep_what_is_wanted(batch);
    }

    /// Leaves out what is not for this track, and what its viewer cannot show.
    fn keep_what_is_wanted(&mut self, batch: &mut Vec<Delivery>) {
        let Some(origin) = self.current.as_ref().map(|s| Origin::of_timeline(s.form)) else {
            return;
        };
        let refuse = matches!(&self.taste, Taste::Viewer(accept) if !accept.b_frames);
        let reordered = |item: &Item| item.frame().is_some_and(|f| f.composition.ticks() != 0);
        let bad = |d: &Delivery| matches!(d, Delivery::Item(item) if refuse && reordered(item));
        if let Some(first) = batch.iter().position(bad) {
            // The next look finds that this form is not for this viewer any more.
            batch.truncate(first);
            self.seen = 0;
        }
        batch.retain(|delivery| match delivery {
            Delivery::Headers(headers) => {
                let known = self
                    .told
                    .as_ref()
                    .is_some_and(|told| told.same_track(headers, self.kind));
                self.told = Some(headers.clone());
                !known
            }
            Delivery::Item(item) => item.frame().is_some_and(|frame| frame.kind == self.kind),
            _ => true,
        });
        let newest = batch.iter().rev().find_map(|delivery| match delivery {
            Delivery::Item(item) => Some((origin, item.millis())),
            _ => None,
        });
        self.newest = newest.or(self.newest);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.current = None;
        self.next = None;
        self.place.family.remove_feed(&self.stats);
        self.place.left();
    }
}
