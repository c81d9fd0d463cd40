//! R-T3: time at the borders of 24 and 32 bits, for every header type, with and without the extended field
//! on type 3.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::raw::{WIDE, header, pattern, read_all, read_cut};
use lianmai_rtmp::protocol::{ChunkReader, ChunkWriter, media_chunks};

const CSID: u32 = 6;

/// The times of the messages in `input`, read whole and byte by byte.
fn times(input: &[u8]) -> Vec<u32> {
    let whole = read_all(input, WIDE).unwrap();
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(whole, read_cut(&bytes, WIDE).unwrap());
    whole.iter().map(|message| message.timestamp).collect()
}

/// A message of 300 bytes (three chunks of 128) behind `first`; continuations with or without the field.
fn long(first: Vec<u8>, extended: Option<u32>) -> Vec<u8> {
    let body = pattern(300, 1);
    let mut out = first;
    for (index, chunk) in body.chunks(128).enumerate() {
        if index > 0 {
            out.push(0xC0 | CSID as u8);
            out.extend(extended.map(u32::to_be_bytes).into_iter().flatten());
        }
        out.extend(chunk);
    }
    out
}

#[test]
fn type_0_at_the_borders() {
    for time in [0, 0xFF_FFFE, 0xFF_FFFF, 0x0100_0000, 0xFFFF_FFFE, 0xFFFF_FFFF] {
        for repeated in [false, true] {
            let extended = (time >= 0xFF_FFFF && repeated).then_some(time);
            let input = long(header(0, CSID, time, 300, 9, 1), extended);
            let messages = read_all(&input, WIDE).unwrap();
            assert_eq!(times(&input), [time], "{time:#x} repeated: {repeated}");
            assert_eq!(
                messages[0].payload,
                pattern(300, 1),
                "{time:#x} repeated: {repeated}"
            );
        }
    }
}

#[test]
fn types_1_and_2_carry_deltas_over_the_borders() {
    let table = [
        (0xFF_FFF0, 0x20, 0x0100_0010),
        (0xFFFF_FFF0, 0x20, 0x10),
        (5, 0xFF_FFFE, 0x0100_0003),
        (5, 0xFF_FFFF, 0x0100_0004),
        (5, 0x0100_0000, 0x0100_0005),
        (5, 0xFFFF_FFFF, 4),
        // What makes rml_rtmp overflow: a delta in the long field although it would fit the short one.
        (5, 0x10, 0x15),
    ];
    for (start, delta, expected) in table {
        for format in [1, 2] {
            for repeated in [false, true] {
                let mut input = long(
                    header(0, CSID, start, 300, 9, 1),
                    (start >= 0xFF_FFFF && repeated).then_some(start),
                );
                let extended = (delta >= 0xFF_FFFF && repeated).then_some(delta);
                input.extend(long(header(format, CSID, delta, 300, 9, 1), extended));
                assert_eq!(
                    times(&input),
                    [start, expected],
                    "{start:#x}+{delta:#x} type {format} {repeated}"
                );
            }
        }
    }
    let mut input = header(0, CSID, 5, 1, 9, 1);
    input.push(0);
    input.extend([0x40 | CSID as u8, 0xFF, 0xFF, 0xFF, 0, 0, 1, 9, 0, 0, 0, 0x10, 7]);
    assert_eq!(times(&input), [5, 0x15]);
}

#[test]
fn type_3_repeats_the_last_delta() {
    for (start, delta) in [
        (0, 40),
        (0xFF_FFF0, 40),
        (0xFFFF_FFE0, 40),
        (7, 0x0100_0000),
        (7, 0xFFFF_FFF0),
    ] {
        for repeated in [false, true] {
            let start_field = (start >= 0xFF_FFFF && repeated).then_some(start);
            let delta_field = (delta >= 0xFF_FFFF && repeated).then_some(delta);
            let mut input = long(header(0, CSID, start, 300, 9, 1), start_field);
            input.extend(long(header(2, CSID, delta, 300, 9, 1), delta_field));
            for _ in 0..2 {
                let mut third = header(3, CSID, 0, 0, 0, 0);
                third.extend(delta_field.map(u32::to_be_bytes).into_iter().flatten());
                input.extend(long(third, delta_field));
            }
            let expected: Vec<u32> = (0..4)
                .map(|n: u32| start.wrapping_add(n.wrapping_mul(delta)))
                .collect();
            assert_eq!(
                times(&input),
                expected,
                "{start:#x} + {delta:#x} repeated: {repeated}"
            );
        }
    }
}

/// RTMP 1.0 §5.3.1.2.4: after type 0 the timestamp itself is the delta; ffmpeg, librtmp and SRS agree.
#[test]
fn type_3_after_type_0_adds_the_timestamp() {
    let mut input = header(0, CSID, 1_000, 1, 9, 1);
    input.push(1);
    input.extend([0xC0 | CSID as u8, 2, 0xC0 | CSID as u8, 3]);
    assert_eq!(times(&input), [1_000, 2_000, 3_000]);
}

/// A payload whose first bytes look like the beginning of the repeated field.
#[test]
fn payload_that_resembles_the_field_is_told_apart() {
    let mut body = vec![0; 128];
    body.extend([0x01, 0x02, 0x03, 0xFF, 9]);
    let mut input = header(0, CSID, 0x0102_0304, body.len(), 9, 1);
    input.extend(&body[..128]);
    input.push(0xC0 | CSID as u8);
    input.extend(&body[128..]);
    assert_eq!(times(&input), [0x0102_0304]);
    assert_eq!(read_all(&input, WIDE).unwrap()[0].payload, body);
}

/// Both of our writers, over both borders, read back by our reader.
#[test]
fn our_writers_cross_the_borders() {
    for start in [0xFF_FFFF_u32 - 100, u32::MAX - 100] {
        let mut writer = ChunkWriter::new();
        let mut out = bytes::BytesMut::new();
        let times: Vec<u32> = (0..10).map(|n| start.wrapping_add(n * 20)).collect();
        for &time in &times {
            writer
                .write_parts(CSID, 9, time, 1, &pattern(300, 5), &mut out)
                .unwrap();
            out.extend(media_chunks(4, 8, time, 1, 128, &[0xAF, 1], &pattern(298, 6)));
        }
        let mut reader = ChunkReader::new(WIDE);
        reader.push(&out);
        for &time in &times {
            let (video, audio) = (
                reader.poll_message().unwrap().unwrap(),
                reader.poll_message().unwrap().unwrap(),
            );
            assert_eq!((video.timestamp, video.payload.to_vec()), (time, pattern(300, 5)));
            assert_eq!(
                (audio.timestamp, audio.payload[2..].to_vec()),
                (time, pattern(298, 6))
            );
        }
        assert_eq!(reader.poll_message().unwrap(), None);
    }
}
