//! Limits, bad input, and apps that are apart.

use lianmai_tests::Gateway;
use serde_json::{Value, json};

use crate::{call, device, next, refused};

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let start = |fields: Value| {
        let mut all = json!({"callees": ["bob"], "type": "video"});
        for (key, value) in fields.as_object().unwrap() {
            all[key] = value.clone();
        }
        all
    };
    for (fields, code) in [
        (json!({"callees": []}), "invalid_argument"),
        (json!({"callees": ["ann"]}), "invalid_argument"),
        (json!({"callees": ["bob", "cat"]}), "invalid_argument"),
        (json!({"callees": "bob"}), "invalid_argument"),
        (json!({"callees": ["no spaces"]}), "invalid_argument"),
        (json!({"type": "smell"}), "invalid_argument"),
        (json!({"timeout_ms": 999}), "invalid_argument"),
        (json!({"timeout_ms": 120_001}), "invalid_argument"),
        (json!({"timeout_ms": -1}), "invalid_argument"),
        (json!({"attachment": "x".repeat(4096)}), "call_data_too_large"),
        (json!({"surprise": 1}), "invalid_argument"),
    ] {
        let (status, told) = refused(&mut ann, "start_call", start(fields.clone())).await;
        assert_eq!((status, told.as_str()), (400, code), "{fields}");
    }
    assert_eq!(ann.done("show_call", json!({})).await["call"], json!(null));
    for op in [
        "accept_call",
        "reject_call",
        "cancel_call",
        "hang_up_call",
        "leave_call",
        "take_over_call",
        "show_ended_call",
    ] {
        let unknown = refused(&mut ann, op, json!({"call": "c2"})).await;
        assert_eq!(unknown, (404, "no_such_call".to_owned()), "{op}");
        let (status, _) = refused(&mut ann, op, json!({"call": "no/slash"})).await;
        assert_eq!(status, 400, "{op}");
        let (status, _) = refused(&mut ann, op, json!({})).await;
        assert_eq!(status, 400, "{op}");
    }
}

#[tokio::test]
async fn every_limit_has_its_code() {
    let limits = [
        "app_limits.call_members=3",
        "app_limits.calls=1",
        "app_limits.call_invites=4",
    ];
    let gateway = Gateway::start_with(&limits).await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let too_many = json!({"callees": ["b", "c", "d"], "type": "audio", "group": true});
    assert_eq!(
        refused(&mut ann, "start_call", too_many).await,
        (429, "call_full".to_owned())
    );
    let id = call(&mut ann, &["cat", "dan"], json!({})).await;
    let more = json!({"call": id, "callees": ["eve"]});
    assert_eq!(
        refused(&mut ann, "invite_to_call", more).await,
        (429, "call_full".to_owned())
    );
    let another = json!({"callees": ["cat"], "type": "audio"});
    assert_eq!(
        refused(&mut ann, "start_call", another.clone()).await,
        (409, "already_in_call".to_owned())
    );
    assert_eq!(
        refused(&mut bob, "start_call", another.clone()).await,
        (429, "too_many_calls".to_owned())
    );
    for _ in 0..2 {
        let present = ann.done("show_call", json!({})).await["call"].clone();
        ann.done("hang_up_call", json!({"call": present["call"]})).await;
        ann.done("start_call", another.clone()).await;
    }
    let present = ann.done("show_call", json!({})).await["call"].clone();
    ann.done("hang_up_call", json!({"call": present["call"]})).await;
    assert_eq!(
        refused(&mut ann, "start_call", another).await,
        (429, "too_many_invites".to_owned())
    );
}

/// Accounts of the same name in two apps know nothing of each other.
#[tokio::test]
async fn apps_are_apart() {
    let mut gateway = Gateway::start().await;
    let created = gateway.cli(&["app", "create", "other"]);
    created.succeed(std::time::Duration::from_secs(10)).await;
    gateway.restart().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut bob, "call_invited").await;
    bob.done("reject_call", json!({"call": id})).await;
    ann.event_named("call_ended").await;
    let other = gateway.api_of("other").await;
    let (status, problem) = other.call("GET", &format!("/v1/calls/records/{id}"), None).await;
    assert_eq!((status, &problem["code"]), (404, &json!("no_such_call")));
    let list = other.ok("GET", "/v1/calls/records", None).await;
    assert_eq!(list["records"], json!([]));
}
