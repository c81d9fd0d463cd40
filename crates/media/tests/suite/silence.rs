//! Silent frames, as FFmpeg decodes them.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use lianmai_media::aac::AudioSpecificConfig;
use lianmai_media::flv::{self, FileHeader, TagKind};
use lianmai_media::opus::{OpusHead, OpusPacket};
use lianmai_media::silence::{Silence, aac_frame, opus_packet};
use lianmai_media::{AudioCodec, AudioConfig};
use proptest::prelude::*;

/// Bytes of decoded 16-bit samples. Fails on whatever FFmpeg complains about.
fn decode(file: Vec<u8>, format: &str) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "warning", "-f", format, "-i", "-", "-f", "s16le", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut input = ffmpeg.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&file));
    let output = ffmpeg.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<_> = complaints.lines().filter(|line| !is_expected(line)).collect();
    assert!(output.status.success() && complaints.is_empty(), "{complaints:?}");
    output.stdout
}

/// A guess of the tools, not of the frames.
fn is_expected(line: &str) -> bool {
    line.contains("Guessed Channel Layout") || line.contains("Estimating duration from bitrate")
}

fn flv(config: &AudioConfig, frame: &Bytes, frames: u32, millis: f64) -> Vec<u8> {
    let mut file = FileHeader {
        audio: true,
        video: false,
    }
    .to_bytes()
    .to_vec();
    let record = flv::audio_config_body(config).unwrap();
    file.extend(flv::tag(TagKind::Audio, 0, &[], &record).unwrap());
    for number in 0..frames {
        let header = flv::audio_frame_header(config);
        let at = (f64::from(number) * millis) as u32;
        file.extend(flv::tag(TagKind::Audio, at, header.as_slice(), frame).unwrap());
    }
    file
}

fn record(aac: AudioSpecificConfig) -> AudioConfig {
    AudioConfig::from_record(AudioCodec::Aac, aac.to_bytes().unwrap()).unwrap()
}

/// Eight frames of `aac` are exact-length silence.
fn assert_silent(aac: AudioSpecificConfig) {
    let config = record(aac);
    let frame = aac_frame(&aac).unwrap();
    assert_eq!(
        Silence::of(&config).instead_of(b"whatever it was"),
        Some(frame.clone())
    );
    let millis = f64::from(aac.frame_length) * 1_000.0 / f64::from(aac.sample_rate);
    let sound = decode(flv(&config, &frame, 8, millis), "flv");
    let longer = aac.output_sample_rate() / aac.sample_rate;
    let samples = 8 * u32::from(aac.frame_length) * longer * u32::from(config.channels);
    assert_eq!(sound.len(), samples as usize * 2, "{aac:?}");
    assert!(sound.iter().all(|byte| *byte == 0), "{aac:?}");
}

#[test]
fn aac_of_every_channel_configuration_is_silent() {
    for channels in [1, 2, 3, 4, 5, 6, 8] {
        assert_silent(AudioSpecificConfig::aac_lc(48_000, channels).unwrap());
    }
    for (channel_configuration, channels) in [(11, 7), (12, 8)] {
        let aac = AudioSpecificConfig::aac_lc(48_000, 1).unwrap();
        assert_silent(AudioSpecificConfig {
            channel_configuration,
            channels,
            ..aac
        });
    }
}

#[test]
fn aac_of_every_sampling_rate_is_silent() {
    for rate in [7_350, 8_000, 16_000, 24_000, 32_000, 44_100, 88_200, 96_000] {
        assert_silent(AudioSpecificConfig::aac_lc(rate, 2).unwrap());
    }
}

#[test]
fn aac_of_other_lengths_and_with_sbr_is_silent() {
    let lc = |channels| AudioSpecificConfig::aac_lc(24_000, channels).unwrap();
    assert_silent(AudioSpecificConfig {
        frame_length: 960,
        ..lc(1)
    });
    assert_silent(AudioSpecificConfig {
        sbr_sample_rate: Some(48_000),
        ..lc(2)
    });
    assert_silent(AudioSpecificConfig {
        sbr_sample_rate: Some(48_000),
        parametric_stereo: true,
        ..lc(1)
    });
}

#[test]
fn nothing_is_made_up_for_other_codecs() {
    let low_delay = AudioSpecificConfig {
        object_type: 23,
        frame_length: 512,
        ..AudioSpecificConfig::aac_lc(48_000, 2).unwrap()
    };
    assert_eq!(aac_frame(&low_delay), None);
    let mp3 = AudioConfig::from_record(AudioCodec::Mp3, Bytes::new()).unwrap();
    assert_eq!(Silence::of(&mp3).instead_of(&[0xFF; 32]), None);
    let opus = Silence::of(&AudioConfig::opus(2).unwrap());
    assert_eq!(opus.instead_of(&[]), None);
    assert_eq!(opus_packet(0, true), None);
    assert_eq!(opus_packet(961, true), None);
    assert_eq!(opus_packet(5_880, true), None);
}

/// One Ogg page (RFC 3533 §6) with one packet.
fn page(flags: u8, granule: u64, sequence: u32, packet: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(7_u32.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.extend([1, packet.len() as u8]);
    page.extend(packet);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

fn ogg(packets: &[Bytes], channels: u8) -> Vec<u8> {
    let head = OpusHead {
        pre_skip: 0,
        ..OpusHead::new(channels).unwrap()
    };
    let mut file = page(2, 0, 0, &head.to_bytes());
    file.extend(page(0, 0, 1, b"OpusTags\x01\0\0\0x\0\0\0\0"));
    let mut granule = 0;
    for (number, packet) in packets.iter().enumerate() {
        granule += u64::from(OpusPacket::parse(packet).unwrap().samples());
        let last = if number + 1 == packets.len() { 4 } else { 0 };
        file.extend(page(last, granule, number as u32 + 2, packet));
    }
    file
}

/// R-A5: of all lengths, also mixed.
#[test]
fn opus_of_every_length_is_silent() {
    let lengths: Vec<u32> = (1..=48).map(|number| number * 120).collect();
    for channels in [1, 2] {
        let packet = |samples: &u32| opus_packet(*samples, channels == 2).unwrap();
        let packets: Vec<Bytes> = lengths.iter().map(packet).collect();
        let sound = decode(ogg(&packets, channels), "ogg");
        let samples: u32 = lengths.iter().sum();
        assert_eq!(sound.len(), samples as usize * usize::from(channels) * 2);
        assert!(sound.iter().all(|byte| *byte == 0));
    }
}

proptest! {
    /// R-A4, R-A5: whatever comes is replaced by something exactly as long, DTX packets too.
    #[test]
    fn opus_silence_is_as_long_as_what_it_replaces(payload in prop::collection::vec(any::<u8>(), 0..6)) {
        let silence = Silence::of(&AudioConfig::opus(2).unwrap()).instead_of(&payload);
        match OpusPacket::parse(&payload) {
            Ok(packet) => {
                let silent = OpusPacket::parse(&silence.unwrap()).unwrap();
                prop_assert_eq!((silent.samples(), silent.stereo), (packet.samples(), packet.stereo));
            }
            Err(_) => prop_assert_eq!(silence, None),
        }
    }
}
