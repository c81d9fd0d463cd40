//! What one player received.

use crate::histogram::Histogram;
use crate::probe::Probe;
use crate::source::{AUDIO, probe_of};

/// Counts of one player since the last [`Tally::restart`].
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
    /// Places where frame numbers of a track were not consecutive.
    pub(crate) gaps: u64,
    /// Last frame number of video and audio.
    last: [Option<u32>; 2],
}

impl Tally {
    /// Counts from zero; frame numbers go on, so that a loss across the restart is seen.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            last: self.last,
            ..Self::default()
        };
    }

    /// Counts one complete message, given its first bytes.
    pub(crate) fn message(&mut self, kind: u8, head: &[u8], now_ns: u64, latency: &mut Histogram) {
        let Some(Probe { sent_ns, number }) = probe_of(kind, head) else {
            return;
        };
        self.frames += 1;
        let last = &mut self.last[usize::from(kind == AUDIO)];
        if last.is_some_and(|last| number != last.wrapping_add(1)) {
            self.gaps += 1;
        }
        *last = Some(number);
        latency.add(now_ns.saturating_sub(sent_ns) / 1000);
    }
}
