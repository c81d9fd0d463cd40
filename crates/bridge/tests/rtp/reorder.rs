//! Order, waiting and giving up.

use std::time::{Duration, Instant};

use lianmai_bridge::receive::Ordered::{Lost, Packet};
use lianmai_bridge::receive::{AudioReceiver, MediaPacket, Ordered, ReorderBuffer, ReorderLimits};
use lianmai_media::Timescale;

const WAIT: Duration = Duration::from_millis(100);

struct Bench {
    start: Instant,
    buffer: ReorderBuffer<u16>,
}

impl Bench {
    fn new(limits: ReorderLimits) -> Bench {
        Bench {
            start: Instant::now(),
            buffer: ReorderBuffer::new(WAIT, limits),
        }
    }

    fn at(&mut self, millis: u64) -> Vec<Ordered<u16>> {
        let now = self.start + Duration::from_millis(millis);
        std::iter::from_fn(|| self.buffer.poll(now)).collect()
    }

    fn push(&mut self, millis: u64, numbers: &[u16]) -> Vec<Ordered<u16>> {
        let now = self.start + Duration::from_millis(millis);
        let mut out = Vec::new();
        for &number in numbers {
            self.buffer.push(now, number, 10, number);
            out.extend(self.at(millis));
        }
        out
    }
}

/// R-R1: reordering across the wrap.
#[test]
fn order_is_restored_across_the_wrap() {
    let mut bench = Bench::new(ReorderLimits::default());
    assert_eq!(bench.push(0, &[65_533]), [Packet(65_533)]);
    assert_eq!(bench.push(1, &[0, 65_535, 1]), []);
    assert_eq!(
        bench.push(2, &[65_534]),
        [Packet(65_534), Packet(65_535), Packet(0), Packet(1)]
    );
    assert_eq!(bench.push(3, &[2, 65_535, 1]), [Packet(2)]);
    let stats = bench.buffer.stats();
    assert_eq!(
        (stats.delivered, stats.duplicates, stats.late, stats.lost),
        (6, 2, 0, 0)
    );
}

#[test]
fn a_gap_is_waited_for_and_then_told() {
    let mut bench = Bench::new(ReorderLimits::default());
    assert_eq!(bench.push(0, &[10]), [Packet(10)]);
    assert_eq!(bench.push(10, &[13, 14]), []);
    assert_eq!(
        bench.buffer.deadline(),
        Some(bench.start + Duration::from_millis(110))
    );
    assert_eq!(bench.push(50, &[16]), []);
    assert_eq!(bench.at(109), []);
    assert_eq!(bench.at(110), [Lost { count: 2 }, Packet(13), Packet(14)]);
    // The next gap was known since 16 came.
    assert_eq!(
        bench.buffer.deadline(),
        Some(bench.start + Duration::from_millis(150))
    );
    assert_eq!(bench.push(140, &[12, 15]), [Packet(15), Packet(16)]);
    assert_eq!(bench.buffer.deadline(), None);
    let stats = bench.buffer.stats();
    assert_eq!((stats.delivered, stats.late, stats.lost), (5, 1, 2));
}

#[test]
fn what_is_held_is_bounded() {
    let mut bench = Bench::new(ReorderLimits {
        packets: 8,
        bytes: 1_000_000,
    });
    bench.push(0, &[0]);
    assert_eq!(bench.push(1, &[2, 4, 7]), []);
    // Too far ahead of the first gap: nothing before it is waited for.
    assert_eq!(
        bench.push(2, &[9]),
        [
            Lost { count: 1 },
            Packet(2),
            Lost { count: 1 },
            Packet(4),
            Lost { count: 2 },
            Packet(7),
            Lost { count: 1 },
            Packet(9)
        ]
    );
    assert_eq!(bench.push(3, &[20_009]), [Lost { count: 19_999 }, Packet(20_009)]);

    let mut bench = Bench::new(ReorderLimits {
        packets: 100,
        bytes: 30,
    });
    bench.push(0, &[0]);
    assert_eq!(bench.push(1, &[2, 3, 4]), []);
    assert_eq!(
        bench.push(1, &[5]),
        [Lost { count: 1 }, Packet(2), Packet(3), Packet(4), Packet(5)]
    );
}

/// A sender that starts again at another number is followed after half a second; late packets before are not.
#[test]
fn a_restarted_sender_is_followed() {
    let mut bench = Bench::new(ReorderLimits::default());
    assert_eq!(bench.push(0, &[30_000]).len(), 1);
    let mut first = None;
    for step in 0..60_u16 {
        let out = bench.push(u64::from(step) * 20, &[1_000 + step]);
        if let (None, false) = (first, out.is_empty()) {
            first = Some(step);
            assert_eq!(out, [Lost { count: 1 }, Packet(1_000 + step)]);
        }
    }
    assert_eq!(first, Some(31));
    // A burst of repairs that come too late is no restart.
    let burst: Vec<u16> = (900..1_000).collect();
    assert_eq!(bench.push(2_000, &burst), []);
    assert_eq!(bench.push(2_001, &[1_060]), [Packet(1_060)]);
}

fn opus(sequence_number: u16, size: usize) -> MediaPacket {
    MediaPacket {
        sequence_number,
        timestamp: u32::from(sequence_number).wrapping_mul(960),
        marker: false,
        payload: vec![0xFC; size].into(),
        orientation: None,
    }
}

/// R-A3: the wait for a missing packet grows with the jitter. R-A4: silence of one byte passes. R-V2: padding is
/// no sound.
#[test]
fn audio_waits_as_long_as_the_network_is_uneven() {
    let start = Instant::now();
    for (jitter, least, most) in [(0, 20, 20), (30, 30, 110), (600, 200, 200)] {
        let mut receiver = AudioReceiver::new(Timescale::OPUS);
        let mut received = 0;
        for sequence in 0..200_u16 {
            let late = if sequence % 3 == 1 { jitter } else { 0 };
            let now = start + Duration::from_millis(u64::from(sequence) * 20 + late);
            let size = [1, 100, 0][usize::from(sequence % 3)];
            receiver.push(now, opus(sequence, size));
            received += std::iter::from_fn(|| receiver.poll(now)).count();
        }
        let now = start + Duration::from_millis(4_040);
        receiver.push(now, opus(202, 50));
        assert_eq!(receiver.poll(now), None);
        let wait = (receiver.deadline().unwrap() - now).as_millis();
        assert!((least..=most).contains(&wait), "{jitter}: {wait}");
        let packet = receiver.poll(now + Duration::from_millis(200)).unwrap();
        assert_eq!((packet.payload.len(), packet.arrival), (50, now));
        assert_eq!((received, receiver.stats().lost), (134, 2));
    }
}
