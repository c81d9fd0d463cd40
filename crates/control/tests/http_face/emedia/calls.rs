//! What admins do: roles, muting, attributes, requests, removal, the end; and lives.

use serde_json::{Value, json};

use super::client::{Client, confr, create, exists, ok, open_server, path, post, room, send, uid};

const ROLES: &str = "/easemob/rtc/chanage/roles";
const ATTRIBUTES: &str = "/easemob/rtc/confr/attrs/update";

#[tokio::test]
async fn roles_are_given_and_taken() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join(&server, "ann", &confr, 9).await;
    let mut bob = Client::join_web(&server, "bob", &confr, 1).await;
    let token = ann.role_token();
    let denied = json!({ "uids": [uid("bob")], "role": 3, "roleToken": bob.role_token() });
    assert_eq!(post(&server, ROLES, &denied).await["error"], -507);

    // By name, id or account; the token at either place.
    ok(
        &server,
        ROLES,
        &json!({ "uids": [uid("bob")], "role": 3, "roleToken": token }),
    )
    .await;
    let role = bob.event(412).await;
    assert_eq!(role["role"], 3);
    assert!(role["roleToken"].is_string());
    let nested = json!({ "uids": [bob.mem()], "role": 7, "data": { "roleToken": token }, "confrId": confr });
    ok(&server, ROLES, &nested).await;
    assert_eq!(bob.event(412).await["role"], 7);
    let admin = bob.event(413).await;
    assert_eq!(
        (&admin["memName"], &admin["role"]),
        (&json!(uid("bob")), &json!(7))
    );
    let degrade = json!({ "uids": ["bob"], "role": 1, "roleToken": token });
    ok(&server, "/easemob/rtc/role/degrade", &degrade).await;
    assert_eq!(bob.event(412).await["role"], 1);
    let raise = json!({ "uids": ["bob"], "role": 7, "roleToken": token });
    assert_eq!(
        post(&server, "/easemob/rtc/role/degrade", &raise).await["error"],
        -507
    );

    // Asking over the socket: all admins hear it, and the one who asked hears the answer.
    let ask = json!({ "op": 1002, "memId": ann.mem(), "arg": json!({ "op2": 21, "memId": bob.mem() }).to_string() });
    bob.done(ask.clone()).await;
    let asked = ann.event(1002).await;
    let arg: Value = serde_json::from_str(asked["arg"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&arg["op2"], &arg["memId"], &arg["memName"]),
        (&json!(21), &json!(bob.mem()), &json!(uid("bob")))
    );
    let no = json!({ "op2": 21, "memId": bob.mem() }).to_string();
    ann.done(json!({ "op": 1001, "memId": bob.mem(), "result": 1, "arg": no }))
        .await;
    let answer = bob.event(1001).await;
    assert_eq!(answer["result"], 1);
    bob.done(ask).await;
    ok(
        &server,
        ROLES,
        &json!({ "uids": [arg["memName"]], "role": 3, "roleToken": token }),
    )
    .await;
    assert_eq!(bob.event(1001).await["result"], 0);

    // Muting by an admin is done to the media, and told.
    let member = bob.mem();
    let mute = |op2: u64| json!({ "op": 1002, "memId": member, "arg": json!({ "op2": op2 }).to_string() });
    ann.done(mute(23)).await;
    let arg = bob.event(1002).await["arg"].clone();
    assert_eq!(
        serde_json::from_str::<Value>(arg.as_str().unwrap()).unwrap()["op2"],
        23
    );
    let view = room(&server, &confr).await;
    let member = view["members"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["account"] == "bob")
        .unwrap();
    assert_eq!(member["mute"]["own"]["audio"], true);
    ann.done(mute(24)).await;
    bob.event(1002).await;
    let back = json!({ "op": 1002, "memId": ann.mem(), "arg": "{\"op2\":23}" });
    assert_eq!(bob.ask(back).await["result"], -507, "not an admin");

    let kick = json!({ "uids": [uid("bob")], "roleToken": token });
    ok(&server, "/easemob/rtc/kick/member", &kick).await;
    let exit = bob.event(301).await;
    assert_eq!((&exit["memId"], &exit["reason"]), (&json!(bob.mem()), &json!(2)));
    assert_eq!(bob.close_code().await, 1000);
    server.finish().await;
}

#[tokio::test]
async fn attributes_and_states_are_told_to_all() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let ann = Client::join(&server, "ann", &confr, 9).await;
    let mut bob = Client::join(&server, "bob", &confr, 9).await;
    let token = ann.role_token();
    let set = |op: &str, val: &str| json!({ "roleToken": token, "cattrs": [{ "key": "topic", "val": val, "op": op }], "success": null });
    ok(&server, ATTRIBUTES, &set("UPDATE", "tea")).await;
    assert_eq!(
        bob.event(402).await["cattrs"],
        json!([{ "key": "topic", "val": "tea", "op": "UPDATE" }])
    );
    // Whoever comes later finds them: browsers in the answer, mini programs as an event.
    let web = Client::join_web(&server, "eve", &confr, 1).await;
    assert_eq!(web.welcome["cattrs"], json!({ "topic": "tea" }));
    let mut mini = Client::join(&server, "dan", &confr, 1).await;
    assert_eq!(mini.event(402).await["cattrs"], json!({ "topic": "tea" }));
    ok(&server, ATTRIBUTES, &set("DEL", "")).await;
    assert_eq!(bob.event(402).await["cattrs"][0]["op"], "DEL");

    let all = json!({ "roleToken": token, "cstate": { "muteAll": true } });
    ok(&server, ATTRIBUTES, &all).await;
    let told = bob.event(402).await;
    assert_eq!(
        (&told["cstate"], &told["cattrs"]),
        (&json!({ "muteAll": true }), &json!([]))
    );
    let none = json!({ "roleToken": bob.role_token(), "cstate": { "muteAll": false } });
    assert_eq!(
        post(&server, ATTRIBUTES, &none).await["error"],
        -507,
        "only admins"
    );
    let info = json!({ "uid": uid("ann"), "token": "t", "confrId": confr });
    let info = ok(&server, "/easemob/rtc/select/confr", &info).await;
    assert_eq!(
        (&info["confr"]["memTotal"], &info["confr"]["audienceTotal"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(info["confr"]["talkers"].as_array().unwrap().len(), 2);

    ok(
        &server,
        "/easemob/rtc/disband/conference",
        &json!({ "roleToken": token }),
    )
    .await;
    let exit = bob.event(301).await;
    assert_eq!((&exit["memId"], &exit["reason"]), (&json!(bob.mem()), &json!(11)));
    bob.event(204).await;
    assert_eq!(bob.close_code().await, 1000);
    assert!(!exists(&server, &confr).await);
    server.finish().await;
}

#[tokio::test]
async fn operations_of_one_client_reach_another_and_its_answer_comes_back() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join_web(&server, "ann", &confr, 9).await;
    let mut bob = Client::join_web(&server, "bob", &confr, 9).await;
    let arg = json!({ "op2": 20, "pic": 1, "rspBase64Pic": true }).to_string();
    let request = json!({ "op": 1002, "tsxId": "MSG7-7", "memId": bob.mem(), "arg": arg });
    ann.say(&request.to_string()).await;
    let asked = bob.event(1002).await;
    assert_eq!(
        (&asked["tsxId"], &asked["memId"], &asked["arg"]),
        (&json!("MSG7-7"), &json!(ann.mem()), &json!(arg))
    );
    let picture = json!({ "pic": "data:," }).to_string();
    let answer = json!({ "op": 1001, "tsxId": "MSG7-7", "memId": ann.mem(), "arg": picture, "result": 0 });
    bob.say(&answer.to_string()).await;
    let answered = ann.event(1001).await;
    assert_eq!(
        (&answered["tsxId"], &answered["arg"], &answered["result"]),
        (&json!("MSG7-7"), &json!(picture), &json!(0))
    );
    // A message to everybody.
    bob.done(json!({ "op": 1003, "arg": { "any": "thing" } })).await;
    assert_eq!(ann.event(1003).await["arg"], "{\"any\":\"thing\"}");
    let ping = json!({ "op": 100, "tsxId": "p" }).to_string();
    ann.say(&ping).await;
    assert_eq!(ann.event(101).await["tsxId"], "p");
    server.finish().await;
}

#[tokio::test]
async fn lives_are_the_mix_pushed_to_a_cdn() {
    let server = open_server().await;
    let live = json!({ "cdn": "rtmp://8.8.8.8/live/key", "layoutStyle": "GRID" });
    let body = json!({
        "uid": uid("ann"), "token": "t", "confrType": 10, "password": "", "liveCfg": live,
    });
    let made = ok(&server, "/easemob/rtc/req/ticket", &body).await;
    let confr = confr(&made);
    let pushes = format!("/v1/rooms/{confr}/pushes");
    let pushes = server
        .call(&server.app_token(), "GET", &pushes, Value::Null)
        .await
        .ok();
    assert_eq!(pushes["pushes"].as_array().map_or(0, Vec::len), 1, "{pushes}");
    let mut ann = Client::enter(&server, &made["ticket"], "WEB").await;
    assert_eq!(ann.welcome["liveCfgs"].as_object().unwrap().len(), 1);
    ok(
        &server,
        &path(&ann.welcome["useUrl"]),
        &json!({ "op": "pubS", "rtcId": "r" }),
    )
    .await;
    let token = ann.role_token();
    let stream = room(&server, &confr).await["streams"]
        .as_array()
        .unwrap()
        .iter()
        .find(|stream| stream["kind"] == "camera")
        .unwrap()["id"]
        .clone();

    let add = |cdn: &str| {
        json!({ "confrId": confr, "roleToken": token, "liveCfg": {
            "cdn": cdn, "layoutStyle": "CUSTOM", "canvas": { "w": 640, "h": 360, "fps": 15, "bps": 500, "codec": "H264" },
        } })
    };
    let added = ok(&server, "/easemob/rtc/livecfg", &add("rtmp://8.8.8.8/live/two")).await;
    let changed = ann.event(452).await;
    assert_eq!(changed["liveCfgs"].as_object().unwrap().len(), 2);
    // What is said of an address is no secret.
    assert!(!changed.to_string().contains("two"), "{changed}");
    let twice = post(&server, "/easemob/rtc/livecfg", &add("rtmp://8.8.8.8/live/two")).await;
    assert_eq!(
        (&twice["error"], &twice["reason"]),
        (&json!(-507), &json!("push_exists"))
    );
    let private = post(&server, "/easemob/rtc/livecfg", &add("rtmp://")).await;
    assert_eq!(private["error"], -507);
    let region = json!({ "sid": stream, "x": 0, "y": 0, "w": 320, "h": 180, "style": "fill" });
    let update =
        json!({ "confrId": confr, "liveId": added["liveId"], "regions": [region], "roleToken": token });
    ok(&server, "/easemob/rtc/live/layout", &update).await;
    let canvas = server
        .call(
            &server.app_token(),
            "GET",
            &format!("/v1/rooms/{confr}/mix"),
            Value::Null,
        )
        .await
        .ok();
    assert_eq!(
        (
            &canvas["layout"]["canvas"]["width"],
            &canvas["layout"]["arrangement"]["type"]
        ),
        (&json!(640), &json!("custom"))
    );

    let all: Vec<String> = changed["liveCfgs"].as_object().unwrap().keys().cloned().collect();
    for live in all {
        let body = json!({ "confrId": confr, "liveId": live, "roleToken": token }).to_string();
        let gone = send(&server, "DELETE", "/easemob/rtc/delete/live", body.as_bytes()).await;
        assert_eq!(gone["error"], 0, "{gone}");
    }
    let view = room(&server, &confr).await;
    assert!(
        view["streams"]
            .as_array()
            .unwrap()
            .iter()
            .all(|stream| stream["kind"] != "mix"),
        "{view}"
    );
    server.finish().await;
}
