//! How well media arrives over TCP, judged by how much of it comes in time. Pure.
//!
//! A connection that carries what it should brings as many frames per second as ever; one that does not falls behind,
//! and its encoder begins to leave out. The track that goes evenly, sound, is looked at, and the picture where there is
//! no sound.

use std::collections::HashMap;

use lianmai_hub::{StreamKey, StreamStats};

/// Looks that make up the first idea of what is normal.
const LEARN: u32 = 3;
/// How fast that idea follows what comes later.
const FOLLOW: f64 = 0.1;
/// By how much one look changes it at most.
const MAX_STEP: f64 = 0.02;

#[derive(Debug, Clone, Copy)]
struct Track {
    is_audio: bool,
    publications: u64,
    frames: u64,
    millis: u64,
    looks: u32,
    /// Frames per second that are normal.
    normal: f64,
    /// Share of the normal that came, at the look before.
    before: f64,
}

/// All streams that are pushed over TCP.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    tracks: HashMap<StreamKey, Track>,
}

impl Arrival {
    /// Looks at one stream again. The quality from 1 (best) to 5; 0 while unknown.
    pub(super) fn look(&mut self, key: &StreamKey, stats: &StreamStats, millis: u64) -> u8 {
        let (is_audio, frames) = match (&stats.audio, &stats.video) {
            (Some(audio), _) => (true, audio.frames),
            (None, Some(video)) => (false, video.frames),
            (None, None) => return 0,
        };
        let fresh = Track {
            is_audio,
            publications: stats.publications,
            frames,
            millis,
            looks: 0,
            normal: 0.0,
            before: 1.0,
        };
        let track = self.tracks.entry(key.clone()).or_insert(fresh);
        let passed = millis.saturating_sub(track.millis);
        if track.is_audio != is_audio || track.publications != stats.publications || passed == 0 {
            *track = fresh;
            return 0;
        }
        let rate = frames.saturating_sub(track.frames) as f64 * 1_000.0 / passed as f64;
        (track.frames, track.millis) = (frames, millis);
        if track.looks < LEARN {
            track.looks += 1;
            track.normal += (rate - track.normal) / f64::from(track.looks);
            return 0;
        }
        if track.normal <= 0.0 {
            track.looks = 0;
            return 0;
        }
        let share = rate / track.normal;
        let step = (rate - track.normal) * FOLLOW;
        track.normal += step.clamp(-track.normal * MAX_STEP, track.normal * MAX_STEP);
        let worst = share.min(track.before);
        track.before = share;
        grade(worst)
    }

    /// Forgets streams that are no longer there, and says which.
    pub(super) fn forget(&mut self, is_there: impl Fn(&StreamKey) -> bool) -> Vec<StreamKey> {
        let gone = self.tracks.extract_if(|key, _| !is_there(key));
        gone.map(|(key, _)| key).collect()
    }
}

fn grade(share: f64) -> u8 {
    match share {
        s if s >= 0.95 => 1,
        s if s >= 0.85 => 2,
        s if s >= 0.7 => 3,
        s if s >= 0.45 => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use lianmai_hub::AudioStats;
    use lianmai_media::AudioCodec;

    use super::*;

    fn stats(publications: u64, frames: u64) -> StreamStats {
        StreamStats {
            on_air: true,
            publications,
            audio: Some(AudioStats {
                codec: AudioCodec::Aac,
                sample_rate: 44_100,
                channels: 2,
                bitrate: 0.0,
                frames,
            }),
            ..StreamStats::default()
        }
    }

    /// Grades of looks two seconds apart between which so many frames come.
    fn grades(arrival: &mut Arrival, publications: u64, frames: &[u64]) -> Vec<u8> {
        let key = StreamKey::new("a", "s");
        let (mut sum, mut millis) = (0, 0);
        let looks = frames.iter().map(|n| {
            sum += n;
            millis += 2_000;
            arrival.look(&key, &stats(publications, sum), millis)
        });
        looks.collect()
    }

    #[test]
    fn what_falls_behind_is_graded_down_and_comes_back() {
        let mut arrival = Arrival::default();
        let even = grades(&mut arrival, 1, &[86; 8]);
        assert_eq!(even, [0, 0, 0, 0, 1, 1, 1, 1]);
        let mut arrival = Arrival::default();
        let dip = grades(&mut arrival, 1, &[86, 86, 86, 86, 60, 40, 0, 86, 86]);
        // A bad look counts twice: catching up is not yet good.
        assert_eq!(dip, [0, 0, 0, 0, 4, 4, 5, 5, 1]);
    }

    #[test]
    fn a_new_publication_is_judged_anew() {
        let mut arrival = Arrival::default();
        grades(&mut arrival, 1, &[86; 6]);
        assert_eq!(grades(&mut arrival, 2, &[40; 6]), [0, 0, 0, 0, 1, 1]);
        assert_eq!(arrival.forget(|_| false), [StreamKey::new("a", "s")]);
        assert!(arrival.tracks.is_empty());
    }
}
