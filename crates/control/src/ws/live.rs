//! Which session is connected through which connection: a session that is taken up again ends the older connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lianmai_rooms::SessionId;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// Connected sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveSessions {
    by_session: Arc<Mutex<HashMap<SessionId, (u64, CancellationToken)>>>,
    counter: Arc<AtomicU64>,
}

/// One connection's hold on its session.
#[derive(Debug)]
pub(crate) struct Hold {
    number: u64,
    replaced: CancellationToken,
}

impl Hold {
    /// Cancelled when a newer connection takes the session up.
    pub(crate) const fn replaced(&self) -> &CancellationToken {
        &self.replaced
    }
}

impl LiveSessions {
    /// Takes the session; an older connection of it is told to close.
    pub(crate) fn take(&self, session: &SessionId) -> Hold {
        let hold = Hold {
            number: self.counter.fetch_add(1, Ordering::Relaxed),
            replaced: CancellationToken::new(),
        };
        let entry = (hold.number, hold.replaced.clone());
        if let Some((_, older)) = self.by_session.lock().insert(session.clone(), entry) {
            older.cancel();
        }
        hold
    }

    /// Gives the session back; false if a newer connection has it.
    pub(crate) fn release(&self, session: &SessionId, hold: &Hold) -> bool {
        let mut live = self.by_session.lock();
        let is_ours = live
            .get(session)
            .is_some_and(|(number, _)| *number == hold.number);
        if is_ours {
            live.remove(session);
        }
        is_ours
    }

    /// Whether a connection has the session.
    pub(crate) fn contains(&self, session: &SessionId) -> bool {
        self.by_session.lock().contains_key(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_connection_wins() {
        let live = LiveSessions::default();
        let session = SessionId::parse("s1").unwrap();
        let older = live.take(&session);
        let newer = live.take(&session);
        assert!(older.replaced().is_cancelled() && !newer.replaced().is_cancelled());
        assert!(!live.release(&session, &older));
        assert!(live.contains(&session));
        assert!(live.release(&session, &newer));
        assert!(!live.contains(&session));
    }
}
