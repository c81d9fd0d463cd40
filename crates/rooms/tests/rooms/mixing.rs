//! The mix and the room's layout.

use lianmai_rooms::layout::{Gain, Layout, LayoutError, MemberMix, Preset, Source};
use lianmai_rooms::*;

use crate::support::*;

fn start(who: Actor, id: &str, layout: Option<Layout>) -> Command {
    Command::StartMix {
        by: who,
        stream: stream(id),
        layout: layout.map(Box::new),
    }
}

fn update(who: Actor, layout: Layout) -> Command {
    let layout = Box::new(layout);
    Command::UpdateMix { by: who, layout }
}

fn words(happened: &[EventKind]) -> Vec<String> {
    let word = |kind: &EventKind| {
        serde_json::to_value(kind).unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    happened.iter().map(word).collect()
}

#[test]
fn a_mix_is_started_changed_and_stopped() {
    let mut bench = Bench::with(talk(), &["ann"]);
    assert_eq!(bench.refused(start(by("ann"), "m1", None)), "not_allowed");
    let begun = bench.ok(start(by("boss"), "m1", Some(Layout::preset(Preset::Floating))));
    assert_eq!(words(&begun), ["stream_added", "mix_started"]);
    assert_eq!(bench.room.mix().unwrap().id, stream("m1"));
    assert_eq!(bench.ok(start(Actor::App, "m2", None)), []);
    let changed = bench.ok(start(Actor::App, "m2", Some(Layout::default())));
    assert_eq!(words(&changed), ["mix_updated"]);
    assert_eq!(bench.ok(update(Actor::App, Layout::default())), []);
    assert_eq!(bench.refused(update(by("ann"), Layout::default())), "not_allowed");
    let stopped = bench.ok(Command::StopMix { by: by("boss") });
    assert_eq!(words(&stopped), ["mix_stopped", "stream_removed"]);
    assert_eq!(bench.ok(Command::StopMix { by: Actor::App }), []);
    assert_eq!(bench.refused(Command::StopMix { by: by("ann") }), "not_allowed");
    // The layout can be set before the next mix, and stays.
    bench.ok(update(Actor::App, Layout::preset(Preset::SideBySide)));
    bench.ok(start(Actor::App, "m3", None));
    assert_eq!(*bench.room.layout(), Layout::preset(Preset::SideBySide));
    // Removing the stream is stopping the mix.
    let gone = bench.ok(Command::Unpublish {
        by: Actor::App,
        stream: stream("m3"),
    });
    assert_eq!(words(&gone), ["mix_stopped", "stream_removed"]);
}

#[test]
fn a_layout_that_cannot_be_drawn_is_refused() {
    let mut bench = Bench::with(talk(), &["ann"]);
    bench.ok(camera("ann", "s1"));
    let mut odd = Layout::default();
    odd.canvas.width = 641;
    let refused = bench.try_apply(update(Actor::App, odd.clone())).unwrap_err();
    assert_eq!(
        (refused.code(), refused.nim_code()),
        ("invalid_layout", Some(208))
    );
    assert_eq!(
        bench.refused(start(Actor::App, "m1", Some(odd))),
        "invalid_layout"
    );
    let circular = Layout {
        main: Some(Source::Main),
        ..Layout::default()
    };
    let refused = bench.try_apply(update(Actor::App, circular)).unwrap_err();
    assert_eq!(refused, Rejection::InvalidLayout(LayoutError::Main));
    // A stream's id that is in use leaves the layout as it was.
    let other = Layout::preset(Preset::AudioOnly);
    assert_eq!(bench.refused(start(Actor::App, "s1", Some(other))), "id_taken");
}

#[test]
fn main_picture_and_gains_are_set_one_by_one() {
    let mut bench = Bench::with(talk(), &["ann"]);
    let main = |main| Command::SetMainPicture { by: by("boss"), main };
    let ann = Some(Source::Account { id: account("ann") });
    assert_eq!(words(&bench.ok(main(ann.clone()))), ["main_picture_changed"]);
    assert_eq!(bench.ok(main(ann.clone())), []);
    assert_eq!(bench.refused(main(Some(Source::Main))), "invalid_argument");
    let gain = |name, gain: Option<u16>, muted| Command::SetMixGain {
        by: by("boss"),
        member: member(name),
        gain: gain.map(Gain::from_thousandths),
        muted,
    };
    assert_eq!(bench.refused(gain("zoe", Some(1), None)), "no_such_member");
    bench.ok(gain("ann", Some(500), None));
    bench.ok(gain("ann", None, Some(true)));
    let said = MemberMix {
        gain: Gain::from_thousandths(500),
        muted: true,
        avatar: None,
    };
    assert_eq!(bench.room.layout().member(&account("ann")), said);
    assert_eq!(bench.room.layout().main, ann);
    bench.ok(gain("ann", Some(1000), Some(false)));
    assert!(bench.room.layout().members.is_empty());
}

#[test]
fn a_room_of_the_mixing_kind_mixes_by_itself() {
    let mut bench = Bench::with(Settings::new(RoomKind::CommunicationMix), &["ann"]);
    let first = bench.ok(camera("ann", "s1"));
    assert_eq!(words(&first), ["stream_added", "stream_added", "mix_started"]);
    assert!(matches!(&first[2], EventKind::MixStarted { by: None, .. }));
    let own = bench.room.mix().unwrap().id.clone();
    assert!(own.as_str().starts_with("mix-r1-"), "{own}");
    assert_eq!(words(&bench.ok(camera("boss", "s2"))), ["stream_added"]);
    // Who stopped it does not get it back with the next stream, but with the next first one.
    bench.ok(Command::StopMix { by: by("boss") });
    assert_eq!(words(&bench.ok(screen("ann", "s3"))), ["stream_added"]);
    for id in ["s1", "s2", "s3"] {
        let stream = stream(id);
        bench.ok(Command::Unpublish {
            by: Actor::App,
            stream,
        });
    }
    bench.pass(secs(1));
    bench.ok(camera("ann", "s4"));
    assert_ne!(bench.room.mix().unwrap().id, own);
    // Other kinds do not.
    let mut bench = Bench::with(talk(), &["ann"]);
    assert_eq!(words(&bench.ok(camera("ann", "s1"))), ["stream_added"]);
}

#[test]
fn participants_are_those_who_publish() {
    let mut bench = Bench::with(Settings::new(RoomKind::CommunicationMix), &["ann", "bob"]);
    bench.ok(camera("ann", "s1"));
    bench.ok(screen("boss", "s2"));
    bench.ok(Command::MediaStarted {
        stream: stream("s1"),
        epoch: 1,
    });
    bench.ok(Command::Mute {
        by: by("boss"),
        member: member("ann"),
        kind: MuteKind::Video,
    });
    let found = bench.room.participants(|id| *id == member("boss"));
    let shown: Vec<_> = found
        .iter()
        .map(|p| {
            (
                p.stream.as_str(),
                p.account.as_str(),
                p.on_air,
                p.speaking,
                p.is_dark(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("s1", "ann", true, false, true),
            ("s2", "boss", false, true, false)
        ]
    );
}

/// A snapshot as the first version wrote it, with a mix and without a layout.
#[test]
fn snapshots_of_the_first_version_are_restored() {
    let text = include_str!("data/snapshot-1.json");
    let room = Room::restore(RoomSnapshot::from_json(text).unwrap()).unwrap();
    assert_eq!(room.mix().unwrap().id, stream("m1"));
    assert_eq!(*room.layout(), Layout::default());
    assert_eq!((room.pushes().len(), room.settings().bypass_guests), (0, 15));
    assert_eq!(room.password().unwrap().expose(), "VERIFIER");
    let json = room.snapshot().to_json().unwrap();
    assert!(json.contains("\"version\":2"));
    assert_eq!(
        Room::restore(RoomSnapshot::from_json(&json).unwrap()).unwrap(),
        room
    );
}
