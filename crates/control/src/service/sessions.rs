//! Signalling sessions in memory: whose they are and which rooms they are inside.

use std::collections::{BTreeSet, HashMap};

use lianmai_rooms::{AccountId, AppId, MemberId, RoomId, SessionId, Timestamp};

use crate::store::StoredSession;

/// All sessions that can be resumed, with an index by account.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: HashMap<SessionId, Entry>,
    of_account: HashMap<(AppId, AccountId), BTreeSet<SessionId>>,
    of_app: HashMap<AppId, usize>,
}

#[derive(Debug)]
struct Entry {
    session: StoredSession,
    connected: bool,
}

impl Sessions {
    pub(crate) fn insert(&mut self, session: StoredSession, connected: bool) {
        self.remove(&session.id);
        let key = (session.app.clone(), session.account.clone());
        self.of_account.entry(key).or_default().insert(session.id.clone());
        *self.of_app.entry(session.app.clone()).or_default() += 1;
        self.all.insert(session.id.clone(), Entry { session, connected });
    }

    pub(crate) fn remove(&mut self, id: &SessionId) -> Option<StoredSession> {
        let Entry { session, .. } = self.all.remove(id)?;
        let key = (session.app.clone(), session.account.clone());
        if let Some(ids) = self.of_account.get_mut(&key) {
            ids.remove(id);
            if ids.is_empty() {
                self.of_account.remove(&key);
            }
        }
        if let Some(count) = self.of_app.get_mut(&session.app) {
            *count -= 1;
            if *count == 0 {
                self.of_app.remove(&session.app);
            }
        }
        Some(session)
    }

    /// Whether a device of the account is connected.
    pub(crate) fn is_connected(&self, app: &AppId, account: &AccountId) -> bool {
        let ids = self.of_account.get(&(app.clone(), account.clone()));
        let mut entries = ids.into_iter().flatten().filter_map(|id| self.all.get(id));
        entries.any(|entry| entry.connected)
    }

    /// All sessions of an account.
    pub(crate) fn of_account(&self, app: &AppId, account: &AccountId) -> Vec<StoredSession> {
        let ids = self.of_account.get(&(app.clone(), account.clone()));
        let entries = ids.into_iter().flatten().filter_map(|id| self.all.get(id));
        entries.map(|entry| entry.session.clone()).collect()
    }

    pub(crate) fn count(&self, app: &AppId) -> usize {
        self.of_app.get(app).copied().unwrap_or(0)
    }

    pub(crate) fn len_of_account(&self, app: &AppId, account: &AccountId) -> usize {
        let key = (app.clone(), account.clone());
        self.of_account.get(&key).map_or(0, BTreeSet::len)
    }

    /// The session of this account that was seen longest ago, if it has one without a connection.
    pub(crate) fn stalest(&self, app: &AppId, account: &AccountId) -> Option<SessionId> {
        let ids = self.of_account.get(&(app.clone(), account.clone()))?;
        let gone = ids
            .iter()
            .filter_map(|id| self.all.get(id))
            .filter(|entry| !entry.connected);
        gone.min_by_key(|entry| entry.session.last_seen)
            .map(|entry| entry.session.id.clone())
    }

    /// A session, if it is this account's.
    pub(crate) fn get(&self, app: &AppId, account: &AccountId, id: &SessionId) -> Option<&StoredSession> {
        let entry = self.all.get(id)?;
        (entry.session.app == *app && entry.session.account == *account).then_some(&entry.session)
    }

    /// Notes a sign of life. Returns the session as it is now.
    pub(crate) fn seen(
        &mut self,
        id: &SessionId,
        connected: bool,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Option<&StoredSession> {
        let entry = self.all.get_mut(id)?;
        entry.connected = connected;
        entry.session.last_seen = now;
        entry.session.expires_at = expires_at;
        Some(&entry.session)
    }

    pub(crate) fn enter_room(
        &mut self,
        id: &SessionId,
        room: &RoomId,
        member: &MemberId,
    ) -> Option<StoredSession> {
        let session = &mut self.all.get_mut(id)?.session;
        session.rooms.retain(|(inside, _)| inside != room);
        session.rooms.push((room.clone(), member.clone()));
        Some(session.clone())
    }

    pub(crate) fn leave_room(&mut self, id: &SessionId, room: &RoomId) -> Option<StoredSession> {
        let session = &mut self.all.get_mut(id)?.session;
        let before = session.rooms.len();
        session.rooms.retain(|(inside, _)| inside != room);
        (session.rooms.len() != before).then(|| session.clone())
    }

    /// A member left: none of its account's sessions is inside as that member any more. Returns those that changed.
    pub(crate) fn member_left(
        &mut self,
        app: &AppId,
        account: &AccountId,
        room: &RoomId,
        member: &MemberId,
    ) -> Vec<StoredSession> {
        let ids = self.of_account.get(&(app.clone(), account.clone()));
        let ids: Vec<SessionId> = ids.into_iter().flatten().cloned().collect();
        let inside = (room.clone(), member.clone());
        ids.iter()
            .filter_map(|id| {
                let session = &mut self.all.get_mut(id)?.session;
                let at = session.rooms.iter().position(|entry| *entry == inside)?;
                session.rooms.remove(at);
                Some(session.clone())
            })
            .collect()
    }

    /// Puts off the end of sessions that are connected and would end before `before`. Returns those.
    pub(crate) fn refresh(
        &mut self,
        now: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Vec<StoredSession> {
        let connected = self.all.values_mut().filter(|entry| entry.connected);
        let due = connected.filter(|entry| entry.session.expires_at < before);
        due.map(|Entry { session, .. }| {
            session.last_seen = now;
            session.expires_at = until;
            session.clone()
        })
        .collect()
    }

    /// Removes sessions whose time is over, and says which.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<SessionId> {
        let old = self
            .all
            .values()
            .filter(|entry| !entry.connected && entry.session.expires_at <= now);
        let old: Vec<SessionId> = old.map(|entry| entry.session.id.clone()).collect();
        old.iter().for_each(|id| {
            self.remove(id);
        });
        old
    }

    pub(crate) fn of_app(&self, app: &AppId) -> Vec<SessionId> {
        let of_app = self.all.values().filter(|entry| entry.session.app == *app);
        of_app.map(|entry| entry.session.id.clone()).collect()
    }
}
