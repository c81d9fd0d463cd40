//! Which connection speaks for which member: a newer login of the same member takes the older one's place.
//!
//! A client that lost its connection repeats its login with the same token, and its old connection is closed without
//! a word. Another device of the account comes with a token of its own; the older one is told, or both would come
//! back for ever.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lianmai_rooms::{AppId, MemberId};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

type Key = (AppId, MemberId);

/// The connections of members.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats {
    by_member: Arc<Mutex<HashMap<Key, Seat>>>,
    counter: Arc<AtomicU64>,
}

/// One connection's seat; dropping gives it back.
#[derive(Debug)]
pub(super) struct Hold {
    seats: Seats,
    key: Key,
    seat: Seat,
}

#[derive(Debug, Clone)]
struct Seat {
    number: u64,
    token: [u8; 32],
    taken: CancellationToken,
    /// With `taken`: by another client.
    by_other: Arc<AtomicBool>,
}

impl Seats {
    /// Takes the seat; whoever has it is told.
    pub(super) fn take(&self, app: &AppId, member: &MemberId, token: &str) -> Hold {
        let seat = Seat {
            number: self.counter.fetch_add(1, Ordering::Relaxed),
            token: Sha256::digest(token).into(),
            taken: CancellationToken::new(),
            by_other: Arc::default(),
        };
        let key = (app.clone(), member.clone());
        if let Some(older) = self.by_member.lock().insert(key.clone(), seat.clone()) {
            older.by_other.store(older.token != seat.token, Ordering::Release);
            older.taken.cancel();
        }
        Hold {
            seats: self.clone(),
            key,
            seat,
        }
    }
}

impl Hold {
    /// Resolves when a newer connection has the seat; true if it is another client's.
    pub(super) async fn taken(&self) -> bool {
        self.seat.taken.cancelled().await;
        self.seat.by_other.load(Ordering::Acquire)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut seats = self.seats.by_member.lock();
        if seats
            .get(&self.key)
            .is_some_and(|seat| seat.number == self.seat.number)
        {
            seats.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newer_login_has_the_seat() {
        let seats = Seats::default();
        let (app, member) = (AppId::parse("a").unwrap(), MemberId::parse("m").unwrap());
        let first = seats.take(&app, &member, "t1");
        let again = seats.take(&app, &member, "t1");
        assert!(!first.taken().await, "the same client");
        drop(first);
        let other = seats.take(&app, &member, "t2");
        assert!(again.taken().await, "another client");
        assert!(!other.seat.taken.is_cancelled());
        drop(again);
        assert_eq!(seats.by_member.lock().len(), 1);
        drop(other);
        assert!(seats.by_member.lock().is_empty());
    }
}
