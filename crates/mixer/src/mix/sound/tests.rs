//! Voices with tones of their own, summed, coded, decoded and looked at.

use std::f32::consts::TAU;

use bytes::Bytes;
use ffmpeg_next::frame;
use lianmai_media::AudioConfig;

use super::{Level, STEP, SoundMixer};
use crate::codec::{AudioEncoder, Channels, Decoder, plane_floats};
use crate::timeline::from_millis;
use crate::transcode::Output;

/// A voice on its way: configuration, and packets with their stamps in milliseconds.
struct Coded {
    config: AudioConfig,
    packets: Vec<(i64, Bytes)>,
}

fn tone(opus: bool, hertz: f32, amplitude: f32, millis: i64) -> Coded {
    let mut encoder = match opus {
        true => AudioEncoder::opus(Channels::Stereo, 96_000).unwrap(),
        false => AudioEncoder::aac(Channels::Stereo, 128_000).unwrap(),
    };
    let block = encoder.block();
    let mut packets = Vec::new();
    for n in 0..from_millis(millis) as usize / block {
        let samples: Vec<f32> = (n * block..(n + 1) * block)
            .flat_map(|at| [amplitude * (TAU * hertz * at as f32 / 48_000.0).sin(); 2])
            .collect();
        encoder
            .encode(&samples, (n * block) as i64, &mut packets)
            .unwrap();
    }
    Coded {
        config: encoder.config().clone(),
        packets: packets
            .into_iter()
            .map(|(at, payload)| (at.div_euclid(48), payload))
            .collect(),
    }
}

/// What a listener of each output hears when voices' packets arrive as they are stamped, `change` being called before
/// each step with its time in milliseconds.
fn mixed(
    voices: &[(&str, &Coded)],
    outputs: &[Option<&str>],
    millis: i64,
    mut change: impl FnMut(&mut SoundMixer, i64),
) -> Vec<Vec<f32>> {
    crate::codec::silence_logs();
    let mut mixer = SoundMixer::new(128_000, 0);
    let mut heard = Vec::new();
    for (id, without) in outputs.iter().enumerate() {
        let config = mixer.add_output(id as u64, without.map(str::to_owned)).unwrap();
        heard.push((Decoder::audio(&config).unwrap(), Vec::new()));
    }
    let levels: Vec<Level> = voices.iter().map(|(name, _)| level(name, 1.0)).collect();
    mixer.set_levels(&levels);
    for (name, coded) in voices {
        mixer.voice(name).unwrap().configure(&coded.config);
    }
    let mut next = vec![0; voices.len()];
    let mut out = Vec::new();
    while mixer.position() < from_millis(millis) {
        let now = mixer.position();
        change(&mut mixer, now / 48);
        for ((name, coded), next) in voices.iter().zip(&mut next) {
            while let Some((stamp, payload)) = coded.packets.get(*next) {
                if from_millis(*stamp) > now {
                    break;
                }
                if let Some(voice) = mixer.voice(name) {
                    voice.packet(payload, from_millis(*stamp + 60), now);
                }
                *next += 1;
            }
        }
        mixer.step(&mut out).unwrap();
    }
    for (id, output) in out {
        let Output::Frame(frame) = output else { continue };
        let (decoder, samples) = &mut heard[id as usize];
        decoder.send(&frame.payload, 0).unwrap();
        let mut decoded = frame::Audio::empty();
        while decoder.receive(&mut decoded).unwrap() {
            samples.extend(plane_floats(&decoded, 0));
        }
    }
    heard.into_iter().map(|(_, samples)| samples).collect()
}

fn level(input: &str, gain: f32) -> Level {
    Level {
        input: input.to_owned(),
        gain,
    }
}

/// How strong a tone is.
fn strength(samples: &[f32], hertz: f32) -> f32 {
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    for (n, sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * f64::from(hertz) * n as f64 / 48_000.0;
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    (2.0 * re.hypot(im) / samples.len() as f64) as f32
}

fn near(value: f32, expected: f32) -> bool {
    (value - expected).abs() < 0.02 + expected * 0.1
}

/// Every voice is in the sum at its strength, whatever it is coded as; an output without one of them has all others.
#[test]
fn every_tone_is_in_the_spectrum() {
    let tones = [440.0, 700.0, 1_100.0, 1_700.0, 2_500.0];
    let coded: Vec<Coded> = tones
        .iter()
        .enumerate()
        .map(|(n, hertz)| tone(n % 2 == 1, *hertz, 0.15, 1_500))
        .collect();
    let names = ["a", "b", "c", "d", "e"];
    let voices: Vec<(&str, &Coded)> = names.into_iter().zip(&coded).collect();
    let heard = mixed(&voices, &[None, Some("b"), Some("nobody")], 1_400, |_, _| {});
    for (n, hertz) in tones.into_iter().enumerate() {
        let all = strength(&heard[0][24_000..], hertz);
        assert!(near(all, 0.15), "{hertz}: {all}");
        let rest = strength(&heard[1][24_000..], hertz);
        assert!(near(rest, if n == 1 { 0.0 } else { 0.15 }), "{hertz}: {rest}");
        assert!(near(strength(&heard[2][24_000..], hertz), 0.15));
    }
    assert!(heard[0].len() as i64 > from_millis(1_250));
}

/// Gain and mute act within a step or two and make no click.
#[test]
fn gain_and_mute_are_obeyed() {
    let (a, b) = (tone(false, 500.0, 0.2, 3_000), tone(false, 1_300.0, 0.2, 3_000));
    let heard = mixed(&[("a", &a), ("b", &b)], &[None], 2_900, |mixer, now| {
        if now == 1_000 {
            mixer.set_levels(&[level("a", 2.0), level("b", 0.0)]);
        } else if now == 2_000 {
            mixer.set_levels(&[level("b", 0.5)]);
        }
    });
    let part = |from: usize, to: usize| &heard[0][from * 48..to * 48];
    assert!(near(strength(part(300, 900), 500.0), 0.2) && near(strength(part(300, 900), 1_300.0), 0.2));
    assert!(
        near(strength(part(1_100, 1_900), 500.0), 0.4),
        "{}",
        strength(part(1_100, 1_900), 500.0)
    );
    assert!(strength(part(1_100, 1_900), 1_300.0) < 0.01);
    assert!(strength(part(2_150, 2_700), 500.0) < 0.01);
    assert!(near(strength(part(2_150, 2_700), 1_300.0), 0.1));
    let jump = heard[0]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(jump < 0.15, "{jump}");
}

/// R-A5: what is too loud together is turned down, not cut off.
#[test]
fn many_loud_voices_stay_within_full_scale() {
    let coded: Vec<Coded> = (0..6_u8)
        .map(|n| tone(false, 300.0 + 200.0 * f32::from(n), 0.5, 1_200))
        .collect();
    let names = ["a", "b", "c", "d", "e", "f"];
    let voices: Vec<(&str, &Coded)> = names.into_iter().zip(&coded).collect();
    let heard = &mixed(&voices, &[None], 1_100, |_, _| {})[0];
    let peak = heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak < 1.05 && peak > 0.6, "{peak}");
    let all: Vec<f32> = (0..6_u8)
        .map(|n| strength(&heard[24_000..], 300.0 + 200.0 * f32::from(n)))
        .collect();
    assert!(
        all.iter().all(|strength| (0.1..0.3).contains(strength)),
        "{all:?}"
    );
}

/// R-M3: nobody waits for a voice that stops; it is heard again when it returns, at its place.
#[test]
fn a_gap_of_one_is_no_gap_of_all() {
    let (steady, mut holed) = (tone(false, 500.0, 0.2, 2_500), tone(true, 1_300.0, 0.2, 2_500));
    holed.packets.retain(|(stamp, _)| !(800..1_400).contains(stamp));
    let heard = mixed(&[("a", &steady), ("b", &holed)], &[None], 2_400, |_, _| {});
    let part = |from: usize, to: usize| &heard[0][from * 48..to * 48];
    for (from, to) in [(300, 800), (1_000, 1_400), (1_600, 2_200)] {
        assert!(near(strength(part(from, to), 500.0), 0.2), "{from}");
    }
    assert!(near(strength(part(300, 800), 1_300.0), 0.2));
    assert!(strength(part(1_100, 1_400), 1_300.0) < 0.02);
    assert!(near(strength(part(1_650, 2_200), 1_300.0), 0.2));
}

/// R-M1: packets that say they are 200 ppm apart from our clock are neither lost nor heaped up.
#[test]
fn clocks_that_drift_are_followed() {
    let coded = tone(false, 500.0, 0.2, 20_000);
    let mut mixer = SoundMixer::new(96_000, 0);
    mixer.add_output(0, None).unwrap();
    mixer.set_levels(&[level("a", 1.0)]);
    mixer.voice("a").unwrap().configure(&coded.config);
    let mut next = 0;
    let mut out = Vec::new();
    let mut holes = 0;
    while mixer.position() < from_millis(19_500) {
        let now = mixer.position();
        while let Some((stamp, payload)) = coded.packets.get(next) {
            // Our clock is slower: packets come early, more and more so.
            let at = from_millis(*stamp) * 9_990 / 10_000;
            if at > now {
                break;
            }
            mixer
                .voice("a")
                .unwrap()
                .packet(payload, at + from_millis(60), now);
            next += 1;
        }
        mixer.step(&mut out).unwrap();
        if now > from_millis(500) && !mixer.voice("a").unwrap().is_sounding() {
            holes += 1;
        }
    }
    assert_eq!(holes, 0);
    assert_eq!(mixer.losses().late, 0);
    let waiting = mixer.voice("a").unwrap().waiting();
    assert!(waiting < from_millis(150), "{waiting}");
    assert!(out.len() as i64 * 1_024 > mixer.position() - 4 * STEP);
}
