//! Counters of packets that do not reach the stream.

use super::ReorderStats;

/// Counts what a push refused.
pub(super) fn refused(kind: &'static str, before: ReorderStats, after: ReorderStats) {
    let count = |reason: &'static str, before: u64, after: u64| {
        if after > before {
            metrics::counter!("lianmai_rtp_packets_dropped_total", "kind" => kind, "reason" => reason)
                .increment(after - before);
        }
    };
    count("duplicate", before.duplicates, after.duplicates);
    count("late", before.late, after.late);
    count("overflow", before.overflow, after.overflow);
}

/// Counts packets given up.
pub(super) fn lost(kind: &'static str, count: u32) {
    metrics::counter!("lianmai_rtp_packets_lost_total", "kind" => kind).increment(u64::from(count));
}
