//! Asking to speak or to become admin.

use lianmai_rooms::*;

use crate::support::*;

fn ask(name: &str, role: Role) -> Command {
    Command::RequestRole {
        member: member(name),
        role,
    }
}

fn answer(who: &str, name: &str, role: Role, accept: bool) -> Command {
    Command::AnswerRequest {
        by: by(who),
        member: member(name),
        role,
        accept,
    }
}

#[test]
fn an_accepted_request_gives_the_role() {
    let mut bench = Bench::with(live(), &["ann", "bob"]);
    assert_eq!(bench.refused(ask("ann", Role::Audience)), "invalid_argument");
    bench.ok(ask("ann", Role::Talker));
    assert_eq!(bench.refused(ask("ann", Role::Admin)), "request_pending");
    assert_eq!(
        bench.refused(answer("ann", "ann", Role::Talker, true)),
        "not_allowed"
    );
    assert_eq!(
        bench.refused(answer("boss", "ann", Role::Admin, true)),
        "no_such_request"
    );
    assert_eq!(
        bench.refused(answer("boss", "bob", Role::Talker, true)),
        "no_such_request"
    );
    let happened = bench.ok(answer("boss", "ann", Role::Talker, true));
    assert!(matches!(
        &happened[..],
        [
            EventKind::RequestClosed {
                outcome: RequestOutcome::Accepted,
                ..
            },
            EventKind::RoleChanged {
                role: Role::Talker,
                ..
            }
        ]
    ));
    bench.ok(ask("ann", Role::Admin));
    let happened = bench.ok(answer("boss", "ann", Role::Admin, false));
    assert!(matches!(
        &happened[..],
        [EventKind::RequestClosed {
            outcome: RequestOutcome::Refused,
            ..
        }]
    ));
    assert_eq!(bench.role("ann"), Role::Talker);
}

#[test]
fn a_full_room_refuses_the_answer_and_keeps_the_request() {
    let limits = Limits::new(1, 9, 9, 2).unwrap();
    let mut bench = Bench::with(Settings { limits, ..live() }, &["ann"]);
    bench.ok(ask("ann", Role::Talker));
    assert_eq!(
        bench.refused(answer("boss", "ann", Role::Talker, true)),
        "room_full_talkers"
    );
    assert_eq!(bench.room.requests().len(), 1);
}

#[test]
fn requests_end_by_time_withdrawal_leaving_and_another_way() {
    let outcome = |happened: Vec<EventKind>| {
        happened.into_iter().find_map(|kind| match kind {
            EventKind::RequestClosed { outcome, .. } => Some(outcome),
            _ => None,
        })
    };
    let mut bench = Bench::with(live(), &["ann"]);
    assert_eq!(
        bench.refused(Command::WithdrawRequest {
            member: member("ann")
        }),
        "no_such_request"
    );
    bench.ok(ask("ann", Role::Talker));
    let withdrawn = bench.ok(Command::WithdrawRequest {
        member: member("ann"),
    });
    assert_eq!(outcome(withdrawn), Some(RequestOutcome::Withdrawn));

    bench.ok(ask("ann", Role::Talker));
    assert_eq!(bench.room.next_deadline(), Some(bench.now.after(secs(60))));
    bench.pass(secs(60));
    assert_eq!(
        bench.refused(answer("boss", "ann", Role::Talker, true)),
        "no_such_request"
    );
    assert_eq!(
        outcome(bench.ok(ask("ann", Role::Talker))),
        Some(RequestOutcome::Expired)
    );
    bench.pass(secs(60));
    assert_eq!(outcome(bench.ok(Command::Tick)), Some(RequestOutcome::Expired));

    bench.ok(ask("ann", Role::Talker));
    let granted = bench.ok(Command::GrantRole {
        by: by("boss"),
        member: member("ann"),
        role: Role::Admin,
    });
    assert_eq!(outcome(granted), Some(RequestOutcome::Obsolete));
    bench.ok(Command::DegradeRole {
        by: by("boss"),
        member: member("ann"),
        role: Role::Talker,
    });
    bench.ok(ask("ann", Role::Admin));
    let left = bench.ok(Command::Leave {
        member: member("ann"),
        session: None,
    });
    assert_eq!(outcome(left), Some(RequestOutcome::Withdrawn));
    assert_eq!(bench.room.requests().len(), 0);
}
