//! Sessions that come and go.

use super::state::Turn;
use super::{Call, LeaveReason, Member};
use crate::{AccountId, SessionId, Timestamp};

impl Call {
    fn holder(&mut self, account: &AccountId, session: &SessionId) -> Option<&mut Member> {
        let mut members = self.members.iter_mut();
        members.find(|member| member.account == *account && member.has(session))
    }

    pub(super) fn session_back(&mut self, account: &AccountId, session: &SessionId) {
        if let Some(member) = self.holder(account, session) {
            member.absent_since = None;
        }
    }

    pub(super) fn session_gone(&mut self, account: &AccountId, session: &SessionId, now: Timestamp) {
        if let Some(member) = self.holder(account, session) {
            member.absent_since.get_or_insert(now);
        }
    }

    pub(super) fn session_ended(
        &mut self,
        account: &AccountId,
        session: &SessionId,
        kicked: bool,
        turn: &mut Turn,
    ) {
        if self.holder(account, session).is_none() {
            return;
        }
        let reason = if kicked {
            LeaveReason::Kicked
        } else {
            LeaveReason::Normal
        };
        self.go(account, Some(session), reason, turn);
        self.check_end(self.left_hint(account), turn);
    }

    /// After a restart of the gateway nobody is connected, and everybody has the whole grace to return.
    pub(super) fn connections_lost(&mut self, now: Timestamp) {
        let inside = self.members.iter_mut();
        for member in inside.filter(|member| member.state == super::MemberState::Inside) {
            member.absent_since = Some(now);
        }
    }
}
