//! Calls of two.

use lianmai_tests::Gateway;
use serde_json::json;

use crate::{call, device, next, refused};

/// Answered, talked, hung up: both enter the room with their tickets and are told the same end.
#[tokio::test]
async fn an_answered_call_opens_a_room() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "wechat").await;
    let attachment = json!({"attachment": {"subject": "房间"}, "timeout_ms": 30_000});
    let id = call(&mut ann, &["bob"], attachment).await;
    let invited = next(&mut bob, "call_invited").await;
    assert_eq!(
        (&invited["call"], &invited["caller"]),
        (&json!(id), &json!("ann"))
    );
    assert_eq!(invited["attachment"]["subject"], "房间");
    assert_eq!(
        (&invited["type"], &invited["group"], &invited["again"]),
        (&json!("video"), &json!(false), &json!(false))
    );
    let span = invited["expires_at"].as_u64().unwrap() - invited["started_at"].as_u64().unwrap();
    assert_eq!(span, 30_000);

    let accepted = bob
        .done("accept_call", json!({"call": id, "ext": {"v": "1.1"}}))
        .await;
    assert_eq!(
        (&accepted["state"], &accepted["me"], &accepted["here"]),
        (&json!("active"), &json!("inside"), &json!(true))
    );
    let again = bob.done("accept_call", json!({"call": id})).await;
    assert_eq!(again["room"], accepted["room"], "said again, it answers the same");
    let told = next(&mut ann, "call_accepted").await;
    assert_eq!(
        (&told["account"], &told["ext"]["v"]),
        (&json!("bob"), &json!("1.1"))
    );
    assert_eq!(told["room"], accepted["room"]);

    let room = accepted["room"].clone();
    for (socket, ticket) in [(&mut ann, &told["ticket"]), (&mut bob, &accepted["ticket"])] {
        let joined = socket.done("join", json!({"room": room, "ticket": ticket})).await;
        assert_eq!(joined["room"]["id"], room);
    }
    let published = ann
        .done("publish_stream", json!({"room": room, "kind": "camera"}))
        .await;
    let stream = published["stream"]["id"].clone();
    bob.done("pull_url", json!({"room": room, "stream": stream}))
        .await;

    ann.done("hang_up_call", json!({"call": id, "reason": "done"}))
        .await;
    for socket in [&mut ann, &mut bob] {
        let ended = socket.event_named("call_ended").await;
        assert_eq!(
            (&ended["status"], &ended["by"], &ended["reason"]),
            (&json!("completed"), &json!("ann"), &json!("done"))
        );
        assert_eq!(ended["record"]["members"].as_array().unwrap().len(), 2);
        let message = socket.event_named("call_message").await;
        assert_eq!(
            (&message["type"], &message["attach"]["status"]),
            (&json!("g2"), &json!(1))
        );
        assert_eq!(message["attach"]["type"], 2);
        assert!(message["attach"]["durations"][1]["duration"].is_u64());
    }
    let (status, code) = refused(&mut bob, "show_room", json!({"room": room})).await;
    assert_eq!(
        (status, code.as_str()),
        (404, "no_such_room"),
        "the room ended with the call"
    );
    let (status, code) = refused(&mut bob, "hang_up_call", json!({"call": id})).await;
    assert_eq!((status, code.as_str()), (410, "call_ended"));
}

/// Refused, busy by itself and by hand, cancelled, not answered: what the caller and the callee are told.
#[tokio::test]
async fn calls_that_are_not_answered() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let mut cat = device(&gateway, "cat", "web").await;

    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut bob, "call_invited").await;
    // Somebody else finds both of them busy.
    for busy in ["bob", "ann"] {
        let view = cat
            .done("start_call", json!({"callees": [busy], "type": "audio"}))
            .await;
        assert_eq!(view["state"], "ended");
        let told = next(&mut cat, "call_busy").await;
        assert_eq!(
            (&told["account"], &told["automatic"]),
            (&json!(busy), &json!(true))
        );
        assert_eq!(next(&mut cat, "call_ended").await["status"], "busy");
        next(&mut cat, "call_message").await;
    }
    bob.done(
        "reject_call",
        json!({"call": id, "reason": "in a meeting", "ext": [1]}),
    )
    .await;
    let told = ann.event_named("call_rejected").await;
    assert_eq!(
        (&told["reason"], &told["ext"]),
        (&json!("in a meeting"), &json!([1]))
    );
    let ended = next(&mut ann, "call_ended").await;
    assert_eq!(
        (&ended["status"], &ended["record"]["room"]),
        (&json!("rejected"), &json!(null))
    );
    let message = next(&mut ann, "call_message").await;
    assert_eq!(message["attach"]["status"], 3);
    assert_eq!(message["attach"]["durations"][0]["duration"], json!(null));
    bob.event_named("call_ended").await;

    let id = call(&mut ann, &["bob"], json!({})).await;
    bob.event_named("call_invited").await;
    bob.done("reject_call", json!({"call": id, "busy": true})).await;
    let told = next(&mut ann, "call_busy").await;
    assert_eq!(told["automatic"], false);
    assert_eq!(next(&mut ann, "call_ended").await["status"], "busy");

    let id = call(&mut ann, &["bob"], json!({})).await;
    bob.event_named("call_invited").await;
    ann.done("cancel_call", json!({"call": id, "reason": "wrong number"}))
        .await;
    let told = next(&mut bob, "call_cancelled").await;
    assert_eq!(
        (&told["by"], &told["reason"]),
        (&json!("ann"), &json!("wrong number"))
    );
    assert_eq!(next(&mut bob, "call_ended").await["status"], "cancelled");
    ann.event_named("call_ended").await;

    call(&mut ann, &["bob"], json!({"timeout_ms": 1000})).await;
    bob.event_named("call_invited").await;
    for socket in [&mut ann, &mut bob] {
        let told = socket.event_named("call_timed_out").await;
        assert_eq!(told["account"], "bob");
        assert_eq!(next(socket, "call_ended").await["status"], "timed_out");
        assert_eq!(next(socket, "call_message").await["attach"]["status"], 4);
    }
}

/// The callee shortens its own ring, too.
#[tokio::test]
async fn either_side_sets_the_time_out() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut bob, "call_invited").await;
    bob.done("set_call_timeout", json!({"call": id, "timeout_ms": 1000}))
        .await;
    assert_eq!(ann.event_named("call_ended").await["status"], "timed_out");
}

/// Messages inside a call and another type, at once and after asking.
#[tokio::test]
async fn control_inside_a_call() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    next(&mut bob, "call_invited").await;
    let early = refused(&mut ann, "control_call", json!({"call": id, "data": 1})).await;
    assert_eq!(early, (409, "call_not_active".to_owned()));
    let early = refused(&mut bob, "control_call", json!({"call": id, "data": 1})).await;
    assert_eq!(early, (403, "not_in_call".to_owned()));
    bob.done("accept_call", json!({"call": id})).await;
    next(&mut ann, "call_accepted").await;

    ann.done(
        "control_call",
        json!({"call": id, "to": "bob", "data": {"cid": 1}}),
    )
    .await;
    let told = next(&mut bob, "call_control").await;
    assert_eq!(
        (&told["from"], &told["to"], &told["data"]["cid"]),
        (&json!("ann"), &json!("bob"), &json!(1))
    );

    let answer = bob
        .done("switch_call_type", json!({"call": id, "type": "audio"}))
        .await;
    assert_eq!(answer["asked"], false);
    assert_eq!(next(&mut ann, "call_type_changed").await["type"], "audio");
    let answer = bob
        .done("switch_call_type", json!({"call": id, "type": "video"}))
        .await;
    assert_eq!(answer["asked"], true);
    assert_eq!(next(&mut ann, "call_type_requested").await["by"], "bob");
    ann.done(
        "answer_call_type",
        json!({"call": id, "type": "video", "accept": true}),
    )
    .await;
    assert_eq!(next(&mut bob, "call_type_changed").await["type"], "video");
    let shown = ann.done("show_call", json!({})).await;
    assert_eq!(shown["call"]["type"], "video");
}
