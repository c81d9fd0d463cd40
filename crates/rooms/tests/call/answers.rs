//! One-to-one calls: answered, refused, busy, cancelled.

use lianmai_rooms::call::{MemberState, Outcome, Rejection, Status};

use crate::support::*;

#[test]
fn an_answered_call_counts_from_the_answer() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    assert_eq!(world.told("bob-1"), ["call_invited"]);
    assert!(!world.call(&call).is_active());
    world.wait(7_000);
    world.accept("bob-1", &call).unwrap();
    assert_eq!(world.told("ann-1"), ["call_accepted"]);
    assert!(world.told("bob-1").is_empty());
    world.accept("bob-1", &call).unwrap();
    assert!(world.told("ann-1").is_empty(), "said again, it changes nothing");
    world.wait(65_900);
    world.hang_up("bob-1", &call).unwrap();
    assert_eq!(world.told("ann-1"), ["call_ended"]);
    assert_eq!(world.told("bob-1"), ["call_ended"]);
    let record = world.record();
    assert_eq!((record.status, record.duration_ms), (Status::Completed, 65_900));
    let seconds: Vec<u64> = record.members.iter().map(|member| member.seconds).collect();
    assert_eq!(seconds, [65, 65]);
    assert_eq!(record.ended_by, Some(account("bob")));
    assert!(record.room.is_some());
    assert_eq!(world.hang_up("ann-1", &call), Err(Rejection::CallEnded));
}

#[test]
fn a_refused_call_ends() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.reject("bob-1", &call, false).unwrap();
    assert_eq!(world.told("ann-1"), ["call_rejected", "call_ended"]);
    let record = world.record();
    assert_eq!((record.status, record.room.is_none()), (Status::Rejected, true));
    assert_eq!(record.members[1].outcome, Outcome::Rejected);
    assert_eq!(record.members[0].seconds, 0);
}

#[test]
fn busy_may_be_said() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.reject("bob-1", &call, true).unwrap();
    assert_eq!(world.told("ann-1"), ["call_busy", "call_ended"]);
    assert_eq!(world.record().status, Status::Busy);
}

#[test]
fn whoever_is_not_idle_is_busy() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let first = world.start("ann-1", &["bob"]);
    world.start("cat-1", &["bob"]);
    assert_eq!(world.told("cat-1"), ["call_busy", "call_ended"]);
    assert_eq!(
        world.told("bob-1"),
        ["call_invited"],
        "who is busy is not disturbed"
    );
    assert_eq!(world.records[0].status, Status::Busy);
    // The caller is busy too.
    world.start("cat-1", &["ann"]);
    assert_eq!(world.records[1].status, Status::Busy);
    assert_eq!(
        world.start_as("ann-1", &["cat"], false),
        Err(Rejection::AlreadyInCall)
    );
    world.hang_up("ann-1", &first).unwrap();
    let third = world.start("cat-1", &["bob"]);
    assert_eq!(world.state(&third, "bob"), MemberState::Ringing);
}

#[test]
fn the_caller_may_give_up() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    world.told("bob-1");
    world.cancel("ann-1", &call, None).unwrap();
    assert_eq!(world.told("bob-1"), ["call_cancelled", "call_ended"]);
    assert_eq!(world.told("ann-1"), ["call_ended"]);
    assert_eq!(world.record().status, Status::Cancelled);
    assert_eq!(world.accept("bob-1", &call), Err(Rejection::CallEnded));
}

#[test]
fn hanging_up_and_leaving_while_it_rings_are_giving_up() {
    for hang_up in [true, false] {
        let mut world = World::new(&["ann-1", "bob-1"]);
        let call = world.start("ann-1", &["bob"]);
        world.told("bob-1");
        if hang_up {
            world.hang_up("ann-1", &call).unwrap();
        } else {
            world.leave("ann-1", &call).unwrap();
        }
        assert_eq!(world.told("bob-1"), ["call_cancelled", "call_ended"]);
        assert_eq!(world.record().status, Status::Cancelled);
    }
}

#[test]
fn who_rings_is_not_inside() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let call = world.start("ann-1", &["bob"]);
    assert_eq!(world.hang_up("bob-1", &call), Err(Rejection::NotInCall));
    assert_eq!(world.leave("bob-1", &call), Err(Rejection::NotInCall));
    assert_eq!(world.cancel("bob-1", &call, None), Err(Rejection::NotInCall));
    assert_eq!(world.hang_up("cat-1", &call), Err(Rejection::NoSuchCall));
    assert_eq!(
        world.accept("ann-1", &call),
        Ok(()),
        "whoever is inside stays inside"
    );
    assert_eq!(world.hang_up("ann-1", &call_id("c9")), Err(Rejection::NoSuchCall));
    world.accept("bob-1", &call).unwrap();
    assert_eq!(world.cancel("ann-1", &call, None), Err(Rejection::NotRinging));
    assert_eq!(world.reject("bob-1", &call, false), Err(Rejection::NotRinging));
}
