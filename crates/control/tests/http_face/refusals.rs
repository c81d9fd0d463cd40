//! Every rejection of a room that a request can cause keeps its code and gets its status.

use std::time::Duration;

use axum::Router;
use lianmai_control::http::HttpConfig;
use lianmai_control::service::{Clock, ServiceConfig};
use lianmai_rooms::Role;
use serde_json::{Value, json};

use crate::harness::Server;

#[tokio::test]
async fn making_and_finding_rooms() {
    let server = Server::start().await;
    let app = server.app_token();
    let create = |body: Value| server.call(&app, "POST", "/v1/rooms", body);
    create(json!({ "id": "r1", "name": "one" })).await.ok();
    create(json!({ "id": "r1" })).await.expect(409, "room_exists");
    let conflict = create(json!({ "name": "one" })).await;
    conflict.expect(409, "name_conflict");
    assert_eq!(conflict.json()["room"], "r1");
    server
        .call(&app, "GET", "/v1/rooms/nope", json!(null))
        .await
        .expect(404, "no_such_room");
    server
        .call(&app, "POST", "/v1/rooms/nope/members", json!({ "account": "x" }))
        .await
        .expect(404, "no_such_room");
    let too_many = create(json!({ "limits": { "audiences": 10_001 } })).await;
    too_many.expect(400, "invalid_argument");
    assert_eq!(too_many.json()["field"], "limits.audiences");
    server.finish().await;
}

#[tokio::test]
async fn an_app_has_only_so_many_rooms() {
    let mut config = ServiceConfig::default();
    config.default_limits.rooms = 1;
    let server = Server::with(HttpConfig::default(), config, Router::new()).await;
    server.room(json!({})).await;
    server
        .call(&server.app_token(), "POST", "/v1/rooms", json!({}))
        .await
        .expect(429, "too_many_rooms");
    server.finish().await;
}

#[tokio::test]
async fn entering() {
    let clock = Clock::system();
    let config = ServiceConfig {
        clock: clock.clone(),
        ..ServiceConfig::default()
    };
    let server = Server::with(HttpConfig::default(), config, Router::new()).await;
    let room = server
        .room(json!({ "password": "sesame", "kind": "live", "limits": { "talkers": 1, "audiences": 1 } }))
        .await;
    let target = format!("/v1/rooms/{room}/members");
    let (ann, bob) = (server.token("ann"), server.token("bob"));
    let join = |token: String, body: Value| {
        let (server, target) = (&server, &target);
        async move { server.call(&token, "POST", target, body).await }
    };
    join(ann.clone(), json!({}))
        .await
        .expect(403, "password_required");
    join(ann.clone(), json!({ "password": "wrong" }))
        .await
        .expect(403, "wrong_password");
    join(ann.clone(), json!({ "password": "sesame", "role": "admin" }))
        .await
        .expect(403, "not_allowed");
    join(ann.clone(), json!({ "password": "sesame", "ticket": "x" }))
        .await
        .expect(400, "invalid_argument");
    join(ann.clone(), json!({ "account": "bob" }))
        .await
        .expect(403, "not_allowed");
    join(ann.clone(), json!({ "ticket": "rubbish" }))
        .await
        .expect(403, "malformed_ticket");
    join(ann.clone(), json!({ "password": "sesame" })).await.ok();
    join(bob.clone(), json!({ "password": "sesame" }))
        .await
        .expect(429, "room_full_audiences");

    let app = server.app_token();
    let sign = |target: String, body: Value| {
        let (server, app) = (&server, &app);
        async move {
            server.call(app, "POST", &target, body).await.ok()["ticket"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    };
    let tickets = format!("/v1/rooms/{room}/tickets");
    let ticket = sign(tickets.clone(), json!({ "role": "talker", "ttl_ms": 60_000 })).await;
    join(bob.clone(), json!({ "ticket": ticket, "role": "talker" }))
        .await
        .ok();
    join(server.token("cy"), json!({ "ticket": ticket, "role": "talker" }))
        .await
        .expect(429, "room_full_talkers");
    let other_room = server.room(json!({})).await;
    let elsewhere = sign(
        format!("/v1/rooms/{other_room}/tickets"),
        json!({ "role": "talker" }),
    )
    .await;
    join(server.token("cy"), json!({ "ticket": elsewhere }))
        .await
        .expect(403, "wrong_ticket");
    let mut cut = ticket.clone();
    cut.truncate(ticket.len() - 4);
    let answer = join(server.token("cy"), json!({ "ticket": cut })).await;
    assert!(
        matches!(answer.code().as_str(), "invalid_ticket" | "malformed_ticket"),
        "{answer:?}"
    );
    clock.advance(Duration::from_secs(61));
    join(server.token("cy"), json!({ "ticket": ticket }))
        .await
        .expect(403, "expired_ticket");
    server.finish().await;
}

#[tokio::test]
async fn inside() {
    let server = Server::start().await;
    let limits = json!({ "videos": 1, "desktops": 0 });
    let room = server
        .room(json!({ "limits": limits, "permissions": { "messages": "admin" } }))
        .await;
    let ann = server.join(&room, "ann", "talker").await;
    let bob = server.join(&room, "bob", "talker").await;
    let root = server.join(&room, "root", "admin").await;
    let (ann_token, bob_token, root_token) = (server.token("ann"), server.token("bob"), server.token("root"));
    let app = server.app_token();
    let at = |rest: &str| format!("/v1/rooms/{room}{rest}");
    let expect = async |token: &str, method: &str, rest: &str, body: Value, status: u16, code: &str| {
        server
            .call(token, method, &at(rest), body)
            .await
            .expect(status, code);
    };
    let none = json!(null);
    let zoe = server.token("zoe");
    for (token, method, rest, body, status, code) in [
        (
            &zoe,
            "POST",
            "/messages",
            json!({ "payload": "x" }),
            403,
            "not_a_member",
        ),
        (&zoe, "GET", "/streams", none.clone(), 403, "not_a_member"),
        (
            &ann_token,
            "POST",
            "/messages",
            json!({ "payload": "x" }),
            403,
            "not_allowed",
        ),
        (&ann_token, "DELETE", "", none.clone(), 403, "not_allowed"),
        (
            &ann_token,
            "PATCH",
            "",
            json!({ "record": true }),
            403,
            "not_allowed",
        ),
        (
            &ann_token,
            "PATCH",
            &format!("/members/{bob}"),
            json!({ "nick": "x" }),
            403,
            "not_allowed",
        ),
        (
            &ann_token,
            "PUT",
            &format!("/members/{bob}/mute/audio"),
            none.clone(),
            403,
            "not_allowed",
        ),
        (
            &app,
            "DELETE",
            "/members/nobody",
            none.clone(),
            404,
            "no_such_member",
        ),
        (
            &app,
            "PUT",
            "/members/nobody/role",
            json!({ "role": "admin" }),
            404,
            "no_such_member",
        ),
        (&app, "POST", "/streams", json!({}), 400, "invalid_argument"),
        (
            &ann_token,
            "POST",
            "/streams",
            json!({ "kind": "mix" }),
            400,
            "invalid_argument",
        ),
        (
            &ann_token,
            "POST",
            "/streams",
            json!({ "kind": "screen" }),
            429,
            "room_full_desktops",
        ),
    ] {
        expect(token, method, rest, body, status, code).await;
    }
    let published = server
        .call(&ann_token, "POST", &at("/streams"), json!({}))
        .await
        .ok();
    let stream = published["stream"]["id"].as_str().unwrap().to_owned();
    for (token, method, rest, body, status, code) in [
        (&bob_token, "POST", "/streams", json!({}), 429, "room_full_videos"),
        (
            &bob_token,
            "DELETE",
            &format!("/streams/{stream}"),
            none.clone(),
            403,
            "not_allowed",
        ),
        (
            &ann_token,
            "DELETE",
            "/streams/nope",
            none.clone(),
            404,
            "no_such_stream",
        ),
        (
            &ann_token,
            "POST",
            "/streams/nope/pull-url",
            none.clone(),
            404,
            "no_such_stream",
        ),
        (
            &ann_token,
            "POST",
            "/streams/nope/push-url",
            none.clone(),
            404,
            "no_such_stream",
        ),
    ] {
        expect(token, method, rest, body, status, code).await;
    }

    // Muted members cannot switch themselves on.
    server
        .call(
            &root_token,
            "PUT",
            &at(&format!("/members/{ann}/mute/audio")),
            none.clone(),
        )
        .await
        .ok();
    expect(
        &ann_token,
        "PATCH",
        &format!("/streams/{stream}"),
        json!({ "aoff": false }),
        403,
        "muted",
    )
    .await;

    // Requests.
    server
        .call(&bob_token, "POST", &at("/requests"), json!({ "role": "admin" }))
        .await
        .ok();
    expect(
        &bob_token,
        "POST",
        "/requests",
        json!({ "role": "admin" }),
        409,
        "request_pending",
    )
    .await;
    let wrong = json!({ "role": "talker", "accept": true });
    expect(
        &root_token,
        "POST",
        &format!("/requests/{bob}/answer"),
        wrong,
        404,
        "no_such_request",
    )
    .await;
    server
        .call(
            &bob_token,
            "DELETE",
            &at(&format!("/requests/{bob}")),
            none.clone(),
        )
        .await
        .ok();
    expect(
        &bob_token,
        "POST",
        "/requests",
        json!({ "role": "audience" }),
        400,
        "invalid_argument",
    )
    .await;

    // Attributes.
    for n in 0..64 {
        let value = json!({ "value": "v" });
        server
            .call(&root_token, "PUT", &at(&format!("/attributes/k{n}")), value)
            .await
            .ok();
    }
    expect(
        &root_token,
        "PUT",
        "/attributes/one-more",
        json!({ "value": "v" }),
        429,
        "too_many_attributes",
    )
    .await;
    let big = json!({ "value": "x".repeat(8192) });
    for n in 0..7 {
        server
            .call(&root_token, "PUT", &at(&format!("/attributes/k{n}")), big.clone())
            .await
            .ok();
    }
    expect(
        &root_token,
        "PUT",
        "/attributes/k7",
        big,
        429,
        "attributes_too_large",
    )
    .await;
    let _ = root;
    server.finish().await;
}

#[tokio::test]
async fn rooms_without_mini_programs_give_no_rtmp_urls() {
    let server = Server::start().await;
    let room = server.room(json!({ "mini_program": false })).await;
    server.join(&room, "ann", "talker").await;
    let token = server.room_token("ann", &room, Role::Talker);
    let answer = server
        .call(&token, "POST", &format!("/v1/rooms/{room}/streams"), json!({}))
        .await;
    answer.expect(403, "mini_program_unsupported");
    server.finish().await;
}

#[tokio::test]
async fn old_events_are_gone() {
    let config = ServiceConfig {
        journal_events: 2,
        ..ServiceConfig::default()
    };
    let server = Server::with(HttpConfig::default(), config, Router::new()).await;
    let room = server.room(json!({})).await;
    for name in ["a", "b", "c"] {
        server.join(&room, name, "talker").await;
    }
    let app = server.app_token();
    let list = |after: u64| {
        let target = format!("/v1/rooms/{room}/events?after={after}");
        let (server, app) = (&server, &app);
        async move { server.call(app, "GET", &target, json!(null)).await }
    };
    list(1).await.expect(410, "events_gone");
    assert_eq!(list(2).await.ok()["events"].as_array().unwrap().len(), 2);
    let all = list(0).await.ok();
    assert_eq!(
        (all["events"][0]["sequence"].clone(), all["next_after"].clone()),
        (json!(3), json!(4))
    );
    server.finish().await;
}
