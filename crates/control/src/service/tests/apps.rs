use lianmai_rooms::{AppId, RoomKind, Settings};

use crate::service::testing::{Gateway, joining, room};
use crate::service::*;

/// R-K1, R-K3: secrets are random, shown once, and in no view.
#[tokio::test]
async fn secrets_are_generated_and_shown_once() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let service = &gateway.service;
    let first = service.create_app(None, AppPolicy::default()).await.unwrap();
    let second = service.create_app(None, AppPolicy::default()).await.unwrap();
    assert_ne!(first.secret, second.secret);
    assert_ne!(first.secret, first.webhook_secret);
    let views = serde_json::to_string(&service.apps()).unwrap();
    let debug = format!("{first:?} {:?}", service.app_secret(&first.app.id));
    for hidden in [&first.secret, &first.webhook_secret] {
        assert!(!views.contains(hidden.as_str()) && !debug.contains(hidden.as_str()));
    }
    let stored = service.app_secret(&first.app.id).unwrap();
    assert_eq!(stored.expose(), first.secret.as_bytes());
}

/// R-K1: what is read can be written back, and the secret stays what it was.
#[tokio::test]
async fn read_modify_write_keeps_the_secret() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let before = gateway.service.app_secret(&gateway.app).unwrap();
    let mut policy = gateway.service.app(&gateway.app).unwrap().policy;
    policy.webhooks.push("https://example.com/hook".to_owned());
    let written = gateway
        .service
        .update_app_policy(&gateway.app, policy.clone())
        .await
        .unwrap();
    assert_eq!(written.policy, policy);
    let after = gateway.service.app_secret(&gateway.app).unwrap();
    assert_eq!(before.expose(), after.expose());
}

#[tokio::test]
async fn an_app_id_is_taken_once() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let id = Some(gateway.app.clone());
    let again = gateway.service.create_app(id, AppPolicy::default()).await;
    assert_eq!(again.unwrap_err().code, "app_exists");
    let ensured = gateway
        .service
        .ensure_app(gateway.app.clone(), AppPolicy::default())
        .await;
    assert!(ensured.unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_app_takes_its_rooms_along() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let id = gateway.room("r1").await;
    gateway.service.delete_app(&gateway.app).await.unwrap();
    assert_eq!(gateway.service.app(&gateway.app).unwrap_err().code, "unknown_app");
    assert_eq!(
        gateway.service.room(&gateway.app, &id).unwrap_err().code,
        "no_such_room"
    );
    let unknown = AppId::parse("nobody").unwrap();
    assert_eq!(
        gateway.service.delete_app(&unknown).await.unwrap_err().code,
        "unknown_app"
    );
    gateway
        .service
        .ensure_app(gateway.app.clone(), AppPolicy::default())
        .await
        .unwrap();
    gateway.room("r1").await;
}

#[tokio::test]
async fn rooms_open_by_password_or_ticket_only() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let (service, app, id) = (&gateway.service, &gateway.app, room("locked"));
    let request = CreateRoom {
        id: Some(id.clone()),
        settings: Settings::new(RoomKind::Communication),
        password: Some(Password::parse("open sesame").unwrap()),
        creator: None,
    };
    let made = service.create_room(app, request).await.unwrap();
    assert!(made.view.settings.has_password);
    assert!(!serde_json::to_string(&made.view).unwrap().contains("argon2"));
    let with = |credential| JoinRequest {
        credential,
        ..joining("ann", None)
    };
    let password = |text| JoinCredential::Password(Password::parse(text).unwrap());
    let code = async |credential| {
        service
            .join(app, &id, with(credential))
            .await
            .map_err(|error| error.code)
    };
    assert_eq!(code(JoinCredential::None).await.unwrap_err(), "password_required");
    assert_eq!(code(password("open barley")).await.unwrap_err(), "wrong_password");
    assert_eq!(
        code(JoinCredential::Ticket("t1.x.y".into())).await.unwrap_err(),
        "malformed_ticket"
    );
    let ticket = TicketRequest {
        account: None,
        role: lianmai_rooms::Role::Talker,
        ttl: None,
    };
    let ticket = service.issue_ticket(app, &id, ticket).unwrap().ticket;
    let joined = code(JoinCredential::Ticket(ticket)).await.unwrap();
    assert!(!joined.again);
    assert!(code(password("open sesame")).await.unwrap().again);
    service
        .set_room_password(app, &id, lianmai_rooms::Actor::App, None)
        .await
        .unwrap();
    assert!(!service.room(app, &id).unwrap().view.settings.has_password);
}
