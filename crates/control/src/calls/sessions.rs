//! What a session is told when it connects.

use lianmai_rooms::call::{CallId, MemberState};
use lianmai_rooms::{AccountId, AppId, Timestamp};
use serde_json::{Value, json};

use super::{CallView, EndedCallFilter, Mailbox, told};
use crate::service::{Service, SessionInfo};
use crate::store::Op;

/// What a connection begins with.
#[derive(Debug)]
pub(crate) struct Greeting {
    /// Opened when the call was looked at: nothing is missed.
    pub(crate) mailbox: Mailbox,
    /// To send after `hello`.
    pub(crate) frame: Option<Value>,
    /// The call that `frame` shows, and its newest event then.
    pub(crate) seen: Option<(CallId, u64)>,
}

impl Service {
    /// The box of a connection and the state of its account's call.
    pub(crate) fn greet(&self, info: &SessionInfo) -> Greeting {
        let state = self.core.state.lock();
        let mailbox = self.core.effects.mail.open(&info.app, &info.account, &info.id);
        let call = state.calls.of_account(&info.app, &info.account);
        let view = call.and_then(|call| CallView::of(&self.core, call, &info.account, &info.id));
        let seen = view.as_ref().map(|view| (view.call.clone(), view.sequence));
        let frame = match (&view, call) {
            (Some(view), Some(call)) if view.me == MemberState::Ringing => {
                told::invitation(call, &info.account, self.core.config.clock.now())
            }
            (Some(view), _) => Some(json!({ "event": "call_sync", "state": view })),
            (None, _) => None,
        };
        Greeting { mailbox, frame, seen }
    }

    /// What a session that is resumed is told if it may think that it is in a call, and is not: one of its account has
    /// ended, or goes on without it, since it could have been lost.
    pub(crate) async fn call_is_over(&self, info: &SessionInfo) -> Option<Value> {
        let goes_on = {
            let state = self.core.state.lock();
            let of_app = state.calls.iter().filter(|call| *call.app() == info.app);
            of_app.filter(|call| call.member(&info.account).is_some()).count() > 0
        };
        let ttl = u64::try_from(self.core.config.session_ttl.as_millis()).unwrap_or(u64::MAX);
        let now = self.core.config.clock.now().as_millis();
        let filter = EndedCallFilter {
            account: Some(info.account.clone()),
            from: Some(Timestamp::from_millis(now.saturating_sub(ttl))),
            limit: 1,
            ..EndedCallFilter::default()
        };
        let has_ended = || async {
            let ended = self.core.store.ended_calls(&info.app, &filter).await;
            ended.is_ok_and(|ended| !ended.is_empty())
        };
        let may_think_so = goes_on || has_ended().await;
        may_think_so.then(|| json!({ "event": "call_sync", "state": null }))
    }

    /// Messages that were kept while the account was offline, oldest first; they are forgotten with this.
    pub(crate) async fn take_messages(&self, app: &AppId, account: &AccountId) -> Vec<String> {
        let store = &self.core.store;
        // What was kept before the box was open may still be on its way to the store.
        let kept = match store.write(Vec::new()).await {
            Ok(()) => store.messages_of(app, account).await,
            Err(error) => Err(error),
        };
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                tracing::error!(%error, "kept messages could not be read");
                return Vec::new();
            }
        };
        if let Some((newest, _)) = kept.last() {
            let forget = Op::ForgetMessages {
                app: app.clone(),
                account: account.clone(),
                until: *newest,
            };
            if let Err(error) = store.write(vec![forget]).await {
                tracing::error!(%error, "messages were not forgotten and will come again");
            }
        }
        kept.into_iter().map(|(_, body)| body).collect()
    }
}
