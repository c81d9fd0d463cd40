//! Who publishes into one form of a stream.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Stream, millis};
use crate::EndReason;
use crate::contest::ALIVE;
use crate::gate::Gate;
use crate::keyframes::KeyframeRequests;
use crate::publication::{PublishError, PublishOptions, StopReason, StopSignal};

/// The publication on air.
pub(crate) struct OnAir {
    pub(crate) generation: u64,
    pub(crate) options: PublishOptions,
    pub(crate) since: Instant,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) keyframes: Arc<KeyframeRequests>,
    /// Made by the hub of other forms; nobody's publication.
    pub(crate) composed: bool,
}

/// A publication that has just gone on air.
pub(crate) struct Started {
    pub(crate) generation: u64,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) keyframes: Arc<KeyframeRequests>,
    /// Whether it replaced somebody's.
    pub(crate) takeover: bool,
}

impl Stream {
    /// Puts a new publication on air and stops the present one.
    pub(crate) fn go_on_air(
        &self,
        options: PublishOptions,
        composed: bool,
        source_millis: i64,
    ) -> Result<Started, PublishError> {
        let now = Instant::now();
        let mut state = self.state.write();
        let mut takeover = false;
        if let Some(present) = &state.on_air {
            if !present.composed && present.options.epoch > options.epoch {
                return Err(PublishError::NewerPublisher);
            }
            present.stop.stop(StopReason::TakenOver);
            takeover = !present.composed;
        }
        state.generations += 1;
        let generation = state.generations;
        let idle = now.saturating_duration_since(state.last_frame);
        state.timeline.restart(millis(idle), source_millis);
        state.began = state.ring.head();
        state.ring.disown_keyframe();
        state.headers = Arc::default();
        state.gate = Gate::default();
        state.meter.restart(now.into_std(), composed);
        state.ended = None;
        let (stop, keyframes) = (Arc::<StopSignal>::default(), Arc::<KeyframeRequests>::default());
        state.on_air = Some(OnAir {
            generation,
            options,
            since: now,
            stop: stop.clone(),
            keyframes: keyframes.clone(),
            composed,
        });
        Ok(Started {
            generation,
            stop,
            keyframes,
            takeover,
        })
    }

    /// Whether a member publishes here under a URL of `epoch` or a newer one, and its media came a moment ago.
    pub(crate) fn is_alive(&self, epoch: u64, now: Instant) -> bool {
        self.read(|state| {
            let present = state.on_air.as_ref();
            let rival = present.filter(|p| !p.composed && p.options.epoch >= epoch);
            rival.is_some_and(|p| now < state.last_frame.max(p.since) + ALIVE)
        })
    }

    /// Takes the publication off air, if it still is the present one.
    pub(crate) fn go_off_air(&self, generation: u64) -> bool {
        let mut state = self.state.write();
        let present = state.on_air.as_ref().is_some_and(|p| p.generation == generation);
        if present {
            state.on_air = None;
            state.off_air_since = Instant::now();
            drop(state);
            // Readers must start counting the continue window.
            self.wake();
        }
        present
    }

    /// The stream goes on after it was ended.
    pub(crate) fn reopen(&self) {
        self.state.write().ended = None;
    }

    /// Stops whoever publishes, because another form takes its place. `true` if a member did.
    pub(crate) fn give_way(&self) -> bool {
        let Some(present) = self.take_off(StopReason::TakenOver, None) else {
            return false;
        };
        !present.composed
    }

    /// Ends the stream: stops the publisher and tells every reader. `true` if a member was publishing.
    pub(crate) fn end(&self, stop: StopReason, end: EndReason) -> bool {
        self.take_off(stop, Some(end))
            .is_some_and(|present| !present.composed)
    }

    fn take_off(&self, stop: StopReason, end: Option<EndReason>) -> Option<OnAir> {
        let mut state = self.state.write();
        let present = state.on_air.take();
        if let Some(present) = &present {
            present.stop.stop(stop);
        }
        if present.is_some() || end.is_some() {
            state.off_air_since = Instant::now();
            state.ended = end;
            // What is over for those who read it is not to be begun with by others.
            state.ring.disown_keyframe();
            drop(state);
            self.wake();
        }
        present
    }

    /// Stops the publisher if `holder` is the one who publishes, and ends the readers that are theirs.
    pub(crate) fn disconnect(&self, holder: &str) {
        let state = self.state.read();
        if let Some(present) = &state.on_air
            && present.options.holder.as_deref() == Some(holder)
        {
            present.stop.stop(StopReason::Revoked);
        }
        for reader in &state.readers {
            if reader.holder.as_deref() == Some(holder) {
                reader.evicted.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        drop(state);
        self.wake();
    }
}
