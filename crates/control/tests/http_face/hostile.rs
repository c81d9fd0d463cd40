//! Nonsense of every kind is refused with a problem; nothing is ever a 500 or a bare text.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const NAMES: [&str; 12] = [
    "../../etc/passwd",
    "..%2f..%2fetc",
    "%2f",
    "%00",
    "<script>alert(1)</script>",
    "a;rm -rf /",
    "\u{202e}evil",
    "😀",
    "a\\b",
    "a\nb",
    "'; DROP TABLE rooms; --",
    "..",
];

#[track_caller]
fn refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some("application/problem+json"),
        "{what}: {answer:?}"
    );
    assert_eq!(
        answer.header("x-content-type-options").as_deref(),
        Some("nosniff")
    );
    assert!(!answer.code().is_empty());
}

fn encode(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let server = Server::start().await;
    let auth = format!("Bearer {}", server.app_token());
    let send = |kind: &'static str, body: Vec<u8>| {
        let (server, auth) = (&server, &auth);
        async move {
            let headers = [("authorization", auth.as_str()), ("content-type", kind)];
            server.send("POST", "/v1/rooms", &headers, &body).await
        }
    };
    let json_type = "application/json";
    for bad in [
        "{",
        "nul",
        "{\"id\":\"a\"",
        "{} {}",
        "\u{0}",
        "{\"id\":\"\u{1}\"}",
        "{'id':1}",
    ] {
        send(json_type, bad.into()).await.expect(400, "malformed_json");
    }
    send(json_type, vec![0xff, 0xfe, b'{'])
        .await
        .expect(400, "malformed_json");
    send(json_type, "[".repeat(60_000).into())
        .await
        .expect(400, "malformed_json");
    for (bad, field) in [
        (json!([]), None),
        (json!("text"), None),
        (json!({ "id": 7 }), Some("id")),
        (json!({ "id": "a/b" }), Some("id")),
        (json!({ "id": "x".repeat(65) }), Some("id")),
        (json!({ "kind": "party" }), Some("kind")),
        (json!({ "limits": { "talkers": -1 } }), Some("limits.talkers")),
        (json!({ "limits": { "talkers": 1.5 } }), Some("limits.talkers")),
        (
            json!({ "lifetime": { "type": "ends_when_empty", "delay_ms": u64::MAX } }),
            None,
        ),
        (json!({ "custom_info": "x".repeat(8193) }), Some("custom_info")),
        (json!({ "name": "two\nlines" }), Some("name")),
        (json!({ "secret": "x" }), Some("secret")),
        (json!({ "__proto__": {} }), Some("__proto__")),
    ] {
        let answer = send(json_type, bad.to_string().into()).await;
        answer.expect(400, "invalid_argument");
        if let Some(field) = field {
            assert_eq!(answer.json()["field"], field, "{bad}");
        }
    }
    send("text/plain", b"{}".to_vec())
        .await
        .expect(415, "unsupported_media_type");
    send("application/x-www-form-urlencoded", b"id=a".to_vec())
        .await
        .expect(415, "unsupported_media_type");
    send(json_type, vec![b' '; 64 * 1024 + 1])
        .await
        .expect(413, "body_too_large");
    let untyped = server
        .send("POST", "/v1/rooms", &[("authorization", &auth)], b"{}")
        .await;
    untyped.expect(415, "unsupported_media_type");
    server.finish().await;
}

#[tokio::test]
async fn hostile_names_in_addresses_and_bodies() {
    let server = Server::start().await;
    let app = server.app_token();
    let room = server.room(json!({})).await;
    let long = "x".repeat(4096);
    for name in NAMES.iter().copied().chain([long.as_str()]) {
        let name = encode(name);
        for target in [
            format!("/v1/rooms/{name}"),
            format!("/v1/rooms/{room}/members/{name}"),
            format!("/v1/rooms/{room}/members/{name}/role"),
            format!("/v1/{name}"),
            format!("/{name}"),
        ] {
            refused(&server.call(&app, "GET", &target, Value::Null).await, &target);
        }
        refused(
            &server
                .call(
                    &app,
                    "DELETE",
                    &format!("/v1/rooms/{room}/streams/{name}"),
                    Value::Null,
                )
                .await,
            &name,
        );
    }
    for name in NAMES.iter().copied().chain([long.as_str()]) {
        refused(
            &server
                .call(&app, "POST", "/v1/rooms", json!({ "id": name }))
                .await,
            name,
        );
        // Account names may have dots in them.
        if name != ".." {
            refused(
                &server
                    .call(&app, "POST", "/v1/rooms", json!({ "creator": name }))
                    .await,
                name,
            );
            let join = json!({ "account": name });
            refused(
                &server
                    .call(&app, "POST", &format!("/v1/rooms/{room}/members"), join)
                    .await,
                name,
            );
        }
        // Free texts take anything but line breaks and NUL, and give it back as it was.
        let join = json!({ "account": "ann", "nick": name });
        let answer = server
            .call(&app, "POST", &format!("/v1/rooms/{room}/members"), join)
            .await;
        if name.len() <= 128 && !name.contains('\n') {
            assert_eq!(answer.ok()["room"]["members"][0]["nick"], name);
            let member = answer.json()["member"].as_str().unwrap().to_owned();
            server
                .call(
                    &app,
                    "DELETE",
                    &format!("/v1/rooms/{room}/members/{member}"),
                    Value::Null,
                )
                .await
                .ok();
        } else {
            refused(&answer, name);
        }
    }
    server.finish().await;
}

/// Targets that no client library would send.
#[tokio::test]
async fn raw_targets_lead_nowhere() {
    let server = Server::start().await;
    for target in [
        "/../Cargo.toml",
        "/..%2f..%2fetc/passwd",
        "//v1/rooms",
        "/v1//rooms",
        "/v1/rooms/../app/webhooks",
        "/assets/../../Cargo.toml",
        "/%",
        "/%zz",
        "/v1/rooms?callback=alert",
        "/v1/rooms/",
    ] {
        refused(&server.send("GET", target, &[], b"").await, target);
    }
    server.send("GET", "/v2", &[], b"").await.expect(404, "not_found");
    server
        .send("PUT", "/healthz", &[], b"")
        .await
        .expect(405, "method_not_allowed");
    let app = server.app_token();
    server
        .call(&app, "PUT", "/v1/rooms", Value::Null)
        .await
        .expect(405, "method_not_allowed");
    server
        .call(&app, "POST", "/", Value::Null)
        .await
        .expect(405, "method_not_allowed");
    server
        .call(&app, "GET", "/v1/rooms?limit=x", Value::Null)
        .await
        .expect(400, "invalid_query");
    server
        .call(&app, "GET", "/v1/rooms?color=red", Value::Null)
        .await
        .expect(400, "invalid_query");
    server
        .call(&app, "GET", "/v1/rooms?after=%00", Value::Null)
        .await
        .expect(400, "invalid_query");
    server.finish().await;
}

#[tokio::test]
async fn broken_http_does_no_harm() {
    let server = Server::start().await;
    for request in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/rooms HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/rooms HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\nconnection: close\r\n\r\nzz\r\n",
    ] {
        let answer = server.raw(request).await;
        assert!(answer.status == 0 || (400..500).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(server.send("GET", "/healthz", &[], b"").await.status, 200);
    server.finish().await;
}

/// A handler that panics costs one answer, not the process.
#[tokio::test]
async fn a_panic_is_a_problem() {
    let merge = axum::Router::new().route(
        "/boom",
        axum::routing::get(|| async {
            if true {
                panic!("at the disco");
            }
        }),
    );
    let server = Server::with(
        Default::default(),
        lianmai_control::service::ServiceConfig::default(),
        merge,
    )
    .await;
    let answer = server.send("GET", "/boom", &[], b"").await;
    answer.expect(500, "internal");
    assert!(!answer.body.contains("disco"));
    assert_eq!(server.send("GET", "/healthz", &[], b"").await.status, 200);
    server.finish().await;
}
