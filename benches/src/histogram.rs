//! Counts of latencies with a constant relative error of 1.6 %.

const SUB: u64 = 64;
const BUCKETS: usize = 64 * 30;

/// Latencies in microseconds up to 19 hours.
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Nothing counted.
    pub(crate) fn new() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }

    /// Counts one latency.
    pub(crate) fn add(&mut self, micros: u64) {
        let octave = micros.max(SUB).ilog2() - SUB.ilog2();
        let index = if micros < SUB {
            micros
        } else {
            (u64::from(octave) + 1) * SUB + (micros >> octave) - SUB
        };
        self.counts[(index as usize).min(BUCKETS - 1)] += 1;
        self.total += 1;
    }

    /// The latency in milliseconds that this share (0 to 1) of all counts does not exceed; none without counts.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let index = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })? as u64;
        let micros = match (index / SUB).checked_sub(1) {
            None => index,
            Some(octave) => (SUB + index % SUB) << octave,
        };
        Some(micros as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        (0..100_000).for_each(|micros| histogram.add(micros));
        histogram.add(u64::MAX);
        for (share, wanted) in [(0.5, 50.0), (0.99, 99.0), (0.00001, 0.0)] {
            let got = histogram.quantile(share).expect("counted");
            assert!((got - wanted).abs() <= wanted * 0.016 + 0.002, "{share}: {got}");
        }
    }
}
