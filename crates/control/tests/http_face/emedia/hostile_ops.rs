//! Operations that end something, record, or are none: with fields that are hostile, and by those who may not.

use serde_json::{Value, json};

use super::client::{Client, confr, create, exists};
use super::hostile::{Scene, rubbish};
use super::recordings::{all, recording_server};
use super::refusals::Refusals;

/// Refused with this code and counted; nothing changes.
async fn refused(scene: &mut Scene, by_bob: bool, refusals: &Refusals, request: Value, code: i64) -> Value {
    let (before, counted) = (scene.snapshot(), refusals.of(code));
    let who = if by_bob { &mut scene.bob } else { &mut scene.ann };
    let answer = who.ask(request.clone()).await;
    assert_eq!(
        (&answer["result"], &answer["sessId"]),
        (&json!(code), &json!(who.session())),
        "{request}: {answer}"
    );
    assert!(
        answer["msg"].is_string() && answer["reason"].is_string(),
        "{answer}"
    );
    assert_eq!(refusals.of(code) - counted, 1, "{request}");
    assert_eq!(before, scene.snapshot(), "{request}");
    answer
}

#[tokio::test]
async fn there_are_no_other_operations() {
    let refusals = Refusals::watch();
    let mut scene = Scene::set().await;
    for op in [
        i64::MIN,
        -200,
        -1,
        0,
        1,
        99,
        103,
        104,
        106,
        199,
        202,
        203,
        207,
        300,
        301,
        302,
        303,
        304,
        401,
        402,
        412,
        413,
        452,
        501,
        999,
        1004,
        100_221,
        i64::MAX,
    ] {
        for value in rubbish() {
            let member = scene.bob.mem();
            let request = json!({
                "op": op, "memId": member, "role": 7, "rtcId": value, "reason": value, "arg": value, "sdp": value,
            });
            let answer = refused(&mut scene, false, &refusals, request, -507).await;
            assert_eq!(answer["reason"], "unsupported");
        }
    }
    // Nor is anything recorded where there is no place for it.
    for flag in [0, 1] {
        let request = json!({ "op": 500, "rtcId": "wx-1-ann", "flag": flag });
        let answer = refused(&mut scene, false, &refusals, request, -510).await;
        assert_eq!(answer["reason"], "recording_disabled");
    }
    scene.server.finish().await;
}

/// Leaving always works, whatever the reason.
#[tokio::test]
async fn exit_with_any_reason() {
    let scene = Scene::set().await;
    let refusals = Refusals::watch();
    let members = |scene: &Scene| scene.snapshot().0.unwrap().view.members;
    for value in rubbish().into_iter().map(Some).chain([None]) {
        let before = members(&scene);
        let body = super::client::ticket_body("eve", &scene.confr, "secret", 1);
        let ticket = super::client::ok(&scene.server, "/easemob/rtc/req/ticket", &body).await;
        let mut eve = Client::enter(&scene.server, &ticket["ticket"], "WEB").await;
        assert_eq!(members(&scene).len(), before.len() + 1);
        // Of others' ids nothing is taken.
        let mut request = json!({ "op": 201, "memId": scene.ann.mem(), "confrId": "other" });
        if let Some(value) = value {
            request["reason"] = value;
        }
        eve.done(request).await;
        assert_eq!(eve.close_code().await, 1000);
        assert_eq!(members(&scene), before);
    }
    assert_eq!(refusals.all(), 0);
    scene.server.finish().await;
}

#[tokio::test]
async fn a_conference_is_ended_by_its_admins_only() {
    let refusals = Refusals::watch();
    let mut scene = Scene::set().await;
    let other = confr(&create(&scene.server, "eve", "").await);
    for value in rubbish() {
        let request = json!({ "op": 204, "reason": value, "role": 7 });
        refused(&mut scene, true, &refusals, request, -507).await;
        if !value.is_null() && value != "" {
            let code = if value.is_string() { -504 } else { -507 };
            let request = json!({ "op": 204, "confrId": value });
            refused(&mut scene, false, &refusals, request, code).await;
        }
    }
    // Neither one's own nor the other one ends by the wrong name.
    let request = json!({ "op": 204, "confrId": other });
    refused(&mut scene, false, &refusals, request, -504).await;
    let Scene {
        server,
        confr,
        mut ann,
        mut bob,
        ..
    } = scene;
    ann.done(json!({ "op": 204, "confrId": confr, "reason": { "any": ["thing"] } }))
        .await;
    assert_eq!(bob.event(301).await["reason"], 11);
    assert_eq!(bob.close_code().await, 1000);
    assert!(!exists(&server, &confr).await && exists(&server, &other).await);
    server.finish().await;
}

#[tokio::test]
async fn every_field_of_recording() {
    let refusals = Refusals::watch();
    let (server, _folder) = recording_server().await;
    let mut scene = Scene::on(server).await;
    for value in rubbish().into_iter().map(Some).chain([None]) {
        for name in ["rtcId", "flag"] {
            let mut request = json!({ "op": 500, "rtcId": "wx-1-ann", "flag": 1 });
            match &value {
                Some(value) => request[name] = value.clone(),
                None => drop(request.as_object_mut().unwrap().remove(name)),
            }
            if request["flag"] != true {
                refused(&mut scene, false, &refusals, request, -507).await;
            }
        }
    }
    // Somebody else's stream, and by somebody who manages nothing.
    let request = json!({ "op": 500, "rtcId": "wx-1-ann", "flag": 1, "memId": scene.ann.mem() });
    refused(&mut scene, true, &refusals, request, -507).await;
    assert!(all(&scene.server, &scene.confr).await.is_empty());
    scene.server.finish().await;
}
