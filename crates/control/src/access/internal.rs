//! Grants for the gateway's own clients: workers that read a stream and publish what they make of it.
//!
//! Only an internal token opens a key that names a form, and it opens that key for one action over RTMP; mixes, which
//! have no owner, are published with one, too. The grant has no holder, no limit of its bit rate, and epoch 0: the newest
//! job of a rendition or mix replaces an older one. No app is
//! asked, and nothing is counted against an app's limits.

use lianmai_hub::{AccessRequest, Denial, Grant, Protocol, StreamKey};
use lianmai_rooms::{AppId, StreamId, Timestamp};

use super::authorise::deny;
use crate::workers::{InternalKey, TokenFault};

/// The key and grant that `token` opens. Whether the stream is still there, and is one that workers may publish, is for
/// the caller to see.
pub(super) fn grant(
    signer: &InternalKey,
    request: &AccessRequest,
    token: &str,
    now: Timestamp,
) -> Result<(AppId, StreamId, Grant), Denial> {
    if !matches!(request.protocol, Protocol::Rtmp | Protocol::Rtmps) {
        return Err(deny("wrong_protocol", "the URL is for RTMP"));
    }
    let unknown = || deny("unknown_stream", "there is no such stream");
    let app = AppId::parse(&request.app).map_err(|_| unknown())?;
    let key = StreamKey::new(app.as_str(), &request.stream);
    let plain = key.plain();
    let stream = StreamId::parse(plain.stream()).map_err(|_| unknown())?;
    // Exactly one way to write each form.
    let form = key.form_of();
    if key != form.map_or_else(|| plain.clone(), |form| plain.form(form)) {
        return Err(unknown());
    }
    signer
        .verify(&key, request.action, token, now)
        .map_err(|fault| match fault {
            TokenFault::Malformed => deny("token_malformed", "the token is malformed"),
            TokenFault::BadSignature => deny("token_signature", "the token is not valid for this stream"),
            TokenFault::Expired => deny("token_expired", "the URL has expired"),
        })?;
    let grant = Grant {
        key,
        epoch: 0,
        holder: None,
        internal: true,
        max_bitrate: None,
    };
    Ok((app, stream, grant))
}
