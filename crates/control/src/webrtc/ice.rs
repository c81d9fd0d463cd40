//! STUN and TURN servers for clients, with credentials that expire.
//!
//! Those of a TURN server are made of a secret that it shares with the gateway (draft-uberti-behave-turn-rest, coturn's
//! `use-auth-secret`): the user name says until when they are valid and for whom, the password is a MAC of it. Nothing
//! is stored, on neither side.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lianmai_bridge::IceServer;
use lianmai_rooms::Timestamp;
use sha1::Sha1;

use crate::outbound::is_public;

/// What a TURN server shares with the gateway. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnSecret(String);

impl TurnSecret {
    /// This secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }
}

impl std::fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TurnSecret(..)")
    }
}

/// The servers there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceConfig {
    /// `stun:` URLs.
    pub stun: Vec<String>,
    /// `turn:` and `turns:` URLs; they share one secret.
    pub turn: Vec<String>,
    /// Without it no TURN server is handed out.
    pub secret: Option<TurnSecret>,
    /// How long credentials are valid.
    pub ttl: Duration,
}

impl Default for IceConfig {
    fn default() -> Self {
        Self {
            stun: Vec::new(),
            turn: Vec::new(),
            secret: None,
            ttl: Duration::from_secs(24 * 3600),
        }
    }
}

impl IceConfig {
    /// The servers, with credentials for `user` from `now` on.
    pub(crate) fn servers(&self, user: &str, now: Timestamp) -> Vec<IceServer> {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(IceServer {
                urls: self.stun.clone(),
                username: None,
                credential: None,
            });
        }
        if let Some(secret) = self.secret.as_ref().filter(|_| !self.turn.is_empty()) {
            let username = format!("{}:{user}", now.as_secs().saturating_add(self.ttl.as_secs()));
            servers.push(IceServer {
                urls: self.turn.clone(),
                credential: Some(password(secret, &username)),
                username: Some(username),
            });
        }
        servers
    }
}

/// Whether a `stun:` or `turn:` URL (RFC 7064, RFC 7065) names a private, loopback or link-local address: clients
/// elsewhere do not reach it, and a relay there would open what is behind it. Names are looked up by clients, not here.
#[must_use]
pub fn names_private_address(url: &str) -> bool {
    let (_, rest) = url.split_once(':').unwrap_or_default();
    let authority = rest.split('?').next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let local = name == "localhost" || name.ends_with(".localhost");
    local || name.parse::<IpAddr>().is_ok_and(|address| !is_public(address))
}

fn password(TurnSecret(secret): &TurnSecret, username: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The servers as values of `Link` headers, one per URL (RFC 9725 §4.6).
pub(super) fn links(servers: &[IceServer]) -> Vec<String> {
    let link = |server: &IceServer, url: &String| {
        let mut link = format!("<{url}>; rel=\"ice-server\"");
        if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
            link += &format!(
                "; username={}; credential={}",
                quoted(username),
                quoted(credential)
            );
            link += "; credential-type=\"password\"";
        }
        link
    };
    let all = servers.iter();
    all.flat_map(|server| server.urls.iter().map(move |url| link(server, url)))
        .collect()
}

/// A quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> IceConfig {
        IceConfig {
            stun: vec!["stun:stun.example.com:3478".into()],
            turn: vec!["turn:turn.example.com:3478?transport=udp".into()],
            secret: Some(TurnSecret::new("north".into())),
            ttl: Duration::from_secs(3600),
        }
    }

    /// Computed with `printf 1433895918:ann | openssl dgst -sha1 -hmac north -binary | base64`.
    #[test]
    fn credentials_are_what_coturn_expects() {
        let servers = config().servers("ann", Timestamp::from_secs(1_433_892_318));
        assert_eq!(servers[1].username.as_deref(), Some("1433895918:ann"));
        assert_eq!(
            servers[1].credential.as_deref(),
            Some("zAlhH20kpuDJR8ZKdq5vyQV+Ung=")
        );
        assert_eq!((&servers[0].username, &servers[0].credential), (&None, &None));
    }

    #[test]
    fn without_a_secret_there_is_no_turn() {
        let config = IceConfig {
            secret: None,
            ..config()
        };
        let servers = config.servers("ann", Timestamp::from_secs(1));
        assert_eq!(servers.len(), 1);
        assert!(
            IceConfig::default()
                .servers("ann", Timestamp::from_secs(1))
                .is_empty()
        );
    }

    #[test]
    fn links_name_each_url() {
        let mut servers = config().servers("a\"\\b", Timestamp::from_secs(0));
        servers[1].urls.push("turns:turn.example.com".into());
        let links = links(&servers);
        assert_eq!(links.len(), 3);
        assert_eq!(links[0], "<stun:stun.example.com:3478>; rel=\"ice-server\"");
        assert!(links[1].starts_with("<turn:turn.example.com:3478?transport=udp>; rel=\"ice-server\"; username=\"3600:a\\\"\\\\b\"; credential=\""));
        assert!(links[2].ends_with("credential-type=\"password\""));
    }

    #[test]
    fn private_addresses_are_told() {
        for url in [
            "turn:127.0.0.1:3478?transport=udp",
            "turns:10.1.2.3",
            "turn:[::1]:3478",
            "turn:[fd00::1]",
            "stun:192.168.0.9",
            "turn:localhost",
            "turn:turn.LOCALHOST.:3478",
        ] {
            assert!(names_private_address(url), "{url}");
        }
        for url in [
            "turn:turn.example.com:3478",
            "stun:8.8.8.8",
            "turns:[2606:4700::1111]:5349?transport=tcp",
            "turn:",
        ] {
            assert!(!names_private_address(url), "{url}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert!(!format!("{:?}", config()).contains("north"));
    }
}
