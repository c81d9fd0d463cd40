//! One call: what it knows, and how its events are made.

use serde::{Deserialize, Serialize};

use super::{
    Addressee, CallId, Data, Event, EventKind, Kind, Member, MemberState, Rejection, Standing, Start,
};
use crate::{AccountId, AppId, Device, RoomId, SessionId, Timestamp};

/// A call. Stored as JSON whenever it changes.
///
/// ```text
///  Start                 first Accept                     nobody, or one, inside and nobody rings;
///  ──────► ringing ─────────────────────► active ──────► HangUp; its room ends ──────► ended (completed)
///             │
///             └──► ended: cancelled (the caller), rejected, timed_out, busy (all who were called)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub(super) app: AppId,
    pub(super) id: CallId,
    pub(super) kind: Kind,
    pub(super) group: bool,
    pub(super) caller: AccountId,
    pub(super) attachment: Option<Data>,
    pub(super) room: RoomId,
    /// The caller first, then in order of invitation.
    pub(super) members: Vec<Member>,
    pub(super) started_at: Timestamp,
    pub(super) answered_at: Option<Timestamp>,
    /// Who asks for another type, and which.
    pub(super) kind_request: Option<(AccountId, Kind)>,
    pub(super) sequence: u64,
    pub(super) ended: bool,
}

impl Call {
    /// A call with its caller inside and nobody called yet.
    pub(super) fn new(app: &AppId, start: &Start, now: Timestamp) -> Self {
        let caller = Member {
            state: MemberState::Inside,
            session: Some(start.session.clone()),
            device: start.device.clone(),
            joined_at: Some(now),
            ..invited(&start.account, None, now)
        };
        Self {
            app: app.clone(),
            id: start.call.clone(),
            kind: start.kind,
            group: start.group,
            caller: start.account.clone(),
            attachment: start.attachment.clone(),
            room: start.room.clone(),
            members: vec![caller],
            started_at: now,
            answered_at: None,
            kind_request: None,
            sequence: 0,
            ended: false,
        }
    }

    /// App.
    #[must_use]
    pub const fn app(&self) -> &AppId {
        &self.app
    }

    /// Id.
    #[must_use]
    pub const fn id(&self) -> &CallId {
        &self.id
    }

    /// What it is for, at present.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether more than two may take part.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        self.group
    }

    /// Who called.
    #[must_use]
    pub const fn caller(&self) -> &AccountId {
        &self.caller
    }

    /// What the call began with.
    #[must_use]
    pub const fn attachment(&self) -> Option<&Data> {
        self.attachment.as_ref()
    }

    /// Its room, which is open while the call [is active](Self::is_active).
    #[must_use]
    pub const fn room(&self) -> &RoomId {
        &self.room
    }

    /// When it began.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When somebody answered first.
    #[must_use]
    pub const fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// Whether somebody has answered.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.answered_at.is_some()
    }

    /// Whether it is over.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Number of the newest event.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Everybody, the caller first.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    /// One of them.
    #[must_use]
    pub fn member(&self, account: &AccountId) -> Option<&Member> {
        self.members.iter().find(|member| member.account == *account)
    }

    /// Whether the account is inside, and so may enter the room.
    #[must_use]
    pub fn is_inside(&self, account: &AccountId) -> bool {
        let member = self.member(account);
        member.is_some_and(|member| member.state == MemberState::Inside)
    }

    /// Everybody and where they stand.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let standing = |member: &Member| Standing {
            account: member.account.clone(),
            state: member.state,
        };
        self.members.iter().map(standing).collect()
    }

    /// What a device of an account that rings is told; `None` when it does not ring.
    #[must_use]
    pub fn invitation(&self, account: &AccountId, again: bool) -> Option<EventKind> {
        let member = self.member(account).filter(|member| member.state.rings())?;
        Some(EventKind::Invited {
            kind: self.kind,
            group: self.group,
            caller: self.caller.clone(),
            invited_by: member.invited_by.clone().unwrap_or_else(|| self.caller.clone()),
            members: self.standings(),
            attachment: member.attachment.clone(),
            started_at: self.started_at,
            expires_at: member.rings_until,
            again,
        })
    }

    pub(super) fn at(&mut self, account: &AccountId) -> Result<&mut Member, Rejection> {
        let mut members = self.members.iter_mut();
        members
            .find(|member| member.account == *account)
            .ok_or(Rejection::NoSuchCall)
    }

    pub(super) fn count(&self, which: impl Fn(MemberState) -> bool) -> usize {
        self.members.iter().filter(|member| which(member.state)).count()
    }

    pub(super) fn accounts(&self, which: impl Fn(&Member) -> bool) -> Vec<AccountId> {
        let chosen = self.members.iter().filter(|member| which(member));
        chosen.map(|member| member.account.clone()).collect()
    }

    /// Where the sessions are that have the call, but one.
    pub(super) fn inside(&self, except: Option<&SessionId>) -> Vec<Addressee> {
        let inside = self.members.iter().filter(|m| m.state == MemberState::Inside);
        let addressee = |member: &Member| {
            let session = member.session.clone()?;
            (Some(&session) != except).then(|| Addressee::Session {
                account: member.account.clone(),
                session,
            })
        };
        inside.filter_map(addressee).collect()
    }

    /// The devices of all who ring.
    pub(super) fn ringing(&self) -> Vec<Addressee> {
        self.accounts(|member| member.state == MemberState::Ringing)
            .into_iter()
            .map(everywhere)
            .collect()
    }

    /// Everybody for whom the call is open.
    pub(super) fn open(&self) -> Vec<Addressee> {
        let mut open = self.inside(None);
        open.append(&mut self.ringing());
        open
    }

    /// Checks that this session has the call.
    pub(super) fn check_session(&self, account: &AccountId, session: &SessionId) -> Result<(), Rejection> {
        let member = self.member(account).ok_or(Rejection::NoSuchCall)?;
        if member.state != MemberState::Inside {
            return Err(Rejection::NotInCall);
        }
        if member.session.as_ref() != Some(session) {
            return Err(Rejection::OnAnotherDevice);
        }
        Ok(())
    }

    /// Notes an event.
    pub(super) fn tell(&mut self, turn: &mut Turn, kind: EventKind, to: Vec<Addressee>) {
        self.sequence = self.sequence.saturating_add(1);
        turn.events.push(Event {
            sequence: self.sequence,
            at: turn.now,
            kind,
            to,
        });
    }
}

/// All devices of an account.
pub(super) const fn everywhere(account: AccountId) -> Addressee {
    Addressee::Account {
        account,
        except: None,
    }
}

/// One who is in no state yet.
pub(super) fn invited(account: &AccountId, by: Option<&AccountId>, now: Timestamp) -> Member {
    Member {
        account: account.clone(),
        state: MemberState::Waiting,
        invited_by: by.cloned(),
        invited_at: now,
        rings_until: now,
        attachment: None,
        session: None,
        device: Device::default(),
        absent_since: None,
        joined_at: None,
        left_at: None,
        since: None,
        talked_ms: 0,
    }
}

/// What one command does to one call.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) now: Timestamp,
    /// For whom the call was open before: they are told its end.
    pub(super) open: Vec<Addressee>,
    pub(super) events: Vec<Event>,
}
