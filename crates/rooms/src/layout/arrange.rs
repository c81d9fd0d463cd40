//! From a layout and those who publish to a scene: a function of its arguments alone.
//!
//! What was shown before is one of them, so that a member who joins or leaves moves as few others as possible: who had
//! a place keeps it, newcomers take places that are free.

mod cast;
mod cells;
mod presets;
mod tiles;

use self::cast::Cast;
use self::cells::Painter;
use super::{Arrangement, Fit, Layout, Overlay, Participant, Scene, Voice};
use crate::StreamKind;

/// Puts those who publish into the picture and the sound. `previous` is the scene before: who was in it keeps its place
/// where it can. The same input gives the same scene, whatever the order of `participants`.
#[must_use]
pub fn arrange(layout: &Layout, participants: &[Participant], previous: Option<&Scene>) -> Scene {
    let mut scene = Scene {
        background: layout.background,
        background_image: layout.background_image.clone(),
        transition_ms: layout.transition_ms,
        hold_ms: layout.hold_ms,
        ..Scene::empty(layout.canvas)
    };
    scene.voices = voices(layout, participants);
    if layout.canvas.audio_only {
        return scene;
    }
    let cast = Cast::new(layout, participants, previous);
    let painter = Painter { layout };
    scene.cells = match &layout.arrangement {
        Arrangement::Preset { preset } => presets::cells(*preset, &painter, &cast),
        Arrangement::Custom { regions } => {
            let placed = regions.iter().enumerate().filter_map(|(index, region)| {
                let who = cast.find(&region.source, Some(index));
                let rect = region.area.on(&layout.canvas)?;
                let look = region.look.unwrap_or(layout.look);
                Some(painter.cell(who, rect, region.z, Fit::Fit, look))
            });
            placed.collect()
        }
    };
    scene.cells.truncate(Scene::MAX_CELLS);
    let overlays = layout.overlays.iter().filter_map(|overlay| {
        Some(Overlay {
            rect: overlay.area.on(&layout.canvas)?,
            z: overlay.z,
            kind: overlay.kind.clone(),
        })
    });
    scene.overlays = overlays.take(Scene::MAX_OVERLAYS).collect();
    scene
}

/// Everybody, heard or not; where there are too many, those who can be heard go first.
fn voices(layout: &Layout, participants: &[Participant]) -> Vec<Voice> {
    let mut all: Vec<&Participant> = participants
        .iter()
        .filter(|p| p.kind != StreamKind::Mix)
        .collect();
    let muted =
        |p: &Participant| p.is_silent() || layout.members.get(&p.account).is_some_and(|said| said.muted);
    if all.len() > Scene::MAX_VOICES {
        all.sort_by_key(|p| (muted(p), !p.on_air, p.joined_at, p.stream.clone()));
        all.truncate(Scene::MAX_VOICES);
    }
    all.sort_by(|a, b| {
        (a.joined_at, &a.member, a.kind, &a.stream).cmp(&(b.joined_at, &b.member, b.kind, &b.stream))
    });
    all.dedup_by(|a, b| a.stream == b.stream);
    let voice = |who: &&Participant| Voice {
        input: who.stream.to_string(),
        gain: layout.member(&who.account).gain.factor(),
        muted: muted(who),
    };
    all.iter().map(voice).collect()
}
