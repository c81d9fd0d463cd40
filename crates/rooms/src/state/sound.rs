//! The rules every state keeps, checked on what comes back from storage.

use std::collections::BTreeSet;

use super::State;
use crate::{MAX_PUSHES, MAX_SESSIONS, Member, Push, StreamKind};

impl State {
    /// Names the first rule that is broken.
    pub(crate) fn check_sound(&self) -> Result<(), &'static str> {
        let accounts: BTreeSet<_> = self.members.values().map(|member| &member.account).collect();
        let kinds: BTreeSet<_> = self
            .streams
            .values()
            .map(|stream| (&stream.owner, stream.kind))
            .collect();
        let rules = [
            ("an account is inside once", accounts.len() == self.members.len()),
            (
                "a member is listed under its id",
                self.members.iter().all(|(id, m)| *id == m.id && is_sound(m)),
            ),
            (
                "an owner has one stream of a kind",
                kinds.len() == self.streams.len(),
            ),
            (
                "a stream is listed under its id",
                self.streams
                    .iter()
                    .all(|(id, s)| *id == s.id && s.urls.is_sound()),
            ),
            ("a stream has an owner who may publish", self.owners_are_sound()),
            ("limits are kept", self.fits(self.settings.limits)),
            ("attributes are bounded", self.attributes.is_sound()),
            ("the layout can be drawn", self.layout.check().is_ok()),
            (
                "pushes are bounded and have their streams",
                self.pushes_are_sound(),
            ),
            (
                "a request is a member's, for a higher role",
                self.requests_are_sound(),
            ),
            (
                "a room without members is empty",
                self.members.is_empty() == self.empty_since.is_some(),
            ),
            (
                "an ended room has neither members nor streams nor pushes",
                self.ended.is_none() || self.is_deserted(),
            ),
            (
                "the sequence has room to grow",
                (1..=u64::MAX / 2).contains(&self.sequence),
            ),
        ];
        rules
            .into_iter()
            .find(|(_, kept)| !kept)
            .map_or(Ok(()), |(rule, _)| Err(rule))
    }

    fn owners_are_sound(&self) -> bool {
        self.streams.values().all(|stream| match &stream.owner {
            None => stream.kind == StreamKind::Mix,
            Some(owner) => {
                stream.kind != StreamKind::Mix
                    && self.members.get(owner).is_some_and(|m| m.role.may_publish())
            }
        })
    }

    fn pushes_are_sound(&self) -> bool {
        let there = |push: &Push| {
            push.stream
                .as_ref()
                .is_none_or(|id| self.streams.contains_key(id))
        };
        self.pushes.len() <= MAX_PUSHES && self.pushes.iter().all(|(id, p)| *id == p.id && there(p))
    }

    fn requests_are_sound(&self) -> bool {
        let sound = |member: &Member, role| member.role < role;
        self.requests
            .iter()
            .all(|(id, r)| *id == r.member && self.members.get(id).is_some_and(|m| sound(m, r.role)))
    }

    fn is_deserted(&self) -> bool {
        self.members.is_empty() && self.streams.is_empty() && self.pushes.is_empty()
    }
}

fn is_sound(member: &Member) -> bool {
    member.sessions.len() <= MAX_SESSIONS && member.role <= member.entitled
}
