//! What the movie box of a file says about its tracks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lianmai_media::{AudioCodec, TrackKind, VideoCodec};
use mp4_atom::{Codec, Moov, StszSamples, Trak};

use super::progressive::presented_at;
use super::table::Tables;
use super::{EPOCH_1904, VIDEO_SCALE};
use crate::TrackFacts;

/// A finished file.
pub(crate) struct Finished {
    pub(crate) duration: Duration,
    pub(crate) tracks: Vec<TrackFacts>,
}

impl Finished {
    /// What a movie box with sample tables says; `None` if it is that of a fragmented file.
    pub(crate) fn read(moov: &Moov) -> Option<Finished> {
        if moov.mvex.is_some() {
            return None;
        }
        let samples = |trak: &Trak| match &trak.mdia.minf.stbl.stsz.samples {
            StszSamples::Identical { count, .. } => u64::from(*count),
            StszSamples::Different { sizes } => sizes.len() as u64,
        };
        Some(Finished {
            duration: of_movie(moov.mvhd.duration, moov.mvhd.timescale),
            tracks: moov.trak.iter().map(|trak| facts(trak, samples(trak))).collect(),
        })
    }
}

/// The wall clock at the first frame.
pub(crate) fn started_at(moov: &Moov) -> SystemTime {
    let seconds = moov.mvhd.creation_time.saturating_sub(EPOCH_1904);
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .unwrap_or(UNIX_EPOCH)
}

fn of_movie(ticks: u64, scale: u32) -> Duration {
    let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(scale.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The tracks of a fragmented file that have samples, and how long the file plays.
pub(crate) fn tracks_of(moov: &Moov, tables: &Tables) -> (Vec<TrackFacts>, Duration) {
    let mut tracks = Vec::new();
    let (mut zero, mut end) = (u64::MAX, 0);
    for trak in &moov.trak {
        let Some(table) = tables.of(trak.tkhd.track_id) else {
            continue;
        };
        let scale = trak.mdia.mdhd.timescale;
        let at = presented_at(table, scale);
        let shown = u128::from(table.duration()) * u128::from(VIDEO_SCALE) / u128::from(scale.max(1));
        zero = zero.min(at);
        end = end.max(at.saturating_add(u64::try_from(shown).unwrap_or(u64::MAX)));
        tracks.push(facts(trak, table.samples.len() as u64));
    }
    (tracks, of_movie(end.saturating_sub(zero), VIDEO_SCALE))
}

fn facts(trak: &Trak, samples: u64) -> TrackFacts {
    let codec = trak.mdia.minf.stbl.stsd.codecs.first();
    let (video, audio) = match codec {
        Some(Codec::Avc1(_)) => (Some(VideoCodec::H264), None),
        Some(Codec::Hvc1(_)) => (Some(VideoCodec::H265), None),
        Some(Codec::Av01(_)) => (Some(VideoCodec::Av1), None),
        Some(Codec::Vp09(_)) => (Some(VideoCodec::Vp9), None),
        Some(Codec::Opus(_)) => (None, Some(AudioCodec::Opus)),
        Some(Codec::Mp4a(mp4a)) if mp4a.esds.es_desc.dec_config.object_type_indication == 0x6B => {
            (None, Some(AudioCodec::Mp3))
        }
        Some(Codec::Mp4a(_)) => (None, Some(AudioCodec::Aac)),
        _ => (None, None),
    };
    let channels = match codec {
        Some(Codec::Mp4a(mp4a)) => mp4a.audio.channel_count,
        Some(Codec::Opus(opus)) => opus.audio.channel_count,
        _ => 0,
    };
    let is_sound = audio.is_some();
    TrackFacts {
        kind: if is_sound {
            TrackKind::Audio
        } else {
            TrackKind::Video
        },
        video,
        audio,
        width: u32::from(trak.tkhd.width.integer()),
        height: u32::from(trak.tkhd.height.integer()),
        sample_rate: if is_sound { trak.mdia.mdhd.timescale } else { 0 },
        channels: u8::try_from(channels).unwrap_or(u8::MAX),
        samples,
    }
}
