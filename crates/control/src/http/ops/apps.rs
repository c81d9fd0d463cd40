//! What belongs to an app as a whole: call records, webhooks; and the events of a room so far.

use futures_util::FutureExt as _;
use lianmai_rooms::{Rejection, RoomId, Timestamp};

use super::Ctx;
use super::context::refuse;
use crate::events::{Next, Verdict};
use crate::http::dto;
use crate::http::event::to_json;
use crate::http::problem::Problem;
use crate::service::CallRecordFilter;

/// Call records: for the app's own server all, for others those in which they took part.
pub(crate) async fn call_records(
    ctx: &Ctx,
    query: dto::CallRecordQuery,
) -> Result<dto::CallRecordList, Problem> {
    if let Some(room) = &query.room {
        ctx.check_room(room)?;
    }
    let account = match query.account {
        account if ctx.caller.is_app => account,
        Some(account) if account != ctx.caller.account => return Err(refuse(Rejection::NotAllowed)),
        _ => Some(ctx.caller.account.clone()),
    };
    let filter = CallRecordFilter {
        room: query.room.or_else(|| ctx.caller.room.clone()),
        account,
        from: query.from.map(Timestamp::from_millis),
        until: query.until.map(Timestamp::from_millis),
        after: query.after,
        limit: query.limit.unwrap_or(50).clamp(1, 500),
    };
    let records = ctx.service().call_records(&ctx.caller.app, &filter).await?;
    Ok(dto::CallRecordList {
        records: records.into_iter().map(Into::into).collect(),
    })
}

/// Events of a room after a sequence, as far as they are kept and for the caller.
pub(crate) async fn events(
    ctx: &Ctx,
    room: RoomId,
    query: dto::EventQuery,
) -> Result<dto::EventList, Problem> {
    let mut viewer = ctx.viewer(&room)?;
    let mut cursor = ctx.service().events(&ctx.caller.app, &room, query.after)?;
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let mut list = dto::EventList {
        events: Vec::new(),
        next_after: query.after,
    };
    while list.events.len() < limit {
        match cursor.next().now_or_never() {
            Some(Next::Event(event)) => {
                list.next_after = event.event.sequence;
                if matches!(viewer.see(&event), Verdict::Show | Verdict::ShowAndLeave) {
                    list.events.push(to_json(&event));
                }
            }
            // From the very first means: from the first that is kept.
            Some(Next::Lagged) if query.after == 0 && list.events.is_empty() => {}
            Some(Next::Lagged) => {
                let text =
                    "these events are no longer kept; take a view of the room and go on from its sequence";
                return Err(Problem::new(axum::http::StatusCode::GONE, "events_gone", text));
            }
            Some(Next::Ended) | None => break,
        }
    }
    Ok(list)
}

/// Where events are posted to.
pub(crate) async fn webhooks(ctx: &Ctx) -> Result<dto::Webhooks, Problem> {
    ctx.require_app()?;
    let app = ctx.service().app(&ctx.caller.app)?;
    let targets = ctx.service().webhook_status(&ctx.caller.app).await?;
    let targets = targets.into_iter().map(|target| dto::WebhookTarget {
        url: target.url,
        queued: target.queued,
        dead: target.dead,
    });
    Ok(dto::Webhooks {
        webhooks: targets.collect(),
        access_hook: app.policy.access_hook,
    })
}

/// Sets where events are posted to.
pub(crate) async fn set_webhooks(ctx: &Ctx, body: dto::SetWebhooks) -> Result<dto::Webhooks, Problem> {
    ctx.require_app()?;
    let mut policy = ctx.service().app(&ctx.caller.app)?.policy;
    policy.webhooks = body.webhooks;
    policy.access_hook = body.access_hook;
    ctx.service().update_app_policy(&ctx.caller.app, policy).await?;
    webhooks(ctx).await
}
