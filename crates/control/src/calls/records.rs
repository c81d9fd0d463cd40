//! Calls that have ended, on request.

use lianmai_rooms::call::{CallId, Record, Rejection, Status};
use lianmai_rooms::{AccountId, AppId, Timestamp};

use crate::service::{Service, ServiceError};

/// Which to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndedCallFilter {
    /// Only those with this account.
    pub account: Option<AccountId>,
    /// Only those that ended so.
    pub status: Option<Status>,
    /// Only those that ended at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that ended before this time.
    pub until: Option<Timestamp>,
    /// Go on after this position.
    pub after: Option<i64>,
    /// Most to return; cut to 500.
    pub limit: usize,
}

/// A call that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedCall {
    /// Place in the list, for paging; grows.
    pub position: i64,
    /// What stays of it.
    pub record: Record,
}

impl Service {
    /// Calls that have ended, newest first.
    ///
    /// # Errors
    /// `unknown_app`, `store_unavailable`.
    pub async fn ended_calls(
        &self,
        app: &AppId,
        filter: &EndedCallFilter,
    ) -> Result<Vec<EndedCall>, ServiceError> {
        self.core.apps.require(app)?;
        Ok(self.core.store.ended_calls(app, filter).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// `no_such_call`, `store_unavailable`.
    pub async fn ended_call(&self, app: &AppId, call: &CallId) -> Result<EndedCall, ServiceError> {
        let found = self.core.store.ended_call(app, call).await?;
        found.ok_or_else(|| Rejection::NoSuchCall.into())
    }
}
