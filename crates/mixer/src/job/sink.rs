//! Outputs of a transcoder as RTMP messages: metadata and sequence headers before the media they are for (R-P7).

use bytes::Bytes;
use lianmai_media::flv;
use lianmai_media::{AudioConfig, Frame, Metadata, TrackKind, Tracks, VideoConfig};
use lianmai_rtmp::protocol::MediaKind;

use crate::transcode::Output;

/// What is to be sent.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Message {
    /// `@setDataFrame onMetaData`.
    Metadata(Metadata),
    /// A message with its RTMP time.
    Media(MediaKind, u32, Bytes),
}

/// Puts outputs into messages. Headers wait for the first frame they are for, and have its time.
pub(super) struct SinkWriter {
    video_kbps: f64,
    audio_kbps: f64,
    audio: Option<AudioConfig>,
    video: Option<VideoConfig>,
    frame_rate: f64,
    headers_due: bool,
}

impl SinkWriter {
    /// A writer of a track of at most `bitrate` bits per second.
    pub(super) fn new(bitrate: u32) -> SinkWriter {
        SinkWriter::of_both(bitrate, bitrate)
    }

    /// A writer of pictures and sound of at most so many bits per second.
    pub(super) fn of_both(video_bitrate: u32, audio_bitrate: u32) -> SinkWriter {
        SinkWriter {
            video_kbps: f64::from(video_bitrate) / 1_000.0,
            audio_kbps: f64::from(audio_bitrate) / 1_000.0,
            audio: None,
            video: None,
            frame_rate: 0.0,
            headers_due: false,
        }
    }

    /// Appends what `output` becomes.
    pub(super) fn write(&mut self, output: Output, messages: &mut Vec<Message>) {
        match output {
            Output::Audio(config) => {
                self.headers_due |= self.audio.as_ref() != Some(&config);
                self.audio = Some(config);
            }
            Output::Video(config, frame_rate) => {
                self.headers_due |= self.video.as_ref() != Some(&config);
                self.video = Some(config);
                self.frame_rate = frame_rate;
            }
            Output::Frame(frame) => {
                // RTMP time is 32 bits of milliseconds and wraps (RTMP 1.0 §5.3.1).
                let time = frame.dts.as_millis() as u32;
                if std::mem::take(&mut self.headers_due) {
                    self.headers(time, messages);
                }
                messages.extend(self.frame(&frame, time));
            }
        }
    }

    fn headers(&self, time: u32, messages: &mut Vec<Message>) {
        messages.push(Message::Metadata(Metadata::default().describe(&Tracks {
            video: self.video.as_ref(),
            audio: self.audio.as_ref(),
            frame_rate: Some(self.frame_rate),
            video_kbps: Some(self.video_kbps),
            audio_kbps: Some(self.audio_kbps),
        })));
        if let Some(config) = &self.video {
            messages.push(Message::Media(
                MediaKind::Video,
                time,
                flv::video_config_body(config),
            ));
        }
        if let Some(body) = self.audio.as_ref().and_then(flv::audio_config_body) {
            messages.push(Message::Media(MediaKind::Audio, time, body));
        }
    }

    fn frame(&self, frame: &Frame, time: u32) -> Option<Message> {
        let (kind, header) = match frame.kind {
            TrackKind::Audio => (MediaKind::Audio, flv::audio_frame_header(self.audio.as_ref()?)),
            TrackKind::Video => (
                MediaKind::Video,
                flv::video_frame_header(self.video.as_ref()?.codec, frame),
            ),
        };
        let body = [header.as_slice(), &frame.payload].concat();
        Some(Message::Media(kind, time, body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianmai_media::{MediaDuration, MediaTime};

    #[test]
    fn headers_come_before_what_they_are_for_and_once() {
        let mut writer = SinkWriter::new(64_000);
        let config = AudioConfig::opus(2).unwrap();
        let frame = Output::Frame(Frame {
            kind: TrackKind::Audio,
            dts: MediaTime::from_millis(0x1_0000_0005),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: Bytes::from_static(&[0xFC]),
        });
        let mut messages = Vec::new();
        writer.write(Output::Audio(config.clone()), &mut messages);
        assert!(messages.is_empty());
        writer.write(frame.clone(), &mut messages);
        writer.write(Output::Audio(config), &mut messages);
        writer.write(frame.clone(), &mut messages);
        assert!(matches!(&messages[0], Message::Metadata(m) if m.get("hasVideo").is_none()));
        let times: Vec<_> = messages[1..]
            .iter()
            .map(|message| match message {
                Message::Media(MediaKind::Audio, time, body) => (*time, body[0]),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(times, [(5, 0x90), (5, 0x91), (5, 0x91)]);
        writer.write(Output::Audio(AudioConfig::opus(1).unwrap()), &mut messages);
        writer.write(frame, &mut messages);
        assert_eq!(messages.len(), 7);
    }
}
