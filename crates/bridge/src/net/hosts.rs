//! The addresses of this machine.

use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// Addresses at which a socket bound to `bound` can be reached.
pub(super) fn addresses(bound: IpAddr, loopback: bool) -> io::Result<Vec<IpAddr>> {
    if !bound.is_unspecified() {
        return Ok(vec![bound]);
    }
    let mut found = Vec::new();
    for interface in getifaddrs()?.filter(|it| it.flags.contains(InterfaceFlags::IFF_UP)) {
        let Some(address) = interface.address else {
            continue;
        };
        let ip = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => IpAddr::from(v4.ip()),
            (_, Some(v6)) => IpAddr::from(v6.ip()),
            _ => continue,
        };
        if !found.contains(&ip) {
            found.push(ip);
        }
    }
    Ok(choose(found, bound.is_ipv6(), loopback))
}

/// What of them to announce. IPv4 first: it is what most clients have.
fn choose(mut found: Vec<IpAddr>, ipv6: bool, loopback: bool) -> Vec<IpAddr> {
    found.retain(|ip| match ip {
        IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => ipv6 && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    });
    if !loopback && found.iter().any(|ip| !ip.is_loopback()) {
        found.retain(|ip| !ip.is_loopback());
    }
    found.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|ip| ip.parse().unwrap()).collect()
    }

    #[test]
    fn loopback_is_the_last_resort() {
        let all = ips(&[
            "127.0.0.1",
            "::1",
            "fe80::1",
            "2001:db8::1",
            "192.0.2.1",
            "169.254.1.1",
        ]);
        assert_eq!(
            choose(all.clone(), true, false),
            ips(&["192.0.2.1", "2001:db8::1"])
        );
        assert_eq!(choose(all.clone(), false, false), ips(&["192.0.2.1"]));
        assert_eq!(choose(all, false, true), ips(&["192.0.2.1", "127.0.0.1"]));
        assert_eq!(
            choose(ips(&["127.0.0.1", "fe80::1"]), true, false),
            ips(&["127.0.0.1"])
        );
    }

    #[test]
    fn a_bound_address_is_the_only_one() {
        let bound: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(addresses(bound, false).unwrap(), [bound]);
    }
}
