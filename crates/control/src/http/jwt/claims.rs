//! What a token says.

use lianmai_rooms::{AccountId, AppId, Role, RoomId};
use serde::{Deserialize, Serialize};

/// As whom the holder of a token acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// As the account in `sub`.
    #[default]
    Account,
    /// As the app's own server: may do everything inside its app.
    App,
}

/// Claims of a token (RFC 7519 §4). Unknown claims are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Claims {
    /// `iss`, or `app`: whose secret signed it.
    pub app: AppId,
    /// `sub`: who the holder is.
    pub account: AccountId,
    /// `exp`: first Unix second at which it is refused.
    pub expires_at_secs: u64,
    /// `iat`: Unix second at which it was made.
    pub issued_at_secs: Option<u64>,
    /// `nbf`: Unix second before which it is refused.
    pub not_before_secs: Option<u64>,
    /// `room`: the one room it is for; the holder enters it without password.
    pub room: Option<RoomId>,
    /// `role`: the highest role in that room.
    pub role: Option<Role>,
    /// `scope`.
    pub scope: Scope,
}

impl Claims {
    /// Claims of an account without a room.
    #[must_use]
    pub const fn new(app: AppId, account: AccountId, expires_at_secs: u64) -> Self {
        Self {
            app,
            account,
            expires_at_secs,
            issued_at_secs: None,
            not_before_secs: None,
            room: None,
            role: None,
            scope: Scope::Account,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<AppId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<AppId>,
    sub: AccountId,
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default)]
    scope: Scope,
}

impl TryFrom<Wire> for Claims {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let app = match (wire.iss, wire.app) {
            (Some(iss), Some(app)) if iss != app => return Err("iss and app differ"),
            (Some(app), _) | (None, Some(app)) => app,
            (None, None) => return Err("neither iss nor app"),
        };
        Ok(Self {
            app,
            account: wire.sub,
            expires_at_secs: wire.exp,
            issued_at_secs: wire.iat,
            not_before_secs: wire.nbf,
            room: wire.room,
            role: wire.role,
            scope: wire.scope,
        })
    }
}

impl From<Claims> for Wire {
    fn from(claims: Claims) -> Self {
        Self {
            iss: Some(claims.app),
            app: None,
            sub: claims.account,
            exp: claims.expires_at_secs,
            iat: claims.issued_at_secs,
            nbf: claims.not_before_secs,
            room: claims.room,
            role: claims.role,
            scope: claims.scope,
        }
    }
}
