//! Limits of rate, size, time and connections; probes, metrics and headers.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use lianmai_control::http::{CorsPolicy, HttpConfig, MetricsAccess, Rate};
use lianmai_control::service::ServiceConfig;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::Server;

async fn with(http: HttpConfig) -> Server {
    Server::with(http, ServiceConfig::default(), Router::new()).await
}

#[tokio::test]
async fn an_address_may_ask_only_so_often() {
    let server = with(HttpConfig {
        rate_per_ip: Rate::new(1, 3),
        ..HttpConfig::default()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(server.send("GET", "/v1/openapi.json", &[], b"").await.status, 200);
    }
    let refused = server.send("GET", "/v1/openapi.json", &[], b"").await;
    refused.expect(429, "rate_limited");
    assert_eq!(refused.header("retry-after").as_deref(), Some("1"));
    // Probes go on, and another client behind a trusted proxy would too; this proxy is not trusted.
    assert_eq!(server.send("GET", "/healthz", &[], b"").await.status, 200);
    let forged = server
        .send("GET", "/v1/openapi.json", &[("x-forwarded-for", "1.2.3.4")], b"")
        .await;
    forged.expect(429, "rate_limited");
    server.finish().await;
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_told_apart() {
    let config = HttpConfig {
        rate_per_ip: Rate::new(1, 1),
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..HttpConfig::default()
    };
    let server = with(config).await;
    let ask = |from: &'static str| {
        let server = &server;
        async move {
            server
                .send("GET", "/v1/openapi.json", &[("x-forwarded-for", from)], b"")
                .await
                .status
        }
    };
    assert_eq!(ask("1.1.1.1").await, 200);
    assert_eq!(ask("1.1.1.2").await, 200);
    assert_eq!(ask("9.9.9.9, 1.1.1.1").await, 429);
    server.finish().await;
}

#[tokio::test]
async fn an_app_may_ask_only_so_often() {
    let server = with(HttpConfig {
        rate_per_app: Rate::new(1, 2),
        ..HttpConfig::default()
    })
    .await;
    let (app, other) = (server.app_token(), server.other_app_token());
    for _ in 0..2 {
        server.call(&app, "GET", "/v1/rooms", json!(null)).await.ok();
    }
    let refused = server.call(&app, "GET", "/v1/rooms", json!(null)).await;
    refused.expect(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    server.call(&other, "GET", "/v1/rooms", json!(null)).await.ok();
    server.finish().await;
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = Server::start().await;
    let long = "x".repeat(17 * 1024);
    server
        .send("GET", "/healthz", &[("x-long", &long)], b"")
        .await
        .expect(431, "head_too_large");
    server
        .send("GET", &format!("/healthz?{long}"), &[], b"")
        .await
        .expect(431, "head_too_large");
    let huge = "x".repeat(200 * 1024);
    let answer = server.send("GET", "/healthz", &[("x-long", &huge)], b"").await;
    assert!(matches!(answer.status, 0 | 431), "{answer:?}");
    server.finish().await;
}

/// Slow loris: a head that does not come, and a body that does not come.
#[tokio::test]
async fn slow_requests_are_cut() {
    let config = HttpConfig {
        head_timeout: Duration::from_millis(200),
        request_timeout: Duration::from_millis(200),
        ..HttpConfig::default()
    };
    let server = with(config).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /healthz HT").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");

    let auth = server.app_token();
    let head = format!(
        "POST /v1/rooms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {auth}\r\ncontent-type: application/json\r\n\
         content-length: 10\r\nconnection: close\r\n\r\n{{"
    );
    server.raw(head.as_bytes()).await.expect(503, "request_timeout");
    server.finish().await;
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let server = with(HttpConfig {
        max_connections_per_ip: 2,
        ..HttpConfig::default()
    })
    .await;
    let held = [
        TcpStream::connect(server.address).await.unwrap(),
        TcpStream::connect(server.address).await.unwrap(),
    ];
    let mut third = TcpStream::connect(server.address).await.unwrap();
    let mut buffer = [0; 1];
    assert!(
        matches!(third.read(&mut buffer).await, Ok(0) | Err(_)),
        "closed at once"
    );
    drop(held);
    // The places come back once the server has seen the ends.
    loop {
        if server.send("GET", "/healthz", &[], b"").await.status == 200 {
            break;
        }
        tokio::task::yield_now().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn metrics_are_for_whom_the_operator_says() {
    for (access, bare, with_token) in [
        (MetricsAccess::Denied, 404, 404),
        (MetricsAccess::Open, 200, 200),
        (MetricsAccess::Bearer("m3tr1cs".to_owned()), 401, 200),
    ] {
        let server = with(HttpConfig {
            metrics: access,
            ..HttpConfig::default()
        })
        .await;
        assert_eq!(server.send("GET", "/metrics", &[], b"").await.status, bare);
        let shown = server
            .send("GET", "/metrics", &[("authorization", "Bearer m3tr1cs")], b"")
            .await;
        assert_eq!(shown.status, with_token);
        let wrong = server
            .send("GET", "/metrics", &[("authorization", "Bearer wrong")], b"")
            .await;
        assert_eq!(wrong.status, bare);
        server.finish().await;
    }
}

#[tokio::test]
async fn readiness_ends_with_the_database_and_liveness_does_not() {
    let server = Server::start().await;
    assert_eq!(server.send("GET", "/readyz", &[], b"").await.status, 200);
    server.service.shut_down().await;
    server
        .send("GET", "/readyz", &[], b"")
        .await
        .expect(503, "database_unavailable");
    assert_eq!(server.send("GET", "/healthz", &[], b"").await.status, 200);
    let create = server
        .call(&server.app_token(), "POST", "/v1/rooms", json!({}))
        .await;
    assert_eq!(create.status, 503, "{create:?}");
    server.finish().await;
}

/// Only a development configuration gives the page a token, and only to its own origin.
#[tokio::test]
async fn the_page_gets_a_token_only_where_an_app_is_open() {
    let server = Server::start().await;
    server
        .send("GET", "/console/session", &[], b"")
        .await
        .expect(404, "not_found");
    server.finish().await;
    let open_app = Some(lianmai_rooms::AppId::parse("demo").unwrap());
    let server = with(HttpConfig {
        open_app,
        cors: CorsPolicy::Any,
        ..HttpConfig::default()
    })
    .await;
    let session = server
        .send(
            "GET",
            "/console/session",
            &[("origin", "https://evil.example")],
            b"",
        )
        .await;
    assert!(session.header("access-control-allow-origin").is_none());
    assert_eq!(session.header("cache-control").as_deref(), Some("no-store"));
    let token = session.ok()["token"].as_str().unwrap().to_owned();
    server.call(&token, "GET", "/v1/rooms", json!(null)).await.ok();
    // A visitor's own token is an account's, not the app's.
    let path = "/console/session?account=ann&room=lobby";
    let session = server.send("GET", path, &[], b"").await.ok();
    let token = session["token"].as_str().unwrap().to_owned();
    server
        .call(&token, "GET", "/v1/rooms", json!(null))
        .await
        .expect(403, "not_allowed");
    server.finish().await;
}

#[tokio::test]
async fn answers_are_not_sniffed_framed_or_leaked() {
    let server = Server::start().await;
    for target in ["/", "/healthz", "/nope", "/v1/rooms", "/v1/openapi.json"] {
        let answer = server
            .send("GET", target, &[("origin", "https://evil.example")], b"")
            .await;
        assert_eq!(
            answer.header("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{target}"
        );
        assert_eq!(
            answer.header("referrer-policy").as_deref(),
            Some("no-referrer"),
            "{target}"
        );
        assert!(answer.header("content-security-policy").is_some(), "{target}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{target}");
    }
    server.finish().await;
}

#[tokio::test]
async fn browsers_may_call_from_where_the_operator_says() {
    let origin = "https://app.example.com";
    for (policy, expected) in [
        (CorsPolicy::Any, Some("*")),
        (
            CorsPolicy::Origins(vec![HeaderValue::from_static(origin)]),
            Some(origin),
        ),
        (
            CorsPolicy::Origins(vec![HeaderValue::from_static("https://else.example.com")]),
            None,
        ),
    ] {
        let server = with(HttpConfig {
            cors: policy,
            ..HttpConfig::default()
        })
        .await;
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = server.send("OPTIONS", "/v1/app/webhooks", &preflight, b"").await;
        assert_eq!(
            answer.header("access-control-allow-origin").as_deref(),
            expected,
            "{answer:?}"
        );
        let answer = server.send("GET", "/v1/rooms", &[("origin", origin)], b"").await;
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), expected);
        server.finish().await;
    }
}
