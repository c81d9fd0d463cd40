//! State of one room, and which part handles which command.
//!
//! Every handler checks first and changes after its last check, so a rejection leaves the state untouched. Handlers
//! return what happened; numbering and time stamps are added in one place.

mod bypass;
mod clock;
mod entry;
mod management;
mod mixing;
mod muting;
mod pushes;
mod requests;
mod roles;
mod sessions;
mod sound;
mod streams;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bypass::BypassMode;
use crate::layout::Layout;
use crate::{
    AccountId, Actor, AppId, Attributes, Command, EndReason, Event, EventKind, Lifetime, Member, MemberId,
    MemberView, MuteFlags, NewRoom, Push, PushId, PushView, Rejection, Request, Role, RoomId, RoomView,
    Settings, SettingsView, Stream, StreamId, StreamKind, StreamView, Timestamp,
};

/// What a handler returns: what happened, not yet numbered.
type Outcome = Result<Vec<EventKind>, Rejection>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) app: AppId,
    pub(crate) id: RoomId,
    pub(crate) settings: Settings,
    pub(crate) creator: Option<AccountId>,
    pub(crate) created_at: Timestamp,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) streams: BTreeMap<StreamId, Stream>,
    pub(crate) attributes: Attributes,
    pub(crate) mute_all: MuteFlags,
    pub(crate) requests: BTreeMap<MemberId, Request>,
    /// Since when nobody is inside.
    pub(crate) empty_since: Option<Timestamp>,
    pub(crate) ended: Option<EndReason>,
    /// Number of the newest event.
    pub(crate) sequence: u64,
    #[serde(default)]
    pub(crate) layout: Box<Layout>,
    #[serde(default)]
    pub(crate) pushes: BTreeMap<PushId, Push>,
    /// Settled by the first member who named a part.
    #[serde(default)]
    pub(crate) bypass: Option<BypassMode>,
}

impl State {
    pub(crate) fn new(new: NewRoom, now: Timestamp) -> Self {
        Self {
            app: new.app,
            id: new.id,
            settings: new.settings,
            creator: new.creator,
            created_at: now,
            members: BTreeMap::new(),
            streams: BTreeMap::new(),
            attributes: Attributes::default(),
            mute_all: MuteFlags::default(),
            requests: BTreeMap::new(),
            empty_since: Some(now),
            ended: None,
            sequence: 0,
            layout: Box::default(),
            pushes: BTreeMap::new(),
            bypass: None,
        }
    }

    pub(crate) fn apply(&mut self, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.ended.is_some() {
            return Err(Rejection::RoomEnded);
        }
        let was_inhabited = !self.members.is_empty();
        let mut happened = self.dispatch(command, now)?;
        happened.extend(self.remove_pushes_without_stream());
        let left = was_inhabited && self.members.is_empty() && self.ended.is_none();
        if left && matches!(self.settings.lifetime, Lifetime::EndsWhenLeft { .. }) {
            happened.extend(self.end(EndReason::Empty));
        }
        self.note_emptiness(now);
        Ok(self.stamp(happened, now))
    }

    fn dispatch(&mut self, command: Command, now: Timestamp) -> Outcome {
        match command {
            Command::Join(join) => self.join(*join, now),
            Command::Leave { member, session } => self.leave(&member, session.as_ref()),
            Command::SessionGone { member, session } => self.session_gone(&member, &session, now),
            Command::SessionBack { member, session } => self.session_back(&member, &session, now),
            Command::Touch { member } => self.touch(&member, now),
            Command::ConnectionsLost => Ok(self.connections_lost(now)),
            Command::Kick { by, member } => self.kick(by, &member),
            Command::UpdateMember { member, nick, ext } => self.update_member(member, nick, ext),
            Command::GrantRole { by, member, role } => self.grant_role(by, &member, role, now),
            Command::DegradeRole { by, member, role } => self.degrade_role(by, &member, role, now),
            Command::Publish(publish) => self.publish(*publish, now),
            Command::PublishMix { stream, ext } => self.publish_mix(stream, ext, now),
            Command::StartMix { by, stream, layout } => self.start_mix(by, stream, layout, now),
            Command::UpdateMix { by, layout } => self.update_mix(by, layout),
            Command::StopMix { by } => self.stop_mix(&by, now),
            Command::SetMainPicture { by, main } => self.set_main_picture(by, main),
            Command::SetMixGain {
                by,
                member,
                gain,
                muted,
            } => self.set_mix_gain(by, &member, gain, muted),
            Command::AddPush { by, push } => self.add_push(by, *push, now),
            Command::RemovePush { by, push } => self.remove_push(by, push),
            Command::UpdateStream {
                by,
                stream,
                voff,
                aoff,
                ext,
            } => self.update_stream(&by, &stream, voff, aoff, ext),
            Command::Unpublish { by, stream } => self.unpublish(&by, &stream, now),
            Command::MediaStarted { stream, epoch } => self.media_started(stream, epoch, now),
            Command::MediaStopped { stream, epoch } => self.media_stopped(stream, epoch, now),
            Command::Subscribe { by, stream, via } => self.subscribe(by, stream, via),
            Command::ReissueUrl { by, stream } => self.reissue_url(&by, stream, now),
            Command::SetAttribute { by, key, value } => self.set_attribute(by, key, value),
            Command::DeleteAttribute { by, key } => self.delete_attribute(by, key),
            Command::Mute { by, member, kind } => self.mute(by, member, kind),
            Command::Unmute { by, member, kind } => self.unmute(by, member, kind),
            Command::MuteAll { by, kind } => self.mute_everybody(by, kind),
            Command::UnmuteAll { by, kind } => self.unmute_everybody(by, kind),
            Command::RequestRole { member, role } => self.request_role(member, role, now),
            Command::WithdrawRequest { member } => self.withdraw_request(&member),
            Command::AnswerRequest {
                by,
                member,
                role,
                accept,
            } => self.answer_request(by, &member, role, accept, now),
            Command::CustomMessage { by, to, payload } => self.custom_message(by, to, payload),
            Command::UpdateSettings { by, change } => self.update_settings(by, change),
            Command::Destroy { by } => self.destroy(by),
            Command::Tick => Ok(self.tick(now)),
        }
    }

    /// Numbers what happened.
    pub(crate) fn stamp(&mut self, happened: Vec<EventKind>, now: Timestamp) -> Vec<Event> {
        let number = |kind| {
            self.sequence = self.sequence.saturating_add(1);
            Event {
                sequence: self.sequence,
                at: now,
                kind,
            }
        };
        happened.into_iter().map(number).collect()
    }

    fn note_emptiness(&mut self, now: Timestamp) {
        if self.members.is_empty() {
            self.empty_since.get_or_insert(now);
            self.bypass = None;
        } else {
            self.empty_since = None;
        }
    }

    pub(crate) fn member_of(&self, account: &AccountId) -> Option<&Member> {
        self.members.values().find(|member| member.account == *account)
    }

    pub(crate) fn stream_of(&self, owner: Option<&MemberId>, kind: StreamKind) -> Option<&Stream> {
        self.streams
            .values()
            .find(|stream| stream.owner.as_ref() == owner && stream.kind == kind)
    }

    /// The member who acts for itself.
    fn acting(&self, member: &MemberId) -> Result<&Member, Rejection> {
        self.members.get(member).ok_or(Rejection::NotAMember)
    }

    /// The member who is acted on.
    fn target(&self, member: &MemberId) -> Result<&Member, Rejection> {
        self.members.get(member).ok_or(Rejection::NoSuchMember)
    }

    /// Whether the actor has at least this role; the app has every role.
    fn check_role(&self, by: &Actor, least: Role) -> Result<(), Rejection> {
        match by {
            Actor::App => Ok(()),
            Actor::Member(member) if self.acting(member)?.role >= least => Ok(()),
            Actor::Member(_) => Err(Rejection::NotAllowed),
        }
    }

    pub(crate) fn view(&self) -> RoomView {
        RoomView {
            app: self.app.clone(),
            id: self.id.clone(),
            settings: SettingsView::from(&self.settings),
            creator: self.creator.clone(),
            created_at: self.created_at,
            members: self
                .members
                .iter()
                .map(|(id, member)| (id.clone(), MemberView::from(member)))
                .collect(),
            streams: self
                .streams
                .iter()
                .map(|(id, stream)| (id.clone(), StreamView::from(stream)))
                .collect(),
            attributes: self.attributes.clone(),
            mute_all: self.mute_all,
            requests: self.requests.clone(),
            layout: self.layout.clone(),
            pushes: self
                .pushes
                .iter()
                .map(|(id, push)| (id.clone(), PushView::from(push)))
                .collect(),
            ended: self.ended.is_some(),
        }
    }
}
