//! The thread on which a job decodes and encodes: inputs from a bounded queue, outputs into another.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use lianmai_hub::job::JobKind;
use tokio::sync::mpsc;

use super::intake::{Intake, MAX_WAITING, Queued, Waiting};
use crate::transcode::{Arrival, Input, Losses, Output, transcoder};

/// Batches of outputs that may wait for the connection.
const MAX_BATCHES: usize = 64;
/// Longest sleep: losses are told even when nothing comes out.
const IDLE: Duration = Duration::from_secs(1);
/// FFmpeg's decoders and x264 keep much on the stack.
const STACK: usize = 4 << 20;

/// What came of some input.
pub(super) enum Batch {
    /// In order; may be empty.
    Done(Vec<Output>, Losses),
    /// Nothing more will come.
    Failed(String),
}

/// Starts the thread. It ends when both queues are let go.
///
/// # Errors
/// When no thread can be made.
pub(super) fn start(kind: &JobKind, epoch: Instant) -> std::io::Result<(Intake, mpsc::Receiver<Batch>)> {
    let (inputs, queue) = sync_channel(MAX_WAITING);
    let (results, outputs) = mpsc::channel(MAX_BATCHES);
    let waiting = Arc::new(Waiting::default());
    let intake = Intake::new(inputs, waiting.clone());
    let kind = kind.clone();
    std::thread::Builder::new()
        .name("codec".to_owned())
        .stack_size(STACK)
        .spawn(move || work(&kind, epoch, &queue, &waiting, &results))?;
    Ok((intake, outputs))
}

fn work(
    kind: &JobKind,
    epoch: Instant,
    queue: &Receiver<Queued>,
    waiting: &Waiting,
    results: &mpsc::Sender<Batch>,
) {
    let mut job = transcoder(kind);
    let mut out = Vec::new();
    let mut told = Losses::default();
    loop {
        let wait = job.wait(epoch.elapsed()).unwrap_or(IDLE).min(IDLE);
        let done = match queue.recv_timeout(wait) {
            Ok(queued) => {
                waiting.bytes.fetch_sub(queued.bytes, Relaxed);
                let newest = waiting.newest.load(Relaxed);
                let arrival = Arrival {
                    at: queued.at,
                    newest: match &queued.input {
                        Input::Frame(frame) => newest.max(frame.dts.as_millis()),
                        _ => newest,
                    },
                };
                job.take(queued.input, arrival, &mut out)
            }
            Err(RecvTimeoutError::Timeout) => job.tick(epoch.elapsed(), &mut out),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if !out.is_empty() || job.losses() != told {
            told = job.losses();
            let batch = Batch::Done(std::mem::take(&mut out), told);
            if results.blocking_send(batch).is_err() {
                return;
            }
        }
        if let Err(error) = done {
            let _ = results.blocking_send(Batch::Failed(error.to_string()));
            return;
        }
    }
}
