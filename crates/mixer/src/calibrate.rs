//! What jobs cost on this machine, measured in a fraction of a second before the first one comes (R-M5).

use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::job::JobKind;
use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::codec::{AudioEncoder, Channels, CodecError, test_card};
use crate::timeline::to_millis;
use crate::transcode::{Arrival, Input, Output, transcoder};

/// Seconds of sound and number of pictures tried.
const SOUND_SECONDS: usize = 2;
const PICTURES: i64 = 15;
/// Pictures that are decoded and encoded before the clock runs.
const PICTURES_BEFORE: i64 = 3;
const FRAME_RATE: i64 = 30;
/// Real media is harder than what is tried here, and a job also talks to the gateway.
const MARGIN: f64 = 1.2;
const TRANSPORT: f64 = 0.006;

/// Cores that a job takes, by kind.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Costs {
    /// AAC to Opus.
    pub(crate) audio_to_opus: f64,
    /// Opus to AAC.
    pub(crate) audio_to_aac: f64,
    /// Pictures of 1280 × 720, 30 in a second.
    pub(crate) video_720p: f64,
}

impl Default for Costs {
    /// What a machine of 2020 takes.
    fn default() -> Costs {
        Costs {
            audio_to_opus: 0.015,
            audio_to_aac: 0.02,
            video_720p: 0.3,
        }
    }
}

/// Measures.
///
/// # Errors
/// [`CodecError`] when a codec is missing or does not work.
pub(crate) fn calibrate() -> Result<Costs, CodecError> {
    let aac = sound(AudioEncoder::aac(Channels::Stereo, 128_000)?)?;
    let opus = sound(AudioEncoder::opus(Channels::Stereo, 64_000)?)?;
    let pictures = pictures()?;
    let cost = |used: Duration, media_seconds: f64| used.as_secs_f64() / media_seconds * MARGIN + TRANSPORT;
    let seconds = SOUND_SECONDS as f64;
    let shown = (PICTURES - PICTURES_BEFORE) as f64 / FRAME_RATE as f64;
    let video = JobKind::VideoToH264 {
        bitrate: 2_500_000,
        max_side: 1_280,
    };
    Ok(Costs {
        audio_to_opus: cost(timed(&JobKind::AudioToOpus { bitrate: 64_000 }, aac, 0)?, seconds),
        audio_to_aac: cost(timed(&JobKind::AudioToAac { bitrate: 64_000 }, opus, 0)?, seconds),
        video_720p: cost(timed(&video, pictures, PICTURES_BEFORE as usize + 1)?, shown),
    })
}

/// Processor time of this thread for transcoding `inputs`, without the first `skip`.
fn timed(kind: &JobKind, inputs: Vec<Input>, skip: usize) -> Result<Duration, CodecError> {
    let mut job = transcoder(kind);
    let mut out: Vec<Output> = Vec::new();
    let mut begin = cpu_time();
    for (n, input) in inputs.into_iter().enumerate() {
        if n == skip {
            begin = cpu_time();
        }
        let arrival = Arrival {
            at: Duration::ZERO,
            newest: 0,
        };
        job.take(input, arrival, &mut out)?;
    }
    Ok(cpu_time().saturating_sub(begin))
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn frame(kind: TrackKind, millis: i64, keyframe: bool, payload: Bytes) -> Input {
    Input::Frame(Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload,
    })
}

/// A chord with noise, coded.
fn sound(mut encoder: AudioEncoder) -> Result<Vec<Input>, CodecError> {
    let mut inputs = vec![Input::Audio(encoder.config().clone())];
    let mut noise = 1_u32;
    let mut packets = Vec::new();
    let block = encoder.block();
    for n in 0..SOUND_SECONDS * 48_000 / block {
        let samples: Vec<f32> = (n * block..(n + 1) * block)
            .flat_map(|at| {
                let t = at as f32 / 48_000.0 * std::f32::consts::TAU;
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (noise >> 16) as f32 / 65_536.0 - 0.5;
                let chord = (t * 220.0).sin() + (t * 554.0).sin() + (t * 1_318.0).sin();
                [0.2 * chord + 0.05 * hiss, 0.2 * chord - 0.05 * hiss]
            })
            .collect();
        encoder.encode(&samples, (n * block) as i64, &mut packets)?;
    }
    inputs.extend(
        packets
            .into_iter()
            .map(|(at, payload)| frame(TrackKind::Audio, to_millis(at), true, payload)),
    );
    Ok(inputs)
}

/// A moving test card, coded.
fn pictures() -> Result<Vec<Input>, CodecError> {
    let mut card = test_card::Source::new(1_280, 720, 4_000_000, FRAME_RATE as f64)?;
    let mut inputs = vec![Input::Video(card.config().clone())];
    for n in 0..PICTURES {
        let millis = n * 1_000 / FRAME_RATE;
        if let Some(coded) = card.next(millis)? {
            inputs.push(frame(TrackKind::Video, coded.pts, coded.keyframe, coded.payload));
        }
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_plausible() {
        crate::codec::silence_logs();
        let costs = calibrate().unwrap();
        assert!(
            costs.audio_to_opus > 0.003 && costs.audio_to_opus < 0.2,
            "{costs:?}"
        );
        assert!(
            costs.audio_to_aac > 0.003 && costs.audio_to_aac < 0.2,
            "{costs:?}"
        );
        assert!(costs.video_720p > 0.02 && costs.video_720p < 3.0, "{costs:?}");
        let text = serde_json::to_string(&costs).unwrap();
        let read: Costs = serde_json::from_str(&text).unwrap();
        assert!((read.video_720p - costs.video_720p).abs() < 1e-9);
    }
}
