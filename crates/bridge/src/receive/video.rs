//! Packets of one video track to whole pictures.
//!
//! Order, access units and what is done about loss: after it, pictures are dropped until the next key frame, so what
//! comes out can always be decoded.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_media::{VideoCodec, VideoConfig};

use super::drops;
use super::{MediaPacket, Ordered, Orientation, ReorderBuffer, ReorderLimits, ReorderStats};
use crate::payload::{AccessUnit, Depacketiser};

/// A picture that a decoder which got all earlier ones can decode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedVideo {
    /// RTP timestamp.
    pub timestamp: u32,
    /// When the first packet with its timestamp, in sequence order, arrived.
    pub arrival: Instant,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// The coded bits, as in [`Frame::payload`](lianmai_media::Frame::payload).
    pub payload: Bytes,
    /// The configuration from this picture on, when it is another than before (R-V5, R-V6). The first one has it.
    pub config: Option<VideoConfig>,
    /// How it is to be turned for showing.
    pub orientation: Orientation,
}

/// Wait without a measured round trip.
const USUAL_WAIT: Duration = Duration::from_millis(150);
const LEAST_WAIT: Duration = Duration::from_millis(60);
const MOST_WAIT: Duration = Duration::from_millis(300);
/// Until a missing packet is noticed and asked for.
const ASKING: Duration = Duration::from_millis(30);

/// How long to wait for the retransmission of a missing video packet: time to ask one and a half times, between 60 and
/// 300 ms; 150 ms while the round trip is not known.
pub fn repair_wait(round_trip: Option<Duration>) -> Duration {
    round_trip.map_or(USUAL_WAIT, |round_trip| {
        let wait = round_trip.saturating_mul(3) / 2;
        wait.saturating_add(ASKING).clamp(LEAST_WAIT, MOST_WAIT)
    })
}

/// What the packets of one timestamp say.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    timestamp: u32,
    arrival: Instant,
    orientation: Orientation,
}

/// Reordering, access units and what is done about loss.
#[derive(Debug)]
pub struct FrameAssembler {
    order: ReorderBuffer<(Instant, MediaPacket)>,
    depacketiser: Depacketiser,
    /// Of the newest packet in order, and of the timestamp before.
    stamps: [Option<Stamp>; 2],
    /// Configuration that came with a picture that was dropped.
    config: Option<VideoConfig>,
    needs_keyframe: bool,
}

impl FrameAssembler {
    /// An assembler before its first packet.
    pub fn new(codec: VideoCodec) -> FrameAssembler {
        FrameAssembler {
            order: ReorderBuffer::new(repair_wait(None), ReorderLimits::default()),
            depacketiser: Depacketiser::new(codec),
            stamps: [None; 2],
            config: None,
            needs_keyframe: true,
        }
    }

    /// Waits so long for missing packets from now on; see [`repair_wait`].
    pub fn set_wait(&mut self, wait: Duration) {
        self.order.set_wait(wait);
    }

    /// Takes a packet. [`poll`](Self::poll) until `None` afterwards.
    pub fn push(&mut self, now: Instant, packet: MediaPacket) {
        let before = self.order.stats();
        let size = packet.payload.len();
        self.order.push(now, packet.sequence_number, size, (now, packet));
        drops::refused("video", before, self.order.stats());
    }

    /// The next picture.
    pub fn poll(&mut self, now: Instant) -> Option<ReceivedVideo> {
        loop {
            match self.depacketiser.poll() {
                Some(Ok(unit)) => {
                    if let Some(picture) = self.picture(now, unit) {
                        return Some(picture);
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "picture given up");
                    metrics::counter!("lianmai_rtp_pictures_malformed_total").increment(1);
                    self.needs_keyframe = true;
                }
                None => match self.order.poll(now)? {
                    Ordered::Packet((arrival, packet)) => self.take(arrival, &packet),
                    Ordered::Lost { count } => {
                        drops::lost("video", count);
                        self.depacketiser.lost();
                        self.needs_keyframe = true;
                    }
                },
            }
        }
    }

    fn take(&mut self, arrival: Instant, packet: &MediaPacket) {
        // Padding may carry any timestamp and is no media (R-V2).
        if packet.payload.is_empty() {
            return;
        }
        let [newest, _] = self.stamps;
        let mut stamp = match newest {
            Some(stamp) if stamp.timestamp == packet.timestamp => stamp,
            _ => {
                self.stamps = [None, newest];
                Stamp {
                    timestamp: packet.timestamp,
                    arrival,
                    // It holds until another is told.
                    orientation: newest.map(|stamp| stamp.orientation).unwrap_or_default(),
                }
            }
        };
        stamp.orientation = packet.orientation.unwrap_or(stamp.orientation);
        self.stamps = [Some(stamp), self.stamps[1]];
        self.depacketiser
            .push(&packet.payload, packet.timestamp, packet.marker);
    }

    /// What goes out of `unit`: nothing between a loss and the next key frame.
    fn picture(&mut self, now: Instant, unit: AccessUnit) -> Option<ReceivedVideo> {
        if unit.config.is_some() {
            self.config = unit.config;
        }
        if self.needs_keyframe && !unit.keyframe {
            metrics::counter!("lianmai_rtp_pictures_dropped_total").increment(1);
            return None;
        }
        self.needs_keyframe = false;
        let stamp = self
            .stamps
            .iter()
            .flatten()
            .find(|stamp| stamp.timestamp == unit.timestamp);
        Some(ReceivedVideo {
            timestamp: unit.timestamp,
            arrival: stamp.map_or(now, |stamp| stamp.arrival),
            keyframe: unit.keyframe,
            payload: unit.payload,
            config: self.config.take(),
            orientation: stamp.map(|stamp| stamp.orientation).unwrap_or_default(),
        })
    }

    /// When to poll even if no packet arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.order.deadline()
    }

    /// Whether nothing can go on without a key frame: at the start and after loss (R-V3, R-V4).
    pub fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    /// Counters of packets.
    pub fn stats(&self) -> ReorderStats {
        self.order.stats()
    }
}
