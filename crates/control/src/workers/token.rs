//! Tokens of internal URLs: a worker's right to play or publish one form of one stream, for a minute.
//!
//! Form: `w1.<expiry>.<mac>`. The MAC covers app, stream with its form, action and expiry. The key is drawn when the
//! gateway starts and never leaves the process: a worker that was taken over by what it decodes knows the workers'
//! secret, but cannot make itself a token for another stream.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use lianmai_hub::{Action, StreamKey};
use lianmai_rooms::Timestamp;
use sha2::Sha256;

use crate::service::random;

/// Query parameter that carries the token.
pub(crate) const PARAMETER: &str = "w=";

const LABEL: &[u8] = b"lianmai/worker-url/1\n";
/// `w1.`, the digits of any expiry, and 43 characters of the MAC.
const MAX_LEN: usize = 96;

/// Signs and checks internal tokens.
pub(crate) struct InternalKey([u8; 32]);

/// Why an internal token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Malformed,
    BadSignature,
    Expired,
}

impl InternalKey {
    pub(crate) fn random() -> Self {
        Self(random::bytes())
    }

    /// A token that is refused from the Unix second `expires_at_secs` on.
    pub(crate) fn sign(&self, key: &StreamKey, action: Action, expires_at_secs: u64) -> String {
        let body = format!("w1.{expires_at_secs}");
        let mac = self
            .mac(key, action, &body)
            .map(|mac| mac.finalize().into_bytes());
        let mac = mac.map_or_else(String::new, |bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!("{body}.{mac}")
    }

    /// Checks the signature (in constant time), then the expiry.
    pub(crate) fn verify(
        &self,
        key: &StreamKey,
        action: Action,
        token: &str,
        now: Timestamp,
    ) -> Result<(), TokenFault> {
        if token.len() > MAX_LEN {
            return Err(TokenFault::Malformed);
        }
        let (body, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let expiry = body.strip_prefix("w1.").ok_or(TokenFault::Malformed)?;
        let expires_at_secs: u64 = expiry.parse().map_err(|_| TokenFault::Malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenFault::Malformed)?;
        // The text itself is signed, so another way to write the number is another token.
        let mac = self.mac(key, action, body).ok_or(TokenFault::BadSignature)?;
        mac.verify_slice(&signature)
            .map_err(|_| TokenFault::BadSignature)?;
        if now.as_secs() >= expires_at_secs {
            return Err(TokenFault::Expired);
        }
        Ok(())
    }

    /// Names cannot contain a line break, so the parts cannot run into each other.
    fn mac(&self, key: &StreamKey, action: Action, body: &str) -> Option<Hmac<Sha256>> {
        let parts = [key.app(), key.stream(), action.as_str(), body].join("\n");
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        Some(mac.chain_update(LABEL).chain_update(parts))
    }
}

impl std::fmt::Debug for InternalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InternalKey(..)")
    }
}

/// The first internal token of a query.
pub(crate) fn internal_token(query: &str) -> Option<&str> {
    let mut found = query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.strip_prefix(PARAMETER));
    found.next().filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use lianmai_hub::Form;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn stream() -> StreamKey {
        StreamKey::new("demo", "s1")
    }

    #[test]
    fn a_token_is_good_for_its_key_action_and_time_alone() {
        let signer = InternalKey::random();
        let key = stream().form(Form::Opus);
        let token = signer.sign(&key, Action::Publish, 1_060);
        assert_eq!(signer.verify(&key, Action::Publish, &token, NOW), Ok(()));
        let refused = |key: &StreamKey, action| signer.verify(key, action, &token, NOW);
        assert_eq!(refused(&key, Action::Play), Err(TokenFault::BadSignature));
        let others = [
            stream(),
            stream().form(Form::Rtc),
            stream().form(Form::Aac),
            StreamKey::new("demo", "s2").form(Form::Opus),
            StreamKey::new("other", "s1").form(Form::Opus),
        ];
        for other in others {
            assert_eq!(
                refused(&other, Action::Publish),
                Err(TokenFault::BadSignature),
                "{other}"
            );
        }
        let late = Timestamp::from_secs(1_060);
        assert_eq!(
            signer.verify(&key, Action::Publish, &token, late),
            Err(TokenFault::Expired)
        );
        let stranger = InternalKey::random();
        assert_eq!(
            stranger.verify(&key, Action::Publish, &token, NOW),
            Err(TokenFault::BadSignature)
        );
    }

    #[test]
    fn every_change_of_a_character_is_refused() {
        let signer = InternalKey::random();
        let key = stream().form(Form::H264);
        let token = signer.sign(&key, Action::Publish, 1_060);
        for at in 0..token.len() {
            assert!(signer.verify(&key, Action::Publish, &token[..at], NOW).is_err());
            for other in ['A', 'b', '0', '9', '.', '_', '=', '+', ' ', '\u{0}'] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
                let verdict = signer.verify(&key, Action::Publish, &changed, NOW);
                assert!(verdict.is_err() || changed == token, "{changed}");
            }
        }
        for odd in [
            "",
            ".",
            "w1.",
            "w1..",
            "w1.+1060.x",
            "w2.1060.AAAA",
            &"w".repeat(5_000),
        ] {
            assert!(signer.verify(&key, Action::Publish, odd, NOW).is_err(), "{odd}");
        }
    }

    #[test]
    fn the_token_is_found_in_any_query() {
        for query in ["w=abc", "?w=abc&coalesce=0", "only=audio&w=abc", "w=abc&w=def"] {
            assert_eq!(internal_token(query), Some("abc"), "{query}");
        }
        for query in ["", "w=", "t=abc", "xw=abc", "W=abc"] {
            assert_eq!(internal_token(query), None, "{query}");
        }
    }
}
