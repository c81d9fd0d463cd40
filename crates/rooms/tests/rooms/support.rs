//! Short ways to build ids, rooms and commands in tests.

use lianmai_rooms::*;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

pub(crate) fn app() -> AppId {
    AppId::parse("demo").unwrap()
}

pub(crate) fn room_id() -> RoomId {
    RoomId::parse("r1").unwrap()
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

pub(crate) fn member(name: &str) -> MemberId {
    MemberId::parse(name).unwrap()
}

pub(crate) fn by(name: &str) -> Actor {
    Actor::Member(member(name))
}

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::parse(name).unwrap()
}

pub(crate) fn session(name: &str) -> SessionId {
    SessionId::parse(name).unwrap()
}

pub(crate) fn secs(n: u16) -> Delay {
    Delay::from_secs(n)
}

pub(crate) fn new_room(settings: Settings) -> NewRoom {
    NewRoom {
        app: app(),
        id: room_id(),
        settings,
        creator: Some(account("boss")),
    }
}

pub(crate) fn room(settings: Settings) -> Room {
    Room::create(new_room(settings), NOW).0
}

pub(crate) fn live() -> Settings {
    Settings::new(RoomKind::Live)
}

pub(crate) fn talk() -> Settings {
    Settings::new(RoomKind::Communication)
}

/// A join of the account and member `name` with session `name`, in a room without password.
pub(crate) fn joining(name: &str) -> Join {
    Join {
        account: account(name),
        member: member(name),
        role: None,
        credential: Credential::None,
        nick: Nick::parse(name).unwrap(),
        ext: Ext::default(),
        session: Some(session(name)),
        device: Device::default(),
        bypass: None,
    }
}

pub(crate) fn publishing(name: &str, id: &str, kind: StreamKind) -> Publish {
    Publish {
        member: member(name),
        stream: stream(id),
        kind,
        via: Transport::Rtmp,
        voff: false,
        aoff: false,
        client_ref: None,
        ext: Ext::default(),
    }
}

/// A room and its clock; every refusal is checked to leave the room as it was.
pub(crate) struct Bench {
    pub(crate) room: Room,
    pub(crate) now: Timestamp,
}

impl Bench {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            room: room(settings),
            now: NOW,
        }
    }

    /// With the creator `boss` inside as admin and the others by the role their room gives.
    pub(crate) fn with(settings: Settings, names: &[&str]) -> Self {
        let mut bench = Self::new(settings);
        for name in ["boss"].iter().chain(names) {
            bench.ok(join(joining(name)));
        }
        bench
    }

    pub(crate) fn pass(&mut self, delay: Delay) {
        self.now = self.now.after(delay);
    }

    pub(crate) fn try_apply(&mut self, command: Command) -> Result<Vec<EventKind>, Rejection> {
        let before = self.room.snapshot();
        let result = self.room.apply(command, self.now);
        if result.is_err() {
            assert_eq!(self.room.snapshot(), before, "a refusal changed the room");
        }
        Ok(result?.into_iter().map(|event| event.kind).collect())
    }

    pub(crate) fn ok(&mut self, command: Command) -> Vec<EventKind> {
        let text = format!("{command:?}");
        self.try_apply(command).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    pub(crate) fn refused(&mut self, command: Command) -> &'static str {
        let text = format!("{command:?}");
        self.try_apply(command).expect_err(&text).code()
    }

    pub(crate) fn role(&self, name: &str) -> Role {
        self.room.member(&member(name)).unwrap().role
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.room.member(&member(name)).is_some()
    }
}

pub(crate) fn join(join: Join) -> Command {
    Command::Join(Box::new(join))
}

pub(crate) fn publish(publish: Publish) -> Command {
    Command::Publish(Box::new(publish))
}

pub(crate) fn camera(name: &str, id: &str) -> Command {
    publish(publishing(name, id, StreamKind::Camera))
}

pub(crate) fn screen(name: &str, id: &str) -> Command {
    publish(publishing(name, id, StreamKind::Screen))
}

pub(crate) fn switch(name: &str, id: &str, voff: Option<bool>, aoff: Option<bool>) -> Command {
    Command::UpdateStream {
        by: by(name),
        stream: stream(id),
        voff,
        aoff,
        ext: None,
    }
}

pub(crate) fn secret() -> Secret {
    Secret::new(b"q7Jx2mVd9TzKc4Rw8LbNh3Ys6PfGu1Ea").unwrap()
}
