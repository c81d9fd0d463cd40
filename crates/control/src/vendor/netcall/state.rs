//! What all connections of the netcall gateway share.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::NetcallConfig;
use super::seats::Seats;
use crate::http::tally::{Place, Tally};

/// Connections without login, and the seats of those with one.
#[derive(Debug)]
pub(crate) struct Netcall {
    waiting: Arc<Semaphore>,
    waiting_per_ip: Tally<IpAddr>,
    pub(super) seats: Seats,
}

/// The place of a connection without login; dropping gives it back.
#[derive(Debug)]
pub(super) struct Waiting {
    _place: OwnedSemaphorePermit,
    _of_address: Place<IpAddr>,
}

impl Netcall {
    /// Nobody is there yet.
    pub(crate) fn new(config: &NetcallConfig) -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(config.max_waiting.min(Semaphore::MAX_PERMITS))),
            waiting_per_ip: Tally::new(config.max_waiting_per_ip),
            seats: Seats::default(),
        }
    }

    /// A place for one more connection without login; `None`: too many, in all or from this address.
    pub(super) fn wait(&self, address: IpAddr) -> Option<Waiting> {
        Some(Waiting {
            _place: Arc::clone(&self.waiting).try_acquire_owned().ok()?,
            _of_address: self.waiting_per_ip.open(address)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_without_login_are_few() {
        let netcall = Netcall::new(&NetcallConfig {
            max_waiting: 3,
            max_waiting_per_ip: 2,
            ..NetcallConfig::default()
        });
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let (a, b) = (address("192.0.2.1"), address("192.0.2.2"));
        let held = [netcall.wait(a).unwrap(), netcall.wait(a).unwrap()];
        assert!(netcall.wait(a).is_none(), "as many as one address may have");
        let other = netcall.wait(b).unwrap();
        assert!(
            netcall.wait(address("192.0.2.3")).is_none(),
            "as many as there may be"
        );
        drop((held, other));
        assert!(netcall.wait(a).is_some());
    }
}
