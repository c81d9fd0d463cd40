//! Tickets: a signed, short-lived right to join one room with one role.
//!
//! Form: `t1.<claims>.<mac>`, claims being base64url of JSON. The MAC covers the claims' text. A ticket may be used more
//! than once until it expires.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secret::Purpose;
use crate::{AccountId, AppId, Role, RoomId, Secret, TicketId, Timestamp};

/// Longest ticket that is looked at.
pub const MAX_TICKET_LEN: usize = 2048;

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketClaims {
    /// Serial, for the log.
    pub id: TicketId,
    /// App.
    pub app: AppId,
    /// The one room.
    pub room: RoomId,
    /// Highest role it entitles to.
    pub role: Role,
    /// The one account; `None` = whoever holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// First Unix second at which it is refused.
    pub expires_at_secs: u64,
}

/// Why a ticket was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TicketError {
    /// Not of the form of a ticket.
    #[error("the ticket is malformed")]
    Malformed,
    /// Not signed by this app, or changed.
    #[error("the ticket is not valid")]
    BadSignature,
    /// Signed for another app.
    #[error("the ticket is for another app")]
    WrongApp,
    /// No longer valid.
    #[error("the ticket has expired")]
    Expired,
}

impl TicketError {
    /// Stable machine-readable code; the same as [`Rejection`](crate::Rejection)'s where both can find the fault.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_ticket",
            Self::BadSignature => "invalid_ticket",
            Self::WrongApp => "wrong_ticket",
            Self::Expired => "expired_ticket",
        }
    }
}

/// Claims whose signature was checked; made only by [`Ticket::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTicket(TicketClaims);

impl VerifiedTicket {
    /// What the ticket says.
    #[must_use]
    pub const fn claims(&self) -> &TicketClaims {
        &self.0
    }
}

/// Signing and checking of tickets.
#[derive(Debug, Clone, Copy)]
pub enum Ticket {}

impl Ticket {
    /// Signs the claims. The secret must be that of `claims.app`.
    #[must_use]
    pub fn sign(secret: &Secret, claims: &TicketClaims) -> String {
        // Plain structs of strings and numbers always serialise; an empty body would be refused as malformed.
        let json = serde_json::to_vec(claims).unwrap_or_default();
        let body = format!("t1.{}", URL_SAFE_NO_PAD.encode(json));
        let mac = mac(secret, &body).finalize().into_bytes();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Checks signature (in constant time), app and expiry. That room and account fit is checked on joining.
    ///
    /// # Errors
    /// [`TicketError`] says which of them failed.
    pub fn verify(
        secret: &Secret,
        app: &AppId,
        ticket: &str,
        now: Timestamp,
    ) -> Result<VerifiedTicket, TicketError> {
        if ticket.len() > MAX_TICKET_LEN {
            return Err(TicketError::Malformed);
        }
        let (body, signature) = ticket.rsplit_once('.').ok_or(TicketError::Malformed)?;
        let json = body.strip_prefix("t1.").ok_or(TicketError::Malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TicketError::Malformed)?;
        mac(secret, body)
            .verify_slice(&signature)
            .map_err(|_| TicketError::BadSignature)?;
        let json = URL_SAFE_NO_PAD.decode(json).map_err(|_| TicketError::Malformed)?;
        let claims: TicketClaims = serde_json::from_slice(&json).map_err(|_| TicketError::Malformed)?;
        if claims.app != *app {
            return Err(TicketError::WrongApp);
        }
        if now.as_secs() >= claims.expires_at_secs {
            return Err(TicketError::Expired);
        }
        Ok(VerifiedTicket(claims))
    }
}

fn mac(secret: &Secret, body: &str) -> impl Mac {
    secret.mac(Purpose::Ticket).chain_update(body)
}
