//! The room of a call: for those inside only, and gone with the call.

use lianmai_tests::Gateway;
use serde_json::json;

use crate::{call, device, next, refused};

#[tokio::test]
async fn only_those_inside_the_call_enter_its_room() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let mut cat = device(&gateway, "cat", "web").await;
    let mut eve = device(&gateway, "eve", "web").await;
    let id = call(&mut ann, &["bob", "cat"], json!({})).await;
    let accepted = bob.done("accept_call", json!({"call": id})).await;
    let (room, ticket) = (accepted["room"].clone(), accepted["ticket"].clone());
    for socket in [&mut cat, &mut eve] {
        let stranger = refused(socket, "join", json!({"room": room})).await;
        assert_eq!(stranger, (403, "not_in_call".to_owned()));
        let stolen = refused(socket, "join", json!({"room": room, "ticket": ticket})).await;
        assert_eq!(stolen, (403, "not_in_call".to_owned()));
    }
    bob.done("join", json!({"room": room, "ticket": ticket})).await;
    let entry = next(&mut ann, "call_accepted").await;
    ann.done("join", json!({"room": room, "ticket": entry["ticket"]}))
        .await;
    next(&mut cat, "call_invited").await;
    cat.done("accept_call", json!({"call": id})).await;

    // Whoever leaves the call leaves the room, and its ticket is worth nothing any more.
    bob.done("leave_call", json!({"call": id})).await;
    let left = ann.event_named("member_left").await;
    assert_eq!(left["reason"], "normal");
    let gone = refused(&mut bob, "join", json!({"room": room, "ticket": ticket})).await;
    assert_eq!(gone, (403, "not_in_call".to_owned()));

    // Whoever is removed from the room is removed from the call; the last one ends it, and the room.
    let server = gateway.api().await;
    let members = server
        .ok(
            "GET",
            &format!("/v1/rooms/{}/members", room.as_str().unwrap()),
            None,
        )
        .await;
    let member = members["members"][0]["id"].as_str().unwrap().to_owned();
    server
        .ok(
            "DELETE",
            &format!("/v1/rooms/{}/members/{member}", room.as_str().unwrap()),
            None,
        )
        .await;
    // The first is Bob's own leaving.
    assert_eq!(cat.event_named("call_left").await["account"], "bob");
    assert_eq!(cat.event_named("call_left").await["reason"], "kicked");
    assert_eq!(cat.event_named("call_ended").await["status"], "completed");
    let (status, _) = server
        .call("GET", &format!("/v1/rooms/{}", room.as_str().unwrap()), None)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_call_ends_with_its_room() {
    let gateway = Gateway::start().await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let id = call(&mut ann, &["bob"], json!({})).await;
    let accepted = bob.done("accept_call", json!({"call": id})).await;
    let path = format!("/v1/rooms/{}", accepted["room"].as_str().unwrap());
    gateway.api().await.ok("DELETE", &path, None).await;
    let ended = ann.event_named("call_ended").await;
    assert_eq!(
        (&ended["status"], &ended["by"]),
        (&json!("completed"), &json!(null))
    );
}
