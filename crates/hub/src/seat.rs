//! A reader's place in a stream: what keeps the stream, counts the reader and wakes it.

use std::sync::Arc;
use std::time::Duration;

use crate::ReaderStats;
use crate::pulse::Pulse;
use crate::registry::Place;
use crate::stream::Stream;

/// Dropping it leaves the stream.
pub(crate) struct Seat {
    stream: Arc<Stream>,
    pulse: Arc<Pulse>,
    stats: Arc<ReaderStats>,
    place: Place,
}

impl Seat {
    /// Takes a place in `stream`, woken at most once per `coalesce`. For the registry's lock to be held, so that the
    /// stream is not let go of meanwhile.
    pub(crate) fn take(
        stream: Arc<Stream>,
        place: Place,
        stats: Arc<ReaderStats>,
        coalesce: Duration,
    ) -> Seat {
        stream.add_reader(stats.clone());
        Seat {
            pulse: stream.pulse(coalesce),
            stream,
            stats,
            place,
        }
    }

    pub(crate) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    pub(crate) fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    pub(crate) fn stats(&self) -> &Arc<ReaderStats> {
        &self.stats
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pulse.leave();
        self.stream.remove_reader(&self.stats);
        self.place.left();
    }
}
