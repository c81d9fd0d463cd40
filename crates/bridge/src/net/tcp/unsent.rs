//! What waits to be written to a connection: bounded in bytes, and dropped when it does not fit.

use bytes::{BufMut, BytesMut};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::net::Dropped;

/// Frames that wait for a connection.
pub(in crate::net) struct Unsent {
    queue: Mutex<Queue>,
    more: Notify,
    limit: usize,
}

#[derive(Default)]
struct Queue {
    bytes: BytesMut,
    /// Taken by the connection but not written yet.
    taken: usize,
    closed: bool,
}

impl Unsent {
    pub(super) fn new(limit: usize) -> Unsent {
        Unsent {
            queue: Mutex::default(),
            more: Notify::new(),
            limit,
        }
    }

    /// Puts a datagram there as a frame.
    pub(in crate::net) fn push(&self, datagram: &[u8]) -> Result<(), Dropped> {
        let length = u16::try_from(datagram.len()).map_err(|_| Dropped::Refused)?;
        let mut queue = self.queue.lock();
        if queue.closed {
            return Err(Dropped::NotConnected);
        }
        if queue.bytes.len() + queue.taken + 2 + datagram.len() > self.limit {
            return Err(Dropped::ConnectionFull);
        }
        queue.bytes.put_u16(length);
        queue.bytes.extend_from_slice(datagram);
        drop(queue);
        self.more.notify_one();
        Ok(())
    }

    /// Waits for frames and takes them all. What was taken before counts as written.
    pub(super) async fn take(&self) -> BytesMut {
        loop {
            if let Some(bytes) = self.take_now() {
                return bytes;
            }
            self.more.notified().await;
        }
    }

    /// Takes all frames, if there are any. What was taken before counts as written.
    pub(super) fn take_now(&self) -> Option<BytesMut> {
        let mut queue = self.queue.lock();
        queue.taken = queue.bytes.len();
        let bytes = std::mem::take(&mut queue.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.bytes = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_until_something_was_written() {
        let unsent = Unsent::new(20);
        unsent.push(&[1; 8]).unwrap();
        unsent.push(&[2; 8]).unwrap();
        assert_eq!(unsent.push(&[3]), Err(Dropped::ConnectionFull));
        let taken = unsent.take_now().unwrap();
        assert_eq!(taken.len(), 20);
        assert_eq!(
            unsent.push(&[3]),
            Err(Dropped::ConnectionFull),
            "what is being written counts"
        );
        assert!(unsent.take_now().is_none());
        unsent.push(&[3]).unwrap();
        unsent.close();
        assert_eq!(unsent.push(&[4]), Err(Dropped::NotConnected));
        assert_eq!(unsent.push(&[4; 70_000]), Err(Dropped::Refused));
    }
}
