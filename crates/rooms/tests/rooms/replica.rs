//! Rebuilds the view of a room from its events alone, as a client that resumes does.

use lianmai_rooms::layout::MemberMix;
use lianmai_rooms::*;

#[derive(Default)]
pub(crate) struct Replica {
    pub(crate) view: Option<RoomView>,
    pub(crate) sequence: u64,
}

impl Replica {
    pub(crate) fn follow(&mut self, events: &[Event]) {
        for event in events {
            assert_eq!(
                event.sequence,
                self.sequence + 1,
                "a hole or a repetition in the sequence"
            );
            self.sequence = event.sequence;
            match (&event.kind, &mut self.view) {
                (EventKind::RoomCreated { room }, view @ None) => *view = Some((**room).clone()),
                (kind, Some(view)) => happen(view, kind.clone()),
                (kind, None) => panic!("{kind:?} before the room"),
            }
        }
    }
}

fn happen(view: &mut RoomView, kind: EventKind) {
    assert!(!view.ended, "{kind:?} after the end");
    match kind {
        EventKind::RoomCreated { .. } => panic!("created twice"),
        EventKind::RoomEnded { .. } => view.ended = true,
        EventKind::SettingsChanged { settings, .. } => view.settings = *settings,
        EventKind::MemberJoined { member } => {
            assert!(view.members.insert(member.id.clone(), *member).is_none());
        }
        EventKind::MemberUpdated { member, nick, ext } => {
            let member = view.members.get_mut(&member).unwrap();
            (member.nick, member.ext) = (nick, ext);
        }
        EventKind::MemberOnline { member, online } => {
            let member = view.members.get_mut(&member).unwrap();
            assert_ne!(member.online, online, "an event without a change");
            member.online = online;
        }
        EventKind::MemberLeft {
            member,
            account,
            role,
            joined_at,
            ..
        } => {
            let left = view.members.remove(&member).unwrap();
            assert_eq!(
                (left.account, left.role, left.joined_at),
                (account, role, joined_at)
            );
        }
        EventKind::RoleChanged { member, role, .. } => view.members.get_mut(&member).unwrap().role = role,
        EventKind::StreamAdded { stream } => {
            assert!(view.streams.insert(stream.id.clone(), *stream).is_none());
        }
        EventKind::StreamUpdated {
            stream,
            voff,
            aoff,
            via,
            client_ref,
            ext,
        } => {
            let old = view.streams.remove(&stream).unwrap();
            view.streams.insert(
                stream,
                StreamView {
                    voff,
                    aoff,
                    via,
                    client_ref,
                    ext,
                    ..old
                },
            );
        }
        EventKind::StreamRemoved { stream, owner, .. } => {
            assert_eq!(view.streams.remove(&stream).unwrap().owner, owner);
        }
        EventKind::MediaStarted { stream, epoch } => {
            view.streams.get_mut(&stream).unwrap().air = Air::On { epoch };
        }
        EventKind::MediaStopped { stream, epoch } => {
            let stream = view.streams.get_mut(&stream).unwrap();
            assert_eq!(stream.air, Air::On { epoch });
            stream.air = Air::Off;
        }
        EventKind::UrlReissued { stream, version, .. } => {
            view.streams.get_mut(&stream).unwrap().url_version = version;
        }
        EventKind::AttributeSet { key, value, .. } => edit(&mut view.attributes, |map| {
            map.insert(key, value);
        }),
        EventKind::AttributeDeleted { key, .. } => edit(&mut view.attributes, |map| {
            map.remove(&key).unwrap();
        }),
        EventKind::MuteChanged { member, mute, .. } => view.members.get_mut(&member).unwrap().mute = mute,
        EventKind::MuteAllChanged {
            muted, excuses_void, ..
        } => {
            view.mute_all = muted;
            for member in view.members.values_mut() {
                for kind in [MuteKind::Audio, MuteKind::Video] {
                    if excuses_void.has(kind) {
                        member.mute.excused = member.mute.excused.with(kind, false);
                    }
                }
            }
        }
        EventKind::RequestOpened { request } => {
            assert!(view.requests.insert(request.member.clone(), request).is_none());
        }
        EventKind::RequestClosed { member, role, .. } => {
            assert_eq!(view.requests.remove(&member).unwrap().role, role);
        }
        EventKind::MixStarted { stream, layout, .. } => {
            assert_eq!(view.streams.get(&stream).unwrap().kind, StreamKind::Mix);
            view.layout = layout;
        }
        EventKind::MixUpdated { layout, .. } => {
            assert_ne!(view.layout, layout, "an event without a change");
            view.layout = layout;
        }
        EventKind::MainPictureChanged { main, .. } => view.layout.main = main,
        EventKind::MixGainChanged {
            account, gain, muted, ..
        } => {
            let said = view.layout.members.remove(&account).unwrap_or_default();
            let said = MemberMix { gain, muted, ..said };
            if !said.is_default() {
                view.layout.members.insert(account, said);
            }
        }
        EventKind::MixStopped { stream, .. } => {
            assert_eq!(view.streams.get(&stream).unwrap().kind, StreamKind::Mix);
        }
        EventKind::PushAdded { push } => {
            assert!(view.pushes.insert(push.id.clone(), *push).is_none());
        }
        EventKind::PushRemoved { push, .. } => {
            view.pushes.remove(&push).unwrap();
        }
        EventKind::SessionReplaced { .. }
        | EventKind::PullGranted { .. }
        | EventKind::CustomMessage { .. } => {}
    }
}

fn edit(
    attributes: &mut Attributes,
    change: impl FnOnce(&mut std::collections::BTreeMap<AttributeKey, AttributeValue>),
) {
    let mut map = attributes
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    change(&mut map);
    *attributes = serde_json::from_value(serde_json::to_value(map).unwrap()).unwrap();
}
