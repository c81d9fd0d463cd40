//! Between the connection of a worker and the dispatcher. Every queue has a bound.

use lianmai_hub::job::{GatewayMessage, WorkerMessage};
use tokio::sync::{mpsc, oneshot};

use super::plan::WorkerId;

/// Messages of all workers that wait for the dispatcher; beyond it connections are not read.
pub(super) const INBOX: usize = 1_024;
/// Messages that wait for one worker; one that lets them pile up higher is cut off.
pub(super) const OUTBOX: usize = 8_192;

/// What connections tell the dispatcher.
pub(super) enum FromLink {
    /// A worker said hello.
    Joined {
        name: String,
        /// Cores.
        capacity: f64,
        /// Where to tell it something. When it is closed the worker is gone.
        outbox: mpsc::Sender<GatewayMessage>,
        /// Who it is from now on.
        id: oneshot::Sender<WorkerId>,
    },
    /// A worker said something.
    Said {
        worker: WorkerId,
        message: WorkerMessage,
    },
    /// A connection ended.
    Left { worker: WorkerId },
}
