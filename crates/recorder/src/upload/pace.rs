//! How fast bytes may leave: one bucket of tokens for all uploads together.
//!
//! The bucket is the time until which everything is taken. Whoever wants to send moves it on by what the bytes cost at the
//! rate, and waits until then: so all are served in the order in which they ask. What nobody used piles up for [`BURST`]
//! only. Bodies go in chunks of about as much, so that the wire sees an even flow and not a piece at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::{HttpError, HttpRequestBody};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

/// What may go at once after a pause, as time at the rate.
const BURST: Duration = Duration::from_millis(50);
const MIN_CHUNK: u64 = 1 << 10;
const MAX_CHUNK: u64 = 64 << 10;

/// A rate that many share.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes per second, not 0.
    rate: u64,
    bucket: Mutex<Bucket>,
}

impl Pace {
    pub(super) fn new(bytes_per_second: u64) -> Pace {
        Pace {
            rate: bytes_per_second.max(1),
            bucket: Mutex::default(),
        }
    }

    fn chunk(&self) -> usize {
        let bytes = self.rate.saturating_mul(BURST.as_millis() as u64) / 1_000;
        usize::try_from(bytes.clamp(MIN_CHUNK, MAX_CHUNK)).unwrap_or(usize::MAX)
    }

    /// Takes so many bytes; how long to wait before they go.
    fn take(&self, bytes: usize) -> Duration {
        self.bucket.lock().take(bytes, self.rate, Instant::now())
    }
}

#[derive(Debug, Default)]
struct Bucket {
    taken_until: Option<Instant>,
}

impl Bucket {
    fn take(&mut self, bytes: usize, rate: u64, now: Instant) -> Duration {
        let cost = Duration::from_nanos((bytes as u64).saturating_mul(1_000_000_000) / rate);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let from = self.taken_until.map_or(earliest, |until| until.max(earliest));
        let until = from.checked_add(cost).unwrap_or(from);
        self.taken_until = Some(until);
        until.saturating_duration_since(now)
    }
}

/// How long a request has waited for its turn, which is not the server's fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Waited(Arc<AtomicU64>);

impl Waited {
    pub(super) fn total(&self) -> Duration {
        Duration::from_micros(self.0.load(Relaxed))
    }

    fn add(&self, wait: Duration) {
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_add(micros, Relaxed);
    }
}

/// A body that keeps to a pace.
pub(super) struct Paced {
    inner: HttpRequestBody,
    pace: Arc<Pace>,
    waited: Waited,
    /// What was given to us and is not sent.
    rest: Bytes,
    /// What goes next, and when.
    next: Option<(Pin<Box<Sleep>>, Bytes)>,
}

impl Paced {
    pub(super) fn new(inner: HttpRequestBody, pace: Arc<Pace>, waited: Waited) -> Paced {
        Paced {
            inner,
            pace,
            waited,
            rest: Bytes::new(),
            next: None,
        }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let body = self.get_mut();
        loop {
            if let Some((turn, _)) = &mut body.next {
                ready!(turn.as_mut().poll(cx));
            }
            if let Some((_, chunk)) = body.next.take() {
                return Poll::Ready(Some(Ok(Frame::data(chunk))));
            }
            if body.rest.is_empty() {
                match ready!(Pin::new(&mut body.inner).poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(bytes) => body.rest = bytes,
                        Err(other) => return Poll::Ready(Some(Ok(other))),
                    },
                    end => return Poll::Ready(end),
                }
                continue;
            }
            let chunk = body.rest.split_to(body.pace.chunk().min(body.rest.len()));
            let wait = body.pace.take(chunk.len());
            body.waited.add(wait);
            body.next = Some((Box::pin(tokio::time::sleep(wait)), chunk));
        }
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.rest.len() + self.next.as_ref().map_or(0, |(_, chunk)| chunk.len());
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + held as u64);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + held as u64);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn what_is_unused_does_not_pile_up() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let millis = |wait: Duration| wait.as_millis();
        assert_eq!(millis(bucket.take(50, 1_000, start)), 0, "a burst goes at once");
        assert_eq!(millis(bucket.take(100, 1_000, start)), 100);
        assert_eq!(
            millis(bucket.take(100, 1_000, start)),
            200,
            "the next one waits behind it"
        );
        let later = start + Duration::from_secs(3_600);
        assert_eq!(millis(bucket.take(50, 1_000, later)), 0);
        assert_eq!(
            millis(bucket.take(50, 1_000, later)),
            50,
            "an hour saves one burst"
        );
    }

    /// Two bodies share the rate, and arrive as they are.
    #[tokio::test(start_paused = true)]
    async fn bodies_share_a_pace() {
        let pace = Arc::new(Pace::new(100_000));
        let content: Bytes = (0..=u8::MAX).cycle().take(100_000).collect();
        let start = Instant::now();
        let send = || {
            let waited = Waited::default();
            let body = Paced::new(content.clone().into(), pace.clone(), waited.clone());
            assert_eq!(body.size_hint().exact(), Some(100_000));
            async move { (body.collect().await.unwrap().to_bytes(), waited.total()) }
        };
        let (first, second) = tokio::join!(send(), send());
        assert!(first.0 == content && second.0 == content);
        let took = start.elapsed().as_secs_f64();
        assert!((1.9..2.1).contains(&took), "{took} s for 2 s of bytes");
        assert!(second.1 >= Duration::from_millis(1_800), "{:?}", second.1);
    }
}
