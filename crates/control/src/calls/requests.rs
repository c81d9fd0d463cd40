//! What sessions ask of calls.

use lianmai_rooms::call::{Call, CallId, Command, Data, Invitee, Kind, Start};
use lianmai_rooms::{
    AccountId, AppId, Delay, Device, Lifetime, NewRoom, RoomId, RoomKind, SessionId, Settings,
};

use super::CallView;
use super::follow::limits;
use crate::service::{App, Service, ServiceError, State, Tx, open_room, random};

/// How long the room of a call may be empty: its call ends with it. A room must not outlive a call that was lost.
const MAX_EMPTY: Delay = Delay::from_secs(12 * 3600);

/// Who asks: a session of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// App.
    pub app: AppId,
    /// Account.
    pub account: AccountId,
    /// One of its sessions.
    pub session: SessionId,
}

/// A call to begin.
#[derive(Debug, Clone)]
pub struct StartCall {
    /// Whom to call.
    pub callees: Vec<AccountId>,
    /// What for.
    pub kind: Kind,
    /// Whether more than two may take part.
    pub group: bool,
    /// How long it rings; `None`: as configured.
    pub ring: Option<Delay>,
    /// What comes with the invitation.
    pub attachment: Option<Data>,
}

impl Service {
    /// Begins a call.
    ///
    /// # Errors
    /// `already_in_call`, `call_full`, `too_many_calls`, `too_many_invites`, `invalid_argument`, `no_such_session`,
    /// `store_unavailable`.
    pub async fn start_call(&self, who: &Party, request: StartCall) -> Result<CallView, ServiceError> {
        let id = |text: &str| ServiceError::invalid(text);
        let call = CallId::parse(&random::id::<16>("c")).map_err(|_| id("call"))?;
        let room = RoomId::parse(&random::id::<16>("r")).map_err(|_| id("room"))?;
        self.ask_call(who, &call.clone(), |state, device| {
            Command::Start(Box::new(Start {
                call,
                room,
                account: who.account.clone(),
                session: who.session.clone(),
                device,
                kind: request.kind,
                group: request.group,
                callees: invitees(state, &who.app, request.callees),
                ring: request.ring.unwrap_or_else(|| self.usual_ring()),
                attachment: request.attachment,
            }))
        })
        .await
    }

    /// Invites more to a group call.
    ///
    /// # Errors
    /// `no_such_call`, `not_in_call`, `not_a_group`, `call_full`, `too_many_invites`, `store_unavailable`, …
    pub async fn invite_to_call(
        &self,
        who: &Party,
        call: &CallId,
        callees: Vec<AccountId>,
        ring: Option<Delay>,
        attachment: Option<Data>,
    ) -> Result<CallView, ServiceError> {
        self.ask_call(who, call, |state, _| Command::Invite {
            call: call.clone(),
            account: who.account.clone(),
            session: who.session.clone(),
            callees: invitees(state, &who.app, callees),
            ring: ring.unwrap_or_else(|| self.usual_ring()),
            attachment,
        })
        .await
    }

    /// Answers; the call's room opens with the first answer.
    ///
    /// # Errors
    /// `no_such_call`, `call_ended`, `accepted_elsewhere`, `invite_expired`, `too_many_rooms`, `store_unavailable`, …
    pub async fn accept_call(
        &self,
        who: &Party,
        call: &CallId,
        ext: Option<Data>,
    ) -> Result<CallView, ServiceError> {
        self.ask_call(who, call, |_, device| Command::Accept {
            call: call.clone(),
            account: who.account.clone(),
            session: who.session.clone(),
            device,
            ext,
        })
        .await
    }

    /// Carries out another command; `make` is given what the session runs on.
    ///
    /// # Errors
    /// What [`lianmai_rooms::call::Rejection`] says, `no_such_session`, `store_unavailable`.
    pub async fn ask_call(
        &self,
        who: &Party,
        call: &CallId,
        make: impl FnOnce(&Sessions<'_>, Device) -> Command,
    ) -> Result<CallView, ServiceError> {
        let known = self.core.apps.require(&who.app)?;
        let change = |state: &mut State, tx: &mut Tx| {
            self.core.apps.require(&who.app)?;
            let session = state.sessions.get(&who.app, &who.account, &who.session);
            let device = session.ok_or_else(ServiceError::no_such_session)?.device.clone();
            let command = make(&Sessions(state), device);
            check_rooms(&known, state, &command)?;
            state.call(&who.app, command, &limits(&known), tx)?;
            let changed = tx.calls.iter().rev().find(|change| change.call.id() == call);
            let changed = changed.map(|change| change.call.clone());
            let changed = changed.or_else(|| state.calls.get(&who.app, call).cloned());
            let changed = changed.ok_or_else(no_such_call)?;
            self.open_room_of(&changed, state, tx)?;
            CallView::of(&self.core, &changed, &who.account, &who.session).ok_or_else(no_such_call)
        };
        let (view, _) = self.core.change(change).await?;
        Ok(view)
    }

    /// The call that an account is in, or that rings for it, as one of its sessions sees it.
    ///
    /// # Errors
    /// `no_such_session`.
    pub fn present_call(&self, who: &Party) -> Result<Option<CallView>, ServiceError> {
        let state = self.core.state.lock();
        let session = state.sessions.get(&who.app, &who.account, &who.session);
        session.ok_or_else(ServiceError::no_such_session)?;
        let call = state.calls.of_account(&who.app, &who.account);
        Ok(call.and_then(|call| CallView::of(&self.core, call, &who.account, &who.session)))
    }

    fn usual_ring(&self) -> Delay {
        let millis = u64::try_from(self.core.config.calls.ring.as_millis());
        millis
            .ok()
            .and_then(lianmai_rooms::call::ring_time)
            .unwrap_or(lianmai_rooms::call::MAX_RING)
    }

    /// The room of a call that was answered.
    fn open_room_of(&self, call: &Call, state: &mut State, tx: &mut Tx) -> Result<(), ServiceError> {
        let is_open = state.rooms.get(call.app(), call.room()).is_some();
        if is_open || !call.is_active() || call.has_ended() {
            return Ok(());
        }
        let new = NewRoom {
            app: call.app().clone(),
            id: call.room().clone(),
            settings: Settings {
                lifetime: Lifetime::EndsWhenEmpty { delay: MAX_EMPTY },
                ..Settings::new(RoomKind::Communication)
            },
            creator: None,
        };
        open_room(&self.core, new, state, tx)
    }
}

/// The sessions there are, for commands that must know who is online.
pub struct Sessions<'a>(&'a State);

impl std::fmt::Debug for Sessions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(..)")
    }
}

fn invitees(sessions: &Sessions<'_>, app: &AppId, callees: Vec<AccountId>) -> Vec<Invitee> {
    let invitee = |account: AccountId| Invitee {
        online: sessions.0.sessions.is_connected(app, &account),
        account,
    };
    callees.into_iter().map(invitee).collect()
}

/// The first answer needs a room.
fn check_rooms(app: &App, state: &State, command: &Command) -> Result<(), ServiceError> {
    if let Command::Accept { call, .. } = command
        && let Some(live) = state.calls.get(&app.id, call)
        && !live.is_active()
        && state.rooms.count(&app.id) >= app.limits.rooms
    {
        return Err(lianmai_rooms::Rejection::TooManyRooms.into());
    }
    Ok(())
}

fn no_such_call() -> ServiceError {
    lianmai_rooms::call::Rejection::NoSuchCall.into()
}
