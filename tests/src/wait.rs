//! Waiting for conditions, bounded.

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks until `condition` gives something; panics with `what` after `limit`.
pub async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The same for what is known at once.
pub async fn until_now(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    until(what, limit, || std::future::ready(condition().then_some(()))).await;
}

/// As [`until`], with something that each question changes.
pub async fn until_with<S, T>(
    what: &str,
    limit: Duration,
    subject: &mut S,
    mut condition: impl AsyncFnMut(&mut S) -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition(subject).await {
            return value;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
