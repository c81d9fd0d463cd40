//! Apps written for the web form of Easemob's `emedia`, in headless Chromium on the SDK's script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::{Gateway, facade};
use serde_json::json;

/// Two in a room by its name: pictures and sound, switches, a screen, muting, roles, attributes, and who may what.
#[tokio::test]
async fn two_in_a_room() {
    let gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]"]).await;
    let ann = gateway.token(&["--account", "ann"]).await;
    let bob = gateway.token(&["--account", "bob"]).await;
    let url = format!("http://{}", gateway.http);
    let given = json!({"url": url, "tokens": {"ann": ann, "bob": bob}});
    let said = facade::play_with_errors("emedia.mjs", "room", &given).await;
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
