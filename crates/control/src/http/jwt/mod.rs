//! The signed token with which a connection proves who it is (RFC 7519, HS256 under the app's secret).
//!
//! Only HS256 is known to this process: the crypto provider has no other algorithm, so `none` and key confusion are
//! refused before any claim is read. `exp` is required and may not lie further ahead than the policy allows.
//! Does not decide what a caller may do: that is the room's matter.

mod claims;
mod hs256;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lianmai_rooms::{AppId, Secret, Timestamp};
use thiserror::Error;

pub use claims::{Claims, Scope};

/// Longest token that is looked at, in bytes.
pub const MAX_JWT_LEN: usize = 4096;

/// How strictly times are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JwtPolicy {
    /// How far clocks may differ, in seconds.
    pub leeway_secs: u64,
    /// How far ahead `exp` may lie, in seconds; a token for longer is refused.
    pub max_lifetime_secs: u64,
}

impl Default for JwtPolicy {
    /// 10 s of leeway, 7 days of life.
    fn default() -> Self {
        Self {
            leeway_secs: 10,
            max_lifetime_secs: 7 * 24 * 3600,
        }
    }
}

/// Why a token was refused, or could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwtError {
    /// Not of the form of a token of ours, or of another algorithm than HS256.
    #[error("the token is malformed or not signed with HS256")]
    Malformed,
    /// Not signed by the app it names, or the app does not exist.
    #[error("the token is not valid")]
    BadSignature,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` lies further ahead than the policy allows.
    #[error("the token is valid for longer than is allowed")]
    LivesTooLong,
}

impl JwtError {
    /// Stable machine-readable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_token",
            Self::BadSignature => "invalid_token",
            Self::Expired => "expired_token",
            Self::NotYetValid => "token_not_yet_valid",
            Self::LivesTooLong => "token_lives_too_long",
        }
    }
}

/// Signs the claims with the secret of the app they name.
///
/// # Errors
/// [`JwtError::Malformed`] if the claims cannot be encoded, which no valid [`Claims`] gives.
pub fn sign(claims: &Claims, secret: &Secret) -> Result<String, JwtError> {
    hs256::install();
    let key = EncodingKey::from_secret(secret.expose());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).map_err(|_| JwtError::Malformed)
}

/// The app that a token says it is from. Nothing is proven by it: it only tells whose secret to verify with.
///
/// # Errors
/// [`JwtError::Malformed`] if the text is not a token.
pub fn app_of(token: &str) -> Result<AppId, JwtError> {
    if token.len() > MAX_JWT_LEN {
        return Err(JwtError::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| JwtError::Malformed)?;
    if header.alg != Algorithm::HS256 {
        return Err(JwtError::Malformed);
    }
    let claims: Claims =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| JwtError::Malformed)?;
    Ok(claims.app)
}

/// Checks signature (in constant time), then times.
///
/// # Errors
/// [`JwtError`] says which of them failed.
pub fn verify(token: &str, secret: &Secret, policy: JwtPolicy, now: Timestamp) -> Result<Claims, JwtError> {
    if token.len() > MAX_JWT_LEN {
        return Err(JwtError::Malformed);
    }
    hs256::install();
    let mut validation = Validation::new(Algorithm::HS256);
    // Times are checked below, against the clock the caller passes in.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(secret.expose());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => JwtError::BadSignature,
            _ => JwtError::Malformed,
        })?
        .claims;
    check_times(&claims, policy, now.as_secs())?;
    Ok(claims)
}

fn check_times(claims: &Claims, policy: JwtPolicy, now: u64) -> Result<(), JwtError> {
    if now >= claims.expires_at_secs.saturating_add(policy.leeway_secs) {
        return Err(JwtError::Expired);
    }
    let latest = now.saturating_add(policy.leeway_secs);
    if claims.not_before_secs.is_some_and(|nbf| nbf > latest)
        || claims.issued_at_secs.is_some_and(|iat| iat > latest)
    {
        return Err(JwtError::NotYetValid);
    }
    let longest = latest.saturating_add(policy.max_lifetime_secs);
    if claims.expires_at_secs > longest {
        return Err(JwtError::LivesTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use lianmai_rooms::{AccountId, Role, RoomId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn secret() -> Secret {
        Secret::new(b"q7Jx2mVd9TzKc4Rw8LbNh3Ys6PfGu1Ea").unwrap()
    }

    fn claims() -> Claims {
        let mut claims = Claims::new(
            AppId::parse("demo").unwrap(),
            AccountId::parse("ann").unwrap(),
            NOW.as_secs() + 60,
        );
        claims.room = Some(RoomId::parse("r1").unwrap());
        claims.role = Some(Role::Talker);
        claims
    }

    fn check(token: &str) -> Result<Claims, JwtError> {
        verify(token, &secret(), JwtPolicy::default(), NOW)
    }

    /// A token with any header and payload, signed as HS256 would be.
    fn forged(header: &str, payload: &str) -> String {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let body = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret().expose()).unwrap();
        mac.update(body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn what_is_signed_verifies() {
        let token = sign(&claims(), &secret()).unwrap();
        assert_eq!(check(&token), Ok(claims()));
        assert_eq!(app_of(&token).unwrap().as_str(), "demo");
        let payload = r#"{"app":"demo","sub":"ann","exp":1800000060,"scope":"app","foo":1}"#;
        assert_eq!(
            check(&forged(r#"{"alg":"HS256"}"#, payload)).unwrap().scope,
            Scope::App
        );
    }

    /// R-K3: nothing but HS256 under the app's own secret is accepted.
    #[test]
    fn other_algorithms_and_other_keys_are_refused() {
        let payload = r#"{"iss":"demo","sub":"ann","exp":1800000060}"#;
        for alg in [
            "none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256",
        ] {
            let token = forged(&format!(r#"{{"alg":"{alg}"}}"#), payload);
            assert_eq!(check(&token), Err(JwtError::Malformed), "{alg}");
            assert_eq!(app_of(&token), Err(JwtError::Malformed), "{alg}");
        }
        let unsigned = forged(r#"{"alg":"HS256"}"#, payload);
        let (body, _) = unsigned.rsplit_once('.').unwrap();
        assert_eq!(check(&format!("{body}.")), Err(JwtError::BadSignature));
        let other = Secret::new(b"Zk3Vt8QpLw1Xn6Rb9YcJd4Hm7SfGa2Ue").unwrap();
        assert_eq!(
            check(&sign(&claims(), &other).unwrap()),
            Err(JwtError::BadSignature)
        );
    }

    #[test]
    fn times_are_checked() {
        let with = |exp: u64, nbf: Option<u64>, iat: Option<u64>| {
            let mut claims = claims();
            (
                claims.expires_at_secs,
                claims.not_before_secs,
                claims.issued_at_secs,
            ) = (exp, nbf, iat);
            check(&sign(&claims, &secret()).unwrap()).map(|_| ())
        };
        let now = NOW.as_secs();
        assert_eq!(with(now - 9, None, None), Ok(()));
        assert_eq!(with(now - 10, None, None), Err(JwtError::Expired));
        assert_eq!(with(0, None, None), Err(JwtError::Expired));
        assert_eq!(with(u64::MAX, None, None), Err(JwtError::LivesTooLong));
        assert_eq!(with(now + 60, Some(now + 11), None), Err(JwtError::NotYetValid));
        assert_eq!(with(now + 60, None, Some(now + 11)), Err(JwtError::NotYetValid));
        assert_eq!(with(now + 60, Some(now + 10), Some(now + 10)), Ok(()));
    }

    #[test]
    fn malformed_tokens_are_refused() {
        let header = r#"{"alg":"HS256"}"#;
        let missing_exp = forged(header, r#"{"iss":"demo","sub":"ann"}"#);
        let two_apps = forged(
            header,
            r#"{"iss":"demo","app":"other","sub":"ann","exp":1800000060}"#,
        );
        let no_app = forged(header, r#"{"sub":"ann","exp":1800000060}"#);
        let bad_sub = forged(header, r#"{"iss":"demo","sub":"a b","exp":1800000060}"#);
        let float_exp = forged(header, r#"{"iss":"demo","sub":"ann","exp":"soon"}"#);
        let long = "a".repeat(MAX_JWT_LEN + 1);
        for bad in [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "\0",
            &long,
            &missing_exp,
            &two_apps,
            &no_app,
            &bad_sub,
            &float_exp,
        ] {
            assert_eq!(check(bad), Err(JwtError::Malformed), "{bad:?}");
            assert_eq!(app_of(bad), Err(JwtError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let token = sign(&claims(), &secret()).unwrap();
        for end in 0..token.len() {
            assert!(check(&token[..end]).is_err(), "{end}");
        }
    }
}
