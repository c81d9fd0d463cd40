//! Publishing, media on and off air, rights to pull, URL versions.

use lianmai_rooms::*;

use crate::support::*;

fn started(id: &str, epoch: u64) -> Command {
    Command::MediaStarted {
        stream: stream(id),
        epoch,
    }
}

fn stopped(id: &str, epoch: u64) -> Command {
    Command::MediaStopped {
        stream: stream(id),
        epoch,
    }
}

#[test]
fn audience_cannot_publish() {
    for settings in [live(), talk()] {
        let mut bench = Bench::with(settings, &[]);
        bench.ok(join(Join {
            role: Some(Role::Audience),
            ..joining("ann")
        }));
        assert_eq!(bench.refused(camera("ann", "s1")), "not_allowed");
        assert_eq!(bench.refused(camera("zoe", "s1")), "not_a_member");
    }
}

#[test]
fn videos_and_desktops_are_limited_and_voff_does_not_count() {
    let limits = Limits::new(9, 1, 9, 1).unwrap();
    let mut bench = Bench::with(Settings { limits, ..talk() }, &["ann", "bob"]);
    bench.ok(camera("ann", "s1"));
    assert_eq!(bench.refused(camera("bob", "s2")), "room_full_videos");
    bench.ok(publish(Publish {
        voff: true,
        ..publishing("bob", "s2", StreamKind::Camera)
    }));
    assert_eq!(
        bench.refused(switch("bob", "s2", Some(false), None)),
        "room_full_videos"
    );
    bench.ok(switch("ann", "s1", Some(true), None));
    bench.ok(switch("bob", "s2", Some(false), None));
    assert_eq!(bench.refused(camera("ann", "s1")), "room_full_videos");
    bench.ok(screen("ann", "s3"));
    assert_eq!(bench.refused(screen("bob", "s4")), "room_full_desktops");
    bench.ok(Command::Unpublish {
        by: by("ann"),
        stream: stream("s3"),
    });
    bench.ok(screen("bob", "s4"));
}

/// Pages publish twice in a row with different names; the stream and its URL stay, the last name wins.
#[test]
fn publishing_again_keeps_stream_and_url() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let named = |id, name: &str| {
        let client_ref = Some(ClientRef::parse(name).unwrap());
        publish(Publish {
            client_ref,
            ..publishing("ann", id, StreamKind::Camera)
        })
    };
    bench.ok(named("s1", "wx-1-abc"));
    assert!(matches!(
        &bench.ok(named("s2", "wx-2-def"))[..],
        [EventKind::StreamUpdated { .. }]
    ));
    assert_eq!(bench.ok(named("s3", "wx-2-def")), []);
    let kept = bench
        .room
        .stream_of(Some(&member("ann")), StreamKind::Camera)
        .unwrap();
    assert_eq!((kept.id.as_str(), kept.urls.current()), ("s1", 1));
    assert_eq!(kept.client_ref.as_ref().unwrap().as_str(), "wx-2-def");
    assert_eq!(bench.refused(camera("boss", "s1")), "id_taken");
}

#[test]
fn only_the_owner_switches_and_admins_may_remove() {
    let mut bench = Bench::with(talk(), &["ann", "bob"]);
    bench.ok(camera("ann", "s1"));
    let remove = |who: Actor| Command::Unpublish {
        by: who,
        stream: stream("s1"),
    };
    for other in ["bob", "boss"] {
        assert_eq!(
            bench.refused(switch(other, "s1", Some(true), None)),
            "not_allowed"
        );
    }
    assert_eq!(bench.refused(remove(by("bob"))), "not_allowed");
    assert_eq!(
        bench.refused(switch("ann", "s9", Some(true), None)),
        "no_such_stream"
    );
    assert_eq!(
        bench.refused(switch("zoe", "s1", Some(true), None)),
        "not_a_member"
    );
    bench.ok(remove(by("boss")));
    assert_eq!(bench.refused(remove(by("ann"))), "no_such_stream");
}

/// R-X1: a newer publication takes over at once and the end of the old one, arriving late, changes nothing.
#[test]
fn a_newer_publication_takes_over() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    assert_eq!(bench.ok(started("s1", 5)).len(), 1);
    assert_eq!(bench.ok(started("s1", 6)).len(), 1);
    assert_eq!(bench.ok(started("s1", 5)), []);
    assert_eq!(bench.ok(started("s1", 6)), []);
    assert_eq!(bench.ok(stopped("s1", 5)), []);
    assert!(bench.room.stream(&stream("s1")).unwrap().is_on_air());
    assert_eq!(bench.ok(stopped("s1", 6)).len(), 1);
    assert_eq!(bench.ok(stopped("s1", 6)), []);
    assert_eq!(bench.refused(started("s9", u64::MAX)), "no_such_stream");
}

#[test]
fn a_room_without_mini_programs_gives_no_rtmp() {
    let mut bench = Bench::with(
        Settings {
            mini_program: false,
            ..talk()
        },
        &["ann"],
    );
    assert_eq!(bench.refused(camera("ann", "s1")), "mini_program_unsupported");
    bench.ok(publish(Publish {
        via: Transport::Webrtc,
        ..publishing("ann", "s1", StreamKind::Camera)
    }));
    let pull = |via| Command::Subscribe {
        by: by("boss"),
        stream: stream("s1"),
        via,
    };
    assert_eq!(bench.refused(pull(Transport::Rtmp)), "mini_program_unsupported");
    bench.ok(pull(Transport::Webrtc));
}

#[test]
fn pulling_needs_membership() {
    let mut bench = Bench::with(live(), &["ann"]);
    bench.ok(camera("boss", "s1"));
    let pull = |by, id| Command::Subscribe {
        by,
        stream: stream(id),
        via: Transport::Rtmp,
    };
    assert_eq!(bench.refused(pull(by("zoe"), "s1")), "not_a_member");
    assert_eq!(bench.refused(pull(by("ann"), "s9")), "no_such_stream");
    let granted = |holder| {
        [EventKind::PullGranted {
            holder,
            stream: stream("s1"),
            version: 1,
            via: Transport::Rtmp,
        }]
    };
    assert_eq!(bench.ok(pull(by("ann"), "s1")), granted(Some(member("ann"))));
    assert_eq!(bench.ok(pull(Actor::App, "s1")), granted(None));
}

/// R-W1: a URL is re-issuable at any time; the old one stays valid for the overlap; the event carries the version.
#[test]
fn reissued_urls_overlap() {
    let mut bench = Bench::with(talk(), &["ann", "bob"]);
    bench.ok(camera("ann", "s1"));
    let reissue = |who: &str| Command::ReissueUrl {
        by: by(who),
        stream: stream("s1"),
    };
    assert_eq!(bench.refused(reissue("bob")), "not_allowed");
    let until = bench.now.after(secs(30));
    let event = EventKind::UrlReissued {
        stream: stream("s1"),
        version: 2,
        previous_until: until,
    };
    assert_eq!(bench.ok(reissue("ann")), [event]);
    let code = |bench: &Bench, version, holder: Option<&str>| {
        let claims = StreamClaims {
            action: StreamAction::Push,
            expires_at_secs: u64::MAX,
            version,
            holder: holder.map(member),
        };
        bench
            .room
            .check_url(&stream("s1"), &claims, bench.now)
            .err()
            .map(|e| e.code())
    };
    assert_eq!(
        (code(&bench, 1, None), code(&bench, 2, Some("ann"))),
        (None, None)
    );
    assert_eq!(code(&bench, 3, None), Some("stale_url"));
    assert_eq!(code(&bench, 2, Some("zoe")), Some("not_a_member"));
    bench.pass(secs(30));
    assert_eq!(
        (code(&bench, 1, None), code(&bench, 2, None)),
        (Some("stale_url"), None)
    );
    bench.ok(Command::Unpublish {
        by: by("ann"),
        stream: stream("s1"),
    });
    assert_eq!(code(&bench, 2, None), Some("no_such_stream"));
    bench.ok(Command::Destroy { by: Actor::App });
    assert_eq!(code(&bench, 2, None), Some("room_ended"));
}

/// A kicked member's pull URL ends with its stay.
#[test]
fn a_url_ends_with_its_holder_s_stay() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("boss", "s1"));
    let claims = StreamClaims {
        action: StreamAction::Pull,
        expires_at_secs: u64::MAX,
        version: 1,
        holder: Some(member("ann")),
    };
    assert_eq!(bench.room.check_url(&stream("s1"), &claims, bench.now), Ok(()));
    bench.ok(Command::Kick {
        by: by("boss"),
        member: member("ann"),
    });
    assert_eq!(
        bench.room.check_url(&stream("s1"), &claims, bench.now),
        Err(Rejection::NotAMember)
    );
}

#[test]
fn the_mix_belongs_to_nobody_and_counts_against_nothing() {
    let limits = Limits::new(9, 0, 9, 0).unwrap();
    let mut bench = Bench::with(Settings { limits, ..talk() }, &[]);
    let mix = |id| Command::PublishMix {
        stream: stream(id),
        ext: Ext::default(),
    };
    assert_eq!(bench.ok(mix("m1")).len(), 2);
    assert_eq!(bench.ok(mix("m2")), []);
    assert_eq!(
        bench.refused(publish(publishing("boss", "s1", StreamKind::Mix))),
        "invalid_argument"
    );
    assert_eq!(
        bench.refused(switch("boss", "m1", Some(true), None)),
        "not_allowed"
    );
    bench.ok(Command::UpdateStream {
        by: Actor::App,
        stream: stream("m1"),
        voff: None,
        aoff: Some(true),
        ext: None,
    });
    bench.ok(Command::Unpublish {
        by: Actor::App,
        stream: stream("m1"),
    });
    assert_eq!(bench.room.streams().len(), 0);
}
