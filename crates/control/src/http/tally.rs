//! Counts of what is open now, per key, with a ceiling; closing gives the place back.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// Open things per key.
#[derive(Debug)]
pub(crate) struct Tally<K: Hash + Eq + Clone> {
    counts: Arc<Mutex<HashMap<K, usize>>>,
    max: usize,
}

impl<K: Hash + Eq + Clone> Clone for Tally<K> {
    fn clone(&self) -> Self {
        Self {
            counts: Arc::clone(&self.counts),
            max: self.max,
        }
    }
}

/// One open thing; dropping closes it.
#[derive(Debug)]
pub(crate) struct Place<K: Hash + Eq + Clone> {
    tally: Tally<K>,
    key: K,
}

impl<K: Hash + Eq + Clone> Tally<K> {
    /// At most `max` per key.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            counts: Arc::default(),
            max,
        }
    }

    /// Opens one more, or `None` at the ceiling.
    pub(crate) fn open(&self, key: K) -> Option<Place<K>> {
        let mut counts = self.counts.lock();
        let count = counts.get(&key).copied().unwrap_or(0);
        if count >= self.max {
            return None;
        }
        counts.insert(key.clone(), count + 1);
        drop(counts);
        Some(Place {
            tally: self.clone(),
            key,
        })
    }
}

impl<K: Hash + Eq + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.tally.counts.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let tally = Tally::new(2);
        let first = tally.open("a").unwrap();
        let _second = tally.open("a").unwrap();
        assert!(tally.open("a").is_none());
        let _other = tally.open("b").unwrap();
        drop(first);
        assert!(tally.open("a").is_some());
        drop((_second, _other));
        assert!(tally.counts.lock().is_empty());
    }

    #[test]
    fn a_refusal_leaves_no_trace() {
        let tally = Tally::new(0);
        assert!(tally.open(1).is_none());
        assert!(tally.counts.lock().is_empty());
    }
}
