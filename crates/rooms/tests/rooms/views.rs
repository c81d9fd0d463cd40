//! What is shown and what is stored.

use lianmai_rooms::*;

use crate::support::*;

/// R-K1: neither the password verifier nor a session id is in anything that is shown.
#[test]
fn views_and_events_show_no_secrets() {
    let settings = Settings {
        password: Some(PasswordHash::new("VERIFIER".into())),
        ..talk()
    };
    let (mut room, mut events) = Room::create(new_room(settings), NOW);
    let hidden = Join {
        session: Some(session("SESSION")),
        ..joining("boss")
    };
    events.extend(room.apply(join(hidden), NOW).unwrap());
    let change = SettingsChange {
        record: Some(true),
        ..Default::default()
    };
    events.extend(
        room.apply(
            Command::UpdateSettings {
                by: Actor::App,
                change,
            },
            NOW,
        )
        .unwrap(),
    );
    let gone = Command::SessionGone {
        member: member("boss"),
        session: session("SESSION"),
    };
    events.extend(room.apply(gone, NOW).unwrap());
    let shown = serde_json::to_string(&(&events, room.view())).unwrap();
    assert!(
        !shown.contains("VERIFIER") && !shown.contains("SESSION"),
        "{shown}"
    );
    assert!(shown.contains("\"has_password\":true"));
    assert!(!format!("{room:?}").contains("VERIFIER"));
    assert!(room.snapshot().to_json().unwrap().contains("VERIFIER"));
}

#[test]
fn an_event_is_one_flat_object() {
    let mut room = room(talk());
    let events = room.apply(join(joining("ann")), NOW).unwrap();
    let json = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(json["sequence"], 2);
    assert_eq!(json["at"], NOW.as_millis());
    assert_eq!(json["type"], "member_joined");
    assert_eq!(json["member"]["role"], "talker");
    assert_eq!(serde_json::from_value::<Event>(json).unwrap(), events[0]);
}

#[test]
fn a_snapshot_of_another_version_or_without_sense_is_refused() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    let good: serde_json::Value = serde_json::from_str(&bench.room.snapshot().to_json().unwrap()).unwrap();
    let restore = |json: &serde_json::Value| {
        RoomSnapshot::from_json(&json.to_string())
            .and_then(Room::restore)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(restore(&good), Ok(()));
    let broken = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = good.clone();
        change(&mut json);
        restore(&json).unwrap_err()
    };
    assert!(broken(&|j| j["version"] = 3.into()).contains("version 3"));
    assert!(broken(&|j| j["state"]["sequence"] = u64::MAX.into()).contains("sequence"));
    assert!(broken(&|j| j["state"]["members"]["ann"]["account"] = "boss".into()).contains("once"));
    assert!(broken(&|j| j["state"]["members"]["ann"]["role"] = "audience".into()).contains("may publish"));
    assert!(broken(&|j| j["state"]["settings"]["limits"]["talkers"] = 1.into()).contains("limits"));
    assert!(broken(&|j| j["state"]["streams"]["s1"]["id"] = "s2".into()).contains("under its id"));
    assert!(broken(&|j| j["state"]["id"] = "a/b".into()).contains("not readable"));
    assert!(RoomSnapshot::from_json("").is_err());
    assert!(RoomSnapshot::from_json(&"[".repeat(100_000)).is_err());
}

#[test]
fn rejection_codes_are_stable() {
    for (rejection, code, kind) in [
        (
            Rejection::RoomFullTalkers,
            "room_full_talkers",
            RejectionKind::Full,
        ),
        (Rejection::NoSuchRoom, "no_such_room", RejectionKind::NotFound),
        (Rejection::WrongPassword, "wrong_password", RejectionKind::Denied),
        (
            Rejection::IdTaken { field: "member" },
            "id_taken",
            RejectionKind::Conflict,
        ),
        (Rejection::RoomEnded, "room_ended", RejectionKind::Gone),
        (
            Rejection::InvalidArgument { field: "role" },
            "invalid_argument",
            RejectionKind::Invalid,
        ),
    ] {
        assert_eq!((rejection.code(), rejection.kind()), (code, kind));
    }
}
