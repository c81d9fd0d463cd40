//! Inside a call: messages and other types.

use lianmai_rooms::call::{CallId, Command, Data, Kind, Rejection};
use serde_json::json;

use crate::support::*;

fn control(device: &str, call: &CallId, to: Option<&str>) -> Command {
    Command::Control {
        call: call.clone(),
        account: owner(device),
        session: session(device),
        to: to.map(account),
        data: Data::new(json!({"cid": 1})).unwrap(),
    }
}

fn switch(device: &str, call: &CallId, kind: Kind, ask: bool) -> Command {
    Command::SwitchKind {
        call: call.clone(),
        account: owner(device),
        session: session(device),
        kind,
        ask,
    }
}

fn answer(device: &str, call: &CallId, kind: Kind, accept: bool) -> Command {
    Command::AnswerKind {
        call: call.clone(),
        account: owner(device),
        session: session(device),
        kind,
        accept,
    }
}

#[test]
fn messages_reach_one_or_all_inside() {
    let mut world = World::new(&["ann-1", "bob-1", "bob-2", "cat-1", "dan-1"]);
    let call = world.start("ann-1", &["bob", "cat", "dan"]);
    assert_eq!(
        world.apply(control("ann-1", &call, None)),
        Err(Rejection::NotActive)
    );
    world.accept("bob-1", &call).unwrap();
    world.accept("cat-1", &call).unwrap();
    for device in ["ann-1", "bob-1", "bob-2", "cat-1", "dan-1"] {
        world.told(device);
    }
    world.apply(control("ann-1", &call, None)).unwrap();
    world.apply(control("ann-1", &call, Some("bob"))).unwrap();
    assert_eq!(world.told("bob-1"), ["call_control", "call_control"]);
    assert_eq!(world.told("cat-1"), ["call_control"]);
    for device in ["ann-1", "bob-2", "dan-1"] {
        assert!(world.told(device).is_empty(), "{device}");
    }
    for to in ["dan", "ann", "eve"] {
        let refused = world.apply(control("ann-1", &call, Some(to)));
        assert_eq!(refused, Err(Rejection::NoSuchCallee), "{to}");
    }
    assert_eq!(
        world.apply(control("dan-1", &call, None)),
        Err(Rejection::NotInCall)
    );
    assert_eq!(
        world.apply(control("bob-2", &call, None)),
        Err(Rejection::OnAnotherDevice)
    );
}

#[test]
fn the_type_changes_at_once_or_after_asking() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob"]);
    let to_audio = || switch("ann-1", &call, Kind::Audio, false);
    assert_eq!(world.apply(to_audio()), Err(Rejection::NotActive));
    world.accept("bob-1", &call).unwrap();
    world.told("bob-1");
    world.apply(to_audio()).unwrap();
    assert_eq!(world.told("bob-1"), ["call_type_changed"]);
    world.apply(to_audio()).unwrap();
    assert!(world.told("bob-1").is_empty(), "it is so already");

    world.apply(switch("bob-1", &call, Kind::Video, true)).unwrap();
    world.told("bob-1");
    assert_eq!(world.told("ann-1"), ["call_accepted", "call_type_requested"]);
    assert_eq!(world.call(&call).kind(), Kind::Audio);
    let own = world.apply(answer("bob-1", &call, Kind::Video, true));
    assert_eq!(own, Err(Rejection::NoKindRequest));
    world.apply(answer("ann-1", &call, Kind::Video, false)).unwrap();
    assert_eq!(world.told("bob-1"), ["call_type_declined"]);
    let late = world.apply(answer("ann-1", &call, Kind::Video, true));
    assert_eq!(late, Err(Rejection::NoKindRequest));

    world.apply(switch("bob-1", &call, Kind::Video, true)).unwrap();
    world.apply(answer("ann-1", &call, Kind::Video, true)).unwrap();
    assert_eq!(world.told("bob-1"), ["call_type_changed"]);
    assert_eq!(world.call(&call).kind(), Kind::Video);
    let other = world.apply(switch("bob-1", &call, Kind::Other, false));
    assert_eq!(other, Err(Rejection::InvalidArgument { field: "type" }));
}

#[test]
fn a_group_is_not_asked() {
    let mut world = World::new(&["ann-1", "bob-1"]);
    let call = world.start("ann-1", &["bob", "cat"]);
    world.accept("bob-1", &call).unwrap();
    let asked = world.apply(switch("ann-1", &call, Kind::Audio, true));
    assert_eq!(asked, Err(Rejection::InvalidArgument { field: "ask" }));
    world.apply(switch("bob-1", &call, Kind::Audio, false)).unwrap();
    assert_eq!(world.told("ann-1"), ["call_accepted", "call_type_changed"]);
}
