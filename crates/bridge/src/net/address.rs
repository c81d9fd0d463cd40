//! One form per address.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// An address as peers know it: IPv4 as IPv4 also when it came in on an IPv6 socket, and no flow label.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::from((v4, v6.port())),
            None => SocketAddr::V6(SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id())),
        },
    }
}

/// The same address for the system calls of a socket of the family `ipv6`.
pub(super) fn for_socket(address: SocketAddr, ipv6: bool) -> SocketAddr {
    match (address, ipv6) {
        (SocketAddr::V4(v4), true) => SocketAddr::from((v4.ip().to_ipv6_mapped(), v4.port())),
        _ => address,
    }
}

/// What limits per address count by: a client has as many IPv6 addresses as it likes, but one network.
pub(super) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(_) => ip.to_canonical(),
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) >> 64 << 64).to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_has_one_form() {
        let plain: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:5000".parse().unwrap();
        assert_eq!(canonical(mapped), plain);
        assert_eq!(for_socket(plain, true), mapped);
        assert_eq!(for_socket(plain, false), plain);
        assert_eq!(network(mapped.ip()), plain.ip());
    }

    #[test]
    fn a_flow_label_makes_no_other_address() {
        let labelled = SocketAddr::V6(SocketAddrV6::new("2001:db8::1".parse().unwrap(), 7, 99, 0));
        assert_eq!(
            canonical(labelled),
            "[2001:db8::1]:7".parse::<SocketAddr>().unwrap()
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let one: IpAddr = "2001:db8:1:2:3::4".parse().unwrap();
        assert_eq!(network(one), "2001:db8:1:2::".parse::<IpAddr>().unwrap());
    }
}
