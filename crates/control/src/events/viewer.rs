//! Which of a room's events one connected member is shown.

use lianmai_rooms::{EventKind, LeaveReason, MemberId, Recipients, Role, SessionId};

use super::RoomEvent;

/// What to do with an event for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Show it.
    Show,
    /// It is for others.
    Skip,
    /// The viewer's session gave way to a newer one of the same device: close it, without leaving the room.
    Replaced,
    /// Show it; it is the last, because the viewer's member left (or was removed, or the room ended).
    ShowAndLeave,
}

/// A member, or the app itself, that watches a room through one connection. Follows the member's role, because
/// some events are for admins only.
#[derive(Debug, Clone)]
pub struct Viewer {
    who: Who,
}

#[derive(Debug, Clone)]
enum Who {
    App,
    Member {
        id: MemberId,
        role: Role,
        session: Option<SessionId>,
    },
}

impl Viewer {
    /// The app's own server: sees everything but what is for the gateway alone.
    #[must_use]
    pub const fn app() -> Self {
        Self { who: Who::App }
    }

    /// A member with its role at the viewer's position in the journal.
    #[must_use]
    pub const fn member(id: MemberId, role: Role, session: Option<SessionId>) -> Self {
        Self {
            who: Who::Member { id, role, session },
        }
    }

    /// Decides about the next event. Call it with every event in order.
    pub fn see(&mut self, event: &RoomEvent) -> Verdict {
        let kind = &event.event.kind;
        let Who::Member { id, role, session } = &mut self.who else {
            return match kind {
                EventKind::RoomEnded { .. } => Verdict::ShowAndLeave,
                _ if kind.recipients() == Recipients::Gateway => Verdict::Skip,
                _ => Verdict::Show,
            };
        };
        match kind {
            EventKind::RoleChanged {
                member, role: now, ..
            } if member == id => *role = *now,
            // When the room ends, that event follows and is the last.
            EventKind::MemberLeft { member, reason, .. }
                if member == id && *reason != LeaveReason::RoomEnded =>
            {
                return Verdict::ShowAndLeave;
            }
            EventKind::RoomEnded { .. } => return Verdict::ShowAndLeave,
            EventKind::SessionReplaced { member, session: old }
                if member == id && session.as_ref() == Some(old) =>
            {
                return Verdict::Replaced;
            }
            _ => {}
        }
        let shown = match kind.recipients() {
            Recipients::Everyone => true,
            Recipients::Member(member) => member == id || sent_by(kind, id),
            Recipients::AdminsAnd(member) => member == id || *role == Role::Admin,
            Recipients::Gateway => false,
        };
        if shown { Verdict::Show } else { Verdict::Skip }
    }
}

/// Whoever sends a message to one member sees it on its other devices, too.
fn sent_by(kind: &EventKind, id: &MemberId) -> bool {
    matches!(kind, EventKind::CustomMessage { from: lianmai_rooms::Actor::Member(from), .. } if from == id)
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::{
        AccountId, Actor, AppId, EndReason, Event, Payload, Recipient, Request, RoomId, Timestamp,
    };

    use super::*;

    fn id(text: &str) -> MemberId {
        MemberId::parse(text).unwrap()
    }

    fn event(kind: EventKind) -> RoomEvent {
        RoomEvent {
            app: AppId::parse("a").unwrap(),
            room: RoomId::parse("r").unwrap(),
            event: Event {
                sequence: 1,
                at: Timestamp::from_millis(0),
                kind,
            },
        }
    }

    fn whisper(from: &str, to: &str) -> RoomEvent {
        event(EventKind::CustomMessage {
            from: Actor::Member(id(from)),
            to: Recipient::Member(id(to)),
            payload: Payload::parse("psst").unwrap(),
        })
    }

    #[test]
    fn messages_to_one_member_are_not_shown_to_others() {
        let mut viewer = Viewer::member(id("eve"), Role::Admin, None);
        assert_eq!(viewer.see(&whisper("ann", "bob")), Verdict::Skip);
        assert_eq!(viewer.see(&whisper("ann", "eve")), Verdict::Show);
        assert_eq!(viewer.see(&whisper("eve", "bob")), Verdict::Show);
    }

    #[test]
    fn requests_are_shown_to_whoever_is_admin_then() {
        let asks = event(EventKind::RequestOpened {
            request: Request {
                member: id("bob"),
                role: Role::Talker,
                expires_at: Timestamp::from_millis(1),
            },
        });
        let mut viewer = Viewer::member(id("ann"), Role::Talker, None);
        assert_eq!(viewer.see(&asks), Verdict::Skip);
        let promoted = event(EventKind::RoleChanged {
            member: id("ann"),
            role: Role::Admin,
            by: Actor::App,
        });
        assert_eq!(viewer.see(&promoted), Verdict::Show);
        assert_eq!(viewer.see(&asks), Verdict::Show);
    }

    #[test]
    fn leaving_and_being_replaced_end_the_view() {
        let session = SessionId::parse("s1").unwrap();
        let mut viewer = Viewer::member(id("ann"), Role::Talker, Some(session.clone()));
        let replaced = event(EventKind::SessionReplaced {
            member: id("ann"),
            session,
        });
        assert_eq!(viewer.see(&replaced), Verdict::Replaced);
        assert_eq!(Viewer::app().see(&replaced), Verdict::Skip);
        let left = |reason| {
            event(EventKind::MemberLeft {
                member: id("ann"),
                account: AccountId::parse("ann").unwrap(),
                role: Role::Talker,
                reason,
                by: Some(Actor::App),
                joined_at: Timestamp::from_millis(0),
            })
        };
        assert_eq!(viewer.see(&left(LeaveReason::Kicked)), Verdict::ShowAndLeave);
        assert_eq!(viewer.see(&left(LeaveReason::RoomEnded)), Verdict::Show);
        let reason = EndReason::Empty;
        assert_eq!(
            viewer.see(&event(EventKind::RoomEnded { reason })),
            Verdict::ShowAndLeave
        );
    }
}
