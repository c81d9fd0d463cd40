//! Hosts and guests of the bypass, and the numbers nim's clients get.

use lianmai_rooms::*;

use crate::support::*;

fn joins(name: &str, part: BypassPart) -> Command {
    join(Join {
        bypass: Some(part),
        credential: Credential::Token { role: Role::Talker },
        ..joining(name)
    })
}

fn code(bench: &mut Bench, name: &str, part: BypassPart) -> Option<u16> {
    let refused = bench.try_apply(joins(name, part)).unwrap_err();
    assert!(refused.code().starts_with("bypass_"), "{refused}");
    refused.nim_code()
}

#[test]
fn a_host_begins_and_guests_follow() {
    let settings = Settings {
        bypass_guests: 2,
        ..live()
    };
    let mut bench = Bench::new(settings);
    assert_eq!(code(&mut bench, "ann", BypassPart::Guest), Some(106));
    bench.ok(joins("boss", BypassPart::Host));
    assert_eq!(code(&mut bench, "bob", BypassPart::Host), Some(105));
    assert_eq!(code(&mut bench, "bob", BypassPart::Off), Some(103));
    bench.ok(joins("ann", BypassPart::Guest));
    bench.ok(joins("bob", BypassPart::Guest));
    assert_eq!(code(&mut bench, "cat", BypassPart::Guest), Some(104));
    // Whoever names no part comes in, and who is inside may join again.
    bench.ok(join(joining("zoe")));
    bench.ok(joins("boss", BypassPart::Host));
    // The place of a host or guest who left is free.
    for name in ["ann", "boss"] {
        bench.ok(Command::Leave {
            member: member(name),
            session: None,
        });
    }
    bench.ok(joins("cat", BypassPart::Guest));
    bench.ok(joins("dan", BypassPart::Host));
}

#[test]
fn a_plain_room_stays_plain_until_it_is_empty() {
    let mut bench = Bench::new(talk());
    bench.ok(joins("ann", BypassPart::Off));
    assert_eq!(code(&mut bench, "bob", BypassPart::Host), Some(103));
    assert_eq!(code(&mut bench, "bob", BypassPart::Guest), Some(103));
    bench.ok(Command::Leave {
        member: member("ann"),
        session: None,
    });
    bench.ok(joins("bob", BypassPart::Host));
}

#[test]
fn a_refused_member_settles_nothing() {
    let mut bench = Bench::new(Settings {
        limits: Limits::new(0, 9, 9, 1).unwrap(),
        ..talk()
    });
    assert_eq!(bench.refused(joins("ann", BypassPart::Host)), "room_full_talkers");
    bench.ok(join(Join {
        role: Some(Role::Audience),
        bypass: Some(BypassPart::Off),
        ..joining("bob")
    }));
}
