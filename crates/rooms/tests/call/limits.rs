//! Limits of an app, of calls and of accounts.

use lianmai_rooms::call::Rejection;

use crate::support::*;

#[test]
fn a_call_takes_so_many() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    assert_eq!(
        world.start_as("ann-1", &["b", "c", "d", "e"], true),
        Err(Rejection::CallFull)
    );
    let call = world.start("ann-1", &["bob", "c"]);
    assert_eq!(
        world.invite("ann-1", &call, &["d", "e"]),
        Err(Rejection::CallFull)
    );
    world.invite("ann-1", &call, &["d"]).unwrap();
    assert_eq!(world.invite("ann-1", &call, &["e"]), Err(Rejection::CallFull));
    world.reject("bob-1", &call, false).unwrap();
    world.invite("ann-1", &call, &["e"]).unwrap();
}

#[test]
fn an_app_has_so_many() {
    let mut world = World::new(&["a-1", "b-1", "c-1", "d-1"]);
    for device in ["a-1", "b-1", "c-1"] {
        world.start(device, &[&format!("x{device}")]);
    }
    assert_eq!(world.start_as("d-1", &["y"], false), Err(Rejection::TooManyCalls));
    world.wait(60_000);
    world.start("d-1", &["y"]);
}

#[test]
fn an_account_invites_so_fast() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    world.limits.invites_per_minute = 2;
    for _ in 0..2 {
        let call = world.start("ann-1", &["bob"]);
        world.hang_up("ann-1", &call).unwrap();
    }
    assert_eq!(
        world.start_as("ann-1", &["bob"], false),
        Err(Rejection::TooManyInvites)
    );
    world.start("bob-1", &["ann"]);
    world.wait(60_000);
    world.start("ann-1", &["bob"]);
}

#[test]
fn callees_are_others_and_distinct() {
    let mut world = World::new(&["ann-1"]);
    for callees in [&[][..], &["ann"], &["bob", "bob"]] {
        assert_eq!(
            world.start_as("ann-1", callees, true),
            Err(Rejection::InvalidArgument { field: "callees" })
        );
    }
    assert_eq!(world.calls.iter().count(), 0);
}

/// What is stored of a call does not grow for ever, whoever is invited and refuses.
#[test]
fn a_call_knows_so_many() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob", "x"]);
    world.accept("bob-1", &call).unwrap();
    let mut invited = 0;
    let refusal = loop {
        let name = format!("y{invited}");
        match world.invite("ann-1", &call, &[&name]) {
            Ok(()) => world.cancel("ann-1", &call, Some(&[&name])).unwrap(),
            Err(refusal) => break refusal,
        }
        invited += 1;
    };
    assert_eq!((refusal, invited), (Rejection::CallFull, 253));
}
