//! Attributes, messages, settings and the end of the room.

use super::{Outcome, State};
use crate::{
    Actor, AttributeKey, AttributeValue, EndReason, EventKind, LeaveReason, Limits, MemberId, Payload,
    Recipient, Rejection, Role, SettingsChange, SettingsView, Stream, StreamEndReason,
};

impl State {
    pub(super) fn set_attribute(&mut self, by: Actor, key: AttributeKey, value: AttributeValue) -> Outcome {
        self.check_role(&by, self.settings.permissions.attributes)?;
        let changed = self.attributes.set(key.clone(), value.clone())?;
        Ok(changed
            .then_some(EventKind::AttributeSet { key, value, by })
            .into_iter()
            .collect())
    }

    pub(super) fn delete_attribute(&mut self, by: Actor, key: AttributeKey) -> Outcome {
        self.check_role(&by, self.settings.permissions.attributes)?;
        let changed = self.attributes.delete(&key);
        Ok(changed
            .then_some(EventKind::AttributeDeleted { key, by })
            .into_iter()
            .collect())
    }

    pub(super) fn custom_message(&self, by: Actor, to: Recipient, payload: Payload) -> Outcome {
        self.check_role(&by, self.settings.permissions.messages)?;
        if let Recipient::Member(member) = &to {
            self.target(member)?;
        }
        Ok(vec![EventKind::CustomMessage {
            from: by,
            to,
            payload,
        }])
    }

    pub(super) fn update_settings(&mut self, by: Actor, change: SettingsChange) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        let SettingsChange {
            custom_info,
            record,
            record_merge,
            limits,
            password,
        } = change;
        if limits.is_some_and(|limits| !self.fits(limits)) {
            return Err(Rejection::InvalidArgument { field: "limits" });
        }
        let mut new = self.settings.clone();
        new.custom_info = custom_info.unwrap_or(new.custom_info);
        new.record = record.unwrap_or(new.record);
        new.record_merge = record_merge.unwrap_or(new.record_merge);
        new.limits = limits.unwrap_or(new.limits);
        new.password = password.unwrap_or(new.password);
        if new == self.settings {
            return Ok(Vec::new());
        }
        self.settings = new;
        let settings = Box::new(SettingsView::from(&self.settings));
        Ok(vec![EventKind::SettingsChanged { settings, by }])
    }

    /// Whether what is in use keeps to these limits.
    pub(super) fn fits(&self, limits: Limits) -> bool {
        self.count_members(true) <= limits.talkers() as usize
            && self.count_members(false) <= limits.audiences() as usize
            && self.count_videos() <= limits.videos() as usize
            && self.count_desktops() <= limits.desktops() as usize
    }

    pub(super) fn destroy(&mut self, by: Actor) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        Ok(self.end(EndReason::Destroyed(by)))
    }

    /// Everybody leaves, every stream goes, the room has ended.
    pub(super) fn end(&mut self, reason: EndReason) -> Vec<EventKind> {
        let members: Vec<MemberId> = self.members.keys().cloned().collect();
        let mut happened: Vec<_> = members
            .iter()
            .flat_map(|id| self.remove_member(id, LeaveReason::RoomEnded, None))
            .collect();
        happened.extend(self.mix_stops(None));
        let rest = std::mem::take(&mut self.streams).into_iter();
        happened.extend(
            rest.map(|(stream, Stream { owner, .. })| EventKind::StreamRemoved {
                stream,
                owner,
                reason: StreamEndReason::RoomEnded,
            }),
        );
        happened.extend(self.remove_all_pushes());
        self.ended = Some(reason.clone());
        happened.push(EventKind::RoomEnded { reason });
        happened
    }
}
