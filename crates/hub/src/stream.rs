//! The state of one form of a stream: its ring, its present publisher and its readers.
//!
//! The lock is held for bookkeeping only, never across I/O or an await. A publication is identified by its
//! generation; whatever an older generation still sends is refused.

mod air;
mod report;

use std::sync::{Arc, Weak};
use std::time::Duration;

use lianmai_media::{Frame, TrackKind};
use parking_lot::RwLock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::family::Family;
use crate::gate::{Gate, Switches};
use crate::publication::PushError;
use crate::pulse::Pulse;
use crate::ring::Ring;
use crate::run::{Run, Runs};
use crate::stats::StreamMeter;
use crate::ticker::Tickers;
use crate::timeline::Timeline;
use crate::{Content, EndReason, Form, Headers, HubConfig, Item, Placement, ReaderStats, Wire};

pub(crate) use air::{OnAir, Started};

pub(crate) struct State {
    pub(crate) ring: Ring,
    pub(crate) headers: Arc<Headers>,
    pub(crate) on_air: Option<OnAir>,
    /// When the last publication ended, or the stream was first asked for.
    pub(crate) off_air_since: Instant,
    pub(crate) ended: Option<EndReason>,
    /// Where the present publication began in the ring.
    pub(crate) began: u64,
    generations: u64,
    timeline: Timeline,
    gate: Gate,
    last_frame: Instant,
    pub(crate) meter: StreamMeter,
    pub(crate) readers: Vec<Arc<ReaderStats>>,
}

pub(crate) struct Stream {
    pub(crate) config: HubConfig,
    /// Which form of its stream it is; `None`: the plain one.
    pub(crate) form: Option<Form>,
    family: Weak<Family>,
    switches: Arc<Switches>,
    state: RwLock<State>,
    pub(crate) runs: Runs,
    pulses: RwLock<Vec<Arc<Pulse>>>,
    /// Which of the tickers serves it.
    number: usize,
    tickers: Arc<Tickers>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What all streams of a hub share.
pub(crate) struct Surroundings {
    pub(crate) config: HubConfig,
    pub(crate) number: usize,
    pub(crate) tickers: Arc<Tickers>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Stream {
    pub(crate) fn new(
        form: Option<Form>,
        family: Weak<Family>,
        switches: Arc<Switches>,
        hub: Surroundings,
    ) -> Arc<Stream> {
        let now = Instant::now();
        let config = hub.config;
        Arc::new(Stream {
            state: RwLock::new(State {
                ring: Ring::new(millis(config.ring_time), config.ring_bytes),
                headers: Arc::default(),
                on_air: None,
                off_air_since: now,
                ended: None,
                began: 0,
                generations: 0,
                timeline: Timeline::new(form),
                gate: Gate::default(),
                last_frame: now,
                meter: StreamMeter::new(now.into_std()),
                readers: Vec::new(),
            }),
            config,
            form,
            family,
            switches,
            runs: Runs::default(),
            pulses: RwLock::default(),
            number: hub.number,
            tickers: hub.tickers,
            tasks: hub.tasks,
            stop: hub.stop,
        })
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read())
    }

    /// Whether a member publishes here, and under which epoch.
    pub(crate) fn member_epoch(&self) -> Option<u64> {
        self.read(|s| s.on_air.as_ref().filter(|p| !p.composed).map(|p| p.options.epoch))
    }

    pub(crate) fn is_off_air(&self) -> bool {
        self.read(|s| s.on_air.is_none())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.read(|s| s.on_air.is_none() && s.readers.is_empty())
    }

    /// Lets go of the media of an idle stream, whose timeline is still needed.
    pub(crate) fn forget_media(&self) {
        self.state.write().ring.clear();
    }

    pub(crate) fn set_headers(
        &self,
        generation: u64,
        change: impl FnOnce(&Headers) -> Option<Headers>,
    ) -> Result<bool, PushError> {
        let mut state = self.state.write();
        state.check(generation)?;
        let Some(headers) = change(&state.headers) else {
            return Ok(false);
        };
        let same = |kind| headers.same_track(&state.headers, kind);
        let new_audio = !same(TrackKind::Audio);
        let news = !same(TrackKind::Video) || new_audio;
        state.headers = Arc::new(headers);
        if new_audio {
            let State { gate, headers, .. } = &mut *state;
            gate.set_audio(headers.audio.as_ref());
        }
        drop(state);
        if news {
            self.tell_family();
        }
        Ok(true)
    }

    pub(crate) fn push_frame(&self, generation: u64, mut frame: Frame) -> Result<Placement, PushError> {
        let now = Instant::now();
        let mut state = self.state.write();
        state.check(generation)?;
        let known = match frame.kind {
            TrackKind::Audio => state.headers.audio.is_some(),
            TrackKind::Video => state.headers.video.is_some(),
        };
        if !known {
            return Err(PushError::MissingConfig(frame.kind));
        }
        let Some((placement, flow)) = self.place(&mut state, &mut frame)? else {
            metrics::counter!("lianmai_layer_frames_too_early_total").increment(1);
            return Ok(Placement::default());
        };
        let reordered = state.meter.video.reordered;
        state.meter.count(&frame, placement, now.into_std());
        // Whoever cannot show pictures in another order must not get the first one either.
        let news = flow || state.meter.video.reordered != reordered;
        state.last_frame = now;
        if frame.kind == TrackKind::Video
            && frame.keyframe
            && let Some(present) = &state.on_air
        {
            present.keyframes.answered();
        }
        let passes = !state.is_members(self.form) || state.gate.pass(&mut frame, &self.switches);
        if passes {
            state.append(Content::Frame(frame));
        }
        drop(state);
        if news {
            self.tell_family();
        }
        if passes {
            self.signal();
        }
        Ok(placement)
    }

    /// Places `frame` and tells whether that changes which layers flow; `None` if it has no place yet.
    fn place(&self, state: &mut State, frame: &mut Frame) -> Result<Option<(Placement, bool)>, PushError> {
        let layer = match self.form {
            Some(Form::Rtc) => Some(0),
            Some(Form::Layer(layer)) => Some(layer),
            _ => None,
        };
        let Some((layer, family)) = layer.zip(self.family.upgrade()) else {
            let placed = state.timeline.place(frame, &Default::default())?;
            return Ok(placed.map(|placement| (placement, false)));
        };
        let Some(placement) = state.timeline.place(frame, &family.layer_clock)? else {
            return Ok(None);
        };
        if layer == 0 {
            family.layer_clock.set(state.timeline.layer_offset());
        }
        let video = frame.kind == TrackKind::Video;
        let flow = video && family.layer_flows(layer, frame.dts.as_millis());
        Ok(Some((placement, flow)))
    }

    pub(crate) fn push_data(&self, generation: u64, body: bytes::Bytes) -> Result<(), PushError> {
        let mut state = self.state.write();
        state.check(generation)?;
        let millis = state.timeline.newest_millis();
        state.append(Content::Data { millis, body });
        drop(state);
        self.signal();
        Ok(())
    }

    /// Latest time on the timeline, in milliseconds.
    pub(crate) fn newest_millis(&self) -> i64 {
        self.read(|state| state.timeline.newest_millis())
    }

    /// Asks the publisher for a key frame, unless nobody is to see it.
    pub(crate) fn request_keyframe(&self) {
        if self.switches.are_off(TrackKind::Video) {
            return;
        }
        self.read(|state| {
            if let Some(present) = &state.on_air {
                present.keyframes.request();
            }
        });
    }

    /// Nobody joins at a picture that is there already.
    pub(crate) fn disown_keyframe(&self) {
        self.state.write().ring.disown_keyframe();
    }

    pub(crate) fn add_reader(&self, stats: Arc<ReaderStats>) {
        self.state.write().readers.push(stats);
    }

    pub(crate) fn remove_reader(&self, stats: &Arc<ReaderStats>) {
        let mut state = self.state.write();
        if !stats.internal {
            state.meter.dropped_by_departed += stats.dropped();
        }
        state.readers.retain(|other| !Arc::ptr_eq(other, stats));
    }

    /// Readers that need what is made for players: all that are not the gateway's own, and of those the ones that say so.
    pub(crate) fn players(&self) -> usize {
        let plays = |reader: &&Arc<ReaderStats>| !reader.internal || reader.composed;
        self.read(|state| state.readers.iter().filter(plays).count())
    }

    /// A pulse with a place for one more reader that wants at most one wake-up per `interval`.
    pub(crate) fn pulse(self: &Arc<Self>, interval: Duration) -> Arc<Pulse> {
        let mut pulses = self.pulses.write();
        let place = pulses.iter().find(|pulse| pulse.enter(interval)).cloned();
        let pulse = place.unwrap_or_else(|| {
            let ticker = (!interval.is_zero()).then(|| self.tickers.get(interval, self.number));
            let pulse = Pulse::new(interval, Arc::downgrade(self), ticker);
            pulse.enter(interval);
            pulses.push(pulse.clone());
            pulse
        });
        pulse.start_task(&self.tasks, self.stop.clone());
        pulse
    }

    /// The run of `wire` from `cursor` on; `None` when a reader there must look for itself: it fell off the ring,
    /// the next item has other headers, or there is none.
    pub(crate) fn run(&self, wire: &Wire, headers: &Arc<Headers>, cursor: u64) -> Option<Run> {
        let state = self.state.read();
        if cursor < state.ring.tail() {
            return None;
        }
        self.runs
            .get(wire, headers, cursor, state.ring.head(), state.ring.from(cursor))
    }

    fn signal(&self) {
        for pulse in self.pulses.read().iter() {
            pulse.signal();
        }
    }

    fn wake(&self) {
        for pulse in self.pulses.read().iter() {
            pulse.wake();
        }
    }

    /// Has readers that wait here look again, but for those whose output is lent.
    pub(crate) fn nudge(&self) {
        for pulse in self.pulses.read().iter() {
            pulse.readers().notify_waiters();
        }
    }

    fn tell_family(&self) {
        if let Some(family) = self.family.upgrade() {
            family.changed();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl State {
    fn check(&self, generation: u64) -> Result<(), PushError> {
        match &self.on_air {
            Some(present) if present.generation == generation => Ok(()),
            _ => Err(PushError::Superseded),
        }
    }

    /// Whether what comes is a member's own media, not made of it.
    fn is_members(&self, form: Option<Form>) -> bool {
        let composed = self.on_air.as_ref().is_some_and(|present| present.composed);
        !composed && !form.is_some_and(Form::is_rendition)
    }

    fn append(&mut self, content: Content) {
        let item = Item::new(self.ring.head(), self.headers.clone(), content);
        self.ring.push(Arc::new(item));
    }
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
