//! AMF0 (and AMF3 inside it): any bytes decode or fail within the limits, and what was decoded survives a round trip.
#![no_main]

use lianmai_media::amf0::{Limits, decode, decode_one, decode_prefix, encode_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits::default();
    let (values, error) = decode_prefix(input, &limits);
    assert_eq!(decode(input, &limits).is_err(), error.is_some());
    if let Some(error) = error {
        assert!(error.position <= input.len());
    }
    if let Ok((_, length)) = decode_one(input, &limits) {
        assert!(0 < length && length <= input.len());
        assert!(decode_one(&input[..length], &limits).is_ok());
    }

    // Compared as bytes, because NaN is not equal to itself. AMF3 may take more room as AMF0: wider limits.
    let written = encode_all(&values);
    let wide = Limits {
        depth: limits.depth,
        values: usize::MAX,
        bytes: usize::MAX,
    };
    match decode(&written, &wide) {
        Ok(again) => assert_eq!(encode_all(&again), written),
        Err(error) => panic!("what we wrote cannot be read: {error}; {values:?}"),
    }
});
