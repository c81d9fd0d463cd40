//! Requests for a key frame, on their way to whoever publishes.
//!
//! Requests of all viewers are merged into one, told to the publisher at most every half second, and told again with
//! growing pauses until a key frame comes (R-V3, R-V4). A key frame answers every request made before it. Only joining
//! and explicit calls ask; falling behind never does (R-Q3).

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{Hub, StreamKey};

const AT_MOST_EVERY: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The requests to one publication.
#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    wanted: bool,
    told_at: Option<Instant>,
    /// How long to wait for an answer to what was told.
    pause: Option<Duration>,
}

impl State {
    /// When the publisher is to be told.
    fn due(&self, now: Instant) -> Option<Instant> {
        let wait = match self.pause {
            _ if self.wanted => AT_MOST_EVERY,
            Some(pause) => pause,
            None => return None,
        };
        Some(self.told_at.map_or(now, |at| at + wait))
    }
}

impl KeyframeRequests {
    /// Somebody needs a key frame.
    pub(crate) fn request(&self) {
        self.state.lock().wanted = true;
        self.news.notify_one();
    }

    /// A key frame has come.
    pub(crate) fn answered(&self) {
        let mut state = self.state.lock();
        state.wanted = false;
        state.pause = None;
    }

    /// Waits until the publisher is to be told. Nothing is lost when the future is dropped.
    pub(crate) async fn wanted(&self) {
        loop {
            let now = Instant::now();
            let due = {
                let mut state = self.state.lock();
                let due = state.due(now);
                if due.is_some_and(|due| due <= now) {
                    state.wanted = false;
                    state.told_at = Some(now);
                    state.pause = Some(state.pause.map_or(FIRST_PAUSE, |p| (p * 2).min(LONGEST_PAUSE)));
                    return;
                }
                due
            };
            match due {
                None => self.news.notified().await,
                // News or not, the next look decides.
                Some(due) => drop(tokio::time::timeout_at(due, self.news.notified()).await),
            }
        }
    }
}

impl Hub {
    /// Asks for a key frame of `key`. Whoever publishes it is asked; for a rendition, whoever publishes what it is made
    /// of; for a plain key, the member, over whatever protocol. Nothing happens when nobody publishes. RTMP publishers
    /// cannot be asked.
    pub fn request_keyframe(&self, key: &StreamKey) {
        if let Some(family) = self.registry.family(&key.plain()) {
            family.request_keyframe(key.form_of());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, timeout};

    async fn told_within(requests: &KeyframeRequests, millis: u64) -> bool {
        timeout(Duration::from_millis(millis), requests.wanted())
            .await
            .is_ok()
    }

    /// R-V3: merged, at most every 500 ms, and none is lost.
    #[tokio::test(start_paused = true)]
    async fn requests_are_merged_and_throttled() {
        let requests = KeyframeRequests::default();
        assert!(!told_within(&requests, 60_000).await);
        for _ in 0..50 {
            requests.request();
        }
        assert!(told_within(&requests, 0).await);
        requests.answered();
        advance(Duration::from_millis(100)).await;
        requests.request();
        assert!(!told_within(&requests, 399).await);
        assert!(told_within(&requests, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_frame_answers_all_requests_before_it() {
        let requests = KeyframeRequests::default();
        requests.request();
        requests.wanted().await;
        requests.request();
        requests.answered();
        assert!(!told_within(&requests, 60_000).await);
    }

    /// R-V4: told again with growing pauses until the key frame comes.
    #[tokio::test(start_paused = true)]
    async fn an_unanswered_request_is_repeated() {
        let requests = KeyframeRequests::default();
        requests.request();
        requests.wanted().await;
        let start = Instant::now();
        let mut told = Vec::new();
        for _ in 0..6 {
            requests.wanted().await;
            told.push(start.elapsed().as_secs());
        }
        assert_eq!(told, [1, 3, 7, 15, 23, 31]);
        requests.answered();
        assert!(!told_within(&requests, 60_000).await);
    }
}
