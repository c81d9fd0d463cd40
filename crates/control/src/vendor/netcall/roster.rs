//! Whom one client knows of: what it is told follows from comparing that with the room.
//!
//! A member is shown while it has a stream, its camera before its screen. Numbers are unique and stay while a client
//! knows the member. Pure: URLs are put in by the caller. The tests below show that the list a client keeps from what
//! it is told is the room's.

use std::collections::BTreeMap;

use lianmai_rooms::{AccountId, AppId, MemberId, Room, Stream, StreamId, StreamKind, Timestamp};

use super::mode::Mode;
use super::uid::Uid;

/// A member of the room with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) member: MemberId,
    pub(super) account: AccountId,
    /// The number that its stream says.
    pub(super) claimed: Option<Uid>,
    pub(super) stream: StreamId,
    /// Version of the stream's URLs.
    pub(super) version: u32,
    pub(super) mode: Mode,
}

/// A member as the client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) uid: Uid,
    /// What it claimed when it was told.
    claimed: Option<Uid>,
    pub(super) account: AccountId,
    pub(super) stream: StreamId,
    version: u32,
    pub(super) mode: Mode,
    /// Where to pull it from. A secret.
    pub(super) url: String,
}

/// What the client is to be told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It is gone.
    Leave(Shown),
    /// It is there: find a URL, then tell; without one, [`Roster::forget`] it.
    Join(MemberId),
    /// It sends something else.
    Update(MemberId),
}

/// The others in the room, as one client knows them.
#[derive(Debug)]
pub(super) struct Roster {
    app: AppId,
    /// The client's own number, which nobody else gets.
    own: Uid,
    shown: BTreeMap<MemberId, Shown>,
    /// In the order in which they were told.
    order: Vec<MemberId>,
}

/// All members with a stream but one, oldest first.
pub(super) fn others(room: &Room, me: &MemberId) -> Vec<Present> {
    let mut found: Vec<(Timestamp, Present)> = room
        .members()
        .filter(|member| member.id != *me)
        .filter_map(|member| {
            let of = |kind| room.stream_of(Some(&member.id), kind);
            let stream: &Stream = of(StreamKind::Camera).or_else(|| of(StreamKind::Screen))?;
            let present = Present {
                member: member.id.clone(),
                account: member.account.clone(),
                claimed: claimed(stream),
                stream: stream.id.clone(),
                version: stream.urls.current(),
                mode: Mode::from(stream),
            };
            Some((member.joined_at, present))
        })
        .collect();
    found.sort_by(|(a, x), (b, y)| (a, &x.member).cmp(&(b, &y.member)));
    found.into_iter().map(|(_, present)| present).collect()
}

/// The number that a stream says its owner has.
pub(super) fn claimed(stream: &Stream) -> Option<Uid> {
    stream.client_ref.as_ref().and_then(Uid::of_stream)
}

impl Roster {
    /// Knows nobody yet.
    pub(super) const fn new(app: AppId, own: Uid) -> Self {
        Self {
            app,
            own,
            shown: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    /// Everybody the client knows, in the order in which it was told.
    pub(super) fn all(&self) -> impl Iterator<Item = &Shown> {
        self.order.iter().filter_map(|member| self.shown.get(member))
    }

    /// One of them.
    pub(super) fn get(&self, member: &MemberId) -> Option<&Shown> {
        self.shown.get(member)
    }

    /// Puts in where to pull a member from.
    pub(super) fn found(&mut self, member: &MemberId, url: String) {
        if let Some(shown) = self.shown.get_mut(member) {
            shown.url = url;
        }
    }

    /// The client was not told after all.
    pub(super) fn forget(&mut self, member: &MemberId) {
        self.shown.remove(member);
        self.order.retain(|known| known != member);
    }

    /// Takes over how the room is. Another stream, newer URLs or another number are told as leaving and joining.
    pub(super) fn compare(&mut self, present: Vec<Present>) -> Vec<Step> {
        let mut steps = Vec::new();
        let is_same = |shown: &Shown| {
            present.iter().any(|now| {
                (&now.stream, now.version, now.claimed) == (&shown.stream, shown.version, shown.claimed)
            })
        };
        let gone: Vec<MemberId> = self
            .shown
            .iter()
            .filter(|(member, shown)| !(present.iter().any(|now| now.member == **member) && is_same(shown)))
            .map(|(member, _)| member.clone())
            .collect();
        for member in gone {
            steps.extend(self.shown.remove(&member).map(Step::Leave));
            self.order.retain(|known| *known != member);
        }
        for now in present {
            if let Some(shown) = self.shown.get_mut(&now.member) {
                if shown.mode != now.mode {
                    shown.mode = now.mode;
                    steps.push(Step::Update(now.member));
                }
                continue;
            }
            let shown = Shown {
                uid: self.number(&now),
                claimed: now.claimed,
                account: now.account,
                stream: now.stream,
                version: now.version,
                mode: now.mode,
                url: String::new(),
            };
            self.shown.insert(now.member.clone(), shown);
            self.order.push(now.member.clone());
            steps.push(Step::Join(now.member));
        }
        steps
    }

    /// The number it claims, if that is free, else its account's.
    fn number(&self, now: &Present) -> Uid {
        let is_free = |uid: &Uid| *uid != self.own && self.shown.values().all(|shown| shown.uid != *uid);
        let of_account = (0..).map(|nth| Uid::of_account(&self.app, &now.account, nth));
        let mut candidates = now.claimed.into_iter().chain(of_account);
        candidates.find(is_free).unwrap_or(self.own)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn uid(number: u64) -> Uid {
        Uid::new(number).unwrap()
    }

    fn present(name: &str, claimed: Option<u64>) -> Present {
        Present {
            member: MemberId::parse(&format!("m-{name}")).unwrap(),
            account: AccountId::parse(name).unwrap(),
            claimed: claimed.map(uid),
            stream: StreamId::parse(&format!("s-{name}")).unwrap(),
            version: 1,
            mode: Mode::default(),
        }
    }

    fn roster() -> Roster {
        Roster::new(AppId::parse("a").unwrap(), uid(1))
    }

    #[test]
    fn numbers_are_those_of_the_clients_where_they_are_free() {
        let mut roster = roster();
        let all = ["ann", "bob", "cem", "dan"].into_iter();
        let all = all.zip([Some(5), Some(5), Some(1), None]);
        let steps = roster.compare(all.map(|(name, uid)| present(name, uid)).collect());
        assert_eq!(steps.len(), 4);
        let uids: Vec<Uid> = roster.all().map(|shown| shown.uid).collect();
        assert_eq!(uids[0], uid(5), "whoever came first");
        assert_eq!(uids.iter().collect::<HashSet<_>>().len(), 4);
        assert!(!uids.contains(&uid(1)), "the client's own");
        let bob = AccountId::parse("bob").unwrap();
        assert_eq!(uids[1], Uid::of_account(&roster.app, &bob, 0));
    }

    #[test]
    fn changes_are_told_once() {
        let mut roster = roster();
        let mut ann = present("ann", None);
        assert_eq!(
            roster.compare(vec![ann.clone()]),
            [Step::Join(ann.member.clone())]
        );
        assert_eq!(roster.compare(vec![ann.clone()]), []);
        ann.mode.voff = true;
        assert_eq!(
            roster.compare(vec![ann.clone()]),
            [Step::Update(ann.member.clone())]
        );
        ann.version = 2;
        let again = roster.compare(vec![ann.clone()]);
        assert!(matches!(&again[..], [Step::Leave(_), Step::Join(_)]), "{again:?}");
        ann.claimed = Some(uid(9));
        let again = roster.compare(vec![ann.clone()]);
        assert!(matches!(&again[..], [Step::Leave(_), Step::Join(_)]), "{again:?}");
        assert_eq!(roster.get(&ann.member).unwrap().uid, uid(9));
        assert!(matches!(&roster.compare(Vec::new())[..], [Step::Leave(_)]));
        assert_eq!(roster.all().count(), 0);
    }

    proptest! {
        /// Whatever happens in the room, what a client was told adds up to it, and numbers are unique.
        #[test]
        fn what_was_told_adds_up(rooms in prop::collection::vec(
            prop::collection::btree_map(0_u8..6, (prop::option::of(1_u64..5), 1_u32..3, 0_i64..4), 0..6), 1..12)
        ) {
            let mut roster = roster();
            let mut known: BTreeMap<Uid, (AccountId, u8)> = BTreeMap::new();
            for room in rooms {
                let all: Vec<Present> = room.iter().map(|(who, (claimed, version, mode))| Present {
                    version: *version,
                    mode: Mode::of(*mode).unwrap(),
                    ..present(&format!("n{who}"), *claimed)
                }).collect();
                for step in roster.compare(all.clone()) {
                    match step {
                        Step::Leave(gone) => prop_assert!(known.remove(&gone.uid).is_some()),
                        Step::Join(member) => {
                            let shown = roster.get(&member).unwrap();
                            let entry = (shown.account.clone(), shown.mode.number());
                            prop_assert!(known.insert(shown.uid, entry).is_none());
                        }
                        Step::Update(member) => {
                            let shown = roster.get(&member).unwrap();
                            known.get_mut(&shown.uid).unwrap().1 = shown.mode.number();
                        }
                    }
                }
                prop_assert!(!known.contains_key(&uid(1)));
                let mut told: Vec<_> = known.values().cloned().collect();
                let mut there: Vec<_> = all.iter().map(|p| (p.account.clone(), p.mode.number())).collect();
                told.sort();
                there.sort();
                prop_assert_eq!(told, there);
            }
        }
    }
}
