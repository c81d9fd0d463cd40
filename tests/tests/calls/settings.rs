//! What an operator sets for all calls: how long it rings, and how long one may be away.

use std::time::{Duration, Instant};

use lianmai_tests::Gateway;
use serde_json::json;

use crate::{call, device, next};

const LIMIT: Duration = Duration::from_secs(10);

/// It rings as long as configured unless the caller says otherwise, and whoever lost its connection is waited for as long
/// as configured, then has left.
#[tokio::test]
async fn ring_and_grace_are_as_configured() {
    let settings = ["calls.ring=1s", "calls.grace=1500ms"];
    let gateway = Gateway::start_with(&settings).await;
    let printed = gateway.cli(&["config", "print"]).succeed(LIMIT).await;
    assert!(
        printed.contains("[calls]\ngrace = \"1500ms\"\nring = \"1s\""),
        "{printed}"
    );
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    call(&mut ann, &["bob"], json!({})).await;
    let invited = next(&mut bob, "call_invited").await;
    let span = invited["expires_at"].as_u64().unwrap() - invited["started_at"].as_u64().unwrap();
    assert_eq!(span, 1_000);
    for socket in [&mut ann, &mut bob] {
        let told = socket.event_named("call_timed_out").await;
        assert_eq!(told["account"], "bob");
        next(socket, "call_ended").await;
        next(socket, "call_message").await;
    }

    let id = call(&mut ann, &["bob"], json!({"timeout_ms": 30_000})).await;
    let invited = next(&mut bob, "call_invited").await;
    let span = invited["expires_at"].as_u64().unwrap() - invited["started_at"].as_u64().unwrap();
    assert_eq!(span, 30_000, "the caller decides");
    bob.done("accept_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;
    let lost = Instant::now();
    drop(bob);
    let left = next(&mut ann, "call_left").await;
    assert_eq!(
        (&left["account"], &left["reason"]),
        (&json!("bob"), &json!("disconnected"))
    );
    let away = lost.elapsed();
    assert!(
        (Duration::from_millis(1_400)..Duration::from_secs(8)).contains(&away),
        "{away:?}"
    );
    assert_eq!(next(&mut ann, "call_ended").await["status"], "completed");
}
