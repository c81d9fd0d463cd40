//! How often `lianmai_vendor_refused_total` was counted, by code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString, Unit,
};

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let label = |name: &str| {
            let found = key.labels().find(|label| label.key() == name);
            found.map(|label| label.value().to_owned()).unwrap_or_default()
        };
        if key.name() != "lianmai_vendor_refused_total" || label("vendor") != "emedia" {
            return Counter::noop();
        }
        let mut all = self.0.lock().unwrap();
        Counter::from_arc(all.entry(label("code")).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Counts what is refused on this thread, on which a test and its server both run.
pub(super) struct Refusals {
    counts: &'static Counts,
    _here: LocalRecorderGuard<'static>,
}

impl Refusals {
    pub(super) fn watch() -> Self {
        let counts: &'static Counts = Box::leak(Box::default());
        Self {
            counts,
            _here: metrics::set_default_local_recorder(counts),
        }
    }

    /// With this code so far.
    pub(super) fn of(&self, code: i64) -> u64 {
        let all = self.counts.0.lock().unwrap();
        all.get(&code.to_string())
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// With any code so far.
    pub(super) fn all(&self) -> u64 {
        let all = self.counts.0.lock().unwrap();
        all.values().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}
