//! The SDK in Node: rooms, lost connections, tokens, calls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::{Gateway, script};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

async fn arguments(gateway: &Gateway, only: &str) -> Value {
    let mut tokens = json!({});
    for account in ["ann", "bob", "cat"] {
        tokens[account] = json!(gateway.token(&["--account", account]).await);
    }
    json!({"gateway": format!("http://{}", gateway.http), "tokens": tokens, "only": only})
}

async fn run(only: &str) {
    let mut gateway = Gateway::start().await;
    let arguments = arguments(&gateway, only).await;
    script::run("sdk/node.mjs", &arguments, &mut gateway, LIMIT).await;
}

/// Passwords, tickets, roles, requests, attributes, messages, mutes, URLs, a cut connection, tokens that end.
#[tokio::test]
async fn rooms_in_node() {
    run("rooms").await;
}

/// Sessions are taken up after a crash, and commands that waited are carried out.
#[tokio::test]
async fn a_restart_is_survived_in_node() {
    run("restart").await;
}

/// A call from ringing to its record, on two devices.
#[tokio::test]
async fn calls_in_node() {
    run("calls").await;
}
