//! Granting, degrading, and stepping down and up by oneself.

use lianmai_rooms::*;

use crate::support::*;

fn grant(who: Actor, name: &str, role: Role) -> Command {
    Command::GrantRole {
        by: who,
        member: member(name),
        role,
    }
}

fn degrade(who: Actor, name: &str, role: Role) -> Command {
    Command::DegradeRole {
        by: who,
        member: member(name),
        role,
    }
}

#[test]
fn admins_grant_and_degrade_in_their_direction_only() {
    let mut bench = Bench::with(live(), &["ann", "bob"]);
    assert_eq!(
        bench.refused(grant(by("bob"), "ann", Role::Talker)),
        "not_allowed"
    );
    assert_eq!(
        bench.refused(grant(by("ann"), "ann", Role::Talker)),
        "not_allowed"
    );
    assert_eq!(bench.ok(grant(by("boss"), "ann", Role::Talker)).len(), 1);
    assert_eq!(bench.ok(grant(by("boss"), "ann", Role::Talker)), []);
    assert_eq!(
        bench.refused(grant(by("boss"), "ann", Role::Audience)),
        "invalid_argument"
    );
    assert_eq!(
        bench.refused(degrade(by("boss"), "ann", Role::Admin)),
        "invalid_argument"
    );
    bench.ok(grant(Actor::App, "ann", Role::Admin));
    bench.ok(degrade(by("ann"), "boss", Role::Audience));
    assert_eq!(bench.role("boss"), Role::Audience);
    assert_eq!(
        bench.refused(degrade(by("boss"), "ann", Role::Talker)),
        "not_allowed"
    );
    assert_eq!(
        bench.refused(grant(by("ann"), "zoe", Role::Talker)),
        "no_such_member"
    );
}

#[test]
fn streams_go_with_the_right_to_publish() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(screen("ann", "s2"));
    let happened = bench.ok(degrade(by("boss"), "ann", Role::Audience));
    let lost = |kind: &&EventKind| {
        matches!(
            kind,
            EventKind::StreamRemoved {
                reason: StreamEndReason::RoleLost,
                ..
            }
        )
    };
    assert_eq!(happened.iter().filter(lost).count(), 2);
    assert_eq!(bench.room.streams().len(), 0);
    assert_eq!(bench.refused(camera("ann", "s3")), "not_allowed");
}

/// A viewer mode that is switched at any time: down and up again without asking, unless an admin took the role.
#[test]
fn one_may_step_down_and_return() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(degrade(by("ann"), "ann", Role::Audience));
    bench.ok(grant(by("ann"), "ann", Role::Talker));
    assert_eq!(bench.refused(grant(by("ann"), "ann", Role::Admin)), "not_allowed");
    bench.ok(degrade(by("ann"), "ann", Role::Audience));
    bench.ok(degrade(by("boss"), "ann", Role::Audience));
    assert_eq!(
        bench.refused(grant(by("ann"), "ann", Role::Talker)),
        "not_allowed"
    );
}

#[test]
fn role_changes_keep_to_the_limits() {
    let limits = Limits::new(2, 9, 1, 2).unwrap();
    let mut bench = Bench::with(Settings { limits, ..talk() }, &["ann"]);
    bench.ok(join(Join {
        role: Some(Role::Audience),
        ..joining("bob")
    }));
    assert_eq!(
        bench.refused(grant(by("boss"), "bob", Role::Talker)),
        "room_full_talkers"
    );
    assert_eq!(
        bench.refused(degrade(by("boss"), "ann", Role::Audience)),
        "room_full_audiences"
    );
    bench.ok(grant(by("boss"), "ann", Role::Admin));
}
