//! Getting in: where clients dial, and what the app's policy says of their accounts.

use lianmai_tests::netcall::{KEY, Netcall, SETTING, login_body, look_up};
use lianmai_tests::{Gateway, Receiver, Reply};
use serde_json::{Value, json};

/// Browsers find the watch page where clients dial.
#[tokio::test]
async fn the_root_is_a_page_and_a_socket() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let page = reqwest::get(format!("http://{}/", gateway.http)).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    for path in ["/", "/netcall"] {
        let mut client = Netcall::dial(&gateway, path).await;
        assert_eq!(client.ask(2, json!({})).await["code"], 403, "{path}");
    }
    let plain = reqwest::get(format!("http://{}/netcall", gateway.http))
        .await
        .unwrap();
    assert_eq!(plain.status(), 426);
}

/// Clients dial where the configuration says.
#[tokio::test]
async fn the_host_can_be_configured() {
    let gateway = Gateway::start_with(&[SETTING, "netcall.host=live.example.com:8443"]).await;
    let found = look_up(&gateway, KEY, 1, "somewhere", "2").await;
    assert_eq!(found["ips"], json!({"wechatapparray": ["live.example.com:8443"]}));
}

async fn log_in(gateway: &Gateway, key: &str, channel: &str, account: &str, uid: u64) -> Value {
    let found = look_up(gateway, key, uid, channel, "2").await;
    assert_eq!(found["code"], 200, "{found}");
    let mut client = Netcall::dial(gateway, "/").await;
    client.log_in(login_body(account, uid, &found, json!({}))).await
}

/// R-K2: by default an account is proven by a token of ours, given behind the app key.
#[tokio::test]
async fn accounts_are_proven_by_tokens() {
    let gateway = Gateway::start_with(&[r#"vendor.apps=[{key="nk",app="demo"}]"#]).await;
    let token = gateway.token(&["--account", "ann"]).await;
    let good = format!("nk:{token}");
    let found = look_up(&gateway, &good, 1, "a", "2").await;
    Netcall::with(&gateway, login_body("ann", 1, &found, json!({}))).await;
    let mut eve = Netcall::dial(&gateway, "/").await;
    let other = eve.log_in(login_body("eve", 1, &found, json!({}))).await;
    assert_eq!(
        other,
        json!({"code": 403, "errmsg": "accid"}),
        "of another account"
    );
    let server = gateway.token(&["--account", "server", "--server"]).await;
    for wrong in [
        "nk",
        "nk:",
        "nk:x.y.z",
        &good[..good.len() - 1],
        &format!("nk:{server}"),
    ] {
        let refused = look_up(&gateway, wrong, 3, "a", "2").await;
        assert_eq!(
            refused,
            json!({"code": 403, "errmsg": "invalid_token"}),
            "{wrong}"
        );
    }
    let one_room = gateway
        .token(&["--account", "cem", "--room", "a", "--role", "talker"])
        .await;
    let one_room = format!("nk:{one_room}");
    assert_eq!(log_in(&gateway, &one_room, "a", "cem", 5).await["code"], 200);
    assert_eq!(
        log_in(&gateway, &one_room, "elsewhere", "cem", 5).await["code"],
        403
    );
    // Nothing is left of those who were not let in.
    let rooms = gateway.api().await.ok("GET", "/v1/rooms", None).await;
    let names: Vec<&Value> = rooms["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| &room["id"])
        .collect();
    assert_eq!(names, ["a"]);
}

/// The app's own server may be asked instead.
#[tokio::test]
async fn the_apps_server_is_asked() {
    let hook = Receiver::start(|posted| {
        let known = posted.text.contains(r#""account":"ann""#) && posted.text.contains(r#""token":"t0ken""#);
        Reply::Status(if known { 204 } else { 403 })
    })
    .await;
    let apps = format!(
        r#"vendor.apps=[{{key="nk",app="demo",tokens="hook",hook="{}"}}]"#,
        hook.url("/token")
    );
    let gateway = Gateway::start_with(&[&apps]).await;
    assert_eq!(log_in(&gateway, "nk:t0ken", "a", "ann", 1).await["code"], 200);
    assert_eq!(log_in(&gateway, "nk:t0ken", "a", "bob", 2).await["code"], 403);
    assert_eq!(log_in(&gateway, "nk", "a", "ann", 1).await["code"], 403);
    assert_eq!(hook.seen().len(), 3);
}
