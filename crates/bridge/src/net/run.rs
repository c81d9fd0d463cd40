//! Datagrams that can leave together. No I/O.

use super::Route;

/// What one system call may take: datagrams, as the kernel allows, and bytes, so that an IP packet could hold them.
const MOST: usize = 64;
const BYTES: usize = 65_000;
/// Room kept between runs: enough for most pictures, little enough for thousands of peers.
const KEPT: usize = 16 * 1024;

/// Datagrams to one address, one behind the other: all of one size but the last, which may be shorter.
#[derive(Default)]
pub(super) struct Run {
    route: Option<Route>,
    segment: usize,
    bytes: Vec<u8>,
}

impl Run {
    /// Appends a datagram of `length` bytes, to be written by the caller. `None` if it cannot leave together with those
    /// already here, or at all.
    pub(super) fn append(&mut self, route: Route, length: usize) -> Option<&mut [u8]> {
        let whole = self.segment > 0 && self.bytes.len().is_multiple_of(self.segment);
        let fits = match self.route {
            None => length > 0 && length <= BYTES,
            Some(present) => {
                present == route
                    && whole
                    && length > 0
                    && length <= self.segment
                    && self.bytes.len() / self.segment < MOST
                    && self.bytes.len() + length <= BYTES
            }
        };
        if !fits {
            return None;
        }
        if self.route.is_none() {
            self.route = Some(route);
            self.segment = length;
        }
        let start = self.bytes.len();
        self.bytes.resize(start + length, 0);
        self.bytes.get_mut(start..)
    }

    /// Where to, the bytes, and the size of one datagram; `None` while empty.
    pub(super) fn get(&self) -> Option<(Route, &[u8], usize)> {
        self.route
            .map(|route| (route, self.bytes.as_slice(), self.segment))
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        self.route = None;
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;

    impl Run {
        fn push(&mut self, route: Route, datagram: &[u8]) -> bool {
            let room = self.append(route, datagram.len());
            room.map(|room| room.copy_from_slice(datagram)).is_some()
        }
    }

    fn route(port: u16) -> Route {
        Route {
            transport: Transport::Udp,
            local: ([127, 0, 0, 1], 1).into(),
            remote: ([127, 0, 0, 1], port).into(),
        }
    }

    #[test]
    fn a_shorter_datagram_ends_a_run() {
        let mut run = Run::default();
        assert!(run.get().is_none());
        assert!(run.push(route(1), &[1; 100]));
        assert!(run.push(route(1), &[2; 100]));
        assert!(!run.push(route(1), &[3; 101]), "longer than the first");
        assert!(!run.push(route(2), &[3; 100]), "to somebody else");
        assert!(run.push(route(1), &[3; 99]));
        assert!(!run.push(route(1), &[4; 99]), "the last was shorter");
        let (to, bytes, segment) = run.get().unwrap();
        assert_eq!((to, bytes.len(), segment), (route(1), 299, 100));
        run.clear();
        assert!(run.get().is_none());
        assert!(run.push(route(2), &[4; 99]));
    }

    #[test]
    fn a_run_is_bounded() {
        let fill = |size: usize| {
            let mut run = Run::default();
            let mut count = 0;
            while run.push(route(1), &vec![0; size]) {
                count += 1;
            }
            run.clear();
            assert!(run.bytes.capacity() <= KEPT);
            count
        };
        assert_eq!(fill(200), 64);
        assert_eq!(fill(1_200), 54);
        assert_eq!(fill(65_000), 1);
        assert_eq!(fill(65_001), 0);
        assert_eq!(fill(0), 0);
    }
}
