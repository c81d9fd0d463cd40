//! Streams: publish, change, URLs, figures.

use std::collections::HashMap;

use lianmai_hub::{Form, StreamKey};
use lianmai_rooms::{Command, RoomId, StreamId, StreamKind, StreamView, Transport};

use super::Ctx;
use crate::http::dto;
use crate::http::problem::Problem;
use crate::service::{self, PublishRequest};
use crate::workers::RenditionStatus;

/// Publishes a camera or screen.
pub(crate) async fn publish(ctx: &Ctx, room: RoomId, body: dto::Publish) -> Result<dto::Published, Problem> {
    let member = ctx.acting_member(&room, body.member)?;
    let request = PublishRequest {
        member,
        kind: body.kind.unwrap_or(StreamKind::Camera),
        via: body.via.unwrap_or(Transport::Rtmp),
        voff: body.voff,
        aoff: body.aoff,
        client_ref: body.client_ref,
        ext: body.ext,
    };
    let published = ctx.service().publish(&ctx.caller.app, &room, request).await?;
    Ok(dto::Published {
        stream: published.stream.into(),
        push: published.push.map(push_url),
        sequence: published.sequence,
    })
}

fn push_url(url: service::PushUrl) -> dto::PushUrl {
    dto::PushUrl {
        url: url.url,
        rtmps: url.rtmps,
        whip: url.whip,
        expires_at: url.expires_at,
        version: url.version,
    }
}

/// Streams of a room with their figures.
pub(crate) async fn list(ctx: &Ctx, room: RoomId) -> Result<dto::StreamList, Problem> {
    let state = ctx.room(&room)?;
    let statuses = ctx.service().stream_stats(&ctx.caller.app, &room)?;
    let mut stats: HashMap<StreamId, _> = statuses
        .into_iter()
        .filter_map(|status| Some((status.id, status.stats?)))
        .collect();
    let streams = state.view.streams.into_values().map(|stream| {
        let stats = stats.remove(&stream.id).map(Into::into);
        dto::Stream {
            stats,
            ..dto_of(ctx, stream)
        }
    });
    Ok(dto::StreamList {
        streams: streams.collect(),
        sequence: state.sequence,
    })
}

/// A stream with what workers make of it, or for it.
pub(crate) fn dto_of(ctx: &Ctx, stream: StreamView) -> dto::Stream {
    let key = StreamKey::new(ctx.caller.app.as_str(), stream.id.as_str());
    let workers = ctx.service().workers();
    let renditions = workers.renditions(&key);
    dto::Stream {
        warnings: warnings(&renditions),
        renditions,
        mix: workers.mix(&key),
        ..stream.into()
    }
}

/// What a publisher should change, seen from what has to be made of its stream (R-B1).
fn warnings(renditions: &[RenditionStatus]) -> Vec<&'static str> {
    let removed = renditions
        .iter()
        .any(|rendition| rendition.form == Form::NoBFrames);
    if removed { vec!["b_frames"] } else { Vec::new() }
}

/// Switches video or audio, or changes the text.
pub(crate) async fn update(
    ctx: &Ctx,
    room: RoomId,
    stream: StreamId,
    body: dto::StreamUpdate,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let dto::StreamUpdate { voff, aoff, ext } = body;
    ctx.done(
        &room,
        Command::UpdateStream {
            by,
            stream,
            voff,
            aoff,
            ext,
        },
    )
    .await
}

/// Removes a stream.
pub(crate) async fn unpublish(ctx: &Ctx, room: RoomId, stream: StreamId) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::Unpublish { by, stream }).await
}

/// Replaces the stream's URLs by newer ones.
pub(crate) async fn reissue(ctx: &Ctx, room: RoomId, stream: StreamId) -> Result<dto::Reissued, Problem> {
    let by = ctx.actor(&room)?;
    let reissued = ctx
        .service()
        .reissue_url(&ctx.caller.app, &room, by, &stream)
        .await?;
    Ok(dto::Reissued {
        version: reissued.version,
        previous_until: reissued.previous_until,
        push: reissued.push.map(push_url),
    })
}

/// URLs to pull a stream from.
pub(crate) async fn pull_urls(
    ctx: &Ctx,
    room: RoomId,
    stream: StreamId,
    body: dto::PullUrl,
) -> Result<dto::PullUrls, Problem> {
    let by = ctx.actor(&room)?;
    let via = body.via.unwrap_or(Transport::Rtmp);
    let urls = ctx
        .service()
        .subscribe(&ctx.caller.app, &room, by, &stream, via)
        .await?;
    Ok(self::urls(urls))
}

/// URLs as they are sent.
pub(crate) fn urls(urls: service::PullUrls) -> dto::PullUrls {
    dto::PullUrls {
        rtmp: urls.rtmp,
        rtmps: urls.rtmps,
        http_flv: urls.http_flv,
        ws_flv: urls.ws_flv,
        whep: urls.whep,
        expires_at: urls.expires_at,
        version: urls.version,
    }
}
