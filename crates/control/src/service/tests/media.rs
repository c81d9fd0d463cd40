use std::time::Duration;

use lianmai_hub::{Action, Protocol, PublishOptions, ReadOptions, StopReason};
use lianmai_rooms::{Actor, Command, EventKind, LeaveReason, Role, Transport};

use crate::service::testing::{Gateway, wait_for};
use crate::service::*;

fn options(grant: &lianmai_hub::Grant) -> PublishOptions {
    PublishOptions::new(Protocol::Rtmp, grant.epoch, grant.holder.clone())
}

/// A member whose session is gone and whose media stopped leaves as "timeout" — not before its media stopped.
#[tokio::test]
async fn a_silent_member_times_out() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let mut events = gateway.service.events(&gateway.app, &room, 0).unwrap();
    let push = gateway.publish(&room, &ann).await.push.unwrap().url.unwrap();
    let grant = gateway.authorise(Action::Publish, &push).await.unwrap();
    let publication = gateway.hub.publish(grant.key.clone(), options(&grant)).unwrap();
    wait_for(&mut events, |kind| matches!(kind, EventKind::MediaStarted { .. })).await;
    gateway.clock.advance(Duration::from_secs(3600));
    gateway.clock.advance(Duration::from_secs(3600));
    assert_eq!(
        gateway
            .service
            .member_of(&gateway.app, &room, &"ann".parse().unwrap())
            .unwrap(),
        ann
    );
    drop(publication);
    wait_for(&mut events, |kind| matches!(kind, EventKind::MediaStopped { .. })).await;
    gateway.clock.advance(Duration::from_secs(61));
    let left = wait_for(&mut events, |kind| matches!(kind, EventKind::MemberLeft { .. })).await;
    assert!(matches!(
        left.event.kind,
        EventKind::MemberLeft {
            reason: LeaveReason::Timeout,
            ..
        }
    ));
}

/// Rights that end take their connections with them: kicked, degraded, unpublished.
#[tokio::test]
async fn connections_end_with_the_right() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let by = Actor::App;
    for case in ["kick", "degrade", "unpublish"] {
        let ann = gateway.join(&room, "ann").await;
        let published = gateway.publish(&room, &ann).await;
        let grant = gateway
            .authorise(Action::Publish, &published.push.unwrap().url.unwrap())
            .await
            .unwrap();
        let publication = gateway.hub.publish(grant.key.clone(), options(&grant)).unwrap();
        let (by, member, stream) = (by.clone(), ann.clone(), published.stream.id);
        let command = match case {
            "kick" => Command::Kick { by, member },
            "degrade" => Command::DegradeRole {
                by,
                member,
                role: Role::Audience,
            },
            _ => Command::Unpublish { by, stream },
        };
        service.apply(app, &room, command).await.unwrap();
        let stopped = tokio::time::timeout(Duration::from_secs(5), publication.stopped()).await;
        assert_eq!(stopped.expect(case), StopReason::Revoked);
        // Leaves the next case a fresh member.
        let leave = Command::Leave {
            member: ann,
            session: None,
        };
        let _ = service.apply(app, &room, leave).await;
    }
}

/// The readers of whoever is removed end, too.
#[tokio::test]
async fn a_kicked_viewer_sees_no_more() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
    let published = gateway.publish(&room, &ann).await;
    let by = Actor::Member(bob.clone());
    let pull = service
        .subscribe(app, &room, by, &published.stream.id, Transport::Rtmp)
        .await
        .unwrap();
    let grant = gateway
        .authorise(Action::Play, pull.rtmp.as_deref().unwrap())
        .await
        .unwrap();
    let options = ReadOptions {
        holder: grant.holder.clone(),
        ..ReadOptions::default()
    };
    let reader = gateway.hub.subscribe(grant.key.clone(), options).unwrap();
    let kick = Command::Kick {
        by: Actor::App,
        member: bob,
    };
    service.apply(app, &room, kick).await.unwrap();
    let status = &service.stream_stats(app, &room).unwrap()[0];
    assert_eq!(status.id, published.stream.id);
    drop(reader);
    assert_eq!(
        gateway
            .authorise(Action::Play, pull.rtmp.as_deref().unwrap())
            .await
            .unwrap_err()
            .code,
        "holder_left"
    );
}

/// A stream that was removed between the grant and the first frame is taken off the air.
#[tokio::test]
async fn media_without_a_right_is_ended() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let published = gateway.publish(&room, &ann).await;
    let grant = gateway
        .authorise(Action::Publish, &published.push.unwrap().url.unwrap())
        .await
        .unwrap();
    let unpublish = Command::Unpublish {
        by: Actor::App,
        stream: published.stream.id,
    };
    gateway
        .service
        .apply(&gateway.app, &room, unpublish)
        .await
        .unwrap();
    let publication = gateway.hub.publish(grant.key.clone(), options(&grant)).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), publication.stopped()).await;
    assert_eq!(stopped.unwrap(), StopReason::Revoked);
}

/// R-X1: a takeover is one more start, with a higher number, and no stop.
#[tokio::test]
async fn a_takeover_starts_again() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let push = gateway.publish(&room, &ann).await.push.unwrap().url.unwrap();
    let mut events = gateway.service.events(&gateway.app, &room, 0).unwrap();
    let grant = gateway.authorise(Action::Publish, &push).await.unwrap();
    let media = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::MediaStarted { .. } | EventKind::MediaStopped { .. }
        )
    };
    let mut epochs = Vec::new();
    let mut publications = Vec::new();
    for _ in 0..3 {
        publications.push(gateway.hub.publish(grant.key.clone(), options(&grant)).unwrap());
        match &wait_for(&mut events, media).await.event.kind {
            EventKind::MediaStarted { epoch, .. } => epochs.push(*epoch),
            other => panic!("{other:?}"),
        }
    }
    assert!(epochs.is_sorted_by(|a, b| a < b));
    drop(publications);
    let last = wait_for(&mut events, media).await;
    assert!(matches!(last.event.kind, EventKind::MediaStopped { epoch, .. } if epoch == epochs[2]));
}
