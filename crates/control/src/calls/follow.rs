//! Calls and rooms in step: the room of a call opens and ends with it, and only those inside the call are in it.

use lianmai_rooms::call::{Call, Change, Command, Limits};
use lianmai_rooms::{AccountId, Actor, AppId, Command as RoomCommand, MemberId, Room, RoomId, Timestamp};

use crate::service::{App, Core, ServiceError, State, Tx};
use crate::store::{Store, StoreError};

/// For what the gateway does by itself, where no limit matters.
const NO_LIMITS: Limits = Limits {
    members: usize::MAX,
    calls: usize::MAX,
    invites_per_minute: u32::MAX,
};

/// Limits of an app.
pub(super) fn limits(app: &App) -> Limits {
    Limits {
        members: app.limits.call_members,
        calls: app.limits.calls,
        invites_per_minute: app.limits.call_invites,
    }
}

impl State {
    /// Carries out a command of calls; rooms follow.
    pub(super) fn call(
        &mut self,
        app: &AppId,
        command: Command,
        limits: &Limits,
        tx: &mut Tx,
    ) -> Result<(), ServiceError> {
        let changes = self.calls.apply(app, command, limits, tx.now)?;
        self.note_calls(changes, tx);
        Ok(())
    }

    /// As [`State::call`], for what is never refused.
    pub(crate) fn call_hears(&mut self, app: &AppId, command: Command, tx: &mut Tx) {
        // Refused only when there is no such call any more.
        let _ = self.call(app, command, &NO_LIMITS, tx);
    }

    /// Does what time demands of calls.
    pub(crate) fn tick_calls(&mut self, tx: &mut Tx) {
        let changes = self.calls.tick(tx.now);
        self.note_calls(changes, tx);
    }

    fn note_calls(&mut self, changes: Vec<Change>, tx: &mut Tx) {
        for change in changes {
            let (app, room) = (change.app.clone(), change.call.room().clone());
            let gone = self.rooms.get(&app, &room).map(|live| gone(live, &change.call));
            if change.call.has_ended() {
                if gone.is_some() {
                    // The gateway may end any room.
                    let _ = self.apply(&app, &room, RoomCommand::Destroy { by: Actor::App }, tx);
                }
            } else {
                for member in gone.unwrap_or_default() {
                    let leave = RoomCommand::Leave {
                        member,
                        session: None,
                    };
                    let _ = self.apply(&app, &room, leave, tx);
                }
            }
            tx.calls.push(change);
        }
    }

    /// Whether an account that is no member of the call may be in the room of a call.
    pub(crate) fn may_enter(&self, app: &AppId, room: &RoomId, account: &AccountId) -> bool {
        let call = self.calls.of_room(app, room);
        call.is_none_or(|call| call.is_inside(account))
    }
}

/// Members of the room whose account was in the call and is not any more.
fn gone(room: &Room, call: &Call) -> Vec<MemberId> {
    let gone = |account| call.member(account).is_some() && !call.is_inside(account);
    let gone = room.members().filter(|member| gone(&member.account));
    gone.map(|member| member.id.clone()).collect()
}

/// Takes up the calls that were under way.
pub(crate) async fn restore(store: &Store, state: &mut State, now: Timestamp) -> Result<(), StoreError> {
    let mut calls = store.calls().await?;
    // What waits for an account that is offline waits in this order.
    calls.sort_by_key(Call::started_at);
    for call in calls {
        let id = call.id().clone();
        if !state.calls.restore(call, now) {
            tracing::error!(call = %id, "a call could not be restored");
        }
    }
    Ok(())
}

/// After the restart: a call whose room could not be restored ends.
pub(crate) async fn rooms_lost(core: &Core) -> Result<(), StoreError> {
    core.change_quietly(|state, tx| {
        let orphans = state.calls.iter().filter(|call| call.is_active());
        let orphans = orphans.filter(|call| state.rooms.get(call.app(), call.room()).is_none());
        let orphans: Vec<_> = orphans
            .map(|call| (call.app().clone(), call.room().clone()))
            .collect();
        for (app, room) in orphans {
            state.call_hears(&app, Command::RoomEnded { room }, tx);
        }
    })
    .await
}
