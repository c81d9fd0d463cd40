//! What holds for every preset, every canvas and any number of members.

use lianmai_rooms::layout::*;
use lianmai_rooms::*;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

fn crowd() -> impl Strategy<Value = Vec<Participant>> {
    let flags = prop::collection::vec(any::<(bool, bool, bool, bool, u8)>(), 0..90);
    flags.prop_map(|flags| {
        let one =
            |(n, (voff, aoff, on_air, speaking, odd)): (usize, (bool, bool, bool, bool, u8))| Participant {
                voff,
                aoff,
                on_air,
                speaking,
                role: if odd % 5 == 0 { Role::Admin } else { Role::Talker },
                // Some joined at the same moment.
                joined_at: Timestamp::from_secs(u64::from(odd / 16)),
                ..if odd % 7 == 0 { screen(n) } else { person(n) }
            };
        flags.into_iter().enumerate().map(one).collect()
    })
}

fn layouts() -> impl Strategy<Value = Layout> {
    let canvas = (32..=1024u32, 32..=576u32).prop_map(|(w, h)| (w * 2, h * 2));
    let when_off = select(&[WhenOff::Badge, WhenOff::LastPicture, WhenOff::Nothing][..]);
    let main = prop_oneof![
        3 => Just(None),
        1 => (0..20usize).prop_map(|n| Some(Source::Account { id: person(n).account })),
        1 => Just(Some(Source::Speaker)),
    ];
    (select(&Preset::ALL[..]), canvas, when_off, main).prop_map(|(preset, (w, h), when_off, main)| {
        let mut layout = sized(preset, w, h);
        layout.look.when_off = when_off;
        layout.main = main;
        layout
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn scenes_can_be_drawn(layout in layouts(), crowd in crowd(), seed in any::<u64>()) {
        prop_assert_eq!(layout.check(), Ok(()));
        let scene = arrange(&layout, &crowd, None);
        prop_assert_eq!(scene.check(), Ok(()));
        for cell in &scene.cells {
            prop_assert!(is_inside(cell.rect, layout.canvas), "{:?}", cell.rect);
        }
        for (n, a) in scene.cells.iter().enumerate() {
            for b in &scene.cells[n + 1..] {
                prop_assert!(a.input != b.input, "{:?} twice", a.input);
                prop_assert!(a.z != b.z || !overlap(a.rect, b.rect), "{:?} over {:?}", a.rect, b.rect);
            }
        }
        // Every talker a voice, heard unless switched off.
        prop_assert_eq!(scene.voices.len(), crowd.len());
        for who in &crowd {
            let voice = scene.voices.iter().find(|voice| voice.input == who.stream.as_str()).unwrap();
            prop_assert_eq!(voice.muted, who.aoff);
        }
        // Neither the order of the list nor arranging again changes anything.
        let mut mixed = crowd.clone();
        mixed.sort_by_key(|p| p.stream.as_str().bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)));
        prop_assert_eq!(&arrange(&layout, &mixed, None), &scene);
        prop_assert_eq!(&arrange(&layout, &crowd, Some(&scene)), &scene);
    }

    /// Where the places stay as they are, a newcomer moves nobody and who leaves makes room for one other at most.
    #[test]
    fn few_move(preset in select(&Preset::ALL[..]), changes in prop::collection::vec((any::<bool>(), 0..16usize), 1..40)) {
        let layout = Layout { main: Some(Source::Account { id: person(0).account }), ..Layout::preset(preset) };
        let mut inside = vec![person(0)];
        let mut scene = arrange(&layout, &inside, None);
        for (n, (comes, which)) in changes.into_iter().enumerate() {
            if comes && inside.len() < 16 {
                inside.push(person(n + 1));
            } else if inside.len() > 1 {
                // Number 0 is the main picture and stays.
                inside.remove(1 + which % (inside.len() - 1));
            }
            let next = arrange(&layout, &inside, Some(&scene));
            let places = |scene: &Scene| scene.cells.iter().map(|cell| cell.rect).collect::<Vec<_>>();
            let (old, new) = (places(&scene), places(&next));
            let kept = old.iter().zip(&new).all(|(a, b)| a == b);
            let at = |scene: &Scene, input: &Option<String>| {
                scene.cells.iter().find(|cell| cell.input == *input).map(|cell| cell.rect)
            };
            let moved = |cell: &&Cell| at(&scene, &cell.input).is_some_and(|rect| rect != cell.rect);
            let moves = next.cells.iter().filter(moved).count();
            if kept {
                prop_assert!(moves <= usize::from(new.len() < old.len()), "{} moved", moves);
            }
            scene = next;
        }
    }
}

/// In every grid the places are as many as the members, and of the canvas's shape where pictures are whole.
#[test]
fn grids_have_a_place_for_everybody() {
    for count in 1..=64 {
        for preset in [Preset::Grid, Preset::GridCropped, Preset::AudioOnly] {
            let layout = Layout::preset(preset);
            let scene = arrange(&layout, &people(count), None);
            assert_eq!(scene.cells.len(), count, "{preset:?}");
            let Rect { w, h, .. } = scene.cells[0].rect;
            if preset != Preset::GridCropped {
                let shape = f64::from(w) / f64::from(h);
                assert!((shape - 16.0 / 9.0).abs() < 0.06, "{count}: {w}x{h}");
            }
        }
    }
    // A full grid leaves nothing of the canvas free.
    for count in [1, 4, 9, 16, 25, 64] {
        let scene = arrange(&Layout::preset(Preset::GridCropped), &people(count), None);
        let covered: u32 = scene.cells.iter().map(|cell| cell.rect.w * cell.rect.h).sum();
        assert_eq!(covered, 1280 * 720, "{count}");
    }
}

/// With more than a scene has voices for, those who can be heard are heard.
#[test]
fn voices_are_bounded() {
    let mut crowd = people(400);
    for (n, who) in crowd.iter_mut().enumerate() {
        who.aoff = n % 2 == 0;
    }
    let scene = arrange(&Layout::default(), &crowd, None);
    assert_eq!(scene.check(), Ok(()));
    assert_eq!(scene.voices.iter().filter(|voice| !voice.muted).count(), 200);
    assert_eq!(
        (scene.voices.len(), scene.cells.len()),
        (Scene::MAX_VOICES, Scene::MAX_CELLS)
    );
}
