//! What one mix is to be at the moment, and the set of all, for whoever hands out jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianmai_hub::StreamKey;
use lianmai_hub::job::MixAsset;
use lianmai_rooms::layout::Scene;
use tokio::sync::watch;

/// What a mix is to be. Its key is the plain key of the room's mix stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MixPlan {
    /// What is composed.
    pub(crate) scene: Scene,
    /// The name of each input in the scene, and the form of a stream that it is.
    pub(crate) inputs: Vec<(String, StreamKey)>,
    /// The files that the scene names.
    pub(crate) assets: Vec<Arc<MixAsset>>,
    /// Further outputs: the input that each leaves out, if its member publishes one, and where it goes.
    pub(crate) sounds: Vec<(Option<String>, StreamKey)>,
    /// Grows with every change.
    pub(crate) revision: u64,
}

impl MixPlan {
    /// Whether nothing but the number differs.
    pub(crate) fn is_like(&self, other: &MixPlan) -> bool {
        self.scene == other.scene
            && self.inputs == other.inputs
            && self.assets == other.assets
            && self.sounds == other.sounds
    }

    /// Names of the inputs whose pictures are shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &str> {
        self.scene.cells.iter().filter_map(|cell| cell.input.as_deref())
    }
}

/// All mixes, by key.
pub(crate) type Plans = Arc<BTreeMap<StreamKey, Arc<MixPlan>>>;

/// Where the mixes are written that there are to be. Level-triggered, as the wanted renditions are.
#[derive(Debug)]
pub(crate) struct PlanBoard(watch::Sender<Plans>);

impl Default for PlanBoard {
    fn default() -> Self {
        Self(watch::Sender::new(Plans::default()))
    }
}

impl PlanBoard {
    /// Follows the set.
    pub(crate) fn watch(&self) -> watch::Receiver<Plans> {
        self.0.subscribe()
    }

    /// The mix with this key.
    #[cfg(test)]
    pub(crate) fn get(&self, key: &StreamKey) -> Option<Arc<MixPlan>> {
        self.0.borrow().get(key).cloned()
    }

    /// Puts a plan in place or, with `None`, takes it away.
    pub(crate) fn set(&self, key: &StreamKey, plan: Option<MixPlan>) {
        self.0.send_if_modified(|plans| {
            let known = plans.get(key);
            let same = match (known, &plan) {
                (None, None) => true,
                (Some(known), Some(plan)) => known.is_like(plan),
                _ => false,
            };
            if same {
                return false;
            }
            let revision = known.map_or(1, |known| known.revision.saturating_add(1));
            let all = Arc::make_mut(plans);
            match plan {
                Some(plan) => all.insert(key.clone(), Arc::new(MixPlan { revision, ..plan })),
                None => all.remove(key),
            };
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::layout::Canvas;

    use super::*;

    fn plan(hold_ms: u32) -> MixPlan {
        let mut scene = Scene::empty(Canvas::default());
        scene.hold_ms = hold_ms;
        MixPlan {
            scene,
            inputs: Vec::new(),
            assets: Vec::new(),
            sounds: Vec::new(),
            revision: 0,
        }
    }

    #[test]
    fn revisions_grow_with_changes_and_only_with_them() {
        let board = PlanBoard::default();
        let mut watch = board.watch();
        let key = StreamKey::new("demo", "mix");
        let revision = || board.get(&key).map(|plan| plan.revision);
        board.set(&key, None);
        assert!(!watch.has_changed().unwrap());
        for (hold, expected) in [(1, 1), (1, 1), (2, 2), (1, 3)] {
            board.set(&key, Some(plan(hold)));
            assert_eq!(revision(), Some(expected));
        }
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
        board.set(&key, Some(plan(1)));
        assert!(!watch.has_changed().unwrap(), "the same is no news");
        board.set(&key, None);
        assert!(watch.has_changed().unwrap() && revision().is_none());
    }
}
