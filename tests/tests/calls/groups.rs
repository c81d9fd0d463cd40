//! Group calls.

use lianmai_tests::Gateway;
use serde_json::json;

use crate::{call, device, next, refused};

/// One answers, one refuses, one is invited later; the caller leaves, the others go on until one is left.
#[tokio::test]
async fn a_group_call_with_partial_answers() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let mut cat = device(&gateway, "cat", "web").await;
    let mut dan = device(&gateway, "dan", "web").await;
    let id = call(&mut ann, &["bob", "cat", "eve"], json!({"type": "audio"})).await;
    let invited = next(&mut bob, "call_invited").await;
    assert_eq!(invited["members"].as_array().unwrap().len(), 4);
    assert_eq!(
        invited["members"][3],
        json!({"account": "eve", "state": "waiting"})
    );
    next(&mut cat, "call_invited").await;
    bob.done("accept_call", json!({"call": id})).await;
    cat.done("reject_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;
    next(&mut ann, "call_rejected").await;
    assert_eq!(next(&mut bob, "call_rejected").await["account"], "cat");

    let view = bob
        .done("invite_to_call", json!({"call": id, "callees": ["dan"]}))
        .await;
    assert_eq!(view["members"][4]["state"], "ringing");
    assert_eq!(next(&mut dan, "call_invited").await["invited_by"], "bob");
    assert_eq!(next(&mut ann, "call_members_added").await["by"], "bob");
    dan.done("accept_call", json!({"call": id})).await;
    next(&mut bob, "call_accepted").await;
    next(&mut ann, "call_accepted").await;
    let refusal = refused(&mut bob, "cancel_call", json!({"call": id, "callees": ["eve"]})).await;
    assert_eq!(refusal, (403, "not_allowed".to_owned()));
    ann.done("control_call", json!({"call": id, "data": "all"})).await;
    for socket in [&mut bob, &mut dan] {
        assert_eq!(next(socket, "call_control").await["to"], json!(null));
    }

    ann.done("leave_call", json!({"call": id})).await;
    assert_eq!(next(&mut bob, "call_left").await["account"], "ann");
    next(&mut dan, "call_left").await;
    bob.done("leave_call", json!({"call": id})).await;
    next(&mut dan, "call_left").await;
    // One is inside, and one who is offline may still come: only when that is over, the call is.
    dan.done("leave_call", json!({"call": id})).await;
    let ended = next(&mut dan, "call_ended").await;
    let outcomes: Vec<_> = ended["record"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["outcome"])
        .collect();
    assert_eq!(
        outcomes,
        ["accepted", "accepted", "rejected", "cancelled", "accepted"]
    );
    assert_eq!(ended["status"], "completed");
}
