//! Requests to speak or to become admin, and their answers.

use super::{Outcome, State};
use crate::{Actor, EventKind, MemberId, Rejection, Request, RequestOutcome, Role, Timestamp};

impl State {
    pub(super) fn request_role(&mut self, id: MemberId, role: Role, now: Timestamp) -> Outcome {
        if role <= self.acting(&id)?.role {
            return Err(Rejection::InvalidArgument { field: "role" });
        }
        if self
            .requests
            .get(&id)
            .is_some_and(|request| now < request.expires_at)
        {
            return Err(Rejection::RequestPending);
        }
        let mut happened: Vec<_> = self
            .close_request(&id, RequestOutcome::Expired, None)
            .into_iter()
            .collect();
        let expires_at = now.after(self.settings.timing.request_ttl);
        let request = Request {
            member: id.clone(),
            role,
            expires_at,
        };
        self.requests.insert(id, request.clone());
        happened.push(EventKind::RequestOpened { request });
        Ok(happened)
    }

    pub(super) fn withdraw_request(&mut self, id: &MemberId) -> Outcome {
        self.acting(id)?;
        let closed = self.close_request(id, RequestOutcome::Withdrawn, None);
        closed.map(|closed| vec![closed]).ok_or(Rejection::NoSuchRequest)
    }

    pub(super) fn answer_request(
        &mut self,
        by: Actor,
        id: &MemberId,
        role: Role,
        accept: bool,
        now: Timestamp,
    ) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        let present = self.target(id)?.role;
        let waits = self
            .requests
            .get(id)
            .is_some_and(|r| r.role == role && now < r.expires_at);
        if !waits {
            return Err(Rejection::NoSuchRequest);
        }
        if !accept {
            return Ok(self
                .close_request(id, RequestOutcome::Refused, Some(by))
                .into_iter()
                .collect());
        }
        self.check_room_for_change(present, role)?;
        let mut happened: Vec<_> = self
            .close_request(id, RequestOutcome::Accepted, Some(by.clone()))
            .into_iter()
            .collect();
        if let Some(member) = self.members.get_mut(id) {
            member.entitled = member.entitled.max(role);
        }
        happened.extend(self.set_role(id, role, by, now));
        Ok(happened)
    }

    pub(super) fn close_request(
        &mut self,
        id: &MemberId,
        outcome: RequestOutcome,
        by: Option<Actor>,
    ) -> Option<EventKind> {
        let Request { member, role, .. } = self.requests.remove(id)?;
        Some(EventKind::RequestClosed {
            member,
            role,
            outcome,
            by,
        })
    }
}
