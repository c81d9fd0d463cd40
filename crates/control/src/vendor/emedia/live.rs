//! Lives: the mix of a conference, pushed to a CDN.
//!
//! A `liveId` is the id of the push. All lives of a conference show the same mix, so the newest layout is that of all.

use lianmai_rooms::layout::vendor::emedia;
use lianmai_rooms::{Actor, AppId, Command, PushId, RoomId, RoomKind, RoomView, StreamId};
use serde_json::{Map, Value, json};

use super::identity::{Acting, by_role_token};
use super::{Fields, Refusal};
use crate::bypass::check_url;
use crate::http::HttpState;
use crate::recordings::{StartRecording, What};
use crate::service::{Service, random};

/// The live that a request for a conference asks for, if it does.
pub(super) fn said(service: &Service, said: &Fields) -> Result<Option<emedia::EmediaLive>, Refusal> {
    let Some(config) = said.object("liveCfg")? else {
        return Ok(None);
    };
    read(service, config).map(Some)
}

fn read(service: &Service, config: Fields) -> Result<emedia::EmediaLive, Refusal> {
    let live = emedia::live(&Value::Object(config.0))?;
    check_url(&live.url, &service.config().bypass)?;
    Ok(live)
}

/// Begins a live: the push waits for the mix, the mix has the live's layout.
pub(super) async fn start(
    service: &Service,
    app: &AppId,
    room: &RoomId,
    by: &Actor,
    live: emedia::EmediaLive,
) -> Result<PushId, Refusal> {
    let emedia::EmediaLive {
        url,
        mut layout,
        record,
    } = live;
    // What was said of single members goes on.
    layout.members = service.room(app, room)?.view.layout.members.clone();
    let push = service.add_push(app, room, by.clone(), None, url).await?;
    let id = push.view.id;
    let stream = StreamId::parse(&random::id::<16>("s")).map_err(|_| Refusal::field("liveCfg"))?;
    let command = Command::StartMix {
        by: by.clone(),
        stream,
        layout: Some(Box::new(layout)),
    };
    if let Err(error) = service.apply(app, room, command).await {
        let _ = service.remove_push(app, room, by.clone(), id).await;
        return Err(error.into());
    }
    if record {
        let request = StartRecording {
            what: What::Mix,
            format: None,
            audio_only: false,
            part_ms: None,
            part_bytes: None,
        };
        service.recordings()?.start(app, room, request).await?;
    }
    Ok(id)
}

/// `livecfg`.
pub(super) async fn add(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let config = said.object("liveCfg")?.ok_or_else(|| Refusal::field("liveCfg"))?;
    let service = state.service();
    let live = read(service, config)?;
    let (app, room) = (&acting.ctx.caller.app, &acting.room);
    let id = start(service, app, room, &acting.actor()?, live).await?;
    let lives = shown(&service.room(app, room)?.view);
    Ok(json!({ "error": 0, "confrId": room, "liveId": id, "liveCfgs": lives }))
}

/// `live/layout`.
pub(super) async fn update(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let (id, view) = named(&acting, said)?;
    let regions = said.get("regions").ok_or_else(|| Refusal::field("regions"))?;
    let layout = Box::new(emedia::with_regions(&view.layout, regions)?);
    let by = acting.actor()?;
    acting
        .ctx
        .run(&acting.room, Command::UpdateMix { by, layout })
        .await?;
    Ok(json!({ "error": 0, "confrId": acting.room, "liveId": id }))
}

/// `delete/live`. The mix ends with the last live, unless the conference itself asks for one.
pub(super) async fn delete(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let (id, view) = named(&acting, said)?;
    let (service, app, room) = (state.service(), &acting.ctx.caller.app, &acting.room);
    let by = acting.actor()?;
    service.remove_push(app, room, by.clone(), id.clone()).await?;
    let others = view
        .pushes
        .values()
        .any(|push| push.stream.is_none() && push.id != id);
    let settings = &view.settings;
    let wanted = settings.kind == RoomKind::CommunicationMix || (settings.record && settings.record_merge);
    if !others && !wanted {
        acting.ctx.run(room, Command::StopMix { by }).await?;
    }
    Ok(json!({ "error": 0, "confrId": room, "liveId": id }))
}

/// The live that a request names.
fn named(acting: &Acting<'_>, said: &Fields) -> Result<(PushId, RoomView), Refusal> {
    let id: PushId = said.parsed("liveId")?.ok_or_else(|| Refusal::field("liveId"))?;
    let view = acting.ctx.room(&acting.room)?.view;
    let is_live = view.pushes.get(&id).is_some_and(|push| push.stream.is_none());
    if is_live {
        Ok((id, view))
    } else {
        Err(Refusal::field("liveId"))
    }
}

/// `liveCfgs`: where lives go, as far as it is no secret.
pub(super) fn shown(view: &RoomView) -> Value {
    let lives = view.pushes.values().filter(|push| push.stream.is_none());
    let lives: Map<String, Value> = lives
        .map(|push| (push.id.to_string(), push.target.clone().into()))
        .collect();
    Value::Object(lives)
}
