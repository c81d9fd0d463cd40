//! What composing costs, without a network: FLV files in, coded pictures and sound out, on one thread. For benchmarks.

use std::sync::Arc;
use std::time::Duration;

use ffmpeg_next::frame;
use lianmai_media::flv::{FlvReader, ReaderLimits, TagKind};
use lianmai_media::{Frame, TrackKind};
use lianmai_rooms::layout::Scene;
use lianmai_rtmp::protocol::{Media, MediaKind};
use nix::time::{ClockId, clock_gettime};

use super::compose::{Assets, Compositor, FontFiles, Moment};
use super::sound::{Level, STEP, SoundMixer};
use crate::codec::{CodecError, Decoder, Effort, Rotation, Size, VideoEncoder};
use crate::job::SourceReader;
use crate::timeline::{PER_MILLI, from_millis};
use crate::transcode::Input;

/// What was used.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Processor time.
    pub cpu: Duration,
    /// Of which: decoding pictures, composing, encoding pictures, and all of sound.
    pub parts: [Duration; 4],
    /// Media time composed.
    pub media: Duration,
    /// Bytes of coded pictures.
    pub video_bytes: usize,
    /// Pictures drawn.
    pub pictures: u64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MeasureError(String);

impl From<CodecError> for MeasureError {
    fn from(error: CodecError) -> MeasureError {
        MeasureError(error.to_string())
    }
}

struct Source {
    name: String,
    inputs: std::iter::Peekable<std::vec::IntoIter<Input>>,
    decoder: Option<Decoder>,
}

/// Composes `scene` of the files with the names of its inputs, for `media`.
///
/// # Errors
/// [`MeasureError`] when a file cannot be read or a codec is missing.
pub fn measure(files: &[(String, Vec<u8>)], scene: &Scene, media: Duration) -> Result<Figures, MeasureError> {
    crate::codec::silence_logs();
    let mut sources = Vec::new();
    for (name, file) in files {
        sources.push(Source {
            name: name.clone(),
            inputs: read(file)?.into_iter().peekable(),
            decoder: None,
        });
    }
    let canvas = scene.canvas;
    let size = Size {
        width: canvas.width,
        height: canvas.height,
    };
    let fps = f64::from(canvas.fps);
    let mut encoder = VideoEncoder::with_effort(size, canvas.video_bitrate, fps, Effort::Live)?;
    let mut compositor = Compositor::new(
        Arc::new(scene.clone()),
        Assets::default(),
        FontFiles::open().read(),
    )?;
    let mut mixer = SoundMixer::new(canvas.audio_bitrate, 0);
    mixer.add_output(0, None)?;
    let level = |(name, _): &(String, Vec<u8>)| Level {
        input: name.clone(),
        gain: 0.5,
    };
    mixer.set_levels(&files.iter().map(level).collect::<Vec<_>>());
    let mut figures = Figures {
        cpu: Duration::ZERO,
        parts: [Duration::ZERO; 4],
        media,
        video_bytes: 0,
        pictures: 0,
    };
    let end = media.as_millis() as i64;
    let (mut frame_at, mut n) = (0, 0_i64);
    let mut parts = [Duration::ZERO; 4];
    let mut picture = frame::Video::empty();
    let mut out = Vec::new();
    let begin = cpu_time();
    while mixer.position() < from_millis(end) {
        let now = mixer.position() / PER_MILLI;
        let mut mark = cpu_time();
        let mut took = |part: usize, mark: &mut Duration| {
            let after = cpu_time();
            if let Some(sum) = parts.get_mut(part) {
                *sum += after.saturating_sub(*mark);
            }
            *mark = after;
        };
        let mut packets = Vec::new();
        for source in &mut sources {
            while let Some(input) = source.inputs.next_if(|input| due(input, now)) {
                match input {
                    Input::Frame(frame) if frame.kind == TrackKind::Audio => {
                        packets.push((source.name.clone(), Sound::Packet(frame)));
                    }
                    Input::Audio(config) => packets.push((source.name.clone(), Sound::Config(config))),
                    Input::Video(config) => source.decoder = Some(Decoder::video(&config)?),
                    Input::Frame(frame) if !canvas.audio_only => {
                        let Some(decoder) = &mut source.decoder else {
                            continue;
                        };
                        decoder.send(&frame.payload, frame.dts.as_millis())?;
                        while decoder.receive(&mut picture)? {
                            let decoded = std::mem::replace(&mut picture, frame::Video::empty());
                            compositor.picture(&source.name, Arc::new(decoded), Rotation::None, now);
                        }
                    }
                    Input::Frame(_) | Input::Metadata(_) => {}
                }
            }
        }
        took(0, &mut mark);
        for (name, sound) in packets {
            let Some(voice) = mixer.voice(&name) else { continue };
            match sound {
                Sound::Config(config) => voice.configure(&config),
                Sound::Packet(frame) => {
                    let at = from_millis(frame.dts.as_millis() + 60);
                    voice.packet(&frame.payload, at, now * PER_MILLI);
                }
            }
        }
        mixer.step(&mut out)?;
        out.clear();
        took(3, &mut mark);
        while !canvas.audio_only && frame_at <= now + STEP / PER_MILLI {
            let moment = Moment {
                millis: frame_at,
                unix: 0,
            };
            compositor.compose(moment);
            took(1, &mut mark);
            let keyframe = n % (2 * i64::from(canvas.fps)) == 0;
            let coded = encoder.encode(compositor.frame_mut(), frame_at, keyframe)?;
            figures.video_bytes += coded.map_or(0, |coded| coded.payload.len());
            figures.pictures += 1;
            n += 1;
            frame_at = n * 1_000 / i64::from(canvas.fps);
            took(2, &mut mark);
        }
    }
    figures.parts = parts;
    figures.cpu = cpu_time().saturating_sub(begin);
    Ok(figures)
}

enum Sound {
    Config(lianmai_media::AudioConfig),
    Packet(Frame),
}

fn due(input: &Input, now: i64) -> bool {
    match input {
        Input::Frame(frame) => frame.dts.as_millis() <= now,
        _ => true,
    }
}

fn read(file: &[u8]) -> Result<Vec<Input>, MeasureError> {
    let failed = |error: &dyn std::fmt::Display| MeasureError(error.to_string());
    let mut reader = FlvReader::new(ReaderLimits::default());
    reader.push(file);
    let mut source = SourceReader::both();
    let mut inputs = Vec::new();
    while let Some(tag) = reader.poll().map_err(|error| failed(&error))? {
        let kind = match tag.kind {
            TagKind::Script => MediaKind::Data,
            TagKind::Audio => MediaKind::Audio,
            TagKind::Video => MediaKind::Video,
        };
        let media = Media {
            stream_id: 1,
            kind,
            timestamp: tag.timestamp_ms,
            payload: tag.body,
        };
        inputs.extend(source.read(media).into_iter().flatten());
    }
    Ok(inputs)
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
