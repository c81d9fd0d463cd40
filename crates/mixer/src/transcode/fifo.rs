//! Interleaved samples on their way into an encoder, which takes them in blocks.

/// A run of samples with the position of its first.
#[derive(Debug)]
pub(crate) struct Fifo {
    channels: usize,
    samples: Vec<f32>,
    start: i64,
}

impl Fifo {
    /// An empty run.
    pub(crate) fn new(channels: usize) -> Fifo {
        Fifo {
            channels: channels.max(1),
            samples: Vec::new(),
            start: 0,
        }
    }

    /// Where the first sample is.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    /// Drops what lies before `position`; what begins later stays.
    pub(crate) fn drop_until(&mut self, position: i64) {
        let samples = self.samples.len() / self.channels;
        let count = usize::try_from(position - self.start).unwrap_or(0).min(samples);
        self.samples.drain(..count * self.channels);
        self.start += count as i64;
        if self.samples.is_empty() {
            self.start = self.start.max(position);
        }
    }

    /// Where the next sample appended will be.
    pub(crate) fn end(&self) -> i64 {
        self.start + (self.samples.len() / self.channels) as i64
    }

    /// For appending whole samples.
    pub(crate) fn samples(&mut self) -> &mut Vec<f32> {
        &mut self.samples
    }

    /// Adds silence up to a whole number of blocks.
    pub(crate) fn pad(&mut self, block: usize) {
        let block = block * self.channels;
        let length = self.samples.len().next_multiple_of(block.max(1));
        self.samples.resize(length, 0.0);
    }

    /// Begins an empty run at `start`.
    pub(crate) fn restart(&mut self, start: i64) {
        self.samples.clear();
        self.start = start;
    }

    /// Gives each whole block with its position to `take`, until it fails, and drops those given.
    pub(crate) fn take_blocks<E>(
        &mut self,
        block: usize,
        mut take: impl FnMut(&[f32], i64) -> Result<(), E>,
    ) -> Result<(), E> {
        let length = block * self.channels;
        let mut taken = 0;
        let mut result = Ok(());
        for samples in self.samples.chunks_exact(length.max(1)) {
            result = take(samples, self.start);
            taken += samples.len();
            self.start += block as i64;
            if result.is_err() {
                break;
            }
        }
        self.samples.drain(..taken);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_with_their_positions() {
        let mut fifo = Fifo::new(2);
        fifo.restart(1_000);
        fifo.samples().extend([0.1_f32; 2 * 25]);
        let mut blocks = Vec::new();
        let taken: Result<(), ()> = fifo.take_blocks(10, |block, at| {
            blocks.push((block.len(), at));
            Ok(())
        });
        assert!(taken.is_ok());
        assert_eq!(blocks, [(20, 1_000), (20, 1_010)]);
        assert_eq!(fifo.end(), 1_025);
        fifo.pad(10);
        assert_eq!(fifo.end(), 1_030);
        fifo.restart(5);
        assert_eq!(fifo.end(), 5);
    }
}
