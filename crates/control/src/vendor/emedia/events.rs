//! Events of rooms as frames of conferences. Pure: what a client has been told is kept here, nothing else.
//!
//! Frames come without `sessId`, which the connection adds: clients throw on any event without it.

use std::collections::BTreeMap;

use lianmai_rooms::{
    AccountId, Actor, Event, EventKind, LeaveReason, MemberId, MemberMute, MemberView, Payload, Recipient,
    RequestOutcome, Role, RoomView, StreamId, StreamView,
};
use serde_json::{Value, json};

use super::names;
use super::shapes;
use crate::vendor::VendorApp;

/// Reasons of a member's exit.
const NORMAL: u8 = 0;
const REFUSED: u8 = 2;
const OTHER_DEVICE: u8 = 10;
const CLOSED: u8 = 11;
/// What members ask of each other in `arg`.
pub(super) const ASK_TALKER: u64 = 21;
pub(super) const ASK_ADMIN: u64 = 22;
pub(super) const MUTE: u64 = 23;
pub(super) const UNMUTE: u64 = 24;

/// What one client knows of a conference.
#[derive(Debug)]
pub(super) struct Sight {
    app: VendorApp,
    me: MemberId,
    role_token: String,
    members: BTreeMap<MemberId, (AccountId, Role)>,
    /// Those of other members.
    streams: BTreeMap<StreamId, (MemberId, bool, bool)>,
    is_muted: bool,
}

impl Sight {
    /// A client that has just been told all this.
    pub(super) fn new(app: VendorApp, me: MemberId, role_token: String, view: &RoomView) -> Self {
        let mut sight = Self {
            app,
            me,
            role_token,
            members: BTreeMap::new(),
            streams: BTreeMap::new(),
            is_muted: false,
        };
        sight.take(view);
        sight
    }

    fn take(&mut self, view: &RoomView) {
        let known = |member: &MemberView| (member.id.clone(), (member.account.clone(), member.role));
        self.members = view.members.values().map(known).collect();
        let others = view.streams.values().filter_map(|stream| {
            let owner = stream.owner.clone().filter(|owner| *owner != self.me)?;
            Some((stream.id.clone(), (owner, stream.voff, stream.aoff)))
        });
        self.streams = others.collect();
        let me = view.members.get(&self.me);
        self.is_muted = me.is_some_and(|me| me.mute.own.audio);
    }

    pub(super) fn is_admin(&self) -> bool {
        self.members
            .get(&self.me)
            .is_some_and(|(_, role)| *role == Role::Admin)
    }

    /// What the client is told of an event that is for its member.
    pub(super) fn frames(&mut self, event: &Event) -> Vec<Value> {
        let cver = event.sequence;
        let frame = match &event.kind {
            EventKind::MemberJoined { member } => self.joined(cver, member),
            EventKind::MemberLeft { member, reason, .. } => self.left(cver, member, *reason),
            EventKind::RoleChanged { member, role, .. } => return self.role_changed(cver, member, *role),
            EventKind::StreamAdded { stream } => self.added(cver, stream),
            EventKind::StreamUpdated {
                stream, voff, aoff, ..
            } => self.controlled(cver, stream, *voff, *aoff),
            EventKind::StreamRemoved { stream, owner, .. } => self.removed(cver, stream, owner.as_ref()),
            EventKind::AttributeSet { key, value, .. } => Some(attributes(
                cver,
                &json!([{ "key": key, "val": value, "op": "UPDATE" }]),
            )),
            EventKind::AttributeDeleted { key, .. } => {
                Some(attributes(cver, &json!([{ "key": key, "val": "", "op": "DEL" }])))
            }
            EventKind::MuteAllChanged { muted, .. } => {
                // Without `cattrs` clients fail.
                let state = json!({ "muteAll": muted.audio });
                Some(json!({ "op": 402, "cver": cver, "cattrs": [], "cstate": state }))
            }
            EventKind::MuteChanged { member, mute, by } => self.muted(cver, member, *mute, by),
            EventKind::RequestOpened { request } => self.asked(cver, &request.member, request.role),
            EventKind::RequestClosed {
                member,
                role,
                outcome,
                ..
            } => self.answered(cver, member, *role, *outcome),
            EventKind::CustomMessage { from, to, payload } => self.message(cver, from, to, payload),
            EventKind::RoomEnded { .. } => {
                let exit = self.exit(cver, &self.me, CLOSED);
                let close = json!({ "op": 204, "cver": cver, "reason": CLOSED });
                return vec![exit, close];
            }
            _ => None,
        };
        frame.into_iter().collect()
    }

    /// What brings a client up to date that missed events.
    pub(super) fn resync(&mut self, view: &RoomView, cver: u64) -> Vec<Value> {
        let (members, streams) = (
            std::mem::take(&mut self.members),
            std::mem::take(&mut self.streams),
        );
        let mut frames = Vec::new();
        for (id, (owner, ..)) in &streams {
            if !view.streams.contains_key(id) {
                frames.push(json!({ "op": 303, "cver": cver, "memId": owner, "pubSId": id }));
            }
        }
        for id in members.keys().filter(|id| !view.members.contains_key(*id)) {
            frames.push(self.exit(cver, id, NORMAL));
        }
        let new = view
            .members
            .values()
            .filter(|member| !members.contains_key(&member.id));
        frames.extend(new.map(|member| self.enter(cver, member)));
        self.take(view);
        for stream in view.streams.values() {
            match streams.get(&stream.id) {
                None => frames.extend(self.publish(cver, stream)),
                Some((_, voff, aoff)) if (*voff, *aoff) != (stream.voff, stream.aoff) => {
                    frames.push(control(cver, &stream.id, stream.voff, stream.aoff));
                }
                Some(_) => {}
            }
        }
        frames.push(json!({
            "op": 402,
            "cver": cver,
            "cattrs": shapes::attributes(view),
            "cstate": shapes::conference_state(view),
        }));
        frames
    }

    /// Members and streams once more: mini programs forget them when their connection was lost.
    pub(super) fn again(&self, view: &RoomView, cver: u64) -> Vec<Value> {
        let others = view.members.values().filter(|member| member.id != self.me);
        let mut frames: Vec<Value> = others.map(|member| self.enter(cver, member)).collect();
        frames.extend(
            view.streams
                .values()
                .filter_map(|stream| self.publish(cver, stream)),
        );
        frames
    }

    /// Of an event that happened while the client was away, what it must know to forget.
    pub(super) fn missed(&self, event: &Event) -> Option<Value> {
        let cver = event.sequence;
        match &event.kind {
            EventKind::MemberLeft { member, .. } if *member != self.me => {
                Some(self.exit(cver, member, NORMAL))
            }
            EventKind::StreamRemoved {
                stream,
                owner: Some(owner),
                ..
            } => Some(json!({ "op": 303, "cver": cver, "memId": owner, "pubSId": stream })),
            _ => None,
        }
    }

    /// A newer connection of the same kind took this one's place.
    pub(super) fn replaced(&self, cver: u64) -> Value {
        self.exit(cver, &self.me, OTHER_DEVICE)
    }

    fn enter(&self, cver: u64, member: &MemberView) -> Value {
        json!({ "op": 300, "cver": cver, "mem": shapes::member(&self.app, member) })
    }

    fn exit(&self, cver: u64, member: &MemberId, reason: u8) -> Value {
        json!({ "op": 301, "cver": cver, "memId": member, "reason": reason })
    }

    fn publish(&self, cver: u64, stream: &StreamView) -> Option<Value> {
        let owner = stream.owner.as_ref().filter(|owner| **owner != self.me)?;
        let (account, _) = self.members.get(owner)?;
        let shape = shapes::stream(&self.app, stream, account)?;
        Some(json!({ "op": 302, "cver": cver, "memId": owner, "pubS": shape }))
    }

    fn joined(&mut self, cver: u64, member: &MemberView) -> Option<Value> {
        let known = (member.account.clone(), member.role);
        self.members.insert(member.id.clone(), known);
        (member.id != self.me).then(|| self.enter(cver, member))
    }

    fn left(&mut self, cver: u64, member: &MemberId, reason: LeaveReason) -> Option<Value> {
        self.members.remove(member);
        let code = match reason {
            LeaveReason::Normal | LeaveReason::Timeout => NORMAL,
            LeaveReason::Kicked => REFUSED,
            // The end of the conference says it.
            LeaveReason::RoomEnded => return None,
        };
        Some(self.exit(cver, member, code))
    }

    fn role_changed(&mut self, cver: u64, member: &MemberId, role: Role) -> Vec<Value> {
        let mut frames = Vec::new();
        if *member == self.me {
            frames.push(json!({
                "op": 412, "cver": cver, "role": role.code(), "roleToken": self.role_token,
            }));
        }
        if let Some((account, present)) = self.members.get_mut(member) {
            let before = std::mem::replace(present, role);
            if (before == Role::Admin) != (role == Role::Admin) {
                let name = names::mem_name(&self.app, account);
                frames.push(json!({
                    "op": 413, "cver": cver, "memId": member, "memName": name, "role": role.code(),
                }));
            }
        }
        frames
    }

    fn added(&mut self, cver: u64, stream: &StreamView) -> Option<Value> {
        let frame = self.publish(cver, stream)?;
        let owner = stream.owner.clone()?;
        self.streams
            .insert(stream.id.clone(), (owner, stream.voff, stream.aoff));
        Some(frame)
    }

    /// Only of streams that were told: of others clients know nothing to change.
    fn controlled(&mut self, cver: u64, stream: &StreamId, voff: bool, aoff: bool) -> Option<Value> {
        let (_, old_voff, old_aoff) = self.streams.get_mut(stream)?;
        if (*old_voff, *old_aoff) == (voff, aoff) {
            return None;
        }
        (*old_voff, *old_aoff) = (voff, aoff);
        Some(control(cver, stream, voff, aoff))
    }

    fn removed(&mut self, cver: u64, stream: &StreamId, owner: Option<&MemberId>) -> Option<Value> {
        self.streams.remove(stream);
        // One's own, too: an admin may have ended it.
        owner.map(|owner| json!({ "op": 303, "cver": cver, "memId": owner, "pubSId": stream }))
    }

    fn muted(&mut self, cver: u64, member: &MemberId, mute: MemberMute, by: &Actor) -> Option<Value> {
        if *member != self.me || mute.own.audio == self.is_muted {
            return None;
        }
        self.is_muted = mute.own.audio;
        let op2 = if self.is_muted { MUTE } else { UNMUTE };
        let by = match by {
            Actor::Member(by) => by,
            Actor::App => &self.me,
        };
        Some(action(cver, by, &json!({ "op2": op2, "memId": self.me })))
    }

    fn asked(&self, cver: u64, member: &MemberId, role: Role) -> Option<Value> {
        if *member == self.me || !self.is_admin() {
            return None;
        }
        let (account, _) = self.members.get(member)?;
        let name = names::mem_name(&self.app, account);
        let op2 = asking(role);
        let arg = json!({ "op2": op2, "memId": member, "memName": name, "nickName": account });
        Some(action(cver, member, &arg))
    }

    fn answered(&self, cver: u64, member: &MemberId, role: Role, outcome: RequestOutcome) -> Option<Value> {
        if *member != self.me {
            return None;
        }
        let result = match outcome {
            RequestOutcome::Accepted | RequestOutcome::Obsolete => 0,
            RequestOutcome::Refused => 1,
            RequestOutcome::Expired => -408,
            RequestOutcome::Withdrawn => return None,
        };
        let arg = json!({ "op2": asking(role), "memId": member }).to_string();
        Some(json!({ "op": 1001, "tsxId": server_tsx(cver), "result": result, "memId": member, "arg": arg }))
    }

    fn message(&self, cver: u64, from: &Actor, to: &Recipient, payload: &Payload) -> Option<Value> {
        let from = match from {
            Actor::Member(from) if *from == self.me => return None,
            Actor::Member(from) => from.as_str(),
            Actor::App => "",
        };
        if let Recipient::Member(_) = to
            && let Some(frame) = unwrap(from, payload.as_str())
        {
            return Some(frame);
        }
        let tsx = server_tsx(cver);
        Some(json!({ "op": 1003, "tsxId": tsx, "memId": from, "arg": payload }))
    }
}

fn control(cver: u64, stream: &StreamId, voff: bool, aoff: bool) -> Value {
    json!({
        "op": 400, "cver": cver, "streamId": stream, "voff": u8::from(voff), "aoff": u8::from(aoff),
    })
}

fn attributes(cver: u64, changes: &Value) -> Value {
    json!({ "op": 402, "cver": cver, "cattrs": changes })
}

fn action(cver: u64, from: &MemberId, arg: &Value) -> Value {
    json!({ "op": 1002, "tsxId": server_tsx(cver), "memId": from, "arg": arg.to_string() })
}

const fn asking(role: Role) -> u64 {
    match role {
        Role::Admin => ASK_ADMIN,
        Role::Audience | Role::Talker => ASK_TALKER,
    }
}

fn server_tsx(cver: u64) -> String {
    format!("SRV-{cver}")
}

/// What one client of this kind sends to another: a message of the room in an envelope.
pub(super) fn wrap(op: i64, said: &Value) -> Value {
    json!({ "emedia": { "op": op, "said": said } })
}

/// The frame in an envelope, if it is one.
fn unwrap(from: &str, payload: &str) -> Option<Value> {
    if !payload.starts_with(r#"{"emedia":"#) {
        return None;
    }
    let mut envelope: Value = serde_json::from_str(payload).ok()?;
    let inner = envelope.get_mut("emedia")?;
    let op = inner.get("op")?.as_i64().filter(|op| matches!(op, 1001 | 1002))?;
    let Value::Object(mut said) = inner.get_mut("said")?.take() else {
        return None;
    };
    said.retain(|name, _| matches!(name.as_str(), "tsxId" | "arg" | "result" | "msg"));
    said.insert("op".to_owned(), op.into());
    said.insert("memId".to_owned(), from.into());
    Some(Value::Object(said))
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::{
        AppId, Credential, Device, Ext, Join, NewRoom, Nick, Publish, Room, RoomId, RoomKind, Settings,
        StreamKind, Timestamp, Transport,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn id(text: &str) -> MemberId {
        MemberId::parse(text).unwrap()
    }

    fn app() -> VendorApp {
        VendorApp {
            key: "o#a".to_owned(),
            app: AppId::parse("demo").unwrap(),
            tokens: crate::vendor::TokenPolicy::Jwt,
            hook: None,
            domain: "easemob.com".to_owned(),
        }
    }

    fn room(members: &[&str]) -> Room {
        let new = NewRoom {
            app: AppId::parse("demo").unwrap(),
            id: RoomId::parse("r").unwrap(),
            settings: Settings::new(RoomKind::Communication),
            creator: None,
        };
        let (mut room, _) = Room::create(new, NOW);
        for name in members {
            let join = Join {
                account: AccountId::parse(name).unwrap(),
                member: id(name),
                role: None,
                credential: Credential::None,
                nick: Nick::default(),
                ext: Ext::default(),
                session: None,
                device: Device::default(),
                bypass: None,
            };
            room.apply(lianmai_rooms::Command::Join(Box::new(join)), NOW)
                .unwrap();
        }
        room
    }

    fn publish(room: &mut Room, member: &str, stream: &str) -> Vec<Event> {
        let publish = Publish {
            member: id(member),
            stream: StreamId::parse(stream).unwrap(),
            kind: StreamKind::Camera,
            via: Transport::Rtmp,
            voff: false,
            aoff: false,
            client_ref: None,
            ext: Ext::default(),
        };
        room.apply(lianmai_rooms::Command::Publish(Box::new(publish)), NOW)
            .unwrap()
    }

    fn ops(frames: &[Value]) -> Vec<i64> {
        frames.iter().map(|frame| frame["op"].as_i64().unwrap()).collect()
    }

    /// Whoever missed events is told the difference, and nothing it knows.
    #[test]
    fn the_difference_is_told() {
        let mut before = room(&["ann", "bob", "eve"]);
        publish(&mut before, "bob", "s1");
        let mut sight = Sight::new(app(), id("ann"), String::new(), &before.view());
        assert_eq!(ops(&sight.resync(&before.view(), 9)), [402]);

        let mut after = room(&["ann", "eve", "dan"]);
        publish(&mut after, "dan", "s2");
        let frames = sight.resync(&after.view(), 20);
        assert_eq!(ops(&frames), [303, 301, 300, 302, 402]);
        assert_eq!(
            (&frames[0]["pubSId"], &frames[1]["memId"]),
            (&json!("s1"), &json!("bob"))
        );
        assert_eq!(
            (&frames[2]["mem"]["id"], &frames[3]["pubS"]["memName"]),
            (&json!("dan"), &json!("o#a_dan@easemob.com"))
        );
        assert_eq!(ops(&sight.resync(&after.view(), 21)), [402]);
    }

    /// Clients fail on news of streams that they were not told of, such as their own.
    #[test]
    fn own_streams_are_not_told() {
        let mut room = room(&["ann", "bob"]);
        let mut sight = Sight::new(app(), id("ann"), String::new(), &room.view());
        for event in publish(&mut room, "ann", "s1") {
            assert_eq!(sight.frames(&event), Vec::<Value>::new());
        }
        let update = lianmai_rooms::Command::UpdateStream {
            by: Actor::App,
            stream: StreamId::parse("s1").unwrap(),
            voff: Some(true),
            aoff: None,
            ext: None,
        };
        for event in room.apply(update, NOW).unwrap() {
            assert_eq!(sight.frames(&event), Vec::<Value>::new());
        }
    }

    /// An envelope opens to nothing but an operation of a member, whatever is in it.
    #[test]
    fn envelopes_are_opened_with_care() {
        let said = json!({ "tsxId": "t", "arg": "{}", "result": 0, "sessId": "x", "op": 204, "memId": "eve", "useUrl": "u" });
        let frame = unwrap("bob", &wrap(1002, &said).to_string()).unwrap();
        assert_eq!(
            frame,
            json!({ "tsxId": "t", "arg": "{}", "result": 0, "op": 1002, "memId": "bob" })
        );
        for bad in [
            wrap(204, &said).to_string(),
            wrap(1002, &json!("text")).to_string(),
            r#"{"emedia":{"op":"1002"}}"#.to_owned(),
            r#"{"emedia":7}"#.to_owned(),
            r#"{"emedia":"#.to_owned(),
            "hello".to_owned(),
        ] {
            assert_eq!(unwrap("bob", &bad), None, "{bad}");
        }
    }
}
