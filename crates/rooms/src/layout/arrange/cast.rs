//! Who is who: the main picture, the others in their seats, and whom a source names.

use std::collections::BTreeSet;

use crate::layout::{Arrangement, Layout, Participant, Preset, Scene, Source, WhenOff};
use crate::{Role, StreamKind};

/// Participants in order of joining, with what was shown before.
pub(super) struct Cast<'a> {
    /// All pictures, cameras before screens of the same member.
    all: Vec<&'a Participant>,
    /// One picture of each member: its camera, else its screen.
    people: Vec<&'a Participant>,
    /// The inputs of the cells shown before, in their order.
    before: Vec<Option<&'a str>>,
    main: Option<&'a Participant>,
    others: Vec<&'a Participant>,
}

impl<'a> Cast<'a> {
    pub(super) fn new(layout: &Layout, participants: &'a [Participant], previous: Option<&'a Scene>) -> Self {
        let preset = match &layout.arrangement {
            Arrangement::Preset { preset } => Some(*preset),
            Arrangement::Custom { .. } => None,
        };
        // A region of one's own stays, empty; a preset gives the place to somebody else.
        let hides = preset.is_some() && layout.look.when_off == WhenOff::Nothing && !layout.look.badge_only;
        let cameras_only = preset == Some(Preset::AudioOnly);
        let shown = |p: &&Participant| match p.kind {
            StreamKind::Mix => false,
            StreamKind::Screen if cameras_only => false,
            _ => cameras_only || !(hides && p.is_dark()),
        };
        let mut all: Vec<&Participant> = participants.iter().filter(shown).collect();
        all.sort_by(|a, b| {
            (a.joined_at, &a.member, a.kind, &a.stream).cmp(&(b.joined_at, &b.member, b.kind, &b.stream))
        });
        all.dedup_by(|a, b| a.stream == b.stream);
        let mut seen = BTreeSet::new();
        let people = all.iter().copied().filter(|p| seen.insert(&p.member)).collect();
        let before = previous.map_or_else(Vec::new, |scene| {
            scene.cells.iter().map(|cell| cell.input.as_deref()).collect()
        });
        let mut cast = Self {
            all,
            people,
            before,
            main: None,
            others: Vec::new(),
        };
        cast.main = match preset {
            Some(preset) if !preset.has_main() => None,
            _ => cast.choose_main(layout, preset),
        };
        let taken = cast.main.map(|main| &main.stream);
        let rest: Vec<&Participant> = cast
            .all
            .iter()
            .copied()
            .filter(|p| Some(&p.stream) != taken)
            .collect();
        let before = cast.seats_before(layout);
        cast.others = seated(&rest, &before);
        cast
    }

    /// The main picture.
    pub(super) const fn main(&self) -> Option<&'a Participant> {
        self.main
    }

    /// All but the main picture, in their seats.
    pub(super) fn others(&self) -> &[&'a Participant] {
        &self.others
    }

    /// Who is shown where this source is asked for. `cell` is the number of the cell it is for: there, who spoke last
    /// was shown before.
    pub(super) fn find(&self, source: &Source, cell: Option<usize>) -> Option<&'a Participant> {
        let nth = |nth: u16| usize::from(nth);
        let mut all = self.all.iter().copied();
        let mut people = self.people.iter().copied();
        match source {
            Source::Stream { id } => all.find(|p| p.stream == *id),
            Source::Member { id } => people.find(|p| p.member == *id),
            Source::Account { id } => people.find(|p| p.account == *id),
            Source::Role { role, nth: n } => people.filter(|p| p.role == *role).nth(nth(*n)),
            Source::Joined { nth: n } => people.nth(nth(*n)),
            Source::Screen { nth: n } => all.filter(|p| p.kind == StreamKind::Screen).nth(nth(*n)),
            Source::Speaker => self.speaker(cell),
            Source::Main => self.main,
            Source::Other { nth: n } => self.others.get(nth(*n)).copied(),
        }
    }

    fn choose_main(&self, layout: &Layout, preset: Option<Preset>) -> Option<&'a Participant> {
        let named = layout.main.as_ref().filter(|main| main.can_be_main());
        let named = named.and_then(|main| self.find(main, Some(0)));
        named.or_else(|| match preset {
            Some(Preset::ScreenShare) => self
                .find(&Source::Screen { nth: 0 }, None)
                .or_else(|| self.speaker(Some(0))),
            Some(Preset::SpeakerBottom | Preset::SpeakerTop | Preset::SingleSpeaker) => self.speaker(Some(0)),
            _ => self.host(),
        })
    }

    /// The first admin, else the first member.
    fn host(&self) -> Option<&'a Participant> {
        let mut people = self.people.iter().copied();
        people
            .find(|p| p.role == Role::Admin)
            .or_else(|| self.people.first().copied())
    }

    /// Who speaks. Nobody takes the place from one who still speaks, and in silence nobody moves.
    fn speaker(&self, cell: Option<usize>) -> Option<&'a Participant> {
        let last = cell.and_then(|cell| self.before.get(cell).copied().flatten());
        let last = last.and_then(|input| self.people.iter().copied().find(|p| p.stream.as_str() == input));
        let speaks = |p: &Participant| p.speaking && !p.is_silent();
        last.filter(|p| speaks(p))
            .or_else(|| self.people.iter().copied().find(|p| speaks(p)))
            .or(last)
            .or_else(|| self.host())
    }

    /// The seats of the others in the scene before.
    fn seats_before(&self, layout: &Layout) -> Vec<Option<&'a str>> {
        match &layout.arrangement {
            Arrangement::Preset { preset } => {
                let main = usize::from(preset.has_main());
                self.before.iter().copied().skip(main).collect()
            }
            Arrangement::Custom { regions } => {
                let mut seats = vec![None; regions.len()];
                for (region, input) in regions.iter().zip(&self.before) {
                    if let Source::Other { nth } = region.source
                        && let Some(seat) = seats.get_mut(usize::from(nth))
                    {
                        *seat = *input;
                    }
                }
                seats
            }
        }
    }
}

/// Who had a seat that there still is keeps it; the others take the free ones in order of joining.
fn seated<'a>(rest: &[&'a Participant], before: &[Option<&str>]) -> Vec<&'a Participant> {
    let mut seats: Vec<Option<&Participant>> = vec![None; rest.len()];
    let mut sits = BTreeSet::new();
    for (seat, input) in seats.iter_mut().zip(before) {
        let Some(input) = input else { continue };
        let who = rest.iter().copied().find(|p| p.stream.as_str() == *input);
        *seat = who.filter(|p| sits.insert(&p.stream));
    }
    let mut standing = rest.iter().copied().filter(|p| !sits.contains(&p.stream));
    seats
        .into_iter()
        .filter_map(|seat| seat.or_else(|| standing.next()))
        .collect()
}
