//! Pushing streams to other places.

use super::{Outcome, State};
use crate::{
    Actor, BypassPart, EventKind, MAX_PUSHES, Member, NewPush, Push, PushEndReason, PushId, PushView,
    Rejection, Role, Timestamp,
};

impl State {
    pub(super) fn add_push(&mut self, by: Actor, new: NewPush, now: Timestamp) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        if let Some(stream) = &new.stream
            && !self.streams.contains_key(stream)
        {
            return Err(Rejection::NoSuchStream);
        }
        if self.pushes.contains_key(&new.id) {
            return Err(Rejection::IdTaken { field: "push" });
        }
        let twice = |push: &Push| push.stream == new.stream && push.url == new.url;
        if self.pushes.values().any(twice) {
            return Err(Rejection::PushExists);
        }
        if self.pushes.len() >= MAX_PUSHES {
            return Err(Rejection::TooManyPushes);
        }
        let NewPush { id, stream, url } = new;
        let push = Push {
            id: id.clone(),
            stream,
            url,
            by,
            added_at: now,
        };
        let added = EventKind::PushAdded {
            push: Box::new(PushView::from(&push)),
        };
        self.pushes.insert(id, push);
        Ok(vec![added])
    }

    pub(super) fn remove_push(&mut self, by: Actor, id: PushId) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        self.pushes.remove(&id).ok_or(Rejection::NoSuchPush)?;
        Ok(vec![EventKind::PushRemoved {
            push: id,
            reason: PushEndReason::Removed,
            by: Some(by),
        }])
    }

    /// When the host of the bypass leaves, what it had pushed ends.
    pub(super) fn remove_pushes_of_host(&mut self, member: &Member) -> Vec<EventKind> {
        if member.bypass != Some(BypassPart::Host) {
            return Vec::new();
        }
        let host = Actor::Member(member.id.clone());
        self.end_pushes(PushEndReason::HostLeft, |push| push.by == host)
    }

    /// Ids of streams are never used again, so a push of a stream that is gone has no future.
    pub(super) fn remove_pushes_without_stream(&mut self) -> Vec<EventKind> {
        if self.pushes.is_empty() {
            return Vec::new();
        }
        let streams = std::mem::take(&mut self.streams);
        let gone = |push: &Push| push.stream.as_ref().is_some_and(|id| !streams.contains_key(id));
        let happened = self.end_pushes(PushEndReason::StreamEnded, gone);
        self.streams = streams;
        happened
    }

    pub(super) fn remove_all_pushes(&mut self) -> Vec<EventKind> {
        self.end_pushes(PushEndReason::RoomEnded, |_| true)
    }

    fn end_pushes(&mut self, reason: PushEndReason, which: impl Fn(&Push) -> bool) -> Vec<EventKind> {
        let ended = self.pushes.extract_if(.., |_, push| which(push));
        let told = |(push, _)| EventKind::PushRemoved {
            push,
            reason,
            by: None,
        };
        ended.map(told).collect()
    }
}
