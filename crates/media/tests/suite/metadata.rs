//! Script data, and metadata towards players.

use bytes::Bytes;
use lianmai_media::amf0::{Value, encode_all};
use lianmai_media::flv::{FlvError, FourCc, ScriptData, metadata_body, parse_script};
use lianmai_media::{AudioCodec, AudioConfig, Metadata, Tracks, VideoCodec, VideoConfig};

use super::fixtures::video_record;

fn text(text: &str) -> Value {
    text.into()
}

fn pairs(pairs: &[(&str, Value)]) -> Vec<(String, Value)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn parse(values: &[Value]) -> Result<ScriptData, FlvError> {
    parse_script(&encode_all(values))
}

#[test]
fn metadata_comes_in_several_wrappings() {
    let own = pairs(&[("width", 640.0.into()), ("x-unknown", text("kept"))]);
    let expected = Ok(ScriptData::Metadata(Metadata::new(own.clone())));
    let (set, name) = (text("@setDataFrame"), text("onMetaData"));
    for properties in [Value::Object(own.clone()), Value::EcmaArray(own)] {
        assert_eq!(parse(&[name.clone(), properties.clone()]), expected);
        assert_eq!(parse(&[set.clone(), name.clone(), properties.clone()]), expected);
        assert_eq!(
            parse(&[set.clone(), name.clone(), Value::Null, properties]),
            expected
        );
    }
    assert_eq!(parse(&[name]), Ok(ScriptData::Metadata(Metadata::default())));
}

/// R-R3: odd and unknown messages are kept or refused, never fatal.
#[test]
fn odd_script_data() {
    assert_eq!(parse(&[text("@setDataFrame")]), Err(FlvError::EmptyDataFrame));
    assert_eq!(
        parse(&[text("@setDataFrame"), Value::Null]),
        Err(FlvError::ScriptWithoutName)
    );
    assert_eq!(parse(&[Value::Null]), Err(FlvError::ScriptWithoutName));
    assert_eq!(parse(&[]), Err(FlvError::ScriptWithoutName));
    assert!(matches!(parse_script(&[0xFF]), Err(FlvError::Script(_))));
    assert!(matches!(
        parse_script(b"\x02\x00\x0AonMetaData\x03\x00"),
        Err(FlvError::Script(_))
    ));
    assert!(matches!(
        parse_script(b"\x02\x00\x0D@setDataFrame\x04"),
        Err(FlvError::Script(_))
    ));
    let values = vec![Value::Object(pairs(&[("text", text("hello"))]))];
    let other = ScriptData::Other {
        name: "onTextData".into(),
        values: values.clone(),
    };
    assert_eq!(parse(&[text("onTextData"), values[0].clone()]), Ok(other.clone()));
    let wrapped = [text("@setDataFrame"), text("onTextData"), values[0].clone()];
    assert_eq!(parse(&wrapped), Ok(other.clone()));
    // An odd tail is ignored.
    let tail = [encode_all(&wrapped), vec![0, 0, 9]].concat();
    assert_eq!(parse_script(&tail), Ok(other));
}

fn video() -> VideoConfig {
    VideoConfig::from_record(VideoCodec::H264, video_record("h264_baseline_368x640.flv")).unwrap()
}

fn number(metadata: &Metadata, name: &str) -> Option<f64> {
    metadata.get(name)?.as_number()
}

/// The mini-program player never starts with an audiodatarate of 0, and wants size, rate and codec ids.
#[test]
fn silence_about_rates_is_filled() {
    let (video, audio) = (video(), AudioConfig::aac_lc(48_000, 2).unwrap());
    let tracks = Tracks {
        video: Some(&video),
        audio: Some(&audio),
        ..Tracks::default()
    };
    let own = Metadata::new(pairs(&[
        ("audiodatarate", 0.0.into()),
        ("videodatarate", f64::NAN.into()),
    ]));
    for own in [own, Metadata::default()] {
        let described = own.describe(&tracks);
        for (name, expected) in [
            ("width", 368.0),
            ("height", 640.0),
            ("framerate", 25.0),
            ("videocodecid", 7.0),
            ("audiocodecid", 10.0),
            ("audiosamplerate", 48_000.0),
            ("audiosamplesize", 16.0),
            ("audiodatarate", 96.0),
        ] {
            assert_eq!(number(&described, name), Some(expected), "{name}");
        }
        assert!(number(&described, "videodatarate").unwrap() > 0.0);
        assert_eq!(described.get("stereo").unwrap().as_bool(), Some(true));
        assert_eq!(described.get("encoder").unwrap().as_str(), Some("lianmai"));
        let Ok(ScriptData::Metadata(read)) = parse_script(&metadata_body(&described)) else {
            panic!()
        };
        assert_eq!(read, described);
    }
}

#[test]
fn what_the_publisher_says_is_kept_where_it_can_be_true() {
    let own = Metadata::new(pairs(&[
        ("x-room", text("7")),
        ("videodatarate", 800.0.into()),
        ("width", 1.0.into()),
        ("framerate", 15.0.into()),
        ("encoder", text("their encoder")),
    ]));
    let video = video();
    let tracks = Tracks {
        video: Some(&video),
        frame_rate: Some(24.0),
        video_kbps: Some(500.0),
        ..Tracks::default()
    };
    let described = own.describe(&tracks);
    let names: Vec<_> = described
        .properties()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "x-room",
            "videodatarate",
            "width",
            "framerate",
            "encoder",
            "height",
            "videocodecid"
        ]
    );
    assert_eq!(number(&described, "videodatarate"), Some(800.0));
    assert_eq!(number(&described, "width"), Some(368.0));
    assert_eq!(number(&described, "framerate"), Some(15.0));
    assert_eq!(described.get("encoder").unwrap().as_str(), Some("their encoder"));
    let measured = Metadata::default().describe(&tracks);
    assert_eq!(
        (number(&measured, "framerate"), number(&measured, "videodatarate")),
        (Some(24.0), Some(500.0))
    );
}

/// R-F1: a track that is not there is not announced.
#[test]
fn absent_tracks_are_not_mentioned() {
    let (video, audio) = (video(), AudioConfig::aac_lc(16_000, 1).unwrap());
    let full = Metadata::default().describe(&Tracks {
        video: Some(&video),
        audio: Some(&audio),
        ..Tracks::default()
    });
    let about = |metadata: &Metadata, word: &str| {
        metadata
            .properties()
            .iter()
            .any(|(name, _)| name.to_lowercase().contains(word))
    };
    let only_video = full.describe(&Tracks {
        video: Some(&video),
        ..Tracks::default()
    });
    assert!(
        about(&only_video, "video") && !about(&only_video, "audio") && only_video.get("stereo").is_none()
    );
    let only_audio = full.describe(&Tracks {
        audio: Some(&audio),
        ..Tracks::default()
    });
    assert!(about(&only_audio, "audio") && !about(&only_audio, "video") && only_audio.get("width").is_none());
    assert_eq!(only_audio.get("stereo").unwrap().as_bool(), Some(false));
}

#[test]
fn enhanced_codecs_are_announced_by_name() {
    let record = Bytes::from_static(super::fixtures::fixture("hevc_352x202.hvcc"));
    let video = VideoConfig::from_record(VideoCodec::H265, record).unwrap();
    let audio = AudioConfig::opus(2).unwrap();
    let described = Metadata::default().describe(&Tracks {
        video: Some(&video),
        audio: Some(&audio),
        ..Tracks::default()
    });
    assert_eq!(
        number(&described, "videocodecid"),
        Some(FourCc(*b"hvc1").to_number())
    );
    assert_eq!(
        number(&described, "audiocodecid"),
        Some(FourCc(*b"Opus").to_number())
    );
    let mp3 = AudioConfig {
        codec: AudioCodec::Mp3,
        record: Bytes::new(),
        sample_rate: 0,
        channels: 0,
    };
    let described = Metadata::default().describe(&Tracks {
        audio: Some(&mp3),
        ..Tracks::default()
    });
    assert_eq!(
        (
            number(&described, "audiocodecid"),
            number(&described, "audiodatarate")
        ),
        (Some(2.0), Some(48.0))
    );
    assert_eq!(described.get("audiosamplerate"), None);
}
