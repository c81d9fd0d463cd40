//! Pushes of a room's streams to other places (bypass), and the addresses they go to.
//!
//! An address holds the stream key, which is a secret: only [`PushUrl::expose`] and the room's snapshot give it away;
//! views, events and `Debug` name scheme, host and the first part of the path.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::{Actor, PushId, StreamId, Timestamp};

/// Most pushes of one room.
pub const MAX_PUSHES: usize = 16;

/// Why an address was refused. Says nothing of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PushUrlError {
    /// Longer than [`PushUrl::MAX_LEN`] bytes.
    #[error("a push URL has at most {} bytes", PushUrl::MAX_LEN)]
    TooLong,
    /// Spaces, control characters, a fragment, or other than ASCII.
    #[error("a push URL has only printable ASCII characters and no #")]
    Character,
    /// Neither `rtmp://` nor `rtmps://`.
    #[error("a push URL begins with rtmp:// or rtmps://")]
    Scheme,
    /// No host, a login before it, or a port that is none.
    #[error("a push URL names a host and perhaps a port, without a login")]
    Host,
    /// No application, or no stream name after it.
    #[error("a push URL names an application and a stream: rtmp://host/app/stream")]
    Path,
}

/// Where to push: `rtmp[s]://host[:port]/app/stream[?query]`. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PushUrl(Arc<str>);

impl PushUrl {
    /// Longest address in bytes.
    pub const MAX_LEN: usize = 2_048;

    /// Checks form and length. Whether the host may be reached is for the caller to decide.
    ///
    /// # Errors
    /// [`PushUrlError`]; it never contains the address.
    pub fn parse(text: &str) -> Result<Self, PushUrlError> {
        if text.len() > Self::MAX_LEN {
            return Err(PushUrlError::TooLong);
        }
        if !text.bytes().all(|c| c.is_ascii_graphic() && c != b'#') {
            return Err(PushUrlError::Character);
        }
        let parts = Parts::of(text).ok_or(PushUrlError::Scheme)?;
        parts.check_host().ok_or(PushUrlError::Host)?;
        parts.check_path().ok_or(PushUrlError::Path)?;
        Ok(Self(text.into()))
    }

    /// The whole address, with its secret: for the connection alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.parts().is_some_and(|parts| parts.tls)
    }

    /// The host: a name or an address, of IPv6 without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.parts().and_then(|parts| parts.check_host());
        host.map_or("", |(host, _)| host.trim_start_matches('[').trim_end_matches(']'))
    }

    /// The port: 1935, or 443 where encrypted, if the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        let named = self.parts().and_then(|parts| parts.check_host()?.1);
        named.unwrap_or(if self.is_tls() { 443 } else { 1935 })
    }

    /// What may be shown: scheme, host, port, and the first part of the path.
    #[must_use]
    pub fn shown(&self) -> String {
        let Some(parts) = self.parts() else {
            return String::new();
        };
        let scheme = if parts.tls { "rtmps" } else { "rtmp" };
        format!("{scheme}://{}/{}", parts.authority, parts.app())
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::of(&self.0)
    }
}

impl fmt::Debug for PushUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushUrl({}/..)", self.shown())
    }
}

struct Parts<'a> {
    tls: bool,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "rtmp" => false,
            "rtmps" => true,
            _ => return None,
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Some(Self {
            tls,
            authority,
            path: path.strip_prefix('/').unwrap_or(path),
            query,
        })
    }

    /// Host as written and port, if they are.
    fn check_host(&self) -> Option<(&'a str, Option<u16>)> {
        let bracketed = self.authority.starts_with('[');
        let end = if bracketed {
            self.authority.find(']')? + 1
        } else {
            0
        };
        let (literal, rest) = self.authority.split_at_checked(end)?;
        let (name, port) = match rest.split_once(':') {
            Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|port| *port > 0)?)),
            None => (rest, None),
        };
        if bracketed {
            let address = literal.trim_start_matches('[').trim_end_matches(']');
            let good = name.is_empty() && address.parse::<std::net::Ipv6Addr>().is_ok();
            return good.then_some((literal, port));
        }
        let letter = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
        let good = (1..=253).contains(&name.len()) && name.bytes().all(letter);
        good.then_some((name, port))
    }

    fn app(&self) -> &'a str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// An application, and something after it: a further part of the path, or a query where the CDN has the stream's
    /// name there (`/app/?streamname=…`, `/app?vhost=…/stream`).
    fn check_path(&self) -> Option<()> {
        let mut parts = self.path.split('/');
        let app = parts.next().unwrap_or_default();
        let named = match (parts.next_back(), self.query) {
            (Some(""), query) => query.is_some_and(|query| !query.is_empty()),
            (Some(_), _) => true,
            (None, query) => query
                .and_then(|query| query.rsplit_once('/'))
                .is_some_and(|(_, stream)| !stream.is_empty()),
        };
        (!app.is_empty() && named).then_some(())
    }
}

/// A push to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPush {
    /// Fresh id.
    pub id: PushId,
    /// What is pushed; `None` = the room's mix, whenever there is one.
    pub stream: Option<StreamId>,
    /// Where to.
    pub url: PushUrl,
}

/// A push of a room. It lasts until it is removed, its stream is, or its host leaves; see [`PushEndReason`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Its id.
    pub id: PushId,
    /// What is pushed; `None` = the room's mix, whenever there is one.
    pub stream: Option<StreamId>,
    /// Where to.
    #[serde(serialize_with = "write_secret", deserialize_with = "read_secret")]
    pub url: PushUrl,
    /// Who added it.
    pub by: Actor,
    /// When.
    pub added_at: Timestamp,
}

/// For the snapshot: the only place an address is written to.
fn write_secret<S: Serializer>(url: &PushUrl, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(url.expose())
}

fn read_secret<'de, D: Deserializer<'de>>(from: D) -> Result<PushUrl, D::Error> {
    let text = String::deserialize(from)?;
    PushUrl::parse(&text).map_err(serde::de::Error::custom)
}

/// A push as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushView {
    /// Its id.
    pub id: PushId,
    /// What is pushed; `None` = the room's mix, whenever there is one.
    pub stream: Option<StreamId>,
    /// Where to, as far as it is no secret: scheme, host, and the first part of the path.
    pub target: String,
    /// Who added it.
    pub by: Actor,
    /// When.
    pub added_at: Timestamp,
}

impl From<&Push> for PushView {
    fn from(push: &Push) -> Self {
        Self {
            id: push.id.clone(),
            stream: push.stream.clone(),
            target: push.url.shown(),
            by: push.by.clone(),
            added_at: push.added_at,
        }
    }
}

/// Why a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushEndReason {
    /// It was removed.
    Removed,
    /// Its stream was removed.
    StreamEnded,
    /// The host of the bypass, who added it, left.
    HostLeft,
    /// The room ended.
    RoomEnded,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, PushUrlError> {
        PushUrl::parse(text).map(|url| url.shown())
    }

    #[test]
    fn addresses_as_cdns_give_them() {
        for (text, visible) in [
            (
                "rtmp://a.rtmp.youtube.com/live2/KEY-1",
                "rtmp://a.rtmp.youtube.com/live2",
            ),
            (
                "rtmps://live.example.com:443/rtmp/FB-KEY?s_bl=1&a=K",
                "rtmps://live.example.com:443/rtmp",
            ),
            (
                "rtmp://push.example.com/live-bvc/?streamname=KEY&key=KEY",
                "rtmp://push.example.com/live-bvc",
            ),
            (
                "rtmp://192.0.2.1/live?vhost=d.example/KEY",
                "rtmp://192.0.2.1/live",
            ),
            (
                "RTMP://[2001:db8::1]:1936/app/inst/KEY",
                "rtmp://[2001:db8::1]:1936/app",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(visible), "{text}");
            let url = PushUrl::parse(text).unwrap();
            assert!(!format!("{url:?}").contains("KEY"), "{url:?}");
            assert_eq!(url.expose(), text);
        }
        let url = PushUrl::parse("RTMP://[2001:db8::1]:1936/app/inst/KEY").unwrap();
        assert_eq!(
            (url.host(), url.port(), url.is_tls()),
            ("2001:db8::1", 1936, false)
        );
        let url = PushUrl::parse("rtmps://cdn.example/app/KEY").unwrap();
        assert_eq!((url.host(), url.port(), url.is_tls()), ("cdn.example", 443, true));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, error) in [
            ("", PushUrlError::Scheme),
            ("http://h/app/key", PushUrlError::Scheme),
            ("rtmp:/h/app/key", PushUrlError::Scheme),
            ("rtmp:///app/key", PushUrlError::Host),
            ("rtmp://user:pass@h/app/key", PushUrlError::Host),
            ("rtmp://h:0/app/key", PushUrlError::Host),
            ("rtmp://h:x/app/key", PushUrlError::Host),
            ("rtmp://h:65536/app/key", PushUrlError::Host),
            ("rtmp://[::1/app/key", PushUrlError::Host),
            ("rtmp://[zz]/app/key", PushUrlError::Host),
            ("rtmp://h", PushUrlError::Path),
            ("rtmp://h/", PushUrlError::Path),
            ("rtmp://h/key", PushUrlError::Path),
            ("rtmp://h/key?a=b", PushUrlError::Path),
            ("rtmp://h//key", PushUrlError::Path),
            ("rtmp://h/app/", PushUrlError::Path),
            ("rtmp://h/app/ key", PushUrlError::Character),
            ("rtmp://h/app/k\r\ney", PushUrlError::Character),
            ("rtmp://h/app/key#x", PushUrlError::Character),
            ("rtmp://hä/app/key", PushUrlError::Character),
        ] {
            assert_eq!(shown(text), Err(error), "{text}");
        }
        let long = format!("rtmp://h/app/{}", "k".repeat(PushUrl::MAX_LEN));
        assert_eq!(shown(&long), Err(PushUrlError::TooLong));
    }
}
