//! Time-outs set by either side.

use lianmai_rooms::Delay;
use lianmai_rooms::call::{Command, MAX_RING, MIN_RING, MemberState, Rejection, ring_time};

use crate::support::*;

fn set(device: &str, call: &lianmai_rooms::call::CallId, secs: u16) -> Command {
    Command::SetRing {
        call: call.clone(),
        account: owner(device),
        ring: Delay::from_secs(secs),
    }
}

#[test]
fn both_sides_may_shorten_the_ring() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.wait(2_000);
    world.apply(set("bob-1", &call, 5)).unwrap();
    world.told("bob-1");
    world.wait(2_999);
    assert_eq!(world.state(&call, "bob"), MemberState::Ringing);
    world.wait(1);
    assert_eq!(world.told("bob-1"), ["call_timed_out", "call_ended"]);
    assert_eq!(world.told("ann-1"), ["call_timed_out", "call_ended"]);
}

#[test]
fn only_the_caller_may_lengthen_it() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.apply(set("bob-1", &call, 90)).unwrap();
    world.wait(59_000);
    world.apply(set("ann-1", &call, 120)).unwrap();
    world.wait(60_000);
    assert_eq!(world.state(&call, "bob"), MemberState::Ringing);
    assert_eq!(world.apply(set("cat-1", &call, 5)), Err(Rejection::NoSuchCall));
    // What lies in the past is due at once.
    world.apply(set("ann-1", &call, 5)).unwrap();
    world.wait(0);
    assert_eq!(world.records.len(), 1);
}

#[test]
fn a_ring_is_bounded() {
    assert_eq!(ring_time(120_000), Some(MAX_RING));
    assert_eq!(ring_time(1_000), Some(MIN_RING));
    for bad in [0, 999, 120_001, u64::MAX] {
        assert_eq!(ring_time(bad), None, "{bad}");
    }
}

#[test]
fn a_group_call_goes_on_without_those_who_do_not_answer() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.accept("bob-1", &call).unwrap();
    world.wait(60_000);
    assert_eq!(world.state(&call, "cat"), MemberState::TimedOut);
    assert_eq!(world.accept("cat-1", &call), Err(Rejection::InviteExpired));
    assert_eq!(world.told("bob-1"), ["call_invited", "call_timed_out"]);
    world.wait(3_600_000);
    assert!(world.call(&call).is_active());
}
