//! Hostile input: whatever JSON comes, it is refused or can be drawn.

use lianmai_rooms::layout::vendor::{cloudroom, emedia, nim};
use lianmai_rooms::layout::*;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::support::*;

const NAMES: [&str; 44] = [
    "version",
    "set_host_as_main",
    "main_width",
    "main_height",
    "background",
    "rgb_r",
    "host_area",
    "n_host_area_number",
    "n_host_area_0",
    "n_host_area_1",
    "position_x",
    "position_y",
    "width_rate",
    "height_rate",
    "adaption",
    "cdn",
    "layoutStyle",
    "canvas",
    "bgclr",
    "w",
    "h",
    "fps",
    "bps",
    "regions",
    "sid",
    "x",
    "y",
    "zorder",
    "style",
    "mode",
    "videoFileCfg",
    "vWidth",
    "vHeight",
    "vFps",
    "vBps",
    "layoutConfig",
    "type",
    "left",
    "top",
    "width",
    "height",
    "param",
    "text",
    "camid",
];

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => (0..10_000i64).prop_map(Value::from),
        2 => (0..12i64).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|n| json!(n)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let texts = select(
        &[
            "",
            "GRID",
            "CUSTOM",
            "fill",
            "s1",
            "u1.2",
            "12",
            "rtmp://h/a/b",
            "#ff0000",
            "é",
            "x\ny",
        ][..],
    );
    let leaf = prop_oneof![
        4 => number(),
        1 => any::<bool>().prop_map(Value::from),
        2 => texts.prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(4, 60, 12, |inner| {
        let fields = prop::collection::vec((select(&NAMES[..]), inner.clone()), 0..12);
        let object = |fields: Vec<(&str, Value)>| {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        prop_oneof![4 => fields.prop_map(object), 1 => prop::collection::vec(inner, 0..5).prop_map(Value::from)]
    })
}

/// Puts wild values into samples that are accepted, so that much of what comes is nearly right.
fn bent(mut good: Value, bends: Vec<(prop::sample::Index, Value)>) -> Value {
    for (index, value) in bends {
        let mut places = Vec::new();
        walk(&good, String::new(), &mut places);
        if let Some(place) = good.pointer_mut(&places[index.index(places.len())]) {
            *place = value;
        }
    }
    good
}

fn walk(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| walk(value, format!("{at}/{name}"), places)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, value)| walk(value, format!("{at}/{n}"), places));
        }
        _ => {}
    }
    places.push(at);
}

fn drawable(layout: &Layout) {
    assert_eq!(layout.check(), Ok(()));
    let scene = arrange(layout, &people(5), None);
    assert_eq!(scene.check(), Ok(()));
    for rect in scene
        .cells
        .iter()
        .map(|cell| cell.rect)
        .chain(scene.overlays.iter().map(|o| o.rect))
    {
        assert!(is_inside(rect, layout.canvas), "{rect:?}");
    }
}

fn everything(value: &Value) {
    let text = value.to_string();
    for mode in [4, 5] {
        let said = nim::NimLayout {
            split_mode: mode,
            custom_layout: Some(&text),
            host: None,
            canvas: Canvas::default(),
        };
        nim::layout(&said).iter().for_each(drawable);
    }
    emedia::live(value).iter().for_each(|live| drawable(&live.layout));
    emedia::with_regions(&Layout::default(), value)
        .iter()
        .for_each(drawable);
    cloudroom::mixer(value, 0)
        .iter()
        .for_each(|mixer| drawable(&mixer.layout));
    if let Ok(layout) = serde_json::from_value::<Layout>(value.clone())
        && layout.check().is_ok()
    {
        drawable(&layout);
    }
}

fn samples() -> Vec<Value> {
    let area =
        json!({"position_x": 0, "position_y": 0, "width_rate": 5000, "height_rate": 5000, "adaption": 1});
    vec![
        json!({"version": 0, "main_width": 640, "main_height": 480, "background": {"rgb_r": 1, "rgb_g": 2, "rgb_b": 3},
            "host_area": area, "n_host_area_number": 2, "n_host_area_0": area, "n_host_area_1": area}),
        json!({"cdn": "rtmp://h/a/b", "layoutStyle": "CUSTOM", "canvas": {"w": 640, "h": 480, "fps": 20, "bps": 800, "bgclr": 7},
            "regions": [{"sid": "s1", "x": 0, "y": 0, "w": 320, "h": 240, "zorder": 3, "style": "fill"}]}),
        json!([{"sid": "s1", "x": 0, "y": 0, "w": 320, "h": 240}]),
        json!({"mode": 0, "videoFileCfg": {"vWidth": 640, "vHeight": 480, "vFps": 15, "vBps": 500_000, "layoutConfig": [
            {"type": 0, "left": 0, "top": 0, "width": 64, "height": 64, "param": {"camid": "u1.-1"}},
            {"type": 7, "left": 0, "top": 0, "param": {"text": "a", "font-size": 20, "text-margin": 4}}]}}),
        serde_json::to_value(custom(vec![region(Source::Speaker, 0, 0, 64, 64)])).unwrap(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_refused_or_drawn(value in value()) {
        everything(&value);
    }

    #[test]
    fn bent_samples_are_refused_or_drawn(
        sample in 0..5usize,
        bends in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..3),
    ) {
        everything(&bent(samples().swap_remove(sample), bends));
    }

    #[test]
    fn any_text_is_refused_or_drawn(text in ".{0,200}") {
        let said = nim::NimLayout { split_mode: 4, custom_layout: Some(&text), host: None, canvas: Canvas::default() };
        nim::layout(&said).iter().for_each(drawable);
        nim::tasks(&text, Canvas::default()).ok();
    }
}

/// The samples themselves are good, so that bending them means something.
#[test]
fn samples_are_accepted() {
    let samples = samples();
    let said = nim::NimLayout {
        split_mode: 4,
        custom_layout: Some(&samples[0].to_string()),
        host: None,
        canvas: Canvas::default(),
    };
    drawable(&nim::layout(&said).unwrap());
    drawable(&emedia::live(&samples[1]).unwrap().layout);
    drawable(&emedia::with_regions(&Layout::default(), &samples[2]).unwrap());
    drawable(&cloudroom::mixer(&samples[3], 0).unwrap().layout);
    drawable(&serde_json::from_value(samples[4].clone()).unwrap());
}
