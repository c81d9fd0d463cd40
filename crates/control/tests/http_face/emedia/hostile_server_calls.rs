//! The app's own server, or who says to be it: wrong tokens, foreign apps, bad ids, methods and bodies. Everything is
//! answered in the vendor's shape and counted, and nothing changes.

use lianmai_control::http::jwt::{Claims, Scope};
use serde_json::{Value, json};

use super::client::uid;
use super::hostile::{Scene, no_requests, rubbish};
use super::refusals::Refusals;
use crate::harness::{Answer, Server};

const BASE: &str = "/acme/meet/conferences";

/// A conference with members, and somebody who tries.
struct Attack {
    scene: Scene,
    refusals: Refusals,
}

impl Attack {
    async fn begin() -> Self {
        Self {
            scene: Scene::set().await,
            refusals: Refusals::watch(),
        }
    }

    /// Sends this as the app's own server.
    async fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let auth = format!("Bearer {}", self.scene.server.app_token());
        self.send(method, path, Some(&auth), body).await
    }

    async fn send(&self, method: &str, path: &str, auth: Option<&str>, body: &[u8]) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(auth.map(|auth| ("authorization", auth)));
        self.scene.server.send(method, path, &headers, body).await
    }

    /// It is refused with one of these statuses; the code.
    async fn refused(
        &self,
        (method, path): (&str, &str),
        auth: Option<&str>,
        body: &[u8],
        statuses: &[u16],
    ) -> i64 {
        let (before, counted) = (self.scene.snapshot(), self.refusals.all());
        let answer = self.send(method, path, auth, body).await;
        assert!(statuses.contains(&answer.status), "{method} {path}: {answer:?}");
        let said = answer.json();
        let code = shape(&said);
        assert_eq!(self.refusals.all() - counted, 1, "{method} {path}: {said}");
        assert!(self.refusals.of(code) > 0, "{said}");
        assert_eq!(before, self.scene.snapshot(), "{method} {path}: {said}");
        code
    }

    /// What the app's own server can ask for.
    fn calls(&self, base: &str) -> [(&'static str, String); 4] {
        let confr = &self.scene.confr;
        [
            ("POST", base.to_owned()),
            ("GET", format!("{base}/{confr}")),
            ("DELETE", format!("{base}/{confr}")),
            ("DELETE", format!("{base}/{confr}/bob")),
        ]
    }

    async fn end(self) {
        self.scene.server.finish().await;
    }
}

/// A refusal as the vendor's clients know it; its code.
fn shape(said: &Value) -> i64 {
    assert!(
        said["errorMessage"].is_string() && said["reason"].is_string(),
        "{said}"
    );
    let code = said["error"].as_i64().unwrap_or_else(|| panic!("{said}"));
    assert!(code < 0, "{said}");
    code
}

fn app_claims(server: &Server) -> Claims {
    let mut claims = server.claims("server");
    claims.scope = Scope::App;
    claims
}

#[tokio::test]
async fn who_is_not_the_apps_own_server() {
    let attack = Attack::begin().await;
    let server = &attack.scene.server;
    let mut late = app_claims(server);
    late.expires_at_secs = 1_000;
    let mut early = app_claims(server);
    early.not_before_secs = Some(u64::MAX / 2);
    let right = server.app_token();
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    let room = server.room_token("ann", &attack.scene.confr, lianmai_rooms::Role::Admin);
    for (auth, code) in [
        (None, -500),
        (Some(right.clone()), -500),
        (Some(format!("Basic {right}")), -500),
        (bearer(""), -500),
        (bearer("rubbish"), -500),
        (bearer("a.b.c"), -500),
        (bearer(&format!("{right}x")), -500),
        (bearer(&"x".repeat(6_000)), -500),
        (bearer("../../'; DROP TABLE rooms"), -500),
        (bearer(attack.scene.ann.role_token().as_str().unwrap()), -507),
        (bearer(&server.sign(&late)), -502),
        (bearer(&server.sign(&early)), -500),
        (bearer(&server.token("ann")), -507),
        (bearer(&room), -507),
        (bearer(&server.other_app_token()), -507),
    ] {
        for (method, path) in attack.calls(BASE) {
            let found = attack
                .refused((method, &path), auth.as_deref(), b"{}", &[401, 403])
                .await;
            assert_eq!(found, code, "{method} {path} {auth:?}");
        }
    }
    attack.end().await;
}

#[tokio::test]
async fn foreign_apps_and_bad_ids() {
    let attack = Attack::begin().await;
    let server = &attack.scene.server;
    let token = format!("Bearer {}", server.app_token());
    let token = Some(token.as_str());
    for app in [
        "acme/other",
        "other/meet",
        "ACME/MEET",
        "demo/demo",
        "%00/%00",
        "acme/meet%23",
        "😀/x",
    ] {
        for (method, path) in attack.calls(&format!("/{app}/conferences")) {
            let code = attack.refused((method, &path), token, b"{}", &[403]).await;
            assert_eq!(code, -507, "{path}");
        }
    }
    for (method, path) in attack.calls("/acme/%ff/conferences") {
        attack.refused((method, &path), token, b"{}", &[400]).await;
    }
    // The same app's native server has made a conference in another app.
    let made = server
        .call(&server.other_app_token(), "POST", "/v1/rooms", json!({}))
        .await
        .ok();
    let long = "x".repeat(300);
    let foreign = made["id"].as_str().unwrap();
    for id in [
        foreign,
        "none",
        "%00",
        "%ff",
        "%2e%2e",
        "a%2Fb",
        "%F0%9F%98%80",
        "'%20OR%201",
        "*",
        &long,
    ] {
        for (method, path) in [
            ("GET", format!("{BASE}/{id}")),
            ("DELETE", format!("{BASE}/{id}")),
            ("DELETE", format!("{BASE}/{id}/bob")),
        ] {
            let code = attack.refused((method, &path), token, b"", &[400, 404]).await;
            assert_eq!(code, if id == "%ff" { -507 } else { -508 }, "{path}");
        }
    }
    let confr = &attack.scene.confr;
    for user in [
        "nobody",
        "%00",
        "%ff",
        "%2e%2e",
        "a%2Fb",
        "acme%23other_bob@easemob.com",
        "BOB",
        "*",
        &long,
    ] {
        let path = format!("{BASE}/{confr}/{user}");
        let code = attack.refused(("DELETE", &path), token, b"[", &[400, 404]).await;
        assert_eq!(code, -507, "{path}");
    }
    attack.end().await;
}

#[tokio::test]
async fn methods_and_bodies_that_are_none() {
    let attack = Attack::begin().await;
    let token = format!("Bearer {}", attack.scene.server.app_token());
    let token = Some(token.as_str());
    let confr = &attack.scene.confr;
    for (path, methods) in [
        (
            BASE.to_owned(),
            &["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"][..],
        ),
        (format!("{BASE}/{confr}"), &["POST", "PUT", "PATCH"]),
        (format!("{BASE}/{confr}/bob"), &["GET", "POST", "PUT"]),
        (format!("{BASE}/room"), &["GET", "DELETE"]),
        ("/easemob/rtc/delete/live".to_owned(), &["GET", "POST"]),
        ("/easemob/rtc/req/ticket".to_owned(), &["GET", "DELETE"]),
        ("/easemob/rtc/use?t=x".to_owned(), &["GET"]),
        ("/easemob/rtc/ws/demo/x".to_owned(), &["POST"]),
    ] {
        for method in methods {
            let code = attack.refused((method, &path), token, b"{}", &[405]).await;
            assert_eq!(code, -507);
        }
    }
    for body in no_requests() {
        let code = attack.refused(("POST", BASE), token, &body, &[400, 413]).await;
        assert_eq!(code, -507);
    }
    attack.end().await;
}

#[tokio::test]
async fn every_field_of_a_new_conference() {
    let attack = Attack::begin().await;
    let right = json!({
        "confrType": 10, "password": "pw", "confrDelayMillis": 100_000, "memDefaultRole": 3,
        "allowAudienceTalk": false, "creator": uid("ann"), "rec": false, "recMerge": false,
        "supportWechatMiniProgram": true, "maxTalkerCount": 6, "maxVideoCount": 6,
        "maxAudienceCount": 600, "maxPubDesktopCount": 1,
    });
    let names = right
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .chain(["liveCfg"]);
    for name in names {
        for value in rubbish().into_iter().map(Some).chain([None]) {
            let mut body = right.clone();
            match &value {
                Some(value) => body[name] = value.clone(),
                None => drop(body.as_object_mut().unwrap().remove(name)),
            }
            // Clients of the gateway have the same codecs, whatever is said.
            body["useVCodes"] = value.clone().unwrap_or_default();
            let left_out = value.as_ref().is_none_or(|value| value.is_null() || value == "");
            let is_flag = matches!(
                name,
                "rec" | "recMerge" | "allowAudienceTalk" | "supportWechatMiniProgram"
            );
            // Passwords are any short text.
            let fine = left_out
                || is_flag && value == Some(json!(true))
                || name == "password" && value.as_ref().is_some_and(is_password);
            let (before, counted) = (attack.scene.snapshot(), attack.refusals.all());
            let answer = attack.call("POST", BASE, body.to_string().as_bytes()).await;
            let said = answer.json();
            let expected = if fine { 200 } else { 400 };
            assert_eq!(answer.status, expected, "{name} = {value:?}: {said}");
            if fine {
                let made = format!("{BASE}/{}", said["id"].as_str().unwrap());
                assert_eq!(
                    attack.call("DELETE", &made, b"").await.ok(),
                    json!({ "error": 0 })
                );
            } else {
                assert_eq!(shape(&said), -507, "{name} = {value:?}: {said}");
            }
            assert_eq!(
                attack.refusals.all() - counted,
                u64::from(!fine),
                "{name}: {said}"
            );
            assert_eq!(before, attack.scene.snapshot(), "{name} = {value:?}: {said}");
        }
    }
    attack.end().await;
}

fn is_password(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() <= 128 && !text.contains('\0'))
}
