//! Group calls.

use lianmai_rooms::call::{MemberState, Outcome, Rejection, Status};

use crate::support::*;

#[test]
fn members_come_and_go() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1", "dan-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.wait(1_000);
    world.accept("bob-1", &call).unwrap();
    world.wait(10_000);
    world.reject("cat-1", &call, false).unwrap();
    assert_eq!(world.told("bob-1"), ["call_invited", "call_rejected"]);
    world.invite("bob-1", &call, &["dan"]).unwrap();
    assert_eq!(world.told("dan-1"), ["call_invited"]);
    assert_eq!(
        world.told("ann-1"),
        ["call_accepted", "call_rejected", "call_members_added"]
    );
    world.accept("dan-1", &call).unwrap();
    world.wait(5_000);
    world.leave("ann-1", &call).unwrap();
    assert_eq!(world.told("dan-1"), ["call_left"]);
    world.wait(5_000);
    world.leave("bob-1", &call).unwrap();
    assert_eq!(world.told("dan-1"), ["call_left", "call_ended"]);
    let record = world.record();
    assert_eq!((record.status, record.duration_ms), (Status::Completed, 20_000));
    let seconds: Vec<_> = record.members.iter().map(|m| (m.outcome, m.seconds)).collect();
    assert_eq!(
        seconds,
        [
            (Outcome::Accepted, 15),
            (Outcome::Accepted, 20),
            (Outcome::Rejected, 0),
            (Outcome::Accepted, 10)
        ]
    );
}

#[test]
fn whoever_left_may_be_invited_again() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.accept("bob-1", &call).unwrap();
    world.accept("cat-1", &call).unwrap();
    world.wait(4_000);
    world.leave("cat-1", &call).unwrap();
    assert_eq!(world.accept("cat-1", &call), Err(Rejection::NotInCall));
    world.wait(4_000);
    world.invite("ann-1", &call, &["cat", "bob"]).unwrap();
    assert_eq!(
        world.state(&call, "bob"),
        MemberState::Inside,
        "nothing to do for him"
    );
    world.accept("cat-1", &call).unwrap();
    world.wait(3_000);
    world.hang_up("ann-1", &call).unwrap();
    assert_eq!(world.record().members[2].seconds, 7);
}

#[test]
fn invitations_are_taken_back_by_whoever_made_them() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1", "dan-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.accept("bob-1", &call).unwrap();
    assert_eq!(
        world.cancel("bob-1", &call, Some(&["cat"])),
        Err(Rejection::NotAllowed)
    );
    world.invite("bob-1", &call, &["dan"]).unwrap();
    assert_eq!(
        world.cancel("bob-1", &call, Some(&["eve"])),
        Err(Rejection::NoSuchCallee)
    );
    world.cancel("bob-1", &call, None).unwrap();
    assert_eq!(world.state(&call, "dan"), MemberState::Cancelled);
    assert_eq!(world.state(&call, "cat"), MemberState::Ringing);
    assert_eq!(world.accept("dan-1", &call), Err(Rejection::InviteCancelled));
    world.cancel("ann-1", &call, Some(&["cat"])).unwrap();
    assert_eq!(
        world.cancel("ann-1", &call, Some(&["cat"])),
        Err(Rejection::NotRinging)
    );
    assert!(world.call(&call).is_active());
}

#[test]
fn nobody_answers_in_different_ways() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1", "dan-1", "eve-1"]);
    let other = world.start("dan-1", &["eve"]);
    let call = world.start("ann-1", &["bob", "cat", "dan"]);
    world.reject("bob-1", &call, false).unwrap();
    world.wait(60_000);
    assert!(world.calls.get(&app(), &other).is_none(), "it has timed out, too");
    let record = world.records.iter().find(|record| record.call == call).unwrap();
    assert_eq!(record.status, Status::Rejected);
    let outcomes: Vec<_> = record.members.iter().skip(1).map(|m| m.outcome).collect();
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::TimedOut, Outcome::Busy]);
}

#[test]
fn a_call_of_two_takes_no_more() {
    let mut world = World::new(&["ann-1", "bob-1", "cat-1"]);
    let call = world.start("ann-1", &["bob"]);
    assert_eq!(world.invite("ann-1", &call, &["cat"]), Err(Rejection::NotAGroup));
    assert_eq!(
        world.start_as("cat-1", &["bob", "ann"], false),
        Err(Rejection::InvalidArgument { field: "callees" })
    );
}
