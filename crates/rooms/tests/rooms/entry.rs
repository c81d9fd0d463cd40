//! Joining, joining again, leaving, kicking.

use lianmai_rooms::*;

use crate::support::*;

fn locked() -> (Settings, PasswordHash) {
    let hash = PasswordHash::new("$argon2id$verifier".into());
    (
        Settings {
            password: Some(hash.clone()),
            ..talk()
        },
        hash,
    )
}

fn with(name: &str, credential: Credential) -> Command {
    join(Join {
        credential,
        ..joining(name)
    })
}

#[test]
fn the_creator_becomes_admin_and_others_get_the_kind_s_role() {
    let mut bench = Bench::with(talk(), &["ann"]);
    assert_eq!(
        (bench.role("boss"), bench.role("ann")),
        (Role::Admin, Role::Talker)
    );
    bench = Bench::with(live(), &["ann"]);
    assert_eq!(
        (bench.role("boss"), bench.role("ann")),
        (Role::Admin, Role::Audience)
    );
    bench.ok(Command::Leave {
        member: member("boss"),
        session: None,
    });
    assert!(!bench.room.has_ended() && bench.has("ann"));
}

#[test]
fn nobody_gives_itself_a_role_above_its_credential() {
    let mut bench = Bench::new(live());
    for role in [Role::Talker, Role::Admin] {
        assert_eq!(
            bench.refused(join(Join {
                role: Some(role),
                ..joining("ann")
            })),
            "not_allowed"
        );
    }
    let token = |role| Credential::Token { role };
    bench.ok(join(Join {
        role: Some(Role::Talker),
        credential: token(Role::Admin),
        ..joining("ann")
    }));
    bench.ok(with("bob", token(Role::Talker)));
    bench.ok(join(Join {
        role: Some(Role::Admin),
        credential: Credential::App,
        ..joining("cat")
    }));
    assert_eq!(
        (bench.role("ann"), bench.role("bob"), bench.role("cat")),
        (Role::Talker, Role::Talker, Role::Admin)
    );
}

#[test]
fn a_password_opens_only_the_room_that_holds_it_now() {
    let (settings, hash) = locked();
    let mut bench = Bench::new(settings);
    let check = |matched| Credential::Password(PasswordCheck::new(hash.clone(), matched));
    assert_eq!(bench.refused(with("ann", Credential::None)), "password_required");
    assert_eq!(bench.refused(with("ann", check(false))), "wrong_password");
    bench.ok(with("ann", check(true)));
    bench.ok(with("boss", Credential::None));
    let password = Some(Some(PasswordHash::new("other".into())));
    bench.ok(Command::UpdateSettings {
        by: by("boss"),
        change: SettingsChange {
            password,
            ..Default::default()
        },
    });
    assert_eq!(bench.refused(with("bob", check(true))), "wrong_password");
    let open = SettingsChange {
        password: Some(None),
        ..Default::default()
    };
    bench.ok(Command::UpdateSettings {
        by: by("boss"),
        change: open,
    });
    bench.ok(with("bob", Credential::None));
}

#[test]
fn a_ticket_opens_one_room_for_one_account_until_it_expires() {
    let (settings, _) = locked();
    let mut bench = Bench::new(settings);
    let claims = TicketClaims {
        id: TicketId::parse("t1").unwrap(),
        app: app(),
        room: room_id(),
        role: Role::Audience,
        account: Some(account("ann")),
        expires_at_secs: NOW.as_secs() + 60,
    };
    let ticket = |claims: &TicketClaims| {
        let text = Ticket::sign(&secret(), claims);
        Credential::Ticket(Ticket::verify(&secret(), &claims.app, &text, NOW).unwrap())
    };
    let other_room = TicketClaims {
        room: RoomId::parse("r2").unwrap(),
        ..claims.clone()
    };
    let other_app = TicketClaims {
        app: AppId::parse("other").unwrap(),
        ..claims.clone()
    };
    assert_eq!(bench.refused(with("ann", ticket(&other_room))), "wrong_ticket");
    assert_eq!(bench.refused(with("ann", ticket(&other_app))), "wrong_ticket");
    assert_eq!(bench.refused(with("bob", ticket(&claims))), "wrong_ticket");
    let talker = Join {
        role: Some(Role::Talker),
        credential: ticket(&claims),
        ..joining("ann")
    };
    assert_eq!(bench.refused(join(talker)), "not_allowed");
    bench.ok(with("ann", ticket(&claims)));
    assert_eq!(bench.role("ann"), Role::Audience);
    bench.ok(with(
        "bob",
        ticket(&TicketClaims {
            account: None,
            ..claims.clone()
        }),
    ));
    bench.pass(secs(60));
    assert_eq!(bench.refused(with("ann", ticket(&claims))), "expired_ticket");
}

#[test]
fn limits_of_talkers_and_audience_hold() {
    let mut bench = Bench::new(Settings {
        limits: Limits::new(2, 9, 1, 2).unwrap(),
        ..talk()
    });
    bench.ok(join(joining("boss")));
    bench.ok(join(joining("ann")));
    assert_eq!(bench.refused(join(joining("bob"))), "room_full_talkers");
    let audience = |name| {
        join(Join {
            role: Some(Role::Audience),
            ..joining(name)
        })
    };
    bench.ok(audience("cat"));
    assert_eq!(bench.refused(audience("dan")), "room_full_audiences");
    bench.ok(join(joining("ann")));
}

#[test]
fn an_account_is_inside_once_whatever_it_joins_with() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    let again = Join {
        member: member("ann2"),
        role: Some(Role::Audience),
        nick: Nick::parse("Ann").unwrap(),
        session: Some(session("second")),
        ..joining("ann")
    };
    let happened = bench.ok(join(again));
    assert!(matches!(&happened[..], [EventKind::MemberUpdated { nick, .. }] if nick.as_str() == "Ann"));
    assert_eq!((bench.role("ann"), bench.has("ann2")), (Role::Talker, false));
    assert_eq!(bench.room.member(&member("ann")).unwrap().sessions.len(), 2);
    assert!(bench.room.stream(&stream("s1")).is_some());
    assert_eq!(
        bench.refused(join(Join {
            member: member("ann"),
            ..joining("bob")
        })),
        "id_taken"
    );
}

#[test]
fn joining_again_does_not_undo_what_an_admin_did() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(Command::DegradeRole {
        by: by("boss"),
        member: member("ann"),
        role: Role::Audience,
    });
    bench.ok(Command::Mute {
        by: by("boss"),
        member: member("ann"),
        kind: MuteKind::Audio,
    });
    bench.ok(join(Join {
        role: Some(Role::Talker),
        ..joining("ann")
    }));
    assert_eq!(bench.role("ann"), Role::Audience);
    assert!(bench.room.muted(&member("ann")).audio);
    assert_eq!(
        bench.refused(Command::GrantRole {
            by: by("ann"),
            member: member("ann"),
            role: Role::Talker
        }),
        "not_allowed"
    );
}

#[test]
fn sessions_are_bounded_and_one_device_has_one() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let add = |id: &str, device: &str| {
        let device = Device::parse(device).unwrap();
        join(Join {
            session: Some(session(id)),
            device,
            ..joining("ann")
        })
    };
    assert_eq!(bench.ok(add("w1", "web")), []);
    let replaced = |id| {
        [EventKind::SessionReplaced {
            member: member("ann"),
            session: session(id),
        }]
    };
    assert_eq!(bench.ok(add("w2", "web")), replaced("w1"));
    bench.ok(add("p1", "phone"));
    bench.ok(add("t1", "tablet"));
    assert_eq!(
        bench.room.member(&member("ann")).unwrap().sessions.len(),
        MAX_SESSIONS
    );
    bench.ok(Command::SessionGone {
        member: member("ann"),
        session: session("p1"),
    });
    assert_eq!(bench.ok(add("x1", "")), replaced("p1"));
    assert_eq!(bench.ok(add("x2", "")), replaced("ann"));
    assert_eq!(
        bench.room.member(&member("ann")).unwrap().sessions.len(),
        MAX_SESSIONS
    );
}

#[test]
fn leaving_with_one_device_keeps_the_other() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(join(Join {
        session: Some(session("two")),
        ..joining("ann")
    }));
    let leave = |s: &str| Command::Leave {
        member: member("ann"),
        session: Some(session(s)),
    };
    assert_eq!(bench.refused(leave("none")), "no_such_session");
    assert_eq!(bench.ok(leave("two")), []);
    bench.ok(camera("ann", "s1"));
    let happened = bench.ok(leave("ann"));
    assert!(matches!(
        &happened[..],
        [
            EventKind::StreamRemoved {
                reason: StreamEndReason::OwnerLeft,
                ..
            },
            EventKind::MemberLeft {
                reason: LeaveReason::Normal,
                by: None,
                ..
            }
        ]
    ));
    assert_eq!(bench.refused(leave("ann")), "not_a_member");
}

#[test]
fn only_admins_and_the_app_kick() {
    let mut bench = Bench::with(talk(), &["ann", "bob"]);
    let kick = |by, name: &str| Command::Kick {
        by,
        member: member(name),
    };
    assert_eq!(bench.refused(kick(by("ann"), "bob")), "not_allowed");
    assert_eq!(bench.refused(kick(by("zoe"), "bob")), "not_a_member");
    assert_eq!(bench.refused(kick(by("boss"), "zoe")), "no_such_member");
    let happened = bench.ok(kick(by("boss"), "ann"));
    assert!(matches!(
        &happened[..],
        [EventKind::MemberLeft {
            reason: LeaveReason::Kicked,
            by: Some(_),
            ..
        }]
    ));
    bench.ok(kick(Actor::App, "bob"));
    assert!(!bench.has("bob"));
}

#[test]
fn a_member_changes_its_own_texts() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let ext = Some(Ext::parse("{\"seat\":3}").unwrap());
    let update = Command::UpdateMember {
        member: member("ann"),
        nick: None,
        ext,
    };
    assert_eq!(bench.ok(update.clone()).len(), 1);
    assert_eq!(bench.ok(update), []);
    assert_eq!(
        bench.refused(Command::UpdateMember {
            member: member("zoe"),
            nick: None,
            ext: None
        }),
        "not_a_member"
    );
}
