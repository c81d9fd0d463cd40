//! How a peer's connection is: feedback, levels, quality, and what of its streams it carries.

use std::time::{Duration, Instant};

use super::drive::{Peer, wall_ntp};
use super::engine::Direction;
use super::outgoing::{Fitted, Outgoing};
use super::share::most_of_one;
use crate::BridgeEvent;
use crate::receive::{self, quality};
use crate::send::Heard;

/// How often levels are looked at.
const LEVELS: Duration = Duration::from_millis(200);
/// How often quality is told and the connection's room looked at.
const QUALITY: Duration = Duration::from_secs(2);
const FIT: Duration = Duration::from_millis(500);
/// Quality of a connection without room for the picture.
const WORST: u8 = 5;

impl Peer {
    pub(super) fn heard(&mut self, heard: Heard, now: Instant) {
        match heard {
            Heard::KeyframeWanted { ssrc } => {
                if let Some(out) = self.outgoing.iter_mut().find(|out| out.ssrc() == ssrc) {
                    out.keyframe_wanted();
                }
            }
            Heard::SenderReport { ssrc, ntp, rtp, at } => {
                if let Some(stream) = self
                    .arriving
                    .get(&ssrc)
                    .and_then(|place| self.incoming.get_mut(*place))
                {
                    stream.sender_report(ssrc, ntp, rtp, at);
                }
            }
            Heard::Reception { report } => {
                if report.last_sender_report != 0 {
                    // Middle 32 bits of NTP time, in 1/65 536 s (RFC 3550 §6.4.1).
                    let wall = (wall_ntp() >> 16) as u32;
                    let trip = wall
                        .wrapping_sub(report.last_sender_report)
                        .wrapping_sub(report.delay);
                    let trip = Duration::from_secs_f64(f64::from(trip) / 65_536.0);
                    self.round_trip = Some(trip)
                        .filter(|trip| *trip < Duration::from_secs(10))
                        .or(self.round_trip);
                }
                let video = self
                    .outgoing
                    .iter()
                    .any(|out| out.ssrc() == report.ssrc && out.kind() == lianmai_media::TrackKind::Video);
                let clock = if video { 90_000.0 } else { 48_000.0 };
                self.reception = Some(receive::Link {
                    loss: Some(f64::from(report.fraction_lost) / 256.0),
                    round_trip: self.round_trip,
                    jitter: Some(Duration::from_secs_f64(f64::from(report.jitter) / clock)),
                });
            }
            Heard::Estimate { bits_per_second } => {
                let before = self.estimate.replace(bits_per_second);
                self.pacer.set_carried(bits_per_second);
                if before.is_some_and(|before| bits_per_second < before) {
                    self.fit_at = now;
                }
            }
        }
    }

    /// Levels, quality, and what the connection carries.
    pub(super) fn watch(&mut self, now: Instant) {
        if self.direction == Direction::Publish && now >= self.levels_at {
            self.levels_at = now + LEVELS;
            for stream in &mut self.incoming {
                if let Some(level) = stream.level(now) {
                    let _ = self.events.send(BridgeEvent::AudioLevel {
                        key: stream.key().clone(),
                        level: level.level,
                        voice: level.voice,
                    });
                }
            }
        }
        if now >= self.fit_at {
            self.fit_at = now + FIT;
            self.fit(now);
        }
        if now >= self.quality_at && self.connected {
            self.quality_at = now + QUALITY;
            self.tell_quality();
        }
    }

    /// Shares the estimate between the pictures; sound is small and always goes.
    fn fit(&mut self, now: Instant) {
        let Some(estimate) = self.estimate else { return };
        let available = estimate - self.sound.rate(&self.outgoing, now);
        let mut needs: Vec<f64> = self.outgoing.iter().filter_map(Outgoing::need).collect();
        let most = most_of_one(&mut needs, available);
        for out in &mut self.outgoing {
            let fitted = out.fit(most, now);
            if fitted == Fitted::Same {
                continue;
            }
            // What is lost of what was too large is not worth a repair.
            self.link.forget_sent(out.ssrc());
            if fitted != Fitted::Less {
                // Whoever watches is told at once.
                self.quality_at = now;
            }
        }
    }

    fn tell_quality(&mut self) {
        let mut told = Vec::new();
        for stream in &mut self.incoming {
            let up = stream.quality(None);
            told.push((stream.key().clone(), stream.holder(), up, 0));
        }
        let down = self.reception.map_or(0, quality);
        for out in &self.outgoing {
            let grant = &out.line().grant;
            let down = if out.is_starved() { WORST } else { down };
            match told.iter_mut().find(|(key, ..)| *key == grant.key) {
                Some((.., told)) => *told = down.max(*told),
                None => told.push((grant.key.clone(), grant.holder.clone(), 0, down)),
            }
        }
        for (key, holder, up, down) in told {
            if self.qualities.insert(key.clone(), (up, down)) != Some((up, down)) {
                let _ = self.events.send(BridgeEvent::Quality {
                    key,
                    holder,
                    up,
                    down,
                });
            }
        }
    }
}
