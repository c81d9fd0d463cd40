//! What holds whatever several accounts do in whatever order, at whatever times.

use lianmai_rooms::layout::{Gain, Layout, Preset, Source};
use lianmai_rooms::*;
use proptest::prelude::*;
use proptest::sample::select;

use crate::replica::Replica;
use crate::support::*;

const NAMES: [&str; 6] = ["boss", "ann", "bob", "cat", "dan", "zoe"];

fn name() -> impl Strategy<Value = &'static str> {
    // The first three are inside from the start, so most commands are theirs.
    prop_oneof![4 => select(&NAMES[..3]), 1 => select(&NAMES[3..])]
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![1 => Just(Actor::App), 3 => Just(by("boss")), 4 => name().prop_map(by)]
}

fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Audience, Role::Talker, Role::Admin][..])
}

fn kind() -> impl Strategy<Value = MuteKind> {
    select(&[MuteKind::Audio, MuteKind::Video][..])
}

fn transport() -> impl Strategy<Value = Transport> {
    select(&[Transport::Rtmp, Transport::Webrtc][..])
}

/// Stream ids that meet those of other members often enough.
fn stream_id() -> impl Strategy<Value = StreamId> {
    (0..8u8).prop_map(|n| stream(&format!("s{n}")))
}

fn session_id() -> impl Strategy<Value = SessionId> {
    (0..6u8).prop_map(|n| session(&format!("c{n}")))
}

fn epoch() -> impl Strategy<Value = u64> {
    prop_oneof![0..4u64, Just(u64::MAX)]
}

fn credential() -> impl Strategy<Value = Credential> {
    let check = |matched| Credential::Password(PasswordCheck::new(PasswordHash::new("a".into()), matched));
    prop_oneof![
        3 => Just(Credential::None),
        2 => any::<bool>().prop_map(check),
        1 => role().prop_map(|role| Credential::Token { role }),
        1 => Just(Credential::App),
    ]
}

fn joins() -> impl Strategy<Value = Command> {
    let device = select(&["", "web", "wx"][..]);
    let parts = (
        name(),
        0..3u8,
        prop::option::of(role()),
        credential(),
        prop::option::of(session_id()),
        device,
        prop::option::weighted(
            0.3,
            select(&[BypassPart::Off, BypassPart::Host, BypassPart::Guest][..]),
        ),
    );
    parts.prop_map(|(name, stay, role, credential, session, device, bypass)| {
        let member = if stay == 0 {
            member(name)
        } else {
            member(&format!("{name}{stay}"))
        };
        // Mostly the id under which the other commands look for it.
        let device = Device::parse(device).unwrap();
        join(Join {
            member,
            role,
            credential,
            session,
            device,
            bypass,
            ..joining(name)
        })
    })
}

fn publishes() -> impl Strategy<Value = Command> {
    let kinds = select(&[StreamKind::Camera, StreamKind::Screen, StreamKind::Mix][..]);
    (name(), stream_id(), kinds, transport(), any::<(bool, bool)>()).prop_map(
        |(name, stream, kind, via, (voff, aoff))| {
            publish(Publish {
                stream,
                via,
                voff,
                aoff,
                ..publishing(name, "x", kind)
            })
        },
    )
}

fn settings_change() -> impl Strategy<Value = SettingsChange> {
    let limits = prop::option::of((1..6u32, 0..4u32, 0..4u32, 0..3u32));
    let password = prop::option::weighted(0.1, prop::option::of(select(&["a", "b"][..])));
    (limits, password, any::<Option<bool>>()).prop_map(|(limits, password, record)| SettingsChange {
        limits: limits.map(|(t, v, a, d)| Limits::new(t, v, a, d).unwrap()),
        password: password.map(|p| p.map(|p| PasswordHash::new(p.into()))),
        record,
        ..Default::default()
    })
}

fn inside() -> impl Strategy<Value = Command> {
    let m = || name().prop_map(member);
    prop_oneof![
        1 => (m(), prop::option::weighted(0.7, session_id())).prop_map(|(member, session)| Command::Leave { member, session }),
        3 => (m(), session_id()).prop_map(|(member, session)| Command::SessionGone { member, session }),
        3 => (m(), session_id()).prop_map(|(member, session)| Command::SessionBack { member, session }),
        1 => m().prop_map(|member| Command::Touch { member }),
        1 => Just(Command::ConnectionsLost),
        1 => (actor(), m()).prop_map(|(by, member)| Command::Kick { by, member }),
        1 => (m(), "[a-c]{0,1}").prop_map(|(member, nick)| Command::UpdateMember {
            member,
            nick: Nick::parse(&nick).ok(),
            ext: None
        }),
        4 => (actor(), m(), role()).prop_map(|(by, member, role)| Command::GrantRole { by, member, role }),
        3 => (actor(), m(), role()).prop_map(|(by, member, role)| Command::DegradeRole { by, member, role }),
        6 => (m(), select(&[Role::Talker, Role::Admin][..])).prop_map(|(member, role)| Command::RequestRole { member, role }),
        1 => m().prop_map(|member| Command::WithdrawRequest { member }),
        3 => (actor(), m(), role(), any::<bool>())
            .prop_map(|(by, member, role, accept)| Command::AnswerRequest { by, member, role, accept }),
        2 => (actor(), m(), kind()).prop_map(|(by, member, kind)| Command::Mute { by, member, kind }),
        2 => (actor(), m(), kind()).prop_map(|(by, member, kind)| Command::Unmute { by, member, kind }),
        1 => (actor(), kind()).prop_map(|(by, kind)| Command::MuteAll { by, kind }),
        1 => (actor(), kind()).prop_map(|(by, kind)| Command::UnmuteAll { by, kind }),
    ]
}

fn media() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => stream_id().prop_map(|stream| Command::PublishMix { stream, ext: Ext::default() }),
        2 => (actor(), stream_id(), prop::option::of(layout())).prop_map(|(by, stream, layout)| {
            Command::StartMix { by, stream, layout }
        }),
        1 => (actor(), layout()).prop_map(|(by, layout)| Command::UpdateMix { by, layout }),
        1 => actor().prop_map(|by| Command::StopMix { by }),
        1 => (actor(), prop::option::of(source())).prop_map(|(by, main)| Command::SetMainPicture { by, main }),
        1 => (actor(), name().prop_map(member), prop::option::of(0..3u16), any::<Option<bool>>()).prop_map(
            |(by, member, gain, muted)| {
                let gain = gain.map(|n| Gain::from_thousandths(n * 500));
                Command::SetMixGain { by, member, gain, muted }
            }
        ),
        3 => (actor(), pushes()).prop_map(|(by, push)| Command::AddPush { by, push }),
        1 => (actor(), push_id()).prop_map(|(by, push)| Command::RemovePush { by, push }),
        4 => (actor(), stream_id(), any::<(Option<bool>, Option<bool>)>()).prop_map(
            |(by, stream, (voff, aoff))| Command::UpdateStream { by, stream, voff, aoff, ext: None }
        ),
        2 => (actor(), stream_id()).prop_map(|(by, stream)| Command::Unpublish { by, stream }),
        3 => (stream_id(), epoch()).prop_map(|(stream, epoch)| Command::MediaStarted { stream, epoch }),
        3 => (stream_id(), epoch()).prop_map(|(stream, epoch)| Command::MediaStopped { stream, epoch }),
        1 => (actor(), stream_id(), transport()).prop_map(|(by, stream, via)| Command::Subscribe { by, stream, via }),
        2 => (actor(), stream_id()).prop_map(|(by, stream)| Command::ReissueUrl { by, stream }),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        2 => name().prop_map(|name| Source::Account { id: account(name) }),
        1 => Just(Source::Speaker),
        1 => Just(Source::Main),
    ]
}

/// Some that can be drawn and some that cannot.
fn layout() -> impl Strategy<Value = Box<Layout>> {
    let presets = select(&[Preset::Grid, Preset::Floating][..]);
    (presets, prop::option::of(source()), prop::bool::weighted(0.2)).prop_map(|(preset, main, odd)| {
        let mut layout = Layout::preset(preset);
        layout.main = main;
        layout.canvas.width -= u32::from(odd);
        Box::new(layout)
    })
}

fn push_id() -> impl Strategy<Value = PushId> {
    (0..20u8).prop_map(|n| PushId::parse(&format!("p{n}")).unwrap())
}

fn pushes() -> impl Strategy<Value = Box<NewPush>> {
    let url = (0..10u8).prop_map(|n| PushUrl::parse(&format!("rtmp://cdn.example/live/KEY{n}")).unwrap());
    let parts = (push_id(), prop::option::weighted(0.3, stream_id()), url);
    parts.prop_map(|(id, stream, url)| Box::new(NewPush { id, stream, url }))
}

fn management() -> impl Strategy<Value = Command> {
    let key = || "[a-c]".prop_map(|key| AttributeKey::parse(&key).unwrap());
    prop_oneof![
        80 => (actor(), key(), "[xy]?").prop_map(|(by, key, value)| {
            Command::SetAttribute { by, key, value: AttributeValue::parse(&value).unwrap() }
        }),
        40 => (actor(), key()).prop_map(|(by, key)| Command::DeleteAttribute { by, key }),
        40 => (actor(), prop::option::of(name())).prop_map(|(by, to)| Command::CustomMessage {
            by,
            to: to.map_or(Recipient::Everyone, |to| Recipient::Member(member(to))),
            payload: Payload::default(),
        }),
        80 => (actor(), settings_change()).prop_map(|(by, change)| Command::UpdateSettings { by, change }),
        1 => actor().prop_map(|by| Command::Destroy { by }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![6 => joins(), 8 => publishes(), 12 => inside(), 7 => media(), 2 => management(), 3 => Just(Command::Tick)]
}

/// How time moves between commands: mostly on, at times not at all, back, or to the next deadline; rarely to an end.
#[derive(Debug, Clone)]
enum Step {
    On(u64),
    Back(u64),
    Deadline,
    To(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        400 => (0..500u64).prop_map(Step::On),
        20 => (0..4_000u64).prop_map(Step::On),
        20 => (0..1_000u64).prop_map(Step::Back),
        20 => Just(Step::Deadline),
        1 => select(&[0, u64::MAX][..]).prop_map(Step::To),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let kinds = select(
        &[
            RoomKind::Communication,
            RoomKind::CommunicationMix,
            RoomKind::Live,
        ][..],
    );
    let small = (1..6u32, 0..4u32, 0..4u32, 0..3u32);
    let flags = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.3),
    );
    (kinds, small, flags).prop_map(|(kind, (t, v, a, d), (locked, mini_program, persistent))| {
        let delay = secs(5);
        Settings {
            limits: Limits::new(t, v, a, d).unwrap(),
            password: locked.then(|| PasswordHash::new("a".into())),
            mini_program,
            lifetime: if persistent {
                Lifetime::Persistent
            } else {
                Lifetime::EndsWhenEmpty { delay }
            },
            timing: Timing {
                member_grace: secs(4),
                request_ttl: secs(3),
                url_overlap: secs(2),
            },
            bypass_guests: 1,
            ..Settings::new(kind)
        }
    })
}

fn moved(room: &Room, now: Timestamp, step: &Step) -> Timestamp {
    match step {
        Step::On(millis) => Timestamp::from_millis(now.as_millis().saturating_add(*millis)),
        Step::Back(millis) => Timestamp::from_millis(now.as_millis().saturating_sub(*millis)),
        Step::Deadline => room.next_deadline().unwrap_or(now),
        Step::To(millis) => Timestamp::from_millis(*millis),
    }
}

fn aim_stream(room: &Room, stream: &mut StreamId) {
    let nth = stream.as_str()[1..].parse::<usize>().ok();
    if let Some(at) = nth.filter(|&n| n < 7 && room.streams().len() > 0) {
        *stream = room.streams().nth(at % room.streams().len()).unwrap().id.clone();
    }
}

/// Aims a command that names a stream or session at one that is there, unless it names the last of the pool.
fn aimed(room: &Room, mut command: Command) -> Command {
    let nth = |id: &str| id[1..].parse::<usize>().ok();
    match &mut command {
        Command::UpdateStream { stream, .. }
        | Command::Unpublish { stream, .. }
        | Command::MediaStarted { stream, .. }
        | Command::MediaStopped { stream, .. }
        | Command::Subscribe { stream, .. }
        | Command::ReissueUrl { stream, .. } => aim_stream(room, stream),
        Command::AddPush { push, .. } => {
            if let Some(stream) = &mut push.stream {
                aim_stream(room, stream);
            }
        }
        Command::RemovePush { push, .. } => {
            if let Some(at) = nth(push.as_str()).filter(|&n| n < 18 && room.pushes().len() > 0) {
                *push = room.pushes().nth(at % room.pushes().len()).unwrap().id.clone();
            }
        }
        Command::SessionGone { member, session } | Command::SessionBack { member, session } => {
            let sessions = room.member(member).map_or(&[][..], |m| &m.sessions[..]);
            if let Some(at) = nth(session.as_str()).filter(|&n| n < 5 && !sessions.is_empty()) {
                *session = sessions[at % sessions.len()].id.clone();
            }
        }
        _ => {}
    }
    command
}

/// Two talkers and the creator inside, so that scripts start where things happen.
fn started(settings: Settings) -> (Room, Vec<Event>) {
    let (mut room, mut events) = Room::create(new_room(settings), NOW);
    for name in ["boss", "ann", "bob"] {
        let credential = Credential::Token { role: Role::Talker };
        events.extend(
            room.apply(
                join(Join {
                    credential,
                    ..joining(name)
                }),
                NOW,
            )
            .unwrap_or_default(),
        );
    }
    (room, events)
}

fn limits_hold(room: &Room) {
    let limits = room.settings().limits;
    let talkers = room.members().filter(|m| m.role != Role::Audience).count();
    let videos = room
        .streams()
        .filter(|s| s.kind == StreamKind::Camera && !s.voff)
        .count();
    let desktops = room.streams().filter(|s| s.kind == StreamKind::Screen).count();
    assert!(talkers <= limits.talkers() as usize, "talkers");
    assert!(
        room.members().len() - talkers <= limits.audiences() as usize,
        "audience"
    );
    assert!(videos <= limits.videos() as usize, "videos");
    assert!(desktops <= limits.desktops() as usize, "desktops");
    for member in room.members() {
        assert!(member.sessions.len() <= MAX_SESSIONS, "sessions");
        assert_eq!(
            room.member_of(&member.account).map(|m| &m.id),
            Some(&member.id),
            "an account twice"
        );
    }
    for stream in room.streams() {
        if let Some(owner) = &stream.owner {
            assert!(
                room.member(owner).is_some_and(|m| m.role != Role::Audience),
                "a stream without publisher"
            );
        }
    }
}

fn pushes_hold(room: &Room) {
    assert!(room.pushes().len() <= MAX_PUSHES, "pushes");
    for push in room.pushes() {
        assert!(
            push.stream.is_none() || room.pushed(push).is_some(),
            "a push of nothing"
        );
    }
    let inside = |part| room.members().filter(|m| m.bypass == Some(part)).count();
    assert!(inside(BypassPart::Host) <= 1, "hosts");
    assert!(inside(BypassPart::Guest) <= 1, "guests");
    assert!(inside(BypassPart::Off) == 0 || inside(BypassPart::Host) + inside(BypassPart::Guest) == 0);
    assert_eq!(room.layout().check(), Ok(()));
}

/// Presence is what sessions and media say.
fn presence_holds(room: &Room) {
    for member in room.members() {
        let on_air = room
            .streams()
            .any(|s| s.owner.as_ref() == Some(&member.id) && s.is_on_air());
        assert_eq!(
            member.absent_since.is_none(),
            member.is_online() || on_air,
            "{member:?}"
        );
    }
}

/// Nobody but an admin or the app takes a mute away.
fn mutes_hold(before: &Room, room: &Room, events: &[Event]) {
    for member in before.members() {
        let (was, is) = (before.muted(&member.id), room.muted(&member.id));
        let freed = (was.audio && !is.audio) || (was.video && !is.video);
        if !freed || room.member(&member.id).is_none() {
            continue;
        }
        let allowed = |by: &Actor| match by {
            Actor::App => true,
            Actor::Member(id) => before
                .member(id)
                .is_some_and(|m| m.role == Role::Admin || m.entitled == Role::Admin),
        };
        let by_one_who_may = events.iter().any(|event| match &event.kind {
            EventKind::MuteChanged { by, .. }
            | EventKind::MuteAllChanged { by, .. }
            | EventKind::RoleChanged { by, .. } => allowed(by),
            _ => false,
        });
        assert!(by_one_who_may, "{} was freed by {events:?}", member.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_room_keeps_its_rules(
        settings in settings(),
        script in prop::collection::vec((step(), command()), 1..120),
    ) {
        let (mut room, created) = started(settings);
        let mut replica = Replica::default();
        replica.follow(&created);
        let mut now = NOW;
        for (nth, (step, command)) in script.into_iter().enumerate() {
            now = moved(&room, now, &step);
            let ticks = matches!(command, Command::Tick);
            let before = room.clone();
            match room.apply(aimed(&room, command), now) {
                Ok(events) => {
                    prop_assert!(events.iter().all(|event| event.at == now));
                    replica.follow(&events);
                    mutes_hold(&before, &room, &events);
                }
                Err(_) => prop_assert_eq!(&room, &before),
            }
            limits_hold(&room);
            pushes_hold(&room);
            presence_holds(&room);
            prop_assert_eq!(replica.view.as_ref(), Some(&room.view()));
            prop_assert_eq!(replica.sequence, room.sequence());
            if ticks && !room.has_ended() {
                // What is due is done: no deadline is left behind.
                prop_assert!(room.next_deadline().is_none_or(|at| at > now || now.as_millis() == u64::MAX));
            }
            // The costly part of a step: some of them do.
            if nth % 5 == 0 {
                let json = room.snapshot().to_json().unwrap();
                prop_assert_eq!(&Room::restore(RoomSnapshot::from_json(&json).unwrap()).unwrap(), &room);
            }
        }
    }

    /// Events survive the wire.
    #[test]
    fn events_round_trip(settings in settings(), script in prop::collection::vec(command(), 1..60)) {
        let (mut room, mut events) = started(settings);
        for command in script {
            events.extend(room.apply(aimed(&room, command), NOW).unwrap_or_default());
        }
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Event>>(&json).unwrap(), events);
    }

    /// Ticking at every deadline, and only then, empties and ends every room that is not persistent, in time.
    #[test]
    fn a_deserted_room_ends_in_time(settings in settings(), script in prop::collection::vec(command(), 1..60)) {
        let persistent = settings.lifetime == Lifetime::Persistent;
        let (mut room, _) = started(settings);
        for command in script {
            room.apply(aimed(&room, command), NOW).ok();
        }
        room.apply(Command::ConnectionsLost, NOW).ok();
        let mut now = NOW;
        for _ in 0..20 {
            let Some(at) = room.next_deadline() else { break };
            prop_assert!(at > now);
            now = at;
            prop_assert!(!room.apply(Command::Tick, now).unwrap().is_empty());
        }
        prop_assert_eq!(room.next_deadline(), None);
        prop_assert!(persistent || room.has_ended());
        prop_assert!(room.members().len() == 0);
        prop_assert!(now <= NOW.after(secs(17)));
    }

    /// The directory's indexes say what its rooms say.
    #[test]
    fn rooms_stay_indexed(
        script in prop::collection::vec((0..3u8, 0..2u8, step(), prop::option::weighted(0.9, command())), 1..60),
    ) {
        let mut rooms = Rooms::new(2);
        let mut now = NOW;
        for (id, label, step, command) in script {
            let id = RoomId::parse(&format!("r{id}")).unwrap();
            now = rooms.get(&app(), &id).map_or(now, |room| moved(room, now, &step));
            match command {
                Some(command) if rooms.get(&app(), &id).is_some() => {
                    rooms.apply(&app(), &id, command, now).ok();
                }
                Some(_) => {
                    let name = RoomName::parse(&format!("n{label}")).ok();
                    rooms.create(NewRoom { id, ..new_room(Settings { name, ..talk() }) }, now).ok();
                }
                None => drop(rooms.tick(now)),
            }
            prop_assert!(rooms.count(&app()) <= 2);
            prop_assert_eq!(rooms.next_deadline(), rooms.iter().filter_map(Room::next_deadline).min());
            for room in rooms.iter() {
                prop_assert!(!room.has_ended());
                let name = room.settings().name.as_ref().unwrap();
                prop_assert_eq!(rooms.by_name(&app(), name).map(Room::id), Some(room.id()));
            }
        }
    }
}

/// The scripts above reach every event and every refusal a room gives, so the properties are not held by idleness.
#[test]
fn scripts_reach_everything() {
    use proptest::strategy::ValueTree;
    use std::collections::BTreeMap;
    let word = |event: &Event| {
        serde_json::to_value(&event.kind).unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let scripts = (settings(), prop::collection::vec((step(), command()), 100..120));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..400 {
        let (settings, script) = scripts.new_tree(&mut runner).unwrap().current();
        let (mut room, events) = started(settings);
        let mut now = NOW;
        let mut words: Vec<String> = events.iter().map(word).collect();
        for (step, command) in script {
            now = moved(&room, now, &step);
            match room.apply(aimed(&room, command), now) {
                Ok(events) => words.extend(events.iter().map(word)),
                Err(rejection) => words.push(rejection.code().to_owned()),
            }
        }
        words
            .into_iter()
            .for_each(|word| *seen.entry(word).or_default() += 1);
    }
    let wanted = "room_created room_ended settings_changed member_joined member_updated member_online \
        session_replaced member_left role_changed stream_added stream_updated stream_removed media_started \
        media_stopped url_reissued pull_granted attribute_set attribute_deleted mute_changed mute_all_changed \
        request_opened request_closed custom_message mix_started mix_updated mix_stopped main_picture_changed \
        mix_gain_changed push_added push_removed \
        id_taken password_required wrong_password room_full_talkers room_full_audiences room_full_videos \
        room_full_desktops not_a_member not_allowed no_such_member no_such_session no_such_stream no_such_request \
        request_pending muted mini_program_unsupported invalid_argument \
        invalid_layout push_exists no_such_push bypass_mismatch bypass_not_hosted";
    let missing: Vec<_> = wanted
        .split(' ')
        .filter(|w| !w.is_empty() && seen.get(*w).is_none_or(|&n| n < 5))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {seen:?}");
}
