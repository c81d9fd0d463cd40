//! Accounts outside rooms; over the WebSocket only.

use lianmai_rooms::AccountId;
use serde::{Deserialize, Serialize};

/// A message to all devices of an account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageAccount {
    pub(crate) to: AccountId,
    /// Any JSON of at most 4096 bytes; passed on unread.
    pub(crate) data: serde_json::Value,
}

/// Whether a device was there to get it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Delivered {
    pub(crate) delivered: bool,
}

/// Accounts to look for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskPresence {
    pub(crate) accounts: Vec<AccountId>,
}

/// Those that are connected.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Presence {
    pub(crate) online: Vec<AccountId>,
}
