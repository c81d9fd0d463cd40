//! What workers are told over Enhanced RTMP about media that players cannot take.

use bytes::{BufMut, Bytes, BytesMut};
use lianmai_hub::{Announcer, Delivery, Form, Hub, HubConfig, ReadOptions, TrackFilter, item_body};
use lianmai_media::flv::{
    AudioTagBody, ScriptData, TagKind, VideoTagBody, parse_audio, parse_script, parse_video,
};
use lianmai_media::{AudioCodec, AudioConfig, TrackKind, VideoCodec, VideoConfig};

use crate::rig::*;

/// The bodies that a worker is sent for what `rtc` sends: announcements, then media.
async fn bodies(hub: &Hub) -> Vec<(TagKind, Bytes)> {
    let mut worker = hub
        .subscribe(key().form(Form::Rtc), ReadOptions::default())
        .unwrap();
    let mut announcer = Announcer::new(TrackFilter::All);
    let mut bodies = Vec::new();
    let mut batch = Vec::new();
    worker.next_batch(&mut batch).await;
    for delivery in batch {
        match delivery {
            Delivery::Headers(headers) => {
                bodies.extend(announcer.announce(&headers, &worker.stream_stats()));
            }
            Delivery::Item(item) => {
                let (kind, header, payload) = item_body(&item).unwrap();
                let mut body = BytesMut::new();
                body.put_slice(header.as_slice());
                body.put_slice(payload);
                bodies.push((kind, body.freeze()));
            }
            other => panic!("{other:?}"),
        }
    }
    bodies
}

fn record(codec: VideoCodec) -> Bytes {
    Bytes::from_static(match codec {
        VideoCodec::Av1 => &[0x81, 0x04, 0x0C, 0x00],
        VideoCodec::Vp9 => &[0, 31, 0x80, 2, 2, 2, 0, 0],
        _ => &[],
    })
}

#[tokio::test(start_paused = true)]
async fn other_codecs_are_announced_and_sent_in_the_enhanced_form() {
    for codec in [VideoCodec::Vp8, VideoCodec::Vp9, VideoCodec::Av1] {
        let hub = Hub::new(HubConfig::default());
        let rtc = publish_rtc(&hub, 1, codec);
        let config = VideoConfig::from_record(codec, record(codec)).unwrap();
        rtc.set_video(config.clone()).unwrap();
        rtc.set_rotation(270).unwrap();
        rtc.push(frame(TrackKind::Video, 0, true)).unwrap();
        rtc.push(frame(TrackKind::Audio, 0, true)).unwrap();
        rtc.push(frame(TrackKind::Video, 40, false)).unwrap();
        let bodies = bodies(&hub).await;
        let [metadata, video, audio, key_frame, packet, inter_frame] = &bodies[..] else {
            panic!("{bodies:?}");
        };
        let Ok(ScriptData::Metadata(metadata)) = parse_script(&metadata.1) else {
            panic!("{metadata:?}");
        };
        assert_eq!(metadata.get("rotation").unwrap().as_number(), Some(270.0));
        let VideoTagBody::SequenceHeader { codec: of, record } = parse_video(video.1.clone()).unwrap() else {
            panic!("{video:?}");
        };
        assert_eq!(VideoConfig::from_record(of, record).unwrap(), config);
        let AudioTagBody::SequenceHeader { codec: of, record } = parse_audio(audio.1.clone()).unwrap() else {
            panic!("{audio:?}");
        };
        assert_eq!(of, AudioCodec::Opus);
        assert_eq!(
            AudioConfig::from_record(of, record).unwrap(),
            audio_config(AudioCodec::Opus)
        );
        for (body, is_key) in [(key_frame, true), (inter_frame, false)] {
            let coded = VideoTagBody::CodedFrame {
                codec,
                keyframe: is_key,
                composition_ms: 0,
                payload: Bytes::from(vec![7; 100]),
            };
            assert_eq!(parse_video(body.1.clone()).unwrap(), coded);
        }
        let coded = AudioTagBody::CodedFrame {
            codec: AudioCodec::Opus,
            payload: Bytes::from(vec![7; 100]),
        };
        assert_eq!(parse_audio(packet.1.clone()).unwrap(), coded);
    }
}
