//! What pictures are after transcoding.

use ffmpeg_next::frame as decoded;
use lianmai_media::amf0::Value;
use lianmai_media::h264::{AvcRecord, NalType, Sps};
use lianmai_media::nal::{LengthSize, NalUnits};
use lianmai_media::{Metadata, VideoCodec, VideoConfig};

use super::support::*;
use crate::codec::Decoder;
use crate::transcode::{Arrival, Input, Output, Transcode, VideoTranscoder};

fn job() -> VideoTranscoder {
    VideoTranscoder::new(1_500_000, 1_280)
}

fn h264(options: &str) -> Vec<Input> {
    flv_inputs(&ffmpeg(&format!(
        "-f lavfi -i testsrc2=size=320x180:rate=25:duration=4 -pix_fmt yuv420p -c:v libx264 {options} -f flv -"
    )))
}

fn configs(out: &[Output]) -> Vec<VideoConfig> {
    out.iter()
        .filter_map(|output| match output {
            Output::Video(config, _) => Some(config.clone()),
            _ => None,
        })
        .collect()
}

/// Constrained baseline, one configuration before the first key frame, growing stamps, nothing to be reordered, and a
/// key frame at least every two seconds.
fn is_fit_for_players(out: &[Output]) {
    assert!(matches!(out[0], Output::Video(..)));
    let config = &configs(out)[0];
    assert_eq!(config.codec, VideoCodec::H264);
    let record = AvcRecord::parse(&config.record).unwrap();
    assert_eq!(
        (record.profile, record.compatibility & 0x40),
        (66, 0x40),
        "constrained baseline"
    );
    assert_eq!(Sps::parse(&record.sps[0]).unwrap().reorder_depth, Some(0));
    let pictures = frames(out);
    assert!(pictures[0].keyframe);
    let mut last_key = pictures[0].dts.as_millis();
    for pair in pictures.windows(2) {
        assert!(pair[1].dts > pair[0].dts);
        assert_eq!(pair[1].composition.as_millis(), 0);
        if pair[1].keyframe {
            last_key = pair[1].dts.as_millis();
        }
        assert!(pair[1].dts.as_millis() - last_key <= 2_000);
    }
    for picture in &pictures {
        for unit in NalUnits::new(&picture.payload, LengthSize::Four) {
            let kind = NalType::of(unit.unwrap()).unwrap();
            let expected = if picture.keyframe {
                NalType::Idr
            } else {
                NalType::Slice
            };
            assert_eq!(kind, expected);
        }
    }
}

/// Decodes output with a decoder of its own; gives the pictures.
fn seen(out: &[Output]) -> Vec<decoded::Video> {
    let mut decoder = None;
    let mut pictures = Vec::new();
    for output in out {
        match output {
            Output::Video(config, _) => decoder = Some(Decoder::video(config).unwrap()),
            Output::Frame(frame) => {
                let decoder = decoder.as_mut().unwrap();
                decoder.send(&frame.payload, frame.dts.as_millis()).unwrap();
                let mut picture = decoded::Video::empty();
                while decoder.receive(&mut picture).unwrap() {
                    pictures.push(std::mem::replace(&mut picture, decoded::Video::empty()));
                }
            }
            Output::Audio(_) => {}
        }
    }
    pictures
}

/// R-B1: B-frames are gone, every picture is there at its presentation time.
#[test]
fn b_frames_are_removed() {
    let inputs = h264("-bf 3 -g 50");
    let mut shown: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Frame(frame) => Some(frame.dts.as_millis() + frame.composition.as_millis()),
            _ => None,
        })
        .collect();
    shown.sort_unstable();
    let mut job = job();
    let out = run(&mut job, inputs);
    is_fit_for_players(&out);
    let stamps: Vec<_> = frames(&out).iter().map(|frame| frame.dts.as_millis()).collect();
    assert!(
        stamps.len() >= shown.len() - 4,
        "{} of {}",
        stamps.len(),
        shown.len()
    );
    assert_eq!(stamps, shown[..stamps.len()]);
    let pictures = seen(&out);
    assert_eq!(pictures.len(), stamps.len());
    assert_eq!((pictures[0].width(), pictures[0].height()), (320, 180));
}

#[test]
fn every_codec_becomes_h264() {
    let table: [(&str, VideoCodec, &[u8]); 3] = [
        ("libvpx -deadline realtime", VideoCodec::Vp8, &[]),
        ("libvpx-vp9 -deadline realtime -cpu-used 8", VideoCodec::Vp9, &[]),
        ("libsvtav1 -preset 12", VideoCodec::Av1, &[0x81, 0, 0, 0]),
    ];
    for (encoder, codec, record) in table {
        let file = ffmpeg(&format!(
            "-f lavfi -i testsrc2=size=320x180:rate=25:duration=4 -pix_fmt yuv420p -c:v {encoder} -g 50 -f ivf -"
        ));
        let mut job = job();
        let out = run(&mut job, ivf_inputs(&file, codec, record, 25, 50));
        assert_eq!(job.losses().broken, 0, "{encoder}");
        is_fit_for_players(&out);
        let pictures = seen(&out);
        assert!(
            (98..=100).contains(&pictures.len()),
            "{encoder}: {}",
            pictures.len()
        );
        assert_eq!((pictures[0].width(), pictures[0].height()), (320, 180));
    }
}

/// H.265 with its parameter sets in the stream, cut at the access unit delimiters.
#[test]
fn h265_becomes_h264() {
    let stream = ffmpeg(
        "-f lavfi -i testsrc2=size=320x180:rate=25:duration=4 -pix_fmt yuv420p -c:v libx265 -preset ultrafast \
         -x265-params log-level=none:aud=1:bframes=0:keyint=50 -f hevc -",
    );
    let delimiter = [0, 0, 0, 1, 0x46, 1];
    let starts: Vec<_> = (0..stream.len())
        .filter(|at| stream[*at..].starts_with(&delimiter))
        .chain([stream.len()])
        .collect();
    let config = VideoConfig {
        codec: VideoCodec::H265,
        record: bytes::Bytes::new(),
        width: 0,
        height: 0,
        profile: 0,
        level: 0,
        reorder_depth: Some(0),
    };
    let pictures = starts.windows(2).enumerate().map(|(n, pair)| {
        let unit = stream[pair[0]..pair[1]].to_vec();
        frame(lianmai_media::TrackKind::Video, n as i64 * 40, unit)
    });
    let mut job = job();
    let out = run(&mut job, std::iter::once(Input::Video(config)).chain(pictures));
    assert_eq!(job.losses().broken, 0);
    is_fit_for_players(&out);
    let seen = seen(&out);
    assert!(seen.len() >= 97, "{}", seen.len());
    assert_eq!((seen[0].width(), seen[0].height()), (320, 180));
}

/// R-V6: another size is another sequence header and begins with a key frame; larger pictures are scaled down.
#[test]
fn a_new_size_is_announced() {
    let mut inputs = h264("-profile:v baseline -g 50");
    let larger = flv_inputs(&ffmpeg(
        "-f lavfi -i testsrc2=size=1920x1080:rate=25:duration=1 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -f flv -",
    ));
    inputs.extend(larger.into_iter().map(|mut input| {
        if let Input::Frame(frame) = &mut input {
            frame.dts = lianmai_media::MediaTime::from_millis(frame.dts.as_millis() + 4_000);
        }
        input
    }));
    let out = run(&mut job(), inputs);
    is_fit_for_players(&out);
    let sizes: Vec<_> = configs(&out).iter().map(|c| (c.width, c.height)).collect();
    assert_eq!(sizes, [(320, 180), (1_280, 720)]);
    let second = out
        .iter()
        .rposition(|output| matches!(output, Output::Video(..)))
        .unwrap();
    assert!(matches!(&out[second + 1], Output::Frame(frame) if frame.keyframe));
    let pictures = seen(&out);
    assert_eq!(
        (pictures.last().unwrap().width(), pictures.len() > 110),
        (1_280, true)
    );
}

/// The publisher's `rotation` turns the pictures clockwise, also when it changes on the way.
#[test]
fn rotation_is_applied() {
    // Left half black, right half white.
    let mut inputs = flv_inputs(&ffmpeg(
        "-f lavfi -i color=black:size=160x120:rate=25:duration=2 -vf drawbox=x=80:y=0:w=80:h=120:color=white:t=fill \
         -pix_fmt yuv420p -c:v libx264 -profile:v baseline -f flv -",
    ));
    let rotation =
        |degrees: f64| Input::Metadata(Metadata::new(vec![("rotation".into(), Value::Number(degrees))]));
    let middle = inputs.len() / 2;
    inputs.insert(middle, rotation(270.0));
    inputs.insert(1, rotation(90.0));
    let out = run(&mut job(), inputs);
    let pictures = seen(&out);
    let brightness = |picture: &decoded::Video, y: usize| {
        picture.data(0)[y * picture.stride(0) + picture.width() as usize / 2]
    };
    for (picture, top_is_dark) in [
        (pictures.first().unwrap(), true),
        (pictures.last().unwrap(), false),
    ] {
        assert_eq!((picture.width(), picture.height()), (120, 160));
        assert_eq!(brightness(picture, 20) < 60, top_is_dark);
        assert_eq!(brightness(picture, 140) > 180, top_is_dark);
    }
    assert_eq!(configs(&out).len(), 1, "both stand upright");
}

/// Joining in the middle of a group of pictures: what is past is decoded but not encoded.
#[test]
fn a_backlog_at_the_start_is_skipped() {
    let mut job = job();
    let inputs = h264("-profile:v baseline -g 100");
    let newest = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Frame(frame) => Some(frame.dts.as_millis()),
            _ => None,
        })
        .max()
        .unwrap();
    let mut out = Vec::new();
    for input in inputs {
        let arrival = Arrival {
            at: std::time::Duration::ZERO,
            newest,
        };
        job.take(input, arrival, &mut out).unwrap();
    }
    let pictures = frames(&out);
    assert!(pictures.len() <= 4, "{}", pictures.len());
    assert!(pictures[0].keyframe && newest - pictures[0].dts.as_millis() <= 100);
    assert!(job.losses().late > 90);
    assert_eq!(seen(&out).len(), pictures.len());
}

/// The bit rate is a limit, also for pictures that are hard to code and come at another rate than announced.
#[test]
fn the_bit_rate_is_kept() {
    let file = ffmpeg(
        "-f lavfi -i nullsrc=size=640x360:rate=10:duration=8 -vf geq=random(1)*255:128:128 -pix_fmt yuv420p \
         -c:v libx264 -preset ultrafast -b:v 20M -f flv -",
    );
    let mut job = VideoTranscoder::new(1_000_000, 1_280);
    let out = run(&mut job, flv_inputs(&file));
    let later: Vec<_> = frames(&out)
        .into_iter()
        .filter(|f| f.dts.as_millis() >= 3_000)
        .collect();
    let bits: usize = later.iter().map(|frame| frame.payload.len() * 8).sum();
    let rate = bits as f64 / 5.0;
    assert!(rate < 1_300_000.0 && rate > 600_000.0, "{rate} bit/s");
}
