//! Secrets go in and never come out; masks never go in (R-K1).

use serde_json::json;

use crate::harness::Server;

/// Reading a room and writing it back changes no password.
#[tokio::test]
async fn passwords_are_write_only() {
    let server = Server::start().await;
    let app = server.app_token();
    let room = server.room(json!({ "password": "sesame" })).await;
    let target = format!("/v1/rooms/{room}");
    let shown = server.call(&app, "GET", &target, json!(null)).await;
    assert_eq!(shown.json()["settings"]["has_password"], true);
    assert!(
        !shown.body.contains("sesame") && !shown.body.contains("argon2"),
        "{}",
        shown.body
    );
    for mask in ["***", "<redacted>", "••••••", "[REDACTED]"] {
        let answer = server
            .call(&app, "PATCH", &target, json!({ "password": mask }))
            .await;
        answer.expect(400, "masked_secret");
        assert_eq!(answer.json()["field"], "password");
        server
            .call(&app, "POST", "/v1/rooms", json!({ "password": mask }))
            .await
            .expect(400, "masked_secret");
    }
    server
        .call(&app, "PATCH", &target, json!({ "has_password": true }))
        .await
        .expect(400, "invalid_argument");
    server
        .call(&app, "PATCH", &target, json!({ "custom_info": "x" }))
        .await
        .ok();
    let join = |password: &'static str| {
        let (server, target) = (&server, format!("{target}/members"));
        async move {
            server
                .call(
                    &server.token("ann"),
                    "POST",
                    &target,
                    json!({ "password": password }),
                )
                .await
        }
    };
    join("other").await.expect(403, "wrong_password");
    server
        .call(&app, "PATCH", &target, json!({ "password": "other" }))
        .await
        .ok();
    join("sesame").await.expect(403, "wrong_password");
    join("other").await.ok();
    server
        .call(&app, "PATCH", &target, json!({ "password": null }))
        .await
        .ok();
    server
        .call(
            &server.token("bob"),
            "POST",
            &format!("{target}/members"),
            json!({}),
        )
        .await
        .ok();
    server.finish().await;
}

/// The webhook secret can neither be read nor written.
#[tokio::test]
async fn webhook_secrets_are_not_there() {
    let server = Server::start().await;
    let app = server.app_token();
    let hooks = json!({ "webhooks": ["https://app.example.com/hook"] });
    let set = server
        .call(&app, "PUT", "/v1/app/webhooks", hooks.clone())
        .await
        .ok();
    assert_eq!(set["webhooks"][0]["url"], "https://app.example.com/hook");
    let shown = server.call(&app, "GET", "/v1/app/webhooks", json!(null)).await;
    assert_eq!(shown.json(), set);
    assert!(!shown.body.contains("secret"));
    let mut masked = hooks.clone();
    masked["secret"] = json!("<redacted>");
    let answer = server.call(&app, "PUT", "/v1/app/webhooks", masked).await;
    answer.expect(400, "invalid_argument");
    assert_eq!(answer.json()["field"], "secret");
    for bad in ["***", "ftp://x", "https://user:word@example.com/", "http://"] {
        let answer = server
            .call(&app, "PUT", "/v1/app/webhooks", json!({ "webhooks": [bad] }))
            .await;
        answer.expect(400, "invalid_argument");
        assert_eq!(answer.json()["field"], "webhooks", "{bad}");
    }
    server
        .call(&server.token("ann"), "PUT", "/v1/app/webhooks", hooks)
        .await
        .expect(403, "not_allowed");
    server.finish().await;
}
