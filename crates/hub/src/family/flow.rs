//! Which simulcast layers bring pictures.
//!
//! A sender whose connection gets worse stops its better layers without a word. So a layer that is behind the newest of
//! all by more than a second does not flow; when all pause together, as when a camera is switched off, all flow.

use crate::pick::Layers;

const SILENT_MILLIS: i64 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Layer and the time of its newest picture.
    newest: Vec<(u8, i64)>,
    flowing: Layers,
}

impl Flow {
    /// The layers that flow, the best one being 0.
    pub(crate) fn flowing(&self) -> Layers {
        self.flowing
    }

    /// A picture of `layer` came. `true` if other layers flow now than before.
    pub(crate) fn take(&mut self, layer: u8, millis: i64) -> bool {
        match self.newest.iter_mut().find(|(of, _)| *of == layer) {
            Some((_, newest)) => *newest = millis,
            None => self.newest.push((layer, millis)),
        }
        let front = self.newest.iter().map(|(_, millis)| *millis).max();
        let mut flowing = Layers::default();
        for (layer, millis) in &self.newest {
            flowing.set(*layer, front.is_some_and(|front| front - millis <= SILENT_MILLIS));
        }
        std::mem::replace(&mut self.flowing, flowing) != flowing
    }

    /// `layer` begins anew.
    pub(crate) fn forget(&mut self, layer: u8) {
        self.newest.retain(|(of, _)| *of != layer);
        self.flowing.set(layer, false);
    }

    /// All layers begin anew.
    pub(crate) fn clear(&mut self) {
        *self = Flow::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_stays_behind_does_not_flow() {
        let mut flow = Flow::default();
        assert!(flow.take(0, 0) && flow.take(1, 3));
        for millis in (40..=1_000).step_by(40) {
            assert!(!flow.take(1, millis));
        }
        assert!(flow.take(1, 1_040));
        assert_eq!((flow.flowing().has(0), flow.flowing().has(1)), (false, true));
        assert!(flow.take(0, 1_050));
        assert!(flow.flowing().has(0));
        // A pause of all.
        assert!(flow.take(1, 60_000) && flow.take(0, 60_000));
        flow.forget(1);
        assert!(!flow.flowing().has(1));
        assert!(flow.take(1, 60_040));
    }
}
