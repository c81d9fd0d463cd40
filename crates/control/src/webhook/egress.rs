//! The HTTP client for hooks: posts to addresses that apps give, and so guards what they may reach.
//!
//! A host name is resolved first, addresses inside private networks are dropped, and the connection goes to one of those
//! that are left: there is no second look-up that could answer otherwise. Redirects and proxies are not followed.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode, redirect};
use thiserror::Error;
use url::{Host, Url};

use crate::outbound::{self, is_public};

/// Why nothing was posted, or no answer came.
#[derive(Debug, Error)]
pub(crate) enum EgressError {
    #[error("the URL is not valid")]
    Url,
    #[error("the address is in a private network")]
    Refused,
    #[error("no answer in time")]
    TimedOut,
    #[error("the server could not be reached")]
    Unreachable,
}

/// The guarded client. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Egress {
    client: Client,
    allow_private: bool,
}

impl Egress {
    pub(crate) fn new(allow_private: bool) -> Result<Self, reqwest::Error> {
        // The client panics without one. Losing the race to install it is fine: then there is one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::builder()
            .dns_resolver(std::sync::Arc::new(Guard { allow_private }))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(4)
            .user_agent(concat!("lianmai/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            allow_private,
        })
    }

    /// Posts JSON and returns the status. The answer's body is not read.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: String,
        timeout: Duration,
    ) -> Result<StatusCode, EgressError> {
        let url = Url::parse(url).map_err(|_| EgressError::Url)?;
        // Addresses written as such are not resolved, so the resolver cannot guard them.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(EgressError::Url),
        };
        if !self.allow_private && literal.is_some_and(|address| !is_public(address)) {
            return Err(EgressError::Refused);
        }
        let request = self
            .client
            .post(url)
            .headers(headers)
            .header("content-type", "application/json")
            .body(body)
            .timeout(timeout);
        match request.send().await {
            Ok(response) => Ok(response.status()),
            Err(error) if error.is_timeout() => Err(EgressError::TimedOut),
            Err(_) => Err(EgressError::Unreachable),
        }
    }
}

struct Guard {
    allow_private: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let allowed = outbound::resolve(name.as_str(), 0, allow_private).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_and_names_of_this_machine_are_refused() {
        let egress = Egress::new(false).unwrap();
        let post =
            |url: &'static str| egress.post(url, HeaderMap::new(), String::new(), Duration::from_secs(2));
        for url in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "http://2130706433:9/",
            "http://0x7f.1:9/",
            "http://[::ffff:7f00:1]:9/",
        ] {
            assert!(matches!(post(url).await, Err(EgressError::Refused)), "{url}");
        }
        assert!(post("http://localhost:9/").await.is_err());
    }
}
