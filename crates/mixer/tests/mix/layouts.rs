//! Every preset and every vendor's grammar, arranged for real members and looked at once it is decoded again.
//! `UPDATE_GOLDENS=1` writes the pictures in `tests/goldens` anew: look at them.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lianmai_hub::job::{GatewayMessage, MixAsset};
use lianmai_rooms::layout::vendor::{cloudroom, emedia, nim};
use lianmai_rooms::layout::{
    Area, Arrangement, Border, Canvas, Colour, Fit, Gain, Layout, Look, MemberMix, OverlayKind, Participant,
    Preset, Region, Scene, Source, Still, WhenOff, arrange,
};
use lianmai_rooms::{AccountId, MemberId, MuteFlags, Nick, Role, StreamId, StreamKind, Timestamp};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::goldens::{Picture, Shown};
use crate::rig::*;
use crate::support::{HEIGHT, WIDTH, cell, decoded, flv_file, mix, pictures, record, start};

/// What stays of a layout on the screen before the next one: five frames.
const SHOWN_FOR: Duration = Duration::from_millis(200);
/// Stream, colour, and size of the picture; the nth has n white squares at its upper left.
pub(crate) const PEOPLE: [(&str, [u8; 3], (u32, u32)); 6] = [
    ("s1", [200, 20, 20], (160, 90)),
    ("s2", [20, 180, 20], (120, 90)),
    ("s3", [20, 20, 200], (160, 90)),
    ("s4", [200, 200, 20], (90, 160)),
    ("s5", [200, 20, 200], (160, 90)),
    ("d1", [20, 190, 190], (160, 90)),
];

/// The nth of them as a member; the last is a screen of the first.
fn person(n: usize) -> Participant {
    let is_screen = n == 5;
    let who = if is_screen { 0 } else { n };
    Participant {
        stream: StreamId::parse(PEOPLE[n].0).unwrap(),
        member: MemberId::parse(&format!("m{who}")).unwrap(),
        account: account(who),
        nick: Nick::parse(["Ann", "小明", "Cat Lee", "丹", ""][who]).unwrap(),
        role: if who == 3 { Role::Admin } else { Role::Talker },
        kind: if is_screen {
            StreamKind::Screen
        } else {
            StreamKind::Camera
        },
        joined_at: Timestamp::from_secs(1_000 + who as u64),
        // The third has switched the camera off.
        voff: n == 2,
        aoff: false,
        on_air: true,
        speaking: n == 1,
        muted: MuteFlags::default(),
    }
}

fn account(n: usize) -> AccountId {
    AccountId::parse(&format!("u{n}")).unwrap()
}

fn canvas() -> Canvas {
    Canvas {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        video_bitrate: 1_500_000,
        ..Canvas::default()
    }
}

/// All of them, by one process.
fn publish(rig: &Rig) -> Child {
    let mut arguments: Vec<String> = Vec::new();
    for (n, (_, [r, g, b], (w, h))) in PEOPLE.into_iter().enumerate() {
        let mut filter = format!("color=c=0x{r:02x}{g:02x}{b:02x}:s={w}x{h}:r=10");
        for square in 0..=n {
            filter += &format!(",drawbox=x={}:y=8:w=8:h=8:color=white:t=fill", 8 + 12 * square);
        }
        arguments.extend(["-re", "-f", "lavfi", "-i", &filter].map(str::to_owned));
    }
    for (n, (stream, ..)) in PEOPLE.into_iter().enumerate() {
        let coding = "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -crf 12 -g 10 -f flv";
        arguments.extend(["-map".to_owned(), format!("{n}:v")]);
        arguments.extend(coding.split(' ').map(str::to_owned));
        arguments.push(rig.url(stream));
    }
    Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn nim(split_mode: i64, custom: Option<serde_json::Value>) -> Layout {
    let custom = custom.map(|custom| custom.to_string());
    let host = account(3);
    let said = nim::NimLayout {
        split_mode,
        custom_layout: custom.as_deref(),
        host: Some(&host),
        canvas: canvas(),
    };
    nim::layout(&said).unwrap()
}

fn nim_custom() -> serde_json::Value {
    json!({
        "version": 0, "set_host_as_main": true, "background": {"rgb_r": 120, "rgb_g": 120, "rgb_b": 120},
        "host_area": {"adaption": 1, "position_x": 0, "position_y": 0, "width_rate": 6000, "height_rate": 10000},
        "n_host_area_number": 3,
        "n_host_area_0": {"position_x": 6500, "position_y": 500, "width_rate": 3000, "height_rate": 3000, "adaption": 0},
        "n_host_area_1": {"position_x": 6500, "position_y": 3500, "width_rate": 3000, "height_rate": 3000, "adaption": 1},
        "n_host_area_2": {"position_x": 6500, "position_y": 6500, "width_rate": 3000, "height_rate": 3000, "adaption": 0},
    })
}

fn emedia(style: &str, regions: serde_json::Value) -> Layout {
    let said = json!({
        "cdn": "rtmp://cdn.example/live/key", "layoutStyle": style, "regions": regions,
        "canvas": {"w": WIDTH, "h": HEIGHT, "bgclr": 0x303060, "bps": 1500, "fps": 25, "codec": "H264"},
    });
    emedia::live(&said).unwrap().layout
}

fn emedia_regions() -> serde_json::Value {
    json!([
        {"sid": "s1", "x": 0, "y": 0, "w": 320, "h": 180, "zorder": 1, "style": "fill"},
        {"sid": "s4", "x": 20, "y": 20, "w": 120, "h": 80, "zorder": 5, "style": "AspectFit"},
        {"sid": "s2", "x": 200, "y": 90, "w": 100, "h": 80, "zorder": 3, "style": "fill"},
    ])
}

fn cloudroom() -> Layout {
    let said = json!({"mode": 0, "videoFileCfg": {
    "svrPathName": "/a.mp4", "vWidth": WIDTH, "vHeight": HEIGHT, "vFps": 25, "vBps": 1_500_000,
    "layoutConfig": [
        {"type": 0, "left": 0, "top": 0, "width": 160, "height": 120, "keepAspectRatio": 1, "param": {"camid": "u1.1"}},
        {"type": 0, "left": 160, "top": 0, "width": 160, "height": 120, "param": {"camid": "u3.1"}},
        {"type": 5, "left": 0, "top": 120, "width": 100, "height": 60},
        {"type": 1, "left": 280, "top": 8, "width": 32, "height": 32, "param": {"resourceid": "face"}},
        {"type": 7, "left": 110, "top": 126, "param": {"text": "课堂 Room 8", "color": "#ffff00", "font-size": 20}},
        {"type": 4, "left": 110, "top": 158, "width": 206, "height": 20, "param": {"font-size": 16}},
    ]}});
    cloudroom::mixer(&said, 480).unwrap().layout
}

/// Everything that can be said of a region.
fn regions() -> Layout {
    let look = Look {
        label: true,
        ..Look::UNNAMED
    };
    let border = Border {
        width: 4,
        colour: Colour::WHITE,
    };
    let region = |source, (x, y, w, h), z, look| Region {
        source,
        area: Area::Pixels { x, y, w, h },
        z,
        look: Some(look),
    };
    let regions = vec![
        region(Source::Speaker, (0, 0, 200, 112), 0, look),
        region(
            Source::Role {
                role: Role::Admin,
                nth: 0,
            },
            (140, 60, 80, 80),
            2,
            Look {
                border: Some(border),
                fit: Some(Fit::Crop),
                ..look
            },
        ),
        region(
            Source::Joined { nth: 2 },
            (220, 0, 100, 90),
            1,
            Look {
                background: Some(Colour::new(90, 90, 90)),
                ..look
            },
        ),
        region(Source::Screen { nth: 0 }, (0, 120, 100, 60), 0, Look::UNNAMED),
        region(
            Source::Account { id: account(9) },
            (230, 100, 80, 70),
            0,
            Look {
                background: Some(Colour::WHITE),
                ..look
            },
        ),
    ];
    let face = MemberMix {
        gain: Gain::ONE,
        muted: false,
        avatar: Some(Still("face".to_owned())),
    };
    Layout {
        arrangement: Arrangement::Custom { regions },
        background_image: Some(Still("back".to_owned())),
        members: [(account(2), face)].into(),
        ..Layout::default()
    }
}

/// A file of four fields of colour.
fn asset(name: &str, side: u32, colours: [[u8; 3]; 4]) -> MixAsset {
    let field = |x: u32, y: u32| colours[usize::from(x >= side / 2) + 2 * usize::from(y >= side / 2)];
    let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb(field(x, y)));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    MixAsset {
        name: name.to_owned(),
        data: STANDARD.encode(file.into_inner()),
    }
}

/// Names and layouts, with whether the screen is shared.
fn layouts() -> Vec<(String, Layout, bool)> {
    let name = |preset: Preset| serde_json::to_value(preset).unwrap().as_str().unwrap().to_owned();
    let presets = Preset::ALL.map(|preset| {
        (
            name(preset),
            Layout::preset(preset),
            preset == Preset::ScreenShare,
        )
    });
    let mut all = presets.to_vec();
    let mut hidden = Layout::preset(Preset::Grid);
    hidden.look.when_off = WhenOff::Nothing;
    for (name, layout) in [
        ("grid_hidden", hidden),
        ("nim_0", nim(0, None)),
        ("nim_1", nim(1, None)),
        ("nim_2", nim(2, None)),
        ("nim_3", nim(3, None)),
        ("nim_4", nim(4, Some(nim_custom()))),
        ("nim_5", nim(5, None)),
        ("nim_5_custom", nim(5, Some(nim_custom()))),
        ("emedia_grid", emedia("GRID", json!([]))),
        ("emedia_custom", emedia("CUSTOM", emedia_regions())),
    ] {
        all.push((name.to_owned(), layout, false));
    }
    all.push(("cloudroom".to_owned(), cloudroom(), true));
    all.push(("regions".to_owned(), regions(), true));
    all
}

/// The middle of every picture that nothing lies over has its member's colour.
fn check_middles(name: &str, scene: &Scene, seen: &Picture) {
    let inside = |(x, y): (i32, i32), rect: lianmai_rooms::layout::Rect| {
        (rect.x..rect.x + rect.w as i32).contains(&x) && (rect.y..rect.y + rect.h as i32).contains(&y)
    };
    let mut checked = 0;
    for (n, cell) in scene.cells.iter().enumerate() {
        let person = PEOPLE
            .iter()
            .find(|person| cell.input.as_deref() == Some(person.0));
        let Some(person) = person.filter(|_| !cell.off) else {
            continue;
        };
        let middle = (
            cell.rect.x + cell.rect.w as i32 / 2,
            cell.rect.y + cell.rect.h as i32 / 2,
        );
        let over = |(m, other): (usize, &lianmai_rooms::layout::Cell)| {
            (other.z, m) > (cell.z, n) && inside(middle, other.rect)
        };
        let overlaid = scene.overlays.iter().any(|overlay| inside(middle, overlay.rect));
        if overlaid || scene.cells.iter().enumerate().any(over) {
            continue;
        }
        checked += 1;
        let colour = seen.at(middle.0 as usize, middle.1 as usize);
        let near = colour.iter().zip(person.1).all(|(a, b)| a.abs_diff(b) <= 16);
        assert!(near, "{name}: {} at {middle:?} is {colour:?}", person.0);
    }
    let badges_only = scene.cells.iter().all(|cell| cell.off);
    assert!(checked > 0 || badges_only, "{name}: nobody is seen");
}

/// Presets, nim's split modes, emedia's regions, CloudRoom's contents with text, clock and picture: each is shown as it
/// was when its picture was looked at, one after another on the same mix. Then a change with a transition of 300 ms.
#[tokio::test]
async fn every_layout_is_shown_as_it_should_be() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let _publisher = publish(&rig);
    for (stream, ..) in PEOPLE {
        rig.until_on_air(stream, true).await;
    }
    let everybody: Vec<Participant> = (0..PEOPLE.len()).map(person).collect();
    let shown: Vec<Shown> = layouts()
        .into_iter()
        .map(|(name, mut layout, with_screen)| {
            layout.canvas = canvas();
            let crowd = if with_screen {
                &everybody[..]
            } else {
                &everybody[..5]
            };
            Shown {
                name,
                scene: arrange(&layout, crowd, None),
            }
        })
        .collect();
    let mut job = mix(&rig, &shown[0].scene);
    // All are played from the start: joining is not what is looked at here.
    job.inputs = mix(&rig, &arrange(&Layout::preset(Preset::Grid), &everybody, None)).inputs;
    let [r, g, b] = [[220, 40, 40], [40, 220, 40], [40, 40, 220]];
    job.assets = vec![
        asset("face", 32, [[250; 3], r, g, b]),
        asset("back", 64, [[60; 3], [100; 3], [100; 3], [60; 3]]),
    ];
    start(&mut gateway, job.clone()).await;
    let mut player = rig.play("mix").await;
    let mut messages = record(&mut player, Duration::from_millis(1_000)).await;
    let mut marks = Vec::new();
    for one in &shown {
        job.scene = one.scene.clone();
        gateway.say(GatewayMessage::UpdateMix { job: job.clone() }).await;
        messages.extend(record(&mut player, SHOWN_FOR).await);
        marks.push(*pictures(&messages).0.last().unwrap());
    }
    // A single picture on its way from the left to the right.
    job.scene = Scene::empty(canvas());
    job.scene.cells = vec![cell("s1", 0, 0, 80, 46)];
    gateway.say(GatewayMessage::UpdateMix { job: job.clone() }).await;
    messages.extend(record(&mut player, SHOWN_FOR).await);
    job.scene.transition_ms = 300;
    job.scene.cells[0].rect.x = 240;
    gateway.say(GatewayMessage::UpdateMix { job }).await;
    messages.extend(record(&mut player, Duration::from_millis(600)).await);

    let (stamps, headers) = pictures(&messages);
    assert_eq!(headers, 1, "no layout needs a new sequence header");
    let bytes = decoded(
        flv_file(&messages),
        "-an -f rawvideo -pix_fmt rgb24 -fps_mode passthrough",
    )
    .await;
    let frames: Vec<Picture> = bytes.chunks_exact(WIDTH * HEIGHT * 3).map(Picture::new).collect();
    assert_eq!(frames.len(), stamps.len());
    let mut next = 0;
    for (one, mark) in shown.iter().zip(&marks) {
        let last = stamps.iter().position(|stamp| stamp == mark).unwrap();
        next = one.find(&frames, next, last);
        check_middles(&one.name, &one.scene, &frames[next]);
        one.check_clock(&frames[next]);
    }
    check_transition(&frames[next..], &stamps[next..]);
    gateway.stop(1).await;
}

fn check_transition(frames: &[Picture], stamps: &[u32]) {
    let red = |picture: &Picture, x: usize| picture.at(x, 40)[0] > 150 && picture.at(x, 40)[1] < 90;
    let left = |picture: &Picture| (0..WIDTH).find(|x| red(picture, *x));
    let edges: Vec<(u32, usize)> = frames
        .iter()
        .zip(stamps)
        .filter_map(|(picture, stamp)| Some((*stamp, left(picture)?)))
        .skip_while(|(_, x)| *x > 4)
        .collect();
    let begin = edges.iter().rposition(|(_, x)| *x <= 4).expect("at the left");
    let way = &edges[begin..];
    let end = way.iter().position(|(_, x)| *x >= 236).expect("at the right");
    assert!(way.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{way:?}");
    let took = way[end].0 - way[0].0;
    assert!((280..=420).contains(&took) && end >= 4, "{took} ms: {way:?}");
}

impl Shown {
    /// The time of day is there, whatever it is.
    fn check_clock(&self, seen: &Picture) {
        for overlay in &self.scene.overlays {
            if matches!(overlay.kind, OverlayKind::Clock { .. }) {
                let ink = seen.bright(overlay.rect);
                assert!(ink > 100, "{}: {ink} bright pixels where the clock is", self.name);
            }
        }
    }
}
