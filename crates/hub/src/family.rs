//! All forms of one stream: who publishes it, and what there is to read.
//!
//! At most one member publishes a stream at a time: into the plain form over RTMP, or into [`Form::Rtc`] over WebRTC.
//! The two forms have a timeline each, which lasts as long as anybody needs any form of the stream; renditions and
//! layers come and go. Whoever must know of changes compares a version and waits here or on the stream it reads.

mod flow;
mod member;
mod report;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lianmai_media::TrackKind;
use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::contest::Contest;
use crate::gate::Switches;
use crate::pick::View;
use crate::stream::{Stream, Surroundings};
use crate::timeline::LayerClock;
use crate::{EndReason, Form, ReaderStats, StreamKey};
use flow::Flow;

/// Which form a member publishes into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// The plain one, over RTMP.
    Plain,
    /// [`Form::Rtc`], over WebRTC.
    Rtc,
}

impl Origin {
    pub(crate) fn form(self) -> Option<Form> {
        match self {
            Origin::Plain => None,
            Origin::Rtc => Some(Form::Rtc),
        }
    }

    /// The one that members publish `form` into; `None` for forms that are made of others.
    pub(crate) fn of_publication(form: Option<Form>) -> Option<Origin> {
        match form {
            None => Some(Origin::Plain),
            Some(Form::Rtc) => Some(Origin::Rtc),
            Some(_) => None,
        }
    }

    /// Whose timeline `form` is on.
    pub(crate) fn of_timeline(form: Option<Form>) -> Origin {
        match form {
            None | Some(Form::Opus | Form::NoBFrames) => Origin::Plain,
            Some(Form::Rtc | Form::Layer(_) | Form::Aac | Form::H264) => Origin::Rtc,
        }
    }
}

/// Whether a member publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Air {
    /// Into what, if one does.
    pub(crate) publisher: Option<Origin>,
    /// Into what one published last.
    pub(crate) last: Option<Origin>,
    /// When the last publication ended, or the stream was first asked for.
    pub(crate) off_air_since: Instant,
    /// The stream was ended on purpose.
    pub(crate) ended: Option<EndReason>,
    /// A composition for the plain form is running.
    pub(crate) composing: bool,
}

#[derive(Default)]
struct Feeds {
    present: Vec<Follower>,
    dropped_by_departed: u64,
}

struct Follower {
    kind: TrackKind,
    /// Not one of the hub's own.
    counted: bool,
    stats: Arc<ReaderStats>,
}

pub(crate) struct Family {
    /// The plain key.
    pub(crate) key: StreamKey,
    version: AtomicU64,
    changes: Notify,
    /// Locked before `forms`, as are the hub's families before this.
    air: Mutex<Air>,
    forms: RwLock<Vec<Arc<Stream>>>,
    feeds: Mutex<Feeds>,
    switches: Arc<Switches>,
    /// Locked after `air`.
    contest: Mutex<Contest>,
    pub(crate) layer_clock: LayerClock,
    /// Locked last.
    flow: Mutex<Flow>,
}

impl Family {
    pub(crate) fn new(key: StreamKey, switches: Switches) -> Arc<Family> {
        Arc::new(Family {
            key,
            version: AtomicU64::new(1),
            changes: Notify::new(),
            air: Mutex::new(Air {
                publisher: None,
                last: None,
                off_air_since: Instant::now(),
                ended: None,
                composing: false,
            }),
            forms: RwLock::default(),
            feeds: Mutex::default(),
            switches: Arc::new(switches),
            contest: Mutex::default(),
            layer_clock: LayerClock::default(),
            flow: Mutex::default(),
        })
    }

    pub(crate) fn air(&self) -> MutexGuard<'_, Air> {
        self.air.lock()
    }

    /// Grows with every change that readers of any form may have to react to. Never 0.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Where those wait who have no form to read.
    pub(crate) fn changes(&self) -> &Notify {
        &self.changes
    }

    /// Something changed. Not to be called with a stream's lock held.
    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.changes.notify_waiters();
        for stream in self.forms.read().iter() {
            stream.nudge();
        }
    }

    /// Waits until there is another version than `seen`.
    pub(crate) async fn changed_since(&self, seen: u64) {
        loop {
            let mut news = std::pin::pin!(self.changes.notified());
            news.as_mut().enable();
            if self.version() != seen {
                return;
            }
            news.await;
        }
    }

    pub(crate) fn form(&self, form: Option<Form>) -> Option<Arc<Stream>> {
        self.forms.read().iter().find(|s| s.form == form).cloned()
    }

    /// The stream of `form`, made if there is none. For the registry, whose lock keeps it from being let go of before
    /// somebody is in it.
    pub(crate) fn stream(
        self: &Arc<Self>,
        form: Option<Form>,
        surroundings: impl FnOnce() -> Surroundings,
    ) -> Arc<Stream> {
        let mut forms = self.forms.write();
        if let Some(stream) = forms.iter().find(|s| s.form == form) {
            return stream.clone();
        }
        let stream = Stream::new(form, Arc::downgrade(self), self.switches.clone(), surroundings());
        forms.push(stream.clone());
        stream
    }

    /// Where the source of a rendition stands; 0 for other forms.
    pub(crate) fn source_millis(&self, form: Option<Form>) -> i64 {
        let source = form
            .filter(|f| f.is_rendition())
            .and_then(|f| self.form(f.source()));
        source.map_or(0, |s| s.newest_millis())
    }

    /// Stops `holder`'s publications and ends their readers.
    pub(crate) fn disconnect(&self, holder: &str) {
        for stream in self.forms.read().iter() {
            stream.disconnect(holder);
        }
        for feed in &self.feeds.lock().present {
            if feed.stats.holder.as_deref() == Some(holder) {
                feed.stats.evicted.store(true, Ordering::Relaxed);
            }
        }
        self.changes.notify_waiters();
    }

    pub(crate) fn request_keyframe(&self, form: Option<Form>) {
        let asked = match form {
            Some(form) if form.is_rendition() => form.source(),
            Some(form) => Some(form),
            None => self.air().publisher.and_then(Origin::form),
        };
        if let Some(stream) = self.form(asked) {
            stream.request_keyframe();
        }
    }

    /// Silences a track, or no longer.
    pub(crate) fn silence(&self, kind: TrackKind, on: bool) {
        if !self.switches.set(kind, on) || kind == TrackKind::Audio {
            return;
        }
        for stream in self.forms.read().iter() {
            match stream.form {
                _ if on => stream.disown_keyframe(),
                Some(form) if form.is_rendition() => {}
                _ => stream.request_keyframe(),
            }
        }
    }

    /// A picture of a simulcast layer came, the best one being 0. `true` if that changes which of them flow.
    pub(crate) fn layer_flows(&self, layer: u8, millis: i64) -> bool {
        self.flow.lock().take(layer, millis)
    }

    /// A layer begins anew.
    pub(crate) fn layer_begins(&self, layer: u8) {
        self.flow.lock().forget(layer);
    }

    pub(crate) fn add_feed(&self, kind: TrackKind, counted: bool, stats: Arc<ReaderStats>) {
        self.feeds.lock().present.push(Follower { kind, counted, stats });
    }

    pub(crate) fn remove_feed(&self, stats: &Arc<ReaderStats>) {
        let mut feeds = self.feeds.lock();
        let Some(place) = feeds.present.iter().position(|f| Arc::ptr_eq(&f.stats, stats)) else {
            return;
        };
        if feeds.present.swap_remove(place).counted {
            feeds.dropped_by_departed += stats.dropped();
        }
    }

    /// What there is to read.
    pub(crate) fn view(&self) -> View {
        let air = *self.air.lock();
        let forms = self.forms.read();
        let mut view = View::new(&air);
        view.flowing = self.flow.lock().flowing();
        for stream in forms.iter() {
            stream.read(|state| match (stream.form, air.publisher) {
                (Some(Form::Layer(n)), _) if state.on_air.is_some() => view.add_layer(n, &state.headers),
                (form, Some(publisher)) if form == publisher.form() => {
                    view.headers = state.headers.clone();
                    view.reordered = state.meter.video.reordered;
                }
                _ => {}
            });
        }
        view
    }

    /// Players of the plain form that are not the gateway's own.
    pub(crate) fn players(&self) -> usize {
        self.form(None).map_or(0, |plain| plain.players())
    }

    /// Lets go of what nobody needs. `true` if that is everything.
    pub(crate) fn tidy(&self) -> bool {
        let composing = self.air.lock().composing;
        let mut forms = self.forms.write();
        forms.retain(|s| Origin::of_publication(s.form).is_some() || !s.is_idle());
        let idle = forms.iter().all(|s| s.is_idle());
        if idle && !composing && self.feeds.lock().present.is_empty() {
            return true;
        }
        for stream in forms.iter().filter(|s| s.is_idle()) {
            stream.forget_media();
        }
        false
    }
}
