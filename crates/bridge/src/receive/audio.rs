//! Packets of one Opus track in order.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_media::Timescale;

use super::drops;
use super::{JitterMeter, MediaPacket, Ordered, ReorderBuffer, ReorderLimits, ReorderStats};

/// One packet of sound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedAudio {
    /// RTP timestamp.
    pub timestamp: u32,
    /// When it arrived.
    pub arrival: Instant,
    /// The Opus packet.
    pub payload: Bytes,
}

/// Bounds of the wait for a missing packet (R-A3).
const LEAST_WAIT: Duration = Duration::from_millis(20);
const MOST_WAIT: Duration = Duration::from_millis(200);
/// 120 ms at the highest bit rate are 7 680 bytes; a second of packets of 2.5 ms is 400.
const LIMITS: ReorderLimits = ReorderLimits {
    packets: 512,
    bytes: 512 * 1024,
};

/// Puts packets in order. Lost ones are simply missing: decoders see it by the timestamps. The wait for a missing one
/// follows the jitter, between 20 and 200 ms (R-A3). Packets of one or two bytes are silence (DTX) and pass (R-A4).
#[derive(Debug)]
pub struct AudioReceiver {
    order: ReorderBuffer<(Instant, MediaPacket)>,
    jitter: JitterMeter,
}

impl AudioReceiver {
    /// A receiver before its first packet; `scale` is the RTP clock rate.
    pub fn new(scale: Timescale) -> AudioReceiver {
        AudioReceiver {
            order: ReorderBuffer::new(LEAST_WAIT, LIMITS),
            jitter: JitterMeter::new(scale),
        }
    }

    /// Takes a packet. [`poll`](Self::poll) until `None` afterwards.
    pub fn push(&mut self, now: Instant, packet: MediaPacket) {
        let before = self.order.stats();
        self.jitter.push(packet.timestamp, now);
        self.order
            .set_wait(self.jitter.peak().clamp(LEAST_WAIT, MOST_WAIT));
        let size = packet.payload.len();
        self.order.push(now, packet.sequence_number, size, (now, packet));
        drops::refused("audio", before, self.order.stats());
    }

    /// The next packet.
    pub fn poll(&mut self, now: Instant) -> Option<ReceivedAudio> {
        loop {
            match self.order.poll(now)? {
                // Nothing but padding (R-V2).
                Ordered::Packet((_, packet)) if packet.payload.is_empty() => {}
                Ordered::Packet((arrival, packet)) => {
                    return Some(ReceivedAudio {
                        timestamp: packet.timestamp,
                        arrival,
                        payload: packet.payload,
                    });
                }
                Ordered::Lost { count } => drops::lost("audio", count),
            }
        }
    }

    /// When to poll even if no packet arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.order.deadline()
    }

    /// How unevenly packets arrive.
    pub fn jitter(&self) -> Duration {
        self.jitter.mean()
    }

    /// Counters of packets.
    pub fn stats(&self) -> ReorderStats {
        self.order.stats()
    }
}
