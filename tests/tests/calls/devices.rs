//! Several devices of one account, accounts that are offline, and sessions that are lost.

use lianmai_tests::{Gateway, Socket};
use serde_json::json;

use crate::{call, device, next, refused};

/// All devices ring, the first answer wins, and the others learn of it.
#[tokio::test]
async fn the_first_answer_wins() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut phone = device(&gateway, "bob", "phone").await;
    let mut tablet = device(&gateway, "bob", "tablet").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut phone, "call_invited").await;
    next(&mut tablet, "call_invited").await;
    tablet.done("accept_call", json!({"call": id})).await;
    assert_eq!(
        next(&mut phone, "call_accepted_elsewhere").await["device"],
        "tablet"
    );
    let late = refused(&mut phone, "accept_call", json!({"call": id})).await;
    assert_eq!(late, (409, "accepted_elsewhere".to_owned()));
    let other = refused(&mut phone, "control_call", json!({"call": id, "data": 1})).await;
    assert_eq!(other, (409, "on_another_device".to_owned()));

    // The phone takes the call over.
    let taken = phone.done("take_over_call", json!({"call": id})).await;
    assert!(taken["ticket"].is_string());
    assert_eq!(next(&mut tablet, "call_taken_over").await["device"], "phone");
    ann.done("hang_up_call", json!({"call": id})).await;
    next(&mut phone, "call_ended").await;

    let id = call(&mut ann, &["bob"], json!({})).await;
    tablet.event_named("call_invited").await;
    phone.event_named("call_invited").await;
    phone.done("reject_call", json!({"call": id})).await;
    let told = tablet.event_named("call_rejected_elsewhere").await;
    assert_eq!((&told["device"], &told["busy"]), (&json!("phone"), &json!(false)));
}

/// Who was offline gets the newest call that still rings right after `hello`, and what it missed.
#[tokio::test]
async fn an_offline_account_is_told_at_login() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut cat = device(&gateway, "cat", "web").await;
    // Missed altogether.
    let missed = call(&mut cat, &["bob"], json!({})).await;
    cat.done("hang_up_call", json!({"call": missed})).await;
    let older = call(&mut cat, &["bob"], json!({})).await;
    let newer = call(&mut ann, &["bob"], json!({"type": "audio"})).await;
    let mut bob = device(&gateway, "bob", "web").await;
    let invited = next(&mut bob, "call_invited").await;
    assert_eq!(
        (&invited["call"], &invited["again"]),
        (&json!(newer), &json!(true))
    );
    let message = next(&mut bob, "call_message").await;
    assert_eq!(
        (&message["attach"]["channelId"], &message["attach"]["status"]),
        (&json!(missed), &json!(2))
    );
    let message = next(&mut bob, "call_message").await;
    assert_eq!(
        (&message["attach"]["channelId"], &message["attach"]["status"]),
        (&json!(older), &json!(5))
    );
    assert_eq!(next(&mut ann, "call_ringing").await["account"], "bob");
    let busy = cat.event_named("call_busy").await;
    assert_eq!(busy["call"], json!(older));
    bob.done("accept_call", json!({"call": newer})).await;
    next(&mut ann, "call_accepted").await;
    drop(bob);
    // What was told once is not told again.
    let mut bob = device(&gateway, "bob", "web").await;
    let sync = next(&mut bob, "call_sync").await;
    assert_eq!(
        (&sync["state"]["call"], &sync["state"]["here"]),
        (&json!(newer), &json!(false))
    );
    bob.done("take_over_call", json!({"call": newer})).await;
    bob.done("hang_up_call", json!({"call": newer})).await;
    next(&mut bob, "call_ended").await;
}

/// A session that is lost and resumed keeps its call; one that says goodbye leaves it.
#[tokio::test]
async fn sessions_come_back() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut bob, "call_invited").await;
    let session = bob.session();
    drop(bob);
    let mut bob = Socket::open(&gateway, "bob", &format!("&session={session}")).await;
    assert_eq!(next(&mut bob, "call_invited").await["again"], true);
    bob.done("accept_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;
    drop(bob);
    let mut bob = Socket::open(&gateway, "bob", &format!("&session={session}")).await;
    let sync = next(&mut bob, "call_sync").await;
    assert_eq!(sync["state"]["here"], true);
    assert!(sync["state"]["ticket"].is_string());
    assert_eq!(bob.bye().await, 1000);
    assert_eq!(next(&mut ann, "call_left").await["reason"], "normal");
    assert_eq!(next(&mut ann, "call_ended").await["by"], "bob");
}

/// The app's policy of a single device: a newer session ends the others, and leaves their call.
#[tokio::test]
async fn a_single_device_policy_kicks() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    assert_eq!(
        api.ok("GET", "/v1/app/policy", None).await["single_device"],
        false
    );
    api.ok("PUT", "/v1/app/policy", Some(json!({"single_device": true})))
        .await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut phone = device(&gateway, "bob", "phone").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut phone, "call_invited").await;
    let mut tablet = device(&gateway, "bob", "tablet").await;
    assert_eq!(phone.close_code().await, 4002);
    assert_eq!(next(&mut tablet, "call_invited").await["call"], json!(id));
    tablet.done("accept_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;
    let _laptop = device(&gateway, "bob", "laptop").await;
    assert_eq!(tablet.close_code().await, 4002);
    let left = next(&mut ann, "call_left").await;
    assert_eq!(
        (&left["account"], &left["reason"]),
        (&json!("bob"), &json!("kicked"))
    );
    assert_eq!(next(&mut ann, "call_ended").await["status"], "completed");
}
