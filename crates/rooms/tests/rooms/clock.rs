//! Time-outs of members, the end of empty rooms, restarts.

use lianmai_rooms::*;

use crate::support::*;

fn gone(name: &str) -> Command {
    Command::SessionGone {
        member: member(name),
        session: session(name),
    }
}

fn back(name: &str) -> Command {
    Command::SessionBack {
        member: member(name),
        session: session(name),
    }
}

fn lasting(delay: u16) -> Settings {
    Settings {
        lifetime: Lifetime::EndsWhenEmpty { delay: secs(delay) },
        ..talk()
    }
}

#[test]
fn an_empty_room_ends_exactly_after_its_delay() {
    let mut bench = Bench::new(lasting(10));
    assert_eq!(bench.room.next_deadline(), Some(NOW.after(secs(10))));
    bench.now = Timestamp::from_millis(NOW.as_millis() + 9_999);
    assert_eq!(bench.ok(Command::Tick), []);
    bench.ok(join(joining("ann")));
    assert_eq!(bench.room.next_deadline(), None);
    bench.pass(secs(100));
    bench.ok(Command::Leave {
        member: member("ann"),
        session: None,
    });
    let end = bench.now.after(secs(10));
    assert_eq!(bench.room.next_deadline(), Some(end));
    bench.now = end;
    assert_eq!(
        bench.ok(Command::Tick),
        [EventKind::RoomEnded {
            reason: EndReason::Empty
        }]
    );
    assert!(bench.room.has_ended());
}

#[test]
fn a_persistent_room_stays() {
    let mut bench = Bench::new(Settings {
        lifetime: Lifetime::Persistent,
        ..talk()
    });
    assert_eq!(bench.room.next_deadline(), None);
    bench.now = Timestamp::from_millis(u64::MAX);
    assert_eq!(bench.ok(Command::Tick), []);
    assert!(!bench.room.has_ended());
}

#[test]
fn a_member_without_session_and_media_times_out() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(Command::MediaStarted {
        stream: stream("s1"),
        epoch: 1,
    });
    assert_eq!(
        bench.ok(gone("ann")),
        [EventKind::MemberOnline {
            member: member("ann"),
            online: false
        }]
    );
    assert_eq!(bench.room.next_deadline(), None, "media keeps it inside");
    bench.pass(secs(100));
    bench.ok(Command::MediaStopped {
        stream: stream("s1"),
        epoch: 1,
    });
    assert_eq!(bench.room.next_deadline(), Some(bench.now.after(secs(30))));
    bench.pass(secs(29));
    assert_eq!(bench.ok(Command::Tick), []);
    bench.pass(secs(1));
    let happened = bench.ok(Command::Tick);
    assert!(matches!(
        &happened[..],
        [
            EventKind::StreamRemoved { .. },
            EventKind::MemberLeft {
                reason: LeaveReason::Timeout,
                by: None,
                ..
            }
        ]
    ));
}

#[test]
fn coming_back_in_time_keeps_everything() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(gone("ann"));
    bench.pass(secs(10));
    assert_eq!(bench.ok(gone("ann")), []);
    assert_eq!(
        bench.room.next_deadline(),
        Some(NOW.after(secs(30))),
        "gone twice is not gone later"
    );
    bench.pass(secs(19));
    assert_eq!(
        bench.ok(back("ann")),
        [EventKind::MemberOnline {
            member: member("ann"),
            online: true
        }]
    );
    bench.pass(secs(100));
    assert_eq!(bench.ok(Command::Tick), []);
    assert!(bench.room.stream(&stream("s1")).is_some());
    assert_eq!(bench.refused(back("zoe")), "not_a_member");
    let unknown = Command::SessionBack {
        member: member("ann"),
        session: session("boss"),
    };
    assert_eq!(bench.refused(unknown), "no_such_session");
}

#[test]
fn a_member_without_session_stays_by_signs_of_life() {
    let mut bench = Bench::with(talk(), &[]);
    bench.ok(join(Join {
        session: None,
        ..joining("ann")
    }));
    for _ in 0..5 {
        bench.pass(secs(29));
        assert_eq!(bench.ok(Command::Tick), []);
        assert_eq!(
            bench.ok(Command::Touch {
                member: member("ann")
            }),
            []
        );
    }
    bench.pass(secs(30));
    bench.ok(Command::Tick);
    assert!(!bench.has("ann") && bench.has("boss"));
}

#[test]
fn after_a_restart_everybody_has_the_grace_to_return() {
    let mut bench = Bench::with(lasting(10), &["ann"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(Command::MediaStarted {
        stream: stream("s1"),
        epoch: 7,
    });
    let json = bench.room.snapshot().to_json().unwrap();
    bench.room = Room::restore(RoomSnapshot::from_json(&json).unwrap()).unwrap();
    bench.pass(secs(1000));
    bench.ok(Command::ConnectionsLost);
    assert!(!bench.room.stream(&stream("s1")).unwrap().is_on_air());
    assert_eq!(bench.ok(Command::Tick), []);
    // Publications of the restarted gateway may count from the start again.
    assert_eq!(
        bench
            .ok(Command::MediaStarted {
                stream: stream("s1"),
                epoch: 1
            })
            .len(),
        1
    );
    bench.pass(secs(30));
    bench.ok(Command::Tick);
    assert!(bench.has("ann") && !bench.has("boss"));
}

#[test]
fn an_empty_room_gets_its_whole_delay_after_a_restart() {
    let mut bench = Bench::new(lasting(10));
    bench.pass(secs(1000));
    bench.ok(Command::ConnectionsLost);
    assert_eq!(bench.ok(Command::Tick), []);
    bench.pass(secs(10));
    assert_eq!(bench.ok(Command::Tick).len(), 1);
}

/// A clock that is set back delays; it does not break.
#[test]
fn a_clock_set_back_does_no_harm() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.now = Timestamp::from_millis(0);
    bench.ok(gone("ann"));
    bench.ok(Command::Tick);
    bench.ok(join(joining("ann")));
    assert!(bench.has("ann"));
}

/// A room that waits for its first member, and ends as soon as the last one has left, however that came about.
#[test]
fn a_room_may_end_with_its_last_member() {
    let settings = || Settings {
        lifetime: Lifetime::EndsWhenLeft { delay: secs(10) },
        ..talk()
    };
    let ended = EventKind::RoomEnded {
        reason: EndReason::Empty,
    };
    let mut bench = Bench::new(settings());
    assert_eq!(bench.room.next_deadline(), Some(NOW.after(secs(10))));
    bench.ok(join(joining("ann")));
    bench.pass(secs(100));
    bench.ok(join(joining("bob")));
    bench.ok(Command::Leave {
        member: member("ann"),
        session: None,
    });
    assert!(!bench.room.has_ended());
    let last = bench.ok(Command::Leave {
        member: member("bob"),
        session: None,
    });
    assert_eq!(last.last(), Some(&ended));

    let mut nobody = Bench::new(settings());
    nobody.now = NOW.after(secs(10));
    assert_eq!(nobody.ok(Command::Tick), std::slice::from_ref(&ended));

    // A restart is no leaving: members have their grace, and then the room ends.
    let mut lost = Bench::new(settings());
    lost.ok(join(joining("ann")));
    lost.ok(Command::ConnectionsLost);
    assert!(!lost.room.has_ended());
    lost.now = lost.room.next_deadline().unwrap();
    assert_eq!(lost.ok(Command::Tick).last(), Some(&ended));
}
