//! How fast accounts invite: a count per account and minute.

use std::collections::BTreeMap;

use crate::{AccountId, Timestamp};

const WINDOW_MILLIS: u64 = 60_000;
/// Accounts counted before those whose minute is over are forgotten.
const SWEEP_AT: usize = 1024;

/// Invitations within the present minute of each account.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    windows: BTreeMap<AccountId, (Timestamp, u32)>,
    sweep_at: usize,
}

impl Pace {
    /// Whether the account may invite `count` more.
    pub(super) fn allows(&self, account: &AccountId, count: usize, most: u32, now: Timestamp) -> bool {
        let used = match self.windows.get(account) {
            Some((began, used)) if now.millis_since(*began) < WINDOW_MILLIS => *used,
            _ => 0,
        };
        u64::from(used).saturating_add(count as u64) <= u64::from(most)
    }

    /// Notes invitations.
    pub(super) fn note(&mut self, account: &AccountId, count: usize, now: Timestamp) {
        let is_over = |began: Timestamp| now.millis_since(began) >= WINDOW_MILLIS;
        if self.windows.len() >= self.sweep_at.max(SWEEP_AT) {
            self.windows.retain(|_, (began, _)| !is_over(*began));
            self.sweep_at = self.windows.len().saturating_mul(2);
        }
        let window = self.windows.entry(account.clone()).or_insert((now, 0));
        if is_over(window.0) {
            *window = (now, 0);
        }
        window.1 = window.1.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_counted() {
        let (mut pace, ann) = (Pace::default(), AccountId::parse("ann").unwrap());
        let at = Timestamp::from_millis;
        assert!(pace.allows(&ann, 3, 3, at(5)) && !pace.allows(&ann, 4, 3, at(5)));
        pace.note(&ann, 2, at(5));
        assert!(pace.allows(&ann, 1, 3, at(60_004)) && !pace.allows(&ann, 2, 3, at(60_004)));
        assert!(pace.allows(&ann, 3, 3, at(60_005)));
    }

    #[test]
    fn old_counts_are_forgotten() {
        let mut pace = Pace::default();
        for n in 0..5 * SWEEP_AT {
            let account = AccountId::parse(&format!("a{n}")).unwrap();
            pace.note(&account, 1, Timestamp::from_millis(n as u64 * 1000));
        }
        assert!(pace.windows.len() <= SWEEP_AT + 1);
    }
}
