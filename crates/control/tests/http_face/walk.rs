//! From a room to its URLs, by REST alone.

use serde_json::{Value, json};

use crate::harness::Server;

#[tokio::test]
async fn from_room_to_pull_url() {
    let server = Server::start().await;
    let (app, ann, bob) = (server.app_token(), server.token("ann"), server.token("bob"));

    let body = json!({ "id": "standup", "name": "Morning stand-up", "creator": "ann" });
    let room = server.call(&app, "POST", "/v1/rooms", body).await;
    assert_eq!(room.status, 201);
    assert_eq!(room.json()["settings"]["kind"], "communication");

    let inside = server
        .call(
            &ann,
            "POST",
            "/v1/rooms/standup/members",
            json!({ "nick": "Ann" }),
        )
        .await
        .ok();
    let ann_member = inside["member"].as_str().unwrap().to_owned();
    assert_eq!(inside["room"]["members"][0]["role"], "admin");
    let inside = server
        .call(&bob, "POST", "/v1/rooms/standup/members", json!({}))
        .await
        .ok();
    assert_eq!(inside["again"], false);
    assert_eq!(inside["room"]["members"].as_array().unwrap().len(), 2);

    let published = server
        .call(
            &ann,
            "POST",
            "/v1/rooms/standup/streams",
            json!({ "kind": "camera" }),
        )
        .await;
    assert_eq!(published.status, 201);
    let published = published.json();
    let push = published["push"]["url"].as_str().unwrap();
    assert!(push.starts_with("rtmp://localhost/demo/"), "{push}");
    let stream = published["stream"]["id"].as_str().unwrap();
    assert_eq!(published["stream"]["owner"], ann_member.as_str());

    let pull = server
        .call(
            &bob,
            "POST",
            &format!("/v1/rooms/standup/streams/{stream}/pull-url"),
            json!(null),
        )
        .await
        .ok();
    assert!(
        pull["rtmp"]
            .as_str()
            .unwrap()
            .starts_with("rtmp://localhost/demo/")
    );
    assert!(pull["http_flv"].as_str().unwrap().contains(".flv"));
    assert!(pull["ws_flv"].as_str().unwrap().starts_with("ws://"));

    let newer = server
        .call(
            &ann,
            "POST",
            &format!("/v1/rooms/standup/streams/{stream}/push-url"),
            json!(null),
        )
        .await
        .ok();
    assert_eq!(newer["version"], 2);
    assert_ne!(newer["push"]["url"], push);

    let streams = server
        .call(&bob, "GET", "/v1/rooms/standup/streams", json!(null))
        .await
        .ok();
    assert_eq!(streams["streams"][0]["id"], stream);
    assert_eq!(streams["streams"][0]["on_air"], false);

    let events = server
        .call(&bob, "GET", "/v1/rooms/standup/events?after=0", json!(null))
        .await
        .ok();
    let names: Vec<&str> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert_eq!(names[..3], ["room_created", "member_joined", "member_joined"]);
    assert!(
        names.contains(&"stream_added")
            && names.contains(&"url_reissued")
            && !names.contains(&"pull_granted")
    );

    server
        .call(&app, "DELETE", "/v1/rooms/standup", json!(null))
        .await
        .ok();
    server
        .call(&app, "GET", "/v1/rooms/standup", json!(null))
        .await
        .expect(404, "no_such_room");
    let records = server
        .call(&app, "GET", "/v1/call-records?room=standup", json!(null))
        .await
        .ok();
    assert_eq!(records["records"][0]["members"].as_array().unwrap().len(), 2);
    let records = server
        .call(&bob, "GET", "/v1/call-records", json!(null))
        .await
        .ok();
    assert_eq!(records["records"][0]["room"], "standup");
    server.finish().await;
}

#[tokio::test]
async fn management_of_a_room() {
    let server = Server::start().await;
    let app = server.app_token();
    let room = server.room(json!({ "kind": "live", "creator": "ann" })).await;
    let ann = server.join(&room, "ann", "admin").await;
    let bob = server.join(&room, "bob", "audience").await;
    let (ann_token, bob_token) = (server.token("ann"), server.token("bob"));
    let at = |rest: &str| format!("/v1/rooms/{room}{rest}");
    let ok = async |token: &str, method: &str, rest: &str, body: Value| {
        server.call(token, method, &at(rest), body).await.ok()
    };

    // Ask for the floor, and get it.
    ok(&bob_token, "POST", "/requests", json!({ "role": "talker" })).await;
    let asked = ok(&ann_token, "GET", "", json!(null)).await;
    assert_eq!(asked["requests"][0]["member"], bob.as_str());
    let answer = json!({ "role": "talker", "accept": true });
    ok(&ann_token, "POST", &format!("/requests/{bob}/answer"), answer).await;
    let role = |member: &str| {
        let target = at(&format!("/members/{member}"));
        let (server, app) = (&server, &app);
        async move { server.call(app, "GET", &target, json!(null)).await.ok()["role"].clone() }
    };
    assert_eq!(role(&bob).await, "talker");
    for wanted in ["admin", "audience", "audience"] {
        ok(
            &ann_token,
            "PUT",
            &format!("/members/{bob}/role"),
            json!({ "role": wanted }),
        )
        .await;
        assert_eq!(role(&bob).await, wanted);
    }

    // Mute one, mute all, excuse one.
    ok(
        &ann_token,
        "PUT",
        &format!("/members/{bob}/mute/audio"),
        json!(null),
    )
    .await;
    let member = ok(&app, "GET", &format!("/members/{bob}"), json!(null)).await;
    assert_eq!(
        (&member["mute"]["own"]["audio"], &member["muted"]["audio"]),
        (&json!(true), &json!(true))
    );
    ok(
        &ann_token,
        "DELETE",
        &format!("/members/{bob}/mute/audio"),
        json!(null),
    )
    .await;
    ok(&ann_token, "PUT", "/mute-all/video", json!(null)).await;
    let members = ok(&bob_token, "GET", "/members", json!(null)).await;
    let muted = |id: &str| {
        members["members"]
            .as_array()
            .unwrap()
            .iter()
            .find(|m| m["id"] == id)
            .unwrap()["muted"]["video"]
            .clone()
    };
    assert_eq!((muted(&bob), muted(&ann)), (json!(true), json!(false)));
    ok(&ann_token, "DELETE", "/mute-all/video", json!(null)).await;

    // Attributes, messages, texts.
    ok(
        &ann_token,
        "PUT",
        "/attributes/topic%2F1",
        json!({ "value": "ü" }),
    )
    .await;
    ok(
        &bob_token,
        "POST",
        "/messages",
        json!({ "to": ann, "payload": "hi" }),
    )
    .await;
    ok(
        &bob_token,
        "PATCH",
        &format!("/members/{bob}"),
        json!({ "nick": "Bob" }),
    )
    .await;
    ok(
        &bob_token,
        "POST",
        &format!("/members/{bob}/heartbeat"),
        json!(null),
    )
    .await;
    let now = ok(&app, "GET", "", json!(null)).await;
    assert_eq!(now["attributes"]["topic/1"], "ü");
    ok(&ann_token, "DELETE", "/attributes/topic%2F1", json!(null)).await;

    // Tickets: an admin may sign them, others not.
    let ticket = json!({ "role": "talker", "account": "cy", "ttl_ms": 60_000 });
    server
        .call(&bob_token, "POST", &at("/tickets"), ticket.clone())
        .await
        .expect(403, "not_allowed");
    let ticket = ok(&ann_token, "POST", "/tickets", ticket).await;
    let join = json!({ "ticket": ticket["ticket"], "role": "talker" });
    ok(&server.token("cy"), "POST", "/members", join.clone()).await;
    server
        .call(&server.token("dan"), "POST", &at("/members"), join)
        .await
        .expect(403, "wrong_ticket");

    // A token for the room carries its role.
    let eve = server.room_token("eve", &room, lianmai_rooms::Role::Talker);
    let inside = ok(&eve, "POST", "/members", json!({ "role": "talker" })).await;
    assert_eq!(inside["again"], false);

    // Leave, and be removed.
    server
        .call(&bob_token, "DELETE", &at(&format!("/members/{ann}")), json!(null))
        .await
        .expect(403, "not_allowed");
    ok(&bob_token, "DELETE", &format!("/members/{bob}"), json!(null)).await;
    server
        .call(&bob_token, "GET", &at(""), json!(null))
        .await
        .expect(403, "not_a_member");
    let eve = inside["member"].as_str().unwrap();
    ok(&ann_token, "DELETE", &format!("/members/{eve}"), json!(null)).await;
    server
        .call(&app, "GET", &at(&format!("/members/{eve}")), json!(null))
        .await
        .expect(404, "no_such_member");
    server.finish().await;
}

#[tokio::test]
async fn rooms_come_in_pages() {
    let server = Server::start().await;
    for id in ["r1", "r2", "r3"] {
        server.room(json!({ "id": id })).await;
    }
    let app = server.app_token();
    let page = server
        .call(&app, "GET", "/v1/rooms?limit=2", json!(null))
        .await
        .ok();
    let ids = |page: &serde_json::Value| {
        let rooms = page["rooms"].as_array().unwrap().clone();
        rooms
            .into_iter()
            .map(|room| room["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&page), &page["next_after"]),
        (vec!["r1".to_owned(), "r2".to_owned()], &json!("r2"))
    );
    let page = server
        .call(&app, "GET", "/v1/rooms?limit=2&after=r2", json!(null))
        .await
        .ok();
    assert_eq!(
        (ids(&page), &page["next_after"]),
        (vec!["r3".to_owned()], &json!(null))
    );
    server
        .call(&server.token("ann"), "GET", "/v1/rooms", json!(null))
        .await
        .expect(403, "not_allowed");
    server.finish().await;
}
