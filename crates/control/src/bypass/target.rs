//! The task of one target: waits for the stream, connects, sends, and tries again.

use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::{Delivery, Hub, ReadOptions, Reader, StreamKey};
use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::RtmpUrl;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::air::Air;
use super::liveness::Liveness;
use super::meter::Meter;
use super::outgoing::Outgoing;
use super::reason::Reason;
use super::retry::{Retry, Verdict};
use super::standing::Standing;
use super::{BypassConfig, connect, figures};
use crate::service::random;

/// How long after its start a publication may leave open which tracks it has.
const TRACKS_SETTLE: Duration = Duration::from_secs(1);
const TRACKS_LOOK: Duration = Duration::from_millis(50);
/// How often figures and liveness are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// For a goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A stream, and where it goes.
pub(super) struct Target {
    pub(super) hub: Hub,
    pub(super) air: Arc<Air>,
    pub(super) config: Arc<BypassConfig>,
    pub(super) key: StreamKey,
    pub(super) url: RtmpUrl,
    pub(super) standing: Arc<Standing>,
    pub(super) stop: CancellationToken,
}

/// Why a connection ended that did not fail.
enum Ended {
    StreamGone,
    Stopped,
}

impl Target {
    /// Runs until it is told to stop, or the target is given up.
    pub(super) async fn run(self) {
        let stop = self.stop.clone();
        let mut retry = Retry::new(self.config.retry);
        let mut again = false;
        loop {
            if !self.air.is_on(&self.key) {
                self.standing.waits();
                if stop.run_until_cancelled(self.air.wait(&self.key)).await.is_none() {
                    return;
                }
            }
            self.standing.connects(again);
            again = true;
            let mut live_since = None;
            let reason = match self.connection(&mut live_since).await {
                Ok(Ended::Stopped) => return,
                Ok(Ended::StreamGone) => continue,
                Err(reason) => reason,
            };
            figures::failed(&reason);
            let lived = live_since.map_or(Duration::ZERO, |since: Instant| since.elapsed());
            let random = u16::from_be_bytes(random::bytes());
            match retry.failed(reason.severity(), lived, random) {
                Verdict::GiveUp => {
                    self.standing.has_failed(&reason);
                    return;
                }
                Verdict::After(wait) => {
                    self.standing.backs_off(&reason, wait);
                    if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    async fn connection(&self, live_since: &mut Option<Instant>) -> Result<Ended, Reason> {
        let connecting = connect::connect(&self.url, &self.config);
        let Some(client) = self.stop.run_until_cancelled(connecting).await else {
            return Ok(Ended::Stopped);
        };
        let mut client = client?;
        figures::connected();
        let mut sending = Sending::new(self, live_since);
        let ended = sending.run(&mut client).await;
        sending.count(client.sent(), 0);
        if ended.is_ok() {
            // So that the target ends the stream at once instead of waiting for it. It need not hear it.
            let _ = timeout(GOODBYE, client.finish()).await;
        }
        ended
    }
}

/// One connection that takes media.
struct Sending<'a> {
    target: &'a Target,
    live_since: &'a mut Option<Instant>,
    liveness: Liveness,
    meter: Meter,
    /// What was counted so far.
    counted: (u64, u64),
    dropped: u64,
}

impl<'a> Sending<'a> {
    fn new(target: &'a Target, live_since: &'a mut Option<Instant>) -> Self {
        Self {
            liveness: Liveness::new(target.config.stall),
            target,
            live_since,
            meter: Meter::default(),
            counted: (0, 0),
            dropped: 0,
        }
    }

    async fn run(&mut self, client: &mut RtmpClient) -> Result<Ended, Reason> {
        let target = self.target;
        // What was sent for the login is nobody's media.
        self.counted.0 = client.sent();
        let options = ReadOptions {
            internal: true,
            composed: true,
            ..ReadOptions::default()
        };
        let reader = target.hub.subscribe(target.key.clone(), options);
        let mut reader = reader.map_err(|_| Reason::Gateway)?;
        let mut outgoing = Outgoing::new(client.stream_id().unwrap_or(1), client.chunk_size());
        let mut batch = Vec::new();
        let mut settled = false;
        let mut look = interval(LOOK.min(target.config.stall / 4));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let queued = client.has_queued();
            tokio::select! {
                biased;
                () = target.stop.cancelled() => return Ok(Ended::Stopped),
                _ = look.tick() => self.look(client, reader.stats().dropped())?,
                heard = client.advance() => match heard {
                    // What else a server says about a publication is of no consequence.
                    Ok(Some(_)) => {}
                    Ok(None) => self.written(),
                    Err(error) => return Err(Reason::of_client(&error)),
                },
                () = reader.next_batch(&mut batch), if !queued => {
                    let ends = matches!(batch.first(), Some(Delivery::End(_)));
                    if !settled && !ends {
                        if let Some(ended) = self.settle(client, &reader).await? {
                            return Ok(ended);
                        }
                        settled = true;
                    }
                    if self.send(&mut batch, &reader, &mut outgoing, client) {
                        return if settled { Ok(Ended::StreamGone) } else { Err(Reason::Gateway) };
                    }
                }
            }
        }
    }

    /// Queues what was read; true when the stream has ended. At most a batch of the reader's is held here.
    fn send(
        &mut self,
        batch: &mut Vec<Delivery>,
        reader: &Reader,
        outgoing: &mut Outgoing,
        client: &mut RtmpClient,
    ) -> bool {
        let has_headers = batch
            .iter()
            .any(|delivery| matches!(delivery, Delivery::Headers(_)));
        let stats = if has_headers {
            reader.stream_stats()
        } else {
            Default::default()
        };
        let mut over = false;
        for delivery in batch.drain(..) {
            over |= outgoing.take(delivery, &stats).is_some();
        }
        for chunk in outgoing.drain() {
            client.send_chunks(chunk);
        }
        over
    }

    /// A young publication gets a moment to show its second track.
    async fn settle(&mut self, client: &mut RtmpClient, reader: &Reader) -> Result<Option<Ended>, Reason> {
        loop {
            let headers = reader.live_headers();
            let complete = headers.audio.is_some() && headers.video.is_some();
            let age = reader.publication_age().unwrap_or(TRACKS_SETTLE);
            if complete || age >= TRACKS_SETTLE {
                return Ok(None);
            }
            tokio::select! {
                () = self.target.stop.cancelled() => return Ok(Some(Ended::Stopped)),
                heard = client.advance() => {
                    heard.map_err(|error| Reason::of_client(&error))?;
                }
                () = tokio::time::sleep(TRACKS_LOOK) => {}
            }
        }
    }

    /// Everything queued was taken.
    fn written(&mut self) {
        self.liveness.caught_up();
        if self.live_since.is_none() {
            *self.live_since = Some(Instant::now());
            self.target.standing.is_live();
        }
    }

    fn look(&mut self, client: &RtmpClient, dropped: u64) -> Result<(), Reason> {
        let now = Instant::now().into_std();
        let kbps = self.meter.look(client.sent(), now);
        self.dropped = dropped;
        self.count(client.sent(), kbps);
        if client.has_queued() && !self.liveness.waits(client.sent(), now) {
            return Err(Reason::Wedged);
        }
        Ok(())
    }

    fn count(&mut self, sent: u64, kbps: u32) {
        let (bytes, dropped) = (
            sent.saturating_sub(self.counted.0),
            self.dropped.saturating_sub(self.counted.1),
        );
        self.counted = (sent, self.dropped);
        self.target.standing.count(bytes, kbps, dropped);
        figures::took(bytes, dropped);
    }
}
