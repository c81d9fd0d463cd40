//! One form that a feed reads, or is about to.

use std::sync::Arc;
use std::time::Duration;

use lianmai_media::TrackKind;
use tokio::sync::futures::Notified;

use crate::cursor::Cursor;
use crate::family::Family;
use crate::pulse::Pulse;
use crate::registry::Place;
use crate::ring::Ring;
use crate::seat::Seat;
use crate::stream::State;
use crate::{Delivery, Form, ReaderStats, TrackFilter, Want};

/// Sound older than this is not for those who were waiting for it.
const RECENT_MILLIS: i64 = 200;

/// Where to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Join {
    /// With what comes next.
    Live,
    /// With the present publication's first packets, if they are recent.
    Began,
    /// Pictures: with the newest key frame, if it is later than this. Sound: with the first packet that is.
    After(i64),
}

pub(super) struct Source {
    pub(super) form: Option<Form>,
    /// If it is a rendition.
    pub(super) want: Option<Want>,
    seat: Seat,
    cursor: Cursor,
}

impl Source {
    pub(super) fn open(
        place: &Place,
        form: Option<Form>,
        kind: TrackKind,
        coalesce: Duration,
        stats: &Arc<ReaderStats>,
        join: Join,
    ) -> Source {
        let seat = place.registry.enter_form(&place.family, form, |stream| {
            Seat::take(stream, place.clone(), stats.clone(), coalesce)
        });
        let tracks = match kind {
            TrackKind::Audio => TrackFilter::AudioOnly,
            TrackKind::Video => TrackFilter::VideoOnly,
        };
        let mut cursor = Cursor::new(&seat, tracks, None);
        let at = seat.stream().read(|state| {
            let at = match kind {
                TrackKind::Video => keyframe(&state.ring, join),
                TrackKind::Audio => sound(state, join),
            };
            cursor.join(state, at);
            at
        });
        if at.is_none() && kind == TrackKind::Video {
            // Where key frames come on demand only, this viewer would wait for ever.
            seat.stream().request_keyframe();
        }
        let mut source = Source {
            form,
            want: None,
            seat,
            cursor,
        };
        source.renew_want(place);
        source
    }

    /// Wants the rendition, if it is one.
    pub(super) fn renew_want(&mut self, place: &Place) {
        if self.want.is_none()
            && let Some(form) = self.form.filter(|form| form.is_rendition())
        {
            self.want = Some(Want::new(&place.registry, place.family.key.form(form)));
        }
    }

    pub(super) fn started(&self) -> bool {
        self.cursor.started()
    }

    /// Time of what is read next, if it is there.
    pub(super) fn next_millis(&self) -> Option<i64> {
        self.seat.stream().read(|state| self.cursor.next_millis(state))
    }

    pub(super) fn take(&mut self, batch: &mut Vec<Delivery>) {
        let stream = self.seat.stream().clone();
        stream.read(|state| self.cursor.take(&stream, state, batch));
    }

    /// Goes to the next key frame and tells its time; `None` if none has come yet.
    pub(super) fn seek_keyframe(&mut self) -> Option<i64> {
        let stream = self.seat.stream().clone();
        stream.read(|state| self.cursor.seek_keyframe(state))
    }
}

fn keyframe(ring: &Ring, join: Join) -> Option<u64> {
    let newest = ring.newest_keyframe()?;
    let is_later = |after| ring.get(newest).is_some_and(|item| item.millis() > after);
    match join {
        Join::Live => None,
        Join::Began => Some(newest),
        Join::After(millis) => is_later(millis).then_some(newest),
    }
}

fn sound(state: &State, join: Join) -> Option<u64> {
    let ring = &state.ring;
    let (from, after) = match join {
        Join::Live => return None,
        Join::Began => (state.began, ring.newest()?.millis().saturating_sub(RECENT_MILLIS)),
        Join::After(millis) => (ring.tail(), millis),
    };
    let is_wanted = |item: &&Arc<crate::Item>| item.millis() > after;
    ring.from(from).find(is_wanted).map(|item| item.sequence)
}

/// What wakes a feed: the pulse of what it reads, or the stream's changes when it reads nothing.
pub(super) enum Bell {
    Pulse(Arc<Pulse>),
    Family(Arc<Family>),
}

impl Bell {
    pub(super) fn of(source: Option<&Source>, place: &Place) -> Bell {
        match source {
            Some(source) => Bell::Pulse(source.seat.pulse().clone()),
            None => Bell::Family(place.family.clone()),
        }
    }

    pub(super) fn notified(&self) -> Notified<'_> {
        match self {
            Bell::Pulse(pulse) => pulse.readers().notified(),
            Bell::Family(family) => family.changes().notified(),
        }
    }
}
