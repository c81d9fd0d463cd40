//! Metadata towards players: the publisher's own, made true and plausible for the tracks there are.
//!
//! The mini-program player needs plausible values: with an `audiodatarate` of 0 it never starts, and players
//! wait for a track that is announced and never comes.

use super::Metadata;
use crate::flv::FourCc;
use crate::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};

/// What is known about the tracks of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracks<'a> {
    /// The video track, when there is one.
    pub video: Option<&'a VideoConfig>,
    /// The audio track, when there is one.
    pub audio: Option<&'a AudioConfig>,
    /// Measured frames per second.
    pub frame_rate: Option<f64>,
    /// Measured video bit rate in kbit/s.
    pub video_kbps: Option<f64>,
    /// Measured audio bit rate in kbit/s.
    pub audio_kbps: Option<f64>,
}

const VIDEO_KEYS: [&str; 6] = [
    "hasVideo",
    "width",
    "height",
    "framerate",
    "videocodecid",
    "videodatarate",
];
const AUDIO_KEYS: [&str; 7] = [
    "hasAudio",
    "audiocodecid",
    "audiosamplerate",
    "audiosamplesize",
    "audiochannels",
    "stereo",
    "audiodatarate",
];
/// kbit/s per audio channel where nothing is known.
const AUDIO_KBPS_PER_CHANNEL: f64 = 48.0;
/// Bits per pixel and frame of ordinary live pictures, where nothing is known.
const BITS_PER_PIXEL: f64 = 0.1;
const USUAL_FRAME_RATE: f64 = 25.0;

impl Metadata {
    /// This metadata completed for players of `tracks`. Keys that are not about tracks keep their values, and all
    /// keys their order. Sizes, codec ids, rates and channels follow the configurations; data and frame rates are
    /// the publisher's when positive, else the measured, else an estimate. Absent tracks are not mentioned.
    pub fn describe(&self, tracks: &Tracks<'_>) -> Metadata {
        let mut described = self.clone();
        match tracks.video {
            Some(video) => describe_video(&mut described, video, tracks),
            None => VIDEO_KEYS.iter().for_each(|key| described.remove(key)),
        }
        match tracks.audio {
            Some(audio) => describe_audio(&mut described, audio, tracks),
            None => AUDIO_KEYS.iter().for_each(|key| described.remove(key)),
        }
        if described.get("encoder").is_none() {
            described.set("encoder", "lianmai".into());
        }
        described
    }

    /// The number under `name`, when it is finite and above zero.
    fn positive(&self, name: &str) -> Option<f64> {
        positive(self.get(name)?.as_number())
    }
}

fn positive(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite() && *number > 0.0)
}

fn describe_video(metadata: &mut Metadata, video: &VideoConfig, tracks: &Tracks<'_>) {
    if video.width > 0 && video.height > 0 {
        metadata.set("width", f64::from(video.width).into());
        metadata.set("height", f64::from(video.height).into());
    }
    let own_rate = metadata
        .positive("framerate")
        .or_else(|| metadata.positive("videoframerate"));
    let frame_rate = own_rate
        .or(positive(tracks.frame_rate))
        .or_else(|| video.frame_rate())
        .unwrap_or(USUAL_FRAME_RATE);
    metadata.set("framerate", frame_rate.into());
    metadata.set("videocodecid", video_codec_id(video.codec).into());
    let kbps = metadata
        .positive("videodatarate")
        .or(positive(tracks.video_kbps))
        .unwrap_or_else(|| {
            let pixels = f64::from(video.width.max(320)) * f64::from(video.height.max(240));
            (pixels * frame_rate * BITS_PER_PIXEL / 1_000.0).round()
        });
    metadata.set("videodatarate", kbps.into());
    if metadata.get("hasVideo").is_some() {
        metadata.set("hasVideo", true.into());
    }
}

fn describe_audio(metadata: &mut Metadata, audio: &AudioConfig, tracks: &Tracks<'_>) {
    metadata.set("audiocodecid", audio_codec_id(audio.codec).into());
    if audio.sample_rate > 0 {
        metadata.set("audiosamplerate", f64::from(audio.sample_rate).into());
    }
    metadata.set("audiosamplesize", 16.0.into());
    if audio.channels > 0 {
        metadata.set("stereo", (audio.channels >= 2).into());
        if metadata.get("audiochannels").is_some() {
            metadata.set("audiochannels", f64::from(audio.channels).into());
        }
    }
    let kbps = metadata
        .positive("audiodatarate")
        .or(positive(tracks.audio_kbps))
        .unwrap_or(f64::from(audio.channels.max(1)) * AUDIO_KBPS_PER_CHANNEL);
    metadata.set("audiodatarate", kbps.into());
    if metadata.get("hasAudio").is_some() {
        metadata.set("hasAudio", true.into());
    }
}

/// As the frames are written: legacy numbers where the legacy form is, FourCC numbers for Enhanced RTMP.
fn video_codec_id(codec: VideoCodec) -> f64 {
    match codec {
        VideoCodec::H264 => 7.0,
        enhanced => FourCc::from(enhanced).to_number(),
    }
}

fn audio_codec_id(codec: AudioCodec) -> f64 {
    match codec {
        AudioCodec::Aac => 10.0,
        AudioCodec::Mp3 => 2.0,
        AudioCodec::Opus => FourCc::from(codec).to_number(),
    }
}
