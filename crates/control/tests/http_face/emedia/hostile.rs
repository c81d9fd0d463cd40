//! Every call and every operation with fields that are missing, of another type, too long or hostile: answered in the
//! vendor's shape, and nothing changes.

use lianmai_control::service::RoomState;
use lianmai_rooms::{AppId, RoomId};
use serde_json::{Value, json};

use super::client::{Client, confr, create, ok, open_server, path, send, uid};
use super::refusals::Refusals;
use crate::harness::Server;

/// What goes into each field.
pub(super) fn rubbish() -> Vec<Value> {
    let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(""),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!([]),
        json!({}),
        json!([{}]),
        nested,
        json!("x".repeat(10_000)),
        json!("\u{0}"),
        json!("../../😀\n'; DROP TABLE rooms"),
        json!("{\"a\":"),
    ]
}

/// Bodies that no call takes.
pub(super) fn no_requests() -> Vec<Vec<u8>> {
    let long = format!("{{\"uid\":\"{}\"}}", "x".repeat(70_000));
    let deep = "[".repeat(30_000);
    let texts = [
        "", "{", "[]", "null", "7", "\"\"", "\"[]\"", "\"{\"", "{} {}", "\0", &deep, &long,
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.push(b"\xff\xfe{}".to_vec());
    all
}

/// A call, what is right for it, and which of its fields must be there and right.
struct Call {
    method: &'static str,
    path: String,
    body: Value,
    needed: &'static [&'static str],
}

/// One line, as good as any for what clients name themselves.
fn is_name(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    !text.is_empty() && text.len() <= 128 && !text.contains(char::is_control)
}

pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) confr: String,
    pub(super) ann: Client,
    pub(super) bob: Client,
    stream: String,
    live: String,
}

impl Scene {
    pub(super) async fn set() -> Scene {
        Self::on(open_server().await).await
    }

    /// An admin who publishes, and an audience.
    pub(super) async fn on(server: Server) -> Scene {
        let confr = confr(&create(&server, "ann", "secret").await);
        let enter = async |user: &str, role: i64| {
            let body = super::client::ticket_body(user, &confr, "secret", role);
            let answer = ok(&server, "/easemob/rtc/req/ticket", &body).await;
            Client::enter(&server, &answer["ticket"], "WEB").await
        };
        let ann = enter("ann", 9).await;
        let bob = enter("bob", 1).await;
        let published = json!({ "op": "pubS", "rtcId": "wx-1-ann" });
        let published = ok(&server, &path(&ann.welcome["useUrl"]), &published).await;
        let live = json!({
            "confrId": confr, "roleToken": ann.role_token(),
            "liveCfg": { "cdn": "rtmp://8.8.8.8/live/key", "layoutStyle": "GRID" },
        });
        let live = ok(&server, "/easemob/rtc/livecfg", &live).await;
        Scene {
            confr,
            stream: published["streamId"].as_str().unwrap().to_owned(),
            live: live["liveId"].as_str().unwrap().to_owned(),
            ann,
            bob,
            server,
        }
    }

    fn calls(&self) -> Vec<Call> {
        let (confr, token) = (&self.confr, self.ann.role_token());
        let post = |path: &str, body: Value, needed: &'static [&'static str]| Call {
            method: "POST",
            path: path.to_owned(),
            body,
            needed,
        };
        let region = json!([{ "sid": self.stream, "x": 0, "y": 0, "w": 320, "h": 180, "style": "fill" }]);
        let rtc = "/easemob/rtc";
        let use_url = path(&self.ann.welcome["useUrl"]);
        vec![
            // Of somebody who does not know the password.
            post(
                &format!("{rtc}/req/ticket?_ct=1"),
                json!({ "uid": uid("eve"), "token": "t", "confrId": confr, "password": "no", "role": 9 }),
                &["uid", "confrId", "password"],
            ),
            post(
                &format!("{rtc}/req/ticket"),
                json!({ "uid": uid("eve"), "confrType": 99, "role": 9, "rec": "", "liveCfg": { "cdn": "x" } }),
                &["uid", "confrType", "liveCfg"],
            ),
            post(
                "/acme/meet/conferences/room",
                json!({ "roomName": "x".repeat(200), "memName": uid("eve"), "token": "t", "password": "p" }),
                &["roomName", "memName"],
            ),
            post(
                &format!("{rtc}/select/confr"),
                json!({ "uid": uid("eve"), "token": "t", "confrId": confr, "password": "no" }),
                &["uid", "confrId", "password"],
            ),
            post(
                &format!("{rtc}/chanage/roles"),
                json!({ "uids": [uid("bob")], "role": 3, "roleToken": token }),
                &["uids", "role", "roleToken"],
            ),
            post(
                &format!("{rtc}/role/degrade"),
                json!({ "uids": [uid("bob")], "role": 1, "roleToken": token }),
                &["uids", "role", "roleToken"],
            ),
            post(
                &format!("{rtc}/kick/member"),
                json!({ "uids": [uid("bob")], "roleToken": token }),
                &["uids", "roleToken"],
            ),
            post(
                &format!("{rtc}/disband/conference"),
                json!({ "roleToken": token }),
                &["roleToken"],
            ),
            post(
                &format!("{rtc}/confr/attrs/update"),
                json!({ "roleToken": token, "cattrs": [{ "key": "k", "val": "v", "op": "UPDATE" }] }),
                &["roleToken", "cattrs"],
            ),
            post(
                &format!("{rtc}/confr/attrs/update"),
                json!({ "roleToken": token, "cstate": { "muteAll": true } }),
                &["roleToken", "cstate"],
            ),
            post(
                &format!("{rtc}/livecfg"),
                json!({ "confrId": confr, "roleToken": token, "liveCfg": {
                    "cdn": "rtmp://8.8.8.8/live/other", "layoutStyle": "GRID",
                } }),
                &["roleToken", "liveCfg"],
            ),
            post(
                &format!("{rtc}/live/layout"),
                json!({ "confrId": confr, "liveId": self.live, "regions": region, "roleToken": token }),
                &["liveId", "roleToken"],
            ),
            Call {
                method: "DELETE",
                ..post(
                    &format!("{rtc}/delete/live"),
                    json!({ "confrId": confr, "liveId": self.live, "roleToken": token }),
                    &["liveId", "roleToken"],
                )
            },
            post(&use_url, json!({ "op": "pubS", "rtcId": "wx-1-ann" }), &["op"]),
            post(
                &use_url,
                json!({ "op": "subS", "streamId": self.stream }),
                &["op", "streamId"],
            ),
            post(
                &format!("{rtc}/use?t=rubbish"),
                json!({ "op": "pubS", "rtcId": "r" }),
                &["op", "rtcId"],
            ),
        ]
    }

    /// Everything that a call could have changed: the room, and which rooms there are.
    pub(super) fn snapshot(&self) -> (Option<RoomState>, Vec<RoomId>) {
        let app = AppId::parse("demo").unwrap();
        let service = &self.server.service;
        let room = RoomId::parse(&self.confr).unwrap();
        let all = service.rooms(&app, None, 500).unwrap().into_iter();
        (service.room(&app, &room).ok(), all.map(|room| room.id).collect())
    }
}

#[tokio::test]
async fn every_field_of_every_call() {
    let refusals = Refusals::watch();
    let mut scene = Scene::set().await;
    let count = scene.calls().len();
    for index in 0..count {
        let names: Vec<String> = {
            let call = &scene.calls()[index];
            call.body.as_object().unwrap().keys().cloned().collect()
        };
        for name in names {
            for value in rubbish().into_iter().map(Some).chain([None]) {
                let call = scene.calls().swap_remove(index);
                let mut body = call.body;
                match &value {
                    Some(value) => body[name.as_str()] = value.clone(),
                    None => drop(body.as_object_mut().unwrap().remove(&name)),
                }
                let (before, counted) = (scene.snapshot(), refusals.all());
                let answer = send(
                    &scene.server,
                    call.method,
                    &call.path,
                    body.to_string().as_bytes(),
                )
                .await;
                let refused = answer["error"] != 0;
                assert_eq!(refusals.all() - counted, u64::from(refused), "{answer}");
                let fine = name == "roomName" && is_name(value.as_ref());
                let needed = call.needed.contains(&name.as_str()) && !fine;
                assert!(refused || !needed, "{} {name} = {value:?}: {answer}", call.path);
                if refused {
                    let after = scene.snapshot();
                    assert_eq!(before, after, "{} {name} = {value:?}: {answer}", call.path);
                } else if call.path.contains("/kick/")
                    || call.path.contains("/disband/")
                    || call.method == "DELETE"
                {
                    // Carried out, because what was spoilt may be left out.
                    scene = Scene::on(scene.server).await;
                }
            }
        }
    }
    scene.server.finish().await;
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let refusals = Refusals::watch();
    let scene = Scene::set().await;
    let before = scene.snapshot();
    for call in scene.calls() {
        for body in no_requests() {
            let counted = refusals.all();
            let answer = send(&scene.server, call.method, &call.path, &body).await;
            assert_ne!(answer["error"], 0, "{} {answer}", call.path);
            assert_eq!(refusals.all() - counted, 1, "{} {answer}", call.path);
        }
    }
    let after = scene.snapshot();
    assert_eq!(before, after);
    scene.server.finish().await;
}

/// An operation, and which of its fields must be there and right.
fn operations(scene: &Scene) -> Vec<(Value, &'static [&'static str])> {
    let bob = scene.bob.mem();
    vec![
        (
            json!({ "op": 102, "rtcId": "r", "sdp": "{\"type\":\"OFFER\",\"sdp\":\"a=mid:0\"}", "subSId": "s" }),
            &["rtcId", "sdp", "subSId"],
        ),
        (
            json!({ "op": 102, "rtcId": "r", "sdp": { "type": "OFFER", "sdp": "v" }, "pubS": { "type": 0 } }),
            &["rtcId", "sdp", "pubS"],
        ),
        (json!({ "op": 104, "rtcId": "r", "sdp": {} }), &["rtcId", "sdp"]),
        (
            json!({ "op": 105, "rtcId": "none", "cands": [] }),
            &["rtcId", "cands"],
        ),
        (json!({ "op": 107, "rtcId": "none" }), &["rtcId"]),
        (
            json!({ "op": 205, "rtcId": "none", "subSId": "s" }),
            &["rtcId", "subSId"],
        ),
        (json!({ "op": 206, "rtcId": "none", "subSId": "s" }), &["rtcId"]),
        (
            json!({ "op": 400, "rtcId": "wx-1-ann", "voff": 0, "aoff": 0 }),
            &["rtcId"],
        ),
        (
            json!({ "op": 500, "rtcId": "wx-1-ann", "flag": 1 }),
            &["rtcId", "flag"],
        ),
        (json!({ "op": 1000, "cver": 1 }), &[]),
        (
            json!({ "op": 1001, "memId": bob, "result": 1, "arg": "{\"op2\":21}" }),
            &["memId", "result"],
        ),
        (
            json!({ "op": 1002, "memId": bob, "arg": "{\"op2\":20}" }),
            &["memId", "arg"],
        ),
        (
            json!({ "op": 1002, "memId": bob, "arg": "{\"op2\":21}" }),
            &["arg"],
        ),
        (
            json!({ "op": 1002, "memId": bob, "arg": { "op2": "99x" } }),
            &["memId", "arg"],
        ),
        (
            json!({ "op": 1003, "memId": "nobody", "arg": "x" }),
            &["memId", "arg"],
        ),
        (json!({ "op": 99 }), &["op"]),
        (json!({ "op": 300, "mem": {} }), &["op"]),
        (json!({ "op": -1 }), &["op"]),
    ]
}

#[tokio::test]
async fn every_field_of_every_operation() {
    let refusals = Refusals::watch();
    let mut scene = Scene::set().await;
    for (request, needed) in operations(&scene) {
        let names: Vec<String> = request.as_object().unwrap().keys().cloned().collect();
        for name in names {
            for value in rubbish().into_iter().map(Some).chain([None]) {
                // A member that names nobody tells everybody; that is a message like any other.
                let broadcast = request["op"] == 1003
                    && name == "memId"
                    && value.as_ref().is_none_or(|v| v.is_null() || v == "");
                let mut spoilt = request.clone();
                match &value {
                    Some(value) => spoilt[name.as_str()] = value.clone(),
                    None => drop(spoilt.as_object_mut().unwrap().remove(&name)),
                }
                let (before, counted) = (scene.snapshot(), refusals.all());
                // A missing operation has no answer but that there is none.
                let answer = scene.ann.ask(spoilt).await;
                assert_eq!(answer["sessId"], json!(scene.ann.session()), "{answer}");
                let result = answer["result"].as_i64().unwrap_or_else(|| panic!("{answer}"));
                assert_eq!(refusals.all() - counted, u64::from(result != 0), "{answer}");
                let hangs_up = request["op"] == 107 || request["op"] == 206;
                let fine = hangs_up && name == "rtcId" && is_name(value.as_ref());
                let free = fine || request["op"] == 1003 && name == "arg";
                if needed.contains(&name.as_str()) && !free && !broadcast {
                    assert_ne!(result, 0, "{request} {name} = {value:?}: {answer}");
                }
                if result != 0 {
                    assert_eq!(before, scene.snapshot(), "{request} {name} = {value:?}");
                }
            }
        }
    }
    // Frames that are no request.
    for text in [
        "",
        "{",
        "[]",
        "null",
        "\"\"",
        "{}",
        "{\"op\":\"200\"}",
        &"[".repeat(30_000),
    ] {
        scene.ann.say(text).await;
    }
    // And the member is still there.
    scene.ann.done(json!({ "op": 1000, "cver": 0 })).await;
    scene.server.finish().await;
}

/// Who does not enter is nobody, whatever else it says.
#[tokio::test]
async fn nobody_enters_with_rubbish() {
    let scene = Scene::set().await;
    let server = &scene.server;
    let body = super::client::ticket_body("eve", &scene.confr, "secret", 3);
    let ticket = ok(server, "/easemob/rtc/req/ticket", &body).await["ticket"].clone();
    let before = scene.snapshot();
    let right = Client::entering(&ticket, "MINI_PROGRAM");
    let mut client = Client::connect(server, &ticket).await;
    let early = client.ask(json!({ "op": 1003, "arg": "x" })).await;
    assert_eq!(early["result"], -504);
    for field in ["tkt", "res", "nickName", "ext"] {
        for value in rubbish() {
            let nothing = value.is_null() || value == "";
            let text = matches!(field, "ext") && value.to_string().len() < 4_000 && value != "\u{0}";
            // A long name is cut, other texts are names.
            let named =
                field == "nickName" && value.as_str().is_some_and(|text| !text.contains(['\u{0}', '\n']));
            let empty = field == "res" && value == json!({});
            if (nothing && field != "tkt") || text || named || empty {
                continue;
            }
            let mut request = right.clone();
            request[field] = value.clone();
            let answer = client.ask(request).await;
            assert_ne!(answer["result"], 0, "{field} = {value}: {answer}");
        }
    }
    for field in ["confrId", "memName", "signed", "role"] {
        for value in rubbish() {
            let left_out = value.is_null() || value == "";
            if left_out && matches!(field, "confrId" | "role")
                || field == "role" && (value == -1 || value == u64::MAX)
            {
                continue;
            }
            let mut request = right.clone();
            request["tkt"][field] = value.clone();
            let answer = client.ask(request).await;
            assert_ne!(answer["result"], 0, "tkt.{field} = {value}: {answer}");
        }
    }
    // Somebody else's name on a ticket, and a session that is somebody else's.
    let mut other = right.clone();
    other["tkt"]["memName"] = json!(uid("bob"));
    other["sessId"] = json!(scene.ann.session());
    assert_eq!(client.ask(other.clone()).await["result"], -504);
    other["sessId"] = Value::Null;
    assert_eq!(client.ask(other).await["result"], -500);
    let mut long = right.clone();
    long["sessId"] = json!("x".repeat(200));
    assert_eq!(client.ask(long).await["result"], -507);
    assert_eq!(before, scene.snapshot());
    assert_eq!(client.ask(right).await["result"], 0);
    scene.server.finish().await;
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let server = open_server().await;
    for (method, target, status) in [
        ("GET", "/easemob/rtc/ws/demo/none", 426),
        ("GET", "/easemob/rtc/ws/%00/none", 426),
        ("GET", "/easemob/rtc/req/ticket", 405),
        ("POST", "/easemob/rtc/none", 404),
        ("GET", "/acme/meet/conferences/none", 401),
        ("POST", "/%00/%00/conferences", 401),
        ("DELETE", "/a/b/conferences/c/d", 401),
    ] {
        let answer = server.send(method, target, &[], b"").await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
    }
    server.finish().await;
}
