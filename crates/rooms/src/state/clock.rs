//! What the room does by itself when time passes.

use super::State;
use crate::{EndReason, EventKind, LeaveReason, Lifetime, MemberId, RequestOutcome, Timestamp};

impl State {
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        if self.ended.is_some() {
            return None;
        }
        let grace = self.settings.timing.member_grace;
        let absences = self
            .members
            .values()
            .filter_map(|m| Some(m.absent_since?.after(grace)));
        let requests = self.requests.values().map(|request| request.expires_at);
        absences.chain(requests).chain(self.end_when_empty()).min()
    }

    /// When the room, empty as it is, ends.
    fn end_when_empty(&self) -> Option<Timestamp> {
        match self.settings.lifetime {
            Lifetime::Persistent => None,
            Lifetime::EndsWhenEmpty { delay } | Lifetime::EndsWhenLeft { delay } => {
                Some(self.empty_since?.after(delay))
            }
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<EventKind> {
        let mut happened = Vec::new();
        let expired = self.requests.values().filter(|request| request.expires_at <= now);
        let expired: Vec<MemberId> = expired.map(|request| request.member.clone()).collect();
        for id in &expired {
            happened.extend(self.close_request(id, RequestOutcome::Expired, None));
        }
        let grace = self.settings.timing.member_grace;
        let absent = self
            .members
            .values()
            .filter(|m| m.absent_since.is_some_and(|at| at.after(grace) <= now));
        let absent: Vec<MemberId> = absent.map(|member| member.id.clone()).collect();
        for id in &absent {
            happened.extend(self.remove_member(id, LeaveReason::Timeout, None));
        }
        self.note_emptiness(now);
        if self.end_when_empty().is_some_and(|at| at <= now) {
            happened.extend(self.end(EndReason::Empty));
        }
        happened
    }
}
