//! Entering and leaving.

use super::{Outcome, State};
use crate::{AccountId, Actor};
use crate::{
    Credential, EventKind, Ext, Join, LeaveReason, Member, MemberId, MemberMute, MemberView, Nick, Rejection,
    RequestOutcome, Role, SessionId, StreamEndReason, Timestamp,
};

impl State {
    pub(super) fn join(&mut self, join: Join, now: Timestamp) -> Outcome {
        let entitled = self.entitlement(&join.account, &join.credential, now)?;
        if let Some(id) = self.member_of(&join.account).map(|member| member.id.clone()) {
            return Ok(self.join_again(&id, join, now));
        }
        let role = self.joining_role(&join, entitled);
        if role > entitled {
            return Err(Rejection::NotAllowed);
        }
        if self.members.contains_key(&join.member) {
            return Err(Rejection::IdTaken { field: "member" });
        }
        self.check_room_for(role)?;
        self.enter_bypass(join.bypass)?;
        let mut member = Member {
            id: join.member.clone(),
            account: join.account,
            role,
            entitled,
            nick: join.nick,
            ext: join.ext,
            joined_at: now,
            mute: MemberMute::default(),
            sessions: Vec::new(),
            absent_since: Some(now),
            bypass: join.bypass,
        };
        if let Some(session) = join.session {
            member.attach(session, join.device, now);
            member.absent_since = None;
        }
        let joined = EventKind::MemberJoined {
            member: Box::new(MemberView::from(&member)),
        };
        self.members.insert(join.member, member);
        Ok(vec![joined])
    }

    /// Highest role the credential gives.
    fn entitlement(
        &self,
        account: &AccountId,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Role, Rejection> {
        let is_creator = self.creator.as_ref() == Some(account);
        let open = self.settings.permissions.self_role;
        let shown = match (credential, &self.settings.password) {
            (Credential::App, _) => Role::Admin,
            (Credential::Token { role }, _) => *role,
            (Credential::Ticket(ticket), _) => {
                let claims = ticket.claims();
                let other_account = claims.account.as_ref().is_some_and(|named| named != account);
                if claims.app != self.app || claims.room != self.id || other_account {
                    return Err(Rejection::WrongTicket);
                }
                if now.as_secs() >= claims.expires_at_secs {
                    return Err(Rejection::ExpiredTicket);
                }
                claims.role
            }
            (Credential::Password(check), Some(hash)) if !check.opens(hash) => {
                return Err(Rejection::WrongPassword);
            }
            (Credential::None, Some(_)) if !is_creator => return Err(Rejection::PasswordRequired),
            (Credential::Password(_) | Credential::None, _) => open,
        };
        Ok(if is_creator { Role::Admin } else { shown })
    }

    fn joining_role(&self, join: &Join, entitled: Role) -> Role {
        if self.creator.as_ref() == Some(&join.account) {
            return Role::Admin;
        }
        join.role.unwrap_or_else(|| match join.credential {
            Credential::Ticket(_) | Credential::Token { .. } => entitled,
            Credential::App | Credential::Password(_) | Credential::None => {
                self.settings.kind.default_role().min(entitled)
            }
        })
    }

    /// The account is inside already: it keeps role, mute and streams, so that joining again undoes nothing an admin did.
    fn join_again(&mut self, id: &MemberId, join: Join, now: Timestamp) -> Vec<EventKind> {
        let mut happened = Vec::new();
        let Some(member) = self.members.get_mut(id) else {
            return happened;
        };
        let was_online = member.is_online();
        let nick = if join.nick.is_empty() {
            member.nick.clone()
        } else {
            join.nick
        };
        let ext = if join.ext.is_empty() {
            member.ext.clone()
        } else {
            join.ext
        };
        happened.extend(member.rename(nick, ext));
        if let Some(session) = join.session
            && let Some(replaced) = member.attach(session, join.device, now)
        {
            happened.push(EventKind::SessionReplaced {
                member: id.clone(),
                session: replaced,
            });
        }
        if member.absent_since.is_some() {
            member.absent_since = Some(now);
        }
        happened.extend(self.note_presence(id, was_online, now));
        happened
    }

    pub(super) fn update_member(&mut self, id: MemberId, nick: Option<Nick>, ext: Option<Ext>) -> Outcome {
        let member = self.members.get_mut(&id).ok_or(Rejection::NotAMember)?;
        let nick = nick.unwrap_or_else(|| member.nick.clone());
        let ext = ext.unwrap_or_else(|| member.ext.clone());
        Ok(member.rename(nick, ext).into_iter().collect())
    }

    pub(super) fn leave(&mut self, id: &MemberId, session: Option<&SessionId>) -> Outcome {
        let member = self.members.get_mut(id).ok_or(Rejection::NotAMember)?;
        if let Some(session) = session {
            let at = member
                .sessions
                .iter()
                .position(|s| s.id == *session)
                .ok_or(Rejection::NoSuchSession)?;
            let others = member
                .sessions
                .iter()
                .enumerate()
                .any(|(i, s)| i != at && s.connected);
            if others {
                member.sessions.remove(at);
                return Ok(Vec::new());
            }
        }
        Ok(self.remove_member(id, LeaveReason::Normal, None))
    }

    pub(super) fn kick(&mut self, by: Actor, id: &MemberId) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        self.target(id)?;
        Ok(self.remove_member(id, LeaveReason::Kicked, Some(by)))
    }

    /// Removes a member with its streams and request.
    pub(super) fn remove_member(
        &mut self,
        id: &MemberId,
        reason: LeaveReason,
        by: Option<Actor>,
    ) -> Vec<EventKind> {
        let mut happened = self.remove_streams_of(
            id,
            match reason {
                LeaveReason::RoomEnded => StreamEndReason::RoomEnded,
                _ => StreamEndReason::OwnerLeft,
            },
        );
        happened.extend(self.close_request(id, RequestOutcome::Withdrawn, None));
        if let Some(member) = self.members.remove(id) {
            happened.extend(self.remove_pushes_of_host(&member));
            let Member {
                id: member,
                account,
                role,
                joined_at,
                ..
            } = member;
            happened.push(EventKind::MemberLeft {
                member,
                account,
                role,
                reason,
                by,
                joined_at,
            });
        }
        happened
    }
}

impl Member {
    fn rename(&mut self, nick: Nick, ext: Ext) -> Option<EventKind> {
        if self.nick == nick && self.ext == ext {
            return None;
        }
        self.nick = nick.clone();
        self.ext = ext.clone();
        Some(EventKind::MemberUpdated {
            member: self.id.clone(),
            nick,
            ext,
        })
    }
}
