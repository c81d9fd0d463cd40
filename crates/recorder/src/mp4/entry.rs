//! Sample entries: what a decoder of a track must know, in the words of the container.

use lianmai_media::aac::AudioSpecificConfig;
use lianmai_media::opus::OpusHead;
use lianmai_media::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};
use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    Atom, Audio, Av01, Av1c, Avc1, Avcc, Codec, Dops, Esds, Hvc1, Hvcc, Mp4a, Opus, OpusChannelMapping,
    Visual, Vp09, VpcC,
};

use crate::RecordError;
use crate::sample::TrackConfig;

/// Object types of `DecoderConfigDescriptor` (ISO/IEC 14496-1 table 5, MP4RA).
const AAC: u8 = 0x40;
const MP3: u8 = 0x6B;
const AUDIO_STREAM: u8 = 5;

fn refused(what: &str) -> impl Fn(mp4_atom::Error) -> RecordError {
    move |error| RecordError::Track(format!("{what}: {error}"))
}

/// The sample entry of a track.
///
/// # Errors
/// [`RecordError::Track`] when the configuration cannot be read, or the codec has no place in MP4.
pub(super) fn sample_entry(track: &TrackConfig, rate: u32) -> Result<Codec, RecordError> {
    match track {
        TrackConfig::Video { config, .. } => video_entry(config),
        TrackConfig::Audio(config) => audio_entry(config, rate),
    }
}

fn video_entry(config: &VideoConfig) -> Result<Codec, RecordError> {
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let visual = Visual {
        data_reference_index: 1,
        width: side(config.width),
        height: side(config.height),
        ..Visual::default()
    };
    let mut record: &[u8] = &config.record;
    Ok(match config.codec {
        VideoCodec::H264 => Avc1 {
            visual,
            avcc: Avcc::decode_body(&mut record).map_err(refused("avcC"))?,
            ..Avc1::default()
        }
        .into(),
        VideoCodec::H265 => Hvc1 {
            visual,
            hvcc: Hvcc::decode_body(&mut record).map_err(refused("hvcC"))?,
            ..Hvc1::default()
        }
        .into(),
        VideoCodec::Av1 => Av01 {
            visual,
            av1c: Av1c::decode_body(&mut record).map_err(refused("av1C"))?,
            ..Av01::default()
        }
        .into(),
        VideoCodec::Vp9 => Vp09 {
            visual,
            vpcc: vp9_record(record, config)?,
            btrt: None,
            colr: None,
            pasp: None,
            spatial: None,
        }
        .into(),
        VideoCodec::Vp8 => return Err(RecordError::Track("VP8 is not recorded as MP4".into())),
    })
}

/// A `vpcC`, whose record comes with or without version and flags in front, or not at all.
fn vp9_record(record: &[u8], config: &VideoConfig) -> Result<VpcC, RecordError> {
    let bare = record
        .strip_prefix(&[1, 0, 0, 0])
        .filter(|bare| bare.len() >= 8)
        .unwrap_or(record);
    if bare.is_empty() {
        return Ok(VpcC {
            profile: config.profile,
            level: config.level,
            ..VpcC::default()
        });
    }
    let whole = [&[1, 0, 0, 0], bare].concat();
    VpcC::decode_body(&mut whole.as_slice()).map_err(refused("vpcC"))
}

fn audio_entry(config: &AudioConfig, rate: u32) -> Result<Codec, RecordError> {
    let audio = Audio {
        data_reference_index: 1,
        channel_count: u16::from(config.channels.max(1)),
        sample_size: 16,
        sample_rate: u16::try_from(rate).unwrap_or(0).into(),
    };
    Ok(match config.codec {
        AudioCodec::Aac => {
            AudioSpecificConfig::parse(&config.record)
                .map_err(|error| RecordError::Track(format!("AAC: {error}")))?;
            let raw = config.record.to_vec();
            mp4a(
                audio,
                AAC,
                Some(DecoderSpecific {
                    raw,
                    ..DecoderSpecific::default()
                }),
            )
        }
        AudioCodec::Mp3 => mp4a(audio, MP3, None),
        AudioCodec::Opus => Opus {
            audio,
            dops: opus_record(&config.record)?,
            btrt: None,
        }
        .into(),
    })
}

fn mp4a(audio: Audio, object_type_indication: u8, dec_specific: Option<DecoderSpecific>) -> Codec {
    let dec_config = DecoderConfig {
        object_type_indication,
        stream_type: AUDIO_STREAM,
        dec_specific,
        ..DecoderConfig::default()
    };
    Mp4a {
        audio,
        esds: Esds {
            es_desc: EsDescriptor {
                dec_config,
                sl_config: SLConfig {},
                ..EsDescriptor::default()
            },
        },
        btrt: None,
        taic: None,
    }
    .into()
}

/// `dOps`. A recording begins in the middle of a stream, where nothing is to be left out at the start: no pre-skip.
fn opus_record(record: &[u8]) -> Result<Dops, RecordError> {
    let head = OpusHead::parse(record).map_err(|error| RecordError::Track(format!("Opus: {error}")))?;
    let channel_mapping = match (head.mapping_family, head.mapping.split_first_chunk::<2>()) {
        (0, _) | (_, None) => None,
        (family, Some((&[stream_count, coupled_count], channels))) => Some(OpusChannelMapping {
            family,
            stream_count,
            coupled_count,
            channel_mapping: channels.to_vec(),
        }),
    };
    Ok(Dops {
        output_channel_count: head.channels,
        pre_skip: 0,
        input_sample_rate: head.input_sample_rate,
        output_gain: head.output_gain,
        channel_mapping,
    })
}
