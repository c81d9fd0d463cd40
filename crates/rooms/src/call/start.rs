//! Beginning calls and inviting: who is free, who waits, who is busy.

use std::collections::BTreeSet;

use super::ring::Summons;
use super::state::Turn;
use super::{
    Call, CallId, Calls, Change, Data, EventKind, Invitee, Limits, MAX_WAITING, MemberState, Rejection, Start,
};
use crate::{AccountId, AppId, Delay, SessionId, Timestamp};

/// Accounts that one call ever had, with those who refused or left: what is stored of it is bounded.
const MAX_KNOWN: usize = 256;

type Outcome = Result<Vec<Change>, Rejection>;

/// More accounts for a group call.
pub(super) struct Invite {
    pub(super) call: CallId,
    pub(super) account: AccountId,
    pub(super) session: SessionId,
    pub(super) callees: Vec<Invitee>,
    pub(super) ring: Delay,
    pub(super) attachment: Option<Data>,
}

impl Calls {
    pub(super) fn invite(&mut self, app: &AppId, invite: Invite, limits: &Limits, now: Timestamp) -> Outcome {
        let Invite {
            call,
            account,
            session,
            callees,
            ring,
            attachment,
        } = invite;
        let known = self.known(app, &call, &account)?;
        known.check_session(&account, &session)?;
        if !known.group {
            return Err(Rejection::NotAGroup);
        }
        let attachment = attachment.or_else(|| known.attachment.clone());
        let callees: Vec<_> = distinct(callees, &account)?;
        let fresh = callees.into_iter().filter(|one| !known.is_open_for(&one.account));
        let fresh: Vec<Invitee> = fresh.collect();
        let open = known.count(MemberState::is_open) + fresh.len();
        if open > limits.members || known.members.len() + fresh.len() > MAX_KNOWN {
            return Err(Rejection::CallFull);
        }
        self.check_pace(app, &account, fresh.len(), limits, now)?;
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let (callees, mut changes) = self.make_room(app, fresh, now);
        let summons = Summons {
            by: &account,
            callees,
            ring,
            attachment,
        };
        changes.push(self.with(app, &call, now, |call, turn| {
            let mut to = call.inside(Some(&session));
            to.append(&mut call.ringing());
            call.summon(summons, turn);
            let (by, members) = (account.clone(), call.standings());
            call.tell(turn, EventKind::MembersAdded { by, members }, to);
            Ok(())
        })?);
        Ok(changes)
    }

    pub(super) fn start(
        &mut self,
        app: &AppId,
        mut start: Start,
        limits: &Limits,
        now: Timestamp,
    ) -> Outcome {
        let account = start.account.clone();
        if self.of_account(app, &account).is_some() {
            return Err(Rejection::AlreadyInCall);
        }
        let callees = distinct(std::mem::take(&mut start.callees), &account)?;
        if !start.group && callees.len() > 1 {
            return Err(Rejection::InvalidArgument { field: "callees" });
        }
        if callees.len() >= limits.members {
            return Err(Rejection::CallFull);
        }
        let calls = self.apps.entry(app.clone()).or_default();
        if calls.calls.len() >= limits.calls {
            return Err(Rejection::TooManyCalls);
        }
        if calls.calls.contains_key(&start.call) || calls.rooms.contains_key(&start.room) {
            return Err(Rejection::InvalidArgument { field: "call" });
        }
        self.check_pace(app, &account, callees.len(), limits, now)?;
        let (callees, mut changes) = self.make_room(app, callees, now);
        let call = Call::new(app, &start, now);
        let id = call.id.clone();
        if let Some(calls) = self.apps.get_mut(app) {
            calls.index(&call, &[]);
            calls.calls.insert(id.clone(), call);
        }
        let summons = Summons {
            by: &account,
            callees,
            ring: start.ring,
            attachment: start.attachment,
        };
        changes.push(self.with(app, &id, now, |call, turn| {
            call.summon(summons, turn);
            Ok(())
        })?);
        Ok(changes)
    }

    fn check_pace(
        &mut self,
        app: &AppId,
        account: &AccountId,
        count: usize,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let pace = &mut self.apps.entry(app.clone()).or_default().pace;
        if !pace.allows(account, count, limits.invites_per_minute, now) {
            return Err(Rejection::TooManyInvites);
        }
        pace.note(account, count, now);
        Ok(())
    }

    /// What becomes of each who is called. Calls that wait for too long a time give way.
    fn make_room(
        &mut self,
        app: &AppId,
        callees: Vec<Invitee>,
        now: Timestamp,
    ) -> (Vec<(AccountId, MemberState)>, Vec<Change>) {
        let mut changes = Vec::new();
        let mut decided = Vec::new();
        for Invitee { account, online } in callees {
            let calls = self.apps.get(app);
            let engaged = calls.is_some_and(|calls| calls.engaged.contains_key(&account));
            let waiting = calls.and_then(|calls| calls.waiting.get(&account));
            let oldest = waiting.filter(|all| all.len() >= MAX_WAITING);
            let oldest = oldest.and_then(|all| all.first()).cloned();
            let state = match (engaged, online) {
                (true, _) => MemberState::Busy,
                (false, true) => MemberState::Ringing,
                (false, false) => MemberState::Waiting,
            };
            if let (MemberState::Waiting, Some(oldest)) = (state, oldest) {
                let yields = |call: &mut Call, turn: &mut Turn| call.give_way(&account, turn);
                changes.extend(self.with(app, &oldest, now, yields));
            }
            decided.push((account, state));
        }
        (decided, changes)
    }

    /// An account is online: the newest call that waits for it rings, the others find it busy.
    pub(super) fn arrive(&mut self, app: &AppId, account: &AccountId, now: Timestamp) -> Vec<Change> {
        let Some(calls) = self.apps.get(app) else {
            return Vec::new();
        };
        let is_free = !calls.engaged.contains_key(account);
        // What has expired is left to the clock, which is about to strike.
        let fresh = |id: &CallId| {
            let member = calls.calls.get(id)?.member(account)?;
            (member.rings_until > now).then(|| (member.invited_at, id.clone()))
        };
        let waiting = calls.waiting.get(account).into_iter().flatten();
        let mut waiting: Vec<_> = waiting.filter_map(fresh).collect();
        waiting.sort();
        let newest = if is_free { waiting.pop() } else { None };
        let mut changes = Vec::new();
        for (_, call) in waiting {
            changes.extend(self.with(app, &call, now, |call, turn| call.give_way(account, turn)));
        }
        if let Some((_, call)) = newest {
            changes.extend(self.with(app, &call, now, |call, turn| call.wake(account, turn)));
        }
        changes
    }
}

/// Each callee once, and not the caller.
fn distinct(callees: Vec<Invitee>, caller: &AccountId) -> Result<Vec<Invitee>, Rejection> {
    let accounts: BTreeSet<_> = callees.iter().map(|callee| &callee.account).collect();
    if callees.is_empty() || accounts.len() != callees.len() || accounts.contains(caller) {
        return Err(Rejection::InvalidArgument { field: "callees" });
    }
    Ok(callees)
}
