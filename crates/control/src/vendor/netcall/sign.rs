//! What the look-ups sign, so that nothing is kept between a look-up and a login: checksums and channel tokens.
//!
//! Both are HMAC-SHA256 under keys derived from the app's secret. A checksum is the time and a MAC, forty hexadecimal
//! digits as the vendor's. A token is `n1.<claims>.<mac>`, claims being base64url of JSON; it is signed, not hidden.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use lianmai_rooms::{AccountId, Role, RoomId, RoomName, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::uid::Uid;

/// How long a checksum is good for, in seconds.
const CHECKSUM_SECS: u64 = 300;
/// How far clocks of gateways that share a database may differ, in seconds.
const SKEW_SECS: u64 = 10;
/// How long a token is good for, in seconds: clients repeat their login with it for as long as a call lasts.
const TOKEN_SECS: u64 = 24 * 3600;
/// Longest token that is looked at.
pub(super) const MAX_TOKEN: usize = 12 * 1024;

/// The room that a channel was at its look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// Its id.
    pub(super) room: RoomId,
    /// When it was created: another room of the same id is another channel.
    pub(super) created_at: Timestamp,
}

/// An account that was proven at the look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proven {
    /// Which.
    pub(super) account: AccountId,
    /// The one room it may enter, if there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<RoomId>,
    /// Its highest role there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Role>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    /// What the client calls the app.
    pub(super) key: String,
    /// Whom it has proven to be. Logins are repeated long after what proved it has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proven: Option<Proven>,
    /// What is yet to prove who it is, if anything.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) shown: String,
    /// Channel.
    pub(super) channel: RoomName,
    /// Who looked it up.
    pub(super) uid: Uid,
    /// Whether it is to be for two.
    pub(super) p2p: bool,
    /// The room, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<Known>,
    /// When it was looked up, in Unix seconds.
    pub(super) at: u64,
}

/// Claims whose signature nobody has checked yet.
#[derive(Debug)]
pub(super) struct Unproven<'a> {
    claims: Claims,
    body: &'a str,
    mac: Vec<u8>,
}

/// The checksum for this client of an app.
pub(super) fn checksum(secret: &Secret, key: &str, uid: Uid, now: Timestamp) -> String {
    let secs = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
    let mac = checksum_mac(secret, key, uid, secs);
    let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{secs:08x}{mac}")
}

/// Whether a checksum is ours, for this client, and young enough.
pub(super) fn is_checksum(secret: &Secret, key: &str, uid: Uid, checksum: &str, now: Timestamp) -> bool {
    let Some((secs, mac)) = checksum.split_at_checked(8) else {
        return false;
    };
    let Ok(at) = u32::from_str_radix(secs, 16) else {
        return false;
    };
    let expected = checksum_mac(secret, key, uid, at);
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    let same: bool = expected.as_bytes().ct_eq(mac.as_bytes()).into();
    let (at, now) = (u64::from(at), now.as_secs());
    same && at <= now.saturating_add(SKEW_SECS) && now < at.saturating_add(CHECKSUM_SECS)
}

fn checksum_mac(secret: &Secret, key: &str, uid: Uid, secs: u32) -> [u8; 16] {
    let text = serde_json::to_vec(&(key, uid, secs)).unwrap_or_default();
    let full: [u8; 32] = mac(secret, b"lianmai/netcall-checksum/1", &text)
        .finalize()
        .into_bytes()
        .into();
    let mut half = [0; 16];
    half.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    half
}

impl Claims {
    /// The token.
    pub(super) fn sign(&self, secret: &Secret) -> String {
        // Plain structs of texts and numbers always serialise; an empty body would be refused on the way back.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let body = format!("n1.{}", URL_SAFE_NO_PAD.encode(json));
        let mac = token_mac(secret, &body).finalize().into_bytes();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac))
    }
}

impl<'a> Unproven<'a> {
    /// Reads a token.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (body, mac) = token.rsplit_once('.')?;
        let json = URL_SAFE_NO_PAD.decode(body.strip_prefix("n1.")?).ok()?;
        Some(Self {
            claims: serde_json::from_slice(&json).ok()?,
            body,
            mac: URL_SAFE_NO_PAD.decode(mac).ok()?,
        })
    }

    /// The app whose secret is to be checked with, as the client calls it.
    pub(super) fn key(&self) -> &str {
        &self.claims.key
    }

    /// What it says, if the signature is right and its time not over.
    pub(super) fn prove(self, secret: &Secret, now: Timestamp) -> Option<Claims> {
        token_mac(secret, self.body).verify_slice(&self.mac).ok()?;
        let (at, now) = (self.claims.at, now.as_secs());
        let is_now = at <= now.saturating_add(SKEW_SECS) && now < at.saturating_add(TOKEN_SECS);
        is_now.then_some(self.claims)
    }
}

fn token_mac(secret: &Secret, body: &str) -> Hmac<Sha256> {
    mac(secret, b"lianmai/netcall-token/1", body.as_bytes())
}

/// A MAC under the key for one purpose.
fn mac(secret: &Secret, purpose: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let derived = keyed(secret.expose())
        .chain_update(purpose)
        .finalize()
        .into_bytes();
    keyed(&derived).chain_update(text)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the other arm is never reached.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn secret(text: &[u8; 32]) -> Secret {
        Secret::new(text).unwrap()
    }

    fn ours() -> Secret {
        secret(b"q7Jx2mVd9TzKc4Rw8LbNh3Ys6PfGu1Ea")
    }

    fn theirs() -> Secret {
        secret(b"Zk3Vt8QpLw1Xn6Rb9YcJd4Hm7SfGa2Ue")
    }

    fn after(secs: u64) -> Timestamp {
        Timestamp::from_secs(NOW.as_secs() + secs)
    }

    fn claims() -> Claims {
        Claims {
            key: "k".to_owned(),
            proven: Some(Proven {
                account: AccountId::parse("ann").unwrap(),
                room: None,
                role: Some(Role::Talker),
            }),
            shown: "x".to_owned(),
            channel: RoomName::parse("房间").unwrap(),
            uid: Uid::new(7).unwrap(),
            p2p: true,
            known: Some(Known {
                room: RoomId::parse("r").unwrap(),
                created_at: NOW,
            }),
            at: NOW.as_secs(),
        }
    }

    #[test]
    fn checksums_are_for_one_client_and_a_while() {
        let uid = Uid::new(7).unwrap();
        let sum = checksum(&ours(), "k", uid, NOW);
        assert_eq!(sum.len(), 40);
        let good =
            |key: &str, uid: u64, sum: &str, at| is_checksum(&ours(), key, Uid::new(uid).unwrap(), sum, at);
        assert!(good("k", 7, &sum, NOW) && good("k", 7, &sum, after(299)));
        assert!(!good("k", 7, &sum, after(300)));
        assert!(!good("k", 8, &sum, NOW) && !good("other", 7, &sum, NOW));
        assert!(!is_checksum(&theirs(), "k", uid, &sum, NOW));
        for bad in [
            "",
            "6b49d200",
            &sum[1..],
            &sum[..39],
            "房房房房房房房房",
            &format!("{sum}0"),
        ] {
            assert!(!good("k", 7, bad, NOW), "{bad}");
        }
        let ahead = checksum(&ours(), "k", uid, after(60));
        assert!(!good("k", 7, &ahead, NOW));
    }

    #[test]
    fn tokens_round_trip_and_cannot_be_changed() {
        let token = claims().sign(&ours());
        let unproven = Unproven::parse(&token).unwrap();
        assert_eq!(unproven.key(), "k");
        assert_eq!(unproven.prove(&ours(), after(3600)), Some(claims()));
        assert!(Unproven::parse(&token).unwrap().prove(&theirs(), NOW).is_none());
        assert!(
            Unproven::parse(&token)
                .unwrap()
                .prove(&ours(), after(24 * 3600))
                .is_none()
        );
        for end in 0..token.len() {
            let cut = Unproven::parse(&token[..end]).and_then(|cut| cut.prove(&ours(), NOW));
            assert!(cut.is_none(), "{end}");
        }
        let mut other = claims();
        other.uid = Uid::new(8).unwrap();
        let other = other.sign(&theirs());
        let (body, _) = other.rsplit_once('.').unwrap();
        let (_, mac) = token.rsplit_once('.').unwrap();
        let forged = format!("{body}.{mac}");
        assert!(Unproven::parse(&forged).unwrap().prove(&ours(), NOW).is_none());
        assert!(Unproven::parse(&"n1.".repeat(9_000)).is_none());
    }
}
