use std::time::Duration;

use lianmai_rooms::{Actor, Command, EndReason, LeaveReason};

use crate::service::testing::{Gateway, account};
use crate::service::*;

#[tokio::test]
async fn a_room_that_ends_leaves_a_record() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    gateway.join(&room, "bob").await;
    gateway.clock.advance(Duration::from_secs(10));
    let leave = Command::Leave {
        member: ann,
        session: None,
    };
    service.apply(app, &room, leave).await.unwrap();
    gateway.clock.advance(Duration::from_secs(5));
    service.destroy(app, &room, Actor::App).await.unwrap();
    assert_eq!(service.room(app, &room).unwrap_err().code, "no_such_room");
    let records = service
        .call_records(app, &CallRecordFilter::default())
        .await
        .unwrap();
    let [record] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!(record.room, room);
    assert_eq!(record.reason, EndReason::Destroyed(Actor::App));
    assert!(record.duration_ms >= 15_000);
    let stay = |index: usize| {
        let stay = &record.members[index];
        (stay.account.as_str(), stay.reason, stay.duration_ms)
    };
    assert_eq!(record.members.len(), 2);
    assert!(
        matches!(stay(0), ("ann", LeaveReason::Normal, 10_000..15_000)),
        "{:?}",
        stay(0)
    );
    assert!(
        matches!(stay(1), ("bob", LeaveReason::RoomEnded, 15_000..)),
        "{:?}",
        stay(1)
    );
}

#[tokio::test]
async fn an_empty_room_ends_by_itself_and_its_id_is_free_again() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let mut events = service.events(app, &room, 0).unwrap();
    gateway.clock.advance(Duration::from_secs(121));
    testing::wait_for(&mut events, |kind| {
        matches!(
            kind,
            lianmai_rooms::EventKind::RoomEnded {
                reason: EndReason::Empty
            }
        )
    })
    .await;
    assert_eq!(events.next().await, crate::events::Next::Ended);
    gateway.room("r1").await;
    let again = service.room(app, &room).unwrap();
    assert_eq!(again.sequence, 1);
    let mut events = service.events(app, &room, 0).unwrap();
    testing::wait_for(&mut events, |kind| {
        matches!(kind, lianmai_rooms::EventKind::RoomCreated { .. })
    })
    .await;
}

#[tokio::test]
async fn records_are_filtered_and_paged() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    for name in ["a", "b", "c"] {
        let room = gateway.room(name).await;
        gateway.join(&room, &format!("in-{name}")).await;
        service.destroy(app, &room, Actor::App).await.unwrap();
    }
    let list = async |filter: CallRecordFilter| {
        let records = service.call_records(app, &filter).await.unwrap();
        records
            .into_iter()
            .map(|record| (record.room.to_string(), record.position))
            .collect::<Vec<_>>()
    };
    let of = CallRecordFilter {
        limit: 2,
        ..CallRecordFilter::default()
    };
    let page = list(of.clone()).await;
    assert_eq!(
        page.iter().map(|(room, _)| room.as_str()).collect::<Vec<_>>(),
        ["c", "b"]
    );
    let after = Some(page[1].1);
    assert_eq!(list(CallRecordFilter { after, ..of.clone() }).await[0].0, "a");
    let account = Some(account("in-b"));
    let found = list(CallRecordFilter {
        account,
        ..of.clone()
    })
    .await;
    assert_eq!(
        found.iter().map(|(room, _)| room.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    let until = Some(lianmai_rooms::Timestamp::from_millis(1));
    assert!(list(CallRecordFilter { until, ..of }).await.is_empty());
}
