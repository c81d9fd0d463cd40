//! Pushes to other places: who may, how many, how they end, and that their addresses stay secret.

use lianmai_rooms::*;

use crate::support::*;

fn id(name: &str) -> PushId {
    PushId::parse(name).unwrap()
}

fn add(who: Actor, name: &str, source: Option<&str>, key: &str) -> Command {
    Command::AddPush {
        by: who,
        push: Box::new(NewPush {
            id: id(name),
            stream: source.map(stream),
            url: PushUrl::parse(&format!("rtmps://cdn.example:444/live/{key}?auth=SECRET")).unwrap(),
        }),
    }
}

fn remove(who: Actor, name: &str) -> Command {
    Command::RemovePush {
        by: who,
        push: id(name),
    }
}

#[test]
fn admins_and_the_app_add_and_remove() {
    let mut bench = Bench::with(talk(), &["ann"]);
    assert_eq!(bench.refused(add(by("ann"), "p1", None, "a")), "not_allowed");
    bench.ok(add(by("boss"), "p1", None, "a"));
    assert_eq!(bench.refused(add(Actor::App, "p1", None, "b")), "id_taken");
    assert_eq!(bench.refused(add(Actor::App, "p2", None, "a")), "push_exists");
    assert_eq!(
        bench.refused(add(Actor::App, "p2", Some("s9"), "b")),
        "no_such_stream"
    );
    assert_eq!(bench.refused(remove(by("ann"), "p1")), "not_allowed");
    assert_eq!(bench.refused(remove(Actor::App, "p9")), "no_such_push");
    let waits = bench.room.push(&id("p1")).unwrap();
    assert_eq!(bench.room.pushed(waits), None);
    bench.ok(Command::PublishMix {
        stream: stream("m1"),
        ext: Ext::default(),
    });
    let goes = bench.room.push(&id("p1")).unwrap();
    assert_eq!(bench.room.pushed(goes).map(|s| s.id.as_str()), Some("m1"));
    let removed = bench.ok(remove(by("boss"), "p1"));
    let expected = EventKind::PushRemoved {
        push: id("p1"),
        reason: PushEndReason::Removed,
        by: Some(by("boss")),
    };
    assert_eq!(removed, [expected]);
}

#[test]
fn there_are_only_so_many() {
    let mut bench = Bench::with(talk(), &[]);
    for n in 0..MAX_PUSHES {
        bench.ok(add(Actor::App, &format!("p{n}"), None, &format!("k{n}")));
    }
    assert_eq!(
        bench.refused(add(Actor::App, "more", None, "more")),
        "too_many_pushes"
    );
}

fn ends(happened: &[EventKind]) -> Vec<(String, PushEndReason)> {
    let end = |kind: &EventKind| match kind {
        EventKind::PushRemoved { push, reason, .. } => Some((push.to_string(), *reason)),
        _ => None,
    };
    happened.iter().filter_map(end).collect()
}

#[test]
fn a_push_ends_with_its_stream_its_host_and_its_room() {
    let mut bench = Bench::new(talk());
    bench.ok(join(Join {
        bypass: Some(BypassPart::Host),
        ..joining("boss")
    }));
    bench.ok(join(joining("ann")));
    bench.ok(camera("ann", "s1"));
    bench.ok(add(Actor::App, "p1", Some("s1"), "a"));
    bench.ok(add(by("boss"), "p2", None, "b"));
    bench.ok(add(Actor::App, "p3", None, "c"));
    let leave = |name| Command::Leave {
        member: member(name),
        session: None,
    };
    let gone = bench.ok(leave("ann"));
    assert_eq!(ends(&gone), [("p1".to_owned(), PushEndReason::StreamEnded)]);
    let gone = bench.ok(leave("boss"));
    assert_eq!(ends(&gone), [("p2".to_owned(), PushEndReason::HostLeft)]);
    let gone = bench.ok(Command::Destroy { by: Actor::App });
    assert_eq!(ends(&gone), [("p3".to_owned(), PushEndReason::RoomEnded)]);
    assert!(matches!(gone.last(), Some(EventKind::RoomEnded { .. })));
}

/// R-K1: only the snapshot holds the stream key.
#[test]
fn the_address_is_shown_only_as_far_as_its_application() {
    let mut bench = Bench::with(talk(), &[]);
    let command = add(by("boss"), "p1", None, "KEY");
    let written = format!("{command:?}");
    let happened = bench.ok(command);
    let json = serde_json::to_string(&(&happened, bench.room.view())).unwrap();
    let debug = format!("{written} {happened:?} {:?}", bench.room);
    for text in [&json, &debug] {
        assert!(!text.contains("KEY") && !text.contains("SECRET"), "{text}");
        assert!(text.contains("rtmps://cdn.example:444/live"), "{text}");
    }
    let stored = bench.room.snapshot().to_json().unwrap();
    assert!(stored.contains("rtmps://cdn.example:444/live/KEY?auth=SECRET"));
    let back = Room::restore(RoomSnapshot::from_json(&stored).unwrap()).unwrap();
    assert_eq!(back, bench.room);
    let broken = stored.replace("rtmps://cdn", "http://cdn");
    let error = RoomSnapshot::from_json(&broken).unwrap_err().to_string();
    assert!(!error.contains("KEY"), "{error}");
}
