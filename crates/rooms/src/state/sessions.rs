//! Sessions coming and going, and what they mean for a member's presence.

use super::{Outcome, State};
use crate::{
    Air, Device, EventKind, MAX_SESSIONS, Member, MemberId, Rejection, Session, SessionId, Timestamp,
};

impl Member {
    /// Adds a session, or takes up one with the same id. Returns the session that gives way: of the same device,
    /// else, when there are too many, the oldest that is gone, else the oldest.
    pub(super) fn attach(&mut self, id: SessionId, device: Device, now: Timestamp) -> Option<SessionId> {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.id == id) {
            session.connected = true;
            session.device = device;
            return None;
        }
        let same_device = self
            .sessions
            .iter()
            .position(|s| !device.is_empty() && s.device == device);
        let gives_way = same_device.or_else(|| {
            let full = self.sessions.len() >= MAX_SESSIONS;
            full.then(|| self.sessions.iter().position(|s| !s.connected).unwrap_or(0))
        });
        let replaced = gives_way.map(|at| self.sessions.remove(at).id);
        self.sessions.push(Session {
            id,
            device,
            connected: true,
            since: now,
        });
        replaced
    }
}

impl State {
    pub(super) fn session_gone(&mut self, id: &MemberId, session: &SessionId, now: Timestamp) -> Outcome {
        self.set_connected(id, session, false, now)
    }

    pub(super) fn session_back(&mut self, id: &MemberId, session: &SessionId, now: Timestamp) -> Outcome {
        self.set_connected(id, session, true, now)
    }

    fn set_connected(&mut self, id: &MemberId, session: &SessionId, on: bool, now: Timestamp) -> Outcome {
        let member = self.members.get_mut(id).ok_or(Rejection::NotAMember)?;
        let was_online = member.is_online();
        let session = member
            .sessions
            .iter_mut()
            .find(|s| s.id == *session)
            .ok_or(Rejection::NoSuchSession)?;
        session.connected = on;
        Ok(self.note_presence(id, was_online, now).into_iter().collect())
    }

    pub(super) fn touch(&mut self, id: &MemberId, now: Timestamp) -> Outcome {
        let member = self.members.get_mut(id).ok_or(Rejection::NotAMember)?;
        if member.absent_since.is_some() {
            member.absent_since = Some(now);
        }
        Ok(Vec::new())
    }

    pub(super) fn connections_lost(&mut self, now: Timestamp) -> Vec<EventKind> {
        let mut happened = Vec::new();
        for stream in self.streams.values_mut() {
            if let Air::On { epoch } = stream.air {
                stream.air = Air::Off;
                happened.push(EventKind::MediaStopped {
                    stream: stream.id.clone(),
                    epoch,
                });
            }
        }
        for member in self.members.values_mut() {
            if member.is_online() {
                happened.push(EventKind::MemberOnline {
                    member: member.id.clone(),
                    online: false,
                });
            }
            member
                .sessions
                .iter_mut()
                .for_each(|session| session.connected = false);
            member.absent_since = Some(now);
        }
        // An empty room, too, gets its whole delay again: nobody could have come while the gateway was down.
        self.empty_since = None;
        happened
    }

    /// Brings a member's absence up to date after its sessions or streams changed.
    pub(super) fn note_presence(
        &mut self,
        id: &MemberId,
        was_online: bool,
        now: Timestamp,
    ) -> Option<EventKind> {
        let on_air = self
            .streams
            .values()
            .any(|s| s.owner.as_ref() == Some(id) && s.is_on_air());
        let member = self.members.get_mut(id)?;
        let online = member.is_online();
        if online || on_air {
            member.absent_since = None;
        } else {
            member.absent_since.get_or_insert(now);
        }
        (online != was_online).then(|| EventKind::MemberOnline {
            member: id.clone(),
            online,
        })
    }

    /// As [`Self::note_presence`], where sessions did not change.
    pub(super) fn note_media(&mut self, id: &MemberId, now: Timestamp) {
        let online = self.members.get(id).is_some_and(Member::is_online);
        self.note_presence(id, online, now);
    }
}
