//! The calls of one app, and the indexes kept in step with them.

use std::collections::{BTreeMap, VecDeque};

use super::pace::Pace;
use super::{Call, CallId, Member, MemberState};
use crate::{AccountId, RoomId, Timestamp};

/// For how long it is known that a call has ended.
const REMEMBERED_MILLIS: u64 = 120_000;
/// How many ended calls of an app are known at most.
const MAX_REMEMBERED: usize = 1024;

/// The calls of one app.
#[derive(Debug, Clone, Default)]
pub(super) struct AppCalls {
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) engaged: BTreeMap<AccountId, CallId>,
    /// Oldest first.
    pub(super) waiting: BTreeMap<AccountId, Vec<CallId>>,
    pub(super) rooms: BTreeMap<RoomId, CallId>,
    pub(super) ended: VecDeque<(Timestamp, CallId)>,
    pub(super) pace: Pace,
}

impl AppCalls {
    /// Brings the indexes in step with a call whose members stood like this before.
    pub(super) fn index(&mut self, call: &Call, before: &[(AccountId, MemberState)]) {
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

    pub(super) fn remember(&mut self, call: CallId, now: Timestamp) {
        self.ended.push_back((now, call));
        let is_old = |(at, _): &(Timestamp, CallId)| now.millis_since(*at) > REMEMBERED_MILLIS;
        while self.ended.len() > MAX_REMEMBERED || self.ended.front().is_some_and(is_old) {
            self.ended.pop_front();
        }
    }
}
