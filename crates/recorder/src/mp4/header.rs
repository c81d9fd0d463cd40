//! The start of a file: brands and the movie box.

use std::time::{SystemTime, UNIX_EPOCH};

use mp4_atom::{
    Dinf, Dref, DrefEntry, Edts, Encode, FixedPoint, FourCC, Ftyp, Hdlr, Matrix, Mdhd, Mdia, Minf, Moov,
    Mvex, Mvhd, Smhd, Stbl, Stsd, Stsz, Tkhd, Trak, Trex, Url, Vmhd,
};

use super::entry::sample_entry;
use super::{EPOCH_1904, VIDEO_SCALE};
use crate::RecordError;
use crate::sample::TrackConfig;

/// A header is a whole number of these, so that a track can be added in place with one write.
const PAGE: usize = 4_096;
/// Room that is left for another track.
const ROOM: usize = 1_536;
const ONE: i32 = 1 << 16;

/// A track as its header needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrackHeader<'a> {
    pub(crate) id: u32,
    pub(crate) track: &'a TrackConfig,
    pub(crate) scale: u32,
}

pub(super) fn encode_error(error: mp4_atom::Error) -> RecordError {
    RecordError::Track(format!("a box cannot be written: {error}"))
}

pub(super) fn ftyp(audio_only: bool, brands: &[&[u8; 4]]) -> Ftyp {
    Ftyp {
        major_brand: FourCC::new(if audio_only { b"M4A " } else { b"isom" }),
        minor_version: 512,
        compatible_brands: brands.iter().map(|brand| FourCC::new(brand)).collect(),
    }
}

pub(super) fn mvhd(started_at: u64, duration: u64, tracks: usize) -> Mvhd {
    Mvhd {
        creation_time: started_at,
        modification_time: started_at,
        timescale: VIDEO_SCALE,
        duration,
        rate: FixedPoint::new(1, 0),
        volume: FixedPoint::new(1, 0),
        matrix: Matrix::default(),
        next_track_id: u32::try_from(tracks).unwrap_or(u32::MAX - 1) + 1,
    }
}

/// The wall clock as boxes say it.
pub(super) fn since_1904(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().saturating_add(EPOCH_1904)
}

fn trak(header: TrackHeader<'_>, started_at: u64) -> Result<Trak, RecordError> {
    let (handler, name, size, rotation) = match header.track {
        TrackConfig::Video { config, rotation } => {
            (b"vide", "Video", (config.width, config.height), *rotation)
        }
        TrackConfig::Audio(_) => (b"soun", "Sound", (0, 0), 0),
    };
    let is_sound = handler == b"soun";
    let side = |pixels: u32| FixedPoint::new(u16::try_from(pixels).unwrap_or(u16::MAX), 0);
    Ok(Trak {
        tkhd: Tkhd {
            creation_time: started_at,
            modification_time: started_at,
            track_id: header.id,
            alternate_group: u16::from(is_sound),
            enabled: true,
            in_movie: true,
            volume: FixedPoint::new(u8::from(is_sound), 0),
            matrix: turned(rotation, size),
            width: side(size.0),
            height: side(size.1),
            ..Tkhd::default()
        },
        edts: None::<Edts>,
        mdia: Mdia {
            mdhd: Mdhd {
                creation_time: started_at,
                modification_time: started_at,
                timescale: header.scale,
                duration: 0,
                language: "und".into(),
            },
            hdlr: Hdlr {
                handler: FourCC::new(handler),
                name: name.into(),
            },
            minf: Minf {
                vmhd: (!is_sound).then(Vmhd::default),
                smhd: is_sound.then(Smhd::default),
                dinf: Dinf {
                    dref: Dref {
                        entries: vec![DrefEntry::Url(Url::default())],
                    },
                },
                stbl: Stbl {
                    stsd: Stsd {
                        codecs: vec![sample_entry(header.track, header.scale)?],
                    },
                    stsz: Stsz::default(),
                    stco: Some(mp4_atom::Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    })
}

/// The matrix that turns a picture of `size` clockwise (ISO/IEC 14496-12 §6.2.2).
fn turned(rotation: u16, size: (u32, u32)) -> Matrix {
    let far = |pixels: u32| i32::try_from(u64::from(pixels) << 16).unwrap_or(0);
    let (a, b, c, d, x, y) = match rotation {
        90 => (0, ONE, -ONE, 0, far(size.1), 0),
        180 => (-ONE, 0, 0, -ONE, far(size.0), far(size.1)),
        270 => (0, -ONE, ONE, 0, 0, far(size.0)),
        _ => (ONE, 0, 0, ONE, 0, 0),
    };
    Matrix {
        a,
        b,
        c,
        d,
        x,
        y,
        ..Matrix::default()
    }
}

fn fragmented_moov(tracks: &[TrackHeader<'_>], started_at: SystemTime) -> Result<Moov, RecordError> {
    let started_at = since_1904(started_at);
    Ok(Moov {
        mvhd: mvhd(started_at, 0, tracks.len()),
        mvex: Some(Mvex {
            mehd: None,
            trex: tracks.iter().map(trex).collect(),
        }),
        trak: tracks
            .iter()
            .map(|header| trak(*header, started_at))
            .collect::<Result<_, _>>()?,
        ..Moov::default()
    })
}

fn trex(header: &TrackHeader<'_>) -> Trex {
    Trex {
        track_id: header.id,
        default_sample_description_index: 1,
        ..Trex::default()
    }
}

/// The initialisation segment of HLS (RFC 8216 §3.3).
///
/// # Errors
/// [`RecordError::Track`].
pub(crate) fn init_segment(
    tracks: &[TrackHeader<'_>],
    started_at: SystemTime,
    audio_only: bool,
) -> Result<Vec<u8>, RecordError> {
    let mut out = Vec::new();
    ftyp(audio_only, &[b"isom", b"iso6", b"mp41", b"cmfc"])
        .encode(&mut out)
        .map_err(encode_error)?;
    fragmented_moov(tracks, started_at)?
        .encode(&mut out)
        .map_err(encode_error)?;
    Ok(out)
}

/// The header of a fragmented file, padded to whole pages with room for another track. With `length` it is made as
/// long as that; `None` if it does not fit.
///
/// # Errors
/// [`RecordError::Track`].
pub(crate) fn fragmented_header(
    tracks: &[TrackHeader<'_>],
    started_at: SystemTime,
    audio_only: bool,
    length: Option<usize>,
) -> Result<Option<Vec<u8>>, RecordError> {
    let mut out = init_segment(tracks, started_at, audio_only)?;
    let length = length.unwrap_or_else(|| (out.len() + ROOM).next_multiple_of(PAGE));
    if out.len() != length {
        let Some(rest) = length.checked_sub(out.len()).filter(|rest| *rest >= 8) else {
            return Ok(None);
        };
        out.extend(u32::try_from(rest).unwrap_or(8).to_be_bytes());
        out.extend(b"free");
        out.resize(length, 0);
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianmai_media::AudioConfig;

    #[test]
    fn a_track_is_added_in_place() {
        let sound = |channels| TrackConfig::Audio(AudioConfig::aac_lc(48_000, channels).unwrap());
        let (one, two) = (sound(1), sound(2));
        let header = |id, track| TrackHeader {
            id,
            track,
            scale: 48_000,
        };
        let first = fragmented_header(&[header(1, &one)], UNIX_EPOCH, true, None)
            .unwrap()
            .unwrap();
        let both = [header(1, &one), header(2, &two)];
        let second = fragmented_header(&both, UNIX_EPOCH, true, Some(first.len()))
            .unwrap()
            .unwrap();
        assert_eq!((first.len(), second.len()), (PAGE, PAGE));
        assert_eq!(
            fragmented_header(&both, UNIX_EPOCH, true, Some(300)).unwrap(),
            None
        );
    }

    #[test]
    fn turning_keeps_the_picture_in_view() {
        for rotation in [0, 90, 180, 270] {
            let matrix = turned(rotation, (640, 360));
            let at = |x: i64, y: i64| {
                (
                    (i64::from(matrix.a) * x + i64::from(matrix.c) * y + i64::from(matrix.x)) >> 16,
                    (i64::from(matrix.b) * x + i64::from(matrix.d) * y + i64::from(matrix.y)) >> 16,
                )
            };
            let corners = [at(0, 0), at(640, 0), at(0, 360), at(640, 360)];
            assert!(corners.contains(&(0, 0)), "{rotation}: {corners:?}");
            assert!(corners.iter().all(|(x, y)| *x >= 0 && *y >= 0));
        }
    }
}
