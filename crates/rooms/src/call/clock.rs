//! What a call does by itself when time passes.

use super::end::Hint;
use super::state::{Turn, everywhere};
use super::{Call, EventKind, LeaveReason, MemberState};
use crate::{Delay, Timestamp};

impl Call {
    pub(super) fn next_deadline(&self, grace: Delay) -> Option<Timestamp> {
        let rings = self.members.iter().filter(|member| member.state.rings());
        let rings = rings.map(|member| member.rings_until);
        let inside = self.members.iter().filter(|m| m.state == MemberState::Inside);
        let absences = inside.filter_map(|member| Some(member.absent_since?.after(grace)));
        rings.chain(absences).min()
    }

    pub(super) fn tick(&mut self, grace: Delay, turn: &mut Turn) {
        let now = turn.now;
        let expired = self.accounts(|member| member.state.rings() && member.rings_until <= now);
        for account in expired {
            let Ok(member) = self.at(&account) else { continue };
            member.state = MemberState::TimedOut;
            let mut to = self.inside(None);
            to.push(everywhere(account.clone()));
            self.tell(turn, EventKind::TimedOut { account }, to);
        }
        let gone = self.accounts(|member| {
            let absent = member.absent_since.is_some_and(|at| at.after(grace) <= now);
            member.state == MemberState::Inside && absent
        });
        let mut hint = Hint::none();
        for account in gone {
            self.go(&account, None, LeaveReason::Disconnected, turn);
            if hint.status.is_none() {
                hint = self.left_hint(&account);
            }
        }
        self.check_end(hint, turn);
    }
}
