//! The state of one stream: its ring, its present publisher and its readers.
//!
//! The lock is held for bookkeeping only, never across I/O or an await. A publication is identified by its
//! generation; whatever an older generation still sends is refused.

use std::sync::Arc;
use std::time::Duration;

use lianmai_media::{AudioConfig, Frame, Metadata, TrackKind, VideoConfig};
use parking_lot::RwLock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::publication::{PublishError, PublishOptions, PushError, StopReason, StopSignal};
use crate::pulse::Pulse;
use crate::ring::Ring;
use crate::run::{Run, Runs};
use crate::stats::{AudioStats, StreamMeter, TrackMeter, VideoStats};
use crate::ticker::Tickers;
use crate::{
    Content, EndReason, Headers, HubConfig, Item, Normaliser, Placement, ReaderStats, StreamStats, Wire,
};

/// The publication on air.
pub(crate) struct OnAir {
    pub(crate) generation: u64,
    pub(crate) options: PublishOptions,
    pub(crate) since: Instant,
    pub(crate) stop: Arc<StopSignal>,
}

pub(crate) struct State {
    pub(crate) ring: Ring,
    pub(crate) headers: Arc<Headers>,
    pub(crate) on_air: Option<OnAir>,
    /// When the last publication ended, or the stream was first asked for.
    pub(crate) off_air_since: Instant,
    pub(crate) ended: Option<EndReason>,
    generations: u64,
    normaliser: Normaliser,
    last_frame: Instant,
    meter: StreamMeter,
    readers: Vec<Arc<ReaderStats>>,
}

pub(crate) struct Stream {
    pub(crate) config: HubConfig,
    state: RwLock<State>,
    pub(crate) runs: Runs,
    pulses: RwLock<Vec<Arc<Pulse>>>,
    /// Which of the tickers serves it.
    number: usize,
    tickers: Arc<Tickers>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Stream {
    pub(crate) fn new(
        config: HubConfig,
        number: usize,
        tickers: Arc<Tickers>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Stream> {
        let now = Instant::now();
        Arc::new(Stream {
            state: RwLock::new(State {
                ring: Ring::new(millis(config.ring_time), config.ring_bytes),
                headers: Arc::default(),
                on_air: None,
                off_air_since: now,
                ended: None,
                generations: 0,
                normaliser: Normaliser::new(),
                last_frame: now,
                meter: StreamMeter::new(now.into_std()),
                readers: Vec::new(),
            }),
            config,
            runs: Runs::default(),
            pulses: RwLock::default(),
            number,
            tickers,
            tasks,
            stop,
        })
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.read(|s| s.on_air.is_none() && s.readers.is_empty())
    }

    /// Puts a new publication on air and stops the present one. Returns its generation and its stop signal,
    /// and whether another was replaced.
    pub(crate) fn go_on_air(
        &self,
        options: PublishOptions,
    ) -> Result<(u64, Arc<StopSignal>, bool), PublishError> {
        let now = Instant::now();
        let mut state = self.state.write();
        if let Some(present) = &state.on_air {
            if present.options.epoch > options.epoch {
                return Err(PublishError::NewerPublisher);
            }
            present.stop.stop(StopReason::TakenOver);
        }
        let replaced = state.on_air.is_some();
        state.generations += 1;
        let generation = state.generations;
        let idle = now.saturating_duration_since(state.last_frame);
        state.normaliser.restart(millis(idle));
        state.ring.disown_keyframe();
        state.headers = Arc::default();
        state.meter.restart(now.into_std());
        state.ended = None;
        let stop = Arc::new(StopSignal::default());
        state.on_air = Some(OnAir {
            generation,
            options,
            since: now,
            stop: stop.clone(),
        });
        Ok((generation, stop, replaced))
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

    /// Ends the stream: stops the publisher and tells every reader. `true` if somebody was publishing.
    pub(crate) fn end(&self, stop: StopReason, end: EndReason) -> bool {
        let mut state = self.state.write();
        let present = state.on_air.take();
        if let Some(present) = &present {
            present.stop.stop(stop);
        }
        state.off_air_since = Instant::now();
        state.ended = Some(end);
        drop(state);
        self.wake();
        present.is_some()
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

    pub(crate) fn set_headers(
        &self,
        generation: u64,
        change: impl FnOnce(&Headers) -> Option<Headers>,
    ) -> Result<bool, PushError> {
        let mut state = self.state.write();
        state.check(generation)?;
        match change(&state.headers) {
            Some(headers) => {
                state.headers = Arc::new(headers);
                Ok(true)
            }
            None => Ok(false),
        }
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
        let placement = state.normaliser.place(&mut frame)?;
        state.meter.count(&frame, placement, now.into_std());
        state.last_frame = now;
        state.append(Content::Frame(frame));
        drop(state);
        self.signal();
        Ok(placement)
    }

    pub(crate) fn push_data(&self, generation: u64, body: bytes::Bytes) -> Result<(), PushError> {
        let mut state = self.state.write();
        state.check(generation)?;
        let millis = state.normaliser.newest_millis();
        state.append(Content::Data { millis, body });
        drop(state);
        self.signal();
        Ok(())
    }

    pub(crate) fn add_reader(&self, stats: Arc<ReaderStats>) {
        self.state.write().readers.push(stats);
    }

    pub(crate) fn remove_reader(&self, stats: &Arc<ReaderStats>) {
        let mut state = self.state.write();
        state.meter.dropped_by_departed += stats.dropped();
        state.readers.retain(|other| !Arc::ptr_eq(other, stats));
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

    pub(crate) fn stats(&self) -> StreamStats {
        let now = Instant::now();
        let mut state = self.state.write();
        let state = &mut *state;
        let std_now = now.into_std();
        let ring_millis = match (state.ring.get(state.ring.tail()), state.ring.newest()) {
            (Some(oldest), Some(newest)) => newest.millis() - oldest.millis(),
            _ => 0,
        };
        let dropped: u64 = state.readers.iter().map(|r| r.dropped()).sum();
        StreamStats {
            on_air: state.on_air.is_some(),
            uptime_seconds: state.on_air.as_ref().map_or(0, |p| (now - p.since).as_secs()),
            protocol: state.on_air.as_ref().and_then(|p| p.options.protocol),
            publications: state.meter.publications,
            video: state
                .headers
                .video
                .as_ref()
                .map(|v| video_stats(v, &mut state.meter.video, std_now)),
            audio: state
                .headers
                .audio
                .as_ref()
                .map(|a| audio_stats(a, &mut state.meter.audio, std_now)),
            bytes_in: state.meter.bytes_in,
            readers: state.readers.len(),
            backlog_millis: state
                .readers
                .iter()
                .map(|r| r.backlog_millis())
                .max()
                .unwrap_or(0),
            dropped: dropped + state.meter.dropped_by_departed,
            discontinuities: state.meter.discontinuities,
            corrections: state.meter.corrections,
            ring_millis,
            ring_bytes: state.ring.bytes(),
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

    fn append(&mut self, content: Content) {
        let item = Item::new(self.ring.head(), self.headers.clone(), content);
        self.ring.push(Arc::new(item));
    }
}

fn video_stats(config: &VideoConfig, meter: &mut TrackMeter, now: std::time::Instant) -> VideoStats {
    VideoStats {
        codec: config.codec,
        width: config.width,
        height: config.height,
        profile: config.profile,
        b_frames: meter.reordered,
        fps: meter.frame_rate.per_second(now),
        bitrate: meter.byte_rate.per_second(now) * 8.0,
        gop_millis: meter.gop_millis,
        frames: meter.frames,
    }
}

fn audio_stats(config: &AudioConfig, meter: &mut TrackMeter, now: std::time::Instant) -> AudioStats {
    AudioStats {
        codec: config.codec,
        sample_rate: config.sample_rate,
        channels: config.channels,
        bitrate: meter.byte_rate.per_second(now) * 8.0,
        frames: meter.frames,
    }
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The headers with another video track, or nothing when it is the same.
pub(crate) fn with_video(headers: &Headers, config: VideoConfig) -> Option<Headers> {
    (headers.video.as_ref() != Some(&config)).then(|| Headers {
        video: Some(config),
        ..headers.clone()
    })
}

/// The headers with another audio track, or nothing when it is the same.
pub(crate) fn with_audio(headers: &Headers, config: AudioConfig) -> Option<Headers> {
    (headers.audio.as_ref() != Some(&config)).then(|| Headers {
        audio: Some(config),
        ..headers.clone()
    })
}

/// The headers with other metadata, or nothing when it is the same.
pub(crate) fn with_metadata(headers: &Headers, metadata: Metadata) -> Option<Headers> {
    (headers.metadata.as_ref() != Some(&metadata)).then(|| Headers {
        metadata: Some(metadata),
        ..headers.clone()
    })
}
