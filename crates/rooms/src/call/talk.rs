//! What those inside do: messages, another type, another device, going, hanging up.

use super::end::Hint;
use super::state::Turn;
use super::{Addressee, Call, Data, EventKind, Kind, LeaveReason, MemberState, Reason, Rejection};
use crate::{AccountId, Device, SessionId};

impl Call {
    pub(super) fn switch_kind(
        &mut self,
        by: &AccountId,
        session: &SessionId,
        kind: Kind,
        ask: bool,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        self.check_session(by, session)?;
        if !self.is_active() {
            return Err(Rejection::NotActive);
        }
        if kind == Kind::Other {
            return Err(Rejection::InvalidArgument { field: "type" });
        }
        if ask && self.group {
            return Err(Rejection::InvalidArgument { field: "ask" });
        }
        if kind == self.kind {
            return Ok(());
        }
        let (by, to) = (by.clone(), self.inside(Some(session)));
        if ask {
            self.kind_request = Some((by.clone(), kind));
            self.tell(turn, EventKind::KindRequested { by, kind }, to);
        } else {
            self.kind_request = None;
            self.kind = kind;
            self.tell(turn, EventKind::KindChanged { by, kind }, to);
        }
        Ok(())
    }

    pub(super) fn answer_kind(
        &mut self,
        account: &AccountId,
        session: &SessionId,
        kind: Kind,
        accept: bool,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        self.check_session(account, session)?;
        let by = match &self.kind_request {
            Some((by, asked)) if by != account && *asked == kind => by.clone(),
            _ => return Err(Rejection::NoKindRequest),
        };
        self.kind_request = None;
        let to = self.inside(Some(session));
        let told = if accept {
            self.kind = kind;
            EventKind::KindChanged { by, kind }
        } else {
            let by = account.clone();
            EventKind::KindDeclined { by, kind }
        };
        self.tell(turn, told, to);
        Ok(())
    }

    pub(super) fn control(
        &mut self,
        from: &AccountId,
        session: &SessionId,
        to: Option<AccountId>,
        data: Data,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        self.check_session(from, session)?;
        if !self.is_active() {
            return Err(Rejection::NotActive);
        }
        if to.as_ref().is_some_and(|to| to == from || !self.is_inside(to)) {
            return Err(Rejection::NoSuchCallee);
        }
        let mut whom = self.inside(Some(session));
        whom.retain(|addressee| to.as_ref().is_none_or(|to| addressee.account() == to));
        let from = from.clone();
        self.tell(turn, EventKind::Control { from, to, data }, whom);
        Ok(())
    }

    pub(super) fn take_over(
        &mut self,
        account: &AccountId,
        session: &SessionId,
        device: Device,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        if !self.is_inside(account) {
            return Err(self.not_inside(account));
        }
        let member = self.at(account)?;
        member.absent_since = None;
        let before = member.session.replace(session.clone());
        member.device = device.clone();
        if let Some(before) = before.filter(|before| before != session) {
            let to = Addressee::Session {
                account: account.clone(),
                session: before,
            };
            self.tell(turn, EventKind::TakenOver { device }, vec![to]);
        }
        Ok(())
    }

    pub(super) fn leave(
        &mut self,
        account: &AccountId,
        session: Option<&SessionId>,
        reason: LeaveReason,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        if !self.is_inside(account) {
            return Err(self.not_inside(account));
        }
        self.go(account, session, reason, turn);
        self.check_end(self.left_hint(account), turn);
        Ok(())
    }

    /// Takes one out who is inside.
    pub(super) fn go(
        &mut self,
        account: &AccountId,
        session: Option<&SessionId>,
        reason: LeaveReason,
        turn: &mut Turn,
    ) {
        // The device that has the call is told, too, when another one says it.
        let to = self.inside(session);
        let Ok(member) = self.at(account) else { return };
        member.go(turn.now);
        if self.kind_request.as_ref().is_some_and(|(by, _)| by == account) {
            self.kind_request = None;
        }
        let account = account.clone();
        self.tell(turn, EventKind::Left { account, reason }, to);
    }

    /// What it means when this account has gone.
    pub(super) fn left_hint(&self, account: &AccountId) -> Hint {
        if *account == self.caller {
            Hint::cancelled(account, Reason::default())
        } else {
            Hint::by(account, &Reason::default())
        }
    }

    pub(super) fn hang_up(
        &mut self,
        by: &AccountId,
        reason: Reason,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        if !self.is_inside(by) {
            return Err(self.not_inside(by));
        }
        self.end_for_all(Hint::cancelled(by, reason), turn);
        Ok(())
    }

    pub(super) fn end_for_all(&mut self, hint: Hint, turn: &mut Turn) {
        let ring = self.accounts(|member| member.state.rings());
        // Those inside are told the end itself.
        self.take_back(&ring, hint.by.as_ref(), &hint.reason, &[], turn);
        for member in self.members.iter_mut() {
            if member.state == MemberState::Inside {
                member.go(turn.now);
            }
        }
        self.end(hint, turn);
    }
}
