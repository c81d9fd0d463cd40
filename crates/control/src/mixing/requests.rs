//! What can be asked of a room's mix beyond the room's own commands.

use bytes::Bytes;
use lianmai_rooms::layout::Layout;
use lianmai_rooms::{
    Actor, AppId, Command, EventKind, MemberId, Rejection, Role, Room, RoomId, StreamId, Transport,
};

use super::asset::{Asset, AssetFault, MAX_ASSET_BYTES, MAX_ASSETS, MAX_ASSETS_BYTES};
use super::sound;
use crate::service::{ErrorKind, Outcome, PullUrls, Service, ServiceError, random};
use crate::store::Op;

impl Service {
    /// Publishes the mix of a room; while there is one, its layout changes. `None`: the layout stays as it is.
    ///
    /// # Errors
    /// What the room answers (`not_allowed`, `invalid_layout`, …), `app_limit_streams`, `store_unavailable`.
    pub async fn start_mix(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        layout: Option<Box<Layout>>,
    ) -> Result<Outcome, ServiceError> {
        let stream = StreamId::parse(&random::id::<16>("s")).map_err(|_| ServiceError::invalid("stream"))?;
        self.apply(app, room, Command::StartMix { by, stream, layout })
            .await
    }

    /// Where to pull the sound of a mix without a member from.
    ///
    /// # Errors
    /// `no_such_mix`, `no_such_member`, and as [`Service::subscribe`].
    pub async fn subscribe_sound(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        member: &MemberId,
        via: Transport,
    ) -> Result<PullUrls, ServiceError> {
        let mix = self.with_room(app, room, |room| {
            let mix = room.mix().map(|mix| mix.id.clone()).ok_or_else(no_such_mix)?;
            room.member(member).ok_or(Rejection::NoSuchMember)?;
            Ok::<_, ServiceError>(mix)
        })??;
        let sound = sound::without(&mix, member).ok_or_else(|| ServiceError::invalid("member"))?;
        let command = Command::Subscribe { by, stream: mix, via };
        let outcome = self.apply(app, room, command).await?;
        let granted = outcome.events.iter().find_map(|event| match &event.event.kind {
            EventKind::PullGranted { holder, version, .. } => Some((holder.clone(), *version)),
            _ => None,
        });
        let (holder, version) = granted.ok_or(Rejection::NotAllowed)?;
        self.pull_urls(app, &sound, via, version, holder)
    }

    /// The pictures that a room's mix may show, without their bytes' use being checked: members may list them.
    ///
    /// # Errors
    /// `no_such_room`, `store_unavailable`.
    pub async fn mix_assets(&self, app: &AppId, room: &RoomId) -> Result<Vec<Asset>, ServiceError> {
        self.with_room(app, room, |_| ())?;
        Ok(self.core.store.mix_assets(app, room).await?)
    }

    /// Stores a picture, in place of one with the same name.
    ///
    /// # Errors
    /// `not_allowed`, `no_such_room`, `invalid_argument` (name), `invalid_picture`, `picture_too_large`,
    /// `too_many_pictures`, `store_unavailable`.
    pub async fn set_mix_asset(
        &self,
        app: &AppId,
        room: &RoomId,
        by: &Actor,
        name: &str,
        data: Bytes,
    ) -> Result<Asset, ServiceError> {
        self.with_room(app, room, |room| may_manage(room, by))??;
        let asset = Asset::parse(name, data).map_err(|fault| match fault {
            AssetFault::Name => ServiceError::invalid("name"),
            AssetFault::Size => {
                let text = format!("a picture has 1 to {MAX_ASSET_BYTES} bytes");
                ServiceError::new(ErrorKind::Invalid, "picture_too_large", text)
            }
            AssetFault::Kind => {
                let text = "a picture is a PNG or JPEG of at most 4096 × 4096 pixels";
                ServiceError::new(ErrorKind::Invalid, "invalid_picture", text)
            }
        })?;
        // One at a time, so that two that come together do not both fit.
        let _turn = self.core.mixing.uploading().lock().await;
        let all = self.core.store.mix_assets(app, room).await?;
        let others = || all.iter().filter(|other| other.name != asset.name);
        let bytes: usize = others().map(|other| other.data.len()).sum();
        if others().count() >= MAX_ASSETS || bytes + asset.data.len() > MAX_ASSETS_BYTES {
            let text =
                format!("a room has at most {MAX_ASSETS} pictures of {MAX_ASSETS_BYTES} bytes together");
            return Err(ServiceError::limit("too_many_pictures", text));
        }
        let op = Op::SaveMixAsset {
            app: app.clone(),
            room: room.clone(),
            asset: Box::new(asset.clone()),
        };
        self.core.store.write(vec![op]).await?;
        self.core.mixing.assets_changed(app, room);
        Ok(asset)
    }

    /// Forgets a picture; one that is not there: nothing.
    ///
    /// # Errors
    /// `not_allowed`, `no_such_room`, `store_unavailable`.
    pub async fn delete_mix_asset(
        &self,
        app: &AppId,
        room: &RoomId,
        by: &Actor,
        name: &str,
    ) -> Result<(), ServiceError> {
        self.with_room(app, room, |room| may_manage(room, by))??;
        let op = Op::DeleteMixAsset {
            app: app.clone(),
            room: room.clone(),
            name: name.to_owned(),
        };
        self.core.store.write(vec![op]).await?;
        self.core.mixing.assets_changed(app, room);
        Ok(())
    }
}

/// As for the room's own commands on its mix.
fn may_manage(room: &Room, by: &Actor) -> Result<(), ServiceError> {
    let Actor::Member(member) = by else {
        return Ok(());
    };
    let member = room.member(member).ok_or(Rejection::NotAMember)?;
    if member.role >= Role::Admin {
        Ok(())
    } else {
        Err(Rejection::NotAllowed.into())
    }
}

pub(crate) fn no_such_mix() -> ServiceError {
    ServiceError::new(ErrorKind::NotFound, "no_such_mix", "the room has no mix")
}
