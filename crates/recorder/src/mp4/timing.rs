//! From the times of a stream to those of a track: every sample needs a duration, which is known when the next comes.
//!
//! Sound follows sample by sample: its packets are as long as what they hold, and the stream's times, which are rounded
//! and jitter, are only looked at to find gaps and drift. Pure.

use bytes::Bytes;
use lianmai_media::aac::AudioSpecificConfig;
use lianmai_media::opus::OpusPacket;
use lianmai_media::{AudioCodec, AudioConfig, Frame, MediaTime, Timescale};

use super::VIDEO_SCALE;
use crate::sample::TrackConfig;

/// Sound that is off by more than this is put where its time says.
const TOLERANCE_MILLIS: u64 = 30;
/// Assumed duration of the last picture where there is no other.
const USUAL_PICTURE: u32 = VIDEO_SCALE / 25;
/// Looks at a sample without a successor before it is let go.
const PATIENT_LOOKS: u8 = 1;
/// The last picture of a part is not shown longer, whatever the one before was.
const LONGEST_LAST: u32 = VIDEO_SCALE;

/// A sample whose duration is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timed {
    pub(crate) dts: u64,
    pub(crate) duration: u32,
    /// Presentation minus decoding time.
    pub(crate) cts: i32,
    pub(crate) keyframe: bool,
    pub(crate) payload: Bytes,
}

/// How the samples of one track follow each other.
#[derive(Debug)]
pub(crate) struct TrackTiming {
    scale: Timescale,
    audio: Option<AudioFacts>,
    base: i64,
    held: Option<Held>,
    /// Where a sample ended that was released before the next one came.
    released: Option<u64>,
    usual: u32,
}

#[derive(Debug)]
struct Held {
    sample: Timed,
    /// How long a packet of sound is by itself.
    nominal: Option<u32>,
    /// How often its track was looked at since it came.
    looked_at: u8,
}

#[derive(Clone, Copy, Debug)]
struct AudioFacts {
    codec: AudioCodec,
    rate: u32,
    /// Samples per packet where they are all alike.
    packet: Option<u32>,
}

impl TrackTiming {
    /// The timing of a track of a part that begins at `base`. `first` tells the rate of sound that has no record.
    pub(crate) fn new(track: &TrackConfig, base: MediaTime, first: &Frame) -> TrackTiming {
        let audio = match track {
            TrackConfig::Audio(config) => Some(AudioFacts::new(config, &first.payload)),
            TrackConfig::Video { .. } => None,
        };
        let scale = audio.map_or(VIDEO_SCALE, |audio| audio.rate);
        let scale = Timescale::new(scale).unwrap_or(Timescale::MILLIS);
        TrackTiming {
            scale,
            audio,
            base: base.rebase(scale).map_or(0, MediaTime::ticks),
            held: None,
            released: None,
            usual: USUAL_PICTURE,
        }
    }

    pub(crate) fn scale(&self) -> u32 {
        self.scale.hz()
    }

    /// Takes the next frame; gives the one before, whose duration is now known. A frame from before the part's
    /// beginning is not taken.
    pub(crate) fn push(&mut self, frame: &Frame) -> Result<Option<Timed>, TooEarly> {
        let ticks = frame.dts.rebase(self.scale).map_or(i64::MIN, MediaTime::ticks);
        let mut dts = u64::try_from(ticks.saturating_sub(self.base)).map_err(|_| TooEarly)?;
        let follows = |held: &Held| held.nominal.map(|nominal| held.sample.dts + u64::from(nominal));
        let (expected, least) = match (&self.held, self.released) {
            (Some(held), _) => (follows(held), held.sample.dts + 1),
            (None, Some(end)) => (self.audio.map(|_| end), end),
            (None, None) => (None, 0),
        };
        let tolerance = u64::from(self.scale()) * TOLERANCE_MILLIS / 1_000;
        dts = match expected {
            Some(expected) if expected.abs_diff(dts) <= tolerance => expected,
            _ => dts.max(least),
        };
        let cts = frame.composition.rebase(self.scale).map_or(0, |c| c.ticks());
        let held = Held {
            nominal: self.audio.and_then(|audio| audio.samples(&frame.payload)),
            looked_at: 0,
            sample: Timed {
                dts,
                duration: 0,
                cts: i32::try_from(cts).unwrap_or(0),
                keyframe: frame.keyframe,
                payload: frame.payload.clone(),
            },
        };
        self.released = None;
        let before = self.held.replace(held);
        Ok(before.map(|before| {
            let duration = u32::try_from(dts - before.sample.dts).unwrap_or(u32::MAX);
            self.usual = duration;
            Timed {
                duration,
                ..before.sample
            }
        }))
    }

    /// The last sample, as long as it is by itself or as the one before.
    pub(crate) fn finish(&mut self) -> Option<Timed> {
        let longest = self.usual.min(LONGEST_LAST);
        self.held.take().map(|held| held.lasting(longest))
    }

    /// Looks whether the last sample has waited for the next one long enough: from one look to the one after it. It then
    /// lasts as long as it is by itself, or a usual picture; what is between that and the next is a gap.
    pub(crate) fn look(&mut self) -> Option<Timed> {
        let held = self.held.as_mut()?;
        held.looked_at += 1;
        if held.looked_at <= PATIENT_LOOKS {
            return None;
        }
        let shortest = self.usual.min(USUAL_PICTURE);
        let timed = self.held.take()?.lasting(shortest);
        self.released = Some(timed.dts + u64::from(timed.duration));
        Some(timed)
    }
}

impl Held {
    /// The sample as long as it is by itself, or else so long.
    fn lasting(self, otherwise: u32) -> Timed {
        Timed {
            duration: self.nominal.unwrap_or(otherwise),
            ..self.sample
        }
    }
}

/// A frame from before the beginning of its part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooEarly;

impl AudioFacts {
    fn new(config: &AudioConfig, first: &[u8]) -> AudioFacts {
        let known = |rate: u32| if rate > 0 { rate } else { 48_000 };
        let (rate, packet) = match config.codec {
            AudioCodec::Opus => (lianmai_media::opus::SAMPLE_RATE, None),
            AudioCodec::Aac => match AudioSpecificConfig::parse(&config.record) {
                Ok(aac) => {
                    let rate = known(aac.output_sample_rate());
                    let samples =
                        u64::from(aac.frame_length) * u64::from(rate) / u64::from(known(aac.sample_rate));
                    (rate, u32::try_from(samples).ok())
                }
                Err(_) => (known(config.sample_rate), Some(1_024)),
            },
            AudioCodec::Mp3 => {
                let (rate, samples) = mp3_header(first).unwrap_or((known(config.sample_rate), 1_152));
                (rate, Some(samples))
            }
        };
        AudioFacts {
            codec: config.codec,
            rate,
            packet,
        }
    }

    fn samples(&self, packet: &[u8]) -> Option<u32> {
        match self.codec {
            AudioCodec::Opus => OpusPacket::parse(packet).ok().map(|packet| packet.samples()),
            AudioCodec::Aac | AudioCodec::Mp3 => self.packet,
        }
    }
}

/// Samples per second and per frame of layer III (ISO/IEC 11172-3 §2.4.2.3, 13818-3 §2.4.2.3, and MPEG-2.5).
fn mp3_header(frame: &[u8]) -> Option<(u32, u32)> {
    let &[sync, version, rates, ..] = frame else {
        return None;
    };
    if sync != 0xFF || version & 0xE6 != 0xE2 {
        return None;
    }
    let rate: u32 = *[44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))?;
    match version >> 3 & 3 {
        3 => Some((rate, 1_152)),
        2 => Some((rate / 2, 576)),
        0 => Some((rate / 4, 576)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianmai_media::{MediaDuration, TrackKind, VideoCodec, VideoConfig};
    use proptest::prelude::*;

    fn frame(kind: TrackKind, millis: i64) -> Frame {
        Frame {
            kind,
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: Bytes::from_static(&[0]),
        }
    }

    fn sound() -> TrackConfig {
        TrackConfig::Audio(AudioConfig::aac_lc(48_000, 2).unwrap())
    }

    fn picture() -> TrackConfig {
        TrackConfig::Video {
            rotation: 0,
            config: VideoConfig {
                codec: VideoCodec::H264,
                record: Bytes::new(),
                width: 0,
                height: 0,
                profile: 0,
                level: 0,
                reorder_depth: None,
            },
        }
    }

    fn durations(track: &TrackConfig, kind: TrackKind, times: &[i64]) -> Vec<u32> {
        let mut timing = TrackTiming::new(track, MediaTime::from_millis(0), &frame(kind, 0));
        let mut all: Vec<_> = times
            .iter()
            .filter_map(|time| timing.push(&frame(kind, *time)).unwrap())
            .collect();
        all.extend(timing.finish());
        all.iter().map(|timed| timed.duration).collect()
    }

    #[test]
    fn sound_follows_without_the_jitter_of_its_times() {
        assert_eq!(
            durations(&sound(), TrackKind::Audio, &[0, 21, 43, 64, 80, 107]),
            [1_024; 6]
        );
        // A gap of a second stays one.
        assert_eq!(
            durations(&sound(), TrackKind::Audio, &[0, 21, 1_021, 1_042]),
            [1_024, 47_984, 1_024, 1_024]
        );
    }

    #[test]
    fn pictures_last_until_the_next() {
        assert_eq!(
            durations(&picture(), TrackKind::Video, &[0, 40, 8_040]),
            [3_600, 720_000, 90_000]
        );
        assert_eq!(durations(&picture(), TrackKind::Video, &[0]), [USUAL_PICTURE]);
    }

    /// What comes seldom is not held back for long, and what comes after it is where its time says.
    #[test]
    fn a_lone_sample_is_released() {
        for (track, kind, length) in [
            (picture(), TrackKind::Video, USUAL_PICTURE),
            (sound(), TrackKind::Audio, 1_024),
        ] {
            let mut timing = TrackTiming::new(&track, MediaTime::from_millis(0), &frame(kind, 0));
            let scale = u64::from(timing.scale());
            assert_eq!(timing.push(&frame(kind, 0)).unwrap(), None);
            assert_eq!(timing.look(), None);
            let first = timing.look().unwrap();
            assert_eq!((first.dts, first.duration), (0, length));
            assert_eq!((timing.look(), timing.finish()), (None, None));
            assert_eq!(timing.push(&frame(kind, 5_000)).unwrap(), None);
            assert_eq!(timing.push(&frame(kind, 5_040)).unwrap().unwrap().dts, 5 * scale);
        }
        // Sound that was only late goes on without a gap.
        let mut timing = TrackTiming::new(&sound(), MediaTime::from_millis(0), &frame(TrackKind::Audio, 0));
        timing.push(&frame(TrackKind::Audio, 0)).unwrap();
        assert!(timing.look().is_none() && timing.look().is_some());
        timing.push(&frame(TrackKind::Audio, 25)).unwrap();
        assert_eq!(timing.finish().unwrap().dts, 1_024);
    }

    #[test]
    fn rates_of_mp3() {
        assert_eq!(mp3_header(&[0xFF, 0xFB, 0x90, 0]), Some((44_100, 1_152)));
        assert_eq!(mp3_header(&[0xFF, 0xF3, 0x94, 0]), Some((24_000, 576)));
        assert_eq!(mp3_header(&[0xFF, 0xFB, 0x9C]), None);
        assert_eq!(mp3_header(b"ID3"), None);
    }

    proptest! {
        /// Drift and jitter never move sound further from its time than the tolerance, and times only grow.
        #[test]
        fn sound_stays_at_its_time(steps in prop::collection::vec(15i64..30, 1..400)) {
            let mut timing = TrackTiming::new(&sound(), MediaTime::from_millis(0), &frame(TrackKind::Audio, 0));
            let (mut now, mut last) = (0, None);
            let mut check = |timed: Timed, time: i64| {
                let off = (timed.dts as i64 - time * 48).abs();
                assert!(off <= 48 * TOLERANCE_MILLIS as i64 || last.is_some_and(|l| timed.dts == l + 1));
                assert!(last.is_none_or(|l| timed.dts > l));
                last = Some(timed.dts);
            };
            for step in steps {
                if let Some(timed) = timing.push(&frame(TrackKind::Audio, now + step)).unwrap() {
                    check(timed, now);
                }
                now += step;
            }
        }
    }
}
