//! Bytes that no encoder made. What a decoder does with them may be an error, never a wrong claim about lengths, and a
//! crash costs one process; here none is expected.

use bytes::Bytes;
use lianmai_media::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};
use proptest::prelude::*;

use super::support::*;
use crate::transcode::{AudioTarget, AudioTranscoder, Input, Output, VideoTranscoder};

/// Changes bytes of real payloads at random places.
fn damaged(inputs: Vec<Input>, mut seed: u64) -> Vec<Input> {
    seed |= 1;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    inputs
        .into_iter()
        .map(|mut input| {
            if let Input::Frame(frame) = &mut input
                && random() % 3 != 0
            {
                let mut payload = frame.payload.to_vec();
                for _ in 0..random() % 8 + 1 {
                    let at = random() as usize % payload.len().max(1);
                    if let Some(byte) = payload.get_mut(at) {
                        *byte = random() as u8;
                    }
                }
                if random() % 5 == 0 {
                    payload.truncate(random() as usize % payload.len().max(1));
                }
                frame.payload = payload.into();
            }
            input
        })
        .collect()
}

#[test]
fn damaged_sound_is_passed_over() {
    let aac_sound = coded(aac(), &made(4_000, sine(500.0)), 0);
    let opus_sound = coded(opus(), &made(4_000, sine(500.0)), 0);
    for seed in 1..6 {
        let mut job = AudioTranscoder::new(AudioTarget::Opus, 64_000);
        let out = run(&mut job, damaged(aac_sound.clone(), seed * 7_919));
        assert!(frames(&out).len() > 20, "{}", frames(&out).len());
        let mut job = AudioTranscoder::new(AudioTarget::Aac, 64_000);
        let out = run(&mut job, damaged(opus_sound.clone(), seed * 7_919));
        // Whatever the packets say, time goes on as their stamps do.
        let last = frames(&out).last().unwrap().dts.as_millis();
        assert!((3_800..4_200).contains(&last), "{last}");
    }
}

#[test]
fn damaged_pictures_are_passed_over() {
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2 -pix_fmt yuv420p";
    let streams = [
        flv_inputs(&ffmpeg(&format!("{source} -c:v libx264 -bf 2 -f flv -"))),
        ivf_inputs(
            &ffmpeg(&format!("{source} -c:v libvpx -deadline realtime -f ivf -")),
            VideoCodec::Vp8,
            &[],
            25,
            1_000,
        ),
        ivf_inputs(
            &ffmpeg(&format!(
                "{source} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -f ivf -"
            )),
            VideoCodec::Vp9,
            &[],
            25,
            1_000,
        ),
        ivf_inputs(
            &ffmpeg(&format!("{source} -c:v libsvtav1 -preset 12 -f ivf -")),
            VideoCodec::Av1,
            &[0x81, 0, 0, 0],
            25,
            1_000,
        ),
    ];
    for stream in streams {
        for seed in 1..5 {
            let mut job = VideoTranscoder::new(500_000, 640);
            let out = run(&mut job, damaged(stream.clone(), seed * 104_729));
            for pair in frames(&out).windows(2) {
                assert!(pair[1].dts > pair[0].dts);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Random packets with random stamps: no panic, and no more than the stamps' span of output.
    #[test]
    fn random_opus_packets(packets in prop::collection::vec((0_i64..4_000, prop::collection::vec(any::<u8>(), 0..60)), 1..60)) {
        let mut job = AudioTranscoder::new(AudioTarget::Aac, 64_000);
        let config = Input::Audio(AudioConfig::opus(2).unwrap());
        let inputs = packets.into_iter().map(|(at, bytes)| sound(at, bytes));
        let out = run(&mut job, std::iter::once(config).chain(inputs));
        // 4 s of stamps, and 120 ms of the last packet at most, in packets of 1 024 samples.
        prop_assert!(frames(&out).len() <= 4_200 * 48 / 1_024 + 2, "{}", frames(&out).len());
    }

    /// Random configurations and payloads for every codec: an error or nothing.
    #[test]
    fn random_everything(record in prop::collection::vec(any::<u8>(), 0..80), payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..10)) {
        let record = Bytes::from(record);
        for codec in [VideoCodec::H264, VideoCodec::H265, VideoCodec::Vp8, VideoCodec::Vp9, VideoCodec::Av1] {
            let config = VideoConfig { codec, record: record.clone(), width: 0, height: 0, profile: 0, level: 0, reorder_depth: None };
            let mut job = VideoTranscoder::new(500_000, 320);
            feed(&mut job, Input::Video(config), &payloads, lianmai_media::TrackKind::Video);
        }
        for codec in [AudioCodec::Aac, AudioCodec::Opus, AudioCodec::Mp3] {
            let config = AudioConfig { codec, record: record.clone(), sample_rate: 0, channels: 0 };
            let mut job = AudioTranscoder::new(AudioTarget::Opus, 64_000);
            feed(&mut job, Input::Audio(config), &payloads, lianmai_media::TrackKind::Audio);
        }
    }
}

fn feed(
    job: &mut dyn crate::transcode::Transcode,
    config: Input,
    payloads: &[Vec<u8>],
    kind: lianmai_media::TrackKind,
) {
    let arrival = crate::transcode::Arrival {
        at: std::time::Duration::ZERO,
        newest: 0,
    };
    let mut out: Vec<Output> = Vec::new();
    if job.take(config, arrival, &mut out).is_err() {
        return;
    }
    for (n, payload) in payloads.iter().enumerate() {
        let input = frame(kind, n as i64 * 20, payload.clone());
        let _ = job.take(input, arrival, &mut out);
    }
}
