//! Group commit.

use lianmai_rooms::{AppId, MemberId, Role, RoomId, Secret, Timestamp};

use super::{Op, Store, StoreConfig, StoredApp};
use crate::service::AppPolicy;

fn app(id: &str) -> Op {
    Op::SaveApp(StoredApp {
        id: AppId::parse(id).unwrap(),
        secret: Secret::new(b"k2jx7q5ab4mfw6zt3vnpr9cydhe8gsu1").unwrap(),
        created_at: Timestamp::from_millis(1),
        policy: AppPolicy::default(),
    })
}

/// An event of an app that does not exist breaks a foreign key.
fn impossible() -> Op {
    Op::SaveEvent {
        app: AppId::parse("nobody").unwrap(),
        room: RoomId::parse("r").unwrap(),
        sequence: 1,
        body: String::new(),
    }
}

#[tokio::test]
async fn a_write_that_cannot_succeed_costs_the_others_nothing() {
    let store = Store::open(&StoreConfig::memory()).await.unwrap();
    let order = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
    let mut pending = Vec::new();
    for (index, ops) in [vec![app("a")], vec![app("x"), impossible()], vec![app("b")]]
        .into_iter()
        .enumerate()
    {
        let order = order.clone();
        let place = store.reserve().await.unwrap();
        pending.push(place.send(ops, Some(Box::new(move || order.lock().push(index)))));
    }
    let mut results = Vec::new();
    for pending in pending {
        results.push(pending.durable().await.is_ok());
    }
    assert_eq!(results, [true, false, true]);
    assert_eq!(*order.lock(), [0, 1, 2]);
    let stored: Vec<String> = store
        .apps()
        .await
        .unwrap()
        .iter()
        .map(|app| app.id.to_string())
        .collect();
    assert_eq!(stored, ["a", "b"], "a write is all or nothing");
}

#[tokio::test]
async fn what_is_queued_is_written_before_closing() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig::file(dir.path().join("lianmai.db"));
    let store = Store::open(&config).await.unwrap();
    let mut pending = Vec::new();
    for n in 0..300 {
        let place = store.reserve().await.unwrap();
        pending.push(place.send(vec![app(&format!("app{n}"))], None));
    }
    store.close().await;
    for pending in pending {
        pending.durable().await.unwrap();
    }
    assert!(store.reserve().await.is_err());
    let store = Store::open(&config).await.unwrap();
    assert_eq!(store.apps().await.unwrap().len(), 300);
}

/// Changing a stay that is not there is no error: the room decides, the rows follow.
#[tokio::test]
async fn rows_follow() {
    let store = Store::open(&StoreConfig::memory()).await.unwrap();
    let op = Op::StayRole {
        app: AppId::parse("a").unwrap(),
        room: RoomId::parse("r").unwrap(),
        member: MemberId::parse("m").unwrap(),
        role: Role::Admin,
    };
    store.write(vec![op]).await.unwrap();
}
