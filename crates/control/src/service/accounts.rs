//! Accounts outside rooms: messages from one to another, and who is connected.

use axum::extract::ws::Utf8Bytes;
use lianmai_rooms::call::{Addressee, Data};
use lianmai_rooms::{AccountId, AppId, SessionId};
use serde_json::json;

use super::Service;
use crate::calls::{Letter, Post};

impl Service {
    /// Passes a message to all devices of an account that are connected now; whether there is one. It is kept for
    /// nobody. Of the sender's own devices, the one that sends gets none.
    pub(crate) fn message_account(
        &self,
        app: &AppId,
        (from, except): (&AccountId, Option<&SessionId>),
        to: &AccountId,
        data: &Data,
    ) -> bool {
        let core = &self.core;
        if !core.state.lock().sessions.is_connected(app, to) {
            return false;
        }
        let body = json!({
            "event": "account_message",
            "from": from,
            "at": core.config.clock.now(),
            "data": data.as_value(),
        });
        core.effects.mail.post(Letter {
            app: app.clone(),
            to: Addressee::Account {
                account: to.clone(),
                except: except.cloned(),
            },
            post: Post::Frame {
                text: Utf8Bytes::from(body.to_string()),
                call: None,
            },
        });
        metrics::counter!("lianmai_account_messages_total").increment(1);
        true
    }

    /// Those of these accounts that are connected with at least one device.
    pub(crate) fn connected_of(&self, app: &AppId, accounts: Vec<AccountId>) -> Vec<AccountId> {
        let state = self.core.state.lock();
        let is_connected = |account: &AccountId| state.sessions.is_connected(app, account);
        accounts.into_iter().filter(is_connected).collect()
    }
}
