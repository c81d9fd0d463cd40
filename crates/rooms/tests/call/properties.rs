//! Random interleavings of three accounts, two of them with three devices each: whatever happens, an account is in at
//! most one call, all devices agree, every call ends and leaves one record.

use std::collections::{BTreeMap, BTreeSet};

use lianmai_rooms::call::{Call, CallId, Calls, Command, EventKind, Kind, MemberState};
use lianmai_rooms::{AccountId, Delay, Device};
use proptest::prelude::*;

use crate::support::*;

const DEVICES: [&str; 7] = ["ann-1", "ann-2", "ann-3", "bob-1", "bob-2", "bob-3", "cat-1"];
const NAMES: [&str; 3] = ["ann", "bob", "cat"];

/// What a device shows: which calls ring, and the one that it is inside.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Screen {
    rings: BTreeSet<CallId>,
    inside: Option<CallId>,
}

#[derive(Debug, Clone)]
enum Step {
    Start {
        device: usize,
        callees: usize,
        group: bool,
    },
    Invite {
        device: usize,
        callee: usize,
    },
    Accept(usize),
    Reject {
        device: usize,
        busy: bool,
    },
    Cancel(usize),
    HangUp(usize),
    Leave(usize),
    SetRing {
        device: usize,
        secs: u16,
    },
    Switch {
        device: usize,
        ask: bool,
    },
    Answer {
        device: usize,
        accept: bool,
    },
    TakeOver(usize),
    Connect(usize),
    Lose(usize),
    End {
        device: usize,
        kicked: bool,
    },
    RoomEnds,
    Wait(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES.len();
    prop_oneof![
        6 => (device.clone(), 1..7_usize, any::<bool>())
            .prop_map(|(device, callees, group)| Step::Start { device, callees, group }),
        2 => (device.clone(), 0..3_usize).prop_map(|(device, callee)| Step::Invite { device, callee }),
        6 => device.clone().prop_map(Step::Accept),
        2 => (device.clone(), any::<bool>()).prop_map(|(device, busy)| Step::Reject { device, busy }),
        1 => device.clone().prop_map(Step::Cancel),
        1 => device.clone().prop_map(Step::HangUp),
        2 => device.clone().prop_map(Step::Leave),
        1 => (device.clone(), 1..121_u16).prop_map(|(device, secs)| Step::SetRing { device, secs }),
        1 => (device.clone(), any::<bool>()).prop_map(|(device, ask)| Step::Switch { device, ask }),
        1 => (device.clone(), any::<bool>()).prop_map(|(device, accept)| Step::Answer { device, accept }),
        1 => device.clone().prop_map(Step::TakeOver),
        4 => device.clone().prop_map(Step::Connect),
        2 => device.clone().prop_map(Step::Lose),
        1 => (device, any::<bool>()).prop_map(|(device, kicked)| Step::End { device, kicked }),
        1 => Just(Step::RoomEnds),
        4 => (0..40_000_u64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

struct Play {
    world: World,
    screens: BTreeMap<String, Screen>,
    started: BTreeSet<CallId>,
}

impl Play {
    fn new() -> Self {
        Self {
            world: World::new(&["ann-1", "bob-1"]),
            screens: BTreeMap::from([
                ("ann-1".to_owned(), Screen::default()),
                ("bob-1".to_owned(), Screen::default()),
            ]),
            started: BTreeSet::new(),
        }
    }

    /// The call that a device would act on: what it shows, else any of its account.
    fn call_of(&self, device: &str) -> CallId {
        let of_account = self.world.calls.of_account(&app(), &owner(device));
        let any = || self.world.calls.iter().next().map(|call| call.id().clone());
        let of_account = of_account.map(|call| call.id().clone());
        of_account.or_else(any).unwrap_or_else(|| call_id("none"))
    }

    fn take(&mut self, step: Step) {
        let before = self.world.calls.clone();
        let result = match step {
            Step::Start {
                device,
                callees,
                group,
            } => {
                let device = DEVICES[device];
                if !self.world.devices.contains_key(device) {
                    return;
                }
                let names = NAMES.iter().enumerate();
                let names: Vec<&str> = names
                    .filter(|(n, _)| callees >> n & 1 == 1)
                    .map(|(_, name)| *name)
                    .collect();
                let started = self.world.start_as(device, &names, group);
                if let Ok(call) = &started {
                    self.started.insert(call.clone());
                    if self.world.calls.get(&app(), call).is_some() {
                        self.screen(device).inside = Some(call.clone());
                    }
                }
                started.map(drop)
            }
            Step::Connect(device) => {
                let device = DEVICES[device];
                self.world.connect(device);
                self.sync(device);
                Ok(())
            }
            Step::Lose(device) => {
                let device = DEVICES[device];
                self.screens.remove(device);
                self.world.lose(device);
                Ok(())
            }
            Step::Wait(millis) => {
                self.world.wait(millis);
                Ok(())
            }
            Step::Restart => {
                self.restart();
                Ok(())
            }
            Step::RoomEnds => {
                let room = self.world.calls.iter().next().map(|call| call.room().clone());
                room.map_or(Ok(()), |room| self.world.apply(Command::RoomEnded { room }))
            }
            Step::End { device, kicked } => {
                let device = DEVICES[device];
                self.screens.remove(device);
                self.world.devices.remove(device);
                let (account, session) = (owner(device), session(device));
                self.world.apply(Command::SessionEnded {
                    account,
                    session,
                    kicked,
                })
            }
            other => self.act(other),
        };
        if result.is_err() {
            assert!(
                before.iter().eq(self.world.calls.iter()),
                "a refusal changed something"
            );
        }
        self.look();
    }

    /// What a connected device does with the call at hand.
    fn act(&mut self, step: Step) -> Result<(), lianmai_rooms::call::Rejection> {
        let device = match &step {
            Step::Accept(device)
            | Step::Cancel(device)
            | Step::HangUp(device)
            | Step::Leave(device)
            | Step::TakeOver(device) => *device,
            Step::Invite { device, .. }
            | Step::Reject { device, .. }
            | Step::SetRing { device, .. }
            | Step::Switch { device, .. }
            | Step::Answer { device, .. } => *device,
            _ => return Ok(()),
        };
        let device = DEVICES[device];
        if !self.world.devices.contains_key(device) {
            return Ok(());
        }
        let call = self.call_of(device);
        let (account, session) = (owner(device), session(device));
        match step {
            Step::Invite { callee, .. } => self.world.invite(device, &call, &[NAMES[callee]]),
            Step::Accept(_) => {
                self.world.accept(device, &call)?;
                let screen = self.screen(device);
                screen.rings.remove(&call);
                screen.inside = Some(call);
                Ok(())
            }
            Step::Reject { busy, .. } => {
                self.world.reject(device, &call, busy)?;
                self.screen(device).rings.remove(&call);
                Ok(())
            }
            Step::Cancel(_) => self.world.cancel(device, &call, None),
            Step::HangUp(_) => self.world.hang_up(device, &call),
            Step::Leave(_) => {
                self.world.leave(device, &call)?;
                self.screen(device).inside = None;
                Ok(())
            }
            Step::SetRing { secs, .. } => self.world.apply(Command::SetRing {
                call,
                account,
                ring: Delay::from_secs(secs),
            }),
            Step::Switch { ask, .. } => self.world.apply(Command::SwitchKind {
                call,
                account,
                session,
                kind: if ask { Kind::Video } else { Kind::Audio },
                ask,
            }),
            Step::Answer { accept, .. } => self.world.apply(Command::AnswerKind {
                call,
                account,
                session,
                kind: Kind::Video,
                accept,
            }),
            _ => {
                self.world.apply(Command::TakeOver {
                    call: call.clone(),
                    account,
                    session,
                    device: Device::parse(device).unwrap(),
                })?;
                self.screen(device).inside = Some(call);
                Ok(())
            }
        }
    }

    fn screen(&mut self, device: &str) -> &mut Screen {
        self.screens.entry(device.to_owned()).or_default()
    }

    /// What a device is shown when it connects, in place of everything before.
    fn sync(&mut self, device: &str) {
        self.world.told(device);
        let shown = self.truth(device);
        self.screens.insert(device.to_owned(), shown);
    }

    fn restart(&mut self) {
        let stored: Vec<String> = self
            .world
            .calls
            .iter()
            .map(|call| serde_json::to_string(call).unwrap())
            .collect();
        self.world.calls = Calls::new(GRACE);
        self.world.devices.clear();
        self.screens.clear();
        for call in stored {
            let call: Call = serde_json::from_str(&call).unwrap();
            assert!(self.world.calls.restore(call, self.world.now));
        }
    }

    /// What a device ought to show.
    fn truth(&self, device: &str) -> Screen {
        let mut screen = Screen::default();
        for call in self.world.calls.iter() {
            match call.member(&owner(device)) {
                Some(member) if member.state == MemberState::Ringing => {
                    screen.rings.insert(call.id().clone());
                }
                Some(member) if member.has(&session(device)) => screen.inside = Some(call.id().clone()),
                _ => {}
            }
        }
        screen
    }

    /// Reads what the devices were told and checks everything.
    fn look(&mut self) {
        for device in self.world.devices.keys().cloned().collect::<Vec<_>>() {
            let told = std::mem::take(self.world.devices.get_mut(&device).unwrap());
            let screen = self.screens.entry(device.clone()).or_default();
            for (call, event) in told {
                let me = owner(&device);
                match event.kind {
                    EventKind::Invited { .. } => {
                        screen.rings.insert(call);
                    }
                    EventKind::AcceptedElsewhere { .. } | EventKind::RejectedElsewhere { .. } => {
                        screen.rings.remove(&call);
                    }
                    EventKind::TimedOut { account } | EventKind::Cancelled { account, .. }
                        if account == me =>
                    {
                        screen.rings.remove(&call);
                    }
                    EventKind::Left { account, .. } if account == me => screen.inside = None,
                    EventKind::TakenOver { .. } => screen.inside = None,
                    EventKind::Ended { .. } => {
                        screen.rings.remove(&call);
                        if screen.inside.as_ref() == Some(&call) {
                            screen.inside = None;
                        }
                    }
                    _ => {}
                }
            }
            assert_eq!(
                *self.screens.get(&device).unwrap(),
                self.truth(&device),
                "{device}"
            );
        }
        let mut engaged: BTreeSet<AccountId> = BTreeSet::new();
        for call in self.world.calls.iter() {
            assert!(!call.has_ended());
            for member in call.members().filter(|member| member.state.engages()) {
                assert!(
                    engaged.insert(member.account.clone()),
                    "{} is in two calls",
                    member.account
                );
                let indexed = self.world.calls.of_account(&app(), &member.account);
                assert_eq!(indexed.map(Call::id), Some(call.id()));
            }
            let inside = call.members().filter(|m| m.state == MemberState::Inside).count();
            let rings = call.members().filter(|m| m.state.rings()).count();
            assert!(
                inside >= 2 || (inside == 1 && rings >= 1),
                "{call:?} has nobody left"
            );
            assert!(call.is_active() || call.is_inside(call.caller()));
        }
        let recorded: BTreeSet<CallId> = self
            .world
            .records
            .iter()
            .map(|record| record.call.clone())
            .collect();
        assert_eq!(recorded.len(), self.world.records.len(), "one record per call");
        let live: BTreeSet<CallId> = self.world.calls.iter().map(|call| call.id().clone()).collect();
        let all: BTreeSet<CallId> = live.union(&recorded).cloned().collect();
        assert_eq!(all, self.started);
        assert!(live.is_disjoint(&recorded));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_calls_stay_sound_and_end(steps in prop::collection::vec(step(), 1..80)) {
        let mut play = Play::new();
        for step in steps {
            play.take(step);
        }
        // Everybody goes: whoever rings stops within two minutes, whoever is inside leaves after the grace.
        for device in 0..DEVICES.len() {
            play.take(Step::Lose(device));
        }
        play.take(Step::Wait(120_000));
        prop_assert_eq!(play.world.calls.iter().count(), 0);
        prop_assert_eq!(play.world.calls.next_deadline(), None);
        prop_assert_eq!(play.world.records.len(), play.started.len());
        for record in &play.world.records {
            let longest = record.members.iter().map(|member| member.seconds).max().unwrap_or_default();
            prop_assert!(longest * 1000 <= record.duration_ms);
            prop_assert_eq!(record.room.is_some(), record.answered_at.is_some());
        }
    }
}
