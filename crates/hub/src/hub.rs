//! All streams of one gateway.

use std::sync::Arc;
use std::time::Duration;

use lianmai_media::TrackKind;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::registry::{Place, Registry};
use crate::{
    EndReason, Publication, PublishError, PublishOptions, ReadOptions, Reader, StopReason, StreamKey,
    StreamStats,
};

/// Bounds of every stream.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Media time a ring holds.
    pub ring_time: Duration,
    /// Bytes of media a ring holds.
    pub ring_bytes: usize,
    /// A reader further behind than this jumps to a newer key frame when there is one.
    pub max_backlog: Duration,
    /// How long readers stay when the publisher is gone.
    pub continue_window: Duration,
    /// How long a reader may wait for the first publisher.
    pub publisher_wait: Duration,
    /// Readers that do not say otherwise are woken at most once in this time.
    pub coalesce: Duration,
    /// Streams at the same time, with those that only have waiting readers; all forms of one count once.
    pub max_streams: usize,
    /// How long a rendition stays wanted after the last reader that needed it.
    pub rendition_linger: Duration,
}

impl Default for HubConfig {
    fn default() -> HubConfig {
        HubConfig {
            ring_time: Duration::from_secs(10),
            ring_bytes: 16 << 20,
            max_backlog: Duration::from_secs(5),
            continue_window: Duration::from_secs(15),
            publisher_wait: Duration::from_secs(20),
            coalesce: Duration::from_millis(20),
            max_streams: 10_000,
            rendition_linger: Duration::from_secs(5),
        }
    }
}

/// What happened to a member's stream, for the control plane. Keys are plain, over whatever protocol it is published.
#[derive(Clone, Debug)]
pub enum StreamEvent {
    /// A publication began.
    OnAir {
        /// The stream.
        key: StreamKey,
        /// Who publishes, and how.
        options: PublishOptions,
        /// Whether it replaced another publication.
        takeover: bool,
    },
    /// The publication ended, and no other took its place.
    OffAir {
        /// The stream.
        key: StreamKey,
    },
}

/// All live streams. Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    pub(crate) registry: Arc<Registry>,
}

impl Hub {
    /// An empty hub.
    pub fn new(config: HubConfig) -> Hub {
        Hub {
            registry: Arc::new(Registry::new(config)),
        }
    }

    /// Begins to publish `key`, replacing a present publication whose epoch is not higher. A member's publications over
    /// RTMP (plain key) and WebRTC ([`Form::Rtc`](crate::Form::Rtc)) replace each other likewise.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn publish(&self, key: StreamKey, options: PublishOptions) -> Result<Publication, PublishError> {
        self.registry.publish(key, options)
    }

    /// Attaches a reader to `key`, whether somebody publishes it yet or not. Players of a plain key that a WebRTC
    /// publisher is behind get what is composed for them.
    ///
    /// # Errors
    /// [`PublishError::TooManyStreams`].
    pub fn subscribe(&self, key: StreamKey, options: ReadOptions) -> Result<Reader, PublishError> {
        let plain = key.plain();
        let (reader, family) = self.registry.enter(&plain, key.form_of(), |family, stream| {
            let place = Place::new(&self.registry, family.clone());
            (Reader::new(key, stream, place, options), family.clone())
        })?;
        self.registry.compose(&family);
        Ok(reader)
    }

    /// Whether somebody with a push URL of `epoch` might begin to publish `key` now. For protocols whose answer comes
    /// before the media does; an attempt like any other.
    ///
    /// # Errors
    /// As [`Hub::publish`], but for the number of streams.
    pub fn check_publish(&self, key: &StreamKey, epoch: u64) -> Result<(), PublishError> {
        match self.registry.family(&key.plain()) {
            Some(family) => family.check_rivals(epoch, Instant::now()).map(drop),
            None => Ok(()),
        }
    }

    /// Keeps a track of the stream of `key`, in all its forms, from its readers, or no longer. Sound is replaced by
    /// silence of the same length, or dropped where its codec has none that is known; pictures are dropped, and when
    /// they are let in again they begin with a key frame, which is asked for where the publisher can be. Readers and
    /// publisher stay. Holds for whoever publishes now or later, until the stream is [ended](Self::end).
    pub fn silence(&self, key: &StreamKey, kind: TrackKind, on: bool) {
        self.registry.silence(&key.plain(), kind, on);
    }

    /// Ends a stream for its publisher and all readers, in all forms if `key` is plain; then nothing of it is
    /// [silenced](Self::silence) any more.
    pub fn end(&self, key: &StreamKey) {
        self.end_for_all(key);
        if key.form_of().is_none() {
            self.registry.forget_silence(key);
        }
    }

    fn end_for_all(&self, key: &StreamKey) {
        let Some(family) = self.registry.family(&key.plain()) else {
            return;
        };
        match key.form_of() {
            None => self
                .registry
                .end(&family, StopReason::Revoked, EndReason::Finished),
            form => {
                if let Some(stream) = family.form(form) {
                    stream.end(StopReason::Revoked, EndReason::Finished);
                }
            }
        }
    }

    /// Ends everything that `holder` publishes or reads within `app`.
    pub fn disconnect(&self, app: &str, holder: &str) {
        let families = self.registry.families();
        for family in families.iter().filter(|family| family.key.app() == app) {
            family.disconnect(holder);
        }
    }

    /// What is known about one stream, or about one form of it alone; `None` if nobody publishes or reads it.
    pub fn stats(&self, key: &StreamKey) -> Option<StreamStats> {
        let family = self.registry.family(&key.plain())?;
        match key.form_of() {
            None => Some(family.stats()),
            form => family.form(form).map(|stream| stream.stats()),
        }
    }

    /// What is known about all streams, by their plain keys.
    pub fn all_stats(&self) -> Vec<(StreamKey, StreamStats)> {
        let families = self.registry.families();
        families
            .iter()
            .map(|family| (family.key.clone(), family.stats()))
            .collect()
    }

    /// Events from now on. A receiver that falls behind by 4 096 events loses the oldest and is told so.
    pub fn events(&self) -> broadcast::Receiver<StreamEvent> {
        self.registry.events.subscribe()
    }

    /// Ends all streams and waits until every task of the hub has finished.
    pub async fn shut_down(&self) {
        self.registry.stop.cancel();
        for family in self.registry.families() {
            family.end(StopReason::ShuttingDown, EndReason::ShuttingDown);
        }
        self.registry.tasks.close();
        self.registry.tasks.wait().await;
    }

    /// Tasks the hub runs now: a few per coalescing interval in use, one per big group of readers, and one per stream
    /// that is composed.
    pub fn tasks(&self) -> usize {
        self.registry.tasks.len()
    }
}
