//! AAC: AudioSpecificConfig and ADTS headers; Opus: OpusHead and packets. The first byte chooses what the rest is.
#![no_main]

use bytes::Bytes;
use lianmai_media::aac::{AdtsHeader, AudioSpecificConfig};
use lianmai_media::opus::{OpusHead, OpusPacket};
use lianmai_media::{AudioCodec, AudioConfig};
use libfuzzer_sys::fuzz_target;

const CODECS: [AudioCodec; 3] = [AudioCodec::Aac, AudioCodec::Opus, AudioCodec::Mp3];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, body)) = input.split_first() else {
        return;
    };
    match kind % 5 {
        0 => asc(body),
        1 => adts(body),
        2 => opus_head(body),
        3 => opus_packet(body),
        _ => config(kind, Bytes::copy_from_slice(body)),
    }
});

/// What we write of a configuration reads back as the same sound.
fn asc(record: &[u8]) {
    let Ok(config) = AudioSpecificConfig::parse(record) else {
        return;
    };
    assert!(
        config.sample_rate > 0 && config.channels > 0 && config.output_sample_rate() > 0,
        "{config:?}"
    );
    let Ok(written) = config.to_bytes() else { return };
    assert_eq!(
        AudioSpecificConfig::parse(&written),
        Ok(config),
        "from {record:02x?}, written {written:02x?}"
    );
}

fn adts(bytes: &[u8]) {
    let Ok(header) = AdtsHeader::parse(bytes) else {
        return;
    };
    assert!(header.frame_length >= header.header_length);
    let _ = header.config();
    if let Ok(written) = header.to_bytes() {
        let again = AdtsHeader::parse(&written);
        assert_eq!(again.map(|again| again.frame_length), Ok(header.frame_length));
    }
}

fn opus_head(record: &[u8]) {
    let Ok(head) = OpusHead::parse(record) else { return };
    let written = head.to_bytes();
    assert_eq!(OpusHead::parse(&written).as_ref(), Ok(&head));
}

fn opus_packet(packet: &[u8]) {
    if let Ok(packet) = OpusPacket::parse(packet) {
        assert!((120..=5_760).contains(&packet.samples()), "{packet:?}");
    }
}

fn config(kind: u8, record: Bytes) {
    let codec = CODECS[usize::from(kind / 5) % CODECS.len()];
    if let Ok(config) = AudioConfig::from_record(codec, record.clone()) {
        assert_eq!((config.codec, config.record), (codec, record));
    }
}
