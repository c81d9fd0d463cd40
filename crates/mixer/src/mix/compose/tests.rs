//! Scenes composed of pictures of known colours, looked at pixel by pixel.

use std::sync::Arc;

use ffmpeg_next::frame;
use lianmai_rooms::layout::{
    Badge, Border, Canvas, Cell, Colour, Fit, Label, Overlay, OverlayKind, Rect, Scene, Still,
};
use proptest::prelude::*;

use super::assets::tests::file;
use super::colour::Yuv;
use super::geometry::Area;
use super::text::FontFiles;
use super::{Assets, Compositor, Moment};
use crate::codec::{Rotation, Size, new_picture, plane_bytes, plane_bytes_mut};

const RED: Colour = Colour::new(200, 20, 20);
const GREEN: Colour = Colour::new(20, 180, 20);
const BLUE: Colour = Colour::new(20, 20, 200);
const GREY: Colour = Colour::new(90, 90, 90);
const COLOURS: [Colour; 4] = [RED, GREEN, BLUE, GREY];

fn solid(width: u32, height: u32, colour: Colour) -> Arc<frame::Video> {
    halves(width, height, colour, colour)
}

/// A picture whose left and right halves differ.
fn halves(width: u32, height: u32, left: Colour, right: Colour) -> Arc<frame::Video> {
    let mut picture = new_picture(Size { width, height }).unwrap();
    let (left, right) = (Yuv::from(left), Yuv::from(right));
    for (plane, a, b) in [(0, left.y, right.y), (1, left.u, right.u), (2, left.v, right.v)] {
        let columns = (width >> u32::from(plane > 0)) as usize;
        let (bytes, stride) = plane_bytes_mut(&mut picture, plane);
        for row in bytes.chunks_mut(stride) {
            row.fill(b);
            row[..columns / 2].fill(a);
        }
    }
    Arc::new(picture)
}

fn canvas(width: u32, height: u32) -> Canvas {
    Canvas {
        width,
        height,
        ..Canvas::default()
    }
}

fn cell(input: &str, x: i32, y: i32, w: u32, h: u32) -> Cell {
    Cell {
        input: Some(input.to_owned()),
        rect: Rect { x, y, w, h },
        z: 0,
        fit: Fit::Fill,
        background: None,
        border: None,
        label: None,
        badge: None,
        off: false,
    }
}

fn quad() -> Scene {
    let mut scene = Scene::empty(canvas(640, 360));
    for (n, (x, y)) in [(0, 0), (320, 0), (0, 180), (320, 180)].into_iter().enumerate() {
        scene.cells.push(cell(&n.to_string(), x, y, 320, 180));
    }
    scene
}

fn compositor(scene: &Scene) -> Compositor {
    crate::codec::silence_logs();
    Compositor::new(
        Arc::new(scene.clone()),
        Assets::default(),
        FontFiles::open().read(),
    )
    .unwrap()
}

fn at(millis: i64) -> Moment {
    Moment { millis, unix: 0 }
}

fn show(compositor: &mut Compositor, input: &str, picture: &Arc<frame::Video>, now: i64) {
    compositor.picture(input, picture.clone(), Rotation::None, now);
}

fn pixel(compositor: &Compositor, x: usize, y: usize) -> [u8; 3] {
    [0, 1, 2].map(|plane| {
        let half = usize::from(plane > 0);
        let (bytes, stride) = plane_bytes(compositor.frame(), plane);
        bytes[(y >> half) * stride + (x >> half)]
    })
}

#[track_caller]
fn is(compositor: &Compositor, x: usize, y: usize, colour: Colour) {
    let Yuv { y: luma, u, v } = colour.into();
    let seen = pixel(compositor, x, y);
    let near = seen.iter().zip([luma, u, v]).all(|(a, b)| a.abs_diff(b) <= 3);
    assert!(near, "({x}, {y}) is {seen:?}, expected {:?}", [luma, u, v]);
}

fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
    Area::at(x, y, Size { width, height })
}

/// Every cell has its colour up to its edges; only the cell that changes is drawn again.
#[test]
fn every_cell_is_in_its_place() {
    let mut mix = compositor(&quad());
    for (n, colour) in COLOURS.into_iter().enumerate() {
        // Of several sizes: as it is, scaled down, scaled up, of another shape.
        let (width, height) = [(320, 180), (1_280, 720), (160, 90), (64, 256)][n];
        show(&mut mix, &n.to_string(), &solid(width, height, colour), 0);
    }
    assert_eq!(mix.compose(at(0)), [area(0, 0, 640, 360)]);
    for (n, (x, y)) in [(0, 0), (320, 0), (0, 180), (320, 180)].into_iter().enumerate() {
        for (dx, dy) in [(0, 0), (319, 0), (0, 179), (319, 179), (160, 90)] {
            is(&mix, x + dx, y + dy, COLOURS[n]);
        }
    }
    assert_eq!(mix.compose(at(40)), []);
    show(&mut mix, "2", &solid(320, 180, RED), 80);
    assert_eq!(mix.compose(at(80)), [area(0, 180, 320, 180)]);
    is(&mix, 0, 180, RED);
    is(&mix, 320, 180, GREY);
}

/// A picture of another shape gets bars or loses its edges; both keep its middle.
#[test]
fn pictures_fit_or_are_cropped() {
    let mut scene = Scene::empty(canvas(640, 360));
    let mut fit = cell("tall", 0, 0, 320, 360);
    fit.fit = Fit::Fit;
    fit.background = Some(GREY);
    let mut crop = cell("wide", 320, 0, 320, 360);
    crop.fit = Fit::Crop;
    scene.cells = vec![fit, crop];
    let mut mix = compositor(&scene);
    show(&mut mix, "tall", &solid(90, 180, RED), 0);
    show(&mut mix, "wide", &halves(1_280, 360, GREEN, BLUE), 0);
    mix.compose(at(0));
    for (x, colour) in [
        (2, GREY),
        (64, GREY),
        (76, RED),
        (240, RED),
        (252, GREY),
        (318, GREY),
    ] {
        is(&mix, x, 180, colour);
    }
    is(&mix, 322, 180, GREEN);
    is(&mix, 470, 180, GREEN);
    is(&mix, 490, 180, BLUE);
    // A phone that lies says so.
    mix.picture("wide", halves(360, 720, GREEN, BLUE), Rotation::Quarter, 40);
    mix.compose(at(40));
    is(&mix, 480, 20, GREEN);
    is(&mix, 480, 340, BLUE);
}

/// What is in front hides what is behind, whatever changes.
#[test]
fn windows_float_over_a_full_picture() {
    let mut scene = Scene::empty(canvas(640, 360));
    let mut window = cell("b", 400, 200, 160, 90);
    window.z = 5;
    window.border = Some(Border {
        width: 4,
        colour: Colour::WHITE,
    });
    scene.cells = vec![window, cell("a", 0, 0, 640, 360)];
    let mut mix = compositor(&scene);
    show(&mut mix, "a", &solid(640, 360, RED), 0);
    show(&mut mix, "b", &solid(640, 360, BLUE), 0);
    mix.compose(at(0));
    for (x, y, colour) in [
        (10, 10, RED),
        (398, 240, RED),
        (401, 240, Colour::WHITE),
        (480, 240, BLUE),
    ] {
        is(&mix, x, y, colour);
    }
    show(&mut mix, "a", &solid(640, 360, GREEN), 40);
    mix.compose(at(40));
    is(&mix, 10, 10, GREEN);
    is(&mix, 480, 240, BLUE);
    is(&mix, 558, 240, Colour::WHITE);
    show(&mut mix, "b", &solid(640, 360, GREY), 80);
    assert_eq!(mix.compose(at(80)), [area(400, 200, 160, 90)]);
    // The window goes: what was behind it is there at once.
    scene.cells.remove(0);
    mix.set_scene(Arc::new(scene), Assets::default(), 100);
    assert_eq!(mix.compose(at(120)), [area(400, 200, 160, 90)]);
    is(&mix, 480, 240, GREEN);
}

/// A change of the scene shows in the very next picture, and touches only what changed.
#[test]
fn a_change_touches_nothing_else() {
    let mut scene = quad();
    let mut mix = compositor(&scene);
    for (n, colour) in COLOURS.into_iter().enumerate() {
        show(&mut mix, &n.to_string(), &solid(320, 180, colour), 0);
    }
    mix.compose(at(0));
    scene.cells.swap(1, 3);
    (scene.cells[1].rect, scene.cells[3].rect) = (scene.cells[3].rect, scene.cells[1].rect);
    let swapped: Vec<Rect> = scene.cells.iter().map(|cell| cell.rect).collect();
    assert_eq!(swapped[1].y, 0, "3 is where 1 was");
    mix.set_scene(Arc::new(scene.clone()), Assets::default(), 20);
    let mut touched = mix.compose(at(40));
    touched.sort_by_key(|area| area.y0);
    assert_eq!(touched, [area(320, 0, 320, 180), area(320, 180, 320, 180)]);
    is(&mix, 480, 90, GREY);
    is(&mix, 480, 270, GREEN);
    // One who mutes the camera, another who gets a name.
    scene.cells[0].off = true;
    scene.cells[2].label = Some(label("连麦", 24));
    mix.set_scene(Arc::new(scene), Assets::default(), 60);
    let mut touched = mix.compose(at(80));
    touched.sort_by_key(|area| area.y0);
    assert_eq!(touched, [area(0, 0, 320, 180), area(0, 180, 320, 180)]);
    is(&mix, 10, 10, Colour::BLACK);
}

fn label(text: &str, size: u32) -> Label {
    Label {
        text: text.to_owned(),
        size,
        colour: Colour::WHITE,
        background: Some(Colour::BLACK),
    }
}

/// Names in Chinese and Latin are at the lower left, with a shade behind them; the clock says the time.
#[test]
fn labels_have_ink() {
    let mut scene = quad();
    for (n, text) in ["连麦小明", "Ann", "", "很长的名字很长的名字很长的名字很长的名字"]
        .into_iter()
        .enumerate()
    {
        scene.cells[n].label = Some(label(text, 24));
    }
    scene.overlays.push(Overlay {
        rect: Rect {
            x: 400,
            y: 10,
            w: 236,
            h: 24,
        },
        z: 9,
        kind: OverlayKind::Clock {
            label: Label {
                background: None,
                ..label("", 20)
            },
            offset_minutes: 480,
        },
    });
    let mut mix = compositor(&scene);
    for n in 0..4 {
        show(&mut mix, &n.to_string(), &solid(320, 180, GREY), 0);
    }
    mix.compose(at(0));
    let bright = |mix: &Compositor, x: usize, y: usize, w: usize, h: usize| {
        let places = (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y)));
        places.filter(|(x, y)| pixel(mix, *x, *y)[0] > 200).count()
    };
    let chinese = bright(&mix, 0, 140, 320, 40);
    assert!(chinese > 250, "{chinese}");
    assert!(bright(&mix, 320, 140, 320, 40) > 60);
    assert_eq!(bright(&mix, 0, 180, 320, 180), 0, "no text, no shade");
    is(&mix, 2, 358, GREY);
    assert!(pixel(&mix, 2, 177)[0] < Yuv::from(GREY).y - 20, "half a shade");
    assert!(bright(&mix, 320, 320, 320, 40) > 600, "cut where the cell ends");
    assert!(bright(&mix, 400, 8, 236, 28) > 100, "the clock");
    assert_eq!(mix.compose(at(40)), []);
    let next = Moment {
        millis: 1_000,
        unix: 1,
    };
    assert_eq!(mix.compose(next), [area(400, 10, 236, 24)]);
}

/// R-M4: a gap keeps the last picture, then the badge comes; a camera that is off shows it at once.
#[test]
fn badges_take_the_place_of_missing_pictures() {
    let mut scene = Scene::empty(canvas(640, 360));
    let mut place = cell("a", 0, 0, 640, 360);
    place.background = Some(GREY);
    place.badge = Some(Badge {
        letters: "连".to_owned(),
        colour: BLUE,
        image: None,
    });
    scene.cells.push(place);
    scene.hold_ms = 3_000;
    let mut mix = compositor(&scene);
    mix.compose(at(0));
    // Never seen: the badge, a disc in the middle with a letter on it.
    is(&mix, 10, 10, GREY);
    is(&mix, 320 - 70, 180, BLUE);
    let letter = (280..360).flat_map(|x| (150..210).map(move |y| (x, y)));
    assert!(letter.filter(|(x, y)| pixel(&mix, *x, *y)[0] > 200).count() > 100);
    show(&mut mix, "a", &solid(640, 360, RED), 100);
    assert!(!mix.compose(at(100)).is_empty());
    is(&mix, 320, 180, RED);
    assert_eq!(mix.compose(at(3_100)), [], "held");
    assert!(!mix.compose(at(3_140)).is_empty());
    is(&mix, 10, 10, GREY);
    is(&mix, 320 - 70, 180, BLUE);
    show(&mut mix, "a", &solid(640, 360, GREEN), 5_000);
    mix.compose(at(5_000));
    is(&mix, 320, 180, GREEN);
    scene.cells[0].off = true;
    let badge = scene.cells[0].badge.as_mut().unwrap();
    badge.image = Some(Still("face".to_owned()));
    let (assets, _) = Assets::default().decode(&[file("face", 30, 20, [20, 180, 20, 255])]);
    mix.set_scene(Arc::new(scene), assets, 5_010);
    mix.compose(at(5_040));
    is(&mix, 320, 180, GREEN);
    is(&mix, 320, 80, GREY);
    is(&mix, 320, 100, GREEN);
}

/// Files: behind everything, and over it with their transparency.
#[test]
fn images_are_drawn() {
    let mut scene = quad();
    scene.cells.truncate(1);
    scene.background_image = Some(Still("back".to_owned()));
    scene.overlays.push(Overlay {
        rect: Rect {
            x: 300,
            y: 100,
            w: 100,
            h: 40,
        },
        z: 1,
        kind: OverlayKind::Picture {
            image: Still("logo".to_owned()),
        },
    });
    let files = [
        file("back", 64, 36, [90, 90, 90, 255]),
        file("logo", 10, 4, [255, 255, 255, 127]),
    ];
    let (assets, _) = Assets::default().decode(&files);
    let mut mix = compositor(&scene);
    mix.set_scene(Arc::new(scene), assets, 0);
    show(&mut mix, "0", &solid(320, 180, RED), 0);
    mix.compose(at(0));
    is(&mix, 500, 300, GREY);
    is(&mix, 10, 10, RED);
    let half = |a: u8, b: u8| ((u16::from(a) + u16::from(b)) / 2) as u8;
    let white = Yuv::from(Colour::WHITE);
    for (x, below) in [(302, RED), (380, GREY)] {
        let seen = pixel(&mix, x, 120)[0];
        assert!(seen.abs_diff(half(Yuv::from(below).y, white.y)) <= 3, "{seen}");
    }
}

/// Cells move to their new places within the time, starting and ending where they should.
#[test]
fn cells_move() {
    let mut scene = Scene::empty(canvas(640, 360));
    scene.cells.push(cell("a", 0, 0, 160, 90));
    let mut mix = compositor(&scene);
    show(&mut mix, "a", &solid(160, 90, RED), 0);
    mix.compose(at(0));
    scene.cells[0].rect = Rect {
        x: 480,
        y: 270,
        w: 160,
        h: 90,
    };
    scene.transition_ms = 300;
    mix.set_scene(Arc::new(scene), Assets::default(), 1_000);
    mix.compose(at(1_000));
    is(&mix, 4, 4, RED);
    let mut before = 0;
    for millis in (1_040..1_300).step_by(40) {
        mix.compose(at(millis));
        let edge = (0..640)
            .find(|x| (0..360).step_by(2).any(|y| pixel(&mix, *x, y)[2] > 180))
            .unwrap();
        assert!(edge > before && edge < 480, "{millis}: {edge}");
        before = edge;
    }
    mix.compose(at(1_300));
    is(&mix, 482, 272, RED);
    is(&mix, 478, 272, Colour::BLACK);
    is(&mix, 4, 4, Colour::BLACK);
    assert_eq!(mix.compose(at(1_340)), []);
}

/// A plane without what lies between its rows.
fn rows(mix: &Compositor, plane: usize) -> Vec<u8> {
    let width = (mix.frame().width() >> u32::from(plane > 0)) as usize;
    let (bytes, stride) = plane_bytes(mix.frame(), plane);
    bytes
        .chunks(stride)
        .flat_map(|row| row[..width].to_vec())
        .collect()
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let rect = (-100..300_i32, -100..200_i32, 1..300_u32, 1..200_u32);
    (0..5_u8, rect, -2..3_i32, 0..3_u8, any::<[bool; 4]>()).prop_map(
        |(input, (x, y, w, h), z, fit, flags)| {
            let [background, border, off, badge] = flags;
            Cell {
                input: (input < 4).then(|| input.to_string()),
                rect: Rect { x, y, w, h },
                z,
                fit: [Fit::Fit, Fit::Crop, Fit::Fill][usize::from(fit)],
                background: background.then_some(GREY),
                border: border.then_some(Border {
                    width: 3,
                    colour: Colour::WHITE,
                }),
                label: border.then(|| label("Ann", 14)),
                badge: badge.then(|| Badge {
                    letters: "A".to_owned(),
                    colour: BLUE,
                    image: None,
                }),
                off,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever changes, drawing only what changed gives the same picture as drawing everything.
    #[test]
    fn drawing_what_changed_is_enough(
        scenes in prop::collection::vec((prop::collection::vec(any_cell(), 0..5), 0..4_usize), 1..5),
    ) {
        let mut mix = compositor(&Scene::empty(canvas(240, 160)));
        let mut last: [Option<Arc<frame::Video>>; 4] = Default::default();
        for (n, (cells, input)) in scenes.into_iter().enumerate() {
            let now = n as i64 * 40;
            let mut scene = Scene::empty(canvas(240, 160));
            scene.cells = cells;
            let picture = solid(64 + 32 * n as u32, 64, COLOURS[(n + input) % 4]);
            show(&mut mix, &input.to_string(), &picture, now);
            last[input] = Some(picture);
            mix.set_scene(Arc::new(scene.clone()), Assets::default(), now);
            mix.compose(at(now));
            let mut fresh = compositor(&scene);
            for (input, picture) in last.iter().enumerate() {
                if let Some(picture) = picture {
                    show(&mut fresh, &input.to_string(), picture, now);
                }
            }
            fresh.compose(at(now));
            for plane in 0..3 {
                prop_assert!(rows(&mix, plane) == rows(&fresh, plane), "plane {}", plane);
            }
        }
    }
}
