//! One SSRC on the timeline of its publisher.

use std::time::Instant;

use lianmai_media::{MediaTime, Timescale};

use super::super::ntp::{SECOND, nanos, ntp_between, ticks};
use super::source::{SourceClock, nanos_between};
use super::transit::Transit;

const MILLI: i64 = SECOND / 1_000;
/// A correction is at most one part in so many: 5 ms per second.
const SLEW: i64 = 200;
/// A larger correction is one step.
const STEP: i64 = 200 * MILLI;
/// Two reports in a row must agree so far about a step.
const AGREEMENT: i64 = 50 * MILLI;
/// Without reports only this is a step: queues in the network come and go.
const STEP_WITHOUT_REPORTS: i64 = 2 * SECOND;
/// Timestamps that run ahead of all earlier ones or go back by this are those of another clock.
const JUMP: i64 = 2 * SECOND;
/// Reports that place a track farther from its arrival are not of the NTP clock of the other tracks.
const PLAUSIBLE: i64 = 5 * SECOND;
/// How the publisher's NTP clock is kept at our pace: a sixteenth of its error per report, at most 1 ms.
const PACE: i64 = 16;
const MOST_PACE: i64 = MILLI;

/// What a sender report said.
#[derive(Clone, Copy, Debug)]
struct Report {
    ntp: u64,
    timestamp: i64,
    arrival: Instant,
}

/// A line from RTP timestamps to the timeline. All times in nanoseconds, timestamps unwrapped.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// The timestamp that the offset is for.
    start: i64,
    offset: i64,
    /// Where the offset is slewed to.
    target: i64,
    transit: Transit,
    /// Newest timestamp and what it became, in ticks.
    newest: i64,
    newest_out: Option<i64>,
}

/// The clock of one SSRC.
#[derive(Debug)]
pub struct TrackClock {
    scale: Timescale,
    line: Option<Line>,
    report: Option<Report>,
    /// Report before the first packet.
    early: Option<(u64, u32, Instant)>,
    /// Distance between the reports' offset and the fastest packets when reports began; `None` before.
    usual_transit: Option<i64>,
    /// What one report says, against all before.
    doubt: Option<i64>,
    settings: u32,
}

impl TrackClock {
    /// The clock of an SSRC with timestamps on `scale`.
    pub fn new(scale: Timescale) -> TrackClock {
        TrackClock {
            scale,
            line: None,
            report: None,
            early: None,
            usual_transit: None,
            doubt: None,
            settings: 0,
        }
    }

    /// Where `timestamp`, of a packet that arrived at `arrival`, is on the timeline, on the track's scale. Calls are
    /// in the order of sequence numbers; times never go back. Works from the first packet on (R-S1).
    pub fn time(&mut self, source: &mut SourceClock, timestamp: u32, arrival: Instant) -> MediaTime {
        let now = source.nanos_at(arrival);
        let scale = self.scale;
        if self.line.is_none() {
            self.start(source, timestamp, now);
        }
        let Some(line) = &mut self.line else {
            return MediaTime::new(0, scale);
        };
        let timestamp = line.unwrap(timestamp);
        if line.jumps(timestamp, now, scale) {
            *line = line.restarted(timestamp, now, scale);
            (self.report, self.usual_transit, self.doubt) = (None, None, None);
            metrics::counter!("lianmai_rtp_clock_jumps_total").increment(1);
        } else {
            line.follow(timestamp, now, scale, self.usual_transit.is_some());
        }
        MediaTime::new(line.place(timestamp, scale), scale)
    }

    fn start(&mut self, source: &mut SourceClock, timestamp: u32, now: i64) {
        self.line = Some(Line::new(i64::from(timestamp), now));
        if let Some((ntp, timestamp, arrival)) = self.early.take() {
            self.sender_report(source, ntp, timestamp, arrival);
        }
        if let Some(line) = &mut self.line {
            // Nothing has gone out yet that a step could disturb.
            line.offset = line.target;
        }
    }

    /// Takes the NTP time (64 bits, RFC 3550 §4) and RTP timestamp of a sender report that arrived at `arrival`.
    pub fn sender_report(&mut self, source: &mut SourceClock, ntp: u64, timestamp: u32, arrival: Instant) {
        // A sender without a wall clock says 0 (RFC 3550 §6.4.1).
        if ntp == 0 {
            return;
        }
        let Some(line) = &mut self.line else {
            self.early = Some((ntp, timestamp, arrival));
            return;
        };
        let timestamp = line.unwrap(timestamp);
        let report = Report {
            ntp,
            timestamp,
            arrival,
        };
        if let Some(last) = self.report {
            let by_ntp = ntp_between(last.ntp, ntp);
            let by_rtp = nanos(timestamp.saturating_sub(last.timestamp), self.scale);
            if by_ntp <= 0 && by_rtp <= 0 {
                return; // an older report, or the same again
            }
            let step = by_ntp.saturating_sub(by_rtp);
            let by_arrival = nanos_between(last.arrival, arrival);
            let ntp_is_odd = distance(by_ntp, by_arrival) > distance(by_rtp, by_arrival);
            // Another track may have told already.
            if step.saturating_abs() > STEP && ntp_is_odd && source.settings() == self.settings {
                source.was_set(step);
            }
        }
        self.report = Some(report);
        self.settings = source.settings();

        let sent = line.nanos_of(timestamp, self.scale);
        let least = line.transit.least();
        let target = source
            .nanos_of(ntp, sent.saturating_add(line.target))
            .saturating_sub(sent);
        let transit = least.saturating_sub(target);
        match self.usual_transit {
            None if transit.saturating_abs() > PLAUSIBLE => {
                metrics::counter!("lianmai_rtp_reports_implausible_total").increment(1);
            }
            None => {
                self.usual_transit = Some(transit);
                line.correct(target);
            }
            Some(usual) => {
                if distance(target, line.target) <= STEP {
                    self.doubt = None;
                    line.target = target;
                } else if self
                    .doubt
                    .is_some_and(|doubt| distance(doubt, target) <= AGREEMENT)
                {
                    self.doubt = None;
                    line.correct(target);
                } else {
                    self.doubt = Some(target);
                    return;
                }
                let error = transit.saturating_sub(usual);
                source.shift((error / PACE).clamp(-MOST_PACE, MOST_PACE));
            }
        }
    }
}

impl Line {
    /// The line of a track whose first packet arrives `now`.
    fn new(timestamp: i64, now: i64) -> Line {
        Line {
            start: timestamp,
            offset: now,
            target: now,
            transit: Transit::new(now, now),
            newest: timestamp,
            newest_out: None,
        }
    }

    /// The timestamp nearest to the newest one.
    fn unwrap(&self, timestamp: u32) -> i64 {
        let difference = timestamp.wrapping_sub(self.newest as u32) as i32;
        self.newest.saturating_add(i64::from(difference))
    }

    /// When it was sent, from the line's start.
    fn nanos_of(&self, timestamp: i64, scale: Timescale) -> i64 {
        nanos(timestamp.saturating_sub(self.start), scale)
    }

    /// Whether a timestamp is impossible on this line: farther ahead than any packet was ever fast, or back.
    fn jumps(&self, timestamp: i64, now: i64, scale: Timescale) -> bool {
        let transit = now.saturating_sub(self.nanos_of(timestamp, scale));
        let back = nanos(self.newest.saturating_sub(timestamp), scale);
        self.transit.least().saturating_sub(transit) > JUMP || back > JUMP
    }

    /// Another line from here on, behind what went out.
    fn restarted(&self, timestamp: i64, now: i64, scale: Timescale) -> Line {
        let next = self
            .newest_out
            .map_or(now, |out| nanos(out.saturating_add(1), scale));
        Line {
            offset: now.max(next),
            // What comes is newer than what went out.
            newest: timestamp.saturating_sub(1),
            newest_out: self.newest_out,
            ..Line::new(timestamp, now)
        }
    }

    /// Corrects the line, now that a packet has come.
    fn follow(&mut self, timestamp: i64, now: i64, scale: Timescale, has_reports: bool) {
        let sent = self.nanos_of(timestamp, scale);
        self.transit.push(now, now.saturating_sub(sent));
        if !has_reports {
            self.target = self.transit.least();
            if distance(self.target, self.offset) > STEP_WITHOUT_REPORTS {
                self.offset = self.target;
            }
        }
        let elapsed = nanos(timestamp.saturating_sub(self.newest), scale).max(0);
        let most = elapsed / SLEW;
        let correction = self.target.saturating_sub(self.offset).clamp(-most, most);
        self.offset = self.offset.saturating_add(correction);
    }

    /// Where a timestamp is on the timeline, in ticks: not before the one that went out last, and behind it when the
    /// timestamp has grown.
    fn place(&mut self, timestamp: i64, scale: Timescale) -> i64 {
        let from_start = timestamp.saturating_sub(self.start);
        let here = from_start.saturating_add(ticks(self.offset, scale));
        let out = match self.newest_out {
            None => here,
            Some(out) if timestamp == self.newest => out,
            Some(out) if timestamp > self.newest => here.max(out.saturating_add(1)),
            Some(out) => here.max(out),
        };
        self.newest = self.newest.max(timestamp);
        self.newest_out = Some(out);
        out
    }

    /// Slews to `target`, or goes there when it is far.
    fn correct(&mut self, target: i64) {
        self.target = target;
        if distance(target, self.offset) > STEP {
            self.offset = target;
        }
    }
}

fn distance(a: i64, b: i64) -> i64 {
    a.saturating_sub(b).saturating_abs()
}
