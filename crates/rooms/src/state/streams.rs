//! Publishing, media on and off air, rights to pull, and URL versions.

use super::{Outcome, State};
use crate::{
    Actor, Air, EventKind, Ext, MemberId, MuteFlags, Publish, Rejection, Role, Stream, StreamClaims,
    StreamEndReason, StreamId, StreamKind, StreamView, Timestamp, Transport, UrlVersions,
};

impl State {
    pub(super) fn publish(&mut self, publish: Publish, now: Timestamp) -> Outcome {
        if !self.acting(&publish.member)?.role.may_publish() {
            return Err(Rejection::NotAllowed);
        }
        if publish.kind == StreamKind::Mix {
            return Err(Rejection::InvalidArgument { field: "kind" });
        }
        self.check_transport(publish.via)?;
        if let Some(id) = self
            .stream_of(Some(&publish.member), publish.kind)
            .map(|stream| stream.id.clone())
        {
            return self.publish_again(&id, publish);
        }
        let Publish {
            member,
            stream: id,
            kind,
            via,
            voff,
            aoff,
            client_ref,
            ext,
        } = publish;
        let urls = UrlVersions::first();
        let owner = Some(member);
        let first = self.streams.values().all(|stream| stream.kind == StreamKind::Mix);
        let mut happened = self.add_stream(Stream {
            id,
            owner,
            kind,
            via,
            voff,
            aoff,
            client_ref,
            ext,
            air: Air::Off,
            urls,
            published_at: now,
        })?;
        if first {
            happened.extend(self.mix_by_itself(now));
        }
        Ok(happened)
    }

    pub(super) fn add_stream(&mut self, stream: Stream) -> Outcome {
        if self.streams.contains_key(&stream.id) {
            return Err(Rejection::IdTaken { field: "stream" });
        }
        if stream.counts_as_video() && self.count_videos() >= self.settings.limits.videos() as usize {
            return Err(Rejection::RoomFullVideos);
        }
        if stream.kind == StreamKind::Screen
            && self.count_desktops() >= self.settings.limits.desktops() as usize
        {
            return Err(Rejection::RoomFullDesktops);
        }
        let added = EventKind::StreamAdded {
            stream: Box::new(StreamView::from(&stream)),
        };
        self.streams.insert(stream.id.clone(), stream);
        Ok(vec![added])
    }

    /// Clients publish twice in a row (a page that publishes before and after joining); the stream and its URL stay.
    fn publish_again(&mut self, id: &StreamId, publish: Publish) -> Outcome {
        let Some(old) = self.streams.get(id) else {
            return Err(Rejection::NoSuchStream);
        };
        let new = Stream {
            via: publish.via,
            voff: publish.voff,
            aoff: publish.aoff,
            client_ref: publish.client_ref,
            ext: publish.ext,
            ..old.clone()
        };
        let muted = self.muted(&publish.member);
        if (muted.audio && old.aoff && !new.aoff) || (muted.video && old.voff && !new.voff) {
            return Err(Rejection::Muted);
        }
        self.replace_stream(new)
    }

    pub(super) fn update_stream(
        &mut self,
        by: &Actor,
        id: &StreamId,
        voff: Option<bool>,
        aoff: Option<bool>,
        ext: Option<Ext>,
    ) -> Outcome {
        let old = self.owned_by(by, id, false)?;
        let muted = old
            .owner
            .as_ref()
            .map_or_else(MuteFlags::default, |owner| self.muted(owner));
        if (muted.audio && aoff == Some(false)) || (muted.video && voff == Some(false)) {
            return Err(Rejection::Muted);
        }
        let mut new = old.clone();
        new.voff = voff.unwrap_or(new.voff);
        new.aoff = aoff.unwrap_or(new.aoff);
        new.ext = ext.unwrap_or(new.ext);
        self.replace_stream(new)
    }

    /// Puts changed switches and texts in place, if the video still fits.
    fn replace_stream(&mut self, new: Stream) -> Outcome {
        let Some(old) = self.streams.get(&new.id) else {
            return Err(Rejection::NoSuchStream);
        };
        if *old == new {
            return Ok(Vec::new());
        }
        let one_more = new.counts_as_video() && !old.counts_as_video();
        if one_more && self.count_videos() >= self.settings.limits.videos() as usize {
            return Err(Rejection::RoomFullVideos);
        }
        let Stream {
            id,
            voff,
            aoff,
            via,
            client_ref,
            ext,
            ..
        } = new.clone();
        self.streams.insert(id.clone(), new);
        Ok(vec![EventKind::StreamUpdated {
            stream: id,
            voff,
            aoff,
            via,
            client_ref,
            ext,
        }])
    }

    pub(super) fn unpublish(&mut self, by: &Actor, id: &StreamId, now: Timestamp) -> Outcome {
        let is_mix = self.owned_by(by, id, true)?.kind == StreamKind::Mix;
        let mut happened: Vec<EventKind> = if is_mix {
            self.mix_stops(Some(by)).into_iter().collect()
        } else {
            Vec::new()
        };
        let Some(Stream { owner, .. }) = self.streams.remove(id) else {
            return Err(Rejection::NoSuchStream);
        };
        if let Some(owner) = &owner {
            self.note_media(owner, now);
        }
        let reason = StreamEndReason::Unpublished;
        happened.push(EventKind::StreamRemoved {
            stream: id.clone(),
            owner,
            reason,
        });
        Ok(happened)
    }

    /// The stream, if `by` is the app, its owner or, where `admins` may too, an admin.
    fn owned_by(&self, by: &Actor, id: &StreamId, admins: bool) -> Result<&Stream, Rejection> {
        let least = if admins { Role::Admin } else { Role::Audience };
        let allowed = self.check_role(by, least);
        if allowed == Err(Rejection::NotAMember) {
            return Err(Rejection::NotAMember);
        }
        let stream = self.streams.get(id).ok_or(Rejection::NoSuchStream)?;
        match by {
            Actor::App => Ok(stream),
            Actor::Member(member) if stream.owner.as_ref() == Some(member) => Ok(stream),
            Actor::Member(_) if admins && allowed.is_ok() => Ok(stream),
            Actor::Member(_) => Err(Rejection::NotAllowed),
        }
    }

    pub(super) fn media_started(&mut self, id: StreamId, epoch: u64, now: Timestamp) -> Outcome {
        let stream = self.streams.get_mut(&id).ok_or(Rejection::NoSuchStream)?;
        if matches!(stream.air, Air::On { epoch: newer } if newer >= epoch) {
            return Ok(Vec::new());
        }
        stream.air = Air::On { epoch };
        if let Some(owner) = stream.owner.clone() {
            self.note_media(&owner, now);
        }
        Ok(vec![EventKind::MediaStarted { stream: id, epoch }])
    }

    pub(super) fn media_stopped(&mut self, id: StreamId, epoch: u64, now: Timestamp) -> Outcome {
        let stream = self.streams.get_mut(&id).ok_or(Rejection::NoSuchStream)?;
        if stream.air != (Air::On { epoch }) {
            return Ok(Vec::new());
        }
        stream.air = Air::Off;
        if let Some(owner) = stream.owner.clone() {
            self.note_media(&owner, now);
        }
        Ok(vec![EventKind::MediaStopped { stream: id, epoch }])
    }

    pub(super) fn subscribe(&self, by: Actor, id: StreamId, via: Transport) -> Outcome {
        self.check_role(&by, Role::Audience)?;
        let version = self
            .streams
            .get(&id)
            .ok_or(Rejection::NoSuchStream)?
            .urls
            .current();
        self.check_transport(via)?;
        let holder = match by {
            Actor::App => None,
            Actor::Member(member) => Some(member),
        };
        Ok(vec![EventKind::PullGranted {
            holder,
            stream: id,
            version,
            via,
        }])
    }

    pub(super) fn reissue_url(&mut self, by: &Actor, id: StreamId, now: Timestamp) -> Outcome {
        self.owned_by(by, &id, true)?;
        let overlap = self.settings.timing.url_overlap;
        let stream = self.streams.get_mut(&id).ok_or(Rejection::NoSuchStream)?;
        let old = stream
            .urls
            .reissue(overlap, now)
            .ok_or(Rejection::InvalidArgument { field: "stream" })?;
        let version = stream.urls.current();
        Ok(vec![EventKind::UrlReissued {
            stream: id,
            version,
            previous_until: old.until,
        }])
    }

    pub(crate) fn check_url(
        &self,
        id: &StreamId,
        claims: &StreamClaims,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        if self.ended.is_some() {
            return Err(Rejection::RoomEnded);
        }
        let stream = self.streams.get(id).ok_or(Rejection::NoSuchStream)?;
        if !stream.urls.accepts(claims.version, now) {
            return Err(Rejection::StaleUrl);
        }
        claims
            .holder
            .as_ref()
            .map_or(Ok(()), |holder| self.acting(holder).map(|_| ()))
    }

    fn check_transport(&self, via: Transport) -> Result<(), Rejection> {
        if via == Transport::Rtmp && !self.settings.mini_program {
            return Err(Rejection::MiniProgramUnsupported);
        }
        Ok(())
    }

    pub(super) fn count_videos(&self) -> usize {
        self.streams
            .values()
            .filter(|stream| stream.counts_as_video())
            .count()
    }

    pub(super) fn count_desktops(&self) -> usize {
        self.streams
            .values()
            .filter(|stream| stream.kind == StreamKind::Screen)
            .count()
    }

    pub(super) fn remove_streams_of(&mut self, owner: &MemberId, reason: StreamEndReason) -> Vec<EventKind> {
        let gone = self
            .streams
            .extract_if(.., |_, stream| stream.owner.as_ref() == Some(owner));
        gone.map(|(stream, Stream { owner, .. })| EventKind::StreamRemoved {
            stream,
            owner,
            reason,
        })
        .collect()
    }
}
