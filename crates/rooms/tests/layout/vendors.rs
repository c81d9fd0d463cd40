//! The vendors' grammars, with samples as their clients send them.

use lianmai_rooms::layout::vendor::{LayoutFault, cloudroom, emedia, nim};
use lianmai_rooms::layout::*;
use serde_json::json;

use crate::support::*;

fn split(mode: i64, custom: Option<&str>) -> Result<Layout, nim::NimLayoutError> {
    nim::layout(&nim::NimLayout {
        split_mode: mode,
        custom_layout: custom,
        host: Some(&person(2).account),
        canvas: Canvas::default(),
    })
}

fn placed(layout: &Layout, crowd: &[Participant]) -> Vec<(String, [i64; 4])> {
    let scene = arrange(layout, crowd, None);
    let place = |cell: &Cell| {
        let Rect { x, y, w, h } = cell.rect;
        let input = cell.input.clone().unwrap_or_default();
        (input, [x.into(), y.into(), w.into(), h.into()])
    };
    scene.cells.iter().map(place).collect()
}

fn at(input: &str, place: [i64; 4]) -> (String, [i64; 4]) {
    (input.to_owned(), place)
}

#[test]
fn nim_split_modes() {
    let floats = placed(&split(0, None).unwrap(), &people(3));
    assert_eq!(
        floats,
        [
            at("s2", [0, 0, 1280, 720]),
            at("s1", [0, 540, 320, 180]),
            at("s3", [320, 540, 320, 180]),
        ]
    );
    let top = placed(&split(1, None).unwrap(), &people(2));
    assert_eq!(top[1], at("s1", [0, 0, 320, 180]));
    let tile = arrange(&split(2, None).unwrap(), &people(2), None);
    assert_eq!((tile.cells[0].rect.h, tile.cells[0].fit), (360, Fit::Fit));
    let cut = arrange(&split(3, None).unwrap(), &people(2), None);
    assert_eq!((cut.cells[0].rect.h, cut.cells[0].fit), (720, Fit::Crop));
    let sound = arrange(&split(5, None).unwrap(), &people(2), None);
    assert!(sound.cells.iter().all(|cell| cell.off));
    for (mode, custom) in [(4, None), (6, None), (-1, None), (4, Some("  "))] {
        let error = split(mode, custom).unwrap_err();
        assert_eq!((error.code(), error.live_state()), (208, 501), "{mode}");
    }
}

#[test]
fn nim_custom_layouts() {
    let text = json!({
        "version": 0, "set_host_as_main": true, "main_width": 480, "main_height": 640, "special_show_mode": true,
        "background": {"rgb_r": 16, "rgb_g": 32, "rgb_b": 255},
        "host_area": {"adaption": 1},
        "n_host_area_number": 2,
        "n_host_area_0": {"position_x": 6600, "position_y": 400, "width_rate": 3000, "height_rate": 3000, "adaption": 0},
        "n_host_area_1": {"position_x": "6600", "position_y": 3600, "width_rate": 3401, "height_rate": 3000, "adaption": 1},
    });
    let layout = split(4, Some(&text.to_string())).unwrap();
    assert_eq!((layout.canvas.width, layout.canvas.height), (480, 640));
    assert_eq!(layout.background, Colour::new(16, 32, 255));
    let crowd = people(3);
    assert_eq!(
        placed(&layout, &crowd),
        [
            at("s2", [0, 0, 480, 640]),
            at("s1", [316, 24, 144, 192]),
            at("s3", [316, 230, 164, 192]),
        ]
    );
    let scene = arrange(&layout, &crowd, None);
    let fits: Vec<_> = scene.cells.iter().map(|cell| (cell.fit, cell.z)).collect();
    assert_eq!(fits, [(Fit::Crop, 0), (Fit::Fit, 1), (Fit::Crop, 2)]);
    // Places of members who are not there are empty.
    assert_eq!(inputs(&arrange(&layout, &crowd[..2], None)), ["s2", "s1", "-"]);
    let sound = split(5, Some(&text.to_string())).unwrap();
    assert!(arrange(&sound, &crowd, None).cells.iter().all(|cell| cell.off));
    let not_host = json!({"set_host_as_main": false, "host_area": {}});
    let layout = split(4, Some(&not_host.to_string())).unwrap();
    assert_eq!(inputs(&arrange(&layout, &crowd, None)), ["s1"]);
}

#[test]
fn nim_layouts_that_are_none() {
    let area =
        |x: i64, w: i64| json!({"position_x": x, "position_y": 0, "width_rate": w, "height_rate": 100});
    let guest = |area| json!({"n_host_area_number": 1, "n_host_area_0": area}).to_string();
    for text in [
        "{".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "[".repeat(60_000),
        " ".repeat(70_000) + "x",
        json!({"version": 1}).to_string(),
        json!({"main_width": 640}).to_string(),
        json!({"main_width": 1e300, "main_height": 480}).to_string(),
        json!({"main_width": -640, "main_height": 480}).to_string(),
        json!({"main_width": "4294967937", "main_height": 480}).to_string(),
        json!({"background": {"rgb_r": 256}}).to_string(),
        json!({"background": 7}).to_string(),
        json!({"n_host_area_number": 33}).to_string(),
        json!({"n_host_area_number": 1}).to_string(),
        json!({"host_area": []}).to_string(),
        guest(area(5_000, 5_200)),
        guest(area(-1, 100)),
        guest(area(10_000, 100)),
        guest(area(0, 0)),
        guest(json!({})),
    ] {
        let error = split(4, Some(&text)).map(|_| ()).unwrap_err();
        assert_eq!(
            (error.code(), error.live_state()),
            (208, 501),
            "{}",
            &text[..text.len().min(80)]
        );
    }
}

#[test]
fn nim_tasks_of_a_room() {
    let config = |task: serde_json::Value| json!({"room_config": {"rtmpTasks": [task]}}).to_string();
    let good = json!({"taskId": "t1", "streamUrl": "rtmp://cdn.example/live/KEY", "layoutMode": "2", "layoutPara": "",
        "record": true, "accid": "u3"});
    let tasks = nim::tasks(&config(good), Canvas::default()).unwrap();
    assert_eq!(
        (tasks.len(), tasks[0].id.as_str(), tasks[0].record),
        (1, "t1", true)
    );
    assert_eq!(tasks[0].url.host(), "cdn.example");
    assert_eq!(
        tasks[0].layout.arrangement,
        Arrangement::Preset { preset: Preset::Grid }
    );
    assert_eq!(
        tasks[0].layout.main,
        Some(Source::Account {
            id: person(3).account
        })
    );
    assert!(!format!("{tasks:?}").contains("KEY"));
    for none in ["", "{}", r#"{"room_config": {}}"#] {
        assert_eq!(nim::tasks(none, Canvas::default()), Ok(Vec::new()));
    }
    let code = |task| nim::tasks(&config(task), Canvas::default()).unwrap_err().code();
    assert_eq!(code(json!({"streamUrl": "http://x/y/z"})), 400);
    assert_eq!(
        code(json!({"streamUrl": "rtmp://h/a/b", "layoutMode": 4, "layoutPara": "{"})),
        208
    );
    assert_eq!(code(json!({"streamUrl": "rtmp://h/a/b", "accid": "a b"})), 208);
    let many = json!({"room_config": {"rtmpTasks": vec![json!({}); 17]}}).to_string();
    let error = nim::tasks(&many, Canvas::default()).unwrap_err();
    assert!(
        matches!(
            error.0,
            LayoutFault::TooMany {
                field: "rtmpTasks",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn emedia_lives_and_their_regions() {
    let cfg = json!({"cdn": "rtmp://cdn.example/live/KEY", "layoutStyle": "CUSTOM", "record": false,
        "canvas": {"bgclr": 0x0010_2030, "w": 640, "h": 480, "fps": 20, "bps": 1200, "codec": "H264"}});
    let live = emedia::live(&cfg).unwrap();
    let canvas = live.layout.canvas;
    assert_eq!(
        (canvas.width, canvas.height, canvas.fps, canvas.video_bitrate),
        (640, 480, 20, 1_200_000)
    );
    assert_eq!(live.layout.background, Colour::new(0x10, 0x20, 0x30));
    assert_eq!(live.url.shown(), "rtmp://cdn.example/live");
    let regions = json!([
        {"sid": "s1", "x": 0, "y": 0, "w": 320, "h": 480, "style": "fill", "zorder": 1},
        {"sid": "s2", "x": 320, "y": 0, "w": 320, "h": 240, "style": "AspectFit"},
    ]);
    let layout = emedia::with_regions(&live.layout, &regions).unwrap();
    assert_eq!(
        placed(&layout, &people(2)),
        [at("s1", [0, 0, 320, 480]), at("s2", [320, 0, 320, 240])]
    );
    let fits: Vec<_> = arrange(&layout, &people(2), None)
        .cells
        .iter()
        .map(|cell| cell.fit)
        .collect();
    assert_eq!(fits, [Fit::Fill, Fit::Fit]);
    let grid = json!({"cdn": "rtmp://cdn.example/live/KEY", "layoutStyle": "GRID"});
    let layout = emedia::live(&grid).unwrap().layout;
    assert_eq!(layout.arrangement, Layout::preset(Preset::Grid).arrangement);
    assert!(!layout.look.label);
    for bad in [
        json!(null),
        json!({"layoutStyle": "GRID"}),
        json!({"cdn": "rtmp://h/a/b"}),
        json!({"cdn": "rtmp://h/a/b", "layoutStyle": "CUSTOM"}),
        json!({"cdn": "rtmp://h/a/b", "layoutStyle": "GRID", "canvas": {"w": 32, "h": 480}}),
        json!({"cdn": "rtmp://h/a/b", "layoutStyle": "GRID", "canvas": {"w": 640, "h": 480, "bgclr": 0x0100_0000}}),
        json!({"cdn": "rtmp://h/a/b", "layoutStyle": "GRID", "canvas": {"w": 640, "h": 480, "codec": "VP8"}}),
    ] {
        assert_eq!(emedia::live(&bad).unwrap_err().code(), -507, "{bad}");
    }
    let region = json!({"sid": "s1", "x": 0, "y": 0, "w": 320, "h": 480});
    let with = |name: &str, value: serde_json::Value| {
        let mut region = region.clone();
        region[name] = value;
        emedia::with_regions(&live.layout, &json!([region]))
    };
    assert!(with("zorder", json!(100)).is_ok());
    for (name, value) in [
        ("zorder", json!(101)),
        ("sid", json!("a/b")),
        ("sid", json!(7)),
        ("w", json!(63)),
        ("w", json!(1281)),
        ("x", json!(640)),
        ("x", json!(-1)),
        ("style", json!("round")),
    ] {
        assert_eq!(
            with(name, value.clone()).unwrap_err().code(),
            -507,
            "{name} {value}"
        );
    }
    let many = json!(vec![region.clone(); 65]);
    assert!(emedia::with_regions(&live.layout, &many).is_err());
}

#[test]
fn cloudroom_mixers() {
    let cfg = json!({"mode": 0, "videoFileCfg": {
    "svrPathName": "/2026/a.mp4;rtmp://cdn.example/live/KEY", "vWidth": 1280, "vHeight": 720, "vFps": 15, "vBps": 1_000_000,
    "layoutConfig": [
        {"type": 0, "left": 0, "top": 0, "width": 640, "height": 720, "keepAspectRatio": 1, "param": {"camid": "u1.-1"}},
        {"type": 5, "left": 640, "top": 0, "width": 640, "height": 360},
        {"type": 3, "left": 640, "top": 360, "width": 640, "height": 360},
        {"type": 1, "left": 1200, "top": 0, "width": 80, "height": 80, "param": {"resourceid": "logo.png"}},
        {"type": 10, "left": 20, "top": 680, "param": {"text": "会议 %timestamp%", "color": "#FF0000", "font-size": 24}},
        {"type": 7, "left": 20, "top": 20, "width": 400, "height": 30,
         "param": {"text": "课堂", "background": "#00000000"}},
        {"type": 4, "left": 900.4, "top": 680, "width": 300, "height": 30},
    ]}});
    let mixer = cloudroom::mixer(&cfg, 480).unwrap();
    assert_eq!(mixer.files, ["/2026/a.mp4"]);
    assert_eq!(mixer.pushes.len(), 1);
    assert!(!format!("{mixer:?}").contains("KEY"));
    let mut crowd = people(2);
    crowd.push(screen(2));
    let scene = arrange(&mixer.layout, &crowd, None);
    assert_eq!(inputs(&scene), ["s1", "d2"]);
    assert_eq!((scene.cells[0].fit, scene.cells[1].fit), (Fit::Fit, Fit::Fill));
    assert_eq!(scene.canvas.fps, 15);
    let kinds: Vec<_> = scene
        .overlays
        .iter()
        .map(|overlay| (overlay.z, &overlay.kind))
        .collect();
    let [
        (3, OverlayKind::Picture { image }),
        (4, first),
        (5, text),
        (6, second),
    ] = &kinds[..]
    else {
        panic!("{kinds:?}");
    };
    assert_eq!(image.0, "logo.png");
    let clock = |kind: &OverlayKind| match kind {
        OverlayKind::Clock {
            label,
            offset_minutes: 480,
        } => Some((label.size, label.colour)),
        _ => None,
    };
    assert_eq!(clock(first), Some((24, Colour::new(255, 0, 0))));
    assert_eq!(clock(second), Some((18, Colour::WHITE)));
    assert!(matches!(text, OverlayKind::Text(label) if label.text == "课堂" && label.background.is_none()));
    assert_eq!(
        scene.overlays[1].rect,
        Rect {
            x: 20,
            y: 680,
            w: 1260,
            h: 34
        }
    );
    assert_eq!(scene.overlays[3].rect.x, 900);
    let update = json!({"videoFileCfg": {"layoutConfig": []}});
    let empty = cloudroom::with_content(&mixer.layout, &update, 480).unwrap();
    assert_eq!(
        (arrange(&empty, &crowd, None).cells.len(), empty.canvas),
        (0, scene.canvas)
    );
}

#[test]
fn cloudroom_mixers_that_are_none() {
    let cfg = |name: &str, value: serde_json::Value| {
        let mut video = json!({"vWidth": 640, "vHeight": 480, "layoutConfig": []});
        video[name] = value;
        let cfg = json!({"mode": 0, "videoFileCfg": video});
        cloudroom::mixer(&cfg, 0)
            .map(|_| ())
            .map_err(|error| error.code())
    };
    let item = |item: serde_json::Value| cfg("layoutConfig", json!([item]));
    assert_eq!(cfg("vFps", json!(0)), Ok(()));
    assert_eq!(cfg("vWidth", json!(63)), Err(903));
    assert_eq!(cfg("vHeight", json!("x")), Err(903));
    assert_eq!(cfg("vFps", json!(61)), Err(904));
    assert_eq!(cfg("vQP", json!(52)), Err(904));
    assert_eq!(cfg("svrPathName", json!("rtsp://h/a")), Err(5));
    assert_eq!(cfg("svrPathName", json!("a.mp4;".repeat(17))), Err(5));
    assert_eq!(cfg("layoutConfig", json!(7)), Err(5));
    assert_eq!(cfg("layoutConfig", json!([7])), Err(5));
    assert_eq!(cfg("layoutConfig", json!(vec![json!({"type": 3}); 65])), Err(5));
    let at = json!({"type": 0, "left": 0, "top": 0, "width": 64, "height": 64});
    assert_eq!(item(at.clone()), Err(5), "no camera");
    let text = |param: serde_json::Value| item(json!({"type": 7, "left": 0, "top": 0, "param": param}));
    assert_eq!(text(json!({"text": "x"})), Ok(()));
    assert_eq!(text(json!({"text": "x".repeat(600)})), Err(5));
    assert_eq!(text(json!({"text": "x", "color": "#12"})), Err(5));
    assert_eq!(text(json!({"text": "x", "color": "#12345é7"})), Err(5));
    assert_eq!(text(json!({"text": "x", "font-size": 1000})), Err(5));
    assert_eq!(item(json!({"type": 11, "left": 0, "top": 0})), Err(5));
    assert_eq!(
        item(json!({"type": 5, "left": 640, "top": 0, "width": 64, "height": 64})),
        Err(5)
    );
    let code = |cfg| cloudroom::mixer(&cfg, 0).unwrap_err().code();
    assert_eq!(code(json!([])), 6);
    assert_eq!(code(json!({"mode": 1})), 5);
    assert_eq!(code(json!({})), 5);
}
