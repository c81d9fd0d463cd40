//! What has to be drawn again: where the picture about to be shown differs from the one shown before.

use super::geometry::Area;

/// Something drawn at a place, in drawing order.
pub(super) trait Drawn: PartialEq {
    /// Whether it is the same thing as `other`, which may look different or be elsewhere now.
    fn is(&self, other: &Self) -> bool;
    /// Where it is.
    fn area(&self) -> Area;
}

/// The areas where `new` differs from `old`, both in drawing order, within `whole`; none lies in another.
pub(super) fn damage<T: Drawn>(old: &[T], new: &[T], whole: Area) -> Vec<Area> {
    let mut areas = Vec::new();
    let mut add = |area: Area| {
        let area = area.and(whole);
        if !area.is_empty() && !areas.iter().any(|known: &Area| known.covers(area)) {
            areas.retain(|known| !area.covers(*known));
            areas.push(area);
        }
    };
    // Those of `new` so far that were there before, with their places in the old order.
    let mut passed: Vec<(usize, Area)> = Vec::new();
    for item in new {
        let before = old.iter().position(|known| known.is(item));
        match before.and_then(|at| old.get(at).map(|known| (at, known))) {
            Some((at, known)) => {
                if known != item {
                    add(known.area());
                    add(item.area());
                }
                // Where it lies over what lay over it.
                for (_, below) in passed.iter().filter(|(before, _)| *before > at) {
                    add(below.and(item.area()));
                }
                passed.push((at, item.area()));
            }
            None => add(item.area()),
        }
    }
    for gone in old.iter().filter(|known| !new.iter().any(|item| known.is(item))) {
        add(gone.area());
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Size;

    /// Name, look, left edge.
    #[derive(PartialEq, Clone, Copy, Debug)]
    struct Thing(u8, u8, i32);

    impl Drawn for Thing {
        fn is(&self, other: &Self) -> bool {
            self.0 == other.0
        }

        fn area(&self) -> Area {
            at(self.2, 100)
        }
    }

    fn at(x: i32, side: u32) -> Area {
        Area::at(
            x,
            0,
            Size {
                width: side,
                height: side,
            },
        )
    }

    const WHOLE: Area = Area {
        x0: 0,
        y0: 0,
        x1: 1_000,
        y1: 1_000,
    };

    #[test]
    fn only_what_differs_is_drawn_again() {
        let old = [Thing(1, 0, 0), Thing(2, 0, 200), Thing(3, 0, 400)];
        assert_eq!(damage(&old, &old, WHOLE), []);
        let mut new = old;
        new[1].1 = 9;
        assert_eq!(damage(&old, &new, WHOLE), [at(200, 100)]);
        new[1].2 = 600;
        assert_eq!(damage(&old, &new, WHOLE), [at(200, 100), at(600, 100)]);
        assert_eq!(damage(&old, &old[..2], WHOLE), [at(400, 100)]);
        assert_eq!(damage(&old[..2], &old, WHOLE), [at(400, 100)]);
        // Which is in front matters only where they meet.
        let old = [old[0], old[1], Thing(3, 0, 240)];
        let swapped = [old[0], old[2], old[1]];
        assert_eq!(
            damage(&old, &swapped, WHOLE),
            [Area {
                x0: 240,
                y0: 0,
                x1: 300,
                y1: 100
            }]
        );
        assert_eq!(damage(&[], &[Thing(1, 0, -200)], WHOLE), []);
    }
}
