//! RTMP URLs, split into tcUrl, app and stream name (R-P5).
//!
//! `rtmp[s]://host[:port]/app[/instance]/stream[?query]`, with the rules of ffmpeg and librtmp: with three or
//! more path segments the first two are the app, unless the second starts a name with a prefix (`mp4:`).
//! The query stays with the stream name, as CDNs expect; a query that begins in the first segment
//! (`/app?k=v/stream`) stays with the app. Slashes inside the stream's query do not split. Unlike ffmpeg,
//! tcUrl repeats the port only when the URL has one, as OBS does: some CDNs match tcUrl against a domain.

use std::fmt;

/// Bytes of the longest URL taken.
const MAX_LENGTH: usize = 4_096;

/// The transport under RTMP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// TCP, port 1935.
    Rtmp,
    /// TLS, port 443.
    Rtmps,
}

impl Scheme {
    /// The scheme as written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Rtmp => "rtmp",
            Scheme::Rtmps => "rtmps",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Scheme::Rtmp => 1935,
            Scheme::Rtmps => 443,
        }
    }
}

/// Where to publish to or play from. Its `Debug` and `Display` leave the stream name and every query out:
/// they hold keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RtmpUrl {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    app: String,
    stream: String,
}

/// Why a URL cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlError {
    /// It starts with something else than `rtmp://` or `rtmps://`.
    #[error("not an rtmp:// or rtmps:// URL")]
    Scheme,
    /// The host is missing or not one; credentials before it are not supported.
    #[error("bad host")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("bad port")]
    Port,
    /// There is no app in the path.
    #[error("no app in the path")]
    App,
    /// There is no stream in the path.
    #[error("no stream in the path")]
    Stream,
    /// Longer than 4096 bytes, or with control characters or spaces in it.
    #[error("too long, or with forbidden characters")]
    Form,
}

impl RtmpUrl {
    /// Splits a whole URL.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(url: &str) -> Result<RtmpUrl, UrlError> {
        let (scheme, host, port, path) = split_authority(url)?;
        let (app, stream) = split_path(path)?;
        if app.is_empty() {
            return Err(UrlError::App);
        }
        if stream.is_empty() || stream.starts_with('?') {
            return Err(UrlError::Stream);
        }
        Ok(RtmpUrl {
            scheme,
            host: host.to_owned(),
            port,
            app: app.to_owned(),
            stream: stream.to_owned(),
        })
    }

    /// A server URL and a stream key kept apart, as broadcasting software asks for them: the whole path of
    /// `server` is the app, `key` is the stream name as it is.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn from_server_and_key(server: &str, key: &str) -> Result<RtmpUrl, UrlError> {
        let (scheme, host, port, path) = split_authority(server)?;
        let app = path.trim_end_matches('/');
        if app.is_empty() {
            return Err(UrlError::App);
        }
        if key.is_empty() {
            return Err(UrlError::Stream);
        }
        check_form(key)?;
        Ok(RtmpUrl {
            scheme,
            host: host.to_owned(),
            port,
            app: app.to_owned(),
            stream: key.to_owned(),
        })
    }

    /// The transport.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name, an IPv4 address or an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, or the scheme's own.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// The app (with its instance and its query) for `connect`.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The stream name with its query for `publish` or `play`.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The tcUrl for `connect`.
    pub fn tc_url(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}/{}", self.scheme.as_str(), self.host, self.app)
    }

    /// The whole URL again; it holds the stream key.
    pub fn to_secret_string(&self) -> String {
        format!("{}/{}", self.tc_url(), self.stream)
    }
}

impl fmt::Display for RtmpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = self.app.split('?').next().unwrap_or_default();
        write!(
            f,
            "{}://{}:{}/{app}/…",
            self.scheme.as_str(),
            self.host,
            self.port()
        )
    }
}

impl fmt::Debug for RtmpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtmpUrl({self})")
    }
}

fn check_form(text: &str) -> Result<(), UrlError> {
    let bad = |c: char| c.is_control() || c.is_whitespace();
    if text.len() > MAX_LENGTH || text.contains(bad) {
        Err(UrlError::Form)
    } else {
        Ok(())
    }
}

fn split_authority(url: &str) -> Result<(Scheme, &str, Option<u16>, &str), UrlError> {
    check_form(url)?;
    let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "rtmp" => Scheme::Rtmp,
        "rtmps" => Scheme::Rtmps,
        _ => return Err(UrlError::Scheme),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(UrlError::Host)? + 1;
        let (host, port) = authority.split_at(end);
        if host[1..end - 1].parse::<std::net::Ipv6Addr>().is_err() {
            return Err(UrlError::Host);
        }
        match port.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if port.is_empty() => (host, None),
            None => return Err(UrlError::Host),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let allowed = |c: char| c.is_alphanumeric() || "-._".contains(c);
    if host.is_empty() || !(host.starts_with('[') || host.chars().all(allowed)) {
        return Err(UrlError::Host);
    }
    let port = match port {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(
            digits
                .parse()
                .ok()
                .filter(|&port: &u16| port > 0)
                .ok_or(UrlError::Port)?,
        ),
        Some(_) => return Err(UrlError::Port),
        None => None,
    };
    Ok((scheme, host, port, path))
}

/// App and stream of the path behind the host's slash.
fn split_path(path: &str) -> Result<(&str, &str), UrlError> {
    let first = path.find('/').ok_or(UrlError::Stream)?;
    let query = path.find('?').unwrap_or(path.len());
    if query < first {
        return Ok((&path[..first], &path[first + 1..]));
    }
    // Only slashes before the query separate, and none behind a `mp4:` prefix does.
    let tail = &path[first + 1..query];
    let second = tail
        .find('/')
        .filter(|&slash| tail.find(':').is_none_or(|colon| colon > slash));
    let end = second.map_or(first, |slash| first + 1 + slash);
    Ok((&path[..end], &path[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(url: &str) -> (String, String, String) {
        let url = RtmpUrl::parse(url).unwrap();
        (url.tc_url(), url.app().to_owned(), url.stream().to_owned())
    }

    /// R-P5.
    #[test]
    fn urls_are_split_as_ffmpeg_and_librtmp_do() {
        let table = [
            ("rtmp://h/live/cam", "rtmp://h/live", "live", "cam"),
            ("rtmp://h:1936/live/cam", "rtmp://h:1936/live", "live", "cam"),
            (
                "RTMPS://h/live/cam?k=a/b&c=d",
                "rtmps://h/live",
                "live",
                "cam?k=a/b&c=d",
            ),
            (
                "rtmp://h/app/inst/cam?k=v",
                "rtmp://h/app/inst",
                "app/inst",
                "cam?k=v",
            ),
            ("rtmp://h/a/b/c/d", "rtmp://h/a/b", "a/b", "c/d"),
            ("rtmp://h/vod/mp4:dir/file", "rtmp://h/vod", "vod", "mp4:dir/file"),
            (
                "rtmp://h/live?k=v/cam?x=y",
                "rtmp://h/live?k=v",
                "live?k=v",
                "cam?x=y",
            ),
            (
                "rtmp://[::1]:1935/live/cam",
                "rtmp://[::1]:1935/live",
                "live",
                "cam",
            ),
        ];
        for (url, tc_url, app, stream) in table {
            assert_eq!(split(url), (tc_url.into(), app.into(), stream.into()), "{url}");
        }
        let url = RtmpUrl::parse("rtmps://[::1]/a/b").unwrap();
        assert_eq!(
            (url.host(), url.port(), url.scheme()),
            ("::1", 443, Scheme::Rtmps)
        );
    }

    #[test]
    fn server_and_key_stay_apart() {
        let url = RtmpUrl::from_server_and_key("rtmp://h/live/x/?a=b", "key?c=d/e").unwrap();
        assert_eq!((url.app(), url.stream()), ("live/x/?a=b", "key?c=d/e"));
        let url = RtmpUrl::from_server_and_key("rtmp://h/live2/", "k").unwrap();
        assert_eq!(url.tc_url(), "rtmp://h/live2");
    }

    #[test]
    fn bad_urls_are_named() {
        let long = format!("rtmp://h/live/{}", "x".repeat(5_000));
        let table = [
            ("http://h/a/b", UrlError::Scheme),
            ("h/a/b", UrlError::Scheme),
            ("rtmp:///a/b", UrlError::Host),
            ("rtmp://u:p@h/a/b", UrlError::Port),
            ("rtmp://u@h/a/b", UrlError::Host),
            ("rtmp://[::g]/a/b", UrlError::Host),
            ("rtmp://[::1/a/b", UrlError::Host),
            ("rtmp://h:0/a/b", UrlError::Port),
            ("rtmp://h:70000/a/b", UrlError::Port),
            ("rtmp://h:+5/a/b", UrlError::Port),
            ("rtmp://h:/a/b", UrlError::Port),
            ("rtmp://h", UrlError::Stream),
            ("rtmp://h/live", UrlError::Stream),
            ("rtmp://h/live/", UrlError::Stream),
            ("rtmp://h/live/?k=v", UrlError::Stream),
            ("rtmp://h//cam", UrlError::App),
            ("rtmp://h/live/a b", UrlError::Form),
            ("rtmp://h/live/a\r\nb", UrlError::Form),
            (&long, UrlError::Form),
        ];
        for (url, error) in table {
            assert_eq!(RtmpUrl::parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn logs_hold_no_key() {
        let url = RtmpUrl::parse("rtmp://h/live?t=secret/secret?k=secret").unwrap();
        assert!(!format!("{url} {url:?}").contains("secret"));
        assert!(url.to_secret_string().contains("secret"));
    }
}
