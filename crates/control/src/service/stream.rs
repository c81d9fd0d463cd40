//! Publishing and pulling: from a right in the room to a signed URL.

use lianmai_rooms::{
    Actor, AppId, Command, EventKind, MemberId, Publish, Rejection, Room, RoomId, StreamAction, StreamId,
    StreamKind, StreamView, Transport,
};

use super::room::{check_limits, no_such_room};
use super::state::{State, Tx};
use super::{PublishRequest, Published, PullUrls, PushUrl, Reissued, Service, ServiceError, random};

impl Service {
    /// Publishes a member's camera or screen, or updates it, and gives the URL to push to.
    ///
    /// # Errors
    /// What the room answers (`not_allowed`, `room_full_videos`, `mini_program_unsupported`, …),
    /// `app_limit_streams`, `store_unavailable`.
    pub async fn publish(
        &self,
        app: &AppId,
        room: &RoomId,
        request: PublishRequest,
    ) -> Result<Published, ServiceError> {
        let known = self.core.apps.require(app)?;
        let fresh = StreamId::parse(&random::id::<16>("s")).map_err(|_| ServiceError::invalid("stream"))?;
        let (member, kind) = (request.member.clone(), request.kind);
        let command = Command::Publish(Box::new(Publish {
            member: request.member,
            stream: fresh,
            kind,
            via: request.via,
            voff: request.voff,
            aoff: request.aoff,
            client_ref: request.client_ref,
            ext: request.ext,
        }));
        let change = |state: &mut State, tx: &mut Tx| {
            check_limits(&known, state, room, &command)?;
            state.apply(app, room, command, tx)?;
            let live = state.rooms.get(app, room).ok_or_else(no_such_room)?;
            let stream = live
                .stream_of(Some(&member), kind)
                .ok_or(Rejection::NoSuchStream)?;
            Ok((StreamView::from(stream), live.sequence()))
        };
        let ((stream, sequence), _) = self.core.change(change).await?;
        let push = self.push_url(app, &stream)?;
        Ok(Published {
            stream,
            push,
            sequence,
        })
    }

    /// Gives the URLs to pull a stream from: over RTMP and its kin, and WebRTC where the gateway speaks it, or over
    /// WebRTC alone.
    ///
    /// # Errors
    /// What the room answers (`no_such_stream`, `not_a_member`, `mini_program_unsupported` for RTMP, …),
    /// `store_unavailable`.
    pub async fn subscribe(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        stream: &StreamId,
        via: Transport,
    ) -> Result<PullUrls, ServiceError> {
        let command = Command::Subscribe {
            by,
            stream: stream.clone(),
            via,
        };
        let outcome = self.apply(app, room, command).await?;
        let granted = outcome.events.iter().find_map(|event| match &event.event.kind {
            EventKind::PullGranted { holder, version, .. } => Some((holder.clone(), *version)),
            _ => None,
        });
        let (holder, version) = granted.ok_or(Rejection::NotAllowed)?;
        self.pull_urls(app, stream, via, version, holder)
    }

    /// Raises the version of a stream's URLs; the present ones stay valid for the room's overlap (R-W1).
    ///
    /// # Errors
    /// What the room answers, `store_unavailable`.
    pub async fn reissue_url(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        stream: &StreamId,
    ) -> Result<Reissued, ServiceError> {
        let command = Command::ReissueUrl {
            by: by.clone(),
            stream: stream.clone(),
        };
        let change = |state: &mut State, tx: &mut Tx| {
            let events = state.apply(app, room, command, tx)?;
            let reissued = events.into_iter().find_map(|event| match event.kind {
                EventKind::UrlReissued {
                    version,
                    previous_until,
                    ..
                } => Some((version, previous_until)),
                _ => None,
            });
            let view = state.rooms.get(app, room).and_then(|room| room.stream(stream));
            let view = view.map(StreamView::from);
            reissued.zip(view).ok_or_else(|| Rejection::NoSuchStream.into())
        };
        let (((version, previous_until), view), _) = self.core.change(change).await?;
        let entitled = match &by {
            Actor::App => true,
            Actor::Member(member) => view.owner.as_ref() == Some(member),
        };
        let push = if entitled {
            self.push_url(app, &view)?
        } else {
            None
        };
        Ok(Reissued {
            version,
            previous_until,
            push,
        })
    }

    /// The room in which a stream is published, and whose it is.
    ///
    /// # Errors
    /// `no_such_stream`.
    pub fn find_stream(
        &self,
        app: &AppId,
        stream: &StreamId,
    ) -> Result<(RoomId, Option<MemberId>), ServiceError> {
        let state = self.core.state.lock();
        let room: Option<&Room> = state.room_of(app, stream);
        let found = room.and_then(|room| Some((room.id().clone(), room.stream(stream)?.owner.clone())));
        found.ok_or_else(|| Rejection::NoSuchStream.into())
    }

    /// A token for the gateway's own clients (workers, relays, demonstrations) to push or pull one stream, as the
    /// app and not as a member.
    ///
    /// # Errors
    /// `unknown_app`, `no_such_stream`.
    pub fn internal_token(
        &self,
        app: &AppId,
        stream: &StreamId,
        action: StreamAction,
    ) -> Result<String, ServiceError> {
        let version = {
            let state = self.core.state.lock();
            let stream = state.room_of(app, stream).and_then(|room| room.stream(stream));
            stream.ok_or(Rejection::NoSuchStream)?.urls.current()
        };
        Ok(self.sign(app, stream, action, version, None)?.token)
    }

    fn push_url(&self, app: &AppId, stream: &StreamView) -> Result<Option<PushUrl>, ServiceError> {
        if stream.kind == StreamKind::Mix {
            // Made by the gateway itself.
            return Ok(None);
        }
        let rtmp = stream.via == Transport::Rtmp;
        if !rtmp && self.webrtc().is_none() {
            return Ok(None);
        }
        let version = stream.url_version;
        let signed = self.sign(app, &stream.id, StreamAction::Push, version, stream.owner.clone())?;
        let (id, token) = (&stream.id, signed.token.as_str());
        Ok(Some(PushUrl {
            url: rtmp.then(|| self.rtmp_url(app, id, token)),
            rtmps: rtmp.then(|| self.rtmps_url(app, id, token)).flatten(),
            whip: self.webrtc_url(app, id, StreamAction::Push, token),
            expires_at: signed.expires_at,
            version,
        }))
    }

    pub(crate) fn pull_urls(
        &self,
        app: &AppId,
        stream: &StreamId,
        via: Transport,
        version: u32,
        holder: Option<MemberId>,
    ) -> Result<PullUrls, ServiceError> {
        let signed = self.sign(app, stream, StreamAction::Pull, version, holder)?;
        let token = signed.token.as_str();
        let rtmp = via == Transport::Rtmp;
        let (http_flv, ws_flv) = rtmp.then(|| self.flv_urls(app, stream, token)).unzip();
        Ok(PullUrls {
            rtmp: rtmp.then(|| self.rtmp_url(app, stream, token)),
            rtmps: rtmp.then(|| self.rtmps_url(app, stream, token)).flatten(),
            http_flv,
            ws_flv,
            whep: self.webrtc_url(app, stream, StreamAction::Pull, token),
            expires_at: signed.expires_at,
            version,
        })
    }
}
