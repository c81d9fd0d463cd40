//! Making media and looking at it.

use std::f32::consts::TAU;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use ffmpeg_next::frame;
use lianmai_media::flv::{self, AudioTagBody, FlvReader, ReaderLimits, ScriptData, TagKind, VideoTagBody};
use lianmai_media::nal::{self, LengthSize};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};

use crate::codec::{AudioEncoder, Channels, Decoder};
use crate::timeline::{from_millis, to_millis};
use crate::transcode::{Arrival, Input, Output, Transcode};

/// A packet or picture at `millis`.
pub(super) fn frame(kind: TrackKind, millis: i64, payload: impl Into<Bytes>) -> Input {
    Input::Frame(Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe: true,
        payload: payload.into(),
    })
}

pub(super) fn sound(millis: i64, payload: impl Into<Bytes>) -> Input {
    frame(TrackKind::Audio, millis, payload)
}

fn arrival(millis: i64) -> Arrival {
    Arrival {
        at: Duration::from_millis(millis.unsigned_abs()),
        newest: millis,
    }
}

/// Takes all inputs, each arriving at its own stamp.
pub(super) fn run(job: &mut dyn Transcode, inputs: impl IntoIterator<Item = Input>) -> Vec<Output> {
    crate::codec::silence_logs();
    let mut out = Vec::new();
    let mut now = 0;
    for input in inputs {
        if let Input::Frame(frame) = &input {
            now = frame.dts.as_millis();
        }
        job.take(input, arrival(now), &mut out).unwrap();
    }
    out
}

/// The frames among outputs.
pub(super) fn frames(out: &[Output]) -> Vec<&Frame> {
    out.iter()
        .filter_map(|output| match output {
            Output::Frame(frame) => Some(frame),
            _ => None,
        })
        .collect()
}

/// Stereo sound of `millis`, made by a function of time in seconds.
pub(super) fn made(millis: i64, of: impl Fn(f32) -> f32) -> Vec<f32> {
    (0..from_millis(millis))
        .flat_map(|n| [of(n as f32 / 48_000.0); 2])
        .collect()
}

pub(super) fn sine(hertz: f32) -> impl Fn(f32) -> f32 {
    move |t| 0.4 * (TAU * hertz * t).sin()
}

/// One millisecond of noise-free click.
pub(super) fn click(at: f32) -> impl Fn(f32) -> f32 {
    move |t| {
        if (at..at + 0.001).contains(&t) { 0.9 } else { 0.0 }
    }
}

/// Encodes stereo samples that begin at `start` milliseconds; stamps are as an encoder that knows its delay makes them.
pub(super) fn coded(mut encoder: AudioEncoder, samples: &[f32], start: i64) -> Vec<Input> {
    let mut inputs = vec![Input::Audio(encoder.config().clone())];
    let mut packets = Vec::new();
    let block = encoder.block();
    for (n, chunk) in samples.chunks_exact(block * 2).enumerate() {
        encoder
            .encode(chunk, from_millis(start) + (n * block) as i64, &mut packets)
            .unwrap();
    }
    inputs.extend(
        packets
            .into_iter()
            .map(|(at, payload)| sound(to_millis(at), payload)),
    );
    inputs
}

pub(super) fn aac() -> AudioEncoder {
    AudioEncoder::aac(Channels::Stereo, 128_000).unwrap()
}

pub(super) fn opus() -> AudioEncoder {
    AudioEncoder::opus(Channels::Stereo, 96_000).unwrap()
}

/// What a player hears: the first channel at 48 kHz, from the stamp of the first packet on (milliseconds). Fails
/// when packets do not follow each other within `slack` milliseconds.
pub(super) fn heard(out: &[Output], slack: i64) -> (i64, Vec<f32>) {
    let config = out.iter().find_map(|output| match output {
        Output::Audio(config) => Some(config.clone()),
        _ => None,
    });
    let mut decoder = Decoder::audio(&config.expect("a configuration")).unwrap();
    let mut samples = Vec::new();
    let mut start = None;
    for frame in frames(out) {
        let millis = frame.dts.as_millis();
        let begin = *start.get_or_insert(millis);
        let expected = begin + to_millis(samples.len() as i64);
        assert!(
            (millis - expected).abs() <= slack,
            "packet at {millis}, {expected} expected"
        );
        decoder.send(&frame.payload, 0).unwrap();
        let mut decoded = frame::Audio::empty();
        while decoder.receive(&mut decoded).unwrap() {
            append_first_channel(&decoded, &mut samples);
        }
    }
    (start.expect("packets"), samples)
}

fn append_first_channel(decoded: &frame::Audio, samples: &mut Vec<f32>) {
    let shape = crate::codec::SoundShape::of(decoded).unwrap();
    assert_eq!(shape.rate, 48_000);
    let mut resampler = crate::codec::Resampler::new(shape, Channels::for_source(shape.channels)).unwrap();
    let mut all = Vec::new();
    resampler.push(decoded, 0, &mut all).unwrap();
    resampler.drain(&mut all).unwrap();
    all.truncate(decoded.samples() * resampler.output().count());
    samples.extend(all.iter().step_by(resampler.output().count()));
}

/// Where the loudest sample is, in milliseconds.
pub(super) fn peak_at((start, samples): &(i64, Vec<f32>)) -> f64 {
    let loudest = samples
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .unwrap();
    *start as f64 + loudest.0 as f64 / 48.0
}

/// Root mean square.
pub(super) fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// How much of the energy is at `hertz`, 0…1: the mean over tenths of a second, so that phase may drift.
pub(super) fn purity(samples: &[f32], hertz: f32) -> f32 {
    let parts = samples.chunks_exact(4_800);
    let count = parts.len().max(1) as f32;
    parts.map(|part| share_at(part, hertz)).sum::<f32>() / count
}

/// Goertzel.
fn share_at(samples: &[f32], hertz: f32) -> f32 {
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    for (n, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * f64::from(hertz) * n as f64 / 48_000.0;
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    (2.0 * (re * re + im * im) / (samples.len() as f64 * energy.max(1e-9))) as f32
}

/// What the ffmpeg program makes of `arguments`, on its standard output.
pub(super) fn ffmpeg(arguments: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(arguments.split_whitespace())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "ffmpeg {arguments}");
    output.stdout
}

/// The content of an FLV file as a job gets it.
pub(super) fn flv_inputs(file: &[u8]) -> Vec<Input> {
    let mut reader = FlvReader::new(ReaderLimits::default());
    let mut inputs = Vec::new();
    reader.push(file);
    let mut lengths = LengthSize::Four;
    while let Some(tag) = reader.poll().unwrap() {
        let at = i64::from(tag.timestamp_ms);
        match tag.kind {
            TagKind::Script => {
                if let ScriptData::Metadata(metadata) = flv::parse_script(&tag.body).unwrap() {
                    inputs.push(Input::Metadata(metadata));
                }
            }
            TagKind::Audio => match flv::parse_audio(tag.body).unwrap() {
                AudioTagBody::SequenceHeader { codec, record } => {
                    inputs.push(Input::Audio(AudioConfig::from_record(codec, record).unwrap()));
                }
                AudioTagBody::CodedFrame { codec, payload } => {
                    if codec == lianmai_media::AudioCodec::Mp3 && inputs.len() < 2 {
                        inputs.push(Input::Audio(
                            AudioConfig::from_record(codec, Bytes::new()).unwrap(),
                        ));
                    }
                    inputs.push(sound(at, payload));
                }
                _ => {}
            },
            TagKind::Video => match flv::parse_video(tag.body).unwrap() {
                VideoTagBody::SequenceHeader { codec, record } => {
                    let config = VideoConfig::from_record(codec, record).unwrap();
                    lengths = config.length_size().unwrap_or(LengthSize::Four);
                    inputs.push(Input::Video(config));
                }
                VideoTagBody::CodedFrame {
                    keyframe,
                    composition_ms,
                    payload,
                    ..
                } => inputs.push(Input::Frame(Frame {
                    kind: TrackKind::Video,
                    dts: MediaTime::from_millis(at),
                    composition: MediaDuration::from_millis(i64::from(composition_ms)),
                    keyframe,
                    payload: nal::with_four_byte_lengths(payload, lengths).unwrap(),
                })),
                _ => {}
            },
        }
    }
    inputs
}

/// The frames of an IVF file (VP8, VP9, AV1) as a job gets them; one in `gop` is a key frame.
pub(super) fn ivf_inputs(file: &[u8], codec: VideoCodec, record: &[u8], fps: i64, gop: usize) -> Vec<Input> {
    let record = Bytes::copy_from_slice(record);
    let mut inputs = vec![Input::Video(VideoConfig::from_record(codec, record).unwrap())];
    let mut rest = &file[32..];
    let mut n = 0;
    while rest.len() > 12 {
        let size = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        inputs.push(Input::Frame(Frame {
            kind: TrackKind::Video,
            dts: MediaTime::from_millis(n * 1_000 / fps),
            composition: MediaDuration::from_millis(0),
            keyframe: (n as usize).is_multiple_of(gop),
            payload: Bytes::copy_from_slice(&rest[12..12 + size]),
        }));
        rest = &rest[12 + size..];
        n += 1;
    }
    inputs
}
