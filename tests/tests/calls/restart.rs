//! kill -9 while it rings and while somebody talks.

use lianmai_tests::{Gateway, Socket};
use serde_json::json;

use crate::{call, device, next};

/// A call goes on ringing after a restart: the callee gets it again and answers, the caller resumes and learns it.
#[tokio::test]
async fn a_ringing_call_survives_a_crash() {
    let mut gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({"attachment": {"a": 1}})).await;
    next(&mut bob, "call_invited").await;
    let (ann_session, bob_session) = (ann.session(), bob.session());
    gateway.restart().await;

    // One logs in anew, the other resumes.
    let mut bob = device(&gateway, "bob", "other").await;
    assert_ne!(bob.session(), bob_session);
    let invited = next(&mut bob, "call_invited").await;
    assert_eq!(
        (&invited["call"], &invited["again"], &invited["attachment"]["a"]),
        (&json!(id), &json!(true), &json!(1))
    );
    let mut ann = Socket::open(&gateway, "ann", &format!("&session={ann_session}")).await;
    let sync = next(&mut ann, "call_sync").await;
    assert_eq!(
        (&sync["state"]["state"], &sync["state"]["here"]),
        (&json!("ringing"), &json!(true))
    );
    let accepted = bob.done("accept_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;

    // And an answered one is there after another.
    let bob_session = bob.session();
    gateway.restart().await;
    let mut bob = Socket::open(&gateway, "bob", &format!("&session={bob_session}")).await;
    let sync = next(&mut bob, "call_sync").await;
    assert_eq!(sync["state"]["room"], accepted["room"]);
    let joining = json!({"room": accepted["room"], "ticket": sync["state"]["ticket"]});
    bob.done("join", joining).await;
    bob.done("hang_up_call", json!({"call": id})).await;
    assert_eq!(bob.event_named("call_ended").await["status"], "completed");
    // The caller was away: it learns that there is no call any more, and why.
    let mut ann = Socket::open(&gateway, "ann", &format!("&session={ann_session}")).await;
    assert_eq!(next(&mut ann, "call_sync").await["state"], json!(null));
    assert_eq!(next(&mut ann, "call_message").await["attach"]["status"], 1);
    let record = ann.done("show_ended_call", json!({"call": id})).await;
    assert_eq!(record["ended_by"], "bob");
}
