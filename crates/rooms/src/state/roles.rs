//! Granting and degrading roles, and how many of each the room takes.

use super::{Outcome, State};
use crate::{Actor, EventKind, MemberId, Rejection, RequestOutcome, Role, StreamEndReason, Timestamp};

impl State {
    pub(super) fn grant_role(&mut self, by: Actor, id: &MemberId, role: Role, now: Timestamp) -> Outcome {
        let managed = self.check_role_change(&by, id, |state| {
            state.target(id).is_ok_and(|member| role <= member.entitled)
        })?;
        let present = self.target(id)?.role;
        if role < present {
            return Err(Rejection::InvalidArgument { field: "role" });
        }
        if role == present {
            return Ok(Vec::new());
        }
        self.check_room_for_change(present, role)?;
        if managed && let Some(member) = self.members.get_mut(id) {
            member.entitled = member.entitled.max(role);
        }
        Ok(self.set_role(id, role, by, now))
    }

    pub(super) fn degrade_role(&mut self, by: Actor, id: &MemberId, role: Role, now: Timestamp) -> Outcome {
        let managed = self.check_role_change(&by, id, |_| true)?;
        let present = self.target(id)?.role;
        if role > present {
            return Err(Rejection::InvalidArgument { field: "role" });
        }
        self.check_room_for_change(present, role)?;
        if managed && let Some(member) = self.members.get_mut(id) {
            member.entitled = role;
        }
        if role == present {
            return Ok(Vec::new());
        }
        Ok(self.set_role(id, role, by, now))
    }

    /// Whether `by` may change the role of `id`: `Ok(true)` as manager, `Ok(false)` as the member itself.
    fn check_role_change(
        &self,
        by: &Actor,
        id: &MemberId,
        self_may: impl Fn(&Self) -> bool,
    ) -> Result<bool, Rejection> {
        if let Actor::Member(member) = by
            && self.acting(member)?.id == *id
            && self_may(self)
        {
            return Ok(false);
        }
        self.check_role(by, Role::Admin)?;
        Ok(true)
    }

    /// Changes a role whose admissibility was checked. Streams go with the right to publish, a request with its goal.
    pub(super) fn set_role(
        &mut self,
        id: &MemberId,
        role: Role,
        by: Actor,
        now: Timestamp,
    ) -> Vec<EventKind> {
        let mut happened = Vec::new();
        if !role.may_publish() {
            happened = self.remove_streams_of(id, StreamEndReason::RoleLost);
            self.note_media(id, now);
        }
        if let Some(member) = self.members.get_mut(id) {
            member.role = role;
        }
        happened.push(EventKind::RoleChanged {
            member: id.clone(),
            role,
            by,
        });
        if self.requests.get(id).is_some_and(|request| request.role <= role) {
            happened.extend(self.close_request(id, RequestOutcome::Obsolete, None));
        }
        happened
    }

    pub(super) fn count_members(&self, publishing: bool) -> usize {
        self.members
            .values()
            .filter(|member| member.role.may_publish() == publishing)
            .count()
    }

    /// Whether one more member of this role fits.
    pub(super) fn check_room_for(&self, role: Role) -> Result<(), Rejection> {
        let (limit, full) = if role.may_publish() {
            (self.settings.limits.talkers(), Rejection::RoomFullTalkers)
        } else {
            (self.settings.limits.audiences(), Rejection::RoomFullAudiences)
        };
        if self.count_members(role.may_publish()) < limit as usize {
            Ok(())
        } else {
            Err(full)
        }
    }

    pub(super) fn check_room_for_change(&self, present: Role, role: Role) -> Result<(), Rejection> {
        if present.may_publish() == role.may_publish() {
            Ok(())
        } else {
            self.check_room_for(role)
        }
    }
}
