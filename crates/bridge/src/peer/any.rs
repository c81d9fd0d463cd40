//! The first of several futures.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Waits until one of `futures` is ready. The others may be polled again or dropped.
pub(super) async fn first<T>(futures: &mut [Pin<Box<dyn Future<Output = T> + Send + '_>>]) -> T {
    poll_fn(|cx| {
        for future in futures.iter_mut() {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(value);
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether `future` is ready now. If not it is dropped.
pub(super) async fn now(future: impl Future<Output = ()>) -> bool {
    let mut future = std::pin::pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}
