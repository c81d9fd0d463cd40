//! How a target stands, for whoever asks.

use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use super::figures;
use super::reason::Reason;
use crate::service::Clock;

/// What a target does.
///
/// ```text
///             on air              first media taken
///  waiting ──────────► connecting ─────────────────► live
///     ▲ stream gone ◄──────┼───── failure ────────────┤
///     │                    ▼                          │
///     └── after a while ─ back_off ◄──────────────────┘    refused too often, or no address: failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// For the stream to come on air.
    Waiting,
    /// Reaching the target, or waiting for the stream's first key frame.
    Connecting,
    /// The target takes media.
    Live,
    /// Waiting to try again.
    BackOff,
    /// Not tried again.
    Failed,
}

impl PushState {
    pub(super) const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Connecting,
        Self::Live,
        Self::BackOff,
        Self::Failed,
    ];

    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::BackOff => "back_off",
            Self::Failed => "failed",
        }
    }
}

/// A target at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushStatus {
    /// What it does.
    pub state: PushState,
    /// Why it last failed: a stable code, perhaps with the target's status code behind a colon. Kept until it is live.
    pub reason: Option<String>,
    /// Since when it does so.
    pub since: Timestamp,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// Connections tried after the first one.
    pub retries: u32,
    /// Bytes taken so far, by all connections.
    pub bytes: u64,
    /// Kilobits per second taken over the last seconds.
    pub kbps: u32,
    /// Items of the stream lost because the target was too slow.
    pub dropped: u64,
}

impl PushStatus {
    /// Nothing has happened yet.
    pub(crate) const fn new(since: Timestamp) -> Self {
        Self {
            state: PushState::Waiting,
            reason: None,
            since,
            retry_at: None,
            retries: 0,
            bytes: 0,
            kbps: 0,
            dropped: 0,
        }
    }
}

/// The status of one target, kept by its tasks.
pub(super) struct Standing {
    status: Mutex<PushStatus>,
    clock: Clock,
    /// Told when the state changes.
    news: Arc<Notify>,
}

impl Standing {
    pub(super) fn new(clock: Clock, news: Arc<Notify>) -> Self {
        let status = PushStatus::new(clock.now());
        figures::entered(status.state);
        Self {
            status: Mutex::new(status),
            clock,
            news,
        }
    }

    /// The same target with another stream: what it took so far counts on.
    pub(super) fn successor(&self) -> Self {
        let before = self.status();
        let next = Self::new(self.clock.clone(), self.news.clone());
        *next.status.lock() = PushStatus {
            state: PushState::Waiting,
            since: self.clock.now(),
            retry_at: None,
            kbps: 0,
            ..before
        };
        next
    }

    pub(super) fn status(&self) -> PushStatus {
        self.status.lock().clone()
    }

    pub(super) fn waits(&self) {
        self.enter(PushState::Waiting, |status| status.retry_at = None);
    }

    pub(super) fn connects(&self, again: bool) {
        self.enter(PushState::Connecting, |status| {
            status.retry_at = None;
            status.retries = status.retries.saturating_add(u32::from(again));
        });
    }

    pub(super) fn is_live(&self) {
        self.enter(PushState::Live, |status| status.reason = None);
    }

    pub(super) fn backs_off(&self, reason: &Reason, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let at = self.clock.now().as_millis().saturating_add(millis);
        self.enter(PushState::BackOff, |status| {
            status.reason = Some(reason.text());
            status.retry_at = Some(Timestamp::from_millis(at));
        });
    }

    pub(super) fn has_failed(&self, reason: &Reason) {
        self.enter(PushState::Failed, |status| status.reason = Some(reason.text()));
    }

    /// More bytes were taken, items were lost.
    pub(super) fn count(&self, bytes: u64, kbps: u32, dropped: u64) {
        let mut status = self.status.lock();
        status.bytes = status.bytes.saturating_add(bytes);
        status.dropped = status.dropped.saturating_add(dropped);
        status.kbps = kbps;
    }

    fn enter(&self, state: PushState, change: impl FnOnce(&mut PushStatus)) {
        let mut status = self.status.lock();
        change(&mut status);
        if status.state == state {
            return;
        }
        figures::left(status.state);
        figures::entered(state);
        status.state = state;
        status.since = self.clock.now();
        if state != PushState::Live {
            status.kbps = 0;
        }
        drop(status);
        self.news.notify_one();
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        figures::left(self.status.get_mut().state);
    }
}
