//! Calls: of the session that asks; records for the app's own server all, for others their own.

use lianmai_rooms::call::{CallId, Command, Data, Kind, ring_time};
use lianmai_rooms::{Delay, Rejection, Timestamp};
use serde_json::Value;

use super::Ctx;
use super::context::refuse;
use crate::calls::{CallView, EndedCallFilter, Party, StartCall};
use crate::http::dto;
use crate::http::problem::Problem;

/// Begins a call.
pub(crate) async fn start(ctx: &Ctx, body: dto::StartCall) -> Result<CallView, Problem> {
    let request = StartCall {
        callees: body.callees,
        kind: body.kind,
        group: body.group,
        ring: body.timeout_ms.map(ring).transpose()?,
        attachment: data("attachment", body.attachment)?,
    };
    Ok(ctx.service().start_call(&party(ctx)?, request).await?)
}

/// Invites more.
pub(crate) async fn invite(ctx: &Ctx, call: CallId, body: dto::InviteToCall) -> Result<CallView, Problem> {
    let ring = body.timeout_ms.map(ring).transpose()?;
    let attachment = data("attachment", body.attachment)?;
    let (service, who) = (ctx.service(), party(ctx)?);
    Ok(service
        .invite_to_call(&who, &call, body.callees, ring, attachment)
        .await?)
}

/// Takes invitations back.
pub(crate) async fn cancel(ctx: &Ctx, call: CallId, body: dto::CancelCall) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let command = Command::Cancel {
        call: call.clone(),
        account: who.account.clone(),
        session: who.session.clone(),
        callees: body.callees,
        reason: body.reason,
    };
    done(ctx, &who, &call, command).await
}

/// Answers.
pub(crate) async fn accept(ctx: &Ctx, call: CallId, body: dto::AcceptCall) -> Result<CallView, Problem> {
    let ext = data("ext", body.ext)?;
    Ok(ctx.service().accept_call(&party(ctx)?, &call, ext).await?)
}

/// Refuses.
pub(crate) async fn reject(ctx: &Ctx, call: CallId, body: dto::RejectCall) -> Result<dto::Nothing, Problem> {
    let (who, ext) = (party(ctx)?, data("ext", body.ext)?);
    let (account, session) = (who.account.clone(), who.session.clone());
    let id = call.clone();
    let rejected = ctx.service().ask_call(&who, &call, |_, device| Command::Reject {
        call: id,
        account,
        session,
        device,
        busy: body.busy,
        reason: body.reason,
        ext,
    });
    rejected.await?;
    Ok(dto::Nothing {})
}

/// Ends it for all.
pub(crate) async fn hang_up(ctx: &Ctx, call: CallId, body: dto::HangUpCall) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let command = Command::HangUp {
        call: call.clone(),
        account: who.account.clone(),
        reason: body.reason,
    };
    done(ctx, &who, &call, command).await
}

/// Goes; the others go on.
pub(crate) async fn leave(ctx: &Ctx, call: CallId, _: dto::Nothing) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let command = Command::Leave {
        call: call.clone(),
        account: who.account.clone(),
        session: Some(who.session.clone()),
        kicked: false,
    };
    done(ctx, &who, &call, command).await
}

/// Sets how long it rings.
pub(crate) async fn set_timeout(
    ctx: &Ctx,
    call: CallId,
    body: dto::SetCallTimeout,
) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let command = Command::SetRing {
        call: call.clone(),
        account: who.account.clone(),
        ring: ring(body.timeout_ms)?,
    };
    done(ctx, &who, &call, command).await
}

/// Changes the type, or asks for it.
pub(crate) async fn switch_type(
    ctx: &Ctx,
    call: CallId,
    body: dto::SwitchCallType,
) -> Result<dto::Asked, Problem> {
    let who = party(ctx)?;
    let present = ctx.service().present_call(&who)?;
    let is_group = present.is_some_and(|present| present.call == call && present.group);
    let asked = body.ask.unwrap_or(body.kind == Kind::Video && !is_group);
    let command = Command::SwitchKind {
        call: call.clone(),
        account: who.account.clone(),
        session: who.session.clone(),
        kind: body.kind,
        ask: asked,
    };
    done(ctx, &who, &call, command).await?;
    Ok(dto::Asked { asked })
}

/// Answers such a question.
pub(crate) async fn answer_type(
    ctx: &Ctx,
    call: CallId,
    body: dto::AnswerCallType,
) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let command = Command::AnswerKind {
        call: call.clone(),
        account: who.account.clone(),
        session: who.session.clone(),
        kind: body.kind,
        accept: body.accept,
    };
    done(ctx, &who, &call, command).await
}

/// Passes a message on.
pub(crate) async fn control(
    ctx: &Ctx,
    call: CallId,
    body: dto::ControlCall,
) -> Result<dto::Nothing, Problem> {
    let who = party(ctx)?;
    let message = data("data", Some(body.data))?;
    let command = Command::Control {
        call: call.clone(),
        account: who.account.clone(),
        session: who.session.clone(),
        to: body.to,
        data: message.ok_or_else(|| Problem::invalid("data", "missing"))?,
    };
    done(ctx, &who, &call, command).await
}

/// Takes the call to this session.
pub(crate) async fn take_over(ctx: &Ctx, call: CallId, _: dto::Nothing) -> Result<CallView, Problem> {
    let who = party(ctx)?;
    let (account, session) = (who.account.clone(), who.session.clone());
    let id = call.clone();
    let taken = ctx
        .service()
        .ask_call(&who, &call, |_, device| Command::TakeOver {
            call: id,
            account,
            session,
            device,
        });
    Ok(taken.await?)
}

/// The account's call.
pub(crate) fn present(ctx: &Ctx, _: dto::Nothing) -> Result<dto::PresentCall, Problem> {
    let call = ctx.service().present_call(&party(ctx)?)?;
    Ok(dto::PresentCall { call })
}

/// Calls that have ended.
pub(crate) async fn list_ended(ctx: &Ctx, query: dto::EndedCallQuery) -> Result<dto::EndedCallList, Problem> {
    check_token(ctx)?;
    let account = match query.account {
        account if ctx.caller.is_app => account,
        Some(account) if account != ctx.caller.account => return Err(refuse(Rejection::NotAllowed)),
        _ => Some(ctx.caller.account.clone()),
    };
    let filter = EndedCallFilter {
        account,
        status: query.status,
        from: query.from.map(Timestamp::from_millis),
        until: query.until.map(Timestamp::from_millis),
        after: query.after,
        limit: query.limit.unwrap_or(50).clamp(1, 500),
    };
    let ended = ctx.service().ended_calls(&ctx.caller.app, &filter).await?;
    Ok(dto::EndedCallList {
        records: ended.into_iter().map(Into::into).collect(),
    })
}

/// One of them.
pub(crate) async fn show_ended(ctx: &Ctx, call: CallId) -> Result<dto::EndedCall, Problem> {
    check_token(ctx)?;
    let ended = ctx.service().ended_call(&ctx.caller.app, &call).await?;
    let mut members = ended.record.members.iter();
    if ctx.caller.is_app || members.any(|member| member.account == ctx.caller.account) {
        return Ok(ended.into());
    }
    // As one that never was.
    Err(crate::service::ServiceError::from(lianmai_rooms::call::Rejection::NoSuchCall).into())
}

/// The policy of the app.
pub(crate) fn policy(ctx: &Ctx) -> Result<dto::Policy, Problem> {
    ctx.require_app()?;
    let policy = ctx.service().app(&ctx.caller.app)?.policy;
    Ok(dto::Policy {
        single_device: policy.single_device,
    })
}

/// Sets the policy of the app.
pub(crate) async fn set_policy(ctx: &Ctx, body: dto::Policy) -> Result<dto::Policy, Problem> {
    ctx.require_app()?;
    let mut policy = ctx.service().app(&ctx.caller.app)?.policy;
    policy.single_device = body.single_device;
    ctx.service().update_app_policy(&ctx.caller.app, policy).await?;
    Ok(body)
}

/// A token for one room is worth nothing for calls.
fn check_token(ctx: &Ctx) -> Result<(), Problem> {
    match ctx.caller.room {
        Some(_) => Err(refuse(Rejection::NotAllowed)),
        None => Ok(()),
    }
}

fn party(ctx: &Ctx) -> Result<Party, Problem> {
    check_token(ctx)?;
    let session = ctx.caller.session.clone();
    Ok(Party {
        app: ctx.caller.app.clone(),
        account: ctx.caller.account.clone(),
        session: session.ok_or_else(|| refuse(Rejection::NoSuchSession))?,
    })
}

async fn done(ctx: &Ctx, who: &Party, call: &CallId, command: Command) -> Result<dto::Nothing, Problem> {
    ctx.service().ask_call(who, call, |_, _| command).await?;
    Ok(dto::Nothing {})
}

fn ring(millis: u64) -> Result<Delay, Problem> {
    ring_time(millis).ok_or_else(|| Problem::invalid("timeout_ms", "1000 to 120000 milliseconds"))
}

fn data(field: &'static str, value: Option<Value>) -> Result<Option<Data>, Problem> {
    let too_large = |error: lianmai_rooms::call::DataError| {
        let status = axum::http::StatusCode::BAD_REQUEST;
        Problem::new(status, "call_data_too_large", error.to_string()).field(field)
    };
    value.map(Data::new).transpose().map_err(too_large)
}
