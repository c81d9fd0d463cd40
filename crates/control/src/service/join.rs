//! Entering a room, and tickets.

use lianmai_rooms::{
    AccountId, AppId, Command, Credential, Join, MemberId, Rejection, Room, RoomId, Ticket, TicketClaims,
    TicketId,
};

use super::room::{check_limits, no_such_room, room_state};
use super::state::{State, Tx};
use super::{
    IssuedTicket, JoinCredential, JoinRequest, Joined, Password, Service, ServiceError, TicketRequest, random,
};
use crate::store::Op;

/// Rooms one session is inside at most.
const MAX_ROOMS_PER_SESSION: usize = 32;

impl Service {
    /// Lets an account into a room. An account that is inside stays the member it is and gains the session.
    ///
    /// # Errors
    /// What the room answers (`wrong_password`, `room_full_talkers`, …), the ticket's codes, `app_limit_members`,
    /// `no_such_session`, `password_check_busy`, `store_unavailable`.
    pub async fn join(
        &self,
        app: &AppId,
        room: &RoomId,
        request: JoinRequest,
    ) -> Result<Joined, ServiceError> {
        self.join_as(app, room, request, new_member()?).await
    }

    /// As [`Service::join`], with this id for a member who is not inside yet: for clients that expect a form of it.
    pub(crate) async fn join_as(
        &self,
        app: &AppId,
        room: &RoomId,
        request: JoinRequest,
        fresh: MemberId,
    ) -> Result<Joined, ServiceError> {
        let known = self.core.apps.require(app)?;
        let credential = self
            .check_credential(app, room, request.credential.clone())
            .await?;
        let change = |state: &mut State, tx: &mut Tx| {
            let account = request.account.clone();
            let is_app = matches!(credential, Credential::App);
            if !is_app && !state.may_enter(app, room, &account) {
                return Err(lianmai_rooms::call::Rejection::NotInCall.into());
            }
            let again = state
                .rooms
                .get(app, room)
                .and_then(|room| room.member_of(&account))
                .is_some();
            let mut device = request.device.clone();
            if let Some(id) = &request.session {
                let session = state.sessions.get(app, &account, id);
                let session = session.ok_or_else(ServiceError::no_such_session)?;
                let inside = session.rooms.iter().any(|(other, _)| other == room);
                if !inside && session.rooms.len() >= MAX_ROOMS_PER_SESSION {
                    return Err(ServiceError::limit(
                        "session_limit_rooms",
                        "the session is inside too many rooms",
                    ));
                }
                device = session.device.clone();
            }
            let join = Command::Join(Box::new(Join {
                account: account.clone(),
                member: fresh,
                role: request.role,
                credential,
                nick: request.nick,
                ext: request.ext,
                session: request.session.clone(),
                device,
                bypass: request.bypass,
            }));
            check_limits(&known, state, room, &join)?;
            state.apply(app, room, join, tx)?;
            let live = state.rooms.get(app, room).ok_or_else(no_such_room)?;
            let member = member_of(live, &account)?;
            let seen = room_state(live);
            if let Some(id) = &request.session {
                let session = state.sessions.enter_room(id, room, &member);
                tx.ops.extend(session.map(Op::SaveSession));
            }
            Ok(Joined {
                member,
                room: seen,
                again,
            })
        };
        let (joined, _) = self.core.change(change).await?;
        Ok(joined)
    }

    /// Signs a ticket for a room that exists.
    ///
    /// # Errors
    /// `unknown_app`, `no_such_room`.
    pub fn issue_ticket(
        &self,
        app: &AppId,
        room: &RoomId,
        request: TicketRequest,
    ) -> Result<IssuedTicket, ServiceError> {
        let known = self.core.apps.require(app)?;
        self.with_room(app, room, |_| ())?;
        let config = &self.core.config;
        let ttl = request
            .ttl
            .unwrap_or(config.ticket_ttl)
            .min(config.max_ticket_ttl);
        let expires_at_secs = config.clock.now().as_secs().saturating_add(ttl.as_secs());
        let claims = TicketClaims {
            id: TicketId::parse(&random::id::<16>("t")).map_err(|_| ServiceError::invalid("id"))?,
            app: app.clone(),
            room: room.clone(),
            role: request.role,
            account: request.account,
            expires_at_secs,
        };
        Ok(IssuedTicket {
            ticket: Ticket::sign(&known.secret, &claims),
            expires_at: lianmai_rooms::Timestamp::from_secs(expires_at_secs),
        })
    }

    /// The member as which an account is inside, if it is.
    ///
    /// # Errors
    /// `no_such_room`, `not_a_member`.
    pub fn member_of(
        &self,
        app: &AppId,
        room: &RoomId,
        account: &AccountId,
    ) -> Result<MemberId, ServiceError> {
        self.with_room(app, room, |room| member_of(room, account))?
    }

    /// Whether a password opens a room; any opens one that has none. For clients that show it before they join.
    pub(crate) async fn check_room_password(
        &self,
        app: &AppId,
        room: &RoomId,
        password: Option<Password>,
    ) -> Result<(), ServiceError> {
        let Some(hash) = self.with_room(app, room, |room| room.password().cloned())? else {
            return Ok(());
        };
        let password = password.ok_or(Rejection::PasswordRequired)?;
        let check = self.core.passwords.check(password, hash.clone()).await?;
        if check.opens(&hash) {
            Ok(())
        } else {
            Err(Rejection::WrongPassword.into())
        }
    }

    async fn check_credential(
        &self,
        app: &AppId,
        room: &RoomId,
        shown: JoinCredential,
    ) -> Result<Credential, ServiceError> {
        Ok(match shown {
            JoinCredential::None => Credential::None,
            JoinCredential::App => Credential::App,
            JoinCredential::Token { role } => Credential::Token { role },
            JoinCredential::Ticket(text) => {
                let known = self.core.apps.require(app)?;
                let now = self.core.config.clock.now();
                Credential::Ticket(Ticket::verify(&known.secret, app, &text, now)?)
            }
            JoinCredential::Password(password) => {
                match self.with_room(app, room, |room| room.password().cloned())? {
                    Some(hash) => Credential::Password(self.core.passwords.check(password, hash).await?),
                    // An open room needs none.
                    None => Credential::None,
                }
            }
        })
    }
}

fn member_of(room: &Room, account: &AccountId) -> Result<MemberId, ServiceError> {
    let member = room.member_of(account).ok_or(Rejection::NotAMember)?;
    Ok(member.id.clone())
}

fn new_member() -> Result<MemberId, ServiceError> {
    MemberId::parse(&random::id::<20>("m")).map_err(|_| ServiceError::invalid("member"))
}
