//! Apps written for the web form of Easemob's `emedia`, in headless Chromium on the SDK's script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use lianmai_tests::{Gateway, Process};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

/// Two in a room by its name: pictures and sound, switches, a screen, muting, roles, attributes, and who may what.
#[tokio::test]
async fn two_in_a_room() {
    let gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]"]).await;
    let ann = gateway.token(&["--account", "ann"]).await;
    let bob = gateway.token(&["--account", "bob"]).await;
    let url = format!("http://{}", gateway.http);
    let given = json!({"url": url, "tokens": {"ann": ann, "bob": bob}});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/facades/emedia.mjs");
    let arguments = [script.display().to_string(), "room".to_owned(), given.to_string()];
    let said = Process::start("node", arguments).succeed(LIMIT).await;
    let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let [made, joined] = [&said["made"], &said["joined"]];
    assert_eq!(
        (&made["isCreator"], &made["role"]),
        (&json!(true), &json!(7)),
        "{said}"
    );
    assert_eq!(
        (joined.get("isCreator"), &joined["role"]),
        (None, &json!(3)),
        "{said}"
    );
    assert_eq!(made["confrId"], joined["confrId"]);
    assert_eq!(said["wrong"]["rejected"]["error"], -500, "{said}");
    assert_eq!(said["forbidden"]["rejected"]["reason"], "not_allowed", "{said}");
    assert_eq!(said["located"], true);
    assert!(
        said["noAdmin"].as_str().unwrap().contains("only admins"),
        "{said}"
    );
}
