//! Reaching a target: its address is looked up and checked anew for every connection.

use std::net::IpAddr;
use std::time::Duration;

use lianmai_rooms::PushUrl;
use lianmai_rtmp::client::{DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{ClientConfig, Keepalive, Purpose, RtmpUrl, Seed, UrlError};
use tokio::time::timeout;

use super::BypassConfig;
use super::reason::Reason;
use crate::outbound;
use crate::service::{ServiceError, random};

/// Bytes the kernel may hold unsent: what it has taken then tells what the target has taken.
const UNSENT: u32 = 16 * 1024;
/// Silence proves nothing: servers that take media have no need to speak.
const KEEPALIVE: Keepalive = Keepalive {
    ping_after: Duration::from_secs(60),
    silent_after: Duration::from_secs(10 * 365 * 24 * 3_600),
};

/// Whether a URL can be pushed to at all, as far as it can be told without looking its host up.
pub(crate) fn check_url(url: &PushUrl, config: &BypassConfig) -> Result<(), ServiceError> {
    if parse(url).is_err() {
        return Err(ServiceError::invalid("url"));
    }
    let literal: Option<IpAddr> = url.host().parse().ok();
    if !config.allow_private && literal.is_some_and(|address| !outbound::is_public(address)) {
        return Err(ServiceError::invalid("url: the address is in a private network"));
    }
    Ok(())
}

/// The URL as RTMP splits it. Some CDNs have no stream name but a query: `rtmp://host/app/?streamname=…`.
pub(super) fn parse(url: &PushUrl) -> Result<RtmpUrl, UrlError> {
    let text = url.expose();
    match RtmpUrl::parse(text) {
        Err(UrlError::Stream) => {
            let (server, query) = text.split_once("/?").ok_or(UrlError::Stream)?;
            RtmpUrl::from_server_and_key(server, &format!("?{query}"))
        }
        parsed => parsed,
    }
}

/// A connection that takes media.
pub(super) async fn connect(url: &RtmpUrl, config: &BypassConfig) -> Result<RtmpClient, Reason> {
    let found = outbound::resolve(url.host(), url.port(), config.allow_private);
    let addresses = timeout(config.connect_timeout, found)
        .await
        .map_err(|_| Reason::UnknownHost)??;
    let options = DialOptions {
        session: ClientConfig {
            login_timeout: config.connect_timeout,
            keepalive: KEEPALIVE,
            ..ClientConfig::default()
        },
        connect_timeout: config.connect_timeout,
        write_stall: config.stall,
        tls: config.tls.clone(),
        addresses,
        unacknowledged: Some(config.stall),
        unsent: Some(UNSENT),
    };
    let seed = Seed(random::bytes());
    RtmpClient::open(url, Purpose::Publish, options, seed)
        .await
        .map_err(|error| Reason::of_client(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (String, String) {
        let url = parse(&PushUrl::parse(text).unwrap()).unwrap();
        (url.tc_url(), url.stream().to_owned())
    }

    /// R-P5.
    #[test]
    fn a_query_alone_is_a_stream_name() {
        for (url, tc_url, stream) in [
            (
                "rtmp://push.example.com/live-bvc/?streamname=a_1&key=k",
                "rtmp://push.example.com/live-bvc",
                "?streamname=a_1&key=k",
            ),
            ("rtmp://h/app/key?a=b/c", "rtmp://h/app", "key?a=b/c"),
            ("rtmps://h:443/live2/key", "rtmps://h:443/live2", "key"),
        ] {
            assert_eq!(split(url), (tc_url.to_owned(), stream.to_owned()), "{url}");
        }
    }

    #[test]
    fn private_literals_are_refused_unless_allowed() {
        let mut config = BypassConfig::default();
        for host in ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"] {
            let url = PushUrl::parse(&format!("rtmp://{host}/app/key")).unwrap();
            config.allow_private = false;
            assert_eq!(
                check_url(&url, &config).unwrap_err().code,
                "invalid_argument",
                "{host}"
            );
            config.allow_private = true;
            check_url(&url, &config).unwrap();
        }
        config.allow_private = false;
        check_url(&PushUrl::parse("rtmp://cdn.example/app/key").unwrap(), &config).unwrap();
    }
}
