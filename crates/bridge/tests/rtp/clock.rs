//! Sound and picture of one sender on one timeline, in simulation.

use std::time::{Duration, Instant};

use lianmai_bridge::receive::{SourceClock, TrackClock};
use lianmai_media::{MediaTime, Timescale};

/// Deterministic random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64 * limit
    }
}

/// One track of a simulated sender. Times in seconds.
struct Track {
    clock: TrackClock,
    hz: f64,
    /// The RTP clock's error, in parts per million.
    ppm: f64,
    first_timestamp: u32,
    every: f64,
    starts: f64,
    /// Output minus capture time, of each packet.
    errors: Vec<(f64, f64)>,
}

impl Track {
    fn new(scale: Timescale, ppm: f64, first_timestamp: u32, every: f64, starts: f64) -> Track {
        Track {
            clock: TrackClock::new(scale),
            hz: f64::from(scale.hz()),
            ppm,
            first_timestamp,
            every,
            starts,
            errors: Vec::new(),
        }
    }

    fn timestamp(&self, captured: f64) -> u32 {
        let ticks = captured * self.hz * (1.0 + self.ppm * 1e-6);
        self.first_timestamp.wrapping_add(ticks.round() as i64 as u32)
    }
}

struct Simulation {
    seconds: f64,
    jitter: f64,
    report_every: Option<f64>,
    /// Error of the sender's NTP clock, in parts per million, and a step of it: when and how much.
    ntp_ppm: f64,
    ntp_step: (f64, f64),
}

impl Default for Simulation {
    fn default() -> Simulation {
        Simulation {
            seconds: 1_800.0,
            jitter: 0.1,
            report_every: Some(5.0),
            ntp_ppm: 0.0,
            ntp_step: (f64::INFINITY, 0.0),
        }
    }
}

const NTP_START: f64 = 3_900_000_000.0;

impl Simulation {
    fn ntp(&self, captured: f64) -> u64 {
        let step = if captured >= self.ntp_step.0 {
            self.ntp_step.1
        } else {
            0.0
        };
        let seconds = captured * (1.0 + self.ntp_ppm * 1e-6) + step;
        ((NTP_START as u64) << 32).wrapping_add((seconds * 4_294_967_296.0) as i64 as u64)
    }

    fn run(&self, tracks: &mut [Track]) {
        let start = Instant::now();
        let mut source = SourceClock::new();
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        // Packets and reports with their arrival; packets of one track stay in order, as behind a reorder buffer.
        let mut events = Vec::new();
        for (index, track) in tracks.iter().enumerate() {
            let mut captured = track.starts;
            let mut next_report = track.starts + random.below(1.0);
            let mut last = 0.0_f64;
            while captured < self.seconds {
                last = last.max(captured + 0.02 + random.below(self.jitter));
                events.push((last, index, captured, false));
                if let Some(every) = self.report_every
                    && captured >= next_report
                {
                    next_report += every;
                    events.push((captured + 0.02 + random.below(self.jitter), index, captured, true));
                }
                captured += track.every;
            }
        }
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (arrival, index, captured, is_report) in events {
            let track = &mut tracks[index];
            let arrival = start + Duration::from_secs_f64(arrival);
            let timestamp = track.timestamp(captured);
            if is_report {
                track
                    .clock
                    .sender_report(&mut source, self.ntp(captured), timestamp, arrival);
            } else {
                let time = track.clock.time(&mut source, timestamp, arrival);
                track
                    .errors
                    .push((captured, time.ticks() as f64 / track.hz - captured));
            }
        }
    }
}

/// Largest difference between the two tracks' errors, from `from` seconds on, in milliseconds.
fn worst_offset(tracks: &[Track], from: f64) -> f64 {
    let (a, b) = (&tracks[0].errors, &tracks[1].errors);
    let mut worst = 0.0_f64;
    let mut other = 0;
    for &(captured, error) in a.iter().filter(|(captured, _)| *captured >= from) {
        while other + 1 < b.len() && b[other + 1].0 <= captured {
            other += 1;
        }
        worst = worst.max((error - b[other].1).abs() * 1e3);
    }
    worst
}

fn check_monotonic(tracks: &[Track]) {
    for track in tracks {
        for pair in track.errors.windows(2) {
            let [(before, first), (after, second)] = [pair[0], pair[1]];
            assert!(after + second > before + first, "goes back at {after}");
        }
    }
}

fn audio(ppm: f64, starts: f64) -> Track {
    Track::new(Timescale::OPUS, ppm, u32::MAX - 1_000_000, 0.02, starts)
}

fn video(ppm: f64, starts: f64) -> Track {
    Track::new(Timescale::RTP_VIDEO, ppm, u32::MAX - 90_000 * 600, 0.04, starts)
}

/// R-S2, R-S4, R-T3: half an hour, RTP clocks ±100 ppm, 100 ms of jitter, timestamps that wrap.
#[test]
fn sound_and_picture_stay_together_with_reports() {
    for (report_every, ntp_ppm) in [(1.0, 0.0), (5.0, 0.0), (5.0, 80.0), (5.0, -80.0)] {
        for sign in [1.0, -1.0] {
            let mut tracks = [audio(100.0 * sign, 0.0), video(-100.0 * sign, 0.3)];
            let simulation = Simulation {
                report_every: Some(report_every),
                ntp_ppm,
                ..Simulation::default()
            };
            simulation.run(&mut tracks);
            check_monotonic(&tracks);
            let worst = worst_offset(&tracks, 45.0);
            println!("reports every {report_every} s, NTP {ntp_ppm} ppm, RTP {sign}: {worst:.1} ms");
            assert!(worst <= 20.0, "{worst} ms");
            // The first seconds are no worse than the jitter.
            assert!(worst_offset(&tracks, 0.0) <= 130.0);
        }
    }
}

/// R-S1: without reports everything is used at once, and the fastest packets keep the tracks together.
#[test]
fn no_reports_are_needed() {
    let mut tracks = [audio(100.0, 0.0), video(-100.0, 0.3)];
    let simulation = Simulation {
        report_every: None,
        ..Simulation::default()
    };
    simulation.run(&mut tracks);
    check_monotonic(&tracks);
    assert!(tracks[0].errors.len() >= 90_000);
    let worst = worst_offset(&tracks, 60.0);
    println!("no reports: {worst:.1} ms");
    assert!(worst <= 40.0, "{worst} ms");
}

/// A camera that is switched on after hours meets the sound's timeline although the sender's clocks have drifted.
#[test]
fn a_late_track_joins_the_timeline() {
    let mut tracks = [audio(100.0, 0.0), video(-100.0, 7_000.0)];
    let simulation = Simulation {
        seconds: 7_200.0,
        ntp_ppm: 100.0,
        ..Simulation::default()
    };
    simulation.run(&mut tracks);
    check_monotonic(&tracks);
    let worst = worst_offset(&tracks, 7_045.0);
    println!("late track: {worst:.1} ms");
    assert!(worst <= 20.0, "{worst} ms");
}

/// The sender's wall clock is set while it sends: neither track jumps.
#[test]
fn setting_the_senders_clock_moves_nothing() {
    for step in [3.0, -3.0, 3_600.0] {
        let mut tracks = [audio(0.0, 0.0), video(0.0, 0.0)];
        let simulation = Simulation {
            seconds: 300.0,
            ntp_step: (150.0, step),
            ..Simulation::default()
        };
        simulation.run(&mut tracks);
        check_monotonic(&tracks);
        assert!(worst_offset(&tracks, 45.0) <= 20.0);
        for track in &tracks {
            for pair in track.errors.windows(2) {
                assert!((pair[0].1 - pair[1].1).abs() < 0.001);
            }
        }
    }
}

fn at(start: Instant, seconds: f64) -> Instant {
    start + Duration::from_secs_f64(seconds)
}

/// Tracks that reports show to be far apart are put together in one step; nearer ones at 5 ms per second.
#[test]
fn corrections_are_bounded() {
    let ntp = |seconds: f64| ((NTP_START as u64) << 32) + (seconds * 4_294_967_296.0) as u64;
    for (captured_later, is_step) in [(0.5, true), (0.1, false)] {
        let start = Instant::now();
        let mut source = SourceClock::new();
        let (mut audio, mut video) = (
            TrackClock::new(Timescale::OPUS),
            TrackClock::new(Timescale::RTP_VIDEO),
        );
        audio.time(&mut source, 0, start);
        video.time(&mut source, 0, start);
        audio.sender_report(&mut source, ntp(10.0), 0, start);
        // The picture at timestamp 0 was captured later than the sound at 0.
        video.sender_report(&mut source, ntp(10.0 + captured_later), 0, start);
        let after = |video: &mut TrackClock, source: &mut SourceClock, seconds: f64| {
            let time = video.time(source, (seconds * 90_000.0) as u32, at(start, seconds));
            time.ticks() as f64 / 90_000.0 - seconds
        };
        let first = after(&mut video, &mut source, 1.0);
        if is_step {
            assert!((first - 0.5).abs() < 1e-4, "{first}");
        } else {
            assert!((first - 0.005).abs() < 1e-4, "{first}");
            let second = after(&mut video, &mut source, 10.0);
            assert!((second - 0.05).abs() < 1e-4, "{second}");
        }
    }
}

/// Reports of a sender without a wall clock, or with another one for each track, are not believed.
#[test]
fn implausible_reports_change_nothing() {
    let start = Instant::now();
    let mut source = SourceClock::new();
    let (mut audio, mut video) = (
        TrackClock::new(Timescale::OPUS),
        TrackClock::new(Timescale::RTP_VIDEO),
    );
    audio.time(&mut source, 0, start);
    video.time(&mut source, 0, start);
    audio.sender_report(&mut source, 1 << 40, 0, start);
    video.sender_report(&mut source, 0, 0, start);
    video.sender_report(&mut source, 1 << 50, 0, start);
    assert_eq!(
        video.time(&mut source, 90_000, at(start, 1.0)),
        MediaTime::from_millis(1_000)
    );
    // One report far off is doubted.
    audio.sender_report(&mut source, (1 << 40) + (5 << 32), 48_000 * 4, at(start, 4.0));
    assert_eq!(
        audio.time(&mut source, 48_000 * 5, at(start, 5.0)),
        MediaTime::from_millis(5_000)
    );
}

/// R-T3: a report may come before the first packet, and timestamps may start right before the wrap.
#[test]
fn a_report_before_the_first_packet_counts() {
    let start = Instant::now();
    let mut source = SourceClock::new();
    let (mut audio, mut video) = (
        TrackClock::new(Timescale::OPUS),
        TrackClock::new(Timescale::RTP_VIDEO),
    );
    audio.time(&mut source, 0, start);
    audio.sender_report(&mut source, 10 << 32, 0, start);
    video.sender_report(&mut source, 10 << 32, u32::MAX - 8_999, start);
    let time = video.time(&mut source, 0, at(start, 0.3));
    assert_eq!(time, MediaTime::from_millis(100));
}

/// An encoder that starts again under the same SSRC with other timestamps goes on where it is now.
#[test]
fn a_jump_of_timestamps_is_not_a_jump_in_time() {
    for next in [0x8000_0000_u32, 4_000_000_000, 90_000 * 60] {
        let start = Instant::now();
        let mut source = SourceClock::new();
        let mut video = TrackClock::new(Timescale::RTP_VIDEO);
        for second in 0..10_u32 {
            video.time(&mut source, second * 90_000, at(start, f64::from(second)));
        }
        let time = video.time(&mut source, next, at(start, 10.0));
        assert_eq!(time, MediaTime::from_millis(10_000));
        let time = video.time(&mut source, next.wrapping_add(90_000), at(start, 11.0));
        assert_eq!(time, MediaTime::from_millis(11_000));
    }
}
