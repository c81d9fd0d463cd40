//! Members and streams as the clients know them.

use lianmai_rooms::{AccountId, Ext, MemberId, MemberView, RoomView, StreamKind, StreamView};
use serde_json::{Map, Value, json};

use super::names;
use crate::vendor::VendorApp;

/// Codecs of pictures, the best first: what mini programs take needs no transcoding.
pub(super) const VIDEO_CODECS: [&str; 2] = ["H264", "VP8"];
/// Operations that members take from others.
const OPS: [u32; 2] = [1002, 1003];
/// Streams are republished here without their viewers having to do anything.
const STREAM_VERSION: u8 = 1;

/// A member.
pub(super) fn member(app: &VendorApp, member: &MemberView) -> Value {
    let name = names::mem_name(app, &member.account);
    let nick = match member.nick.as_str() {
        "" => member.account.as_str(),
        nick => nick,
    };
    let mut shape = json!({
        "id": member.id,
        "name": name,
        "memName": name,
        "nickName": nick,
        "role": member.role.code(),
        "vcodes": VIDEO_CODECS,
        "res": { "ops": OPS, "vcodes": VIDEO_CODECS },
    });
    with_ext(&mut shape, &member.ext);
    shape
}

/// A member's stream; `None` for what the gateway makes itself, because clients know streams of members only.
pub(super) fn stream(app: &VendorApp, stream: &StreamView, owner: &AccountId) -> Option<Value> {
    let mem_id = stream.owner.as_ref()?;
    let kind = match stream.kind {
        StreamKind::Camera => 0,
        StreamKind::Screen => 1,
        StreamKind::Mix => return None,
    };
    let name = names::mem_name(app, owner);
    let mut shape = json!({
        "id": stream.id,
        "rtcId": stream.client_ref,
        "memId": mem_id,
        "memName": name,
        "name": name,
        "type": kind,
        "voff": u8::from(stream.voff),
        "aoff": u8::from(stream.aoff),
        "vcodes": VIDEO_CODECS,
        "sver": STREAM_VERSION,
    });
    with_ext(&mut shape, &stream.ext);
    Some(shape)
}

fn with_ext(shape: &mut Value, ext: &Ext) {
    if !ext.is_empty()
        && let Some(fields) = shape.as_object_mut()
    {
        fields.insert("ext".to_owned(), ext.as_str().into());
    }
}

/// How a client takes lists of members and streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// By id: mini programs.
    Maps,
    /// Plain: browsers, which fail on anything else.
    Arrays,
}

impl Lists {
    fn collect(self, shapes: impl Iterator<Item = (String, Value)>) -> Value {
        match self {
            Self::Maps => Value::Object(shapes.collect::<Map<_, _>>()),
            Self::Arrays => Value::Array(shapes.map(|(_, shape)| shape).collect()),
        }
    }
}

/// All members but one.
pub(super) fn members(app: &VendorApp, view: &RoomView, me: &MemberId, lists: Lists) -> Value {
    let others = view.members.values().filter(|other| other.id != *me);
    lists.collect(others.map(|other| (other.id.to_string(), member(app, other))))
}

/// All streams of others.
pub(super) fn streams(app: &VendorApp, view: &RoomView, me: &MemberId, lists: Lists) -> Value {
    let shapes = view.streams.values().filter_map(|found| {
        let owner = view.members.get(found.owner.as_ref()?)?;
        if owner.id == *me {
            return None;
        }
        Some((found.id.to_string(), stream(app, found, &owner.account)?))
    });
    lists.collect(shapes)
}

/// Attributes by key.
pub(super) fn attributes(view: &RoomView) -> Value {
    let all = view.attributes.iter();
    Value::Object(
        all.map(|(key, value)| (key.to_string(), value.as_str().into()))
            .collect(),
    )
}

/// What holds for everybody.
pub(super) fn conference_state(view: &RoomView) -> Value {
    json!({ "muteAll": view.mute_all.audio })
}
