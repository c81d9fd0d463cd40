//! What the sound is after transcoding: tone, loudness, length, and what stands in for what is lost.

use lianmai_media::AudioCodec;

use super::support::*;
use crate::codec::{AudioEncoder, Channels};
use crate::transcode::{AudioTarget, AudioTranscoder, Input, Output, Transcode};

fn to_opus() -> AudioTranscoder {
    AudioTranscoder::new(AudioTarget::Opus, 64_000)
}

fn to_aac() -> AudioTranscoder {
    AudioTranscoder::new(AudioTarget::Aac, 64_000)
}

fn config_of(out: &[Output]) -> &lianmai_media::AudioConfig {
    let configs: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Audio(config) => Some(config),
            _ => None,
        })
        .collect();
    assert_eq!(configs.len(), 1, "one configuration");
    assert!(
        matches!(out[0], Output::Audio(_)),
        "the configuration comes first"
    );
    configs[0]
}

fn is_tone(heard: &(i64, Vec<f32>), hertz: f32, level: f32) {
    is_mostly_tone(heard, hertz, level, 0.98);
}

fn is_mostly_tone(heard: &(i64, Vec<f32>), hertz: f32, level: f32, share: f32) {
    // Beginnings are soft.
    let body = &heard.1[9_600..heard.1.len() - 4_800];
    let (purity, loud) = (purity(body, hertz), loudness(body));
    assert!(purity > share, "{purity} of the energy at {hertz} Hz");
    assert!(
        (loud / (level / 2.0_f32.sqrt()) - 1.0).abs() < 0.12,
        "loudness {loud}"
    );
}

/// R-A1, R-A2: a tone stays a tone of the same loudness, in 20 ms packets of about the bit rate asked for.
#[test]
fn aac_becomes_opus() {
    let out = run(&mut to_opus(), coded(aac(), &made(3_000, sine(1_000.0)), 500));
    let config = config_of(&out);
    assert_eq!((config.codec, config.channels), (AudioCodec::Opus, 2));
    let packets = frames(&out);
    assert!((146..=151).contains(&packets.len()), "{}", packets.len());
    let stamps: Vec<_> = packets.iter().map(|frame| frame.dts.as_millis()).collect();
    assert!(
        stamps.windows(2).all(|pair| pair[1] - pair[0] == 20),
        "{stamps:?}"
    );
    let bits: usize = packets.iter().map(|frame| frame.payload.len() * 8).sum();
    assert!((20_000..90_000).contains(&(bits / 3)), "{} bit/s", bits / 3);
    is_tone(&heard(&out, 1), 1_000.0, 0.4);
}

#[test]
fn opus_becomes_aac() {
    let out = run(&mut to_aac(), coded(opus(), &made(3_000, sine(440.0)), 10_000));
    let config = config_of(&out);
    assert_eq!((config.codec, config.sample_rate), (AudioCodec::Aac, 48_000));
    let packets = frames(&out);
    assert!((138..=141).contains(&packets.len()), "{}", packets.len());
    is_tone(&heard(&out, 1), 440.0, 0.4);
}

/// Both ways one after the other, as between two members of a room.
#[test]
fn there_and_back_again() {
    let there = run(&mut to_opus(), coded(aac(), &made(3_000, sine(700.0)), 0));
    let inputs = there.into_iter().map(|output| match output {
        Output::Audio(config) => Input::Audio(config),
        Output::Frame(frame) => Input::Frame(frame),
        Output::Video(..) => unreachable!(),
    });
    let out = run(&mut to_aac(), inputs);
    is_tone(&heard(&out, 1), 700.0, 0.4);
}

/// Any rate and number of channels; mono stays mono; MP3 too.
#[test]
fn other_rates_and_channels() {
    let table = [
        ("-ar 44100 -ac 1 -c:a aac", 1),
        ("-ar 44100 -ac 2 -c:a aac", 2),
        ("-ar 22050 -ac 2 -c:a aac", 2),
        ("-ar 16000 -ac 1 -c:a aac", 1),
        ("-ar 48000 -ac 6 -c:a aac", 2),
        ("-ar 44100 -ac 2 -c:a libmp3lame", 2),
    ];
    for (options, channels) in table {
        let file = ffmpeg(&format!(
            "-f lavfi -i sine=frequency=1000:duration=3 {options} -f flv -"
        ));
        let out = run(&mut to_opus(), flv_inputs(&file));
        let config = config_of(&out);
        assert_eq!(
            (config.codec, config.channels),
            (AudioCodec::Opus, channels),
            "{options}"
        );
        let heard = heard(&out, 1);
        let body = &heard.1[14_400..heard.1.len() - 9_600];
        assert!(purity(body, 1_000.0) > 0.97, "{options}");
        assert!(loudness(body) > 0.05, "{options}");
        let length = heard.1.len() as f64 / 48_000.0;
        assert!((length - 3.0).abs() < 0.12, "{options}: {length} s");
    }
}

/// HE-AAC is signalled by its configuration: the decoder gives twice the core's rate, and the sound keeps its length.
#[test]
fn announced_sbr_doubles_the_rate() {
    let file = ffmpeg("-f lavfi -i sine=frequency=500:duration=2 -ar 24000 -ac 2 -c:a aac -f flv -");
    let mut inputs = flv_inputs(&file);
    for input in &mut inputs {
        if let Input::Audio(config) = input {
            let aac = lianmai_media::aac::AudioSpecificConfig::parse(&config.record).unwrap();
            let he = lianmai_media::aac::AudioSpecificConfig {
                sbr_sample_rate: Some(48_000),
                ..aac
            };
            let record = he.to_bytes().unwrap();
            *config = lianmai_media::AudioConfig::from_record(AudioCodec::Aac, record).unwrap();
        }
    }
    let heard = heard(&run(&mut to_opus(), inputs), 1);
    let body = &heard.1[14_400..heard.1.len() - 9_600];
    assert!(purity(body, 500.0) > 0.97);
    assert!((heard.1.len() as f64 / 48_000.0 - 2.0).abs() < 0.12);
}

/// R-A5: the length of a packet comes from the packet, 2.5 to 60 ms, and several frames in one.
#[test]
fn every_length_of_opus_packet() {
    for millis in ["2.5", "5", "10", "20", "40", "60"] {
        let encoder = AudioEncoder::opus_of(millis, Channels::Stereo, 128_000).unwrap();
        let out = run(&mut to_aac(), coded(encoder, &made(2_400, sine(880.0)), 100));
        is_tone(&heard(&out, 1), 880.0, 0.4);
    }
    let inputs = merged(coded(opus(), &made(2_400, sine(880.0)), 100), 6);
    let out = run(&mut to_aac(), inputs);
    is_tone(&heard(&out, 1), 880.0, 0.4);
}

/// Opus packets joined to packets of `count` frames each (RFC 6716 §3.2.5, code 3 with variable lengths).
fn merged(inputs: Vec<Input>, count: usize) -> Vec<Input> {
    let mut all = inputs.into_iter();
    let mut merged: Vec<_> = all.by_ref().take(1).collect();
    let packets: Vec<_> = all
        .filter_map(|input| match input {
            Input::Frame(frame) => Some(frame),
            _ => None,
        })
        .collect();
    for group in packets.chunks_exact(count) {
        // Only frames of one kind may share a packet.
        let toc = group[0].payload[0];
        if group.iter().any(|frame| frame.payload[0] != toc) {
            continue;
        }
        let mut packet = vec![toc | 3, 0x80 | count as u8];
        for (n, frame) in group.iter().enumerate() {
            let length = frame.payload.len() - 1;
            if n + 1 < count {
                if length < 252 {
                    packet.push(length as u8);
                } else {
                    let low = 252 + (length - 252) % 4;
                    packet.extend([low as u8, ((length - low) / 4) as u8]);
                }
            }
        }
        for frame in group {
            packet.extend(&frame.payload[1..]);
        }
        merged.push(sound(group[0].dts.as_millis(), packet));
    }
    merged
}

/// R-A3: packets that are lost are heard as little as possible, and nothing moves.
#[test]
fn lost_packets_are_concealed() {
    let mut inputs = coded(opus(), &made(3_000, sine(600.0)), 0);
    let mut n = 0;
    inputs.retain(|input| {
        n += 1;
        !matches!(input, Input::Frame(_)) || n < 40 || n % 12 != 0
    });
    let mut job = to_aac();
    let out = run(&mut job, inputs);
    let heard = heard(&out, 1);
    is_mostly_tone(&heard, 600.0, 0.4, 0.9);
    assert!(
        (8_000..12_000).contains(&job.losses().concealed),
        "{:?}",
        job.losses()
    );
    // No hole of even 5 ms.
    let quiet = heard.1[9_600..heard.1.len() - 9_600]
        .chunks(240)
        .map(loudness)
        .fold(f32::MAX, f32::min);
    assert!(quiet > 0.03, "{quiet}");
}

/// R-A4: silence that the encoder left out, announced by packets of one byte or none, is as long as it was.
#[test]
fn silence_left_out_has_its_exact_length() {
    let mut inputs = coded(opus(), &made(1_000, sine(600.0)), 0);
    let toc = inputs.iter().rev().find_map(|input| match input {
        Input::Frame(frame) => Some(frame.payload[0]),
        _ => None,
    });
    let toc = toc.unwrap() & !3;
    for n in 0..10 {
        inputs.push(sound(1_000 + n * 400, vec![toc]));
        inputs.push(sound(1_020 + n * 400, vec![]));
    }
    inputs.extend(
        coded(opus(), &made(1_000, sine(900.0)), 5_000)
            .into_iter()
            .skip(1),
    );
    let out = run(&mut to_aac(), inputs);
    assert_eq!(config_of(&out).codec, AudioCodec::Aac);
    let (start, samples) = heard(&out, 1);
    let at = |millis: i64| ((millis - start) * 48) as usize;
    assert!(purity(&samples[at(200)..at(900)], 600.0) > 0.97);
    assert!(loudness(&samples[at(1_200)..at(4_950)]) < 0.001);
    assert!(purity(&samples[at(5_200)..at(5_900)], 900.0) > 0.97);
    assert!(loudness(&samples[at(5_100)..at(5_900)]) > 0.2);
}

/// R-A5: what is louder than full scale is bent, not wrapped.
#[test]
fn too_loud_sound_does_not_crackle() {
    let loud = made(2_000, |t| 1.6 * sine(300.0)(t) / 0.4);
    let out = run(&mut to_aac(), coded(opus(), &loud, 0));
    let heard = heard(&out, 1);
    let body = &heard.1[9_600..heard.1.len() - 4_800];
    // A clipped sine keeps most of its energy in the fundamental; a wrapped one does not.
    assert!(purity(body, 300.0) > 0.85, "{}", purity(body, 300.0));
    assert!(body.iter().all(|sample| sample.abs() < 1.3));
}

/// A source that changes its configuration, or even its codec, goes on on the same timeline.
#[test]
fn a_new_configuration_goes_on() {
    let mut inputs = coded(opus(), &made(1_000, sine(600.0)), 0);
    inputs.extend(coded(aac(), &made(1_000, sine(600.0)), 1_000));
    let mono = AudioEncoder::opus(Channels::Mono, 48_000).unwrap();
    let one: Vec<f32> = made(1_000, sine(600.0)).into_iter().step_by(2).collect();
    inputs.extend(coded_mono(mono, &one, 2_000));
    let out = run(&mut to_aac(), inputs);
    let configs = out.iter().filter(|o| matches!(o, Output::Audio(_))).count();
    assert_eq!(configs, 2, "stereo, then mono");
    let stamps: Vec<_> = frames(&out).iter().map(|f| f.dts.as_millis()).collect();
    assert!(stamps.windows(2).all(|pair| pair[1] >= pair[0]), "{stamps:?}");
    let last = stamps.last().unwrap();
    assert!((2_900..3_000).contains(last), "{last}");
}

fn coded_mono(mut encoder: AudioEncoder, samples: &[f32], start: i64) -> Vec<Input> {
    let mut packets = Vec::new();
    let mut inputs = vec![Input::Audio(encoder.config().clone())];
    for (n, chunk) in samples.chunks_exact(encoder.block()).enumerate() {
        encoder
            .encode(chunk, start * 48 + (n * 960) as i64, &mut packets)
            .unwrap();
    }
    inputs.extend(
        packets
            .into_iter()
            .map(|(at, payload)| sound((at + 24) / 48, payload)),
    );
    inputs
}

/// Packets carry what the one before said, for viewers who lost it (RFC 6716 §4.2.4, §4.2.5).
#[test]
fn opus_corrects_losses_of_one_packet() {
    // Louder and softer as syllables are: what does not change is no voice.
    let voice = |t: f32| (sine(220.0)(t) + sine(1_800.0)(t) * 0.4) * (0.55 - sine(3.0)(t));
    let out = run(&mut to_opus(), coded(aac(), &made(3_000, voice), 0));
    let packets = frames(&out);
    // Not CELT alone, and the flag of the first channel behind its voice activity.
    let corrects = packets.iter().filter(|frame| {
        let bytes = &frame.payload;
        bytes[0] >> 3 < 16 && bytes.get(1).is_some_and(|flags| flags & 0x40 != 0)
    });
    let share = corrects.count() as f64 / packets.len() as f64;
    assert!(share > 0.6, "{share} of the packets");
}
