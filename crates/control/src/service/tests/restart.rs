use std::sync::Arc;

use lianmai_hub::Action;
use lianmai_rooms::{
    Actor, AttributeKey, AttributeValue, Command, Device, EventKind, RoomKind, Settings, Transport,
};

use crate::events::Next;
use crate::service::testing::{Gateway, account, joining, room, wait_for};
use crate::service::*;

/// A restart, however the gateway ended, brings rooms, members, sessions and the validity of URLs back.
#[tokio::test]
async fn a_killed_gateway_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let (service, app, ann) = (&gateway.service, &gateway.app, account("ann"));
    let request = CreateRoom {
        id: Some(room("r1")),
        settings: Settings::new(RoomKind::Communication),
        password: Some(Password::parse("open sesame").unwrap()),
        creator: Some(ann.clone()),
    };
    service.create_room(app, request).await.unwrap();
    let id = service
        .open_session(app, ann.clone(), Device::default())
        .await
        .unwrap()
        .id;
    let joined = service
        .join(app, &room("r1"), joining("ann", Some(id.clone())))
        .await
        .unwrap();
    let published = gateway.publish(&room("r1"), &joined.member).await;
    let push = published.push.unwrap().url.unwrap();
    let pull = service
        .subscribe(
            app,
            &room("r1"),
            Actor::App,
            &published.stream.id,
            Transport::Rtmp,
        )
        .await
        .unwrap()
        .rtmp
        .unwrap();
    let seen = joined.room.sequence;
    let before = service.room(app, &room("r1")).unwrap();
    let secret = service.app_secret(app).unwrap();
    gateway.kill().await;

    let gateway = Gateway::file(&path).await;
    let (service, app) = (&gateway.service, &gateway.app);
    assert_eq!(service.app_secret(app).unwrap().expose(), secret.expose());
    let mut after = service.room(app, &room("r1")).unwrap();
    assert!(after.sequence > before.sequence, "the members went offline");
    assert!(!after.view.members[&joined.member].online);
    after.view.members.get_mut(&joined.member).unwrap().online = true;
    assert_eq!(after.view, before.view);
    // The publisher is on air again on its old URL, with no call.
    let grant = gateway.authorise(Action::Publish, &push).await.unwrap();
    assert_eq!(grant.holder.as_deref(), Some(joined.member.as_str()));
    gateway.authorise(Action::Play, &pull).await.unwrap();
    // The session resumes and hears what it missed, from before and after the restart.
    let resumed = service.resume_session(app, &ann, &id).await.unwrap();
    assert_eq!(resumed.rooms, [(room("r1"), joined.member.clone())]);
    let mut missed = service.events(app, &room("r1"), seen).unwrap();
    wait_for(&mut missed, |kind| matches!(kind, EventKind::StreamAdded { .. })).await;
    wait_for(&mut missed, |kind| {
        matches!(kind, EventKind::MemberOnline { online: false, .. })
    })
    .await;
    wait_for(&mut missed, |kind| {
        matches!(kind, EventKind::MemberOnline { online: true, .. })
    })
    .await;
    // The password is still the same one.
    let wrong = JoinRequest {
        credential: JoinCredential::Password(Password::parse("barley").unwrap()),
        ..joining("bob", None)
    };
    assert_eq!(
        service.join(app, &room("r1"), wrong).await.unwrap_err().code,
        "wrong_password"
    );
}

/// Whoever was away for longer than the journal reaches is told to look at the room.
#[tokio::test]
async fn who_missed_too_much_lags() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let id = gateway.room("r1").await;
    let set = |n: u32| Command::SetAttribute {
        by: Actor::App,
        key: AttributeKey::parse("n").unwrap(),
        value: AttributeValue::parse(&n.to_string()).unwrap(),
    };
    for n in 0..600 {
        gateway.service.apply(&gateway.app, &id, set(n)).await.unwrap();
    }
    gateway.kill().await;
    let gateway = Gateway::file(&path).await;
    let stored = gateway.store.events_of(&gateway.app, &id).await.unwrap().len();
    assert!(stored <= 512 + 32, "{stored} events are stored");
    let mut events = gateway.service.events(&gateway.app, &id, 1).unwrap();
    assert_eq!(events.next().await, Next::Lagged);
    let view = gateway.service.room(&gateway.app, &id).unwrap();
    assert_eq!(
        view.view
            .attributes
            .get(&AttributeKey::parse("n").unwrap())
            .unwrap()
            .as_str(),
        "599"
    );
    events.seek(view.sequence);
    gateway.service.apply(&gateway.app, &id, set(600)).await.unwrap();
    let Next::Event(event) = events.next().await else {
        panic!("an event")
    };
    assert_eq!(event.event.sequence, view.sequence + 1);
}

/// What was answered is there after a kill, whatever else was under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_change_is_never_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let id = gateway.room("r1").await;
    let answered = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let (service, app, id) = (gateway.service.clone(), gateway.app.clone(), id.clone());
        let answered = answered.clone();
        clients.spawn(async move {
            for n in 0.. {
                let who = format!("c{client}-{n}");
                match service.join(&app, &id, joining(&who, None)).await {
                    Ok(_) => answered.lock().push(who),
                    Err(_) => return,
                }
            }
        });
    }
    while answered.lock().len() < 60 {
        tokio::task::yield_now().await;
    }
    clients.abort_all();
    gateway.kill().await;
    while clients.join_next().await.is_some() {}
    let answered = answered.lock().clone();
    let gateway = Gateway::file(&path).await;
    let view = gateway.service.room(&gateway.app, &id).unwrap().view;
    let inside: std::collections::HashSet<_> = view
        .members
        .values()
        .map(|member| member.account.to_string())
        .collect();
    let lost: Vec<_> = answered.iter().filter(|who| !inside.contains(*who)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// Shutting down writes everything; nothing is accepted afterwards.
#[tokio::test]
async fn shut_down_is_clean() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    gateway.room("r1").await;
    gateway.service.shut_down().await;
    assert!(!gateway.service.is_ready().await);
    let request = joining("ann", None);
    let late = gateway
        .service
        .join(&gateway.app, &room("r1"), request)
        .await
        .unwrap_err();
    assert_eq!(
        (late.code, late.kind),
        ("store_unavailable", ErrorKind::Unavailable)
    );
    let gateway = Gateway::file(&path).await;
    gateway.service.room(&gateway.app, &room("r1")).unwrap();
}
