//! Answering and refusing: the first device of an account decides.

use super::end::Hint;
use super::state::Turn;
use super::{Addressee, Call, Data, EventKind, MemberState, Reason, Rejection};
use crate::{AccountId, Device, SessionId, Timestamp};

/// Who answers, and on what.
pub(super) struct By<'a> {
    pub(super) account: &'a AccountId,
    pub(super) session: &'a SessionId,
    pub(super) device: &'a Device,
}

impl By<'_> {
    fn other_devices(&self) -> Vec<Addressee> {
        vec![Addressee::Account {
            account: self.account.clone(),
            except: Some(self.session.clone()),
        }]
    }
}

impl Call {
    /// Checks that the account rings.
    fn check_rings(&self, by: &By<'_>, now: Timestamp) -> Result<(), Rejection> {
        let member = self.member(by.account).ok_or(Rejection::NoSuchCall)?;
        let elsewhere = member.session.as_ref() != Some(by.session);
        match member.state {
            MemberState::Ringing | MemberState::Waiting if member.rings_until <= now => {
                Err(Rejection::InviteExpired)
            }
            MemberState::Ringing | MemberState::Waiting => Ok(()),
            MemberState::Inside if elsewhere => Err(Rejection::AcceptedElsewhere),
            MemberState::Inside => Err(Rejection::NotRinging),
            MemberState::Rejected if elsewhere => Err(Rejection::RejectedElsewhere),
            MemberState::Rejected | MemberState::Busy => Err(Rejection::AlreadyRejected),
            MemberState::TimedOut => Err(Rejection::InviteExpired),
            MemberState::Cancelled => Err(Rejection::InviteCancelled),
            MemberState::Left => Err(Rejection::NotInCall),
        }
    }

    pub(super) fn accept(
        &mut self,
        by: &By<'_>,
        ext: Option<Data>,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        if self
            .member(by.account)
            .is_some_and(|member| member.has(by.session))
        {
            // Said again, perhaps because the answer was lost.
            return Ok(());
        }
        self.check_rings(by, turn.now)?;
        let now = turn.now;
        let member = self.at(by.account)?;
        member.state = MemberState::Inside;
        member.session = Some(by.session.clone());
        member.device = by.device.clone();
        member.joined_at.get_or_insert(now);
        member.left_at = None;
        member.since = Some(now);
        if self.answered_at.is_none() {
            self.answered_at = Some(now);
            let inside = self.members.iter_mut();
            for member in inside.filter(|member| member.state == MemberState::Inside) {
                member.since = Some(now);
            }
        }
        let accepted = EventKind::Accepted {
            account: by.account.clone(),
            ext,
            kind: self.kind,
            members: self.standings(),
        };
        let to = self.inside(Some(by.session));
        self.tell(turn, accepted, to);
        let elsewhere = EventKind::AcceptedElsewhere {
            device: by.device.clone(),
        };
        self.tell(turn, elsewhere, by.other_devices());
        Ok(())
    }

    pub(super) fn reject(
        &mut self,
        by: &By<'_>,
        busy: bool,
        reason: Reason,
        ext: Option<Data>,
        turn: &mut Turn,
    ) -> Result<(), Rejection> {
        self.check_rings(by, turn.now)?;
        let member = self.at(by.account)?;
        member.session = Some(by.session.clone());
        member.device = by.device.clone();
        let account = by.account.clone();
        let hint = Hint::by(by.account, &reason);
        let told = if busy {
            member.state = MemberState::Busy;
            EventKind::Busy {
                account,
                automatic: false,
                reason,
                ext,
            }
        } else {
            member.state = MemberState::Rejected;
            EventKind::Rejected { account, reason, ext }
        };
        let to = self.inside(None);
        self.tell(turn, told, to);
        let elsewhere = EventKind::RejectedElsewhere {
            device: by.device.clone(),
            busy,
        };
        self.tell(turn, elsewhere, by.other_devices());
        self.check_end(hint, turn);
        Ok(())
    }

    /// Why an account that is not inside may not do what those inside may.
    pub(super) fn not_inside(&self, account: &AccountId) -> Rejection {
        match self.member(account) {
            Some(_) => Rejection::NotInCall,
            None => Rejection::NoSuchCall,
        }
    }
}
