//! Pushes of a room's streams to other servers.

use lianmai_rooms::{Actor, AppId, Command, NewPush, PushId, PushUrl, PushView, RoomId, StreamId};

use super::{Outcome, Service, ServiceError, random};
use crate::bypass::{PushStatus, check_url};

/// A push and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushInfo {
    /// The push, without its secret.
    pub view: PushView,
    /// How it stands.
    pub status: PushStatus,
}

impl Service {
    /// Begins to push a stream (`None`: the room's mix, whenever there is one) to another server.
    ///
    /// # Errors
    /// `invalid_argument` for a URL that cannot be pushed to, `app_limit_pushes`, and as [`Service::apply`].
    pub async fn add_push(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        stream: Option<StreamId>,
        url: PushUrl,
    ) -> Result<PushInfo, ServiceError> {
        check_url(&url, &self.core.config.bypass)?;
        let id = PushId::parse(&random::id::<16>("push")).map_err(|_| ServiceError::invalid("id"))?;
        let push = Box::new(NewPush {
            id: id.clone(),
            stream,
            url,
        });
        self.apply(app, room, Command::AddPush { by, push }).await?;
        self.push(app, room, &id)
    }

    /// All pushes of a room in order of their ids.
    ///
    /// # Errors
    /// `no_such_room`.
    pub fn pushes(&self, app: &AppId, room: &RoomId) -> Result<Vec<PushInfo>, ServiceError> {
        let views: Vec<PushView> =
            self.with_room(app, room, |room| room.pushes().map(PushView::from).collect())?;
        let mut statuses = self.core.bypass.statuses(app, room);
        let info = views.into_iter().map(|view| PushInfo {
            status: statuses
                .remove(&view.id)
                .unwrap_or_else(|| PushStatus::new(view.added_at)),
            view,
        });
        Ok(info.collect())
    }

    /// One push of a room.
    ///
    /// # Errors
    /// `no_such_room`, `no_such_push`.
    pub fn push(&self, app: &AppId, room: &RoomId, push: &PushId) -> Result<PushInfo, ServiceError> {
        let all = self.pushes(app, room)?;
        let found = all.into_iter().find(|info| info.view.id == *push);
        found.ok_or_else(|| lianmai_rooms::Rejection::NoSuchPush.into())
    }

    /// Ends a push.
    ///
    /// # Errors
    /// As [`Service::apply`].
    pub async fn remove_push(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        push: PushId,
    ) -> Result<Outcome, ServiceError> {
        self.apply(app, room, Command::RemovePush { by, push }).await
    }
}
