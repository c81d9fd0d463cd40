//! Nobody gets in without a valid token (R-K2, R-K3).

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianmai_control::http::{HttpConfig, jwt};
use lianmai_control::service::ServiceConfig;
use lianmai_rooms::Secret;
use serde_json::{Value, json};

use crate::harness::Server;

fn unsigned(alg: &str, payload: &Value) -> String {
    let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
    format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload.to_string())
    )
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let server = Server::start().await;
    let list = |token: String| {
        let server = &server;
        async move { server.call(&token, "GET", "/v1/rooms", json!(null)).await }
    };
    assert_eq!(list(server.app_token()).await.status, 200);

    let now = server.service.clock().now().as_secs();
    let payload = json!({ "iss": "demo", "sub": "x", "exp": now + 60, "scope": "app" });
    for alg in ["none", "None", "HS384", "RS256", "ES256"] {
        list(unsigned(alg, &payload)).await.expect(401, "malformed_token");
    }
    list(unsigned("HS256", &payload))
        .await
        .expect(401, "invalid_token");

    let mut claims = server.claims("ann");
    claims.expires_at_secs = now - 60;
    list(server.sign(&claims)).await.expect(401, "expired_token");
    claims.expires_at_secs = now + 3600 * 24 * 365;
    list(server.sign(&claims))
        .await
        .expect(401, "token_lives_too_long");
    claims.expires_at_secs = now + 60;
    claims.not_before_secs = Some(now + 3600);
    list(server.sign(&claims))
        .await
        .expect(401, "token_not_yet_valid");

    // Signed by another app, or by nobody we know.
    let other = Secret::new(b"Zk3Vt8QpLw1Xn6Rb9YcJd4Hm7SfGa2Ue").unwrap();
    list(jwt::sign(&server.claims("ann"), &other).unwrap())
        .await
        .expect(401, "invalid_token");
    let mut claims = server.claims("ann");
    claims.app = lianmai_rooms::AppId::parse("nosuchapp").unwrap();
    list(server.sign(&claims)).await.expect(401, "invalid_token");
    claims.app = lianmai_rooms::AppId::parse("other").unwrap();
    list(server.sign(&claims)).await.expect(401, "invalid_token");

    for bad in ["", "x", "a.b.c", "%00", &"a".repeat(5000)] {
        let answer = list(bad.to_owned()).await;
        assert_eq!(answer.status, 401, "{bad}");
        assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
    }
    let basic = server
        .send("GET", "/v1/rooms", &[("authorization", "Basic eDp5")], b"")
        .await;
    basic.expect(401, "missing_token");
    server.finish().await;
}

/// Whatever the document lists is denied without a token, except what says that it is open.
#[tokio::test]
async fn everything_is_denied_by_default() {
    let server = Server::with_webrtc(Default::default(), Default::default()).await;
    let document: Value = serde_json::from_str(&lianmai_control::http::openapi_json()).unwrap();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let target = path
                .replace("{kind}", "audio")
                .replace("{app}", "demo")
                .replace(['{', '}'], "");
            let is_rtc = operation["tags"] == json!(["webrtc"]);
            let headers: &[(&str, &str)] = match method.as_str() {
                "patch" if is_rtc => &[
                    ("content-type", "application/trickle-ice-sdpfrag"),
                    ("if-match", "*"),
                ],
                _ if is_rtc => &[("content-type", "application/sdp")],
                _ => &[],
            };
            let answer = server.send(&method.to_uppercase(), &target, headers, b"").await;
            let is_open = operation["security"] == json!([{}]);
            if is_rtc {
                // Knowing a peer is the right to it; this one does not exist.
                let expected = if is_open {
                    (404, "no_such_peer")
                } else {
                    (401, "token_missing")
                };
                answer.expect(expected.0, expected.1);
            } else if path == "/v1/sign-in" {
                // It gives tokens, and is off unless somebody wants it.
                answer.expect(403, "sign_in_disabled");
            } else if is_open {
                assert_eq!(answer.status, 200, "{method} {path}");
            } else {
                answer.expect(401, "missing_token");
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
    server.finish().await;
}

/// Another app's room does not exist; a token for one room opens no other.
#[tokio::test]
async fn rooms_of_others_do_not_exist() {
    let server = Server::start().await;
    let room = server.room(json!({ "id": "secret" })).await;
    let other = server.other_app_token();
    for (method, target, body) in [
        ("GET", format!("/v1/rooms/{room}"), json!(null)),
        ("DELETE", format!("/v1/rooms/{room}"), json!(null)),
        (
            "POST",
            format!("/v1/rooms/{room}/members"),
            json!({ "account": "x" }),
        ),
        ("GET", format!("/v1/rooms/{room}/events"), json!(null)),
        (
            "POST",
            format!("/v1/rooms/{room}/tickets"),
            json!({ "role": "admin" }),
        ),
    ] {
        server
            .call(&other, method, &target, body)
            .await
            .expect(404, "no_such_room");
    }
    server.room(json!({ "id": "r2" })).await;
    let bound = server.room_token("ann", &room, lianmai_rooms::Role::Admin);
    for (method, target, body) in [
        ("GET", "/v1/rooms/r2", json!(null)),
        ("POST", "/v1/rooms/r2/members", json!({})),
        ("POST", "/v1/rooms", json!({ "id": "r3" })),
        ("GET", "/v1/rooms", json!(null)),
        ("GET", "/v1/call-records?room=r2", json!(null)),
        ("GET", "/v1/app/webhooks", json!(null)),
    ] {
        server
            .call(&bound, method, target, body)
            .await
            .expect(403, "not_allowed");
    }
    server.finish().await;
}

/// Pages that hold the digest of their app's secret sign in where that is enabled, as accounts only.
#[tokio::test]
async fn a_digest_of_the_secret_gets_a_token_where_it_is_enabled() {
    use md5::{Digest as _, Md5};
    let vendor = lianmai_control::vendor::VendorConfig {
        secret_sign_in: true,
        ..Default::default()
    };
    let service = ServiceConfig {
        vendor,
        ..ServiceConfig::default()
    };
    let server = Server::with(HttpConfig::default(), service, Router::new()).await;
    let digest = Md5::digest(server.secret.expose());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let ask = |body: serde_json::Value| {
        let server = &server;
        async move {
            let headers = [("content-type", "application/json")];
            server
                .send("POST", "/v1/sign-in", &headers, body.to_string().as_bytes())
                .await
        }
    };
    let body = |app: &str, digest: &str| json!({"app": app, "account": "ann", "secret_md5": digest});
    let answer = ask(body("demo", &digest)).await.ok();
    let token = answer["token"].as_str().unwrap();
    assert!(answer["expires_at"].as_u64().unwrap() > server.service.clock().now().as_secs() * 1000);
    // An account's, not the app's own: it makes rooms and does not see all of them.
    let made = server.call(token, "POST", "/v1/rooms", json!({})).await;
    made.ok();
    let listed = server.call(token, "GET", "/v1/rooms", json!(null)).await;
    listed.expect(403, "not_allowed");
    ask(body("demo", &digest.to_uppercase())).await.ok();

    for (app, wrong) in [
        ("demo", "0".repeat(32)),
        ("demo", String::new()),
        ("other", digest.clone()),
        ("nosuch", digest.clone()),
    ] {
        ask(body(app, &wrong)).await.expect(401, "wrong_secret");
    }
    ask(json!({"app": "demo", "account": "a b", "secret_md5": digest}))
        .await
        .expect(400, "invalid_argument");
    ask(json!({"app": "demo"})).await.expect(400, "invalid_argument");
    // R-K3: not unless it is enabled; and not for ever.
    let closed = Server::start().await;
    let headers = [("content-type", "application/json")];
    let refused = closed.send("POST", "/v1/sign-in", &headers, b"{}").await;
    refused.expect(403, "sign_in_disabled");
    for _ in 0..200 {
        let answer = ask(body("demo", "x")).await;
        if answer.status == 429 {
            return answer.expect(429, "rate_limited");
        }
    }
    panic!("guessing is not slowed down");
}
