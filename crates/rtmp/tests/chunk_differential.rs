//! R-R2: our chunk layer against rml_rtmp's, on streams both can carry (R-T3 borders included).

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::raw::{WIDE, message, pattern};
use lianmai_rtmp::protocol::{ChunkReader, ChunkWriter, Message};
use proptest::prelude::*;
use rml_rtmp::chunk_io::{ChunkDeserializer, ChunkSerializer};
use rml_rtmp::messages::MessagePayload;
use rml_rtmp::time::RtmpTimestamp;

/// The chunk stream rml_rtmp sends a type on.
fn csid(type_id: u8) -> u32 {
    match type_id {
        18 => 3,
        9 => 4,
        8 => 5,
        _ => 6,
    }
}

/// Messages with time that grows; rml_rtmp does not carry empty ones.
fn messages(start: u32, steps: Vec<(u8, u32, usize, u8)>) -> Vec<Message> {
    let mut time = start;
    let make = |(type_id, step, length, seed): (u8, u32, usize, u8)| {
        time = time.saturating_add(step);
        message(csid(type_id), time, type_id, 1, &pattern(length, seed))
    };
    steps.into_iter().map(make).collect()
}

fn steps() -> impl Strategy<Value = Vec<(u8, u32, usize, u8)>> {
    let type_id = prop_oneof![Just(8_u8), Just(9), Just(18), Just(20)];
    let length = prop_oneof![1_usize..6, 127_usize..130, 255_usize..258, 1_usize..1_000];
    prop::collection::vec(
        (
            type_id,
            prop_oneof![Just(0_u32), Just(20), 0_u32..100],
            length,
            any::<u8>(),
        ),
        1..30,
    )
}

fn payload(message: &Message) -> MessagePayload {
    MessagePayload {
        timestamp: RtmpTimestamp::new(message.timestamp),
        type_id: message.type_id,
        message_stream_id: message.stream_id,
        data: message.payload.clone(),
    }
}

proptest! {
    #[test]
    fn we_read_what_it_writes(
        start in prop_oneof![0_u32..100, 0xFF_FF00_u32..0x0100_0000, 0xF000_0000_u32..0xF000_0100],
        steps in steps(),
        full in any::<bool>(),
        size in prop::option::of(1_u32..5_000),
    ) {
        let list = messages(start, steps);
        let mut writer = ChunkSerializer::new();
        let mut reader = ChunkReader::new(WIDE);
        if let Some(size) = size {
            reader.push(&writer.set_max_chunk_size(size, RtmpTimestamp::new(0)).unwrap().bytes);
        }
        for message in list {
            reader.push(&writer.serialize(&payload(&message), full, false).unwrap().bytes);
            prop_assert_eq!(reader.poll_message().unwrap(), Some(message));
        }
        prop_assert_eq!(reader.poll_message().unwrap(), None);
    }

    #[test]
    fn it_reads_what_we_write(
        start in prop_oneof![0_u32..100, 0xFF_FF00_u32..0x0100_0000, 0xF000_0000_u32..0xF000_0100],
        steps in steps(),
        size in prop::option::of(1_u32..5_000),
    ) {
        let list = messages(start, steps);
        let mut writer = ChunkWriter::new();
        let mut reader = ChunkDeserializer::new();
        let mut out = bytes::BytesMut::new();
        if let Some(size) = size {
            writer.set_chunk_size(size, &mut out);
            prop_assert!(reader.get_next_message(&out.split()).unwrap().is_some());
            reader.set_max_chunk_size(size as usize).unwrap();
        }
        for message in list {
            writer.write(&message, &mut out).unwrap();
            let got = reader.get_next_message(&out.split()).unwrap();
            prop_assert_eq!(got, Some(payload(&message)));
        }
    }
}
