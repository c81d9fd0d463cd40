use lianmai_rooms::{Command, Device, EventKind, MemberId, SessionId};

use crate::events::{Next, Verdict, Viewer};
use crate::service::testing::{Gateway, account, joining, wait_for};
use crate::service::*;

async fn session(gateway: &Gateway, who: &str, device: &str) -> SessionId {
    let device = Device::parse(device).unwrap();
    gateway
        .service
        .open_session(&gateway.app, account(who), device)
        .await
        .unwrap()
        .id
}

async fn online(gateway: &Gateway, room: &lianmai_rooms::RoomId, member: &MemberId) -> bool {
    gateway.service.room(&gateway.app, room).unwrap().view.members[member].online
}

#[tokio::test]
async fn a_session_comes_and_goes_and_resumes() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app, ann) = (&gateway.service, &gateway.app, account("ann"));
    let room = gateway.room("r1").await;
    let id = session(&gateway, "ann", "web").await;
    let joined = service
        .join(app, &room, joining("ann", Some(id.clone())))
        .await
        .unwrap();
    assert!(online(&gateway, &room, &joined.member).await);
    service.session_gone(app, &ann, &id).await.unwrap();
    assert!(!online(&gateway, &room, &joined.member).await);
    gateway.join(&room, "bob").await;
    let resumed = service.resume_session(app, &ann, &id).await.unwrap();
    assert_eq!(resumed.rooms, [(room.clone(), joined.member.clone())]);
    assert!(online(&gateway, &room, &joined.member).await);
    let mut missed = service.events(app, &room, joined.room.sequence).unwrap();
    wait_for(&mut missed, |kind| matches!(kind, EventKind::MemberJoined { .. })).await;
    service.close_session(app, &ann, &id).await.unwrap();
    assert_eq!(
        service.member_of(app, &room, &ann).unwrap_err().code,
        "not_a_member"
    );
    assert_eq!(
        service.resume_session(app, &ann, &id).await.unwrap_err().code,
        "no_such_session"
    );
}

/// A session id alone is not enough: the account must be the same.
#[tokio::test]
async fn a_session_is_its_accounts() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let room = gateway.room("r1").await;
    let id = session(&gateway, "ann", "web").await;
    let stolen = service.resume_session(app, &account("eve"), &id).await;
    assert_eq!(stolen.unwrap_err().code, "no_such_session");
    let used = service.join(app, &room, joining("eve", Some(id))).await;
    assert_eq!(used.unwrap_err().code, "no_such_session");
}

/// One account on two devices is one member; a second session of one device replaces the first.
#[tokio::test]
async fn devices_share_a_member() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app, ann) = (&gateway.service, &gateway.app, account("ann"));
    let room = gateway.room("r1").await;
    let (web, phone) = (
        session(&gateway, "ann", "web").await,
        session(&gateway, "ann", "phone").await,
    );
    let first = service
        .join(app, &room, joining("ann", Some(web.clone())))
        .await
        .unwrap();
    let second = service
        .join(app, &room, joining("ann", Some(phone.clone())))
        .await
        .unwrap();
    assert_eq!(first.member, second.member);
    service.close_session(app, &ann, &phone).await.unwrap();
    assert!(online(&gateway, &room, &first.member).await);
    let newer = session(&gateway, "ann", "web").await;
    let role = lianmai_rooms::Role::Talker;
    let mut viewer = Viewer::member(first.member.clone(), role, Some(web.clone()));
    let mut events = service.events(app, &room, second.room.sequence).unwrap();
    service
        .join(app, &room, joining("ann", Some(newer)))
        .await
        .unwrap();
    let Next::Event(event) = events.next().await else {
        panic!("an event")
    };
    assert_eq!(viewer.see(&event), Verdict::Replaced);
    assert!(service.session(app, &ann, &web).unwrap().rooms.is_empty());
}

#[tokio::test]
async fn sessions_expire_when_nobody_comes_back() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app) = (&gateway.service, &gateway.app);
    let (gone, here) = (
        session(&gateway, "ann", "web").await,
        session(&gateway, "bob", "web").await,
    );
    service.session_gone(app, &account("ann"), &gone).await.unwrap();
    gateway.clock.advance(std::time::Duration::from_secs(601));
    // Housekeeping is a task of its own.
    while service.session(app, &account("ann"), &gone).is_ok() {
        tokio::task::yield_now().await;
    }
    service.touch_session(app, &account("bob"), &here).await.unwrap();
    let left = service.session(app, &account("bob"), &here).unwrap();
    assert!(left.expires_at > gateway.clock.now());
}

/// Leaving a room ends it for the session as well.
#[tokio::test]
async fn a_removed_member_is_not_resumed() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app, ann) = (&gateway.service, &gateway.app, account("ann"));
    let room = gateway.room("r1").await;
    let id = session(&gateway, "ann", "web").await;
    let joined = service
        .join(app, &room, joining("ann", Some(id.clone())))
        .await
        .unwrap();
    let kick = Command::Kick {
        by: lianmai_rooms::Actor::App,
        member: joined.member,
    };
    service.apply(app, &room, kick).await.unwrap();
    assert!(
        service
            .resume_session(app, &ann, &id)
            .await
            .unwrap()
            .rooms
            .is_empty()
    );
}

/// A session that stays connected for long is still fresh when the gateway is killed; one that expired before is not
/// taken up after the restart.
#[tokio::test]
async fn long_sessions_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let (ann, bob) = (account("ann"), account("bob"));
    let (here, gone) = (
        session(&gateway, "ann", "web").await,
        session(&gateway, "bob", "web").await,
    );
    gateway
        .service
        .session_gone(&gateway.app, &bob, &gone)
        .await
        .unwrap();
    gateway.clock.advance(std::time::Duration::from_secs(599));
    let fresh = lianmai_rooms::Timestamp::from_millis(gateway.clock.now().as_millis() + 300_000);
    while !gateway
        .store
        .sessions()
        .await
        .unwrap()
        .iter()
        .any(|stored| stored.expires_at > fresh)
    {
        tokio::task::yield_now().await;
    }
    gateway.kill().await;
    let config = testing::config();
    config.clock.advance(std::time::Duration::from_secs(1000));
    let store = crate::store::StoreConfig::file(&path);
    let gateway = Gateway::open(config, &store, AppPolicy::default()).await;
    let resume = async |who, id| gateway.service.resume_session(&gateway.app, who, id).await;
    resume(&ann, &here).await.unwrap();
    assert_eq!(resume(&bob, &gone).await.unwrap_err().code, "no_such_session");
}
