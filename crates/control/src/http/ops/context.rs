//! Who asks, and in which capacity inside a room.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lianmai_rooms::{Actor, Command, MemberId, Rejection, RoomId};

use crate::events::Viewer;
use crate::http::Caller;
use crate::http::HttpState;
use crate::http::dto;
use crate::http::problem::Problem;
use crate::service::{Outcome, RoomState, Service, ServiceError};

/// Everything an operation needs to know about the request it comes from.
#[derive(Clone)]
pub(crate) struct Ctx {
    pub(crate) state: HttpState,
    pub(crate) caller: Caller,
}

impl FromRequestParts<HttpState> for Ctx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self {
            state: state.clone(),
            caller,
        })
    }
}

impl Ctx {
    pub(crate) fn service(&self) -> &Service {
        self.state.service()
    }

    /// A token for one room is worth nothing in another.
    pub(crate) fn check_room(&self, room: &RoomId) -> Result<(), Problem> {
        match &self.caller.room {
            Some(only) if only != room => Err(refuse(Rejection::NotAllowed)),
            _ => Ok(()),
        }
    }

    /// Only the app's own server, with a token for all rooms, goes on.
    pub(crate) fn require_app(&self) -> Result<(), Problem> {
        if self.caller.is_app && self.caller.room.is_none() {
            Ok(())
        } else {
            Err(refuse(Rejection::NotAllowed))
        }
    }

    /// In which capacity the caller acts in a room: as the app, or as the member its account is.
    pub(crate) fn actor(&self, room: &RoomId) -> Result<Actor, Problem> {
        if self.caller.is_app {
            self.check_room(room)?;
            return Ok(Actor::App);
        }
        Ok(Actor::Member(self.myself(room)?))
    }

    /// The member that the caller's account is in a room.
    fn myself(&self, room: &RoomId) -> Result<MemberId, Problem> {
        self.check_room(room)?;
        Ok(self
            .service()
            .member_of(&self.caller.app, room, &self.caller.account)?)
    }

    /// Who acts for itself: the caller's member, or for the app's own server the one it names.
    pub(crate) fn acting_member(&self, room: &RoomId, named: Option<MemberId>) -> Result<MemberId, Problem> {
        if self.caller.is_app {
            self.check_room(room)?;
            return named.ok_or_else(|| Problem::invalid("member", "say for which member"));
        }
        let myself = self.myself(room)?;
        match named {
            Some(named) if named != myself => Err(refuse(Rejection::NotAllowed)),
            _ => Ok(myself),
        }
    }

    /// The room, for those who may see it: its members and the app's own server.
    pub(crate) fn room(&self, room: &RoomId) -> Result<RoomState, Problem> {
        self.check_room(room)?;
        let state = self.service().room(&self.caller.app, room)?;
        let inside = || {
            state
                .view
                .members
                .values()
                .any(|member| member.account == self.caller.account)
        };
        if self.caller.is_app || inside() {
            Ok(state)
        } else {
            Err(refuse(Rejection::NotAMember))
        }
    }

    /// Which of a room's events the caller is shown.
    pub(crate) fn viewer(&self, room: &RoomId) -> Result<Viewer, Problem> {
        if self.caller.is_app {
            self.check_room(room)?;
            return Ok(Viewer::app());
        }
        let state = self.room(room)?;
        let mut members = state.view.members.into_values();
        let me = members.find(|member| member.account == self.caller.account);
        let me = me.ok_or_else(|| refuse(Rejection::NotAMember))?;
        Ok(Viewer::member(me.id, me.role, self.caller.session.clone()))
    }

    /// Carries out a command.
    pub(crate) async fn run(&self, room: &RoomId, command: Command) -> Result<Outcome, Problem> {
        self.check_room(room)?;
        Ok(self.service().apply(&self.caller.app, room, command).await?)
    }

    /// Carries out a command whose answer is only that it was done.
    pub(crate) async fn done(&self, room: &RoomId, command: Command) -> Result<dto::Sequence, Problem> {
        let outcome = self.run(room, command).await?;
        Ok(dto::Sequence {
            sequence: outcome.sequence,
        })
    }
}

/// A rejection as the room would give it.
pub(crate) fn refuse(rejection: Rejection) -> Problem {
    Problem::from(ServiceError::from(rejection))
}
