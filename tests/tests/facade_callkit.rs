//! Apps written for NetEase's calling component, in headless Chromium on `callkit.js` of the SDK.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::Gateway;
use lianmai_tests::facade::{self, token};
use serde_json::{Value, json};

/// Runs a scenario of `tests/browser/facades/callkit.mjs`; what it gives. Pages complain about nothing.
async fn play(scenario: &str) -> Value {
    let gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]"]).await;
    play_on(&gateway, scenario).await
}

async fn play_on(gateway: &Gateway, scenario: &str) -> Value {
    let mut tokens = serde_json::Map::new();
    for account in ["ann", "bob", "eve"] {
        tokens.insert(account.to_owned(), token(gateway, account).await);
    }
    let room = gateway.api().await.create_room(json!({"id": "channel"})).await;
    let given = json!({"room": room.id, "url": format!("http://{}", gateway.http), "tokens": tokens});
    facade::play("callkit.mjs", scenario, &given).await
}

#[tokio::test]
async fn a_call_with_pictures_and_sound() {
    let said = play("call").await;
    let expected = json!({"invitor": "ann", "userIds": ["bob"], "isFromGroup": false, "groupId": null, "attachment": "hi", "type": 2});
    assert_eq!(said["invited"], expected, "{said}");
    // `call`, `accept` and `cancel` in a call; `hangup` after it.
    assert_eq!(said["codes"], json!([20004, 20020, 20016]), "{said}");
    assert_eq!(said["later"], 20005, "{said}");
    assert_eq!(said["info"]["members"].as_array().unwrap().len(), 2, "{said}");
    assert_eq!(said["record"]["durations"].as_array().unwrap().len(), 2, "{said}");
}

#[tokio::test]
async fn calls_that_do_not_come_about() {
    let said = play("missed").await;
    // `call` and `accept` while calling; `cancel` while called.
    assert_eq!(said["codes"], json!([20002, 20018, 20015]), "{said}");
    assert_eq!(said["disturbed"], json!([]), "{said}");
}

#[tokio::test]
async fn several_devices_of_one_account() {
    play("devices").await;
}

#[tokio::test]
async fn a_call_of_three() {
    let said = play("group").await;
    assert_eq!(said["invited"]["isFromGroup"], true, "{said}");
    assert_eq!(said["invited"]["groupId"], "team", "{said}");
    assert_eq!(said["ended"], json!([]), "nobody ends it by leaving: {said}");
}

#[tokio::test]
async fn what_lies_below_the_component() {
    let said = play("below").await;
    assert!(said["cameras"].as_u64().unwrap() > 0, "{said}");
}

#[tokio::test]
async fn a_newer_device_puts_the_older_out() {
    let gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]"]).await;
    let policy = json!({"single_device": true});
    gateway
        .api()
        .await
        .ok("PUT", "/v1/app/policy", Some(policy))
        .await;
    let said = play_on(&gateway, "single").await;
    assert_eq!(said["rang"], json!([]), "{said}");
    assert_eq!(said["late"], "102", "{said}");
}
