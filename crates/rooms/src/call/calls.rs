//! All calls of a gateway: which account is in which call, what waits for whom, and the next deadline.
//!
//! Keeps the index of accounts in step with the calls: whoever is inside or rings is engaged, in one call only. Calls for
//! an account that is offline wait; when it comes, the newest rings and the others find it busy.

use std::collections::{BTreeMap, BTreeSet};

use super::index::AppCalls;
use super::state::Turn;
use super::{Call, CallId, Event, Member, Rejection};
use crate::{AccountId, AppId, Delay, RoomId, Timestamp};

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
    pub(super) apps: BTreeMap<AppId, AppCalls>,
    deadlines: BTreeSet<(Timestamp, AppId, CallId)>,
    grace: Delay,
}

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

    /// The call, if the account has to do with it.
    pub(super) fn known(&self, app: &AppId, call: &CallId, account: &AccountId) -> Result<&Call, Rejection> {
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

    pub(super) fn of_member(
        &mut self,
        app: &AppId,
        call: &CallId,
        account: &AccountId,
        now: Timestamp,
        act: impl FnOnce(&mut Call, &mut Turn) -> Result<(), Rejection>,
    ) -> Result<Vec<Change>, Rejection> {
        self.known(app, call, account)?;
        Ok(vec![self.with(app, call, now, act)?])
    }

    pub(super) fn of_engaged(
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
    pub(super) fn with(
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
