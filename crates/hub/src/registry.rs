//! Finds streams by name, and lets go of those that nobody needs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lianmai_media::TrackKind;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::family::{Family, Origin};
use crate::gate::Switches;
use crate::stream::{Stream, Surroundings};
use crate::ticker::Tickers;
use crate::wants::Wants;
use crate::{
    EndReason, Form, HubConfig, Publication, PublishError, PublishOptions, StopReason, StreamEvent,
    StreamKey, compose,
};

type Families = HashMap<StreamKey, Arc<Family>>;

/// Where a stream of the hub belongs.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) registry: Arc<Registry>,
    pub(crate) family: Arc<Family>,
}

impl Place {
    pub(crate) fn new(registry: &Arc<Registry>, family: Arc<Family>) -> Place {
        Place {
            registry: registry.clone(),
            family,
        }
    }

    /// Whoever was there has left.
    pub(crate) fn left(&self) {
        self.registry.left(&self.family);
    }
}

pub(crate) struct Registry {
    pub(crate) config: HubConfig,
    /// By plain key. Locked before anything of a family.
    families: Mutex<Families>,
    /// What is silenced, by plain key, whether it is there or not. Locked under `families`.
    silenced: Mutex<HashSet<(StreamKey, TrackKind)>>,
    pub(crate) events: broadcast::Sender<StreamEvent>,
    pub(crate) wants: Wants,
    /// Streams made so far.
    made: AtomicUsize,
    tickers: Arc<Tickers>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

const BOTH: [TrackKind; 2] = [TrackKind::Audio, TrackKind::Video];

impl Registry {
    pub(crate) fn new(config: HubConfig) -> Registry {
        let (events, _) = broadcast::channel(4_096);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        Registry {
            config,
            families: Mutex::default(),
            silenced: Mutex::default(),
            events,
            wants: Wants::default(),
            made: AtomicUsize::new(0),
            tickers: Arc::new(Tickers::new(tasks.clone(), stop.clone())),
            tasks,
            stop,
        }
    }

    pub(crate) fn family(&self, plain: &StreamKey) -> Option<Arc<Family>> {
        self.families.lock().get(plain).cloned()
    }

    pub(crate) fn families(&self) -> Vec<Arc<Family>> {
        self.families.lock().values().cloned().collect()
    }

    /// Runs `enter` on the family of `plain`, made if there is none. Unless `enter` puts something into it that keeps it,
    /// it is forgotten when the next reader or publisher leaves.
    pub(crate) fn enter_family<T>(
        &self,
        plain: &StreamKey,
        enter: impl FnOnce(&Arc<Family>) -> T,
    ) -> Result<T, PublishError> {
        let mut families = self.families.lock();
        if !families.contains_key(plain) && families.len() >= self.config.max_streams {
            return Err(PublishError::TooManyStreams);
        }
        let family = families
            .entry(plain.clone())
            .or_insert_with(|| Family::new(plain.clone(), self.switches(plain)));
        Ok(enter(family))
    }

    fn switches(&self, plain: &StreamKey) -> Switches {
        let (silenced, switches) = (self.silenced.lock(), Switches::default());
        for kind in BOTH {
            switches.set(kind, silenced.contains(&(plain.clone(), kind)));
        }
        switches
    }

    /// Silences a track of the stream, or no longer, whoever publishes it now or later.
    pub(crate) fn silence(&self, plain: &StreamKey, kind: TrackKind, on: bool) {
        let families = self.families.lock();
        let news = {
            let mut silenced = self.silenced.lock();
            let track = (plain.clone(), kind);
            if on {
                silenced.insert(track)
            } else {
                silenced.remove(&track)
            }
        };
        if let Some(family) = families.get(plain).filter(|_| news) {
            family.silence(kind, on);
        }
    }

    /// The stream is over, and with it what it was silenced for.
    pub(crate) fn forget_silence(&self, plain: &StreamKey) {
        for kind in BOTH {
            self.silence(plain, kind, false);
        }
    }

    /// Runs `enter` on the family of `plain` and its stream of `form`, likewise.
    pub(crate) fn enter<T>(
        &self,
        plain: &StreamKey,
        form: Option<Form>,
        enter: impl FnOnce(&Arc<Family>, Arc<Stream>) -> T,
    ) -> Result<T, PublishError> {
        self.enter_family(plain, |family| {
            let stream = family.stream(form, || self.surroundings());
            enter(family, stream)
        })
    }

    /// Runs `enter` on the stream of `form` of a family that something keeps already.
    pub(crate) fn enter_form<T>(
        &self,
        family: &Arc<Family>,
        form: Option<Form>,
        enter: impl FnOnce(Arc<Stream>) -> T,
    ) -> T {
        // Streams are let go of under this lock only.
        let _families = self.families.lock();
        enter(family.stream(form, || self.surroundings()))
    }

    /// What a new stream is given.
    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings {
            config: self.config.clone(),
            number: self.made.fetch_add(1, Ordering::Relaxed),
            tickers: self.tickers.clone(),
            tasks: self.tasks.clone(),
            stop: self.stop.child_token(),
        }
    }

    /// Begins to publish `key`.
    pub(crate) fn publish(
        self: &Arc<Self>,
        key: StreamKey,
        options: PublishOptions,
    ) -> Result<Publication, PublishError> {
        let form = key.form_of();
        let origin = Origin::of_publication(form);
        let (family, stream, started) = self.enter(&key.plain(), form, |family, stream| {
            if let Some(Form::Layer(layer)) = form {
                family.layer_begins(layer);
            }
            let started = match origin {
                Some(origin) => family.begin(origin, &stream, options.clone()),
                None => stream.go_on_air(options.clone(), false, family.source_millis(form)),
            };
            (family.clone(), stream, started)
        })?;
        let started = started?;
        if origin.is_some() || matches!(form, Some(Form::Layer(_))) {
            family.changed();
        }
        if origin.is_some() {
            metrics::counter!("lianmai_publications_total").increment(1);
            // Nobody may be listening; that is fine.
            let _ = self.events.send(StreamEvent::OnAir {
                key: family.key.clone(),
                options,
                takeover: started.takeover,
            });
            self.wants.changed();
            self.compose(&family);
        }
        Ok(Publication::new(
            key,
            origin,
            stream,
            started,
            Place::new(self, family),
        ))
    }

    /// The hub's own publication of the plain form of `family`, if there is something to make it of.
    pub(crate) fn publish_composition(self: &Arc<Self>, family: &Arc<Family>) -> Option<Publication> {
        let (stream, started) = self.enter_form(family, None, |plain| {
            let started = family.begin_composition(&plain);
            (plain, started)
        });
        let place = Place::new(self, family.clone());
        Some(Publication::new(
            family.key.clone(),
            None,
            stream,
            started?,
            place,
        ))
    }

    /// A member's publication into the form of `origin` has gone off air.
    pub(crate) fn member_left(&self, family: &Arc<Family>, origin: Origin) {
        if family.member_left(origin) {
            let key = family.key.clone();
            // Nobody may be listening; that is fine.
            let _ = self.events.send(StreamEvent::OffAir { key });
            self.wants.changed();
        }
        family.changed();
    }

    /// Ends all forms of `family`.
    pub(crate) fn end(&self, family: &Arc<Family>, stop: StopReason, end: EndReason) {
        if family.end(stop, end) {
            let key = family.key.clone();
            let _ = self.events.send(StreamEvent::OffAir { key });
        }
        self.wants.changed();
    }

    /// Somebody left a form of `family`. Forgets what nobody publishes or reads any more.
    pub(crate) fn left(&self, family: &Arc<Family>) {
        let mut families = self.families.lock();
        let present = families
            .get(&family.key)
            .is_some_and(|other| Arc::ptr_eq(other, family));
        if present && family.tidy() {
            families.remove(&family.key);
        }
    }

    /// Starts the composition of the plain form, if it has players, a WebRTC publisher, and none yet.
    pub(crate) fn compose(self: &Arc<Self>, family: &Arc<Family>) {
        {
            let mut air = family.air();
            let wanted = air.publisher == Some(Origin::Rtc) && family.players() > 0;
            if air.composing || !wanted || self.stop.is_cancelled() {
                return;
            }
            air.composing = true;
        }
        self.tasks.spawn(compose::run(self.clone(), family.clone()));
    }
}
