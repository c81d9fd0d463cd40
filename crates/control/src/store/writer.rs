//! The one task that writes: takes what waits, commits it together, then lets everybody know.
//!
//! Writes are applied in the order of their places in the queue, and so are the effects that wait for them. If a batch
//! fails, each write is tried alone, so that one that cannot succeed does not cost the others anything.

use std::time::Instant;

use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Op, StoreError, run};

/// Writes in one transaction at most.
const BATCH: usize = 256;

/// Done after the commit; also if it failed, because live rooms go on without their disk.
pub(crate) type Effect = Box<dyn FnOnce() + Send + Sync>;

pub(super) struct Write {
    ops: Vec<Op>,
    effect: Option<Effect>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A place in the queue of writes.
pub(crate) struct Ticket {
    permit: mpsc::OwnedPermit<Write>,
}

impl Ticket {
    pub(super) fn new(permit: mpsc::OwnedPermit<Write>) -> Self {
        Self { permit }
    }

    /// Puts a write into the queue. Never waits. The write happens also if nobody waits for the answer.
    pub(crate) fn send(self, ops: Vec<Op>, effect: Option<Effect>) -> Pending {
        let (done, answer) = oneshot::channel();
        self.permit.send(Write { ops, effect, done });
        Pending(answer)
    }
}

/// A write in the queue.
#[must_use = "the write is durable only when waited for"]
pub(crate) struct Pending(oneshot::Receiver<Result<(), StoreError>>);

impl Pending {
    /// Waits until the write is durable and its effect done.
    pub(crate) async fn durable(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

pub(super) async fn run(pool: SqlitePool, mut incoming: mpsc::Receiver<Write>, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut stopping = false;
    loop {
        let received = tokio::select! {
            biased;
            received = incoming.recv_many(&mut batch, BATCH) => received,
            () = stop.cancelled(), if !stopping => {
                // No new places; what is in the queue is still written.
                incoming.close();
                stopping = true;
                continue;
            }
        };
        if received == 0 {
            return;
        }
        let began = Instant::now();
        commit(&pool, &mut batch).await;
        metrics::histogram!("lianmai_store_commit_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("lianmai_store_commits_total").increment(1);
    }
}

async fn commit(pool: &SqlitePool, batch: &mut Vec<Write>) {
    let together = try_commit(pool, batch).await;
    if let Err(error) = &together
        && batch.len() > 1
    {
        tracing::warn!(%error, writes = batch.len(), "a batch failed; its writes are tried one by one");
        for write in batch.drain(..) {
            let alone = try_commit(pool, std::slice::from_ref(&write)).await;
            write.finish(alone);
        }
        return;
    }
    let failed = together.err();
    for write in batch.drain(..) {
        write.finish(failed.as_ref().map_or(Ok(()), |_| Err(StoreError::WriteFailed)));
    }
    if let Some(error) = failed {
        tracing::error!(%error, "a write failed");
    }
}

async fn try_commit(pool: &SqlitePool, batch: &[Write]) -> Result<(), StoreError> {
    let mut transaction: Transaction<'_, Sqlite> = pool.begin_with("BEGIN IMMEDIATE").await?;
    run::all(&mut transaction, batch.iter().flat_map(|write| &write.ops)).await?;
    transaction.commit().await?;
    metrics::counter!("lianmai_store_writes_total").increment(batch.len() as u64);
    Ok(())
}

impl Write {
    fn finish(self, result: Result<(), StoreError>) {
        if result.is_err() {
            metrics::counter!("lianmai_store_failed_writes_total").increment(1);
        }
        if let Some(effect) = self.effect {
            effect();
        }
        // Whoever asked may have gone.
        let _ = self.done.send(result);
    }
}
