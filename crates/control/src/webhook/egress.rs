//! The HTTP client for hooks: posts to addresses that apps give, and so guards what they may reach.
//!
//! A host name is resolved first, addresses inside private networks are dropped, and the connection goes to one of those
//! that are left: there is no second look-up that could answer otherwise. Redirects and proxies are not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode, redirect};
use thiserror::Error;
use url::{Host, Url};

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
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| allow_private || is_public(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Box::new(EgressError::Refused).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Forms that carry an IPv4 address reach that one.
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Documentation, Teredo and other special assignments inside the global range.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Only 2000::/3 is global unicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn private_addresses_are_not_public() {
        for private in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::7f00:1",
        ] {
            assert!(!public(private), "{private}");
        }
        for open in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(public(open), "{open}");
        }
    }

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
