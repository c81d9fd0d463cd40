//! Sound for streams that have none, because some servers take nothing without (R-P6). Pure.
//!
//! A stream without an audio track gets a silent one; the holes of an AAC track are filled with its own silence. Driven
//! by the pictures: silence follows them, and never runs ahead of sound that may still come.

use bytes::Bytes;
use lianmai_media::aac::AudioSpecificConfig;
use lianmai_media::{AudioCodec, AudioConfig, silence};

/// The track made for streams without one.
const SAMPLE_RATE: u32 = 48_000;
const CHANNELS: u8 = 2;
/// A track's silence begins so many milliseconds behind the pictures, and stays so far behind them.
const HOLE: i64 = 1_000;
const BEHIND: i64 = 300;
/// Most milliseconds filled at once: longer holes stay.
const MOST: i64 = 2_000;

/// What fills in for missing sound on one connection. Times are the connection's, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Filler {
    /// Of the track that is filled.
    track: Option<Track>,
    /// Whether the stream has had no sound of its own yet.
    invented: bool,
    /// End of the sound so far, own or silent, in samples.
    end: Option<i64>,
    /// The end is one of silence, and a hole is being filled.
    filling: bool,
}

#[derive(Debug)]
struct Track {
    config: AudioConfig,
    frame: Bytes,
    /// Samples per frame, and per second.
    length: i64,
    rate: i64,
}

impl Track {
    fn of(config: &AudioConfig) -> Option<Self> {
        if config.codec != AudioCodec::Aac {
            return None;
        }
        let aac = AudioSpecificConfig::parse(&config.record).ok()?;
        Some(Self {
            config: config.clone(),
            frame: silence::aac_frame(&aac)?,
            length: i64::from(aac.frame_length),
            rate: i64::from(aac.sample_rate).max(1),
        })
    }

    fn samples(&self, millis: i64) -> i64 {
        millis.saturating_mul(self.rate) / 1_000
    }

    fn millis(&self, samples: i64) -> i64 {
        samples.saturating_mul(1_000) / self.rate
    }
}

impl Filler {
    /// The stream's audio track is now `own`; returns the track the target is to be told of.
    pub(super) fn track(&mut self, own: Option<&AudioConfig>) -> Option<AudioConfig> {
        if own.is_none() {
            self.invented = true;
        }
        let wanted = match own {
            Some(own) => Some(own.clone()),
            None => AudioConfig::aac_lc(SAMPLE_RATE, CHANNELS).ok(),
        };
        if self.track.as_ref().map(|track| &track.config) != wanted.as_ref() {
            let end = self.end_millis();
            self.track = wanted.as_ref().and_then(Track::of);
            self.end = end
                .zip(self.track.as_ref())
                .map(|(end, track)| track.samples(end));
        }
        wanted
    }

    /// Sound of the stream at `millis`; false when silence has already been sent in its place.
    pub(super) fn sound(&mut self, millis: i64) -> bool {
        let Some(track) = &self.track else { return true };
        let begin = track.samples(millis);
        // Times in milliseconds are up to one off.
        let late =
            (self.filling || self.invented) && self.end.is_some_and(|end| begin + track.rate / 1_000 < end);
        if !late {
            (self.filling, self.invented) = (false, false);
            self.end = Some(begin + track.length);
        }
        !late
    }

    /// A picture at `millis`: the times at which a silent frame is to be sent before it.
    pub(super) fn before_picture(&mut self, millis: i64) -> Vec<i64> {
        let Some(track) = &self.track else {
            return Vec::new();
        };
        let now = track.samples(millis);
        let mut at = self.end.unwrap_or(now);
        let until = if self.invented {
            now + 1
        } else {
            self.filling |= now - at > track.samples(HOLE);
            if !self.filling {
                self.end = Some(at);
                return Vec::new();
            }
            now - track.samples(BEHIND)
        };
        at = at.max(until - track.samples(MOST));
        let mut times = Vec::new();
        while at < until {
            times.push(track.millis(at));
            at += track.length;
        }
        self.end = Some(at);
        times
    }

    /// A silent frame of the present track.
    pub(super) fn frame(&self) -> Option<(&AudioConfig, &Bytes)> {
        self.track.as_ref().map(|track| (&track.config, &track.frame))
    }

    fn end_millis(&self) -> Option<i64> {
        let track = self.track.as_ref()?;
        Some(track.millis(self.end?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(filler: &mut Filler, millis: std::ops::Range<i64>) -> Vec<i64> {
        let mut all = Vec::new();
        for at in millis.step_by(40) {
            all.extend(filler.before_picture(at));
        }
        all
    }

    /// R-P6.
    #[test]
    fn a_stream_without_sound_gets_silence_without_holes() {
        let mut filler = Filler::default();
        let told = filler.track(None).unwrap();
        assert_eq!((told.sample_rate, told.channels), (48_000, 2));
        let times = pictures(&mut filler, 0..10_000);
        assert_eq!(times[0], 0);
        assert!(times.windows(2).all(|w| (21..=22).contains(&(w[1] - w[0]))));
        assert!((9_938..=9_960).contains(times.last().unwrap()));
    }

    #[test]
    fn own_sound_is_not_touched_and_its_holes_are_filled() {
        let mut filler = Filler::default();
        let own = AudioConfig::aac_lc(44_100, 1).unwrap();
        assert_eq!(filler.track(Some(&own)).unwrap(), own);
        for n in 0..100 {
            assert!(filler.sound(n * 1_024 * 1_000 / 44_100));
            assert!(filler.before_picture(n * 23).is_empty());
        }
        // The last sound ends at 2 321.
        assert!(pictures(&mut filler, 2_320..3_320).is_empty());
        let times = pictures(&mut filler, 3_320..5_001);
        assert!((2_320..=2_322).contains(&times[0]), "{times:?}");
        assert!(times.windows(2).all(|w| (23..=24).contains(&(w[1] - w[0]))));
        let last = *times.last().unwrap();
        assert!((4_670..=4_700).contains(&last), "{last}");
        assert!(!filler.sound(last), "silence was sent in its place");
        assert!(filler.sound(5_000));
        assert!(filler.before_picture(5_040).is_empty());
    }

    #[test]
    fn a_track_that_turns_up_goes_on_where_the_silence_ends() {
        let mut filler = Filler::default();
        filler.track(None);
        let times = pictures(&mut filler, 0..1_000);
        let own = AudioConfig::aac_lc(44_100, 2).unwrap();
        assert_eq!(filler.track(Some(&own)).unwrap(), own);
        let end = times.last().unwrap() + 21;
        assert!(!filler.sound(end - 200), "silence was sent in its place");
        assert!(filler.sound(end + 1));
    }

    #[test]
    fn codecs_without_known_silence_are_left_alone() {
        let mut filler = Filler::default();
        let opus = AudioConfig::opus(2).unwrap();
        assert_eq!(filler.track(Some(&opus)).unwrap(), opus);
        assert!(filler.sound(0));
        assert!(pictures(&mut filler, 0..10_000).is_empty());
    }

    #[test]
    fn a_long_absence_is_not_filled_completely() {
        let mut filler = Filler::default();
        filler.track(None);
        filler.before_picture(0);
        let times = filler.before_picture(15_000);
        assert!(times.len() < 100 && times[0] >= 12_999, "{times:?}");
    }
}
