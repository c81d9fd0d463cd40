//! What the connection to a viewer carries, from its transport-wide feedback.
//!
//! What is sent is remembered here as numbers, times and sizes, in a ring in which a packet costs nothing but its place;
//! [`Capacity`] makes an estimate of it. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, SymbolTypeTcc, TransportLayerCc,
};

use super::capacity::Capacity;

/// Packets that nothing was heard of are forgotten after this.
const KEEP: Duration = Duration::from_secs(2);
const MAX_PACKETS: usize = 4_096;
/// What left as long before something that has arrived is lost: until then it may have been overtaken.
const OVERTAKEN: Duration = Duration::from_millis(200);
/// Unit of a report's reference time (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
const REFERENCE: Duration = Duration::from_millis(64);
/// Headers of a packet on the wire besides its content: RTP with extensions, its seal, UDP, IP.
const HEADERS: usize = 64;

pub(super) struct Estimate {
    capacity: Capacity,
    sent: VecDeque<Sent>,
    /// The number that the next packet gets; those in `sent` have the ones before.
    next: u64,
}

#[derive(Clone, Copy)]
struct Sent {
    at: Instant,
    bytes: u16,
    /// Spoken of; what a report says that is lost itself is not known.
    told: bool,
    arrived: bool,
}

impl Estimate {
    pub(super) fn new() -> Estimate {
        Estimate {
            capacity: Capacity::new(),
            sent: VecDeque::new(),
            next: 0,
        }
    }

    /// Notes a packet that leaves now, with so many bytes of content; its transport-wide number.
    pub(super) fn number(&mut self, content: usize, now: Instant) -> u16 {
        let old = |sent: &Sent| now.saturating_duration_since(sent.at) > KEEP;
        while self.sent.front().is_some_and(old) || self.sent.len() >= MAX_PACKETS {
            self.sent.pop_front();
        }
        let bytes = content + HEADERS;
        self.capacity.sent(now, bytes);
        self.sent.push_back(Sent {
            at: now,
            bytes: u16::try_from(bytes).unwrap_or(u16::MAX),
            told: false,
            arrived: false,
        });
        let number = self.next as u16;
        self.next += 1;
        number
    }

    /// Takes feedback; the estimate in bits per second, with all headers, when it says anything.
    pub(super) fn feedback(&mut self, feedback: &TransportLayerCc, now: Instant) -> Option<f64> {
        let mut newest: Option<Instant> = None;
        let mut number = feedback.base_sequence_number;
        let mut arrival = REFERENCE * feedback.reference_time;
        let mut deltas = feedback.recv_deltas.iter();
        // As many as it says, whatever its chunks claim.
        for symbol in symbols(&feedback.packet_chunks).take(usize::from(feedback.packet_status_count)) {
            let arrived = symbol != SymbolTypeTcc::PacketNotReceived;
            let timed = matches!(
                symbol,
                SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta
            );
            let delta = if timed { deltas.next() } else { None };
            if let Some(delta) = delta {
                let step = Duration::from_micros(delta.delta.unsigned_abs());
                arrival = match delta.delta < 0 {
                    true => arrival.saturating_sub(step),
                    false => arrival + step,
                };
            }
            let place = self.place(number);
            if let Some(sent) = place.and_then(|place| self.sent.get_mut(place)) {
                sent.told = true;
                if !arrived {
                    number = number.wrapping_add(1);
                    continue;
                }
                newest = newest.max(Some(sent.at));
                if !std::mem::replace(&mut sent.arrived, true) {
                    let (at, bytes) = (sent.at, usize::from(sent.bytes));
                    self.capacity.arrived(at, bytes, delta.map(|_| arrival));
                }
            }
            number = number.wrapping_add(1);
        }
        let newest = newest?;
        let done = |sent: &Sent| sent.arrived || newest.saturating_duration_since(sent.at) > OVERTAKEN;
        while let Some(sent) = self.sent.front().copied().filter(done) {
            self.sent.pop_front();
            if sent.told && !sent.arrived {
                self.capacity.lost(sent.at);
            }
        }
        Some(self.capacity.update(now))
    }

    /// Whether the connection is full: what is sent besides takes the place of something else.
    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_full()
    }

    /// Where a packet is, if it is still there.
    fn place(&self, number: u16) -> Option<usize> {
        let behind = usize::from((self.next as u16).wrapping_sub(number));
        self.sent.len().checked_sub(behind).filter(|_| behind > 0)
    }
}

fn symbols(chunks: &[PacketStatusChunk]) -> impl Iterator<Item = SymbolTypeTcc> {
    chunks.iter().flat_map(|chunk| {
        let (run, vector) = match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                (Some((run.packet_status_symbol, run.run_length)), None)
            }
            PacketStatusChunk::StatusVectorChunk(vector) => (None, Some(&vector.symbol_list)),
        };
        let run = run.map(|(symbol, length)| std::iter::repeat_n(symbol, usize::from(length)));
        run.into_iter()
            .flatten()
            .chain(vector.into_iter().flatten().copied())
    })
}

#[cfg(test)]
mod tests {
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{RecvDelta, RunLengthChunk, StatusChunkTypeTcc};

    use super::*;

    fn report(first: u16, arrivals: &[Option<i64>], reference: u32) -> TransportLayerCc {
        let symbol = |arrival: &Option<i64>| match arrival {
            Some(_) => SymbolTypeTcc::PacketReceivedLargeDelta,
            None => SymbolTypeTcc::PacketNotReceived,
        };
        TransportLayerCc {
            base_sequence_number: first,
            packet_status_count: arrivals.len() as u16,
            reference_time: reference,
            packet_chunks: arrivals
                .iter()
                .map(|arrival| {
                    PacketStatusChunk::RunLengthChunk(RunLengthChunk {
                        type_tcc: StatusChunkTypeTcc::RunLengthChunk,
                        packet_status_symbol: symbol(arrival),
                        run_length: 1,
                    })
                })
                .collect(),
            recv_deltas: arrivals
                .iter()
                .flatten()
                .map(|delta| RecvDelta {
                    type_tcc_packet: SymbolTypeTcc::PacketReceivedLargeDelta,
                    delta: *delta,
                })
                .collect(),
            ..TransportLayerCc::default()
        }
    }

    /// Half of what is sent arrives, ever later: the estimate comes down to what gets through.
    #[test]
    fn a_narrow_connection_is_noticed() {
        let start = Instant::now();
        let mut estimate = Estimate::new();
        let mut last = f64::INFINITY;
        // 1 Mb/s through 500 kb/s; numbers roll over on the way.
        estimate.next = 0xFF00;
        for tick in 0..100_u64 {
            let now = start + Duration::from_millis(tick * 50);
            let first = estimate.next as u16;
            for packet in 0..6 {
                estimate.number(1_040, now + Duration::from_millis(packet * 8));
            }
            let arrivals = [Some(16_640), None, Some(16_640), None, Some(16_640), None];
            let feedback = report(first, &arrivals, (tick * 50 / 64) as u32);
            last = estimate.feedback(&feedback, now).unwrap_or(last);
        }
        assert!(last < 600_000.0, "{last}");
        assert!(estimate.sent.len() <= 40, "what is spoken of is forgotten");
    }

    #[test]
    fn feedback_of_unknown_packets_says_nothing() {
        let now = Instant::now();
        let mut estimate = Estimate::new();
        assert_eq!(estimate.feedback(&report(0, &[Some(0); 4], 0), now), None);
        estimate.number(100, now);
        assert_eq!(estimate.feedback(&report(1, &[Some(0); 4], 0), now), None);
        assert_eq!(estimate.sent.len(), 1);
        let mut claims = report(0, &[Some(0)], 0);
        claims.packet_chunks = vec![
            PacketStatusChunk::RunLengthChunk(RunLengthChunk {
                type_tcc: StatusChunkTypeTcc::RunLengthChunk,
                packet_status_symbol: SymbolTypeTcc::PacketReceivedWithoutDelta,
                run_length: 8_191,
            });
            500
        ];
        claims.packet_status_count = u16::MAX;
        assert!(estimate.feedback(&claims, now).is_some());
    }

    #[test]
    fn without_feedback_it_is_bounded() {
        let start = Instant::now();
        let mut estimate = Estimate::new();
        for packet in 0..10_000 {
            estimate.number(1_000, start + Duration::from_micros(packet));
        }
        assert_eq!(estimate.sent.len(), MAX_PACKETS);
        estimate.number(1_000, start + Duration::from_secs(5));
        assert_eq!(estimate.sent.len(), 1);
    }
}
