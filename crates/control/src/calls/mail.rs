//! What is told to accounts outside rooms: a bounded box for each connection.
//!
//! A box that is full is closed, and its connection with it: the client comes back and takes a fresh view. So nobody
//! waits for a slow client, and nobody misses something without knowing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::Utf8Bytes;
use lianmai_rooms::call::{Addressee, CallId};
use lianmai_rooms::{AccountId, AppId, SessionId};
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Letters that wait for one connection at most.
const CAPACITY: usize = 256;

/// One thing to tell.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) app: AppId,
    pub(crate) to: Addressee,
    pub(crate) post: Post,
}

/// What arrives at a connection.
#[derive(Debug, Clone)]
pub(crate) enum Post {
    /// Send this frame.
    Frame {
        text: Utf8Bytes,
        /// For an event of a call: which, and its number there.
        call: Option<(CallId, u64)>,
    },
    /// The session was ended by another one of the account.
    Kicked,
}

type Key = (AppId, AccountId);

#[derive(Debug)]
struct Slot {
    number: u64,
    session: SessionId,
    sender: mpsc::Sender<Post>,
}

/// All boxes.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    slots: Mutex<HashMap<Key, Vec<Slot>>>,
    counter: AtomicU64,
}

impl Mail {
    /// Opens the box of a connection.
    pub(crate) fn open(self: &Arc<Self>, app: &AppId, account: &AccountId, session: &SessionId) -> Mailbox {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let key = (app.clone(), account.clone());
        let slot = Slot {
            number,
            session: session.clone(),
            sender,
        };
        self.slots.lock().entry(key.clone()).or_default().push(slot);
        Mailbox {
            mail: self.clone(),
            key,
            number,
            receiver,
        }
    }

    /// Puts a letter into the boxes of those it is for. Never waits.
    pub(crate) fn post(&self, letter: Letter) {
        let key = (letter.app, letter.to.account().clone());
        let mut slots = self.slots.lock();
        let Some(of_account) = slots.get_mut(&key) else {
            return;
        };
        of_account.retain(|slot| {
            let is_for = letter.to.means(&slot.session);
            let kept = !is_for || slot.sender.try_send(letter.post.clone()).is_ok();
            if !kept {
                metrics::counter!("lianmai_mailboxes_overrun_total").increment(1);
            }
            kept
        });
        if of_account.is_empty() {
            slots.remove(&key);
        }
    }

    /// Whether a connection of the account would get a letter now.
    pub(crate) fn reaches(&self, app: &AppId, account: &AccountId) -> bool {
        self.slots.lock().contains_key(&(app.clone(), account.clone()))
    }

    fn close(&self, key: &Key, number: u64) {
        let mut slots = self.slots.lock();
        if let Some(of_account) = slots.get_mut(key) {
            of_account.retain(|slot| slot.number != number);
            if of_account.is_empty() {
                slots.remove(key);
            }
        }
    }
}

/// The box of one connection; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    mail: Arc<Mail>,
    key: Key,
    number: u64,
    receiver: mpsc::Receiver<Post>,
}

impl Mailbox {
    /// Waits for the next; `None`: it was overrun. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<Post> {
        self.receiver.recv().await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.mail.close(&self.key, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(account: &str, except: Option<&str>) -> Letter {
        let to = Addressee::Account {
            account: AccountId::parse(account).unwrap(),
            except: except.map(|id| SessionId::parse(id).unwrap()),
        };
        Letter {
            app: AppId::parse("a").unwrap(),
            to,
            post: Post::Kicked,
        }
    }

    fn open(mail: &Arc<Mail>, account: &str, session: &str) -> Mailbox {
        let (app, account) = (AppId::parse("a").unwrap(), AccountId::parse(account).unwrap());
        mail.open(&app, &account, &SessionId::parse(session).unwrap())
    }

    #[tokio::test]
    async fn letters_reach_whom_they_are_for() {
        let mail = Arc::new(Mail::default());
        let (mut one, mut two) = (open(&mail, "ann", "s1"), open(&mail, "ann", "s2"));
        let mut other = open(&mail, "bob", "s3");
        mail.post(letter("ann", Some("s1")));
        mail.post(letter("eve", None));
        assert!(matches!(two.next().await, Some(Post::Kicked)));
        assert!(one.receiver.try_recv().is_err() && other.receiver.try_recv().is_err());
        drop((one, two, other));
        assert!(mail.slots.lock().is_empty());
    }

    #[tokio::test]
    async fn a_full_box_is_closed() {
        let mail = Arc::new(Mail::default());
        let mut slow = open(&mail, "ann", "s1");
        (0..=CAPACITY).for_each(|_| mail.post(letter("ann", None)));
        for _ in 0..CAPACITY {
            assert!(slow.next().await.is_some());
        }
        assert!(slow.next().await.is_none());
        assert!(mail.slots.lock().is_empty());
    }
}
