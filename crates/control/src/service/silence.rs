//! From the rooms to the hub: which tracks of their streams nobody is to hear or see.
//!
//! A track is kept back while its member is muted by the room's management, alone or with everybody, or has switched it
//! off itself. Worked out anew for all streams of a room whenever one of the reasons may have changed.

use lianmai_hub::{Hub, StreamKey};
use lianmai_media::TrackKind;
use lianmai_rooms::{EventKind, MuteFlags, Room};

/// One stream and its tracks that are to be kept back.
#[derive(Debug, Clone)]
pub(crate) struct Silence {
    key: StreamKey,
    tracks: MuteFlags,
}

impl Silence {
    /// That of all streams of a room.
    pub(super) fn of(room: &Room) -> impl Iterator<Item = Self> {
        room.streams().map(|stream| {
            let owner = stream.owner.as_ref();
            let muted = owner.map_or_else(MuteFlags::default, |owner| room.muted(owner));
            Self {
                key: StreamKey::new(room.app().as_str(), stream.id.as_str()),
                tracks: MuteFlags {
                    audio: stream.aoff || muted.audio,
                    video: stream.voff || muted.video,
                },
            }
        })
    }

    /// Whether an event may change it for a stream of its room. Admins are not muted with everybody.
    pub(super) const fn follows(event: &EventKind) -> bool {
        matches!(
            event,
            EventKind::MuteChanged { .. }
                | EventKind::MuteAllChanged { .. }
                | EventKind::RoleChanged { .. }
                | EventKind::StreamAdded { .. }
                | EventKind::StreamUpdated { .. }
        )
    }

    /// Keeps the tracks back, and lets the others go.
    pub(super) fn enforce(self, hub: &Hub) {
        hub.silence(&self.key, TrackKind::Audio, self.tracks.audio);
        hub.silence(&self.key, TrackKind::Video, self.tracks.video);
    }
}
