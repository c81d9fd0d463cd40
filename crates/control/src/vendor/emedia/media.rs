//! `useUrl`: push and pull URLs of mini programs.

use lianmai_rooms::{ClientRef, StreamId, StreamKind, Transport};
use serde_json::{Value, json};

use super::identity::{Acting, by_link};
use super::{Fields, Refusal};
use crate::http::HttpState;
use crate::service::PublishRequest;

/// `pubS` and `subS`.
pub(super) async fn use_media(state: &HttpState, token: &str, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_link(state, token)?;
    match said.need("op")? {
        "pubS" => publish(&acting, said).await,
        "subS" => subscribe(&acting, said).await,
        _ => Err(Refusal::field("op")),
    }
}

/// Publishes the camera. Again, also under another `rtcId`: it is the same stream and URL, and whoever pushes last is
/// on air.
async fn publish(acting: &Acting<'_>, said: &Fields) -> Result<Value, Refusal> {
    let client_ref: Option<ClientRef> = said.parsed("rtcId")?;
    let ctx = &acting.ctx;
    let member = ctx.acting_member(&acting.room, None)?;
    let streams = ctx.room(&acting.room)?.view.streams;
    let mut own = streams.into_values();
    let present =
        own.find(|stream| stream.owner.as_ref() == Some(&member) && stream.kind == StreamKind::Camera);
    let request = PublishRequest {
        member: member.clone(),
        kind: StreamKind::Camera,
        via: Transport::Rtmp,
        voff: present.as_ref().is_some_and(|stream| stream.voff),
        aoff: present.as_ref().is_some_and(|stream| stream.aoff),
        client_ref: client_ref.or_else(|| present.as_ref()?.client_ref.clone()),
        ext: present.map(|stream| stream.ext).unwrap_or_default(),
    };
    let published = ctx
        .service()
        .publish(&ctx.caller.app, &acting.room, request)
        .await?;
    let push = published.push.ok_or_else(Refusal::link)?;
    Ok(json!({
        "error": 0,
        "op": "pubS",
        "rtcId": published.stream.client_ref,
        "streamId": published.stream.id,
        "memId": member,
        "rtmp": push.url,
        "rtmps": push.rtmps,
    }))
}

async fn subscribe(acting: &Acting<'_>, said: &Fields) -> Result<Value, Refusal> {
    let stream: StreamId = said
        .parsed("streamId")?
        .ok_or_else(|| Refusal::field("streamId"))?;
    let (ctx, room) = (&acting.ctx, &acting.room);
    let by = acting.actor()?;
    let urls = ctx
        .service()
        .subscribe(&ctx.caller.app, room, by, &stream, Transport::Rtmp)
        .await?;
    Ok(json!({
        "error": 0,
        "op": "subS",
        "streamId": stream,
        "rtmp": urls.rtmp,
        "rtmps": urls.rtmps,
        "flv": urls.http_flv,
        "wsFlv": urls.ws_flv,
    }))
}
