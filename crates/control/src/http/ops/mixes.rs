//! The mix of a room: start, show, change, stop; its sounds and pictures.

use axum::body::Bytes;
use axum::http::StatusCode;
use lianmai_hub::StreamKey;
use lianmai_rooms::layout::vendor::{cloudroom, emedia, nim};
use lianmai_rooms::layout::{Arrangement, Layout};
use lianmai_rooms::{Command, MemberId, RoomId, StreamKind, Transport};

use super::streams::dto_of;
use super::{Ctx, streams};
use crate::http::dto;
use crate::http::dto::MixSound;
use crate::http::problem::Problem;
use crate::mixing::no_such_mix;

/// Starts the mix; while there is one, changes its layout.
pub(crate) async fn start(ctx: &Ctx, room: RoomId, body: dto::MixRequest) -> Result<dto::Mix, Problem> {
    let by = ctx.actor(&room)?;
    let layout = layout(ctx, &room, body)?;
    ctx.service()
        .start_mix(&ctx.caller.app, &room, by, layout)
        .await?;
    show(ctx, room).await
}

/// The mix, or what it would be.
pub(crate) async fn show(ctx: &Ctx, room: RoomId) -> Result<dto::Mix, Problem> {
    let state = ctx.room(&room)?;
    let mut all = state.view.streams.into_values();
    let stream = all.find(|stream| stream.kind == StreamKind::Mix);
    let status = stream.as_ref().and_then(|stream| {
        let key = StreamKey::new(ctx.caller.app.as_str(), stream.id.as_str());
        ctx.service().workers().mix(&key)
    });
    Ok(dto::Mix {
        stream: stream.map(|stream| dto_of(ctx, stream)),
        layout: state.view.layout,
        status,
        sequence: state.sequence,
    })
}

/// Changes the layout, whether or not there is a mix.
pub(crate) async fn update(ctx: &Ctx, room: RoomId, body: dto::MixRequest) -> Result<dto::Mix, Problem> {
    let by = ctx.actor(&room)?;
    if let Some(layout) = layout(ctx, &room, body)? {
        ctx.run(&room, Command::UpdateMix { by, layout }).await?;
    }
    show(ctx, room).await
}

/// Stops the mix. The layout stays.
pub(crate) async fn stop(ctx: &Ctx, room: RoomId) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::StopMix { by }).await
}

/// Sets the main picture.
pub(crate) async fn set_main(
    ctx: &Ctx,
    room: RoomId,
    body: dto::MainPicture,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let main = body.main;
    ctx.done(&room, Command::SetMainPicture { by, main }).await
}

/// Changes how loud a member is.
pub(crate) async fn set_gain(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
    body: dto::MixGain,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let dto::MixGain { gain, muted } = body;
    let command = Command::SetMixGain {
        by,
        member,
        gain,
        muted,
    };
    ctx.done(&room, command).await
}

/// URLs of a sound of the mix: everybody's, or everybody's but one member's.
pub(crate) async fn pull_urls(
    ctx: &Ctx,
    room: RoomId,
    body: dto::MixPullUrl,
) -> Result<dto::PullUrls, Problem> {
    let by = ctx.actor(&room)?;
    let via = body.via.unwrap_or(Transport::Rtmp);
    let (service, app) = (ctx.service(), &ctx.caller.app);
    if body.sound == MixSound::Others {
        let member = ctx.acting_member(&room, body.member)?;
        let urls = service.subscribe_sound(app, &room, by, &member, via).await?;
        return Ok(streams::urls(urls));
    }
    let mix = ctx.room(&room)?.view.streams.into_values();
    let mix = mix.into_iter().find(|stream| stream.kind == StreamKind::Mix);
    let mix = mix.ok_or_else(|| Problem::from(no_such_mix()))?;
    let urls = service.subscribe(app, &room, by, &mix.id, via).await?;
    let mut urls = streams::urls(urls);
    let all = [
        &mut urls.rtmp,
        &mut urls.rtmps,
        &mut urls.http_flv,
        &mut urls.ws_flv,
    ];
    for url in all.into_iter().flatten() {
        url.push_str("&only=audio");
    }
    Ok(urls)
}

/// Pictures that the mix may show.
pub(crate) async fn pictures(ctx: &Ctx, room: RoomId) -> Result<dto::MixPictureList, Problem> {
    ctx.room(&room)?;
    let pictures = ctx.service().mix_assets(&ctx.caller.app, &room).await?;
    Ok(dto::MixPictureList {
        pictures: pictures.into_iter().map(Into::into).collect(),
    })
}

/// Stores a picture.
pub(crate) async fn set_picture(
    ctx: &Ctx,
    room: RoomId,
    name: &str,
    data: Bytes,
) -> Result<dto::MixPicture, Problem> {
    let by = ctx.actor(&room)?;
    let stored = ctx
        .service()
        .set_mix_asset(&ctx.caller.app, &room, &by, name, data);
    Ok(stored.await?.into())
}

/// Forgets a picture.
pub(crate) async fn delete_picture(ctx: &Ctx, room: RoomId, name: &str) -> Result<dto::Nothing, Problem> {
    let by = ctx.actor(&room)?;
    ctx.service()
        .delete_mix_asset(&ctx.caller.app, &room, &by, name)
        .await?;
    Ok(dto::Nothing {})
}

/// The layout that is asked for; `None`: the one there is.
fn layout(ctx: &Ctx, room: &RoomId, body: dto::MixRequest) -> Result<Option<Box<Layout>>, Problem> {
    let current = ctx.service().room(&ctx.caller.app, room)?.view.layout;
    let named = [
        body.layout.is_some(),
        body.preset.is_some(),
        body.nim.is_some(),
        body.emedia.is_some(),
        body.cloudroom.is_some(),
    ];
    if named.into_iter().filter(|named| *named).count() > 1 {
        let text = "say it in one way: layout, preset, nim, emedia or cloudroom";
        return Err(Problem::invalid("layout", text));
    }
    let mut layout = if let Some(layout) = body.layout {
        *layout
    } else if let Some(preset) = body.preset {
        Layout {
            arrangement: Arrangement::Preset { preset },
            ..(*current).clone()
        }
    } else if let Some(vendor) = vendor(&body, &current)? {
        Layout {
            // What was said of single members goes on.
            members: current.members.clone(),
            ..vendor
        }
    } else {
        (*current).clone()
    };
    layout.canvas = body.canvas.unwrap_or(layout.canvas);
    layout.transition_ms = body.transition_ms.unwrap_or(layout.transition_ms);
    Ok((layout != *current).then(|| Box::new(layout)))
}

/// A layout in a vendor's words.
fn vendor(body: &dto::MixRequest, current: &Layout) -> Result<Option<Layout>, Problem> {
    let refused = |field: &str, text: String| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_layout", text).field(field)
    };
    if let Some(said) = &body.nim {
        let said = nim::NimLayout {
            split_mode: said.split_mode,
            custom_layout: said.custom_layout.as_deref(),
            host: said.host.as_ref(),
            canvas: current.canvas,
        };
        let layout = nim::layout(&said).map_err(|error| {
            let problem = refused("nim", error.to_string()).vendor_code(error.code().into());
            problem.vendor_state(error.live_state())
        })?;
        return Ok(Some(layout));
    }
    if let Some(said) = &body.emedia {
        let layout = match (said.get("layoutStyle"), said.get("regions")) {
            (None, Some(regions)) => emedia::with_regions(current, regions),
            _ => emedia::live(said).map(|live| live.layout),
        };
        let layout =
            layout.map_err(|error| refused("emedia", error.to_string()).vendor_code(error.code()))?;
        return Ok(Some(layout));
    }
    if let Some(said) = &body.cloudroom {
        // Only a whole configuration has a size.
        let video = said.get("videoFileCfg").unwrap_or(said);
        let layout = match video.get("vWidth") {
            Some(_) => cloudroom::mixer(said, body.offset_minutes).map(|mixer| mixer.layout),
            None => cloudroom::with_content(current, said, body.offset_minutes),
        };
        let layout = layout
            .map_err(|error| refused("cloudroom", error.to_string()).vendor_code(error.code().into()))?;
        return Ok(Some(layout));
    }
    Ok(None)
}
