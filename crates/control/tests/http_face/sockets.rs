//! The WebSocket: events, commands, resuming, devices, time-outs.

use std::time::Duration;

use axum::Router;
use futures_util::SinkExt as _;
use lianmai_control::http::{HttpConfig, Rate, WsConfig};
use lianmai_control::service::{Clock, RoomState, ServiceConfig};
use lianmai_rooms::{AppId, RoomId, RoomView};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Server, Socket};

async fn with_ws(ws: WsConfig) -> Server {
    let http = HttpConfig {
        ws,
        ..HttpConfig::default()
    };
    Server::with(http, ServiceConfig::default(), Router::new()).await
}

/// Waits until a view of the room satisfies a condition.
async fn until(server: &Server, room: &str, condition: impl Fn(&RoomView) -> bool) {
    let (app, room) = (AppId::parse("demo").unwrap(), RoomId::parse(room).unwrap());
    let wait = async {
        loop {
            let RoomState { view, sequence } = server.service.room(&app, &room).unwrap();
            if condition(&view) {
                return;
            }
            server.service.events(&app, &room, sequence).unwrap().next().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("in time");
}

/// Whether somebody of this account is inside and connected.
fn is_online(view: &RoomView, account: &str) -> bool {
    view.members
        .values()
        .any(|member| member.account.as_str() == account && member.online)
}

async fn hello(socket: &mut Socket) -> Value {
    let hello = socket.event().await;
    assert_eq!(hello["event"], "hello");
    hello
}

#[tokio::test]
async fn a_call_over_the_socket() {
    let server = Server::start().await;
    let (mut ann, mut bob) = (
        server.connect(&server.token("ann"), "&device=web").await,
        server.connect(&server.token("bob"), "").await,
    );
    let first = hello(&mut ann).await;
    assert_eq!(
        (&first["resumed"], &first["account"], &first["heartbeat_ms"]),
        (&json!(false), &json!("ann"), &json!(10_000))
    );
    hello(&mut bob).await;

    let room = ann.done(json!({ "op": "create_room", "name": "talk" })).await;
    let room = room["id"].as_str().unwrap().to_owned();
    let inside = ann
        .done(json!({ "op": "join", "room": room, "nick": "Ann" }))
        .await;
    assert_eq!(
        inside["room"]["members"][0]["role"], "admin",
        "whoever makes a room manages it"
    );
    let bob_member = bob.done(json!({ "op": "join", "room": room })).await["member"].clone();
    let joined = ann.event_named("member_joined").await;
    assert_eq!(
        (&joined["room"], &joined["member"]["id"]),
        (&json!(room), &bob_member)
    );

    let published = bob
        .done(json!({ "op": "publish_stream", "room": room, "kind": "camera" }))
        .await;
    assert!(published["push"]["url"].as_str().unwrap().starts_with("rtmp://"));
    let added = ann.event_named("stream_added").await;
    assert_eq!(added["stream"]["id"], published["stream"]["id"]);
    assert!(added["stream"].get("url").is_none());
    let pull = ann
        .done(json!({ "op": "pull_url", "room": room, "stream": added["stream"]["id"] }))
        .await;
    assert!(pull["http_flv"].as_str().unwrap().contains(".flv"));

    ann.done(json!({ "op": "send_message", "room": room, "payload": "hello", "to": bob_member }))
        .await;
    assert_eq!(bob.event_named("custom_message").await["payload"], "hello");
    bob.done(json!({ "op": "leave", "room": room })).await;
    assert_eq!(ann.event_named("member_left").await["reason"], "normal");
    assert!(ann.done(json!({ "op": "ping" })).await["server_time"].as_u64() > Some(0));
    ann.say(r#"{"op":"bye"}"#).await;
    assert_eq!(ann.close_code().await, (1000, "bye".to_owned()));
    until(&server, &room, |view| view.members.is_empty()).await;
    server.finish().await;
}

#[tokio::test]
async fn refusals_keep_their_codes() {
    let server = Server::start().await;
    let mut socket = server.connect(&server.token("ann"), "").await;
    hello(&mut socket).await;
    let code = |answer: Value| {
        assert_eq!(answer["ok"], false, "{answer}");
        assert!(answer["error"]["message"].is_string());
        answer["error"]["code"].as_str().unwrap().to_owned()
    };
    for (command, expected) in [
        (json!({ "op": "nonsense" }), "unknown_op"),
        (json!({ "op": "join" }), "invalid_argument"),
        (json!({ "op": "join", "room": "../x" }), "invalid_argument"),
        (json!({ "op": "join", "room": "nope" }), "no_such_room"),
        (
            json!({ "op": "join", "room": "nope", "color": 1 }),
            "invalid_argument",
        ),
        (json!({ "op": "watch", "room": "nope" }), "no_such_room"),
        (json!({ "op": "list_rooms" }), "not_allowed"),
        (
            json!({ "op": "mute_all", "room": "nope", "kind": "smell" }),
            "invalid_argument",
        ),
    ] {
        assert_eq!(code(socket.ask(command.clone()).await), expected, "{command}");
    }
    for nonsense in ["", "[]", "{", "{\"op\":1}", "\u{0}", &"[".repeat(60_000)] {
        socket.say(nonsense).await;
    }
    assert!(
        socket.done(json!({ "op": "ping" })).await.is_object(),
        "still there"
    );
    server.finish().await;
}

/// Whoever comes back gets what it missed; its member stayed.
#[tokio::test]
async fn missed_events_come_on_resuming() {
    let server = Server::start().await;
    let room = server.room(json!({})).await;
    let mut ann = server.connect(&server.token("ann"), "").await;
    let session = hello(&mut ann).await["session"].as_str().unwrap().to_owned();
    let joined = ann.done(json!({ "op": "join", "room": room })).await;
    let seen = joined["room"]["sequence"].as_u64().unwrap();
    drop(ann);
    until(&server, &room, |view| !is_online(view, "ann")).await;
    let bob = server.join(&room, "bob", "talker").await;

    let mut ann = server
        .connect(
            &server.token("ann"),
            &format!("&session={session}&after={room}:{seen}"),
        )
        .await;
    let back = hello(&mut ann).await;
    assert_eq!(
        (&back["resumed"], &back["session"]),
        (&json!(true), &json!(session))
    );
    assert_eq!(back["rooms"][0]["member"], joined["member"]);
    let (gone, missed, online) = (ann.event().await, ann.event().await, ann.event().await);
    assert_eq!(
        (&gone["event"], &gone["sequence"]),
        (&json!("member_online"), &json!(seen + 1))
    );
    assert_eq!(
        (&missed["event"], &missed["member"]["id"]),
        (&json!("member_joined"), &json!(bob))
    );
    assert_eq!(
        (&online["event"], &online["online"]),
        (&json!("member_online"), &json!(true))
    );

    // Without a sequence: a full view. Somebody else's session: a new one.
    drop(ann);
    let mut ann = server
        .connect(&server.token("ann"), &format!("&session={session}"))
        .await;
    hello(&mut ann).await;
    let view = ann.event_named("resync").await;
    assert_eq!(view["view"]["members"].as_array().unwrap().len(), 2);
    let mut bob = server
        .connect(&server.token("bob"), &format!("&session={session}"))
        .await;
    let other = hello(&mut bob).await;
    assert_eq!(other["resumed"], false);
    assert_ne!(other["session"], session);
    server.finish().await;
}

/// What is no longer kept is made up for by a full view.
#[tokio::test]
async fn too_old_a_sequence_gets_a_full_view() {
    let service = ServiceConfig {
        journal_events: 3,
        ..ServiceConfig::default()
    };
    let server = Server::with(HttpConfig::default(), service, Router::new()).await;
    let room = server.room(json!({})).await;
    let mut ann = server.connect(&server.token("ann"), "").await;
    let session = hello(&mut ann).await["session"].as_str().unwrap().to_owned();
    ann.done(json!({ "op": "join", "room": room })).await;
    drop(ann);
    for n in 0..5 {
        server.join(&room, &format!("guest{n}"), "talker").await;
    }
    let mut ann = server
        .connect(
            &server.token("ann"),
            &format!("&session={session}&after={room}:2"),
        )
        .await;
    hello(&mut ann).await;
    let view = ann.event().await;
    assert_eq!(
        (&view["event"], view["view"]["members"].as_array().unwrap().len()),
        (&json!("resync"), 6)
    );
    server.join(&room, "late", "talker").await;
    let next = ann.event_named("member_joined").await;
    assert_eq!(next["member"]["account"], "late");
    assert!(next["sequence"].as_u64() > view["sequence"].as_u64());
    server.finish().await;
}

#[tokio::test]
async fn two_devices_of_one_account() {
    let server = Server::start().await;
    let room = server.room(json!({})).await;
    let (mut phone, mut web) = (
        server.connect(&server.token("ann"), "&device=wechat").await,
        server.connect(&server.token("ann"), "&device=web").await,
    );
    let (first, second) = (hello(&mut phone).await, hello(&mut web).await);
    assert_ne!(first["session"], second["session"]);
    let member = phone.done(json!({ "op": "join", "room": room })).await["member"].clone();
    let again = web.done(json!({ "op": "join", "room": room })).await;
    assert_eq!((&again["member"], &again["again"]), (&member, &json!(true)));
    server.join(&room, "bob", "talker").await;
    assert_eq!(
        phone.event_named("member_joined").await["member"]["account"],
        "bob"
    );
    assert_eq!(web.event_named("member_joined").await["member"]["account"], "bob");

    // One goes: the member stays. The same device again: the older connection gives way.
    drop(phone);
    let mut newer = server.connect(&server.token("ann"), "&device=web").await;
    hello(&mut newer).await;
    newer.done(json!({ "op": "join", "room": room })).await;
    assert_eq!(web.close_code().await, (4002, "session_replaced".to_owned()));
    until(&server, &room, |view| view.members.len() == 2).await;
    server.finish().await;
}

/// A session taken up twice belongs to the newer connection, and its member stays online.
#[tokio::test]
async fn the_newer_connection_of_a_session_wins() {
    let server = Server::start().await;
    let room = server.room(json!({})).await;
    let mut older = server.connect(&server.token("ann"), "").await;
    let session = hello(&mut older).await["session"].as_str().unwrap().to_owned();
    older.done(json!({ "op": "join", "room": room })).await;
    let mut newer = server
        .connect(&server.token("ann"), &format!("&session={session}"))
        .await;
    assert_eq!(hello(&mut newer).await["resumed"], true);
    assert_eq!(older.close_code().await, (4002, "session_resumed".to_owned()));
    drop(older);
    newer.done(json!({ "op": "ping" })).await;
    until(&server, &room, |view| is_online(view, "ann")).await;
    server.finish().await;
}

/// Nothing heard for too long: the connection is gone, the member offline.
#[tokio::test]
async fn a_silent_client_is_gone() {
    let ws = WsConfig {
        heartbeat: Duration::from_millis(50),
        gone_after: Duration::from_millis(200),
        ..WsConfig::default()
    };
    let server = with_ws(ws).await;
    let room = server.room(json!({})).await;
    let mut silent = server.connect(&server.token("ann"), "").await;
    silent.done(json!({ "op": "join", "room": room })).await;
    // A client that does not read answers no pings.
    until(&server, &room, |view| !is_online(view, "ann")).await;
    assert_eq!(silent.close_code().await.0, 4004);

    let mut lively = server.connect(&server.token("bob"), "").await;
    lively.done(json!({ "op": "join", "room": room })).await;
    let stays = tokio::time::timeout(Duration::from_millis(600), lively.event_named("room_ended")).await;
    assert!(stays.is_err(), "reading answers the pings");
    server.finish().await;
}

/// A client that does not read is closed, and costs nobody anything; it can come back.
#[tokio::test]
async fn a_slow_client_is_closed_and_may_resume() {
    let ws = WsConfig {
        send_timeout: Duration::from_millis(300),
        ..WsConfig::default()
    };
    let http = HttpConfig {
        ws,
        ..HttpConfig::default()
    };
    let service = ServiceConfig {
        journal_events: 4,
        journal_bytes: 1 << 20,
        ..ServiceConfig::default()
    };
    let server = Server::with(http, service, Router::new()).await;
    let room = server.room(json!({})).await;
    let mut slow = server.connect(&server.token("ann"), "").await;
    let session = hello(&mut slow).await["session"].as_str().unwrap().to_owned();
    slow.done(json!({ "op": "join", "room": room })).await;
    let id = lianmai_rooms::RoomId::parse(&room).unwrap();
    let app = lianmai_rooms::AppId::parse("demo").unwrap();
    let payload = lianmai_rooms::Payload::parse(&"x".repeat(60_000)).unwrap();
    let offline = |server: &Server| {
        let view = server.service.room(&app, &id).unwrap().view;
        !view.members.values().next().unwrap().online
    };
    let flood = async {
        while !offline(&server) {
            let message = lianmai_rooms::Command::CustomMessage {
                by: lianmai_rooms::Actor::App,
                to: lianmai_rooms::Recipient::Everyone,
                payload: payload.clone(),
            };
            server.service.apply(&app, &id, message).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), flood)
        .await
        .expect("the gateway gives up on it");
    let (code, _) = slow.close_code().await;
    assert!(matches!(code, 4008 | 0), "{code}");
    drop(slow);
    let mut back = server
        .connect(
            &server.token("ann"),
            &format!("&session={session}&after={room}:3"),
        )
        .await;
    assert_eq!(hello(&mut back).await["resumed"], true);
    assert_eq!(back.event().await["event"], "resync");
    server.finish().await;
}

#[tokio::test]
async fn tokens_of_sockets() {
    let clock = Clock::system();
    let service = ServiceConfig {
        clock: clock.clone(),
        ..ServiceConfig::default()
    };
    let server = Server::with(HttpConfig::default(), service, Router::new()).await;
    // Nothing shown, or a bad header: no handshake. A bad token in the query: closed with a code browsers can read.
    server
        .send("GET", "/v1/ws", &[], b"")
        .await
        .expect(401, "missing_token");
    server
        .send("GET", "/v1/ws", &[("authorization", "Bearer x")], b"")
        .await
        .expect(401, "malformed_token");
    let auth = format!("Bearer {}", server.token("ann"));
    server
        .send("GET", "/v1/ws", &[("authorization", &auth)], b"")
        .await
        .expect(426, "upgrade_required");
    let mut refused = server.connect("rubbish", "").await;
    assert_eq!(refused.close_code().await, (4001, "malformed_token".to_owned()));
    // A token that runs out ends the connection.
    let mut socket = server.connect(&server.token("ann"), "").await;
    hello(&mut socket).await;
    clock.advance(Duration::from_secs(700));
    assert_eq!(socket.close_code().await, (4001, "expired_token".to_owned()));
    server.finish().await;
}

#[tokio::test]
async fn sockets_are_bounded() {
    let ws = WsConfig {
        max_connections: 2,
        max_per_app: 1,
        commands: Rate::new(1, 2),
        ..WsConfig::default()
    };
    let server = with_ws(ws).await;
    let mut first = server.connect(&server.token("ann"), "").await;
    hello(&mut first).await;
    let url = format!(
        "ws://{}/v1/ws?access_token={}",
        server.address,
        server.token("bob")
    );
    match tokio_tungstenite::connect_async(url).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
            assert_eq!(answer.status(), 429);
            let problem: Value = serde_json::from_slice(answer.body().as_deref().unwrap()).unwrap();
            assert_eq!(problem["code"], "too_many_connections");
        }
        other => panic!("{other:?}"),
    }
    first.done(json!({ "op": "ping" })).await;
    first.done(json!({ "op": "ping" })).await;
    assert_eq!(
        first.ask(json!({ "op": "ping" })).await["error"]["code"],
        "rate_limited"
    );
    // A message that is too large ends the connection.
    let _ = first.inner.send(Message::text("x".repeat(70_000))).await;
    assert_ne!(first.close_code().await.0, 1000);
    server.finish().await;
}

#[tokio::test]
async fn binary_messages_are_refused() {
    let server = Server::start().await;
    let mut socket = server.connect(&server.token("ann"), "").await;
    hello(&mut socket).await;
    socket.inner.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.close_code().await, (1003, "text_only".to_owned()));
    server.finish().await;
}

/// A gateway that stops says so, and the server ends.
#[tokio::test]
async fn draining_closes_sockets_with_1012() {
    let server = Server::start().await;
    let mut socket = server.connect(&server.token("ann"), "").await;
    hello(&mut socket).await;
    server.stop.cancel();
    assert_eq!(socket.close_code().await, (1012, "restart".to_owned()));
    drop(socket);
    server.finish().await;
}

/// The app's own server watches rooms that it is not inside.
#[tokio::test]
async fn the_app_watches() {
    let server = Server::start().await;
    let room = server.room(json!({})).await;
    let mut app = server.connect(&server.app_token(), "").await;
    hello(&mut app).await;
    let view = app.done(json!({ "op": "watch", "room": room, "after": 0 })).await;
    assert_eq!(view["id"], room.as_str());
    assert_eq!(app.event().await["event"], "room_created");
    server.join(&room, "ann", "talker").await;
    assert_eq!(app.event().await["event"], "member_joined");
    app.done(json!({ "op": "destroy_room", "room": room })).await;
    assert_eq!(app.event_named("room_ended").await["reason"]["type"], "destroyed");
    server.finish().await;
}

/// Accounts reach each other outside rooms: all devices get it, nobody else, and nothing is kept.
#[tokio::test]
async fn accounts_reach_each_other() {
    let server = Server::start().await;
    let (ann, bob) = (server.token("ann"), server.token("bob"));
    let mut ann = server.connect(&ann, "").await;
    let (mut desk, mut phone) = (
        server.connect(&bob, "&device=desk").await,
        server.connect(&bob, "&device=phone").await,
    );
    for socket in [&mut ann, &mut desk, &mut phone] {
        hello(socket).await;
    }
    let sent = ann
        .done(json!({ "op": "message_account", "to": "bob", "data": {"text": "hi"} }))
        .await;
    assert_eq!(sent, json!({ "delivered": true }));
    for device in [&mut desk, &mut phone] {
        let heard = device.event_named("account_message").await;
        assert_eq!(
            (&heard["from"], &heard["data"]),
            (&json!("ann"), &json!({"text": "hi"}))
        );
    }
    let nobody = ann
        .done(json!({ "op": "message_account", "to": "eve", "data": 1 }))
        .await;
    assert_eq!(nobody, json!({ "delivered": false }));
    let online = ann
        .done(json!({ "op": "presence", "accounts": ["ann", "bob", "eve"] }))
        .await;
    assert_eq!(online, json!({ "online": ["ann", "bob"] }));
    let large = json!({ "op": "message_account", "to": "bob", "data": "x".repeat(4_096) });
    assert_eq!(ann.ask(large).await["error"]["code"], "call_data_too_large");
    let many = vec!["bob"; 201];
    let asked = ann.ask(json!({ "op": "presence", "accounts": many })).await;
    assert_eq!(asked["error"]["field"], "accounts");
    let unnamed = ann
        .ask(json!({ "op": "message_account", "to": "", "data": 1 }))
        .await;
    assert_eq!(unnamed["error"]["status"], 400);
}
