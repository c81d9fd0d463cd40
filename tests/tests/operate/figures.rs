//! Probes, metrics, and what must never be in metrics or logs.

use std::time::Duration;

use lianmai_rtmp::protocol::Purpose;
use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open};
use lianmai_tests::{Gateway, Receiver, Reply, Socket, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(15);

async fn metrics(gateway: &Gateway) -> String {
    let url = format!("http://{}/metrics", gateway.metrics);
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

/// The main series move with what happens; metrics are not on the public address.
#[tokio::test]
async fn probes_and_metrics_tell_what_happens() {
    let gateway = Gateway::start().await;
    for (address, path, status) in [
        (gateway.http, "/healthz", 200),
        (gateway.http, "/readyz", 200),
        (gateway.http, "/metrics", 404),
        (gateway.metrics, "/healthz", 200),
        (gateway.metrics, "/readyz", 200),
        (gateway.metrics, "/v1/rooms", 404),
    ] {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{address}{path}");
    }
    let room = gateway.api().await.create_room(json!({"name": "figures"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let mut publisher = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let mut body = reqwest::get(text(&room.pull(&stream).await, "http_flv"))
        .await
        .unwrap();
    body.chunk().await.unwrap().unwrap();
    let _socket = Socket::open(&gateway, "bob", "").await;
    let wrong = pull.replace("t=", "t=x");
    assert!(open(&wrong, Purpose::Play).await.is_err());

    for (name, labels, expected) in [
        ("lianmai_connections", "protocol=\"rtmp\"", 2.0),
        ("lianmai_connections", "protocol=\"http-flv\"", 1.0),
        ("lianmai_publications_total", "", 1.0),
        ("ws_connections", "", 1.0),
        ("lianmai_connections_ended_total", "reason=\"rejected\"", 1.0),
        ("lianmai_access_total", "code=\"token_malformed\"", 1.0),
        ("lianmai_rooms", "", 1.0),
        ("lianmai_members", "", 1.0),
        ("lianmai_streams", "", 1.0),
    ] {
        wait::until(&format!("{name}{{{labels}}} is {expected}"), LIMIT, || async {
            (gateway.metric(name, labels).await == expected).then_some(())
        })
        .await;
    }
    for name in [
        "process_resident_memory_bytes",
        "http_requests_total",
        "http_request_seconds_count",
        "lianmai_store_commits_total",
        "lianmai_room_events_total",
    ] {
        wait::until(name, LIMIT, || async {
            (gateway.metric(name, "").await > 0.0).then_some(())
        })
        .await;
    }
    let shown = metrics(&gateway).await;
    // Counters of what should not happen are there from the start: an alarm on a missing series never rings.
    for name in [
        "lianmai_reader_dropped_items_total",
        "lianmai_webhooks_dead_total",
        "panics_total",
    ] {
        assert!(
            shown.lines().any(|l| l.starts_with(name)),
            "{name} is missing in\n{shown}"
        );
    }
    drop((player, body));
    publisher.kill();
    wait::until("all connections are gone", LIMIT, || async {
        (gateway.metric("lianmai_connections", "").await == 0.0).then_some(())
    })
    .await;
}

/// Passwords, tokens, tickets, URLs with tokens, session ids and secrets of a whole session, with everything logged
/// at debug level: none of them is in the log or the metrics (R-K1).
#[tokio::test]
async fn no_secret_is_logged_or_measured() {
    let mut gateway = Gateway::start_with(&["log.level=trace"]).await;
    let receiver = Receiver::start(|p| Reply::Status(if p.path == "/no" { 500 } else { 200 })).await;
    let api = gateway.api().await;
    let hooks = json!({
        "webhooks": [receiver.url("/hook?key=hookparameter1"), receiver.url("/no")],
        "access_hook": receiver.url("/ask?key=hookparameter2"),
    });
    api.ok("PUT", "/v1/app/webhooks", Some(hooks)).await;
    let key = gateway
        .cli(&["app", "webhook-secret", "demo"])
        .succeed(LIMIT)
        .await
        .trim()
        .to_owned();
    let made: serde_json::Value =
        serde_json::from_str(&gateway.cli(&["app", "create", "shop"]).succeed(LIMIT).await).unwrap();
    gateway.process().signal("-HUP");

    let room = api
        .create_room(json!({"name": "secrets", "password": "open-sesame-77"}))
        .await;
    let path = format!("/v1/rooms/{}", room.id);
    let ticket = api
        .ok(
            "POST",
            &format!("{path}/tickets"),
            Some(json!({"role": "talker"})),
        )
        .await;
    let token = gateway.token(&["--account", "carl"]).await;
    let mut carl = Socket::open_with(&gateway, &token, "&device=web").await;
    let wrong = carl
        .ask("join", json!({"room": room.id, "password": "wrong-password-78"}))
        .await;
    assert_eq!(wrong["error"]["code"], "wrong_password");
    carl.done("join", json!({"room": room.id, "password": "open-sesame-77"}))
        .await;
    let dora = gateway.api_as("dora").await;
    let join = json!({"ticket": ticket["ticket"]});
    dora.ok("POST", &format!("{path}/members"), Some(join)).await;

    let (stream, push, pull) = room.publisher("ann").await;
    let urls = room.pull(&stream).await;
    let _publisher = Source {
        seconds: Some(2.0),
        ..Source::default()
    }
    .publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    for key in ["http_flv", "ws_flv"] {
        let url = text(&urls, key).replacen("ws:", "http:", 1);
        let mut body = reqwest::get(&url).await.unwrap();
        let _ = body.chunk().await;
        // What is refused is logged, too.
        reqwest::get(url.replacen("t=", "t=0", 1)).await.unwrap();
    }
    assert!(open(&pull.replace("?t=", "?t=v1."), Purpose::Play).await.is_err());
    let bad = format!("http://{}/v1/ws?access_token={token}&session=..%2f", gateway.http);
    reqwest::get(bad).await.unwrap();
    let again = format!("&session={}&after={}:1", carl.session(), room.id);
    Socket::open_with(&gateway, &token, &again).await;
    receiver
        .until("a delivery failed", |seen| seen.iter().any(|p| p.answered == 500))
        .await;

    let token_of = |url: &str| url.split_once("t=").unwrap().1.to_owned();
    let secrets = [
        ("the app's server token", api.token().to_owned()),
        ("an account's token", token.clone()),
        ("the room's password", "open-sesame-77".to_owned()),
        ("a wrong password", "wrong-password-78".to_owned()),
        ("a ticket", text(&ticket, "ticket")),
        ("a session id", carl.session()),
        ("a push URL's token", token_of(&push)),
        ("a pull URL's token", token_of(&pull)),
        ("an HTTP pull URL's token", token_of(&text(&urls, "http_flv"))),
        ("an app's secret", text(&made, "secret")),
        ("a webhook secret", text(&made, "webhook_secret")),
        ("the demo app's webhook secret", key),
        ("a parameter of a hook", "hookparameter".to_owned()),
    ];
    let process = &*gateway.process();
    wait::until("debug lines", LIMIT, || async {
        process.stderr().contains("DEBUG").then_some(())
    })
    .await;
    let (log, metrics) = (gateway.process().stderr(), metrics(&gateway).await);
    for (what, secret) in &secrets {
        assert!(secret.len() >= 8, "{what}: {secret:?}");
        for (place, shown) in [("log", &log), ("metrics", &metrics)] {
            let line = shown.lines().find(|l| l.contains(secret));
            assert!(line.is_none(), "{what} is in the {place}: {line:?}");
        }
    }
}
