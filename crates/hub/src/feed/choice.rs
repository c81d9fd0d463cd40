//! What a feed reads, and when it changes over.

use lianmai_media::TrackKind;

use super::Feed;
use super::source::{Join, Source};
use crate::Form;
use crate::family::Origin;
use crate::pick::{Pick, pick};

impl Feed {
    /// Finds out what to read now, if anything has changed.
    pub(super) fn look(&mut self) {
        let version = self.place.family.version();
        if self.seen == version {
            return;
        }
        let first = self.seen == 0 && self.current.is_none();
        self.seen = version;
        self.view = self.place.family.view();
        match pick(&self.view, self.kind, &self.taste, self.layer) {
            Pick::Read(form) => self.read_from(form, first),
            // The publisher may be back at once.
            Pick::Absent => {}
            Pick::NoTrack => match &mut self.current {
                // It may come at once, and then this goes on.
                Some(current) if self.view.publisher == Some(Origin::of_timeline(current.form)) => {
                    current.want = None;
                }
                _ => self.read_nothing(),
            },
            Pick::Unusable => self.read_nothing(),
        }
    }

    fn read_nothing(&mut self) {
        let read = self.current.take().is_some() | self.next.take().is_some();
        self.changes += u64::from(read);
    }

    fn read_from(&mut self, form: Option<Form>, first: bool) {
        if let Some(current) = self.current.as_mut().filter(|source| source.form == form) {
            current.renew_want(&self.place);
            self.changes += u64::from(self.next.take().is_some());
            return;
        }
        if self.next.as_ref().is_some_and(|next| next.form == form) {
            return;
        }
        self.changes += 1;
        let is_layer = |form| matches!(form, Some(Form::Rtc | Form::Layer(_)));
        let flowing = self
            .current
            .as_ref()
            .is_some_and(|s| is_layer(s.form) && s.started());
        if flowing && is_layer(form) {
            let after = self.newest.map_or(Join::Live, |(_, millis)| Join::After(millis));
            self.next = Some(self.open(form, after));
            return;
        }
        let join = match (self.newest, self.start_at) {
            (Some((origin, millis)), _) if origin == Origin::of_timeline(form) => Join::After(millis),
            (None, Some(millis)) => Join::After(millis - 1),
            _ if self.kind == TrackKind::Video => Join::After(i64::MIN),
            _ if first => Join::Live,
            _ => Join::Began,
        };
        // What it read before is left first, so that nobody is in two places for long.
        self.next = None;
        self.current = None;
        self.current = Some(self.open(form, join));
        self.told = None;
    }

    fn open(&self, form: Option<Form>, join: Join) -> Source {
        Source::open(&self.place, form, self.kind, self.coalesce, &self.stats, join)
    }
}
