//! Recordings: for the app's own server all, for admins those of their room while they are in it.

use lianmai_rooms::{Rejection, Role, RoomId};

use super::Ctx;
use super::context::refuse;
use crate::http::dto;
use crate::http::problem::Problem;
use crate::recordings::upload::FileAt;
use crate::recordings::{Recording, RecordingFilter, StartRecording, What};

/// What can be done to one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Pause,
    Resume,
    Split,
    Stop,
    Upload,
}

/// Begins recordings.
pub(crate) async fn start(
    ctx: &Ctx,
    room: RoomId,
    body: dto::StartRecording,
) -> Result<dto::RecordingList, Problem> {
    manages(ctx, &room)?;
    let whats = match (body.stream, body.what) {
        (Some(_), Some(_)) => return Err(Problem::invalid("what", "say either `what` or `stream`")),
        (Some(stream), None) => vec![What::Stream(stream)],
        (None, None | Some(dto::RecordingChoice::Streams)) => vec![What::Streams],
        (None, Some(dto::RecordingChoice::Mix)) => vec![What::Mix],
        (None, Some(dto::RecordingChoice::Both)) => vec![What::Streams, What::Mix],
    };
    let recordings = ctx.service().recordings()?;
    let mut begun = Vec::new();
    for what in whats {
        let request = StartRecording {
            what,
            format: body.format,
            audio_only: body.audio_only,
            part_ms: body.part_ms,
            part_bytes: body.part_bytes,
        };
        begun.extend(recordings.start(&ctx.caller.app, &room, request).await?);
    }
    let shown = begun
        .into_iter()
        .map(|recording| dto::Recording::of(recording, Vec::new()));
    Ok(dto::RecordingList {
        recordings: shown.collect(),
    })
}

/// A page of recordings.
pub(crate) async fn list(ctx: &Ctx, query: dto::RecordingQuery) -> Result<dto::RecordingList, Problem> {
    let room = query.room.or_else(|| ctx.caller.room.clone());
    match &room {
        Some(room) => manages(ctx, room)?,
        None => ctx.require_app()?,
    }
    let recordings = ctx.service().recordings()?;
    let filter = RecordingFilter {
        room,
        after: query.after,
        limit: query.limit.unwrap_or(50),
    };
    let mut shown = Vec::new();
    for recording in recordings.list(&ctx.caller.app, &filter).await? {
        shown.push(with_parts(ctx, recording).await?);
    }
    Ok(dto::RecordingList { recordings: shown })
}

/// One recording.
pub(crate) async fn show(ctx: &Ctx, id: &str) -> Result<dto::Recording, Problem> {
    let recording = known(ctx, id).await?;
    with_parts(ctx, recording).await
}

/// Does something to one that runs.
pub(crate) async fn act(ctx: &Ctx, id: &str, act: Act) -> Result<dto::Recording, Problem> {
    known(ctx, id).await?;
    let (recordings, app) = (ctx.service().recordings()?, &ctx.caller.app);
    let recording = match act {
        Act::Pause => recordings.pause(app, id).await,
        Act::Resume => recordings.resume(app, id).await,
        Act::Split => recordings.split(app, id).await,
        Act::Stop => recordings.stop(app, id).await,
        Act::Upload => recordings.upload(app, id).await,
    };
    with_parts(ctx, recording?).await
}

/// Deletes one with its files; for the app's own server only.
pub(crate) async fn delete(ctx: &Ctx, id: &str) -> Result<(), Problem> {
    ctx.require_app()?;
    Ok(ctx.service().recordings()?.delete(&ctx.caller.app, id).await?)
}

/// Where a file is.
pub(crate) async fn file(ctx: &Ctx, id: &str, part: u32, name: &str) -> Result<FileAt, Problem> {
    known(ctx, id).await?;
    let recordings = ctx.service().recordings()?;
    Ok(recordings.file(&ctx.caller.app, id, part, name).await?)
}

/// The recording, for those who may have it.
async fn known(ctx: &Ctx, id: &str) -> Result<Recording, Problem> {
    let recording = ctx.service().recordings()?.get(&ctx.caller.app, id).await?;
    manages(ctx, &recording.room)?;
    Ok(recording)
}

async fn with_parts(ctx: &Ctx, recording: Recording) -> Result<dto::Recording, Problem> {
    let parts = ctx.service().recordings()?.parts(&recording.id).await?;
    Ok(dto::Recording::of(recording, parts))
}

/// The app's own server, or an admin who is in the room.
fn manages(ctx: &Ctx, room: &RoomId) -> Result<(), Problem> {
    ctx.check_room(room)?;
    if ctx.caller.is_app {
        return Ok(());
    }
    let state = ctx.room(room)?;
    let mut members = state.view.members.values();
    let is_admin = members.any(|member| member.account == ctx.caller.account && member.role == Role::Admin);
    if is_admin {
        Ok(())
    } else {
        Err(refuse(Rejection::NotAllowed))
    }
}
