//! The netcall gateway where time matters: how long checksums, tokens and look-ups are good for.

use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use lianmai_control::http::HttpConfig;
use lianmai_control::service::ServiceConfig;
use lianmai_control::vendor::{TokenPolicy, VendorApp, VendorConfig};
use lianmai_rooms::AppId;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::Server;

async fn server() -> Server {
    let app = VendorApp {
        key: "nk".to_owned(),
        app: AppId::parse("demo").unwrap(),
        tokens: TokenPolicy::Jwt,
        hook: None,
        domain: "example.com".to_owned(),
    };
    let config = ServiceConfig {
        vendor: VendorConfig {
            apps: vec![app],
            ..VendorConfig::default()
        },
        ..ServiceConfig::default()
    };
    Server::with(HttpConfig::default(), config, Router::new()).await
}

async fn post(server: &Server, path: &str, form: &str) -> Value {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = server.send("POST", path, &headers, form.as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn checksum(server: &Server, key: &str) -> String {
    let answer = post(server, "/demo/getChecksum.action", &format!("uid=7&appkey={key}")).await;
    answer["checksum"].as_str().unwrap().to_owned()
}

async fn channel(server: &Server, key: &str, checksum: &str) -> Value {
    let form = format!("uid=7&appkey={key}&channelName=x&mode=2&checksum={checksum}");
    post(server, "/nrtc/getChannelInfos.action", &form).await
}

/// The code that a login on a connection of its own is answered with.
async fn log_in(server: &Server, found: &Value) -> Value {
    let url = format!("ws://{}/", server.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let body = json!({"accid": "ann", "uid": 7, "cid": found["cid"], "token": found["token"]});
    let login = json!({"cmd": 0, "body": body, "seq": 1}).to_string();
    socket.send(Message::text(login)).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
    answer["body"]["code"].clone()
}

#[tokio::test]
async fn a_checksum_is_good_for_minutes() {
    let server = server().await;
    let key = format!("nk:{}", server.token("ann"));
    let sum = checksum(&server, &key).await;
    server.service.clock().advance(Duration::from_secs(290));
    assert_eq!(channel(&server, &key, &sum).await["code"], 200);
    server.service.clock().advance(Duration::from_secs(11));
    let late = channel(&server, &key, &sum).await;
    assert_eq!(late, json!({"code": 414, "errmsg": "checksum"}));
    server.finish().await;
}

/// What proves an account counts when it is shown: a call goes on, and is come back to, after it has expired.
#[tokio::test]
async fn a_login_is_repeated_for_a_day() {
    let server = server().await;
    let key = format!("nk:{}", server.token("ann"));
    let found = channel(&server, &key, &checksum(&server, &key).await).await;
    assert_eq!(log_in(&server, &found).await, 200);
    let clock = server.service.clock();
    // Longer than the token of the account, and than a member without connection stays: a native one keeps the room.
    let bob = server.token("bob");
    let mut native = server.connect(&bob, "").await;
    native.done(json!({"op": "join", "room": "x"})).await;
    clock.advance(Duration::from_secs(595));
    assert_eq!(
        channel(&server, &key, &checksum(&server, &key).await).await["code"],
        200
    );
    clock.advance(Duration::from_secs(20));
    let refused = channel(&server, &key, &checksum(&server, &key).await).await;
    assert_eq!(refused, json!({"code": 403, "errmsg": "invalid_token"}));
    assert_eq!(log_in(&server, &found).await, 200);
    clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(log_in(&server, &found).await, 403);
    server.finish().await;
}

/// A look-up of a channel that is not there lets make it, for a minute.
#[tokio::test]
async fn an_old_look_up_makes_no_channel() {
    let server = server().await;
    let key = format!("nk:{}", server.token("ann"));
    let found = channel(&server, &key, &checksum(&server, &key).await).await;
    server.service.clock().advance(Duration::from_secs(62));
    assert_eq!(log_in(&server, &found).await, 417);
    let app = AppId::parse("demo").unwrap();
    assert!(server.service.rooms(&app, None, 10).unwrap().is_empty());
    server.finish().await;
}
