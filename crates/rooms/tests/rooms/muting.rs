//! Muting one and muting all.

use lianmai_rooms::*;

use crate::support::*;

const AUDIO: MuteKind = MuteKind::Audio;

fn mute(who: &str, name: &str) -> Command {
    Command::Mute {
        by: by(who),
        member: member(name),
        kind: AUDIO,
    }
}

fn unmute(who: &str, name: &str) -> Command {
    Command::Unmute {
        by: by(who),
        member: member(name),
        kind: AUDIO,
    }
}

fn mute_all(who: &str) -> Command {
    Command::MuteAll {
        by: by(who),
        kind: AUDIO,
    }
}

fn unmute_all(who: &str) -> Command {
    Command::UnmuteAll {
        by: by(who),
        kind: AUDIO,
    }
}

fn muted(bench: &Bench, name: &str) -> bool {
    bench.room.muted(&member(name)).audio
}

#[test]
fn the_muted_cannot_unmute_themselves() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    assert_eq!(bench.refused(mute("ann", "boss")), "not_allowed");
    assert_eq!(bench.ok(mute("boss", "ann")).len(), 1);
    assert_eq!(bench.ok(mute("boss", "ann")), []);
    assert_eq!(bench.refused(unmute("ann", "ann")), "not_allowed");
    assert_eq!(bench.refused(switch("ann", "s1", None, Some(false))), "muted");
    bench.ok(switch("ann", "s1", None, Some(true)));
    assert_eq!(bench.refused(camera("ann", "s1")), "muted");
    bench.ok(switch("ann", "s1", Some(true), None));
    bench.ok(switch("ann", "s1", Some(false), None));
    assert!(muted(&bench, "ann"));
    bench.ok(unmute("boss", "ann"));
    bench.ok(switch("ann", "s1", None, Some(false)));
}

#[test]
fn muting_all_exempts_admins_and_reaches_latecomers() {
    let mut bench = Bench::with(talk(), &["ann"]);
    assert_eq!(bench.refused(mute_all("ann")), "not_allowed");
    bench.ok(mute_all("boss"));
    assert_eq!(bench.ok(mute_all("boss")), []);
    bench.ok(join(joining("bob")));
    assert!(muted(&bench, "ann") && muted(&bench, "bob") && !muted(&bench, "boss"));
    bench.ok(Command::GrantRole {
        by: by("boss"),
        member: member("ann"),
        role: Role::Admin,
    });
    assert!(!muted(&bench, "ann"));
    bench.ok(Command::DegradeRole {
        by: by("boss"),
        member: member("ann"),
        role: Role::Talker,
    });
    assert!(muted(&bench, "ann"));
    assert_eq!(bench.ok(unmute_all("boss")).len(), 1);
    assert_eq!(bench.ok(unmute_all("boss")), []);
    assert!(!muted(&bench, "ann") && !muted(&bench, "bob"));
}

#[test]
fn one_may_be_excused_until_all_are_muted_again() {
    let mut bench = Bench::with(talk(), &["ann", "bob"]);
    bench.ok(mute("boss", "bob"));
    bench.ok(mute_all("boss"));
    bench.ok(unmute("boss", "ann"));
    assert!(!muted(&bench, "ann") && muted(&bench, "bob"));
    assert_eq!(bench.ok(mute_all("boss")).len(), 1);
    assert!(muted(&bench, "ann"));
    bench.ok(unmute_all("boss"));
    assert!(
        !muted(&bench, "ann") && muted(&bench, "bob"),
        "muted individually stays muted"
    );
}

#[test]
fn kinds_are_apart() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(Command::MuteAll {
        by: Actor::App,
        kind: MuteKind::Video,
    });
    assert_eq!(
        bench.room.muted(&member("ann")),
        MuteFlags {
            audio: false,
            video: true
        }
    );
    assert_eq!(bench.room.muted(&member("zoe")), MuteFlags::default());
    assert_eq!(bench.refused(mute("boss", "zoe")), "no_such_member");
}
