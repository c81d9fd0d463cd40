//! Which peers members have, made by URL or by the signalling of a room, so that they end with the right to them.
//!
//! Peers that the app made by URL for itself are not here: they belong to no member.

use std::collections::HashMap;
use std::hash::Hash;

use lianmai_bridge::PeerId;
use lianmai_hub::Grant;
use lianmai_rooms::{AppId, MemberId, RoomId, SessionId, StreamId};
use parking_lot::Mutex;

/// Peers of one session at most: both directions of as many rooms as it may be inside.
pub(super) const MAX_OF_SESSION: usize = 64;

/// Which way the media of a peer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To us.
    Publish,
    /// From us.
    Subscribe,
}

/// Whose peer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) app: AppId,
    pub(crate) room: RoomId,
    pub(crate) member: MemberId,
    /// The session that made it; `None`: it was made by URL, and belongs to whoever knows its address.
    pub(crate) session: Option<SessionId>,
    pub(crate) direction: Direction,
}

/// What has been granted to a peer.
pub(super) type Grants = HashMap<StreamId, Grant>;

#[derive(Debug, Default)]
pub(crate) struct Peers {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    all: HashMap<PeerId, (Owner, Grants)>,
    of_session: HashMap<SessionId, Vec<PeerId>>,
    of_member: HashMap<(AppId, MemberId), Vec<PeerId>>,
}

impl Peers {
    /// Notes a new peer, or what an old one has been granted now.
    pub(super) fn set(&self, peer: &PeerId, owner: Owner, grants: Grants) {
        let inner = &mut *self.inner.lock();
        let member = (owner.app.clone(), owner.member.clone());
        let session = owner.session.clone();
        if inner.all.insert(peer.clone(), (owner, grants)).is_none() {
            if let Some(session) = session {
                inner.of_session.entry(session).or_default().push(peer.clone());
            }
            inner.of_member.entry(member).or_default().push(peer.clone());
        }
    }

    /// Whose it is.
    pub(crate) fn owner(&self, peer: &PeerId) -> Option<Owner> {
        self.inner.lock().all.get(peer).map(|(owner, _)| owner.clone())
    }

    /// What it has been granted.
    pub(super) fn grants(&self, peer: &PeerId) -> Grants {
        let inner = self.inner.lock();
        inner
            .all
            .get(peer)
            .map_or_else(Grants::new, |(_, grants)| grants.clone())
    }

    /// Whether the session may have one more.
    pub(super) fn has_room(&self, session: &SessionId) -> bool {
        let inner = self.inner.lock();
        inner
            .of_session
            .get(session)
            .is_none_or(|peers| peers.len() < MAX_OF_SESSION)
    }

    /// Forgets a peer, and says whose it was.
    pub(crate) fn remove(&self, peer: &PeerId) -> Option<Owner> {
        let inner = &mut *self.inner.lock();
        let (owner, _) = inner.all.remove(peer)?;
        if let Some(session) = &owner.session {
            take_out(&mut inner.of_session, session, peer);
        }
        let member = (owner.app.clone(), owner.member.clone());
        take_out(&mut inner.of_member, &member, peer);
        Some(owner)
    }

    pub(super) fn of_session(&self, session: &SessionId) -> Vec<PeerId> {
        self.inner
            .lock()
            .of_session
            .get(session)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn of_member(&self, app: &AppId, member: &MemberId) -> Vec<PeerId> {
        let key = (app.clone(), member.clone());
        self.inner.lock().of_member.get(&key).cloned().unwrap_or_default()
    }
}

fn take_out<K: Hash + Eq>(index: &mut HashMap<K, Vec<PeerId>>, key: &K, peer: &PeerId) {
    if let Some(peers) = index.get_mut(key) {
        peers.retain(|other| other != peer);
        if peers.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(session: &str, member: &str) -> Owner {
        Owner {
            app: AppId::parse("a").unwrap(),
            room: RoomId::parse("r").unwrap(),
            member: MemberId::parse(member).unwrap(),
            session: Some(SessionId::parse(session).unwrap()),
            direction: Direction::Publish,
        }
    }

    #[test]
    fn peers_are_found_by_session_and_member_and_leave_nothing_behind() {
        let peers = Peers::default();
        let id = PeerId::from_client;
        for (peer, session, member) in [("p1", "s1", "m1"), ("p2", "s1", "m2"), ("p3", "s2", "m1")] {
            peers.set(&id(peer), owner(session, member), Grants::new());
        }
        // Once more: only what it is granted changes.
        peers.set(&id("p1"), owner("s1", "m1"), Grants::new());
        let (s1, m1) = (SessionId::parse("s1").unwrap(), owner("s1", "m1").member);
        assert_eq!(peers.of_session(&s1), [id("p1"), id("p2")]);
        assert_eq!(peers.of_member(&owner("s1", "m1").app, &m1), [id("p1"), id("p3")]);
        assert!(peers.of_member(&AppId::parse("b").unwrap(), &m1).is_empty());
        for peer in ["p1", "p2", "p3"] {
            assert!(peers.remove(&id(peer)).is_some());
            assert!(peers.remove(&id(peer)).is_none());
        }
        let inner = peers.inner.lock();
        assert!(inner.all.is_empty() && inner.of_session.is_empty() && inner.of_member.is_empty());
    }

    #[test]
    fn a_session_has_so_many() {
        let peers = Peers::default();
        let session = SessionId::parse("s1").unwrap();
        for n in 0..MAX_OF_SESSION {
            assert!(peers.has_room(&session));
            peers.set(
                &PeerId::from_client(&n.to_string()),
                owner("s1", "m1"),
                Grants::new(),
            );
        }
        assert!(!peers.has_room(&session));
        peers.remove(&PeerId::from_client("7"));
        assert!(peers.has_room(&session));
    }
}
