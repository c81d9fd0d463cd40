//! Which room and member a stream of the hub belongs to.

use lianmai_hub::StreamKey;
use lianmai_rooms::{AppId, MemberId, RoomId, StreamId, StreamKind};

use crate::service::Core;

/// Where a member's stream is at home.
pub(super) struct Home {
    pub(super) app: AppId,
    pub(super) room: RoomId,
    pub(super) stream: StreamId,
    pub(super) owner: MemberId,
    pub(super) kind: StreamKind,
    /// Its sound is not to be heard.
    pub(super) is_muted: bool,
}

impl Home {
    /// The home of any form of a stream; `None` if it is no member's, or is gone.
    pub(super) fn of(core: &Core, key: &StreamKey) -> Option<Home> {
        let plain = key.plain();
        let app = AppId::parse(plain.app()).ok()?;
        let id = StreamId::parse(plain.stream()).ok()?;
        let state = core.state.lock();
        let room = state.room_of(&app, &id)?;
        let stream = room.stream(&id)?;
        let owner = stream.owner.clone()?;
        Some(Home {
            room: room.id().clone(),
            kind: stream.kind,
            is_muted: stream.aoff || room.muted(&owner).audio,
            app,
            stream: id,
            owner,
        })
    }
}
