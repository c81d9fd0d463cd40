use lianmai_hub::Action;
use lianmai_rooms::{AppId, Device, Transport};

use crate::service::testing::{Gateway, account, joining, publishing};
use crate::service::*;

fn policy() -> AppPolicy {
    AppPolicy {
        limits: Some(AppLimits {
            rooms: 1,
            members_per_room: 2,
            streams: 1,
            pushes: 1,
            sessions: 2,
            publishers: 1,
            players: 1,
            calls: 1,
            call_members: 2,
            call_invites: 1,
            max_bitrate: Some(1000),
        }),
        ..AppPolicy::default()
    }
}

/// One app at its limits is told so by a code; another is not touched.
#[tokio::test]
async fn an_app_cannot_take_more_than_its_share() {
    let gateway = Gateway::memory(policy()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let create = |app| {
        let settings = lianmai_rooms::Settings::new(lianmai_rooms::RoomKind::Live);
        let request = CreateRoom {
            id: None,
            settings,
            password: None,
            creator: None,
        };
        service.create_room(app, request)
    };
    assert_eq!(create(app).await.unwrap_err().code, "too_many_rooms");
    let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
    let eve = service.join(app, &room, joining("eve", None)).await;
    assert_eq!(eve.unwrap_err().code, "app_limit_members");
    assert!(
        service
            .join(app, &room, joining("ann", None))
            .await
            .unwrap()
            .again
    );
    let published = gateway.publish(&room, &ann).await;
    gateway.publish(&room, &ann).await;
    let second = service.publish(app, &room, publishing(&bob)).await.unwrap_err();
    assert_eq!(
        (second.code, second.kind),
        ("app_limit_streams", ErrorKind::Limit)
    );
    for device in ["a", "b"] {
        let device = Device::parse(device).unwrap();
        service.open_session(app, account("ann"), device).await.unwrap();
    }
    let third = service.open_session(app, account("bob"), Device::default()).await;
    assert_eq!(third.unwrap_err().code, "app_limit_sessions");

    let push = published.push.unwrap().url.unwrap();
    assert_eq!(
        gateway
            .authorise(Action::Publish, &push)
            .await
            .unwrap()
            .max_bitrate,
        Some(1000)
    );
    assert_eq!(
        gateway.authorise(Action::Publish, &push).await.unwrap_err().code,
        "app_limit_publishers"
    );
    let by = lianmai_rooms::Actor::Member(bob);
    let pull = service
        .subscribe(app, &room, by, &published.stream.id, Transport::Rtmp)
        .await
        .unwrap()
        .rtmp
        .unwrap();
    gateway.authorise(Action::Play, &pull).await.unwrap();
    assert_eq!(
        gateway.authorise(Action::Play, &pull).await.unwrap_err().code,
        "app_limit_players"
    );

    let other = AppId::parse("other").unwrap();
    service
        .create_app(Some(other.clone()), AppPolicy::default())
        .await
        .unwrap();
    create(&other).await.unwrap();
    create(&other).await.unwrap();
}

/// An account that opens sessions again and again loses its stalest, and takes none from others.
#[tokio::test]
async fn an_account_has_few_sessions() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(
            service
                .open_session(app, account("ann"), Device::default())
                .await
                .unwrap()
                .id,
        );
    }
    let full = service.open_session(app, account("ann"), Device::default()).await;
    assert_eq!(full.unwrap_err().code, "account_limit_sessions");
    service.session_gone(app, &account("ann"), &ids[3]).await.unwrap();
    service
        .open_session(app, account("ann"), Device::default())
        .await
        .unwrap();
    let gone = service.resume_session(app, &account("ann"), &ids[3]).await;
    assert_eq!(gone.unwrap_err().code, "no_such_session");
}
