//! What somebody who wants a track of a stream would get, before a feed is opened for it.

use lianmai_media::TrackKind;

use crate::pick::{Pick, Taste, pick};
use crate::{Accept, Hub, StreamKey};

/// What a viewer would get of one track now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Prospect {
    /// Nobody publishes: it is not known yet.
    Unknown,
    /// What the member publishes, as it is.
    Passes,
    /// A rendition, whose key this is. Somebody has to make it.
    Rendition(StreamKey),
    /// Nothing: there is no such track, or nothing that the viewer can use can be made of it.
    Nothing,
}

impl Hub {
    /// What a viewer who can show `accept` would get of a track of the stream with the plain key `key`.
    pub fn prospect(&self, key: &StreamKey, kind: TrackKind, accept: &Accept) -> Prospect {
        let Some(family) = self.registry.family(&key.plain()) else {
            return Prospect::Unknown;
        };
        match pick(&family.view(), kind, &Taste::Viewer(accept.clone()), 0) {
            Pick::Absent => Prospect::Unknown,
            Pick::NoTrack | Pick::Unusable => Prospect::Nothing,
            Pick::Read(Some(form)) if form.is_rendition() => Prospect::Rendition(key.form(form)),
            Pick::Read(_) => Prospect::Passes,
        }
    }
}
