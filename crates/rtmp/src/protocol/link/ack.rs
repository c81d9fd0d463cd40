//! Acknowledgements both ways (RTMP 1.0 §5.4.3 to §5.4.5).
//!
//! We acknowledge even a peer that never set a window: some encoders stall otherwise (R-R4).

/// The state of both directions.
#[derive(Debug)]
pub(super) struct Acks {
    /// The peer's window for what it sends; ours until it says one.
    window: u32,
    /// Bytes acknowledged last.
    sent: u64,
    /// The window we announced last.
    announced: u32,
    by_peer: Option<u32>,
}

impl Acks {
    pub(super) fn new(window: u32) -> Acks {
        Acks {
            window: window.max(1),
            sent: 0,
            announced: 0,
            by_peer: None,
        }
    }

    /// The sequence number to acknowledge now, if it is time.
    ///
    /// Half a window is enough: a peer that stops at a full one would otherwise wait for us each time.
    pub(super) fn due(&mut self, received: u64) -> Option<u32> {
        let step = u64::from(self.window / 2).max(1);
        (received - self.sent >= step).then(|| {
            self.sent = received;
            // The sequence number is 32 bits wide and wraps.
            received as u32
        })
    }

    pub(super) fn peer_window(&mut self, window: u32) {
        if window > 0 {
            self.window = window;
        }
    }

    /// The peer limits what we send; the window to announce, when it is news (§5.4.5).
    pub(super) fn peer_bandwidth(&mut self, bandwidth: u32) -> Option<u32> {
        (bandwidth != 0 && bandwidth != self.announced).then(|| {
            self.announced = bandwidth;
            bandwidth
        })
    }

    pub(super) fn announced(&mut self, window: u32) {
        self.announced = window;
    }

    pub(super) fn peer_acknowledged(&mut self, sequence: u32) {
        self.by_peer = Some(sequence);
    }

    pub(super) fn by_peer(&self) -> Option<u32> {
        self.by_peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-R4; requirement 10 of the mini-program page: a window the peer never set.
    #[test]
    fn acknowledges_by_the_default_and_by_the_peers_window() {
        let mut acks = Acks::new(1_000);
        assert_eq!(acks.due(499), None);
        assert_eq!(acks.due(500), Some(500));
        assert_eq!(acks.due(999), None);
        acks.peer_window(100);
        assert_eq!(acks.due(999), Some(999));
        acks.peer_window(0);
        assert_eq!(acks.due(1_048), None);
        assert_eq!(acks.due((1 << 32) + 7), Some(7));
    }

    #[test]
    fn a_bandwidth_is_answered_once() {
        let mut acks = Acks::new(1_000);
        acks.announced(5_000);
        assert_eq!(acks.peer_bandwidth(5_000), None);
        assert_eq!(acks.peer_bandwidth(6_000), Some(6_000));
        assert_eq!(acks.peer_bandwidth(6_000), None);
    }
}
