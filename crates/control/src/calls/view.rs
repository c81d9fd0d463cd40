//! A call as one account sees it.

use lianmai_rooms::call::{Call, CallId, Data, EventKind, Kind, MemberState, Standing};
use lianmai_rooms::{AccountId, AppId, Role, RoomId, SessionId, Ticket, TicketClaims, TicketId, Timestamp};
use serde::Serialize;

use crate::service::{Core, random};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallState {
    Ringing,
    Active,
    Ended,
}

/// A call as one account sees it. Holds a ticket; not printed by `Debug`.
#[derive(Clone, Serialize)]
pub struct CallView {
    /// Id.
    pub call: CallId,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) group: bool,
    pub(crate) state: CallState,
    pub(crate) caller: AccountId,
    pub(crate) me: MemberState,
    pub(crate) here: bool,
    pub(crate) members: Vec<Standing>,
    pub(crate) attachment: Option<Data>,
    pub(crate) started_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    /// Number of the newest event of the call.
    pub(crate) sequence: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<Entry>,
}

/// How to enter the room of a call.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    room: RoomId,
    ticket: String,
    ticket_expires_at: Timestamp,
}

impl std::fmt::Debug for CallView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallView")
            .field("call", &self.call)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl CallView {
    /// The call as this session of an account sees it; `None`: it is not in it.
    pub(crate) fn of(core: &Core, call: &Call, account: &AccountId, session: &SessionId) -> Option<Self> {
        let me = call.member(account)?;
        let rings_until = call.members().filter(|member| member.state.rings());
        let last = rings_until.map(|member| member.rings_until).max();
        let is_inside = me.state == MemberState::Inside;
        Some(Self {
            call: call.id().clone(),
            kind: call.kind(),
            group: call.is_group(),
            state: match (call.has_ended(), call.is_active()) {
                (true, _) => CallState::Ended,
                (false, true) => CallState::Active,
                (false, false) => CallState::Ringing,
            },
            caller: call.caller().clone(),
            me: me.state,
            here: me.has(session),
            members: call.standings(),
            attachment: me.attachment.as_ref().or(call.attachment()).cloned(),
            started_at: call.started_at(),
            answered_at: call.answered_at(),
            expires_at: if is_inside {
                last
            } else {
                me.state.rings().then_some(me.rings_until)
            },
            sequence: call.sequence(),
            entry: (is_inside && call.is_active())
                .then(|| entry(core, call, account))
                .flatten(),
        })
    }
}

/// A ticket for the room of a call.
pub(crate) fn entry(core: &Core, call: &Call, account: &AccountId) -> Option<Entry> {
    let known = core.apps.get(call.app())?;
    let config = &core.config;
    let now = config.clock.now();
    let expires_at_secs = now.as_secs().saturating_add(config.ticket_ttl.as_secs());
    let claims = TicketClaims {
        id: TicketId::parse(&random::id::<16>("t")).ok()?,
        app: AppId::clone(call.app()),
        room: call.room().clone(),
        role: Role::Talker,
        account: Some(account.clone()),
        expires_at_secs,
    };
    Some(Entry {
        room: call.room().clone(),
        ticket: Ticket::sign(&known.secret, &claims),
        ticket_expires_at: Timestamp::from_secs(expires_at_secs),
    })
}

/// Whether whoever hears of this enters the room of the call.
pub(crate) const fn opens(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Accepted { .. })
}
