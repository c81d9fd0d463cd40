//! Reading back a FLV file, whole or cut anywhere.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lianmai_media::amf0::Value;
use lianmai_media::flv::{
    self, AudioTagBody, FILE_HEADER_LENGTH, ScriptData, TAG_HEADER_LENGTH, TagKind, VideoTagBody,
};
use lianmai_media::{AudioConfig, Metadata, TrackKind, VideoConfig};

use super::write::STARTED_AT;
use crate::file::io_error;
use crate::{RecordError, TrackFacts};

/// What is in a file.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The first metadata.
    pub(super) metadata: Option<Metadata>,
    /// Where the media begins, behind the first metadata, and where the last whole tag ends.
    pub(super) media: (u64, u64),
    pub(super) length: u64,
    pub(super) video: Option<VideoConfig>,
    pub(super) audio: Option<AudioConfig>,
    /// Pictures and packets of sound.
    pub(super) pictures: u64,
    pub(super) packets: u64,
    /// Time in milliseconds and place of every picture that can be decoded by itself, from the beginning of the media.
    pub(super) keyframes: Vec<(u32, u64)>,
    pub(super) last_millis: u32,
    /// Distance of the last two frames of a track.
    pub(super) last_step: u32,
}

impl Scan {
    /// Reads what is whole in `file`.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(super) fn read(file: &File, path: &Path) -> Result<Scan, RecordError> {
        let mut scan = Scan {
            length: file.metadata().map_err(io_error(path))?.len(),
            media: (FILE_HEADER_LENGTH as u64, FILE_HEADER_LENGTH as u64),
            ..Scan::default()
        };
        let mut input = BufReader::with_capacity(1 << 20, file);
        let mut header = [0; FILE_HEADER_LENGTH];
        match input.read_exact(&mut header) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(scan),
            result => result.map_err(io_error(path))?,
        }
        let mut last: [Option<u32>; 2] = [None, None];
        while let Some((kind, millis, body)) = scan.tag(&mut input).map_err(io_error(path))? {
            let whole = (TAG_HEADER_LENGTH + body.len() + 4) as u64;
            scan.note(kind, millis, body, whole, &mut last);
            scan.media.1 += whole;
        }
        Ok(scan)
    }

    fn tag(&self, input: &mut impl Read) -> std::io::Result<Option<(TagKind, u32, Bytes)>> {
        let rest = self.length.saturating_sub(self.media.1);
        if rest < (TAG_HEADER_LENGTH + 4) as u64 {
            return Ok(None);
        }
        let mut head = [0; TAG_HEADER_LENGTH];
        input.read_exact(&mut head)?;
        let [kind, l0, l1, l2, t0, t1, t2, t3, ..] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]);
        let Some(kind) = TagKind::from_number(kind) else {
            return Ok(None);
        };
        if rest < u64::from(length) + (TAG_HEADER_LENGTH + 4) as u64 {
            return Ok(None);
        }
        let mut body = vec![0; length as usize];
        input.read_exact(&mut body)?;
        let mut behind = [0; 4];
        input.read_exact(&mut behind)?;
        Ok(Some((kind, u32::from_be_bytes([t3, t0, t1, t2]), body.into())))
    }

    fn note(&mut self, kind: TagKind, millis: u32, body: Bytes, whole: u64, last: &mut [Option<u32>; 2]) {
        let track = match kind {
            TagKind::Script => {
                if self.metadata.is_none()
                    && let Ok(ScriptData::Metadata(metadata)) = flv::parse_script(&body)
                {
                    self.metadata = Some(metadata);
                    self.media.0 = self.media.1 + whole;
                }
                return;
            }
            TagKind::Video => match flv::parse_video(body) {
                Ok(VideoTagBody::SequenceHeader { codec, record }) => {
                    self.video = VideoConfig::from_record(codec, record).ok();
                    return;
                }
                Ok(VideoTagBody::CodedFrame { keyframe, .. }) => {
                    self.pictures += 1;
                    if keyframe {
                        self.keyframes.push((millis, self.media.1 - self.media.0));
                    }
                    1
                }
                _ => return,
            },
            TagKind::Audio => match flv::parse_audio(body) {
                Ok(AudioTagBody::SequenceHeader { codec, record }) => {
                    self.audio = AudioConfig::from_record(codec, record).ok();
                    return;
                }
                Ok(AudioTagBody::CodedFrame { codec, .. }) => {
                    self.packets += 1;
                    if self.audio.is_none() {
                        self.audio = AudioConfig::from_record(codec, Bytes::new()).ok();
                    }
                    0
                }
                _ => return,
            },
        };
        if let Some(before) = last[track].replace(millis) {
            self.last_step = millis.wrapping_sub(before).min(1_000);
        }
        self.last_millis = millis;
    }

    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(u64::from(self.last_millis) + u64::from(self.last_step))
    }

    pub(super) fn started_at(&self) -> SystemTime {
        match self
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.get(STARTED_AT))
        {
            Some(Value::Date { millis, .. }) if millis.is_finite() && *millis >= 0.0 => {
                UNIX_EPOCH + Duration::from_millis(*millis as u64)
            }
            _ => UNIX_EPOCH,
        }
    }

    pub(super) fn tracks(&self) -> Vec<TrackFacts> {
        let video = self.video.as_ref().map(|video| TrackFacts {
            kind: TrackKind::Video,
            video: Some(video.codec),
            audio: None,
            width: video.width,
            height: video.height,
            sample_rate: 0,
            channels: 0,
            samples: self.pictures,
        });
        let audio = self.audio.as_ref().map(|audio| TrackFacts {
            kind: TrackKind::Audio,
            video: None,
            audio: Some(audio.codec),
            width: 0,
            height: 0,
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            samples: self.packets,
        });
        video
            .into_iter()
            .chain(audio)
            .filter(|track| track.samples > 0)
            .collect()
    }
}
