//! What an event of the room means for one client: mostly that the room is to be looked at.

use lianmai_rooms::{EventKind, LeaveReason, MemberId};

use super::enter::Entered;

/// What an event means for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// Nothing.
    Pass,
    /// Others may have changed.
    Look,
    /// The stay is over: what to say, and why.
    Over(Over),
    /// The client's own push URL has a newer version, which it learns by logging in again.
    LogInAgain,
    /// A newer login has the session.
    Replaced,
}

/// How a stay is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Removed by the room's management.
    Kicked,
    /// It left through another door.
    Left,
    /// The room has ended.
    RoomEnded,
    /// It counts as gone, and may log in again.
    TimedOut,
}

/// What an event means for this client.
pub(super) fn of(event: &EventKind, me: &Entered) -> Hint {
    let is_me = |member: &MemberId| *member == me.member;
    let my_stream = me.published.as_ref().map(|published| &published.stream.id);
    match event {
        EventKind::MemberLeft { member, reason, .. } if is_me(member) => match reason {
            LeaveReason::Kicked => Hint::Over(Over::Kicked),
            LeaveReason::Normal => Hint::Over(Over::Left),
            LeaveReason::Timeout => Hint::Over(Over::TimedOut),
            LeaveReason::RoomEnded => Hint::Pass,
        },
        EventKind::RoomEnded { .. } => Hint::Over(Over::RoomEnded),
        EventKind::SessionReplaced { member, session } if is_me(member) && *session == me.session.id => {
            Hint::Replaced
        }
        EventKind::UrlReissued { stream, .. } if my_stream == Some(stream) && me.comes_back => {
            Hint::LogInAgain
        }
        EventKind::MemberLeft { .. }
        | EventKind::StreamAdded { .. }
        | EventKind::StreamUpdated { .. }
        | EventKind::StreamRemoved { .. }
        | EventKind::UrlReissued { .. } => Hint::Look,
        _ => Hint::Pass,
    }
}
