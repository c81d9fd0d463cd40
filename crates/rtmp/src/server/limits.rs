//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a connection is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Full {
    Total,
    PerIp,
}

impl Full {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Full::Total => "total",
            Full::PerIp => "per_ip",
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// Counts connections. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLimits {
    max_total: usize,
    max_per_ip: usize,
    counts: Arc<Mutex<Counts>>,
}

/// A place taken by one connection; given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    ip: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

impl ConnectionLimits {
    pub(crate) fn new(max_total: usize, max_per_ip: usize) -> ConnectionLimits {
        ConnectionLimits {
            max_total,
            max_per_ip,
            counts: Arc::default(),
        }
    }

    /// Takes a place for a connection from `ip`.
    pub(crate) fn enter(&self, ip: IpAddr) -> Result<Place, Full> {
        // An IPv4 client of a dual-stack listener is the same client.
        let ip = ip.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= self.max_total {
            return Err(Full::Total);
        }
        let from_ip = counts.by_ip.entry(ip).or_default();
        if *from_ip >= self.max_per_ip {
            return Err(Full::PerIp);
        }
        *from_ip += 1;
        counts.total += 1;
        Ok(Place {
            ip,
            counts: self.counts.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(from_ip) = counts.by_ip.get_mut(&self.ip) {
            *from_ip -= 1;
            if *from_ip == 0 {
                counts.by_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let limits = ConnectionLimits::new(3, 2);
        let a = IpAddr::from([127, 0, 0, 1]);
        let a_mapped = IpAddr::from([0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1]);
        let b = IpAddr::from([127, 0, 0, 2]);
        let first = limits.enter(a).unwrap();
        let second = limits.enter(a_mapped).unwrap();
        assert_eq!(limits.enter(a).unwrap_err(), Full::PerIp);
        let third = limits.enter(b).unwrap();
        assert_eq!(limits.enter(b).unwrap_err(), Full::Total);
        drop((first, second, third));
        assert!(limits.counts.lock().unwrap().by_ip.is_empty());
        limits.enter(b).unwrap();
    }
}
