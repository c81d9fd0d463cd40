//! The publishing side of a connection: media into the hub, within the granted bit rate.

use lianmai_hub::{Grant, Hub, Protocol, PublishError, PublishOptions, StopReason, StreamKey};
use tokio::time::Instant;

use crate::protocol::Media;
use crate::{Ingest, IngestError};

/// Seconds of the granted bit rate that may come at once.
const BURST_SECONDS: f64 = 5.0;

/// Why media is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    Superseded,
    TooFast,
}

pub(super) struct Ingress {
    ingest: Ingest,
    budget: Option<Budget>,
}

impl Ingress {
    pub(super) fn start(hub: &Hub, protocol: Protocol, grant: Grant) -> Result<Ingress, PublishError> {
        let options = PublishOptions::new(protocol, grant.epoch, grant.holder);
        let publication = hub.publish(grant.key, options)?;
        let budget = grant.max_bitrate.map(|limit| Budget::new(limit, Instant::now()));
        Ok(Ingress {
            ingest: Ingest::new(publication),
            budget,
        })
    }

    pub(super) fn key(&self) -> &StreamKey {
        self.ingest.publication().key()
    }

    pub(super) fn take(&mut self, media: Media, now: Instant) -> Result<(), Refused> {
        if let Some(budget) = &mut self.budget
            && !budget.spend(media.payload.len(), now)
        {
            metrics::counter!("lianmai_publishers_over_bitrate_total").increment(1);
            return Err(Refused::TooFast);
        }
        let taken = self.ingest.take(media.kind, media.timestamp, media.payload);
        taken.map_err(|IngestError::Superseded| Refused::Superseded)
    }

    pub(super) async fn stopped(&self) -> StopReason {
        self.ingest.publication().stopped().await
    }
}

/// A bucket of bytes that fills at the granted rate.
struct Budget {
    bytes_per_second: f64,
    bytes: f64,
    at: Instant,
}

impl Budget {
    fn new(bits_per_second: u64, now: Instant) -> Budget {
        let bytes_per_second = bits_per_second as f64 / 8.0;
        Budget {
            bytes_per_second,
            bytes: bytes_per_second * BURST_SECONDS,
            at: now,
        }
    }

    fn spend(&mut self, bytes: usize, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.bytes_per_second;
        self.at = now;
        self.bytes = (self.bytes + earned).min(self.bytes_per_second * BURST_SECONDS) - bytes as f64;
        self.bytes >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn bursts_pass_and_a_lasting_excess_does_not() {
        let start = Instant::now();
        let mut budget = Budget::new(800_000, start);
        assert!(budget.spend(400_000, start), "four seconds' worth at once");
        for second in 1..60 {
            assert!(budget.spend(100_000, start + Duration::from_secs(second)));
        }
        let mut late = (60..120).map(|second| budget.spend(150_000, start + Duration::from_secs(second)));
        assert!(late.any(|taken| !taken));
    }
}
