//! Members: entering, seeing each other, coming back, leaving; members of other clients beside them.

use serde_json::json;

use super::client::{Client, confr, create, exists, ok, open_server, path, post, room, ticket, uid};

#[tokio::test]
async fn two_members_see_each_other() {
    let server = open_server().await;
    let made = create(&server, "ann", "pw123").await;
    let confr = confr(&made);
    assert_eq!(
        (&made["type"], &made["password"], &made["role"]),
        (&json!(10), &json!("pw123"), &json!(7))
    );
    // Where clients look for it after either call.
    assert_eq!(made["roleToken"], made["data"]["roleToken"]);
    let inner: serde_json::Value = serde_json::from_str(made["ticket"].as_str().unwrap()).unwrap();
    assert!(
        inner["tktId"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{confr}TK"))
    );
    assert_eq!(inner["memName"], uid("ann"));

    let mut ann = Client::enter(&server, &made["ticket"], "MINI_PROGRAM").await;
    assert!(ann.mem().starts_with(&format!("{confr}M")), "{}", ann.mem());
    let welcome = &ann.welcome;
    assert_eq!((&welcome["mems"], &welcome["streams"]), (&json!({}), &json!({})));
    assert_eq!(
        (&welcome["role"], &welcome["cstate"]["muteAll"]),
        (&json!(7), &json!(false))
    );

    let wrong = json!({ "uid": uid("bob"), "token": "t", "confrId": confr, "password": "no", "role": 9 });
    assert_eq!(
        post(&server, "/easemob/rtc/req/ticket", &wrong).await["error"],
        -500
    );
    let right = json!({ "uid": uid("bob"), "token": "t", "confrId": confr, "password": "pw123", "role": 9 });
    let answer = ok(&server, "/easemob/rtc/req/ticket", &right).await;
    let mut bob = Client::enter(&server, &answer["ticket"], "WEB").await;
    assert_eq!(bob.welcome["role"], 9);
    // Browsers take lists, and fail on maps.
    assert_eq!(bob.welcome["mems"][0]["memName"], uid("ann"));
    let entered = ann.event(300).await;
    assert_eq!(entered["mem"]["id"], bob.mem());
    assert_eq!(
        (
            &entered["mem"]["name"],
            &entered["mem"]["role"],
            &entered["mem"]["ext"]
        ),
        (&json!(uid("bob")), &json!(3), &json!("{\"a\":1}"))
    );

    // Published twice, also under another name: the same stream and URL.
    let use_url = path(&bob.welcome["useUrl"]);
    let first = ok(&server, &use_url, &json!({ "op": "pubS", "rtcId": "wx-1-abc" })).await;
    let again = ok(&server, &use_url, &json!({ "op": "pubS", "rtcId": "wx-2-def" })).await;
    assert_eq!(first["streamId"], again["streamId"]);
    assert!(
        first["rtmp"]
            .as_str()
            .unwrap()
            .starts_with("rtmp://localhost/demo/"),
        "{first}"
    );
    let published = ann.event(302).await;
    let stream = &published["pubS"];
    assert_eq!(
        (&published["memId"], &stream["memName"]),
        (&json!(bob.mem()), &json!(uid("bob")))
    );
    assert_eq!(
        (&stream["type"], &stream["voff"], &stream["id"]),
        (&json!(0), &json!(0), &first["streamId"])
    );
    let pull = json!({ "op": "subS", "streamId": stream["id"] });
    let pull = ok(&server, &path(&ann.welcome["useUrl"]), &pull).await;
    assert!(
        pull["rtmp"]
            .as_str()
            .unwrap()
            .contains(stream["id"].as_str().unwrap())
    );

    // The newest name counts; other members are told of the switch.
    bob.done(json!({ "op": 400, "rtcId": "wx-2-def", "voff": 1, "aoff": 0 }))
        .await;
    let control = ann.event(400).await;
    assert_eq!(
        (&control["streamId"], &control["voff"], &control["aoff"]),
        (&stream["id"], &json!(1), &json!(0))
    );
    let old = bob
        .ask(json!({ "op": 400, "rtcId": "wx-1-abc", "voff": 0 }))
        .await;
    assert_eq!(old["result"], -507);

    bob.done(json!({ "op": 201, "reason": 0 })).await;
    assert_eq!(bob.close_code().await, 1000);
    assert_eq!(ann.event(303).await["pubSId"], stream["id"]);
    assert_eq!(ann.event(301).await["memId"], published["memId"]);
    // As soon as the last has left.
    ann.done(json!({ "op": 201, "reason": 0 })).await;
    assert!(!exists(&server, &confr).await);
    server.finish().await;
}

#[tokio::test]
async fn a_lost_client_comes_back_to_its_session() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join(&server, "ann", &confr, 9).await;
    let mut bob = Client::join(&server, "bob", &confr, 9).await;
    let mut eve = Client::join(&server, "eve", &confr, 9).await;
    ok(
        &server,
        &path(&ann.welcome["useUrl"]),
        &json!({ "op": "pubS", "rtcId": "wx-1-ann" }),
    )
    .await;
    let bobs = ticket(&server, "bob", &confr, 9).await["ticket"].clone();
    let (session, member) = (bob.session(), bob.mem());
    assert_eq!(bob.event(302).await["memId"], ann.mem());
    drop(bob);
    // Seen as lost before it comes back, so that it is known what it misses.
    loop {
        let view = room(&server, &confr).await;
        let all = view["members"].as_array().unwrap();
        if all
            .iter()
            .any(|one| one["id"] == json!(member) && one["online"] == false)
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    let gone = eve.mem();
    eve.done(json!({ "op": 201 })).await;

    let mut bob = Client::connect(&server, &bobs).await;
    let mut request = Client::entering(&bobs, "MINI_PROGRAM");
    request["sessId"] = json!(session);
    let welcome = bob.ask(request).await;
    assert_eq!(
        (&welcome["result"], &welcome["sessId"], &welcome["memId"]),
        (&json!(0), &json!(session), &json!(member))
    );
    bob.welcome = welcome;
    assert_eq!(bob.welcome["mems"].as_object().unwrap().len(), 1);
    // What it missed, and all streams once more, because its page has cleared its players.
    assert_eq!(bob.event(301).await["memId"], gone);
    assert_eq!(bob.event(302).await["memId"], ann.mem());

    // A session that is over is not begun anew: clients that were removed would come back by themselves.
    let mut other = Client::connect(&server, &bobs).await;
    let mut request = Client::entering(&bobs, "MINI_PROGRAM");
    request["sessId"] = json!("nobodys");
    assert_eq!(other.ask(request).await["result"], -504);
    // Without one it is somebody new: the same member, as its stay goes on.
    let welcome = other.ask(Client::entering(&bobs, "MINI_PROGRAM")).await;
    assert_eq!(
        (&welcome["result"], &welcome["memId"]),
        (&json!(0), &json!(member))
    );
    assert_ne!(welcome["sessId"], json!(session));
    // And the older connection of the same kind of client is told why it ends.
    let exit = bob.event(301).await;
    assert_eq!((&exit["memId"], &exit["reason"]), (&json!(member), &json!(10)));
    assert_eq!(bob.close_code().await, 1000);
    ann.done(json!({ "op": 1000, "cver": 0 })).await;
    server.finish().await;
}

#[tokio::test]
async fn members_of_other_clients_are_seen_and_see() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join(&server, "ann", &confr, 9).await;
    let token = server.token("nat");
    let mut native = server.connect(&token, "").await;
    let joined = native
        .done(json!({ "op": "join", "room": confr, "nick": "Nat" }))
        .await;
    let entered = ann.event(300).await;
    assert_eq!(
        (
            &entered["mem"]["name"],
            &entered["mem"]["nickName"],
            &entered["mem"]["id"]
        ),
        (&json!(uid("nat")), &json!("Nat"), &joined["member"])
    );
    let published = native
        .done(json!({ "op": "publish_stream", "room": confr }))
        .await;
    assert_eq!(ann.event(302).await["pubS"]["id"], published["stream"]["id"]);
    native.event_named("stream_added").await;

    ok(
        &server,
        &path(&ann.welcome["useUrl"]),
        &json!({ "op": "pubS", "rtcId": "wx-1-ann" }),
    )
    .await;
    let added = native.event_named("stream_added").await;
    assert_eq!(
        (&added["stream"]["owner"], &added["stream"]["client_ref"]),
        (&json!(ann.mem()), &json!("wx-1-ann"))
    );

    // Messages, both ways.
    ann.done(json!({ "op": 1003, "memId": joined["member"], "arg": "hello" }))
        .await;
    let message = native.event_named("custom_message").await;
    assert_eq!(
        (&message["payload"], &message["from"]["id"]),
        (&json!("hello"), &json!(ann.mem()))
    );
    native
        .done(json!({ "op": "send_message", "room": confr, "to": ann.mem(), "payload": "hi" }))
        .await;
    let message = ann.event(1003).await;
    assert_eq!(
        (&message["arg"], &message["memId"]),
        (&json!("hi"), &joined["member"])
    );
    // Operations that a native client knows nothing of are refused at once.
    let control = json!({ "op": 1002, "memId": joined["member"], "arg": "{\"op2\":20,\"pic\":1}" });
    assert_eq!(ann.ask(control).await["result"], -507);

    native.done(json!({ "op": "leave", "room": confr })).await;
    assert_eq!(ann.event(301).await["memId"], joined["member"]);
    server.finish().await;
}

/// A conference with more talkers than it takes: the answer to entering says so, because clients look for it there.
#[tokio::test]
async fn a_full_conference_says_so_on_entering() {
    let server = open_server().await;
    let body = json!({
        "roomName": "small", "password": "", "memName": uid("ann"), "token": "t", "maxTalkerCount": 1,
        "supportWechatMiniProgram": true, "useVCodes": ["H264", "VP8"],
    });
    // The text of an object is as good as an object.
    let text = serde_json::to_string(&body.to_string()).unwrap();
    let made = super::client::send(&server, "POST", "/acme/meet/conferences/room", text.as_bytes()).await;
    assert_eq!((&made["error"], &made["isCreator"]), (&json!(0), &json!(true)));
    let confr = confr(&made);
    let ann = Client::join(&server, "ann", &confr, 7).await;
    assert_eq!(ann.welcome["role"], 7);
    let body = json!({ "roomName": "small", "password": "", "memName": uid("bob"), "token": "t" });
    let found = ok(&server, "/acme/meet/conferences/room", &body).await;
    assert_eq!((&found["confrId"], found.get("isCreator")), (&json!(confr), None));
    let bobs = ticket(&server, "bob", &confr, 3).await;
    let mut bob = Client::connect(&server, &bobs["ticket"]).await;
    let refused = bob.ask(Client::entering(&bobs["ticket"], "MINI_PROGRAM")).await;
    assert_eq!((&refused["result"], &refused["op"]), (&json!(-523), &json!(1001)));
    // To watch there is room. Whoever made it decides who manages, whatever others ask for.
    let bobs = ticket(&server, "bob", &confr, 1).await;
    let welcome = bob.ask(Client::entering(&bobs["ticket"], "MINI_PROGRAM")).await;
    assert_eq!((&welcome["result"], &welcome["role"]), (&json!(0), &json!(1)));
    let eves = ticket(&server, "eve", &confr, 7).await;
    assert_eq!(eves["role"], 3);
    server.finish().await;
}
