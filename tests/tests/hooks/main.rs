//! What the gateway posts to an app's server: webhooks, and the question whether somebody may publish or play.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod webhooks;

use std::time::Duration;

use lianmai_tests::Gateway;

const LIMIT: Duration = Duration::from_secs(20);

/// The key under which hooks of the demo app are signed, as its operator gets it.
async fn key(gateway: &Gateway) -> String {
    let printed = gateway
        .cli(&["app", "webhook-secret", "demo"])
        .succeed(LIMIT)
        .await;
    printed.trim().to_owned()
}
