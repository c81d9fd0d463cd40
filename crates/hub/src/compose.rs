//! What RTMP and FLV players of a WebRTC publisher get.
//!
//! One task per stream, while it has such players: pictures as they come if they are H.264 and upright, else the H.264
//! rendition; sound from the AAC rendition; both in order of time. It publishes into the plain form, where players stay
//! when it ends, for a publisher that comes back over whatever protocol. It is nobody's publication: it makes no events,
//! gives way to any member's, and counts for nothing.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use lianmai_media::TrackKind;
use tokio::time::Instant;

use crate::family::{Family, Origin};
use crate::merge::{MAX_WAIT, Merger};
use crate::pick::Taste;
use crate::registry::{Place, Registry};
use crate::{Delivery, Feed, Form, Headers, Item, Publication, PushError, ReaderStats};

/// How long it goes on without players.
const LINGER: Duration = Duration::from_secs(3);
/// How often it looks after players and key frames.
const LOOK: Duration = Duration::from_millis(250);
/// Players need a key frame at least every two seconds, and WebRTC publishers make one on demand only (R-V3).
const KEYFRAME_EVERY: Duration = Duration::from_millis(1_750);

/// Composes the plain form of `family` until there is nothing more to compose, or nobody to compose it for.
pub(crate) async fn run(registry: Arc<Registry>, family: Arc<Family>) {
    loop {
        if let Some(composition) = Composition::begin(&registry, &family) {
            composition.run().await;
        }
        let mut air = family.air();
        let go_on = air.publisher == Some(Origin::Rtc) && family.players() > 0;
        if !go_on || registry.stop.is_cancelled() {
            air.composing = false;
            break;
        }
    }
    registry.left(&family);
}

struct Composition {
    registry: Arc<Registry>,
    family: Arc<Family>,
    publication: Publication,
    audio: Track,
    video: Track,
    merger: Merger<Arc<Item>>,
    played_until: Instant,
    last_keyframe: Instant,
    asked: bool,
}

/// One of its sources.
struct Track {
    feed: Feed,
    batch: Vec<Delivery>,
    /// Of what was pushed last.
    headers: Option<Arc<Headers>>,
}

impl Track {
    fn new(registry: &Arc<Registry>, family: &Arc<Family>, kind: TrackKind) -> Track {
        let stats = Arc::new(ReaderStats {
            internal: true,
            ..ReaderStats::default()
        });
        family.add_feed(kind, false, stats.clone());
        let place = Place::new(registry, family.clone());
        Track {
            feed: Feed::new(place, kind, Taste::Flv, Duration::ZERO, stats),
            batch: Vec::new(),
            headers: None,
        }
    }

    fn read_what_is_there(&mut self) -> bool {
        self.batch.clear();
        self.feed.collect(&mut self.batch)
    }
}

impl Composition {
    fn begin(registry: &Arc<Registry>, family: &Arc<Family>) -> Option<Composition> {
        let publication = registry.publish_composition(family)?;
        metrics::counter!("lianmai_compositions_total").increment(1);
        let video = Track::new(registry, family, TrackKind::Video);
        let mut audio = Track::new(registry, family, TrackKind::Audio);
        let now = Instant::now();
        let mut merger = Merger::new();
        if let Some(millis) = video.feed.begins_at() {
            audio.feed.start_at(millis);
        }
        if family.form(Some(Form::Aac)).is_some_and(|aac| !aac.is_off_air()) {
            merger.expect(TrackKind::Audio, now);
        }
        Some(Composition {
            registry: registry.clone(),
            family: family.clone(),
            publication,
            audio,
            video,
            merger,
            played_until: now,
            last_keyframe: now,
            asked: false,
        })
    }

    async fn run(mut self) {
        let mut look = tokio::time::interval(LOOK);
        let mut situation = self.family.version();
        loop {
            let late = Instant::now() + LOOK;
            let due = self.merger.deadline().unwrap_or(late);
            let news = tokio::select! {
                biased;
                () = self.registry.stop.cancelled() => return,
                _ = self.publication.stopped() => return,
                () = self.family.changed_since(situation) => {
                    situation = self.family.version();
                    self.is_over()
                }
                () = self.video.feed.next_batch(&mut self.video.batch), if self.merger.has_room(TrackKind::Video) => {
                    self.take(TrackKind::Video)
                }
                () = self.audio.feed.next_batch(&mut self.audio.batch), if self.merger.has_room(TrackKind::Audio) => {
                    self.take(TrackKind::Audio)
                }
                () = tokio::time::sleep_until(due), if due < late => ControlFlow::Continue(()),
                _ = look.tick() => self.look_after(),
            };
            if news.is_break() {
                return self.finish();
            }
            if self.pass_on(Instant::now()).is_err() {
                return;
            }
        }
    }

    /// Passes on what is there.
    fn finish(mut self) {
        for kind in [TrackKind::Video, TrackKind::Audio] {
            while self.track(kind).read_what_is_there() {
                if self.take(kind).is_break() {
                    break;
                }
            }
        }
        // Superseded or not, there is nothing more to do.
        let _ = self.pass_on(Instant::now() + MAX_WAIT);
    }

    fn track(&mut self, kind: TrackKind) -> &mut Track {
        match kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => &mut self.video,
        }
    }

    fn take(&mut self, kind: TrackKind) -> ControlFlow<()> {
        let now = Instant::now();
        let batch = std::mem::take(&mut self.track(kind).batch);
        for delivery in batch {
            match delivery {
                Delivery::Item(item) => self.merger.put(kind, item.millis(), item, now),
                Delivery::End(_) => return ControlFlow::Break(()),
                // Items bring their headers; losses are counted where they happen.
                Delivery::Headers(_) | Delivery::Gap { .. } | Delivery::Run(_) => {}
            }
        }
        ControlFlow::Continue(())
    }

    /// Publishes what need not wait beyond `now`.
    fn pass_on(&mut self, now: Instant) -> Result<(), PushError> {
        while let Some(item) = self.merger.pop(now) {
            let Some(frame) = item.frame() else { continue };
            let track = self.track(frame.kind);
            let known = track
                .headers
                .as_ref()
                .is_some_and(|h| Arc::ptr_eq(h, &item.headers));
            if !known {
                track.headers = Some(item.headers.clone());
                self.announce(frame.kind, &item.headers)?;
            }
            if frame.kind == TrackKind::Video && frame.keyframe {
                self.last_keyframe = now;
            }
            match self.publication.push(frame.clone()) {
                Err(PushError::Superseded) => return Err(PushError::Superseded),
                // A frame that has no place is lost alone; the normaliser of its source lets none through.
                Err(_) => metrics::counter!("lianmai_composition_dropped_frames_total").increment(1),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn announce(&self, kind: TrackKind, headers: &Headers) -> Result<(), PushError> {
        match kind {
            TrackKind::Audio => headers.audio.clone().map(|c| self.publication.set_audio(c)),
            TrackKind::Video => headers.video.clone().map(|c| self.publication.set_video(c)),
        }
        .transpose()
        .map(drop)
    }

    fn is_over(&self) -> ControlFlow<()> {
        match self.family.air().publisher {
            Some(Origin::Rtc) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    fn look_after(&mut self) -> ControlFlow<()> {
        let now = Instant::now();
        if self.family.players() > 0 {
            self.played_until = now;
        }
        // The first one forwarded comes from the ring and may be old.
        let first = !std::mem::replace(&mut self.asked, true);
        if self.video.feed.reads_rtc() && (first || now >= self.last_keyframe + KEYFRAME_EVERY) {
            self.video.feed.request_keyframe();
        }
        if now >= self.played_until + LINGER {
            return ControlFlow::Break(());
        }
        self.is_over()
    }
}
