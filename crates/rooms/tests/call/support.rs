//! Calls of one app in virtual time, and what each device is told.

use std::collections::BTreeMap;

use lianmai_rooms::call::{
    Call, CallId, Calls, Change, Command, Event, EventKind, Invitee, Kind, Limits, MemberState, Reason,
    Record, Rejection, Start,
};
use lianmai_rooms::{AccountId, AppId, Delay, Device, RoomId, SessionId, Timestamp};

pub(crate) const LIMITS: Limits = Limits {
    members: 4,
    calls: 3,
    invites_per_minute: 1000,
};
pub(crate) const GRACE: Delay = Delay::from_secs(20);

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

pub(crate) fn session(name: &str) -> SessionId {
    SessionId::parse(name).unwrap()
}

pub(crate) fn call_id(name: &str) -> CallId {
    CallId::parse(name).unwrap()
}

pub(crate) fn app() -> AppId {
    AppId::parse("demo").unwrap()
}

/// The owner of a device: `ann.1` belongs to `ann`.
pub(crate) fn owner(device: &str) -> AccountId {
    account(device.split('-').next().unwrap())
}

pub(crate) struct World {
    pub(crate) calls: Calls,
    pub(crate) now: Timestamp,
    /// Connected devices, such as `ann-1`, and what they were told.
    pub(crate) devices: BTreeMap<String, Vec<(CallId, Event)>>,
    pub(crate) records: Vec<Record>,
    pub(crate) limits: Limits,
    counter: u32,
}

impl World {
    /// These devices are connected.
    pub(crate) fn new(devices: &[&str]) -> Self {
        let devices = devices.iter().map(|name| ((*name).to_owned(), Vec::new()));
        Self {
            calls: Calls::new(GRACE),
            now: Timestamp::from_millis(1_000_000),
            devices: devices.collect(),
            records: Vec::new(),
            limits: LIMITS,
            counter: 0,
        }
    }

    pub(crate) fn is_online(&self, of: &AccountId) -> bool {
        self.devices.keys().any(|device| owner(device) == *of)
    }

    pub(crate) fn invitee(&self, name: &str) -> Invitee {
        Invitee {
            account: account(name),
            online: self.is_online(&account(name)),
        }
    }

    pub(crate) fn apply(&mut self, command: Command) -> Result<(), Rejection> {
        let changes = self.calls.apply(&app(), command, &self.limits, self.now)?;
        self.deliver(changes);
        Ok(())
    }

    pub(crate) fn deliver(&mut self, changes: Vec<Change>) {
        for Change { call, events, .. } in changes {
            for event in events {
                if let EventKind::Ended { record, .. } = &event.kind {
                    self.records.push((**record).clone());
                }
                for (device, told) in &mut self.devices {
                    let meant = event.to.iter();
                    let mut meant = meant.filter(|to| *to.account() == owner(device));
                    if meant.any(|to| to.means(&session(device))) {
                        told.push((call.id().clone(), event.clone()));
                    }
                }
            }
        }
    }

    /// Time passes; whatever is due happens when it is due.
    pub(crate) fn wait(&mut self, millis: u64) {
        let end = Timestamp::from_millis(self.now.as_millis() + millis);
        while let Some(at) = self.calls.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let changes = self.calls.tick(self.now);
            self.deliver(changes);
        }
        self.now = end;
    }

    pub(crate) fn start_as(
        &mut self,
        device: &str,
        callees: &[&str],
        group: bool,
    ) -> Result<CallId, Rejection> {
        self.counter += 1;
        let call = call_id(&format!("c{}", self.counter));
        let start = Start {
            call: call.clone(),
            room: RoomId::parse(&format!("r{}", self.counter)).unwrap(),
            account: owner(device),
            session: session(device),
            device: Device::parse(device).unwrap(),
            kind: Kind::Video,
            group,
            callees: callees.iter().map(|name| self.invitee(name)).collect(),
            ring: Delay::from_secs(60),
            attachment: None,
        };
        self.apply(Command::Start(Box::new(start)))?;
        Ok(call)
    }

    pub(crate) fn start(&mut self, device: &str, callees: &[&str]) -> CallId {
        self.start_as(device, callees, callees.len() > 1).unwrap()
    }

    pub(crate) fn accept(&mut self, device: &str, call: &CallId) -> Result<(), Rejection> {
        self.apply(Command::Accept {
            call: call.clone(),
            account: owner(device),
            session: session(device),
            device: Device::parse(device).unwrap(),
            ext: None,
        })
    }

    pub(crate) fn reject(&mut self, device: &str, call: &CallId, busy: bool) -> Result<(), Rejection> {
        self.apply(Command::Reject {
            call: call.clone(),
            account: owner(device),
            session: session(device),
            device: Device::parse(device).unwrap(),
            busy,
            reason: Reason::default(),
            ext: None,
        })
    }

    pub(crate) fn cancel(
        &mut self,
        device: &str,
        call: &CallId,
        whose: Option<&[&str]>,
    ) -> Result<(), Rejection> {
        self.apply(Command::Cancel {
            call: call.clone(),
            account: owner(device),
            session: session(device),
            callees: whose.map(|names| names.iter().map(|name| account(name)).collect()),
            reason: Reason::default(),
        })
    }

    pub(crate) fn hang_up(&mut self, device: &str, call: &CallId) -> Result<(), Rejection> {
        self.apply(Command::HangUp {
            call: call.clone(),
            account: owner(device),
            reason: Reason::default(),
        })
    }

    pub(crate) fn leave(&mut self, device: &str, call: &CallId) -> Result<(), Rejection> {
        self.apply(Command::Leave {
            call: call.clone(),
            account: owner(device),
            session: Some(session(device)),
            kicked: false,
        })
    }

    pub(crate) fn invite(&mut self, device: &str, call: &CallId, callees: &[&str]) -> Result<(), Rejection> {
        self.apply(Command::Invite {
            call: call.clone(),
            account: owner(device),
            session: session(device),
            callees: callees.iter().map(|name| self.invitee(name)).collect(),
            ring: Delay::from_secs(60),
            attachment: None,
        })
    }

    pub(crate) fn connect(&mut self, device: &str) {
        self.devices.entry(device.to_owned()).or_default();
        let (account, session) = (owner(device), session(device));
        self.apply(Command::SessionBack { account, session }).unwrap();
    }

    pub(crate) fn lose(&mut self, device: &str) {
        self.devices.remove(device);
        let (account, session) = (owner(device), session(device));
        self.apply(Command::SessionGone { account, session }).unwrap();
    }

    /// What a device was told since the last look: the names of events.
    pub(crate) fn told(&mut self, device: &str) -> Vec<String> {
        let told = std::mem::take(self.devices.get_mut(device).unwrap());
        told.iter().map(|(_, event)| name(event)).collect()
    }

    pub(crate) fn call(&self, call: &CallId) -> &Call {
        self.calls.get(&app(), call).unwrap()
    }

    pub(crate) fn state(&self, call: &CallId, of: &str) -> MemberState {
        self.call(call).member(&account(of)).unwrap().state
    }

    /// The one call that has ended.
    pub(crate) fn record(&self) -> &Record {
        assert_eq!(self.records.len(), 1);
        assert_eq!(self.calls.iter().count(), 0);
        &self.records[0]
    }
}

pub(crate) fn name(event: &Event) -> String {
    let json = serde_json::to_value(event).unwrap();
    json["event"].as_str().unwrap().to_owned()
}
