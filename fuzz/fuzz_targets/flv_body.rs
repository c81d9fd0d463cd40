//! Bodies of FLV tags and RTMP media messages. The first byte chooses the kind, the rest is the body.
#![no_main]

use bytes::Bytes;
use lianmai_media::flv::{
    AudioTagBody, ScriptData, VideoTagBody, metadata_body, parse_audio, parse_script, parse_video,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&kind, body)) = input.split_first() else {
        return;
    };
    match kind % 3 {
        0 => audio(Bytes::copy_from_slice(body)),
        1 => video(Bytes::copy_from_slice(body)),
        _ => script(body),
    }
});

fn audio(body: Bytes) {
    let length = body.len();
    match parse_audio(body) {
        Ok(AudioTagBody::SequenceHeader { record, .. }) => assert!(record.len() < length),
        Ok(AudioTagBody::CodedFrame { payload, .. }) => assert!(payload.len() < length),
        Ok(AudioTagBody::EndOfSequence { .. } | AudioTagBody::ChannelLayout { .. }) | Err(_) => {}
    }
}

fn video(body: Bytes) {
    let length = body.len();
    match parse_video(body) {
        Ok(VideoTagBody::SequenceHeader { record, .. }) => assert!(record.len() < length),
        Ok(VideoTagBody::CodedFrame {
            payload,
            composition_ms,
            ..
        }) => {
            assert!(payload.len() < length);
            assert!((-0x80_0000..0x80_0000).contains(&composition_ms));
        }
        Ok(_) | Err(_) => {}
    }
}

fn script(body: &[u8]) {
    // What players are sent must be readable again, and stay as it is from then on.
    if let Ok(ScriptData::Metadata(metadata)) = parse_script(body) {
        let written = metadata_body(&metadata);
        match parse_script(&written) {
            Ok(ScriptData::Metadata(again)) => assert_eq!(metadata_body(&again), written),
            other => panic!("metadata does not survive being sent: {other:?}"),
        }
    }
}
