//! All rooms together: names, ids, limits, deadlines.

use lianmai_rooms::*;

use crate::support::*;

fn named(id: &str, name: Option<&str>) -> NewRoom {
    let name = name.map(|name| RoomName::parse(name).unwrap());
    NewRoom {
        id: RoomId::parse(id).unwrap(),
        ..new_room(Settings { name, ..talk() })
    }
}

fn id(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

#[test]
fn ids_and_names_are_unique_in_an_app() {
    let mut rooms = Rooms::new(10);
    rooms.create(named("a", Some("room")), NOW).unwrap();
    assert_eq!(rooms.create(named("a", None), NOW), Err(Rejection::RoomExists));
    let name = RoomName::parse("room").unwrap();
    let conflict = Rejection::NameConflict {
        name: name.clone(),
        room: id("a"),
    };
    assert_eq!(rooms.create(named("b", Some("room")), NOW), Err(conflict));
    let other = AppId::parse("other").unwrap();
    rooms
        .create(
            NewRoom {
                app: other.clone(),
                ..named("a", Some("room"))
            },
            NOW,
        )
        .unwrap();
    assert_eq!(rooms.by_name(&other, &name).unwrap().app(), &other);
    assert_eq!((rooms.count(&app()), rooms.iter().count()), (1, 2));
}

#[test]
fn an_ended_room_frees_its_id_and_name() {
    let mut rooms = Rooms::new(10);
    rooms.create(named("a", Some("room")), NOW).unwrap();
    let stays = Settings {
        lifetime: Lifetime::Persistent,
        ..talk()
    };
    rooms
        .create(
            NewRoom {
                id: id("b"),
                ..new_room(stays)
            },
            NOW,
        )
        .unwrap();
    rooms
        .apply(&app(), &id("a"), Command::Destroy { by: Actor::App }, NOW)
        .unwrap();
    assert_eq!(
        rooms.apply(&app(), &id("a"), Command::Tick, NOW),
        Err(Rejection::NoSuchRoom)
    );
    assert!(rooms.get(&app(), &id("a")).is_none() && rooms.next_deadline().is_none());
    rooms.create(named("a", Some("room")), NOW).unwrap();
}

#[test]
fn rooms_of_an_app_are_limited() {
    let mut rooms = Rooms::new(1);
    rooms.create(named("a", None), NOW).unwrap();
    assert_eq!(rooms.create(named("b", None), NOW), Err(Rejection::TooManyRooms));
    assert_eq!(
        Rooms::new(0).create(named("a", None), NOW),
        Err(Rejection::TooManyRooms)
    );
}

#[test]
fn ticks_reach_the_rooms_that_are_due() {
    let mut rooms = Rooms::new(10);
    let later = NOW.after(secs(5));
    rooms.create(named("a", Some("one")), NOW).unwrap();
    rooms.create(named("b", None), later).unwrap();
    rooms.create(named("c", None), NOW).unwrap();
    rooms.apply(&app(), &id("c"), join(joining("ann")), NOW).unwrap();
    let first = NOW.after(secs(120));
    assert_eq!(rooms.next_deadline(), Some(first));
    assert_eq!(rooms.tick(NOW), []);
    let ticked = rooms.tick(first);
    assert_eq!(ticked.len(), 1);
    assert!(ticked[0].room == id("a") && ticked[0].ended());
    assert_eq!(rooms.next_deadline(), Some(later.after(secs(120))));
    rooms.tick(Timestamp::from_millis(u64::MAX));
    assert_eq!(rooms.of_app(&app()).map(Room::id).collect::<Vec<_>>(), [&id("c")]);
}

#[test]
fn restored_rooms_are_indexed() {
    let mut rooms = Rooms::new(10);
    rooms.create(named("a", Some("room")), NOW).unwrap();
    let mut again = Rooms::new(10);
    for room in rooms.iter() {
        again.insert(Room::restore(room.snapshot()).unwrap()).unwrap();
    }
    assert!(again.by_name(&app(), &RoomName::parse("room").unwrap()).is_some());
    assert_eq!(again.next_deadline(), rooms.next_deadline());
    let (mut ended, _) = Room::create(named("b", None), NOW);
    ended.apply(Command::Destroy { by: Actor::App }, NOW).unwrap();
    assert_eq!(again.insert(ended), Err(Rejection::RoomEnded));
}
