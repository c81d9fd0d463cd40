//! A recording to test with.

use lianmai_rooms::{AppId, RoomId, StreamId, Timestamp};

use super::{Recording, RecordingFormat, RecordingSetup, RecordingState};

/// A recording of stream `s1` in room `r1`, asked for and not by the room's flags, that has ended.
pub(crate) fn ended(app: &str, id: &str) -> Recording {
    let at = Timestamp::from_millis(1);
    Recording {
        id: id.to_owned(),
        position: 0,
        app: AppId::parse(app).unwrap(),
        room: RoomId::parse("r1").unwrap(),
        stream: StreamId::parse("s1").unwrap(),
        setup: RecordingSetup {
            format: RecordingFormat::Mp4,
            audio_only: false,
            part_ms: None,
            part_bytes: None,
            is_mix: false,
            account: None,
            by_room: false,
        },
        state: RecordingState::Done,
        error: None,
        members: Vec::new(),
        started_at: at,
        ended_at: Some(at),
    }
}
