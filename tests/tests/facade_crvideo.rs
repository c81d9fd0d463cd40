//! Apps written for CloudRoom's web script, in headless Chromium on `CRVideo_*` of the SDK.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use lianmai_tests::Gateway;
use lianmai_tests::facade::{self, token};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

/// Runs a scenario of `tests/browser/facades/crvideo.mjs`; what it gives. Pages complain about nothing.
async fn play(gateway: &Gateway, scenario: &str, mut given: Value) -> Value {
    given["host"] = json!(gateway.http.to_string());
    facade::play("crvideo.mjs", scenario, &given).await
}

async fn gateway(more: &[&str]) -> Gateway {
    let mut settings = vec!["http.cors_origins=[\"*\"]", "vendor.secret_sign_in=true"];
    settings.extend(more);
    Gateway::start_with(&settings).await
}

async fn tokens(gateway: &Gateway) -> Value {
    let (ann, bob) = (token(gateway, "ann").await, token(gateway, "bob").await);
    json!({"tokens": {"ann": ann, "bob": bob}})
}

/// A gateway with an app `clouds`, and the app's secret, as its operator has it.
async fn with_app() -> (Gateway, String) {
    let mut gateway = gateway(&[]).await;
    let made = gateway.cli(&["app", "create", "clouds"]).succeed(LIMIT).await;
    let app: Value = serde_json::from_str(&made).unwrap();
    gateway.restart().await;
    (gateway, app["secret"].as_str().unwrap().to_owned())
}

/// One signs in with the digest of the app's secret, the other with a token; they see and hear each other.
#[tokio::test]
async fn two_see_and_hear_each_other() {
    let (gateway, secret) = with_app().await;
    let bob = ["token", "--app", "clouds", "--account", "bob"];
    let bob = gateway.cli(&bob).succeed(LIMIT).await;
    let given = json!({"app": "clouds", "md5": md5(&secret), "tokens": {"bob": bob.trim()}});
    let said = play(&gateway, "media", given).await;
    assert_eq!(said["isPicEmpty"], 1, "{said}");
    assert_eq!(said["png"], "data:image/png;base64,", "{said}");
    let of = |uid: &str| {
        let all = said["members"].as_array().unwrap();
        all.iter().find(|member| member["UID"] == uid).unwrap().clone()
    };
    assert_eq!(
        (&of("ann")["audioStatus"], &of("ann")["videoStatus"]),
        (&json!(3), &json!(3)),
        "{said}"
    );
    assert_eq!(of("bob")["audioStatus"], 2, "{said}");
}

#[tokio::test]
async fn messages_attributes_names_and_the_end_of_a_room() {
    let gateway = gateway(&[]).await;
    let said = play(&gateway, "talk", tokens(&gateway).await).await;
    assert_eq!(said["adds"]["title"]["value"], "talk", "{said}");
    assert_eq!(said["adds"]["title"]["lastModifyUserID"], "ann", "{said}");
    assert_eq!(said["users"]["bob"]["seat"]["value"], "3", "{said}");
    assert_eq!(said["refused"], 8004, "{said}");
}

#[tokio::test]
async fn a_token_that_ends() {
    let (gateway, secret) = with_app().await;
    let room = gateway
        .api_of("clouds")
        .await
        .create_room(json!({"id": "10203040"}))
        .await;
    play(
        &gateway,
        "token",
        json!({"app": "clouds", "secret": secret, "room": room.id}),
    )
    .await;
}

#[tokio::test]
async fn calls_into_a_room() {
    let gateway = gateway(&[]).await;
    let said = play(&gateway, "call", tokens(&gateway).await).await;
    assert_eq!(said["status"]["userStatus"], 1, "{said}");
}

#[tokio::test]
async fn a_cloud_mixer_is_seen_by_everybody() {
    let gateway = gateway(&[Gateway::WORKER]).await;
    let said = play(&gateway, "mixer", tokens(&gateway).await).await;
    assert_eq!(said["seen"]["owner"], "ann", "{said}");
    assert_eq!(said["seen"]["state"], 2, "{said}");
}

/// The migration page names every call that is refused, and none that works.
#[test]
fn the_migration_page_says_what_is_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let table = read("sdk/js/src/facades/crvideo/names/calls.ts");
    let refused: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.contains(": call(") && line.contains("'refused'"))
        .map(|line| line.trim().split(':').next().unwrap())
        .collect();
    let page = read("docs/migration/crvideo.md");
    let section = page.split("## What is refused").nth(1).unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let named: BTreeSet<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    assert_eq!(named, refused);
}

/// MD5 as pages compute it.
fn md5(text: &str) -> String {
    use md5::{Digest as _, Md5};
    Md5::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
