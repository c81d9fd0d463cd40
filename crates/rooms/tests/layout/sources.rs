//! Whom a region shows, and who is the main picture.

use lianmai_rooms::layout::*;
use lianmai_rooms::*;

use crate::support::*;

fn found(source: Source, crowd: &[Participant]) -> String {
    let layout = custom(vec![region(source, 0, 0, 640, 720)]);
    inputs(&arrange(&layout, crowd, None))[0].to_owned()
}

#[test]
fn regions_name_their_sources() {
    let mut crowd = people(4);
    crowd[2].role = Role::Admin;
    crowd.push(screen(2));
    crowd.push(screen(5));
    let account = |n| Source::Account {
        id: person(n).account,
    };
    let talker = |nth| Source::Role {
        role: Role::Talker,
        nth,
    };
    for (source, input) in [
        (Source::Stream { id: screen(2).stream }, "d2"),
        (Source::Member { id: person(2).member }, "s2"),
        (account(4), "s4"),
        (account(5), "d5"),
        (account(9), "-"),
        (talker(0), "s1"),
        (talker(2), "s4"),
        (talker(9), "-"),
        (
            Source::Role {
                role: Role::Admin,
                nth: 0,
            },
            "s3",
        ),
        (Source::Joined { nth: 1 }, "s2"),
        (Source::Joined { nth: 4 }, "d5"),
        (Source::Screen { nth: 0 }, "d2"),
        (Source::Screen { nth: 1 }, "d5"),
        (Source::Main, "s3"),
        (Source::Speaker, "s3"),
        (Source::Other { nth: 0 }, "s1"),
        (Source::Other { nth: 2 }, "d2"),
    ] {
        assert_eq!(found(source.clone(), &crowd), input, "{source:?}");
    }
}

#[test]
fn who_speaks_stays_until_somebody_else_does() {
    let layout = Layout::preset(Preset::SpeakerBottom);
    let mut crowd = people(4);
    let first = arrange(&layout, &crowd, None);
    assert_eq!(inputs(&first), ["s1", "s2", "s3", "s4"]);
    crowd[2].speaking = true;
    let next = arrange(&layout, &crowd, Some(&first));
    // The two change places, nobody else moves.
    assert_eq!(inputs(&next), ["s3", "s2", "s1", "s4"]);
    crowd[0].speaking = true;
    assert_eq!(arrange(&layout, &crowd, Some(&next)), next, "both speak");
    crowd[0].speaking = false;
    crowd[2].speaking = false;
    assert_eq!(arrange(&layout, &crowd, Some(&next)), next, "silence");
    crowd[3].speaking = true;
    crowd[3].muted.audio = true;
    assert_eq!(inputs(&arrange(&layout, &crowd, Some(&next)))[0], "s3", "muted");
    crowd[3].muted.audio = false;
    assert_eq!(inputs(&arrange(&layout, &crowd, Some(&next)))[0], "s4");
    // A region of one's own keeps its speaker, too.
    let layout = custom(vec![
        region(Source::Joined { nth: 0 }, 0, 0, 640, 720),
        region(Source::Speaker, 640, 0, 640, 720),
    ]);
    let shown = arrange(&layout, &crowd, None);
    assert_eq!(inputs(&shown), ["s1", "s4"]);
    crowd[3].speaking = false;
    assert_eq!(inputs(&arrange(&layout, &crowd, Some(&shown))), ["s1", "s4"]);
}

#[test]
fn the_main_picture_is_as_set_as_long_as_it_is_there() {
    let mut layout = Layout::preset(Preset::Floating);
    let mut crowd = people(3);
    crowd[1].role = Role::Admin;
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s2", "s1", "s3"]);
    layout.main = Some(Source::Account {
        id: person(3).account,
    });
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s3", "s1", "s2"]);
    crowd.remove(2);
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s2", "s1"]);
}

#[test]
fn a_shared_screen_is_large_and_its_end_gives_the_place_back() {
    let layout = Layout::preset(Preset::ScreenShare);
    let mut crowd = people(2);
    crowd[1].speaking = true;
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s2", "s1"]);
    crowd.push(screen(1));
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["d1", "s1", "s2"]);
}

#[test]
fn guests_keep_their_regions() {
    let others = (0..3).map(|nth| region(Source::Other { nth: nth as u16 }, nth * 200, 0, 200, 200));
    let layout = custom(others.collect());
    let crowd = people(4);
    let shown = arrange(&layout, &crowd, None);
    assert_eq!(inputs(&shown), ["s2", "s3", "s4"]);
    let rest = [person(1), person(3), person(4)];
    let fewer = arrange(&layout, &rest, Some(&shown));
    assert_eq!(inputs(&fewer), ["s4", "s3", "-"]);
    let back = [person(1), person(3), person(4), person(5)];
    assert_eq!(inputs(&arrange(&layout, &back, Some(&fewer))), ["s4", "s3", "s5"]);
}
