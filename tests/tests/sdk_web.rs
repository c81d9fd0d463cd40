//! The SDK in headless Chromium: the example page and a page with the UMD build, in one room.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::{Gateway, script};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(90);

async fn arguments(gateway: &Gateway, only: &str) -> Value {
    let settings = json!({"name": "browsers", "creator": "ann"});
    let room = gateway.api().await.create_room(settings).await;
    json!({
        "gateway": format!("http://{}", gateway.http),
        "ann": gateway.token(&["--account", "ann"]).await,
        "bob": gateway.token(&["--account", "bob"]).await,
        "room": room.id,
        "target": format!("rtmp://{}/live/copy", gateway.rtmp),
        "only": only,
    })
}

/// Picture and sound both ways, mute, screen, layers, devices; a cut socket; layout, recordings, pushes; leaving.
#[tokio::test]
async fn two_browsers_meet_in_a_room() {
    let mut gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]", Gateway::WORKER]).await;
    let arguments = arguments(&gateway, "meet").await;
    script::run("sdk/web.mjs", &arguments, &mut gateway, LIMIT).await;
}

/// The gateway is killed and started again: both come back and see each other.
#[tokio::test]
async fn browsers_survive_a_restart_of_the_gateway() {
    let mut gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]"]).await;
    let arguments = arguments(&gateway, "restart").await;
    script::run("sdk/web.mjs", &arguments, &mut gateway, LIMIT).await;
}
