//! How a connection is shared: sound takes what it needs, pictures share the rest.

use std::time::{Duration, Instant};

use lianmai_media::TrackKind;

use super::outgoing::Outgoing;

/// Rates are taken over at least this.
const SPAN: Duration = Duration::from_millis(400);

/// What the sound of a peer takes.
#[derive(Debug, Default)]
pub(super) struct Sound {
    /// When, and how many bytes had gone out until then.
    counted: Option<(Instant, u32)>,
    rate: f64,
}

impl Sound {
    /// Bits per second on the wire.
    pub(super) fn rate(&mut self, outgoing: &[Outgoing], now: Instant) -> f64 {
        let sounds = outgoing.iter().filter(|out| out.kind() == TrackKind::Audio);
        let bytes = sounds.fold(0_u32, |sum, out| sum.wrapping_add(out.carried()));
        let (since, before) = *self.counted.get_or_insert((now, bytes));
        let elapsed = now.saturating_duration_since(since);
        if elapsed >= SPAN {
            // Less than before: a line has gone.
            let grown = (bytes.wrapping_sub(before) as i32).max(0);
            self.rate = f64::from(grown) * 8.0 / elapsed.as_secs_f64();
            self.counted = Some((now, bytes));
        }
        self.rate
    }
}

/// What each picture may take at most, in bits per second: those that need less leave the rest to the others.
pub(super) fn most_of_one(needs: &mut [f64], available: f64) -> f64 {
    needs.sort_by(f64::total_cmp);
    let mut left = available.max(0.0);
    let mut most = left;
    for (place, need) in needs.iter().enumerate() {
        let others = needs.len() - place;
        most = left / others as f64;
        if *need > most {
            return most;
        }
        left -= need;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_leave_room_for_large_ones() {
        assert_eq!(most_of_one(&mut [], 500.0), 500.0);
        assert_eq!(most_of_one(&mut [1_000.0], 500.0), 500.0);
        assert_eq!(most_of_one(&mut [1_000.0, 1_000.0], 500.0), 250.0);
        assert_eq!(most_of_one(&mut [1_000.0, 100.0, 50.0], 500.0), 350.0);
        // All fit.
        assert_eq!(most_of_one(&mut [100.0, 50.0], 500.0), 450.0);
        assert_eq!(most_of_one(&mut [100.0], -5.0), 0.0);
    }
}
