//! The session behind a connection: opened or taken up, kept alive, and noted as gone.

use super::connection::Start;
use super::live::Hold;
use crate::http::HttpState;
use crate::http::ops::Ctx;
use crate::service::{ErrorKind, ServiceError, SessionInfo};

/// Takes the session up again, or opens a new one.
pub(super) async fn open(state: &HttpState, start: &Start) -> Result<(SessionInfo, bool), ServiceError> {
    let (service, caller) = (state.service(), &start.caller);
    if let Some(session) = &start.resume {
        match service
            .resume_session(&caller.app, &caller.account, session)
            .await
        {
            Ok(info) => return Ok((info, true)),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let opened = service
        .open_session(&caller.app, caller.account.clone(), start.device.clone())
        .await?;
    Ok((opened, false))
}

/// Tells the service that the connection is gone, unless a newer one has the session.
pub(crate) async fn leave(ctx: &Ctx, info: &SessionInfo, hold: &Hold) {
    let (service, live) = (ctx.service(), ctx.state.live_sessions());
    if !live.release(&info.id, hold) {
        return;
    }
    if let Err(error) = service.session_gone(&info.app, &info.account, &info.id).await {
        tracing::warn!(%error, "a lost session was not noted");
    }
    if live.contains(&info.id) {
        // It came back while we said that it was gone; which of the two was noted last is unknown.
        let _ = service.resume_session(&info.app, &info.account, &info.id).await;
    }
}

/// Notes a sign of life; an error means that the session is over.
pub(crate) async fn touch(ctx: &Ctx, info: &SessionInfo) -> Result<(), ServiceError> {
    match ctx
        .service()
        .touch_session(&info.app, &info.account, &info.id)
        .await
    {
        Err(error) if error.kind == ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
