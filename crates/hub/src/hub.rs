//! All streams of one gateway.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::stream::Stream;
use crate::ticker::Tickers;
use crate::{
    EndReason, Protocol, Publication, PublishError, PublishOptions, ReadOptions, Reader, StopReason,
    StreamKey, StreamStats,
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
    /// Streams at the same time, with those that only have waiting readers.
    pub max_streams: usize,
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
        }
    }
}

/// What happened to a stream, for the control plane.
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

pub(crate) struct Registry {
    config: HubConfig,
    streams: Mutex<HashMap<StreamKey, Arc<Stream>>>,
    events: broadcast::Sender<StreamEvent>,
    /// Streams made so far.
    made: AtomicUsize,
    tickers: Arc<Tickers>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// All live streams. Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    registry: Arc<Registry>,
}

impl Hub {
    /// An empty hub.
    pub fn new(config: HubConfig) -> Hub {
        let (events, _) = broadcast::channel(4_096);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        Hub {
            registry: Arc::new(Registry {
                config,
                streams: Mutex::default(),
                events,
                made: AtomicUsize::new(0),
                tickers: Arc::new(Tickers::new(tasks.clone(), stop.clone())),
                tasks,
                stop,
            }),
        }
    }

    /// Begins to publish `key`, replacing a present publication whose epoch is not higher.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn publish(&self, key: StreamKey, options: PublishOptions) -> Result<Publication, PublishError> {
        let registry = &self.registry;
        let mut streams = registry.streams.lock();
        let stream = registry.find_or_create(&mut streams, &key)?;
        let (generation, stop, takeover) = stream.go_on_air(options.clone())?;
        drop(streams);
        metrics::counter!("lianmai_publications_total").increment(1);
        // Nobody may be listening; that is fine.
        let _ = registry.events.send(StreamEvent::OnAir {
            key: key.clone(),
            options,
            takeover,
        });
        Ok(Publication {
            key,
            stream,
            generation,
            stop,
            registry: registry.clone(),
        })
    }

    /// Attaches a reader to `key`, whether somebody publishes it yet or not.
    ///
    /// # Errors
    /// [`PublishError::TooManyStreams`].
    pub fn subscribe(&self, key: StreamKey, options: ReadOptions) -> Result<Reader, PublishError> {
        let registry = &self.registry;
        let mut streams = registry.streams.lock();
        let stream = registry.find_or_create(&mut streams, &key)?;
        Ok(Reader::new(key, stream, registry.clone(), options))
    }

    /// Ends a stream for its publisher and all readers. Nothing happens when there is none.
    pub fn end(&self, key: &StreamKey) {
        let stream = self.registry.streams.lock().get(key).cloned();
        if let Some(stream) = stream
            && stream.end(StopReason::Revoked, EndReason::Finished)
        {
            let _ = self
                .registry
                .events
                .send(StreamEvent::OffAir { key: key.clone() });
        }
    }

    /// Ends everything that `holder` publishes or reads within `app`.
    pub fn disconnect(&self, app: &str, holder: &str) {
        let streams: Vec<_> = {
            let streams = self.registry.streams.lock();
            streams
                .iter()
                .filter(|(key, _)| key.app() == app)
                .map(|(_, s)| s.clone())
                .collect()
        };
        for stream in streams {
            stream.disconnect(holder);
        }
    }

    /// What is known about one stream; `None` if nobody publishes or reads it.
    pub fn stats(&self, key: &StreamKey) -> Option<StreamStats> {
        let stream = self.registry.streams.lock().get(key).cloned();
        stream.map(|s| s.stats())
    }

    /// What is known about all streams.
    pub fn all_stats(&self) -> Vec<(StreamKey, StreamStats)> {
        let streams: Vec<_> = self
            .registry
            .streams
            .lock()
            .iter()
            .map(|(key, s)| (key.clone(), s.clone()))
            .collect();
        streams
            .into_iter()
            .map(|(key, stream)| (key, stream.stats()))
            .collect()
    }

    /// Events from now on. A receiver that falls behind by 4 096 events loses the oldest and is told so.
    pub fn events(&self) -> broadcast::Receiver<StreamEvent> {
        self.registry.events.subscribe()
    }

    /// Ends all streams and waits until every task of the hub has finished.
    pub async fn shut_down(&self) {
        let streams: Vec<_> = self.registry.streams.lock().values().cloned().collect();
        for stream in streams {
            stream.end(StopReason::ShuttingDown, EndReason::ShuttingDown);
        }
        self.registry.stop.cancel();
        self.registry.tasks.close();
        self.registry.tasks.wait().await;
    }

    /// Tasks the hub runs now: a few per coalescing interval in use, and one per big group of readers.
    pub fn tasks(&self) -> usize {
        self.registry.tasks.len()
    }
}

impl Registry {
    fn find_or_create(
        &self,
        streams: &mut HashMap<StreamKey, Arc<Stream>>,
        key: &StreamKey,
    ) -> Result<Arc<Stream>, PublishError> {
        if let Some(stream) = streams.get(key) {
            return Ok(stream.clone());
        }
        if streams.len() >= self.config.max_streams {
            return Err(PublishError::TooManyStreams);
        }
        let stream = Stream::new(
            self.config.clone(),
            self.made.fetch_add(1, Ordering::Relaxed),
            self.tickers.clone(),
            self.tasks.clone(),
            self.stop.child_token(),
        );
        streams.insert(key.clone(), stream.clone());
        Ok(stream)
    }

    pub(crate) fn publication_ended(&self, key: &StreamKey, was_present: bool) {
        if was_present {
            let _ = self.events.send(StreamEvent::OffAir { key: key.clone() });
        }
        self.reader_left(key);
    }

    /// Forgets the stream when nobody publishes or reads it any more.
    pub(crate) fn reader_left(&self, key: &StreamKey) {
        let mut streams = self.streams.lock();
        if streams.get(key).is_some_and(|stream| stream.is_idle()) {
            streams.remove(key);
        }
    }
}

impl PublishOptions {
    /// Options for a publisher that came over `protocol` with a push URL of `epoch`.
    pub fn new(protocol: Protocol, epoch: u64, holder: Option<Arc<str>>) -> PublishOptions {
        PublishOptions {
            epoch,
            holder,
            protocol: Some(protocol),
        }
    }
}
