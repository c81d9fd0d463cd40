//! Whether clients are who they say.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post as posted;
use lianmai_control::vendor::TokenPolicy;
use serde_json::{Value, json};

use super::client::{app, config, http, post, uid};
use crate::harness::Server;

const TICKET: &str = "/easemob/rtc/req/ticket";

fn asking(user: &str, token: &str) -> Value {
    json!({ "uid": uid(user), "token": token, "confrType": 10, "password": "" })
}

#[tokio::test]
async fn a_token_of_ours_is_of_the_account_and_the_app() {
    let server = Server::with(http(), config(app(TokenPolicy::Jwt, None)), Router::new()).await;
    let ann = server.token("ann");
    assert_eq!(post(&server, TICKET, &asking("ann", &ann)).await["error"], 0);
    let mut late = server.claims("ann");
    late.expires_at_secs = 1_000;
    for (token, code) in [
        (String::new(), -500),
        ("rubbish".to_owned(), -500),
        (server.token("bob"), -500),
        (server.app_token(), -500),
        (server.other_app_token(), -500),
        ("x".repeat(20_000), -500),
        (server.sign(&late), -500),
    ] {
        let answer = post(&server, TICKET, &asking("ann", &token)).await;
        assert_eq!(answer["error"], code, "{answer}");
    }
    // A token for one room is worth nothing in another.
    let made = post(&server, TICKET, &asking("ann", &ann)).await;
    let other = server.room_token("bob", "elsewhere", lianmai_rooms::Role::Talker);
    let body = json!({ "uid": uid("bob"), "token": other, "confrId": made["confrId"], "role": 3 });
    assert_eq!(post(&server, TICKET, &body).await["error"], -507);
    server.finish().await;
}

#[tokio::test]
async fn a_hook_decides_and_silence_is_no() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let answer = |body: axum::body::Bytes| async move {
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&body["event"], &body["vendor"]),
            (&json!("vendor_token"), &json!("emedia"))
        );
        match (body["account"].as_str().unwrap(), body["token"].as_str().unwrap()) {
            ("ann", "good") => StatusCode::NO_CONTENT,
            ("ann", "slow") => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                StatusCode::OK
            }
            ("ann", "broken") => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::FORBIDDEN,
        }
    };
    let hook = Router::new().route("/hook", posted(answer));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, hook).await.unwrap() });
    let server = Server::with(http(), config(app(TokenPolicy::Hook, Some(url))), Router::new()).await;
    for (token, code) in [("good", 0), ("bad", -500), ("slow", -510), ("broken", -510)] {
        let answer = post(&server, TICKET, &asking("ann", token)).await;
        assert_eq!(answer["error"], code, "{token}: {answer}");
    }
    assert_eq!(post(&server, TICKET, &asking("bob", "good")).await["error"], -500);
    tasks.shutdown().await;
    assert_eq!(post(&server, TICKET, &asking("ann", "good")).await["error"], -510);
    server.finish().await;
}
