//! NAL units with lengths and with start codes.

use bytes::Bytes;
use lianmai_media::nal::{
    AnnexBUnits, LengthSize, NalError, NalUnits, from_annex_b, join, shared_units, to_annex_b,
    with_four_byte_lengths,
};
use proptest::prelude::*;

use super::fixtures::{fixture, video_frames};

fn collect(payload: &[u8], size: LengthSize) -> Result<Vec<&[u8]>, NalError> {
    NalUnits::new(payload, size).collect()
}

#[test]
fn lengths_of_every_size_are_read() {
    let expected: Vec<&[u8]> = vec![&[7, 8], &[9]];
    assert_eq!(collect(&[2, 7, 8, 0, 1, 9], LengthSize::One).unwrap(), expected);
    assert_eq!(
        collect(&[0, 2, 7, 8, 0, 0, 0, 1, 9], LengthSize::Two).unwrap(),
        expected
    );
    assert_eq!(
        collect(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9], LengthSize::Four).unwrap(),
        expected
    );
}

/// R-R1: a length past the end is an error with its place, and ends the iteration.
#[test]
fn lengths_past_the_end_are_errors() {
    let mut units = NalUnits::new(&[1, 7, 9, 8], LengthSize::One);
    assert_eq!(units.next(), Some(Ok(&[7][..])));
    assert_eq!(
        units.next(),
        Some(Err(NalError::PastEnd {
            position: 3,
            length: 9,
            remaining: 1
        }))
    );
    assert_eq!(units.next(), None);
    assert_eq!(
        collect(&[0, 0, 1], LengthSize::Four),
        Err(NalError::TruncatedLength { position: 0 })
    );
    assert_eq!(
        collect(&[0xFF; 5], LengthSize::Four),
        Err(NalError::PastEnd {
            position: 4,
            length: 0xFFFF_FFFF,
            remaining: 1
        })
    );
    assert!(to_annex_b(&[5], LengthSize::One).is_err());
    assert!(with_four_byte_lengths(Bytes::from_static(&[5]), LengthSize::One).is_err());
}

#[test]
fn start_codes_of_both_lengths_are_found() {
    let stream = [
        9, 9, 0, 0, 1, 7, 8, 0, 0, 0, 1, 9, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 1, 5,
    ];
    let units: Vec<_> = AnnexBUnits::new(&stream).collect();
    let expected: Vec<&[u8]> = vec![&[7, 8], &[9, 0, 0, 3], &[5]];
    assert_eq!(units, expected);
    assert_eq!(AnnexBUnits::new(&[1, 2, 3]).count(), 0);
    assert_eq!(AnnexBUnits::new(&[0, 0, 1]).count(), 0);
}

#[test]
fn real_streams_convert_both_ways() {
    let stream = fixture("h264_annexb.h264");
    let payload = from_annex_b(stream);
    assert_eq!(
        from_annex_b(&to_annex_b(&payload, LengthSize::Four).unwrap()),
        payload
    );
    for (payload, ..) in video_frames("h264_main_360x202.flv") {
        assert_eq!(
            from_annex_b(&to_annex_b(&payload, LengthSize::Four).unwrap()),
            payload
        );
        let units = shared_units(&payload, LengthSize::Four)
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        assert!(
            units
                .iter()
                .all(|unit| payload.as_ptr_range().contains(&unit.as_ptr()))
        );
        let same = with_four_byte_lengths(payload.clone(), LengthSize::Four).unwrap();
        assert_eq!(same.as_ptr(), payload.as_ptr());
    }
}

proptest! {
    #[test]
    fn units_survive_every_form(
        units in prop::collection::vec(prop::collection::vec(1_u8..255, 1..200), 0..8),
    ) {
        let payload = join(units.iter().map(Vec::as_slice));
        prop_assert_eq!(collect(&payload, LengthSize::Four).unwrap(), units.clone());
        prop_assert_eq!(&from_annex_b(&to_annex_b(&payload, LengthSize::Four).unwrap()), &payload);
        let short: Vec<u8> = units.iter().flat_map(|unit| [&[unit.len() as u8][..], unit].concat()).collect();
        prop_assert_eq!(with_four_byte_lengths(short.into(), LengthSize::One).unwrap(), payload);
    }
}
