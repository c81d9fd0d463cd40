//! Inviting, ringing of those who come online, and taking invitations back.

use super::end::Hint;
use super::state::{Turn, everywhere, invited};
use super::{Addressee, Call, Data, EventKind, Member, MemberState, Reason, Rejection};
use crate::{AccountId, Delay, SessionId};

/// Who invites whom, and how.
pub(super) struct Summons<'a> {
    pub(super) by: &'a AccountId,
    /// The accounts and what becomes of them: ringing, waiting or busy.
    pub(super) callees: Vec<(AccountId, MemberState)>,
    pub(super) ring: Delay,
    pub(super) attachment: Option<Data>,
}

impl Call {
    /// Whom of these there is nothing to do for: they are inside or ring.
    pub(super) fn is_open_for(&self, account: &AccountId) -> bool {
        self.member(account).is_some_and(|member| member.state.is_open())
    }

    /// Invites; none of the callees is inside or rings.
    pub(super) fn summon(&mut self, summons: Summons<'_>, turn: &mut Turn) {
        let Summons {
            by,
            callees,
            ring,
            attachment,
        } = summons;
        for (account, state) in &callees {
            let fresh = invited(account, Some(by), turn.now);
            let known = self.members.iter().position(|member| member.account == *account);
            let at = known.unwrap_or_else(|| {
                self.members.push(fresh.clone());
                self.members.len() - 1
            });
            let Some(member) = self.members.get_mut(at) else {
                continue;
            };
            // Whoever was here before keeps its time in the call.
            *member = Member {
                state: *state,
                rings_until: turn.now.after(ring),
                attachment: attachment.clone(),
                joined_at: member.joined_at,
                left_at: member.left_at,
                talked_ms: member.talked_ms,
                ..fresh
            };
        }
        for (account, state) in callees {
            match state {
                MemberState::Ringing => self.invite(&account, turn),
                MemberState::Busy => self.tell_busy(account, turn),
                _ => {}
            }
        }
        self.check_end(Hint::none(), turn);
    }

    fn invite(&mut self, account: &AccountId, turn: &mut Turn) {
        if let Some(invitation) = self.invitation(account, false) {
            self.tell(turn, invitation, vec![everywhere(account.clone())]);
        }
    }

    fn tell_busy(&mut self, account: AccountId, turn: &mut Turn) {
        let to = self.inside(None);
        let busy = EventKind::Busy {
            account,
            automatic: true,
            reason: Reason::default(),
            ext: None,
        };
        self.tell(turn, busy, to);
    }

    /// One who was offline is there now.
    pub(super) fn wake(&mut self, account: &AccountId, turn: &mut Turn) -> Result<(), Rejection> {
        self.at(account)?.state = MemberState::Ringing;
        let to = self.inside(None);
        let account = account.clone();
        self.invite(&account, turn);
        self.tell(turn, EventKind::Ringing { account }, to);
        Ok(())
    }

    /// One who was offline is in another call now.
    pub(super) fn give_way(&mut self, account: &AccountId, turn: &mut Turn) -> Result<(), Rejection> {
        self.at(account)?.state = MemberState::Busy;
        self.tell_busy(account.clone(), turn);
        self.check_end(Hint::none(), turn);
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        by: &AccountId,
        session: &SessionId,
        callees: Option<Vec<AccountId>>,
        reason: Reason,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        if !self.is_inside(by) {
            return Err(self.not_inside(by));
        }
        let is_caller = *by == self.caller;
        let may = |member: &Member| is_caller || member.invited_by.as_ref() == Some(by);
        let whose = match callees {
            None => self.accounts(|member| member.state.rings() && may(member)),
            Some(named) => {
                for account in &named {
                    let member = self.member(account).ok_or(Rejection::NoSuchCallee)?;
                    if !member.state.rings() {
                        return Err(Rejection::NotRinging);
                    }
                    if !may(member) {
                        return Err(Rejection::NotAllowed);
                    }
                }
                named
            }
        };
        if whose.is_empty() {
            return Err(Rejection::NotRinging);
        }
        let inside = self.inside(Some(session));
        self.take_back(&whose, Some(by), &reason, &inside, turn);
        self.check_end(Hint::cancelled(by, reason), turn);
        Ok(())
    }

    /// Takes the invitations of those who ring back, and tells these of those inside.
    pub(super) fn take_back(
        &mut self,
        whose: &[AccountId],
        by: Option<&AccountId>,
        reason: &Reason,
        inside: &[Addressee],
        turn: &mut Turn,
    ) {
        for account in whose {
            let Ok(member) = self.at(account) else { continue };
            if !member.state.rings() {
                continue;
            }
            member.state = MemberState::Cancelled;
            let mut to = inside.to_vec();
            to.push(everywhere(account.clone()));
            let cancelled = EventKind::Cancelled {
                account: account.clone(),
                by: by.cloned(),
                reason: reason.clone(),
            };
            self.tell(turn, cancelled, to);
        }
    }

    pub(super) fn set_ring(&mut self, by: &AccountId, ring: Delay) -> Result<(), Rejection> {
        let is_caller = *by == self.caller && self.is_inside(by);
        let member = self.at(by)?;
        if member.state.rings() {
            // The caller's own time-out still holds.
            member.rings_until = member.rings_until.min(member.invited_at.after(ring));
            return Ok(());
        }
        if !is_caller {
            return Err(self.not_inside(by));
        }
        for member in self.members.iter_mut().filter(|member| member.state.rings()) {
            member.rings_until = member.invited_at.after(ring);
        }
        Ok(())
    }
}
