//! Muting one member or everybody.

use super::{Outcome, State};
use crate::{Actor, EventKind, MemberId, MemberMute, MuteFlags, MuteKind, Rejection, Role};

impl State {
    pub(crate) fn muted(&self, id: &MemberId) -> MuteFlags {
        let effective = |member: &crate::Member| member.mute.effective(member.role, self.mute_all);
        self.members.get(id).map_or_else(MuteFlags::default, effective)
    }

    pub(super) fn mute(&mut self, by: Actor, id: MemberId, kind: MuteKind) -> Outcome {
        self.set_mute(by, id, |mute, _| MemberMute {
            own: mute.own.with(kind, true),
            excused: mute.excused.with(kind, false),
        })
    }

    pub(super) fn unmute(&mut self, by: Actor, id: MemberId, kind: MuteKind) -> Outcome {
        self.set_mute(by, id, |mute, all| MemberMute {
            own: mute.own.with(kind, false),
            excused: mute.excused.with(kind, all.has(kind)),
        })
    }

    fn set_mute(
        &mut self,
        by: Actor,
        id: MemberId,
        change: impl Fn(MemberMute, MuteFlags) -> MemberMute,
    ) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        let all = self.mute_all;
        let member = self.members.get_mut(&id).ok_or(Rejection::NoSuchMember)?;
        let mute = change(member.mute, all);
        if mute == member.mute {
            return Ok(Vec::new());
        }
        member.mute = mute;
        Ok(vec![EventKind::MuteChanged { member: id, mute, by }])
    }

    pub(super) fn mute_everybody(&mut self, by: Actor, kind: MuteKind) -> Outcome {
        self.set_mute_all(by, kind, true)
    }

    pub(super) fn unmute_everybody(&mut self, by: Actor, kind: MuteKind) -> Outcome {
        self.set_mute_all(by, kind, false)
    }

    fn set_mute_all(&mut self, by: Actor, kind: MuteKind, on: bool) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        let excused = self.members.values().any(|member| member.mute.excused.has(kind));
        if self.mute_all.has(kind) == on && !excused {
            return Ok(Vec::new());
        }
        self.mute_all = self.mute_all.with(kind, on);
        for member in self.members.values_mut() {
            member.mute.excused = member.mute.excused.with(kind, false);
        }
        let excuses_void = MuteFlags::default().with(kind, true);
        Ok(vec![EventKind::MuteAllChanged {
            muted: self.mute_all,
            excuses_void,
            by,
        }])
    }
}
