//! How pictures, names, badges, overlays and sounds are shown; what a layout is as JSON and what it may not be.

use lianmai_rooms::layout::*;
use lianmai_rooms::*;

use crate::support::*;

#[test]
fn a_camera_that_is_off_shows_what_the_layout_says() {
    let mut crowd = people(2);
    crowd[0].voff = true;
    crowd[0].nick = Nick::parse("王小明").unwrap();
    let mut layout = Layout::default();
    let first = |layout: &Layout, crowd: &[Participant]| arrange(layout, crowd, None).cells[0].clone();
    let cell = first(&layout, &crowd);
    assert!(cell.off);
    assert_eq!(cell.badge.as_ref().unwrap().letters, "小明");
    assert_eq!(cell.label.as_ref().unwrap().text, "王小明");
    let avatar = MemberMix {
        avatar: Some(Still("ann.png".to_owned())),
        ..MemberMix::default()
    };
    layout.members.insert(crowd[0].account.clone(), avatar);
    let image = first(&layout, &crowd).badge.unwrap().image;
    assert_eq!(image, Some(Still("ann.png".to_owned())));
    layout.look.when_off = WhenOff::LastPicture;
    let cell = first(&layout, &crowd);
    assert!(!cell.off && cell.badge.is_none() && cell.input.is_some());
    // A preset gives the place away; a region of one's own stays empty.
    layout.look.when_off = WhenOff::Nothing;
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s2"]);
    let sole = vec![region(Source::Joined { nth: 0 }, 0, 0, 640, 720)];
    layout.arrangement = Arrangement::Custom { regions: sole };
    let cell = first(&layout, &crowd);
    assert!(cell.input.is_none() && cell.label.is_none() && cell.badge.is_none());
    // Muted by the management is as good as off; only badges are shown where no picture ever is.
    crowd[0].voff = false;
    crowd[0].muted.video = true;
    layout.look.when_off = WhenOff::Badge;
    assert!(first(&layout, &crowd).off);
    crowd[0].muted.video = false;
    layout.look.badge_only = true;
    assert!(first(&layout, &crowd).off);
}

#[test]
fn sound_follows_the_layout_and_the_switches() {
    let mut crowd = people(3);
    crowd.push(screen(1));
    crowd[1].aoff = true;
    crowd[2].muted.audio = true;
    let mut layout = Layout::default();
    let half = MemberMix {
        gain: Gain::from_thousandths(500),
        ..MemberMix::default()
    };
    layout.members.insert(person(1).account, half);
    let heard = |layout: &Layout| {
        let scene = arrange(layout, &crowd, None);
        let voice = |voice: &Voice| (voice.input.clone(), voice.gain, voice.muted);
        scene.voices.iter().map(voice).collect::<Vec<_>>()
    };
    let expected = [
        ("s1", 0.5, false),
        ("d1", 0.5, false),
        ("s2", 1.0, true),
        ("s3", 1.0, true),
    ];
    let expected = expected.map(|(input, gain, muted)| (input.to_owned(), gain, muted));
    assert_eq!(heard(&layout), expected);
    layout.members.values_mut().for_each(|said| said.muted = true);
    assert!(heard(&layout).iter().all(|(_, _, muted)| *muted));
    // Sound alone has no cells.
    layout.canvas.audio_only = true;
    let scene = arrange(&layout, &crowd, None);
    assert_eq!((scene.cells.len(), scene.voices.len()), (0, 4));
}

#[test]
fn a_layout_is_plain_json() {
    let text = r##"{
        "canvas": {"width": 640, "height": 480},
        "background": "#102030",
        "arrangement": {"type": "custom", "regions": [
            {"source": {"by": "role", "role": "admin"}, "area": {"unit": "fraction", "x": 0, "y": 0, "w": 0.5, "h": 1}},
            {"source": {"by": "joined", "nth": 1}, "area": {"unit": "pixels", "x": 321, "y": 3, "w": 99, "h": 100},
             "z": 2, "look": {"fit": "crop", "label": false, "border": {"width": 2, "colour": "#ffffff"}}}
        ]},
        "main": {"by": "account", "id": "u1"},
        "overlays": [{"area": {"unit": "pixels", "x": 0, "y": 440, "w": 640, "h": 40}, "z": 9,
            "kind": {"type": "text", "text": "直播 live", "size": 24, "colour": "#ffffff", "background": null}}],
        "members": {"u1": {"gain": 0.5}},
        "transition_ms": 300
    }"##;
    let layout: Layout = serde_json::from_str(text).unwrap();
    assert_eq!(layout.check(), Ok(()));
    let again: Layout = serde_json::from_str(&serde_json::to_string(&layout).unwrap()).unwrap();
    assert_eq!(again, layout);
    let scene = arrange(&layout, &people(2), None);
    let rects: Vec<_> = scene.cells.iter().map(|cell| cell.rect).collect();
    let rect = |x, y, w, h| Rect { x, y, w, h };
    assert_eq!(rects, [rect(0, 0, 320, 480), rect(320, 2, 100, 100)]);
    assert_eq!(
        (scene.transition_ms, scene.hold_ms, scene.overlays.len()),
        (300, 3_000, 1)
    );
    assert_eq!(serde_json::from_str::<Layout>("{}").unwrap(), Layout::default());
    for bad in [
        r#"{"arangement": {}}"#,
        r#"{"canvas": {"with": 640}}"#,
        r#"{"arrangement": {"type": "preset", "preset": "cube"}}"#,
        r#"{"members": {"u1": {"gain": 4.1}}}"#,
        r#"{"members": {"u1": {"gain": -1}}}"#,
        r#"{"members": {"u 1": {}}}"#,
    ] {
        assert!(serde_json::from_str::<Layout>(bad).is_err(), "{bad}");
    }
}

#[test]
fn bounds_are_kept() {
    let of = |change: fn(&mut Layout)| {
        let mut layout = Layout::default();
        change(&mut layout);
        layout.check().unwrap_err()
    };
    let regions = |count: usize, area: Area| {
        let region = Region {
            area,
            ..region(Source::Speaker, 0, 0, 1, 1)
        };
        custom(vec![region; count]).check()
    };
    assert_eq!(regions(64, Area::WHOLE), Ok(()));
    let many = LayoutError::TooMany {
        what: "regions",
        max: 64,
    };
    assert_eq!(regions(65, Area::WHOLE), Err(many));
    for (x, w) in [(1280, 2), (0, 0), (u32::MAX, u32::MAX)] {
        let outside = LayoutError::Area {
            what: "region",
            index: 0,
        };
        assert_eq!(
            regions(1, Area::Pixels { x, y: 0, w, h: 2 }),
            Err(outside),
            "{x} {w}"
        );
    }
    assert!(matches!(
        of(|l| l.canvas.fps = 0),
        LayoutError::Canvas(SceneError::Fps)
    ));
    assert!(matches!(
        of(|l| l.main = Some(Source::Other { nth: 0 })),
        LayoutError::Main
    ));
    assert!(matches!(
        of(|l| l.hold_ms = 600_001),
        LayoutError::Number { field: "hold_ms" }
    ));
    assert!(matches!(
        of(|l| l.background_image = Some(Still("../x".to_owned()))),
        LayoutError::Still
    ));
    let text = |text: String| {
        let label = Label {
            text,
            size: 20,
            colour: Colour::WHITE,
            background: None,
        };
        let overlay = LayoutOverlay {
            area: Area::WHOLE,
            z: 0,
            kind: OverlayKind::Text(label),
        };
        let layout = Layout {
            overlays: vec![overlay],
            ..Layout::default()
        };
        layout.check()
    };
    assert_eq!(text("好".repeat(100)), Ok(()));
    assert_eq!(text("好".repeat(200)), Err(LayoutError::Text { index: 0 }));
    assert_eq!(text("a\nb".to_owned()), Err(LayoutError::Text { index: 0 }));
}
