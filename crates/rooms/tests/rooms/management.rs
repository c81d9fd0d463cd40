//! Attributes, messages, settings, the end of a room.

use lianmai_rooms::*;

use crate::support::*;

fn set(who: &str, key: &str, value: &str) -> Command {
    let (key, value) = (
        AttributeKey::parse(key).unwrap(),
        AttributeValue::parse(value).unwrap(),
    );
    Command::SetAttribute {
        by: by(who),
        key,
        value,
    }
}

#[test]
fn attributes_are_set_by_those_who_may() {
    let mut bench = Bench::with(live(), &["ann"]);
    assert_eq!(bench.refused(set("ann", "k", "v")), "not_allowed");
    assert_eq!(bench.ok(set("boss", "k", "v")).len(), 1);
    assert_eq!(bench.ok(set("boss", "k", "v")), []);
    let key = AttributeKey::parse("k").unwrap();
    let delete = Command::DeleteAttribute { by: by("boss"), key };
    assert_eq!(bench.ok(delete.clone()).len(), 1);
    assert_eq!(bench.ok(delete), []);
    for n in 0..MAX_ATTRIBUTES {
        bench.ok(set("boss", &format!("k{n}"), ""));
    }
    assert_eq!(bench.refused(set("boss", "one more", "")), "too_many_attributes");
    for n in 0..7 {
        bench.ok(set("boss", &format!("k{n}"), &"x".repeat(8192)));
    }
    assert_eq!(
        bench.refused(set("boss", "k9", &"x".repeat(8192))),
        "attributes_too_large"
    );
}

#[test]
fn messages_reach_all_or_one() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let send = |who, to| Command::CustomMessage {
        by: who,
        to,
        payload: Payload::parse("hi").unwrap(),
    };
    let happened = bench.ok(send(by("ann"), Recipient::Everyone));
    assert_eq!(happened[0].recipients(), Recipients::Everyone);
    let happened = bench.ok(send(Actor::App, Recipient::Member(member("ann"))));
    assert_eq!(happened[0].recipients(), Recipients::Member(&member("ann")));
    assert_eq!(
        bench.refused(send(by("ann"), Recipient::Member(member("zoe")))),
        "no_such_member"
    );
    assert_eq!(
        bench.refused(send(by("zoe"), Recipient::Everyone)),
        "not_a_member"
    );
}

#[test]
fn settings_change_without_breaking_what_is_in_use() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let update = |who, change| Command::UpdateSettings { by: who, change };
    let record = SettingsChange {
        record: Some(true),
        ..Default::default()
    };
    assert_eq!(bench.refused(update(by("ann"), record.clone())), "not_allowed");
    let happened = bench.ok(update(by("boss"), record.clone()));
    assert!(matches!(&happened[..], [EventKind::SettingsChanged { settings, .. }] if settings.record));
    assert_eq!(bench.ok(update(by("boss"), record)), []);
    let limits = |talkers| SettingsChange {
        limits: Limits::new(talkers, 9, 9, 9).ok(),
        ..Default::default()
    };
    assert_eq!(bench.refused(update(Actor::App, limits(1))), "invalid_argument");
    bench.ok(update(Actor::App, limits(2)));
    assert_eq!(bench.refused(join(joining("bob"))), "room_full_talkers");
}

#[test]
fn destroying_tells_of_everything_that_goes_and_is_final() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(Command::PublishMix {
        stream: stream("m1"),
        ext: Ext::default(),
    });
    assert_eq!(bench.refused(Command::Destroy { by: by("ann") }), "not_allowed");
    let happened = bench.ok(Command::Destroy { by: by("boss") });
    assert!(matches!(
        &happened[..],
        [
            EventKind::StreamRemoved {
                reason: StreamEndReason::RoomEnded,
                ..
            },
            EventKind::MemberLeft {
                reason: LeaveReason::RoomEnded,
                ..
            },
            EventKind::MemberLeft {
                reason: LeaveReason::RoomEnded,
                ..
            },
            EventKind::MixStopped { by: None, .. },
            EventKind::StreamRemoved {
                owner: None,
                reason: StreamEndReason::RoomEnded,
                ..
            },
            EventKind::RoomEnded {
                reason: EndReason::Destroyed(_)
            },
        ]
    ));
    for command in [
        Command::Tick,
        join(joining("bob")),
        Command::Destroy { by: Actor::App },
    ] {
        assert_eq!(bench.refused(command), "room_ended");
    }
    assert_eq!(bench.room.next_deadline(), None);
}
