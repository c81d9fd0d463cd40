//! Which renditions are needed.
//!
//! Whoever reads a rendition holds a [`Want`] for it. A rendition is wanted while there is one and for a moment after, so
//! that a reader that comes back finds it running; and only while its source is on air or just away, so that readers
//! who wait for a publisher start nothing. The interface is level-triggered: whoever makes renditions compares the whole
//! set with what it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::family::Origin;
use crate::registry::Registry;
use crate::{Hub, StreamKey};

/// Wants by rendition.
#[derive(Default)]
pub(crate) struct Wants {
    entries: Mutex<BTreeMap<StreamKey, Entry>>,
    changes: watch::Sender<()>,
}

#[derive(Clone, Copy)]
struct Entry {
    wants: usize,
    /// Until when it is wanted with no want left.
    until: Option<Instant>,
}

impl Entry {
    fn is_alive(&self, now: Instant) -> bool {
        self.wants > 0 || self.until.is_some_and(|until| now < until)
    }
}

impl Wants {
    /// The set may have changed.
    pub(crate) fn changed(&self) {
        if !self.entries.lock().is_empty() {
            self.changes.send_replace(());
        }
    }
}

/// Keeps a rendition wanted. Dropping it gives it up.
pub struct Want {
    key: StreamKey,
    registry: Arc<Registry>,
}

impl Want {
    pub(crate) fn new(registry: &Arc<Registry>, key: StreamKey) -> Want {
        let none = Entry {
            wants: 0,
            until: None,
        };
        let first = {
            let mut entries = registry.wants.entries.lock();
            if !entries.contains_key(&key) {
                // Nobody may be looking at the set.
                let now = Instant::now();
                entries.retain(|_, entry| entry.is_alive(now));
            }
            let entry = entries.entry(key.clone()).or_insert(none);
            entry.wants += 1;
            entry.wants == 1
        };
        if first {
            registry.wants.changed();
        }
        Want {
            key,
            registry: registry.clone(),
        }
    }

    /// The rendition.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }
}

impl Drop for Want {
    fn drop(&mut self) {
        let last = {
            let mut entries = self.registry.wants.entries.lock();
            let Some(entry) = entries.get_mut(&self.key) else {
                return;
            };
            entry.wants = entry.wants.saturating_sub(1);
            entry.until = Some(Instant::now() + self.registry.config.rendition_linger);
            entry.wants == 0
        };
        if last {
            self.registry.wants.changed();
        }
    }
}

impl Registry {
    /// The wanted renditions, sorted, and when to look again at the latest.
    fn survey(&self) -> (Vec<StreamKey>, Option<Instant>) {
        let now = Instant::now();
        let mut again: Option<Instant> = None;
        let mut look_at = |at: Instant| again = Some(again.map_or(at, |other| other.min(at)));
        let entries: Vec<(StreamKey, Entry)> = {
            let mut entries = self.wants.entries.lock();
            entries.retain(|_, entry| entry.is_alive(now));
            entries.iter().map(|(key, entry)| (key.clone(), *entry)).collect()
        };
        let mut wanted = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let source_ends = match self.source(&key) {
                Source::OnAir => None,
                Source::AwayUntil(until) if now < until => Some(until),
                Source::AwayUntil(_) | Source::Gone => continue,
            };
            source_ends.into_iter().for_each(&mut look_at);
            if entry.wants == 0 {
                entry.until.into_iter().for_each(&mut look_at);
            }
            wanted.push(key);
        }
        (wanted, again)
    }

    fn source(&self, rendition: &StreamKey) -> Source {
        let Some(form) = rendition.form_of().filter(|form| form.is_rendition()) else {
            return Source::Gone;
        };
        let Some(family) = self.family(&rendition.plain()) else {
            return Source::Gone;
        };
        let air = *family.air();
        let origin = Some(Origin::of_timeline(form.source()));
        match air.publisher {
            publisher if publisher == origin => Source::OnAir,
            None if air.last == origin && air.ended.is_none() => {
                Source::AwayUntil(air.off_air_since + self.config.continue_window)
            }
            _ => Source::Gone,
        }
    }
}

/// How it is with what a rendition is made of.
enum Source {
    OnAir,
    AwayUntil(Instant),
    Gone,
}

/// Tells when the set of wanted renditions changes.
pub struct RenditionWatch {
    registry: Arc<Registry>,
    changes: watch::Receiver<()>,
    told: Mutex<Vec<StreamKey>>,
}

impl RenditionWatch {
    /// Waits until the set differs from what [`wanted`](Self::wanted) or this told last; at first, until it is not empty.
    /// Nothing is lost when the future is dropped.
    pub async fn changed(&mut self) {
        loop {
            self.changes.mark_unchanged();
            let (wanted, again) = self.registry.survey();
            {
                let mut told = self.told.lock();
                if *told != wanted {
                    *told = wanted;
                    return;
                }
            }
            // The sender lives as long as the registry, and whatever happened, the next look decides.
            match again {
                None => drop(self.changes.changed().await),
                Some(at) => drop(tokio::time::timeout_at(at, self.changes.changed()).await),
            }
        }
    }

    /// The wanted renditions now, sorted.
    pub fn wanted(&self) -> Vec<StreamKey> {
        let (wanted, _) = self.registry.survey();
        self.told.lock().clone_from(&wanted);
        wanted
    }
}

impl Hub {
    /// Wants the rendition `key` for as long as the answer lives. Other forms are never wanted.
    pub fn want(&self, key: &StreamKey) -> Want {
        Want::new(&self.registry, key.clone())
    }

    /// The renditions that are wanted now, sorted.
    pub fn wanted_renditions(&self) -> Vec<StreamKey> {
        self.registry.survey().0
    }

    /// Watches the set of wanted renditions.
    pub fn renditions_changed(&self) -> RenditionWatch {
        RenditionWatch {
            changes: self.registry.wants.changes.subscribe(),
            registry: self.registry.clone(),
            told: Mutex::default(),
        }
    }
}
