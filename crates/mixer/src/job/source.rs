//! RTMP messages of the source as inputs of a transcoder.

use bytes::Bytes;
use lianmai_media::flv::{self, AudioTagBody, ScriptData, VideoTagBody};
use lianmai_media::nal::{self, LengthSize};
use lianmai_media::{
    AudioCodec, AudioConfig, Frame, MediaDuration, Timescale, TimestampUnwrapper, TrackKind, VideoCodec,
    VideoConfig,
};
use lianmai_rtmp::protocol::{Media, MediaKind};

use crate::transcode::Input;

/// Reads one track out of a stream of messages, or both.
pub(crate) struct SourceReader {
    /// `None` = both.
    track: Option<TrackKind>,
    clock: TimestampUnwrapper,
    audio: Option<AudioConfig>,
    video: Option<VideoConfig>,
    lengths: LengthSize,
    /// Messages that could not be read or came before what they need.
    broken: u64,
}

/// A message that means nothing.
struct Useless;

impl<E: std::error::Error> From<E> for Useless {
    fn from(_: E) -> Useless {
        Useless
    }
}

impl SourceReader {
    /// A reader of `track`.
    pub(super) fn new(track: TrackKind) -> SourceReader {
        SourceReader::of(Some(track))
    }

    /// A reader of sound and pictures.
    pub(crate) fn both() -> SourceReader {
        SourceReader::of(None)
    }

    fn of(track: Option<TrackKind>) -> SourceReader {
        SourceReader {
            track,
            clock: TimestampUnwrapper::new(Timescale::MILLIS),
            audio: None,
            video: None,
            lengths: LengthSize::Four,
            broken: 0,
        }
    }

    /// How many messages meant nothing so far.
    pub(super) fn broken(&self) -> u64 {
        self.broken
    }

    /// What a message brings: at most a configuration and a frame.
    pub(crate) fn read(&mut self, media: Media) -> [Option<Input>; 2] {
        let read = match (media.kind, self.track) {
            (MediaKind::Audio, None | Some(TrackKind::Audio)) => self.sound(media.timestamp, media.payload),
            (MediaKind::Video, None | Some(TrackKind::Video)) => self.picture(media.timestamp, media.payload),
            (MediaKind::Data, _) => match flv::parse_script(&media.payload) {
                Ok(ScriptData::Metadata(metadata)) => Ok([Some(Input::Metadata(metadata)), None]),
                Ok(ScriptData::Other { .. }) => Ok([None, None]),
                Err(_) => Err(Useless),
            },
            _ => Ok([None, None]),
        };
        read.unwrap_or_else(|Useless| {
            self.broken += 1;
            [None, None]
        })
    }

    fn sound(&mut self, timestamp: u32, body: Bytes) -> Result<[Option<Input>; 2], Useless> {
        match flv::parse_audio(body)? {
            AudioTagBody::SequenceHeader { codec, record } => Ok([self.sound_config(codec, record)?, None]),
            AudioTagBody::CodedFrame { codec, payload } => {
                let mut config = None;
                if self.audio.as_ref().is_none_or(|audio| audio.codec != codec) {
                    if codec != AudioCodec::Mp3 {
                        return Err(Useless);
                    }
                    config = self.sound_config(codec, Bytes::new())?;
                }
                let frame = self.frame(TrackKind::Audio, timestamp, 0, true, payload);
                Ok([config, Some(frame)])
            }
            AudioTagBody::EndOfSequence { .. } | AudioTagBody::ChannelLayout { .. } => Ok([None, None]),
        }
    }

    fn sound_config(&mut self, codec: AudioCodec, record: Bytes) -> Result<Option<Input>, Useless> {
        let config = AudioConfig::from_record(codec, record)?;
        if self.audio.as_ref() == Some(&config) {
            return Ok(None);
        }
        self.audio = Some(config.clone());
        Ok(Some(Input::Audio(config)))
    }

    fn picture(&mut self, timestamp: u32, body: Bytes) -> Result<[Option<Input>; 2], Useless> {
        match flv::parse_video(body)? {
            VideoTagBody::SequenceHeader { codec, record } => Ok([self.picture_config(codec, record)?, None]),
            VideoTagBody::CodedFrame {
                codec,
                keyframe,
                composition_ms,
                payload,
            } => {
                let mut config = None;
                if self.video.as_ref().is_none_or(|video| video.codec != codec) {
                    if !matches!(codec, VideoCodec::Vp8 | VideoCodec::Vp9) {
                        return Err(Useless);
                    }
                    config = self.picture_config(codec, Bytes::new())?;
                }
                let payload = nal::with_four_byte_lengths(payload, self.lengths)?;
                Ok([
                    config,
                    Some(self.frame(TrackKind::Video, timestamp, composition_ms, keyframe, payload)),
                ])
            }
            VideoTagBody::EndOfSequence { .. }
            | VideoTagBody::Metadata(_)
            | VideoTagBody::CommandFrame(_) => Ok([None, None]),
        }
    }

    fn picture_config(&mut self, codec: VideoCodec, record: Bytes) -> Result<Option<Input>, Useless> {
        let config = VideoConfig::from_record(codec, record)?;
        self.lengths = config.length_size().unwrap_or(LengthSize::Four);
        let config = config.with_four_byte_lengths();
        if self.video.as_ref() == Some(&config) {
            return Ok(None);
        }
        self.video = Some(config.clone());
        Ok(Some(Input::Video(config)))
    }

    fn frame(
        &mut self,
        kind: TrackKind,
        timestamp: u32,
        composition_ms: i32,
        keyframe: bool,
        payload: Bytes,
    ) -> Input {
        Input::Frame(Frame {
            kind,
            dts: self.clock.unwrap_timestamp(timestamp),
            composition: MediaDuration::from_millis(i64::from(composition_ms)),
            keyframe,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(kind: MediaKind, timestamp: u32, payload: impl Into<Bytes>) -> Media {
        Media {
            stream_id: 1,
            kind,
            timestamp,
            payload: payload.into(),
        }
    }

    /// R-V5: repeated headers are no change. R-T3: stamps go on over the roll-over.
    #[test]
    fn sound_is_read() {
        let mut reader = SourceReader::new(TrackKind::Audio);
        let config = AudioConfig::opus(2).unwrap();
        let header = flv::audio_config_body(&config).unwrap();
        let packet = [flv::audio_frame_header(&config).as_slice(), &[0xFC, 1, 2]].concat();
        let early = reader.read(media(MediaKind::Audio, 0, packet.clone()));
        assert!(matches!(early, [None, None]));
        assert_eq!(reader.broken(), 1);
        let read = reader.read(media(MediaKind::Audio, 0, header.clone()));
        assert!(matches!(&read[0], Some(Input::Audio(c)) if *c == config));
        let again = reader.read(media(MediaKind::Audio, 0, header));
        assert!(matches!(again, [None, None]));
        for (wire, expected) in [(u32::MAX - 9, 4_294_967_286), (10, 4_294_967_306)] {
            let [None, Some(Input::Frame(frame))] =
                reader.read(media(MediaKind::Audio, wire, packet.clone()))
            else {
                panic!("no frame");
            };
            assert_eq!(
                (frame.dts.as_millis(), frame.payload.as_ref()),
                (expected, &[0xFC, 1, 2][..])
            );
        }
        assert!(matches!(
            reader.read(media(MediaKind::Video, 0, vec![0x17, 0])),
            [None, None]
        ));
        assert_eq!(reader.broken(), 1, "pictures are none of its business");
        assert!(matches!(
            reader.read(media(MediaKind::Audio, 0, vec![0xFF])),
            [None, None]
        ));
        assert_eq!(reader.broken(), 2);
    }

    #[test]
    fn vp8_needs_no_header() {
        let mut reader = SourceReader::new(TrackKind::Video);
        let frame = Frame {
            kind: TrackKind::Video,
            dts: lianmai_media::MediaTime::from_millis(0),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: Bytes::from_static(&[1, 2, 3]),
        };
        let header = flv::video_frame_header(VideoCodec::Vp8, &frame);
        let body = [header.as_slice(), &frame.payload].concat();
        let read = reader.read(media(MediaKind::Video, 40, body.clone()));
        assert!(matches!(read, [Some(Input::Video(_)), Some(Input::Frame(_))]));
        let read = reader.read(media(MediaKind::Video, 80, body));
        assert!(matches!(read, [None, Some(Input::Frame(_))]));
    }
}
