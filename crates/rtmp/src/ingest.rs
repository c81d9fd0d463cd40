//! RTMP media messages into frames of a publication.
//!
//! Tracks come in any order and at any time; a sequence header is a change of codec only when it differs from
//! the one before. A message that cannot be used is left out and counted: one bad message never ends a
//! publication.

use bytes::Bytes;
use lianmai_hub::{Publication, PushError};
use lianmai_media::flv::{self, AudioTagBody, FlvError, ScriptData, VideoTagBody};
use lianmai_media::nal::{self, LengthSize};
use lianmai_media::{
    AudioCodec, AudioConfig, Frame, MediaDuration, Timescale, TimestampUnwrapper, TrackKind, VideoCodec,
    VideoConfig,
};

use crate::protocol::MediaKind;

/// What became of the messages of one publication.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IngestCounters {
    /// Messages that could not be read.
    pub malformed: u64,
    /// Messages of codecs or kinds that are not carried.
    pub unsupported: u64,
    /// Frames before their track's sequence header.
    pub before_config: u64,
    /// Pictures before the publication's first key frame.
    pub before_keyframe: u64,
}

/// Why a publication cannot take more media.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IngestError {
    /// Another publication took over, or the stream was ended.
    #[error("the publication is over")]
    Superseded,
}

/// Feeds one publication from RTMP (or FLV) messages.
pub struct Ingest {
    publication: Publication,
    clock: TimestampUnwrapper,
    /// The sequence headers in force, as they came.
    video: Option<VideoConfig>,
    audio: Option<AudioConfig>,
    /// Of the NAL units that come.
    lengths: LengthSize,
    /// Earlier pictures refer to ones that nobody got, or that another publication sent.
    has_keyframe: bool,
    counters: IngestCounters,
}

impl Ingest {
    /// Media goes into `publication`.
    pub fn new(publication: Publication) -> Ingest {
        Ingest {
            publication,
            clock: TimestampUnwrapper::new(Timescale::MILLIS),
            video: None,
            audio: None,
            lengths: LengthSize::Four,
            has_keyframe: false,
            counters: IngestCounters::default(),
        }
    }

    /// The publication fed.
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// What was left out so far.
    pub fn counters(&self) -> IngestCounters {
        self.counters
    }

    /// Takes one message. What cannot be used is counted and otherwise ignored.
    ///
    /// # Errors
    /// [`IngestError::Superseded`]: nothing more will be taken.
    pub fn take(&mut self, kind: MediaKind, timestamp: u32, body: Bytes) -> Result<(), IngestError> {
        if body.is_empty() {
            return Ok(());
        }
        let result = match kind {
            MediaKind::Video => self.video(timestamp, body),
            MediaKind::Audio => self.audio(timestamp, body),
            MediaKind::Data => self.data(body),
        };
        match result {
            Ok(()) => Ok(()),
            Err(Refused::Push(PushError::Superseded)) => Err(IngestError::Superseded),
            Err(refused) => {
                self.count(&refused);
                Ok(())
            }
        }
    }

    fn count(&mut self, refused: &Refused) {
        let (counter, reason) = match refused {
            Refused::Push(PushError::MissingConfig(_)) => (&mut self.counters.before_config, "before_config"),
            Refused::BeforeKeyframe => (&mut self.counters.before_keyframe, "before_keyframe"),
            Refused::Unsupported => (&mut self.counters.unsupported, "unsupported"),
            Refused::Malformed | Refused::Push(_) => (&mut self.counters.malformed, "malformed"),
        };
        *counter += 1;
        metrics::counter!("lianmai_ingest_ignored_messages_total", "reason" => reason).increment(1);
        if *counter == 1 {
            tracing::warn!(stream = %self.publication.key(), reason, "media message left out");
        }
    }

    fn video(&mut self, timestamp: u32, body: Bytes) -> Result<(), Refused> {
        match flv::parse_video(body)? {
            VideoTagBody::SequenceHeader { codec, record } => self.video_config(codec, record),
            VideoTagBody::CodedFrame {
                codec,
                keyframe,
                composition_ms,
                payload,
            } => {
                if self.video.as_ref().is_none_or(|v| v.codec != codec) {
                    match codec {
                        // These need no configuration before their first frame.
                        VideoCodec::Vp8 | VideoCodec::Vp9 => self.video_config(codec, Bytes::new())?,
                        _ => return Err(PushError::MissingConfig(TrackKind::Video).into()),
                    }
                }
                self.has_keyframe |= keyframe;
                if !self.has_keyframe {
                    return Err(Refused::BeforeKeyframe);
                }
                // Inside the gateway NAL lengths always have four bytes.
                let payload =
                    nal::with_four_byte_lengths(payload, self.lengths).map_err(|_| Refused::Malformed)?;
                let frame = Frame {
                    kind: TrackKind::Video,
                    dts: self.clock.unwrap_timestamp(timestamp),
                    composition: MediaDuration::from_millis(i64::from(composition_ms)),
                    keyframe,
                    payload,
                };
                self.push(frame)
            }
            VideoTagBody::EndOfSequence { .. }
            | VideoTagBody::Metadata(_)
            | VideoTagBody::CommandFrame(_) => Ok(()),
        }
    }

    fn video_config(&mut self, codec: VideoCodec, record: Bytes) -> Result<(), Refused> {
        if self
            .video
            .as_ref()
            .is_some_and(|v| v.codec == codec && v.record == record)
        {
            return Ok(());
        }
        // The record is kept for as long as the stream is; the read buffer it came in is not.
        let record = Bytes::copy_from_slice(&record);
        let config = VideoConfig::from_record(codec, record).map_err(|_| Refused::Malformed)?;
        self.lengths = config.length_size().unwrap_or(LengthSize::Four);
        if self
            .publication
            .set_video(config.clone().with_four_byte_lengths())?
        {
            tracing::info!(
                stream = %self.publication.key(), codec = ?config.codec, width = config.width,
                height = config.height, profile = config.profile, b_frames = config.may_have_b_frames(), "video track"
            );
        }
        self.video = Some(config);
        Ok(())
    }

    fn audio(&mut self, timestamp: u32, body: Bytes) -> Result<(), Refused> {
        match flv::parse_audio(body)? {
            AudioTagBody::SequenceHeader { codec, record } => self.audio_config(codec, record),
            AudioTagBody::CodedFrame { codec, payload } => {
                if self.audio.as_ref().is_none_or(|a| a.codec != codec) {
                    match codec {
                        AudioCodec::Mp3 => self.audio_config(codec, Bytes::new())?,
                        _ => return Err(PushError::MissingConfig(TrackKind::Audio).into()),
                    }
                }
                if payload.is_empty() {
                    return Ok(());
                }
                let frame = Frame {
                    kind: TrackKind::Audio,
                    dts: self.clock.unwrap_timestamp(timestamp),
                    composition: MediaDuration::from_millis(0),
                    keyframe: true,
                    payload,
                };
                self.push(frame)
            }
            AudioTagBody::EndOfSequence { .. } | AudioTagBody::ChannelLayout { .. } => Ok(()),
        }
    }

    fn audio_config(&mut self, codec: AudioCodec, record: Bytes) -> Result<(), Refused> {
        if self
            .audio
            .as_ref()
            .is_some_and(|a| a.codec == codec && a.record == record)
        {
            return Ok(());
        }
        let record = Bytes::copy_from_slice(&record);
        let config = AudioConfig::from_record(codec, record).map_err(|_| Refused::Malformed)?;
        if self.publication.set_audio(config.clone())? {
            tracing::info!(
                stream = %self.publication.key(), codec = ?config.codec, sample_rate = config.sample_rate,
                channels = config.channels, "audio track"
            );
        }
        self.audio = Some(config);
        Ok(())
    }

    fn data(&mut self, body: Bytes) -> Result<(), Refused> {
        match flv::parse_script(&body)? {
            ScriptData::Metadata(metadata) => {
                self.publication.set_metadata(metadata)?;
            }
            ScriptData::Other { .. } => self.publication.push_data(body)?,
        }
        Ok(())
    }

    fn push(&self, frame: Frame) -> Result<(), Refused> {
        self.publication.push(frame)?;
        Ok(())
    }
}

enum Refused {
    Malformed,
    BeforeKeyframe,
    Unsupported,
    Push(PushError),
}

impl From<PushError> for Refused {
    fn from(error: PushError) -> Refused {
        Refused::Push(error)
    }
}

impl From<FlvError> for Refused {
    fn from(error: FlvError) -> Refused {
        match error {
            FlvError::Truncated { .. } | FlvError::Script(_) => Refused::Malformed,
            _ => Refused::Unsupported,
        }
    }
}
