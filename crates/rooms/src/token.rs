//! Tokens in push and pull URLs: a signed, expiring right to push or pull one stream.
//!
//! Form: `v1.<action>.<expiry>.<version>.<holder>.<mac>`, characters `[A-Za-z0-9_.-]` only, so that it survives every
//! URL parser. The MAC covers app, stream and the text before it as it stands, so no two texts mean the same token.
//! Checking needs no lookup; whether the version is still current is asked of [`Room::check_url`](crate::Room::check_url).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secret::Purpose;
use crate::{AppId, MemberId, Secret, StreamId, Timestamp};

/// Longest token that is looked at.
pub const MAX_TOKEN_LEN: usize = 256;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamAction {
    /// Send media.
    Push,
    /// Receive media.
    Pull,
}

impl StreamAction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamClaims {
    /// What it allows.
    pub action: StreamAction,
    /// First Unix second at which it is refused.
    pub expires_at_secs: u64,
    /// URL version of the stream it was made for.
    pub version: u32,
    /// The member it was given to; ends with that member's stay. `None`: given to the app.
    pub holder: Option<MemberId>,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not of the form of a token.
    #[error("the token is malformed")]
    Malformed,
    /// Not signed by this app for this stream, or changed.
    #[error("the token is not valid for this stream")]
    BadSignature,
    /// Signed for the other action.
    #[error("the token is for another action")]
    WrongAction,
    /// No longer valid.
    #[error("the token has expired")]
    Expired,
}

impl TokenError {
    /// Stable machine-readable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_token",
            Self::BadSignature => "invalid_token",
            Self::WrongAction => "wrong_action",
            Self::Expired => "expired_token",
        }
    }
}

/// Signing and checking of push and pull tokens.
#[derive(Debug, Clone, Copy)]
pub enum StreamToken {}

impl StreamToken {
    /// Signs the claims for one stream of one app.
    #[must_use]
    pub fn sign(secret: &Secret, app: &AppId, stream: &StreamId, claims: &StreamClaims) -> String {
        let StreamClaims {
            action,
            expires_at_secs,
            version,
            holder,
        } = claims;
        let holder = holder.as_ref().map_or("", MemberId::as_str);
        let body = format!("v1.{}.{expires_at_secs}.{version}.{holder}", action.as_str());
        let mac = mac(secret, app, stream, &body).finalize().into_bytes();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Checks signature (in constant time), then action, then expiry.
    ///
    /// # Errors
    /// [`TokenError`] says which of them failed.
    pub fn verify(
        secret: &Secret,
        app: &AppId,
        stream: &StreamId,
        action: StreamAction,
        token: &str,
        now: Timestamp,
    ) -> Result<StreamClaims, TokenError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(TokenError::Malformed);
        }
        let (body, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let claims = parse(body).ok_or(TokenError::Malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenError::Malformed)?;
        mac(secret, app, stream, body)
            .verify_slice(&signature)
            .map_err(|_| TokenError::BadSignature)?;
        if claims.action != action {
            return Err(TokenError::WrongAction);
        }
        if now.as_secs() >= claims.expires_at_secs {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }
}

fn parse(body: &str) -> Option<StreamClaims> {
    let mut parts = body.split('.');
    if parts.next()? != "v1" {
        return None;
    }
    let action = match parts.next()? {
        "push" => StreamAction::Push,
        "pull" => StreamAction::Pull,
        _ => return None,
    };
    let expires_at_secs = parts.next()?.parse().ok()?;
    let version = parts.next()?.parse().ok()?;
    let holder = match parts.next()? {
        "" => None,
        holder => Some(MemberId::parse(holder).ok()?),
    };
    if parts.next().is_some() {
        return None;
    }
    Some(StreamClaims {
        action,
        expires_at_secs,
        version,
        holder,
    })
}

/// Ids cannot contain a line break, so the parts cannot run into each other.
fn mac(secret: &Secret, app: &AppId, stream: &StreamId, body: &str) -> impl Mac {
    secret
        .mac(Purpose::StreamUrl)
        .chain_update(app.as_str())
        .chain_update("\n")
        .chain_update(stream.as_str())
        .chain_update("\n")
        .chain_update(body)
}
