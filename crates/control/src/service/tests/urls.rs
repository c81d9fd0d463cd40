use lianmai_rooms::{Actor, Transport};

use crate::service::testing::Gateway;
use crate::service::*;
use crate::store::StoreConfig;

/// Mini programs take only these characters after the host, and no port.
#[tokio::test]
async fn urls_are_what_mini_programs_take() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let published = gateway.publish(&room, &ann).await;
    let push = published.push.unwrap();
    let by = Actor::Member(ann);
    let pull = gateway
        .service
        .subscribe(&gateway.app, &room, by, &published.stream.id, Transport::Rtmp)
        .await
        .unwrap();
    let stream = &published.stream.id;
    assert!(!format!("{push:?}{pull:?}").contains("t="), "no secret in a log");
    assert_eq!(
        (&push.whip, &pull.whep),
        (&None, &None),
        "there is no WebRTC here"
    );
    let (push, rtmp) = (push.url.unwrap(), pull.rtmp.unwrap());
    let (http_flv, ws_flv) = (pull.http_flv.unwrap(), pull.ws_flv.unwrap());
    assert!(push.starts_with(&format!("rtmp://live.example.com/acme/{stream}?t=")));
    assert!(rtmp.starts_with(&format!("rtmp://live.example.com/acme/{stream}?t=")));
    let flv = format!("://live.example.com/live/{stream}.flv?app=acme&t=");
    assert!(http_flv.starts_with(&format!("https{flv}")));
    assert!(ws_flv.starts_with(&format!("wss{flv}")));
    for url in [&push, &rtmp, &http_flv, &ws_flv] {
        let (_, rest) = url.split_once("live.example.com").unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-=&?/".contains(c);
        assert!(rest.chars().all(plain), "{rest}");
    }
}

#[tokio::test]
async fn another_port_is_named() {
    let config = ServiceConfig {
        rtmp_port: 1936,
        http_base: "http://localhost:8080/".to_owned(),
        ..testing::config()
    };
    let gateway = Gateway::open(config, &StoreConfig::memory(), AppPolicy::default()).await;
    let room = gateway.room("r1").await;
    let ann = gateway.join(&room, "ann").await;
    let published = gateway.publish(&room, &ann).await;
    assert!(
        published
            .push
            .unwrap()
            .url
            .unwrap()
            .starts_with("rtmp://live.example.com:1936/acme/")
    );
    let pull = gateway
        .service
        .subscribe(
            &gateway.app,
            &room,
            Actor::App,
            &published.stream.id,
            Transport::Rtmp,
        )
        .await
        .unwrap();
    assert!(pull.ws_flv.unwrap().starts_with("ws://localhost:8080/live/"));
}

/// R-W1: a new push URL is given to the owner and the app, to no other admin; the old one holds for the overlap.
#[tokio::test]
async fn reissued_urls_go_to_the_owner() {
    use lianmai_hub::Action;
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
    let grant = lianmai_rooms::Command::GrantRole {
        by: Actor::App,
        member: bob.clone(),
        role: lianmai_rooms::Role::Admin,
    };
    service.apply(app, &room, grant).await.unwrap();
    let published = gateway.publish(&room, &ann).await;
    let first = published.push.unwrap();
    let stream = &published.stream.id;
    let by_admin = service
        .reissue_url(app, &room, Actor::Member(bob), stream)
        .await
        .unwrap();
    assert!(by_admin.push.is_none());
    let by_owner = service
        .reissue_url(app, &room, Actor::Member(ann), stream)
        .await
        .unwrap();
    assert_eq!(by_owner.version, 3);
    let newest = by_owner.push.unwrap();
    gateway
        .authorise(Action::Publish, first.url.as_deref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        gateway
            .authorise(Action::Publish, newest.url.as_deref().unwrap())
            .await
            .unwrap()
            .epoch,
        3
    );
    gateway.clock.advance(std::time::Duration::from_secs(31));
    assert_eq!(
        gateway
            .authorise(Action::Publish, first.url.as_deref().unwrap())
            .await
            .unwrap_err()
            .code,
        "epoch_retired"
    );
}
