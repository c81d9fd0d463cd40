//! Call records on request.

use lianmai_rooms::AppId;

use super::{CallRecordFilter, Service, ServiceError};
use crate::store::CallRecord;

impl Service {
    /// Records of rooms that have ended, newest first, at most 500.
    ///
    /// # Errors
    /// `unknown_app`, `store_unavailable`.
    pub async fn call_records(
        &self,
        app: &AppId,
        filter: &CallRecordFilter,
    ) -> Result<Vec<CallRecord>, ServiceError> {
        self.core.apps.require(app)?;
        Ok(self.core.store.call_records(app, filter).await?)
    }
}
