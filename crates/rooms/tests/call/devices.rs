//! Several devices of one account, devices that are gone, and accounts that are offline.

use lianmai_rooms::call::{Command, MemberState, Rejection, Status};
use lianmai_rooms::{Device, RoomId};

use crate::support::*;

#[test]
fn all_devices_ring_and_the_first_answer_wins() {
    let mut world = World::new(&["ann-1", "bob-1", "bob-2", "bob-3"]);
    let call = world.start("ann-1", &["bob"]);
    for device in ["bob-1", "bob-2", "bob-3"] {
        assert_eq!(world.told(device), ["call_invited"]);
    }
    world.accept("bob-2", &call).unwrap();
    assert!(world.told("bob-2").is_empty());
    for device in ["bob-1", "bob-3"] {
        assert_eq!(world.told(device), ["call_accepted_elsewhere"]);
    }
    assert_eq!(world.accept("bob-1", &call), Err(Rejection::AcceptedElsewhere));
    assert_eq!(
        world.reject("bob-3", &call, false),
        Err(Rejection::AcceptedElsewhere)
    );
}

#[test]
fn the_first_refusal_wins_too() {
    let mut world = World::new(&["ann-1", "bob-1", "bob-2", "cat-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.told("bob-2");
    world.reject("bob-1", &call, false).unwrap();
    assert_eq!(world.told("bob-2"), ["call_rejected_elsewhere"]);
    assert_eq!(world.accept("bob-2", &call), Err(Rejection::RejectedElsewhere));
    assert_eq!(world.accept("bob-1", &call), Err(Rejection::AlreadyRejected));
}

#[test]
fn an_offline_account_gets_the_newest_call_when_it_comes() {
    let mut world = World::new(&["ann-1", "cat-1"]);
    let older = world.start("ann-1", &["bob"]);
    world.wait(1_000);
    let newer = world.start("cat-1", &["bob"]);
    assert_eq!(world.state(&older, "bob"), MemberState::Waiting);
    world.connect("bob-1");
    assert_eq!(world.told("bob-1"), ["call_invited"]);
    assert_eq!(world.told("cat-1"), ["call_ringing"]);
    assert_eq!(world.told("ann-1"), ["call_busy", "call_ended"]);
    assert_eq!(world.records[0].call, older);
    world.accept("bob-1", &newer).unwrap();
}

#[test]
fn a_call_for_nobody_times_out() {
    let mut world = World::new(&["ann-1"]);
    world.start("ann-1", &["bob"]);
    world.wait(59_999);
    assert!(world.told("ann-1").is_empty());
    world.wait(1);
    assert_eq!(world.told("ann-1"), ["call_timed_out", "call_ended"]);
    assert_eq!(world.record().status, Status::TimedOut);
    world.connect("bob-1");
    assert!(world.told("bob-1").is_empty());
}

#[test]
fn an_expired_call_does_not_ring_although_the_clock_is_late() {
    let mut world = World::new(&["ann-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.now = lianmai_rooms::Timestamp::from_millis(world.now.as_millis() + 60_000);
    world.connect("bob-1");
    assert!(world.told("bob-1").is_empty());
    assert_eq!(world.accept("bob-1", &call), Err(Rejection::InviteExpired));
    world.wait(0);
    assert_eq!(world.record().status, Status::TimedOut);
}

#[test]
fn the_oldest_of_too_many_waiting_calls_gives_way() {
    let names: Vec<String> = (0..9).map(|n| format!("x{n}-1")).collect();
    let mut world = World::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.limits.calls = 100;
    for name in &names {
        world.wait(10);
        world.start(name, &["bob"]);
    }
    assert_eq!(world.told("x0-1"), ["call_busy", "call_ended"]);
    assert_eq!(world.calls.iter().count(), 8);
}

#[test]
fn who_comes_back_in_time_stays() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.accept("bob-1", &call).unwrap();
    world.told("ann-1");
    world.lose("bob-1");
    world.wait(19_999);
    world.connect("bob-1");
    world.wait(3_600_000);
    assert!(world.told("ann-1").is_empty());
    world.lose("bob-1");
    world.wait(20_000);
    assert_eq!(world.told("ann-1"), ["call_left", "call_ended"]);
    assert_eq!(world.record().status, Status::Completed);
}

#[test]
fn a_caller_who_is_gone_gives_up() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    world.start("ann-1", &["bob"]);
    world.told("bob-1");
    world.lose("ann-1");
    world.wait(20_000);
    assert_eq!(world.told("bob-1"), ["call_cancelled", "call_ended"]);
    assert_eq!(world.record().status, Status::Cancelled);
}

#[test]
fn a_session_that_ends_leaves_at_once() {
    let mut world = World::new(&["ann-1", "ann-2", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.accept("bob-1", &call).unwrap();
    world.told("bob-1");
    let ended = |name: &str| Command::SessionEnded {
        account: owner(name),
        session: session(name),
        kicked: true,
    };
    world.apply(ended("ann-2")).unwrap();
    assert!(world.told("bob-1").is_empty(), "another device is no matter");
    world.apply(ended("ann-1")).unwrap();
    assert_eq!(world.told("bob-1"), ["call_left", "call_ended"]);
}

#[test]
fn another_device_may_take_the_call_over() {
    let mut world = World::new(&["ann-1", "ann-2", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.accept("bob-1", &call).unwrap();
    world.told("ann-1");
    world.lose("ann-2");
    world.connect("ann-2");
    let take = |name: &str| Command::TakeOver {
        call: call.clone(),
        account: owner(name),
        session: session(name),
        device: Device::parse(name).unwrap(),
    };
    world.apply(take("ann-2")).unwrap();
    assert_eq!(world.told("ann-1"), ["call_taken_over"]);
    world.lose("ann-1");
    world.wait(100_000);
    assert_eq!(world.records.len(), 0, "the call is on the other device");
    world.hang_up("bob-1", &call).unwrap();
    assert_eq!(world.told("ann-2"), ["call_ended"]);
}

#[test]
fn calls_outlive_a_restart() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    let stored = serde_json::to_string(world.call(&call)).unwrap();
    let restored = || serde_json::from_str(&stored).unwrap();
    world.calls = lianmai_rooms::call::Calls::new(GRACE);
    world.devices.clear();
    assert!(world.calls.restore(restored(), world.now));
    assert!(!world.calls.restore(restored(), world.now), "once");
    world.wait(10_000);
    world.connect("bob-1");
    world.connect("ann-1");
    world.accept("bob-1", &call).unwrap();
    world.wait(100_000);
    assert!(world.call(&call).is_active());
    let room = RoomId::parse("r1").unwrap();
    assert!(
        world
            .calls
            .of_room(&app(), &room)
            .unwrap()
            .is_inside(&account("bob"))
    );
    world.apply(Command::RoomEnded { room }).unwrap();
    assert_eq!(world.record().status, Status::Completed);
    assert_eq!(world.record().ended_by, None);
}

#[test]
fn apps_are_apart() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    let other = lianmai_rooms::AppId::parse("other").unwrap();
    let command = Command::HangUp {
        call,
        account: account("ann"),
        reason: Default::default(),
    };
    let refused = world.calls.apply(&other, command, &LIMITS, world.now);
    assert_eq!(refused.unwrap_err(), Rejection::NoSuchCall);
    assert!(world.calls.of_account(&other, &account("ann")).is_none());
    assert_eq!(world.calls.remove_app(&app()).len(), 1);
    assert_eq!(world.calls.next_deadline(), None);
}
