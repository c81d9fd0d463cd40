//! The mix of the room: a stream without owner, and the layout it is made by.

use super::{Outcome, State};
use crate::layout::{Gain, Layout, Participant, Source};
use crate::{
    Actor, Air, EventKind, Ext, MemberId, Rejection, Role, RoomKind, Stream, StreamId, StreamKind, Timestamp,
    Transport, UrlVersions,
};

impl State {
    pub(super) fn publish_mix(&mut self, id: StreamId, ext: Ext, now: Timestamp) -> Outcome {
        if self.stream_of(None, StreamKind::Mix).is_some() {
            return Ok(Vec::new());
        }
        self.add_mix(id, ext, Some(Actor::App), now)
    }

    pub(super) fn start_mix(
        &mut self,
        by: Actor,
        id: StreamId,
        layout: Option<Box<Layout>>,
        now: Timestamp,
    ) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        if self.stream_of(None, StreamKind::Mix).is_some() {
            return layout.map_or(Ok(Vec::new()), |layout| self.update_mix(by, layout));
        }
        let layout = layout.unwrap_or_else(|| self.layout.clone());
        layout.check().map_err(Rejection::InvalidLayout)?;
        let before = std::mem::replace(&mut self.layout, layout);
        let outcome = self.add_mix(id, Ext::default(), Some(by), now);
        if outcome.is_err() {
            self.layout = before;
        }
        outcome
    }

    /// A room whose kind asks for it has a mix from the first stream on.
    pub(super) fn mix_by_itself(&mut self, now: Timestamp) -> Vec<EventKind> {
        let there = self.stream_of(None, StreamKind::Mix).is_some();
        if there || self.settings.kind != RoomKind::CommunicationMix {
            return Vec::new();
        }
        // Room ids come again, their streams' ids do not: URLs of an earlier room open nothing here.
        let id = format!("mix-{}-{:x}", self.id, now.as_millis());
        let added = StreamId::parse(&id).map(|id| self.add_mix(id, Ext::default(), None, now));
        added.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn add_mix(&mut self, id: StreamId, ext: Ext, by: Option<Actor>, now: Timestamp) -> Outcome {
        let mut happened = self.add_stream(Stream {
            id: id.clone(),
            owner: None,
            kind: StreamKind::Mix,
            via: Transport::Rtmp,
            voff: false,
            aoff: false,
            client_ref: None,
            ext,
            air: Air::Off,
            urls: UrlVersions::first(),
            published_at: now,
        })?;
        happened.push(EventKind::MixStarted {
            stream: id,
            layout: self.layout.clone(),
            by,
        });
        Ok(happened)
    }

    pub(super) fn update_mix(&mut self, by: Actor, layout: Box<Layout>) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        layout.check().map_err(Rejection::InvalidLayout)?;
        if layout == self.layout {
            return Ok(Vec::new());
        }
        self.layout = layout.clone();
        Ok(vec![EventKind::MixUpdated { layout, by }])
    }

    pub(super) fn stop_mix(&mut self, by: &Actor, now: Timestamp) -> Outcome {
        self.check_role(by, Role::Admin)?;
        let id = self.stream_of(None, StreamKind::Mix).map(|mix| mix.id.clone());
        id.map_or(Ok(Vec::new()), |id| self.unpublish(by, &id, now))
    }

    /// What is told before the stream of the mix goes.
    pub(super) fn mix_stops(&self, by: Option<&Actor>) -> Option<EventKind> {
        let mix = self.stream_of(None, StreamKind::Mix)?;
        Some(EventKind::MixStopped {
            stream: mix.id.clone(),
            by: by.cloned(),
        })
    }

    pub(super) fn set_main_picture(&mut self, by: Actor, main: Option<Source>) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        if main.as_ref().is_some_and(|main| !main.can_be_main()) {
            return Err(Rejection::InvalidArgument { field: "main" });
        }
        if self.layout.main == main {
            return Ok(Vec::new());
        }
        self.layout.main = main.clone();
        Ok(vec![EventKind::MainPictureChanged { main, by }])
    }

    pub(super) fn set_mix_gain(
        &mut self,
        by: Actor,
        member: &MemberId,
        gain: Option<Gain>,
        muted: Option<bool>,
    ) -> Outcome {
        self.check_role(&by, Role::Admin)?;
        let account = self.target(member)?.account.clone();
        let before = self.layout.member(&account);
        let mut said = before.clone();
        said.gain = gain.unwrap_or(said.gain);
        said.muted = muted.unwrap_or(said.muted);
        if said == before {
            return Ok(Vec::new());
        }
        let (gain, muted) = (said.gain, said.muted);
        if said.is_default() {
            self.layout.members.remove(&account);
        } else {
            let known = self.layout.members.contains_key(&account);
            if !known && self.layout.members.len() >= Layout::MAX_MEMBERS {
                return Err(Rejection::InvalidArgument { field: "member" });
            }
            self.layout.members.insert(account.clone(), said);
        }
        Ok(vec![EventKind::MixGainChanged {
            account,
            gain,
            muted,
            by,
        }])
    }

    pub(crate) fn participants(&self, speaks: impl Fn(&MemberId) -> bool) -> Vec<Participant> {
        let owned = self.streams.values().filter_map(|stream| {
            let member = self.members.get(stream.owner.as_ref()?)?;
            Some((stream, member))
        });
        owned
            .map(|(stream, member)| Participant {
                stream: stream.id.clone(),
                member: member.id.clone(),
                account: member.account.clone(),
                nick: member.nick.clone(),
                role: member.role,
                kind: stream.kind,
                joined_at: member.joined_at,
                voff: stream.voff,
                aoff: stream.aoff,
                on_air: stream.is_on_air(),
                speaking: speaks(&member.id),
                muted: self.muted(&member.id),
            })
            .collect()
    }
}
