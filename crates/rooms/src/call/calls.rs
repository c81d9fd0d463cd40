//! All calls of a gateway: which account is in which call, what waits for whom, and the next deadline.
//!
//! Keeps the index of accounts in step with the calls: whoever is inside or rings is engaged, in one call only. Calls for
//! an account that is offline wait; when it comes, the newest rings and the others find it busy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::answer::By;
use super::end::Hint;
use super::pace::Pace;
use super::ring::Summons;
use super::state::Turn;
use super::{
    Call, CallId, Command, Event, EventKind, Invitee, LeaveReason, Limits, MAX_WAITING, Member, MemberState,
    Rejection, Start,
};
use crate::{AccountId, AppId, Delay, RoomId, Timestamp};

/// For how long it is known that a call has ended.
const REMEMBERED_MILLIS: u64 = 120_000;
/// How many ended calls of an app are known at most.
const MAX_REMEMBERED: usize = 1024;

/// What one command did to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// App.
    pub app: AppId,
    /// The call as it is now.
    pub call: Call,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// All calls.
#[derive(Debug, Clone)]
pub struct Calls {
    apps: BTreeMap<AppId, AppCalls>,
    deadlines: BTreeSet<(Timestamp, AppId, CallId)>,
    grace: Delay,
}

#[derive(Debug, Clone, Default)]
struct AppCalls {
    calls: BTreeMap<CallId, Call>,
    engaged: BTreeMap<AccountId, CallId>,
    /// Oldest first.
    waiting: BTreeMap<AccountId, Vec<CallId>>,
    rooms: BTreeMap<RoomId, CallId>,
    ended: VecDeque<(Timestamp, CallId)>,
    pace: Pace,
}

type Outcome = Result<Vec<Change>, Rejection>;

impl Calls {
    /// No calls yet. Whoever is inside and has lost its session has `grace` to return.
    #[must_use]
    pub const fn new(grace: Delay) -> Self {
        Self {
            apps: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            grace,
        }
    }

    /// Takes in a stored call after a restart: nobody is connected, and those inside have the grace to return. `false`
    /// when the call has ended, is known, or would engage an account twice.
    #[must_use]
    pub fn restore(&mut self, mut call: Call, now: Timestamp) -> bool {
        let app = self.apps.entry(call.app.clone()).or_default();
        let engaged = |member: &Member| member.state.engages() && app.engaged.contains_key(&member.account);
        if call.ended || app.calls.contains_key(&call.id) || call.members.iter().any(engaged) {
            return false;
        }
        call.connections_lost(now);
        app.index(&call, &[]);
        if let Some(at) = call.next_deadline(self.grace) {
            self.deadlines.insert((at, call.app.clone(), call.id.clone()));
        }
        app.calls.insert(call.id.clone(), call);
        true
    }

    /// Carries out a command: the only way calls change. What is due by `now` is for [`Calls::tick`].
    ///
    /// # Errors
    /// [`Rejection`]; everything is then exactly as before.
    pub fn apply(&mut self, app: &AppId, command: Command, limits: &Limits, now: Timestamp) -> Outcome {
        match command {
            Command::Start(start) => self.start(app, *start, limits, now),
            Command::Invite {
                call,
                account,
                session,
                callees,
                ring,
                attachment,
            } => {
                let known = self.known(app, &call, &account)?;
                known.check_session(&account, &session)?;
                if !known.group {
                    return Err(Rejection::NotAGroup);
                }
                let attachment = attachment.or_else(|| known.attachment.clone());
                let callees: Vec<_> = distinct(callees, &account)?;
                let fresh = callees.into_iter().filter(|one| !known.is_open_for(&one.account));
                let fresh: Vec<Invitee> = fresh.collect();
                if known.count(MemberState::is_open) + fresh.len() > limits.members {
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
            Command::Cancel {
                call,
                account,
                session,
                callees,
                reason,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.cancel(&account, &session, callees, reason, turn)
            }),
            Command::Accept {
                call,
                account,
                session,
                device,
                ext,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let by = By {
                    account: &account,
                    session: &session,
                    device: &device,
                };
                call.accept(&by, ext, turn)
            }),
            Command::Reject {
                call,
                account,
                session,
                device,
                busy,
                reason,
                ext,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let by = By {
                    account: &account,
                    session: &session,
                    device: &device,
                };
                call.reject(&by, busy, reason, ext, turn)
            }),
            Command::HangUp {
                call,
                account,
                reason,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.hang_up(&account, reason, turn)
            }),
            Command::Leave {
                call,
                account,
                session,
                kicked,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let reason = if kicked {
                    LeaveReason::Kicked
                } else {
                    LeaveReason::Normal
                };
                call.leave(&account, session.as_ref(), reason, turn)
            }),
            Command::SetRing { call, account, ring } => {
                self.of_member(app, &call, &account, now, |call, _| call.set_ring(&account, ring))
            }
            Command::SwitchKind {
                call,
                account,
                session,
                kind,
                ask,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.switch_kind(&account, &session, kind, ask, turn)
            }),
            Command::AnswerKind {
                call,
                account,
                session,
                kind,
                accept,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.answer_kind(&account, &session, kind, accept, turn)
            }),
            Command::Control {
                call,
                account,
                session,
                to,
                data,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.control(&account, &session, to, data, turn)
            }),
            Command::TakeOver {
                call,
                account,
                session,
                device,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.take_over(&account, &session, device, turn)
            }),
            Command::SessionBack { account, session } => {
                let mut changes = self.of_engaged(app, &account, now, |call, _| {
                    call.session_back(&account, &session);
                });
                changes.extend(self.arrive(app, &account, now));
                Ok(changes)
            }
            Command::SessionGone { account, session } => {
                Ok(self.of_engaged(app, &account, now, |call, turn| {
                    call.session_gone(&account, &session, turn.now);
                }))
            }
            Command::SessionEnded {
                account,
                session,
                kicked,
            } => Ok(self.of_engaged(app, &account, now, |call, turn| {
                call.session_ended(&account, &session, kicked, turn);
            })),
            Command::RoomEnded { room } => {
                let call = self.apps.get(app).and_then(|app| app.rooms.get(&room)).cloned();
                let ended = call.and_then(|call| {
                    let end = |call: &mut Call, turn: &mut Turn| {
                        call.end_for_all(Hint::none(), turn);
                        Ok(())
                    };
                    self.with(app, &call, now, end).ok()
                });
                Ok(ended.into_iter().collect())
            }
        }
    }

    /// When [`Calls::tick`] has something to do next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _, _)| *at)
    }

    /// Does what is due, once for each call.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Change> {
        let due = self.deadlines.iter().take_while(|(at, _, _)| *at <= now);
        let due: Vec<_> = due.map(|(_, app, call)| (app.clone(), call.clone())).collect();
        let grace = self.grace;
        due.into_iter()
            .filter_map(|(app, call)| {
                let tick = |call: &mut Call, turn: &mut Turn| {
                    call.tick(grace, turn);
                    Ok(())
                };
                self.with(&app, &call, now, tick).ok()
            })
            .collect()
    }

    /// Forgets everything of an app. Returns the calls it had.
    pub fn remove_app(&mut self, app: &AppId) -> Vec<CallId> {
        self.deadlines.retain(|(_, of, _)| of != app);
        let removed = self.apps.remove(app);
        removed.map_or_else(Vec::new, |removed| removed.calls.into_keys().collect())
    }

    /// One call.
    #[must_use]
    pub fn get(&self, app: &AppId, call: &CallId) -> Option<&Call> {
        self.apps.get(app)?.calls.get(call)
    }

    /// The call an account is in, or that rings for it.
    #[must_use]
    pub fn of_account(&self, app: &AppId, account: &AccountId) -> Option<&Call> {
        let calls = self.apps.get(app)?;
        calls.calls.get(calls.engaged.get(account)?)
    }

    /// The call that has this room.
    #[must_use]
    pub fn of_room(&self, app: &AppId, room: &RoomId) -> Option<&Call> {
        let calls = self.apps.get(app)?;
        calls.calls.get(calls.rooms.get(room)?)
    }

    /// All calls.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.apps.values().flat_map(|app| app.calls.values())
    }

    fn start(&mut self, app: &AppId, mut start: Start, limits: &Limits, now: Timestamp) -> Outcome {
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
    fn arrive(&mut self, app: &AppId, account: &AccountId, now: Timestamp) -> Vec<Change> {
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

    /// The call, if the account has to do with it.
    fn known(&self, app: &AppId, call: &CallId, account: &AccountId) -> Result<&Call, Rejection> {
        let Some(known) = self.get(app, call) else {
            let ended = self.apps.get(app).map(|app| &app.ended);
            let ended = ended.is_some_and(|ended| ended.iter().any(|(_, id)| id == call));
            return Err(if ended {
                Rejection::CallEnded
            } else {
                Rejection::NoSuchCall
            });
        };
        known.member(account).map(|_| known).ok_or(Rejection::NoSuchCall)
    }

    fn of_member(
        &mut self,
        app: &AppId,
        call: &CallId,
        account: &AccountId,
        now: Timestamp,
        act: impl FnOnce(&mut Call, &mut Turn) -> Result<(), Rejection>,
    ) -> Outcome {
        self.known(app, call, account)?;
        Ok(vec![self.with(app, call, now, act)?])
    }

    fn of_engaged(
        &mut self,
        app: &AppId,
        account: &AccountId,
        now: Timestamp,
        act: impl FnOnce(&mut Call, &mut Turn),
    ) -> Vec<Change> {
        let call = self.of_account(app, account).map(|call| call.id.clone());
        let change = call.and_then(|call| {
            let act = |call: &mut Call, turn: &mut Turn| {
                act(call, turn);
                Ok(())
            };
            self.with(app, &call, now, act).ok()
        });
        change.into_iter().collect()
    }

    /// Changes one call and brings the indexes in step.
    fn with(
        &mut self,
        app: &AppId,
        id: &CallId,
        now: Timestamp,
        act: impl FnOnce(&mut Call, &mut Turn) -> Result<(), Rejection>,
    ) -> Result<Change, Rejection> {
        let calls = self.apps.get_mut(app).ok_or(Rejection::NoSuchCall)?;
        let call = calls.calls.get_mut(id).ok_or(Rejection::NoSuchCall)?;
        let before: Vec<_> = call
            .members
            .iter()
            .map(|m| (m.account.clone(), m.state))
            .collect();
        let deadline = call.next_deadline(self.grace);
        let open = call.open();
        let mut turn = Turn {
            now,
            open,
            events: Vec::new(),
        };
        act(call, &mut turn)?;
        let call = call.clone();
        calls.index(&call, &before);
        if let Some(at) = deadline {
            self.deadlines.remove(&(at, app.clone(), id.clone()));
        }
        if call.ended {
            calls.calls.remove(id);
            calls.rooms.remove(&call.room);
            calls.remember(id.clone(), now);
        } else if let Some(at) = call.next_deadline(self.grace) {
            self.deadlines.insert((at, app.clone(), id.clone()));
        }
        Ok(Change {
            app: app.clone(),
            call,
            events: turn.events,
        })
    }
}

impl AppCalls {
    /// Brings the indexes in step with a call whose members stood like this before.
    fn index(&mut self, call: &Call, before: &[(AccountId, MemberState)]) {
        self.rooms.insert(call.room.clone(), call.id.clone());
        for Member { account, state, .. } in &call.members {
            let old = before.iter().find(|(known, _)| known == account);
            let old = old.map(|(_, state)| *state);
            match (old.is_some_and(MemberState::engages), state.engages()) {
                (false, true) => {
                    self.engaged.insert(account.clone(), call.id.clone());
                }
                (true, false) => {
                    self.engaged.remove(account);
                }
                _ => {}
            }
            match (old == Some(MemberState::Waiting), *state == MemberState::Waiting) {
                (false, true) => {
                    let waiting = self.waiting.entry(account.clone()).or_default();
                    waiting.push(call.id.clone());
                }
                (true, false) => {
                    if let Some(waiting) = self.waiting.get_mut(account) {
                        waiting.retain(|id| *id != call.id);
                        if waiting.is_empty() {
                            self.waiting.remove(account);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn remember(&mut self, call: CallId, now: Timestamp) {
        self.ended.push_back((now, call));
        let is_old = |(at, _): &(Timestamp, CallId)| now.millis_since(*at) > REMEMBERED_MILLIS;
        while self.ended.len() > MAX_REMEMBERED || self.ended.front().is_some_and(is_old) {
            self.ended.pop_front();
        }
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
