//! Rectangles of every preset for 1 to 16 members, as text. `UPDATE_GOLDENS=1` writes them anew: read the difference.

use std::fmt::Write as _;
use std::path::Path;

use lianmai_rooms::layout::*;

use crate::support::*;

fn written(preset: Preset) -> String {
    let mut text = String::new();
    for (width, height) in [(1280, 720), (480, 640)] {
        for count in 1..=16 {
            let mut inside = people(count);
            if preset == Preset::ScreenShare {
                inside.push(screen(1));
            }
            let scene = arrange(&sized(preset, width, height), &inside, None);
            writeln!(text, "{width}x{height}, {count}").unwrap();
            for cell in &scene.cells {
                let Rect { x, y, w, h } = cell.rect;
                let input = cell.input.as_deref().unwrap_or("-");
                let off = if cell.off { " off" } else { "" };
                writeln!(
                    text,
                    "  {input} {w}x{h} at {x},{y} z{} {:?}{off}",
                    cell.z, cell.fit
                )
                .unwrap();
            }
        }
    }
    text
}

#[test]
fn presets_are_as_ever() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout/goldens");
    for preset in Preset::ALL {
        let name = serde_json::to_value(preset).unwrap();
        let path = folder.join(format!("{}.txt", name.as_str().unwrap()));
        let now = written(preset);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let changed = golden.lines().zip(now.lines()).find(|(was, is)| was != is);
        assert!(golden == now, "{preset:?}: {changed:?} in {}", path.display());
    }
}
