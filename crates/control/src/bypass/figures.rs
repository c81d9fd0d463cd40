//! Metrics of the bypass. No label names a target: addresses are secret, and their number has no bound.

use metrics::{counter, gauge};

use super::reason::Reason;
use super::standing::PushState;

/// Series are there from the start, because an alarm on a missing one never rings.
pub(super) fn announce() {
    for state in PushState::ALL {
        gauge!("lianmai_push_targets", "state" => state.as_str()).increment(0.0);
    }
    for name in [
        "lianmai_push_connections_total",
        "lianmai_push_bytes_total",
        "lianmai_push_dropped_items_total",
        "lianmai_push_silent_frames_total",
        "lianmai_push_late_sound_total",
    ] {
        counter!(name).increment(0);
    }
    for reason in Reason::CODES {
        counter!("lianmai_push_failures_total", "reason" => reason).increment(0);
    }
}

pub(super) fn entered(state: PushState) {
    gauge!("lianmai_push_targets", "state" => state.as_str()).increment(1.0);
}

pub(super) fn left(state: PushState) {
    gauge!("lianmai_push_targets", "state" => state.as_str()).decrement(1.0);
}

pub(super) fn connected() {
    counter!("lianmai_push_connections_total").increment(1);
}

pub(super) fn failed(reason: &Reason) {
    counter!("lianmai_push_failures_total", "reason" => reason.code()).increment(1);
}

pub(super) fn took(bytes: u64, dropped: u64) {
    counter!("lianmai_push_bytes_total").increment(bytes);
    counter!("lianmai_push_dropped_items_total").increment(dropped);
}
