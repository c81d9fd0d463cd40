//! When a call ends, and how it ended.

use super::state::Turn;
use super::{Call, EventKind, MemberState, Reason, Record, Status};
use crate::AccountId;

/// What is known about an end that a command may cause.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// If nobody has answered.
    pub(super) status: Option<Status>,
    pub(super) by: Option<AccountId>,
    pub(super) reason: Reason,
}

impl Hint {
    pub(super) fn none() -> Self {
        Self {
            status: None,
            by: None,
            reason: Reason::default(),
        }
    }

    pub(super) fn by(account: &AccountId, reason: &Reason) -> Self {
        Self {
            status: None,
            by: Some(account.clone()),
            reason: reason.clone(),
        }
    }

    pub(super) fn cancelled(by: &AccountId, reason: Reason) -> Self {
        Self {
            status: Some(Status::Cancelled),
            by: Some(by.clone()),
            reason,
        }
    }
}

impl Call {
    /// Ends the call if nobody, or only one, is inside and nobody can come.
    pub(super) fn check_end(&mut self, hint: Hint, turn: &mut Turn) {
        if self.ended {
            return;
        }
        let inside = self.count(|state| state == MemberState::Inside);
        let ring = self.count(MemberState::rings);
        if inside == 0 || (inside == 1 && ring == 0) {
            self.end_for_all(hint, turn);
        }
    }

    /// Everybody has gone.
    pub(super) fn end(&mut self, hint: Hint, turn: &mut Turn) {
        let status = if self.is_active() {
            Status::Completed
        } else {
            hint.status.unwrap_or_else(|| self.failure())
        };
        self.ended = true;
        let record = Record::of(self, status, hint.by.clone(), hint.reason.clone(), turn.now);
        let ended = EventKind::Ended {
            status,
            by: hint.by,
            reason: hint.reason,
            record: Box::new(record),
        };
        let to = std::mem::take(&mut turn.open);
        self.tell(turn, ended, to);
    }

    /// Why nobody answered, if the caller did not give up: the most telling of the answers.
    fn failure(&self) -> Status {
        let any = |state| self.count(|there| there == state) > 0;
        if any(MemberState::Rejected) {
            Status::Rejected
        } else if any(MemberState::TimedOut) {
            Status::TimedOut
        } else if any(MemberState::Busy) {
            Status::Busy
        } else {
            Status::Cancelled
        }
    }
}
