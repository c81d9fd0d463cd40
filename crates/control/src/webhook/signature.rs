//! The signature of what the gateway posts to an app.
//!
//! `lianmai-signature: v1=<hex of HMAC-SHA256(webhook secret, timestamp "." body)>`. The receiver compares it with its
//! own, refuses time stamps more than a few minutes off, and drops event ids it has seen.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the time of sending in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "lianmai-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "lianmai-signature";
/// Header with the id of the event, the same at every attempt.
pub const EVENT_HEADER: &str = "lianmai-event";
/// Header with the number of the event in its room.
pub const SEQUENCE_HEADER: &str = "lianmai-sequence";
/// Header with the number of the attempt, from 1.
pub const DELIVERY_HEADER: &str = "lianmai-delivery";

/// The signature header's value for a body sent at `timestamp_secs`.
#[must_use]
pub fn sign(webhook_secret: &str, timestamp_secs: u64, body: &[u8]) -> String {
    let Some(mac) = mac(webhook_secret, timestamp_secs, body) else {
        return String::new();
    };
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("v1={hex}")
}

/// Whether `signature` is right for the body. In constant time. The receiver's side; whether the time stamp is recent
/// is for the receiver to judge.
#[must_use]
pub fn verify(webhook_secret: &str, timestamp_secs: u64, body: &[u8], signature: &str) -> bool {
    let Some(hex) = signature.strip_prefix("v1=") else {
        return false;
    };
    let Some(bytes) = decode(hex) else {
        return false;
    };
    mac(webhook_secret, timestamp_secs, body).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
}

fn mac(webhook_secret: &str, timestamp_secs: u64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(webhook_secret.as_bytes()).ok()?;
    Some(mac.chain_update(format!("{timestamp_secs}.")).chain_update(body))
}

fn decode(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() != 64 {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_breaks_the_signature() {
        let signature = sign("key", 1_700_000_000, b"{}");
        assert!(verify("key", 1_700_000_000, b"{}", &signature));
        assert!(!verify("key", 1_700_000_001, b"{}", &signature));
        assert!(!verify("key", 1_700_000_000, b"{ }", &signature));
        assert!(!verify("kez", 1_700_000_000, b"{}", &signature));
        for cut in 0..signature.len() {
            assert!(!verify("key", 1_700_000_000, b"{}", &signature[..cut]));
        }
        assert!(!verify("key", 1_700_000_000, b"{}", "v1=é"));
    }

    /// The value a receiver in another language gets:
    /// `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn the_signature_is_plain_hmac_sha256() {
        assert_eq!(
            sign("key", 1_700_000_000, b"{}"),
            "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        );
    }
}
