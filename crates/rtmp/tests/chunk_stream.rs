//! R-R1, R-R2, R-R5: the chunk reader against every cut, interleaving, abort, limits and nonsense.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::raw::{WIDE, basic, control, header, message, pattern, read_all, read_cut, read_error};
use lianmai_rtmp::protocol::chunk::ChunkErrorKind;
use lianmai_rtmp::protocol::{ChunkLimits, ChunkReader, ChunkWriter, Message, media_chunks};
use proptest::prelude::*;

fn messages() -> impl Strategy<Value = Vec<(Message, Option<u32>)>> {
    let csid = prop_oneof![3_u32..10, 60_u32..70, 315_u32..325, Just(65_599)];
    let time = prop_oneof![
        0_u32..1_000,
        0xFF_FFF0_u32..0x0100_0010,
        Just(u32::MAX),
        Just(u32::MAX - 40)
    ];
    let length = prop_oneof![0_usize..5, 120_usize..140, 200_usize..600];
    let one = (
        csid,
        time,
        prop_oneof![Just(8_u8), Just(9), Just(18)],
        0_u32..3,
        length,
        any::<u8>(),
    );
    let chunk_size = prop::option::weighted(0.2, prop_oneof![1_u32..300, Just(0x7FFF_FFFF)]);
    prop::collection::vec((one, chunk_size), 1..20).prop_map(|list| {
        let make = |(csid, time, kind, stream, length, seed)| {
            message(csid, time, kind, stream, &pattern(length, seed))
        };
        list.into_iter().map(|(one, size)| (make(one), size)).collect()
    })
}

fn write(list: &[(Message, Option<u32>)]) -> Vec<u8> {
    let mut writer = ChunkWriter::new();
    let mut out = bytes::BytesMut::new();
    for (message, chunk_size) in list {
        if let Some(size) = chunk_size {
            writer.set_chunk_size(*size, &mut out);
        }
        writer.write(message, &mut out).unwrap();
    }
    out.to_vec()
}

proptest! {
    /// What is written is read, however the bytes are cut.
    #[test]
    fn fragmentation_is_invisible(list in messages(), cuts in prop::collection::vec(1_usize..200, 1..40)) {
        let bytes = write(&list);
        let expected: Vec<Message> = list.iter().map(|(message, _)| message.clone()).collect();
        prop_assert_eq!(read_all(&bytes, WIDE).unwrap(), expected.clone());
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read_cut(&single, WIDE).unwrap(), expected.clone());
        let mut parts = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (part, tail) = rest.split_at(rest.len().min(*cut));
            parts.push(part);
            rest = tail;
        }
        prop_assert_eq!(read_cut(&parts, WIDE).unwrap(), expected);
    }

    /// Every truncation gives a prefix of the messages and no error.
    #[test]
    fn truncations_give_fewer_messages(list in messages()) {
        let bytes = write(&list);
        let whole = read_all(&bytes, WIDE).unwrap();
        for cut in 0..bytes.len() {
            let some = read_all(&bytes[..cut], WIDE).unwrap();
            prop_assert_eq!(&some[..], &whole[..some.len()]);
        }
    }

    /// Chunks of several messages in any order.
    #[test]
    fn interleaving_keeps_chunk_streams_apart(order in prop::collection::vec(0_usize..4, 0..60)) {
        let bodies: Vec<Vec<u8>> = (0..4).map(|n| pattern(300 + n * 130, n as u8)).collect();
        let csids = [3_u32, 4, 70, 400];
        let mut next = [0; 4];
        let mut bytes = Vec::new();
        let every = (0..4).cycle().take(40);
        for index in order.into_iter().chain(every) {
            let (start, body) = (next[index], &bodies[index]);
            if start == body.len() { continue; }
            bytes.extend(match start {
                0 => header(0, csids[index], 10, body.len(), 9, 1),
                _ => basic(3, csids[index]),
            });
            next[index] = body.len().min(start + 128);
            bytes.extend(&body[start..next[index]]);
        }
        let mut got = read_all(&bytes, WIDE).unwrap();
        got.sort_by_key(|message| message.csid);
        let expected: Vec<Message> =
            (0..4).map(|n| message(csids[n], 10, 9, 1, &bodies[n])).collect();
        prop_assert_eq!(got, expected);
    }

    /// Anything at all: an answer, within the limits, the same for every cut.
    #[test]
    fn nonsense_ends_well(bytes in prop::collection::vec(any::<u8>(), 0..2_000), cut in 1_usize..50) {
        let limits = ChunkLimits::before_login();
        let mut reader = ChunkReader::new(limits);
        reader.push(&bytes);
        let mut whole = Vec::new();
        let end = loop {
            match reader.poll_message() {
                Ok(Some(message)) => whole.push(message),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        prop_assert!(reader.buffered() <= limits.max_buffered);
        let mut cut_reader = ChunkReader::new(limits);
        let mut parts = Vec::new();
        let mut cut_end = None;
        'all: for part in bytes.chunks(cut) {
            cut_reader.push(part);
            loop {
                match cut_reader.poll_message() {
                    Ok(Some(message)) => parts.push(message),
                    Ok(None) => break,
                    Err(error) => { cut_end = Some(error); break 'all; }
                }
            }
        }
        prop_assert_eq!(whole, parts);
        prop_assert_eq!(end, cut_end);
    }

    /// Sound streams with a few bytes changed.
    #[test]
    fn damage_ends_well(list in messages(), hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = write(&list);
        for (index, value) in hits {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let mut reader = ChunkReader::new(ChunkLimits::before_login());
        reader.push(&bytes);
        while let Ok(Some(_)) = reader.poll_message() {}
        prop_assert!(reader.position() <= bytes.len() as u64);
    }
}

/// A ring holds messages for seconds: one must not keep the block it came in alive.
#[test]
fn a_message_has_memory_of_its_own() {
    for size in [10_000, 100] {
        let mut reader = ChunkReader::new(WIDE);
        reader.push(&control(1, 60_000));
        assert!(reader.poll_message().unwrap().is_none(), "handled inside");
        reader.read_buf().reserve(20_000);
        reader.push(&header(0, 4, 0, size, 9, 1));
        reader.push(&pattern(size, 1));
        let input = reader.read_buf().as_ptr_range();
        let message = reader.poll_message().unwrap().unwrap();
        assert!(!input.contains(&message.payload.as_ptr()), "{size} bytes");
        assert_eq!(message.payload, pattern(size, 1));
    }
}

/// R-R5.
#[test]
fn abort_drops_the_half_of_its_chunk_stream_only() {
    let (given_up, kept) = (pattern(300, 1), pattern(300, 2));
    let mut bytes = header(0, 4, 10, 300, 8, 1);
    bytes.extend(&given_up[..128]);
    bytes.extend(header(0, 5, 20, 300, 9, 1));
    bytes.extend(&kept[..128]);
    bytes.extend(control(2, 4));
    bytes.extend(control(2, 77));
    bytes.extend(basic(3, 5));
    bytes.extend(&kept[128..256]);
    bytes.extend(basic(3, 5));
    bytes.extend(&kept[256..]);
    // The chunk stream remembers its header: this is a new message, one delta later.
    bytes.extend(header(1, 4, 7, 3, 8, 0));
    bytes.extend(b"abc");
    let expected = [message(5, 20, 9, 1, &kept), message(4, 17, 8, 1, b"abc")];
    assert_eq!(read_all(&bytes, WIDE).unwrap(), expected);
}

/// CVE-2016-10191: a later chunk announces another length than the first.
#[test]
fn another_length_in_the_middle_starts_over() {
    for csid in [3, 63, 64, 319, 320, 65_599] {
        for format in [0, 1] {
            for length in [0, 1, 127, 128, 129, 299, 301, 60_000] {
                let body = pattern(length, 3);
                let mut bytes = header(0, csid, 10, 300, 9, 1);
                bytes.extend(pattern(128, 1));
                bytes.extend(header(format, csid, 10, length, 9, 1));
                for (index, chunk) in body.chunks(128).enumerate() {
                    if index > 0 {
                        bytes.extend(basic(3, csid));
                    }
                    bytes.extend(chunk);
                }
                let mut reader = ChunkReader::new(ChunkLimits::before_login());
                reader.push(&bytes);
                let time = if format == 0 { 10 } else { 20 };
                assert_eq!(
                    reader.poll_message().unwrap(),
                    Some(message(csid, time, 9, 1, &body))
                );
                assert_eq!((reader.abandoned(), reader.buffered()), (1, 0));
            }
        }
    }
}

/// A peer that repeats its header on every chunk.
#[test]
fn the_same_header_in_the_middle_goes_on() {
    let body = pattern(300, 1);
    for format in [0, 1, 2] {
        let mut bytes = header(0, 4, 10, 300, 9, 1);
        bytes.extend(&body[..128]);
        for chunk in body[128..].chunks(128) {
            bytes.extend(header(format, 4, 10, 300, 9, 1));
            bytes.extend(chunk);
        }
        assert_eq!(read_all(&bytes, WIDE).unwrap(), [message(4, 10, 9, 1, &body)]);
    }
}

#[test]
fn chunk_sizes_from_one_to_the_largest() {
    for size in [1, 2, 127, 128, 65_536, 0xFF_FFFF, 0x7FFF_FFFF] {
        let body = pattern(1_000, 1);
        let mut bytes = control(1, size);
        bytes.extend(header(0, 4, 0, 1_000, 9, 1));
        for (index, chunk) in body.chunks(size as usize).enumerate() {
            if index > 0 {
                bytes.extend(basic(3, 4));
            }
            bytes.extend(chunk);
        }
        assert_eq!(
            read_all(&bytes, WIDE).unwrap(),
            [message(4, 0, 9, 1, &body)],
            "{size}"
        );
    }
    for size in [0, 0x8000_0000, u32::MAX] {
        assert_eq!(
            read_error(&control(1, size), WIDE),
            ChunkErrorKind::ChunkSize(size)
        );
    }
}

#[test]
fn short_control_messages_are_named() {
    for type_id in [1, 2] {
        for length in 0..4 {
            let bytes = [header(0, 2, 0, length, type_id, 0), vec![0; length]].concat();
            assert_eq!(
                read_error(&bytes, WIDE),
                ChunkErrorKind::ShortControl { type_id, length }
            );
        }
    }
}

#[test]
fn chunk_streams_start_with_a_header() {
    for format in [2, 3] {
        let error = ChunkErrorKind::NoPreviousHeader { csid: 4, format };
        assert_eq!(read_error(&header(format, 4, 0, 0, 0, 0), WIDE), error);
    }
    let bytes = [header(1, 4, 5, 1, 20, 0), vec![7]].concat();
    assert_eq!(read_all(&bytes, WIDE).unwrap(), [message(4, 5, 20, 0, &[7])]);
}

#[test]
fn limits_hold() {
    let limits = ChunkLimits {
        max_message: 1_000,
        max_chunk_streams: 3,
        max_buffered: 300,
    };
    let long = header(0, 4, 0, 1_001, 9, 1);
    let error = ChunkErrorKind::MessageTooLong {
        announced: 1_001,
        limit: 1_000,
    };
    assert_eq!(read_error(&long, limits), error);

    let many: Vec<u8> = (3..7).flat_map(|csid| header(0, csid, 0, 0, 9, 1)).collect();
    assert_eq!(
        read_error(&many, limits),
        ChunkErrorKind::TooManyChunkStreams { limit: 3 }
    );

    let halves: Vec<u8> = (3..6)
        .flat_map(|csid| [header(0, csid, 0, 1_000, 9, 1), pattern(128, 0)].concat())
        .collect();
    assert_eq!(
        read_error(&halves, limits),
        ChunkErrorKind::TooMuchBuffered { limit: 300 }
    );
}

/// A lowered limit also holds for a type 3 header that inherits its length.
#[test]
fn limits_hold_for_inherited_lengths() {
    let mut reader = ChunkReader::new(WIDE);
    reader.push(&[header(0, 4, 0, 100, 9, 1), pattern(100, 0)].concat());
    assert!(reader.poll_message().unwrap().is_some());
    reader.set_limits(ChunkLimits {
        max_message: 50,
        ..WIDE
    });
    reader.push(&basic(3, 4));
    let error = reader.poll_message().unwrap_err();
    assert_eq!(
        error.kind,
        ChunkErrorKind::MessageTooLong {
            announced: 100,
            limit: 50
        }
    );
    assert_eq!(error.position, 112);
    // It stays so.
    assert_eq!(reader.poll_message(), Err(error));
}

/// Positions count from the first byte of the connection.
#[test]
fn errors_say_where() {
    let mut reader = ChunkReader::new(WIDE);
    reader.set_start(3_073);
    reader.push(&control(5, 1_000));
    assert!(reader.poll_message().unwrap().is_some());
    reader.push(&control(1, 0));
    assert_eq!(reader.poll_message().unwrap_err().position, 3_073 + 16);
    assert_eq!(reader.bytes_received(), 32);
}

/// Announcing much costs nothing until it arrives.
#[test]
fn memory_follows_what_arrived() {
    let mut reader = ChunkReader::new(WIDE);
    for csid in 3..60 {
        reader.push(&[header(0, csid, 0, 0xFF_FFFF, 9, 1), pattern(128, 0)].concat());
    }
    assert_eq!(reader.poll_message().unwrap(), None);
    assert_eq!(reader.buffered(), 57 * 128);
}

#[test]
fn shared_chunks_read_back_at_every_size() {
    let payload = pattern(1_000, 9);
    for size in [1, 5, 128, 1_004, 1_005, 1_006, 60_000] {
        for csid in [4, 100, 1_000] {
            let chunks = media_chunks(csid, 9, 0x0100_0000, 1, size, &[0x17, 1, 0, 0, 0], &payload);
            let bytes = [control(1, size), chunks.to_vec()].concat();
            let body = [&[0x17, 1, 0, 0, 0], &payload[..]].concat();
            assert_eq!(
                read_all(&bytes, WIDE).unwrap(),
                [message(csid, 0x0100_0000, 9, 1, &body)]
            );
        }
    }
    let empty = media_chunks(4, 8, 0, 1, 128, &[], &[]);
    assert_eq!(read_all(&empty, WIDE).unwrap(), [message(4, 0, 8, 1, &[])]);
}
