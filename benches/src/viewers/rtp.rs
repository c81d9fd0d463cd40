//! What a viewer sees of RTP without its keys: the header is in the clear (RFC 3711 §3.1).

use crate::histogram::Histogram;
use crate::source::FPS;

/// RTP ticks of one picture.
const PICTURE: u32 = 90_000 / FPS as u32;

/// The fields of an RTP header (RFC 3550 §5.1) that are needed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

impl Header {
    /// Reads the header of an RTP datagram; none if it is something else (RFC 7983 §7, RFC 5761 §4).
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = datagram.first_chunk::<12>()?;
        if !(128..=191).contains(first) || (192..=223).contains(second) {
            return None;
        }
        let [s1, s0, t3, t2, t1, t0, c3, c2, c1, c0] = *rest;
        Some(Self {
            marker: second & 0x80 != 0,
            sequence: u16::from_be_bytes([s1, s0]),
            timestamp: u32::from_be_bytes([t3, t2, t1, t0]),
            ssrc: u32::from_be_bytes([c3, c2, c1, c0]),
        })
    }
}

/// When the publisher sent which picture.
pub(crate) struct Sent {
    /// By number.
    times: Vec<u64>,
    last_key: u32,
    /// A picture of so many packets is a key frame.
    key_packets: u32,
}

impl Sent {
    /// Nothing sent. A picture of so many packets is a key frame.
    pub(crate) fn new(key_packets: u32) -> Self {
        Self {
            times: Vec::new(),
            last_key: 0,
            key_packets,
        }
    }

    /// Notes the next picture.
    pub(crate) fn picture(&mut self, key: bool, now_ns: u64) {
        if key {
            self.last_key = self.times.len() as u32;
        }
        self.times.push(now_ns);
    }
}

struct Track {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    packets: u32,
    /// Timestamp and number of a picture that is known: a key frame, of which one comes every two seconds.
    anchor: Option<(u32, u32)>,
}

/// Counts of one viewer since the last [`Tally::restart`].
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Sequence numbers passed over; one that comes late is taken off again.
    pub(crate) lost: i64,
    pub(crate) pictures: u64,
    tracks: Vec<Track>,
}

impl Tally {
    /// Counts from zero; sequence numbers go on.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            tracks: std::mem::take(&mut self.tracks),
            ..Self::default()
        };
    }

    /// Counts one packet; the last of a picture gives a latency.
    pub(crate) fn packet(
        &mut self,
        header: Header,
        size: usize,
        now_ns: u64,
        sent: &Sent,
        latency: &mut Histogram,
    ) {
        self.packets += 1;
        self.bytes += size as u64;
        let Some(track) = self.tracks.iter_mut().find(|track| track.ssrc == header.ssrc) else {
            self.pictures += u64::from(header.marker);
            self.tracks.push(Track {
                ssrc: header.ssrc,
                sequence: header.sequence,
                timestamp: header.timestamp,
                packets: 1,
                anchor: None,
            });
            return;
        };
        match header.sequence.wrapping_sub(track.sequence) {
            0 => {}
            ahead @ 1..0x8000 => {
                self.lost += i64::from(ahead) - 1;
                track.sequence = header.sequence;
            }
            _ => {
                self.lost -= 1;
                return;
            }
        }
        if header.timestamp != track.timestamp {
            (track.timestamp, track.packets) = (header.timestamp, 0);
        }
        track.packets += 1;
        if !header.marker {
            return;
        }
        self.pictures += 1;
        if track.packets >= sent.key_packets {
            track.anchor = Some((header.timestamp, sent.last_key));
        }
        let Some((timestamp, number)) = track.anchor else {
            return;
        };
        let after = (header.timestamp.wrapping_sub(timestamp) + PICTURE / 2) / PICTURE;
        if let Some(sent_ns) = sent.times.get(number.wrapping_add(after) as usize) {
            latency.add(now_ns.saturating_sub(*sent_ns) / 1000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(marker: bool, sequence: u16, timestamp: u32) -> Header {
        let mut bytes = vec![0x90, 96 | u8::from(marker) << 7];
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&timestamp.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0, 7, 1, 2, 3]);
        Header::parse(&bytes).expect("RTP")
    }

    #[test]
    fn other_protocols_are_not_rtp() {
        for first in [0, 1, 20, 63, 64, 127, 192] {
            assert_eq!(Header::parse(&[first; 20]), None, "{first}");
        }
        let mut report = [0x80; 20];
        report[1] = 200;
        assert_eq!(Header::parse(&report), None);
    }

    #[test]
    fn loss_and_latency() {
        let mut sent = Sent::new(3);
        for number in 0..10 {
            sent.picture(number == 4, number * 40_000_000);
        }
        let (mut tally, mut latency) = (Tally::default(), Histogram::new());
        let mut take = |marker, sequence, timestamp, milliseconds: u64| {
            let header = datagram(marker, sequence, timestamp);
            tally.packet(header, 100, milliseconds * 1_000_000, &sent, &mut latency);
        };
        // Picture 4 in three packets, then 5 without its first, and 6.
        take(false, 65_534, 1_000, 170);
        take(false, 65_535, 1_000, 170);
        take(true, 0, 1_000, 170);
        take(true, 2, 4_600, 210);
        take(true, 3, 8_205, 250);
        assert_eq!((tally.packets, tally.lost, tally.pictures), (5, 1, 3));
        let worst = latency.quantile(1.0).expect("counted");
        assert!((worst - 10.0).abs() < 0.3, "{worst}");
        assert!((latency.quantile(0.01).expect("counted") - 10.0).abs() < 0.3);
    }
}
