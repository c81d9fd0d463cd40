//! What has to be done so that what is recorded is what should be: decided here, without I/O.

use std::collections::BTreeMap;

use lianmai_rooms::{AccountId, AppId, Room, RoomId, Rooms, StreamId, StreamKind};

use super::{RecordedMember, Recording, RecordingState};

/// A running recording as the plan sees it.
#[derive(Debug)]
pub(super) struct Running<'a> {
    pub(super) recording: &'a Recording,
    /// A writer is at work.
    pub(super) is_writing: bool,
    /// It was told to end.
    pub(super) is_ending: bool,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The room's flags ask for a recording of this stream.
    Begin(Wanted),
    /// The room's flags ask for a recording of the mix, and there is none.
    NeedMix { app: AppId, room: RoomId },
    /// The stream is on air: write.
    Write(String),
    /// The stream or the wish is gone.
    End(String),
    /// People who are in the room now.
    Meet(String, Vec<RecordedMember>),
}

/// A stream that a room wants recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) app: AppId,
    pub(super) room: RoomId,
    pub(super) stream: StreamId,
    pub(super) account: Option<AccountId>,
}

/// Compares rooms with recordings.
pub(super) fn plan<'a>(rooms: &Rooms, running: impl Iterator<Item = Running<'a>>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut by_room: BTreeMap<(&AppId, &StreamId), ()> = BTreeMap::new();
    for Running {
        recording,
        is_writing,
        is_ending,
    } in running
    {
        if is_ending {
            // What ends is not begun anew before it has ended.
            by_room.insert((&recording.app, &recording.stream), ());
            continue;
        }
        let room = rooms.get(&recording.app, &recording.room);
        let stream = room.and_then(|room| Some((room, room.stream(&recording.stream)?)));
        let Some((room, stream)) = stream else {
            steps.push(Step::End(recording.id.clone()));
            continue;
        };
        if recording.setup.by_room {
            by_room.insert((&recording.app, &recording.stream), ());
            if !is_wanted(room, stream.kind) {
                steps.push(Step::End(recording.id.clone()));
                continue;
            }
        }
        if stream.is_on_air() && !is_writing && recording.state == RecordingState::Recording {
            steps.push(Step::Write(recording.id.clone()));
        }
        let met: Vec<RecordedMember> = room
            .members()
            .filter(|member| {
                !recording
                    .members
                    .iter()
                    .any(|known| known.account == member.account)
            })
            .map(|member| RecordedMember {
                account: member.account.clone(),
                nick: member.nick.clone(),
            })
            .collect();
        if !met.is_empty() && recording.members.len() < Recording::MAX_MEMBERS {
            steps.push(Step::Meet(recording.id.clone(), met));
        }
    }
    for room in rooms.iter().filter(|room| room.settings().record) {
        let mut has_mix = false;
        for stream in room.streams() {
            has_mix |= stream.kind == StreamKind::Mix;
            let there = by_room.contains_key(&(room.app(), &stream.id));
            if is_wanted(room, stream.kind) && stream.is_on_air() && !there {
                let owner = stream.owner.as_ref().and_then(|owner| room.member(owner));
                steps.push(Step::Begin(Wanted {
                    app: room.app().clone(),
                    room: room.id().clone(),
                    stream: stream.id.clone(),
                    account: owner.map(|owner| owner.account.clone()),
                }));
            }
        }
        let on_air = room.streams().any(|stream| stream.is_on_air());
        if room.settings().record_merge && !has_mix && on_air {
            steps.push(Step::NeedMix {
                app: room.app().clone(),
                room: room.id().clone(),
            });
        }
    }
    steps
}

/// Whether the room's flags ask for a recording of streams of this kind: all of them one by one, or merged.
fn is_wanted(room: &Room, kind: StreamKind) -> bool {
    let settings = room.settings();
    settings.record && settings.record_merge == (kind == StreamKind::Mix)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use lianmai_rooms::{
        Actor, Command, Credential, Device, Ext, Join, MemberId, NewRoom, Nick, Publish, RoomKind, Settings,
        SettingsChange, Timestamp, Transport,
    };

    const AT: Timestamp = Timestamp::from_millis(1);

    fn app() -> AppId {
        AppId::parse("a").unwrap()
    }

    fn room() -> RoomId {
        RoomId::parse("r").unwrap()
    }

    fn rooms(record: bool, merge: bool) -> Rooms {
        let mut rooms = Rooms::new(usize::MAX);
        let mut settings = Settings::new(RoomKind::Communication);
        (settings.record, settings.record_merge) = (record, merge);
        let new = NewRoom {
            app: app(),
            id: room(),
            settings,
            creator: None,
        };
        rooms.create(new, AT).unwrap();
        let join = Join {
            account: AccountId::parse("ann").unwrap(),
            member: MemberId::parse("m1").unwrap(),
            role: None,
            credential: Credential::None,
            nick: Nick::default(),
            ext: Ext::default(),
            session: None,
            device: Device::default(),
            bypass: None,
        };
        apply(&mut rooms, Command::Join(Box::new(join)));
        let publish = Publish {
            member: MemberId::parse("m1").unwrap(),
            stream: stream(),
            kind: StreamKind::Camera,
            via: Transport::Rtmp,
            voff: false,
            aoff: false,
            client_ref: None,
            ext: Ext::default(),
        };
        apply(&mut rooms, Command::Publish(Box::new(publish)));
        rooms
    }

    fn apply(rooms: &mut Rooms, command: Command) {
        rooms.apply(&app(), &room(), command, AT).unwrap();
    }

    fn stream() -> StreamId {
        StreamId::parse("s1").unwrap()
    }

    fn on_air(rooms: &mut Rooms) {
        apply(
            rooms,
            Command::MediaStarted {
                stream: stream(),
                epoch: 1,
            },
        );
    }

    fn recording(by_room: bool, state: RecordingState) -> Recording {
        let mut recording = sample::ended("a", "x");
        (recording.room, recording.state, recording.ended_at) = (room(), state, None);
        recording.setup.by_room = by_room;
        recording
    }

    fn steps(rooms: &Rooms, recording: &Recording, is_writing: bool, is_ending: bool) -> Vec<Step> {
        let running = Running {
            recording,
            is_writing,
            is_ending,
        };
        let mut steps = plan(rooms, [running].into_iter());
        steps.retain(|step| !matches!(step, Step::Meet(..)));
        steps
    }

    #[test]
    fn flags_begin_what_is_on_air_and_end_it() {
        let mut rooms = rooms(true, false);
        assert_eq!(plan(&rooms, [].into_iter()), []);
        on_air(&mut rooms);
        let begun = plan(&rooms, [].into_iter());
        assert!(
            matches!(&begun[..], [Step::Begin(wanted)] if wanted.stream == stream()
            && wanted.account == Some(AccountId::parse("ann").unwrap()))
        );
        let running = recording(true, RecordingState::Recording);
        assert_eq!(
            steps(&rooms, &running, false, false),
            [Step::Write("x".to_owned())]
        );
        assert_eq!(steps(&rooms, &running, true, false), []);
        assert_eq!(
            steps(&rooms, &running, true, true),
            [],
            "it is not begun a second time"
        );
        let change = SettingsChange {
            record: Some(false),
            ..SettingsChange::default()
        };
        apply(
            &mut rooms,
            Command::UpdateSettings {
                by: Actor::App,
                change,
            },
        );
        assert_eq!(steps(&rooms, &running, true, false), [Step::End("x".to_owned())]);
        let asked = recording(false, RecordingState::Recording);
        assert_eq!(steps(&rooms, &asked, true, false), [], "who asked for it ends it");
    }

    #[test]
    fn a_merged_recording_needs_the_mix() {
        let mut rooms = rooms(true, true);
        on_air(&mut rooms);
        let need = Step::NeedMix {
            app: app(),
            room: room(),
        };
        assert_eq!(plan(&rooms, [].into_iter()), [need]);
    }

    #[test]
    fn paused_ones_are_left_and_orphans_end() {
        let mut rooms = rooms(false, false);
        on_air(&mut rooms);
        let paused = recording(false, RecordingState::Paused);
        assert_eq!(steps(&rooms, &paused, false, false), []);
        apply(&mut rooms, Command::Destroy { by: Actor::App });
        assert_eq!(steps(&rooms, &paused, false, false), [Step::End("x".to_owned())]);
    }

    #[test]
    fn members_are_met_once() {
        let rooms = rooms(false, false);
        let mut running = recording(false, RecordingState::Recording);
        let look = |recording: &Recording| {
            let running = Running {
                recording,
                is_writing: true,
                is_ending: false,
            };
            plan(&rooms, [running].into_iter())
        };
        let steps = look(&running);
        let [Step::Meet(_, met)] = &steps[..] else {
            panic!("{steps:?}");
        };
        assert!(running.meet(met.iter().cloned()));
        assert_eq!(look(&running), []);
    }
}
