//! Signalling sessions: opened once per device, resumed after a lost connection or a restart of the gateway.

use lianmai_rooms::call;
use lianmai_rooms::{AccountId, AppId, Command, Device, MAX_SESSIONS, SessionId, Timestamp};

use super::state::{State, Tx};
use super::{Service, ServiceError, SessionInfo, random};
use crate::store::{Op, StoredSession};

/// A sign of life is stored again after this part of the session's time to live.
const STORE_EVERY: u64 = 4;

impl Service {
    /// Opens a session for an account that has proven itself. Beyond what one account may have, the stalest session
    /// without a connection gives way.
    ///
    /// # Errors
    /// `unknown_app`, `app_limit_sessions`, `account_limit_sessions`, `store_unavailable`.
    pub async fn open_session(
        &self,
        app: &AppId,
        account: AccountId,
        device: Device,
    ) -> Result<SessionInfo, ServiceError> {
        let limit = self.core.apps.require(app)?.limits.sessions;
        let id = SessionId::parse(&random::id::<32>("")).map_err(|_| ServiceError::invalid("session"))?;
        let change = |state: &mut State, tx: &mut Tx| {
            let known = self.core.apps.require(app)?;
            if known.policy.single_device {
                for other in state.sessions.of_account(app, &account) {
                    tx.kicked.push((app.clone(), account.clone(), other.id.clone()));
                    end_session(state, other, true, tx);
                }
            }
            if state.sessions.len_of_account(app, &account) >= 2 * MAX_SESSIONS {
                let stalest = state.sessions.stalest(app, &account);
                let stalest = stalest.ok_or_else(|| {
                    ServiceError::limit("account_limit_sessions", "the account has too many sessions")
                })?;
                if let Some(session) = state.sessions.get(app, &account, &stalest).cloned() {
                    end_session(state, session, false, tx);
                }
            }
            if state.sessions.count(app) >= limit {
                return Err(ServiceError::limit(
                    "app_limit_sessions",
                    "the app has too many sessions",
                ));
            }
            let session = StoredSession {
                id,
                app: app.clone(),
                account,
                device,
                rooms: Vec::new(),
                last_seen: tx.now,
                expires_at: self.session_expiry(tx.now),
            };
            tx.ops.push(Op::SaveSession(session.clone()));
            state.sessions.insert(session.clone(), true);
            call_hears_back(state, &session, tx);
            Ok(info(&session))
        };
        let (info, _) = self.core.change(change).await?;
        Ok(info)
    }

    /// Takes up a session: its members are online again. Missed events come from
    /// [`Service::events`](Service::events) after the last number the client saw.
    ///
    /// # Errors
    /// `no_such_session` also if it is another account's; `store_unavailable`.
    pub async fn resume_session(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<SessionInfo, ServiceError> {
        let change = |state: &mut State, tx: &mut Tx| {
            let session = state.sessions.get(app, account, id).cloned();
            let session = session.filter(|session| tx.now < session.expires_at);
            let session = session.ok_or_else(ServiceError::no_such_session)?;
            for (room, member) in &session.rooms {
                let back = Command::SessionBack {
                    member: member.clone(),
                    session: id.clone(),
                };
                if state.apply(app, room, back, tx).is_err() {
                    // The room or the stay has ended meanwhile.
                    state.sessions.leave_room(id, room);
                }
            }
            let session = self.seen(state, id, true, tx);
            let session = session.ok_or_else(ServiceError::no_such_session)?;
            call_hears_back(state, &session, tx);
            Ok(info(&session))
        };
        let (info, _) = self.core.change(change).await?;
        Ok(info)
    }

    /// The connection of a session is gone; the session can be resumed until it expires, and its members have their
    /// rooms' grace.
    ///
    /// # Errors
    /// `store_unavailable`. A session that is not there any more is no error.
    pub async fn session_gone(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<(), ServiceError> {
        let gone = |state: &mut State, session: StoredSession, tx: &mut Tx| {
            for (room, member) in session.rooms {
                let gone = Command::SessionGone {
                    member,
                    session: id.clone(),
                };
                // The room or the stay may have ended.
                let _ = state.apply(app, &room, gone, tx);
            }
            self.seen(state, id, false, tx);
            let gone = call::Command::SessionGone {
                account: account.clone(),
                session: id.clone(),
            };
            state.call_hears(app, gone, tx);
        };
        self.if_there(app, account, id, gone).await
    }

    /// The client says goodbye: it leaves all its rooms with this session, and the session is over.
    ///
    /// # Errors
    /// `store_unavailable`. A session that is not there any more is no error.
    pub async fn close_session(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<(), ServiceError> {
        let end =
            |state: &mut State, session: StoredSession, tx: &mut Tx| end_session(state, session, false, tx);
        self.if_there(app, account, id, end).await
    }

    /// A sign of life of a connected session. Stored only now and then.
    ///
    /// # Errors
    /// `no_such_session`, `store_unavailable`.
    pub async fn touch_session(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<(), ServiceError> {
        let now = self.core.config.clock.now();
        let stale = {
            let state = self.core.state.lock();
            let session = state.sessions.get(app, account, id);
            let session = session.ok_or_else(ServiceError::no_such_session)?;
            let ttl = self.session_expiry(now).millis_since(now);
            now.millis_since(session.last_seen) > ttl / STORE_EVERY
        };
        if !stale {
            return Ok(());
        }
        let change = |state: &mut State, tx: &mut Tx| {
            self.seen(state, id, true, tx);
            Ok(())
        };
        self.core.change(change).await.map(drop)
    }

    /// A session, if it is this account's and has not expired.
    ///
    /// # Errors
    /// `no_such_session`.
    pub fn session(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
    ) -> Result<SessionInfo, ServiceError> {
        let state = self.core.state.lock();
        let session = state.sessions.get(app, account, id);
        session.map(info).ok_or_else(ServiceError::no_such_session)
    }

    /// Changes a session; one that is not there any more is left as it is.
    async fn if_there(
        &self,
        app: &AppId,
        account: &AccountId,
        id: &SessionId,
        change: impl FnOnce(&mut State, StoredSession, &mut Tx),
    ) -> Result<(), ServiceError> {
        let change = |state: &mut State, tx: &mut Tx| {
            if let Some(session) = state.sessions.get(app, account, id).cloned() {
                change(state, session, tx);
            }
            Ok(())
        };
        self.core.change(change).await.map(drop)
    }

    /// Notes a sign of life, or the loss of the connection: from now on the session has its time to live.
    fn seen(&self, state: &mut State, id: &SessionId, connected: bool, tx: &mut Tx) -> Option<StoredSession> {
        let expires_at = self.session_expiry(tx.now);
        let session = state.sessions.seen(id, connected, tx.now, expires_at)?.clone();
        tx.ops.push(Op::SaveSession(session.clone()));
        Some(session)
    }

    fn session_expiry(&self, now: Timestamp) -> Timestamp {
        let ttl = u64::try_from(self.core.config.session_ttl.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(now.as_millis().saturating_add(ttl))
    }
}

/// Ends a session: it leaves its rooms and its call.
fn end_session(state: &mut State, session: StoredSession, kicked: bool, tx: &mut Tx) {
    let StoredSession {
        id,
        app,
        account,
        rooms,
        ..
    } = session;
    for (room, member) in rooms {
        let leave = Command::Leave {
            member,
            session: Some(id.clone()),
        };
        // The room or the stay may have ended.
        let _ = state.apply(&app, &room, leave, tx);
    }
    state.sessions.remove(&id);
    let ended = call::Command::SessionEnded {
        account,
        session: id.clone(),
        kicked,
    };
    state.call_hears(&app, ended, tx);
    tx.ops.push(Op::DeleteSession(id));
}

/// A session is connected: what waited for its account rings.
fn call_hears_back(state: &mut State, session: &StoredSession, tx: &mut Tx) {
    let back = call::Command::SessionBack {
        account: session.account.clone(),
        session: session.id.clone(),
    };
    state.call_hears(&session.app, back, tx);
}

fn info(session: &StoredSession) -> SessionInfo {
    SessionInfo {
        id: session.id.clone(),
        app: session.app.clone(),
        account: session.account.clone(),
        device: session.device.clone(),
        rooms: session.rooms.clone(),
        expires_at: session.expires_at,
    }
}
