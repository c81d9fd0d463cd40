//! Readers that the pulse writes to by itself.
//!
//! A reader that has everything and waits for more may lend its output to the pulse. The pulse then writes each run
//! straight into it, without waking the reader's task: for most players most of the time, a wake-up costs more than
//! the write is worth. Anything out of the ordinary (the output is full, headers change, the stream pauses or ends)
//! parks the reader: its task is woken, takes the output back, and goes on by itself.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::run::Run;
use crate::stream::Stream;
use crate::{Headers, ReaderStats, Wire};

/// An output that can be written to from any thread without waiting.
pub trait DirectWrite: Send + Sync {
    /// Writes what fits now.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits; others as the output has them.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// The pulse's side of one reader.
pub(crate) struct Direct {
    output: Arc<dyn DirectWrite>,
    wire: Wire,
    stats: Arc<ReaderStats>,
    lent: Mutex<Option<Lent>>,
    parked: Notify,
}

/// What a reader lends.
pub(crate) struct Lent {
    pub(crate) cursor: u64,
    pub(crate) headers: Arc<Headers>,
    /// The end of a run that was cut because the output was full; to be written before anything else.
    pub(crate) cut: Option<Bytes>,
    parked: bool,
}

impl Direct {
    pub(crate) fn new(output: Arc<dyn DirectWrite>, wire: Wire, stats: Arc<ReaderStats>) -> Arc<Direct> {
        Arc::new(Direct {
            output,
            wire,
            stats,
            lent: Mutex::new(None),
            parked: Notify::new(),
        })
    }

    /// Lends the output to the pulse, for a reader that stands at `cursor` and knows `headers`.
    pub(crate) fn lend(&self, cursor: u64, headers: Arc<Headers>) {
        *self.lent.lock() = Some(Lent {
            cursor,
            headers,
            cut: None,
            parked: false,
        });
    }

    /// Takes the output back; `None` if it was not lent. From now on the pulse does not write.
    pub(crate) fn take_back(&self) -> Option<Lent> {
        self.lent.lock().take()
    }

    /// Waits until the pulse has parked the reader.
    pub(crate) async fn parked(&self) {
        self.parked.notified().await;
    }

    /// Wakes the reader's task, which looks for itself what is to be done.
    pub(crate) fn park(&self) {
        if let Some(lent) = self.lent.lock().as_mut() {
            self.park_lent(lent);
        }
    }

    fn park_lent(&self, lent: &mut Lent) {
        lent.parked = true;
        self.parked.notify_one();
    }

    /// Writes everything up to `head`. `memo` is the run the reader before needed, mostly the same. Returns whether
    /// anything was written.
    pub(crate) fn serve(&self, stream: &Stream, head: u64, memo: &mut Option<Run>) -> bool {
        let mut lent = self.lent.lock();
        let Some(lent) = lent.as_mut().filter(|lent| !lent.parked) else {
            return false;
        };
        let mut wrote = false;
        while lent.cursor < head {
            let known = memo.as_ref().filter(|run| run.serves(lent.cursor, &lent.headers));
            let run = match known {
                Some(run) => run,
                None => match stream.run(&self.wire, &lent.headers, lent.cursor) {
                    Some(run) => memo.insert(run),
                    None => {
                        self.park_lent(lent);
                        return wrote;
                    }
                },
            };
            lent.cursor = run.to;
            self.stats.delivered.fetch_add(run.to - run.from, Relaxed);
            self.stats.bytes.fetch_add(run.media as u64, Relaxed);
            wrote = true;
            // An error other than a full output is for the reader's task to find.
            let taken = self.output.try_write(&run.bytes).unwrap_or(0);
            if taken < run.bytes.len() {
                let mut cut = run.bytes.clone();
                cut.advance(taken);
                lent.cut = Some(cut);
                self.park_lent(lent);
            }
            if lent.parked {
                break;
            }
        }
        wrote
    }
}
