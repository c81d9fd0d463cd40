//! Accounts outside rooms.

use lianmai_rooms::Rejection;
use lianmai_rooms::call::Data;

use super::Ctx;
use super::context::refuse;
use crate::http::dto;
use crate::http::problem::Problem;

/// Accounts that can be asked for at once.
const MAX_ASKED: usize = 200;

/// Passes a message on to the devices of an account.
pub(crate) fn message(ctx: &Ctx, body: dto::MessageAccount) -> Result<dto::Delivered, Problem> {
    check_token(ctx)?;
    let too_large = |error: lianmai_rooms::call::DataError| {
        let status = axum::http::StatusCode::BAD_REQUEST;
        Problem::new(status, "call_data_too_large", error.to_string()).field("data")
    };
    let data = Data::new(body.data).map_err(too_large)?;
    let caller = &ctx.caller;
    let from = (&caller.account, caller.session.as_ref());
    let delivered = ctx.service().message_account(&caller.app, from, &body.to, &data);
    Ok(dto::Delivered { delivered })
}

/// Who is connected.
pub(crate) fn presence(ctx: &Ctx, body: dto::AskPresence) -> Result<dto::Presence, Problem> {
    check_token(ctx)?;
    if body.accounts.len() > MAX_ASKED {
        return Err(Problem::invalid("accounts", "at most 200"));
    }
    let online = ctx.service().connected_of(&ctx.caller.app, body.accounts);
    Ok(dto::Presence { online })
}

/// Tokens for one room are for nothing outside it.
fn check_token(ctx: &Ctx) -> Result<(), Problem> {
    match ctx.caller.room {
        Some(_) => Err(refuse(Rejection::NotAllowed)),
        None => Ok(()),
    }
}
