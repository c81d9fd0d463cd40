//! Where a peer's media leaves.

use crate::net::{Port, Route};
use crate::send::Out;

/// A peer's port, and the way to the peer. While there is none, nothing leaves.
pub(super) struct Outlet<'a> {
    port: &'a mut Port,
    route: Option<Route>,
}

impl Outlet<'_> {
    pub(super) fn new(port: &mut Port, route: Option<Route>) -> Outlet<'_> {
        Outlet { port, route }
    }
}

impl Out for Outlet<'_> {
    fn datagram(&mut self, length: usize, write: impl FnOnce(&mut [u8])) {
        if let Some(route) = self.route {
            self.port.send_with(route, length, write);
        }
    }
}
