//! What the app's own server asks for.

use serde_json::{Value, json};

use super::client::{Client, ok, open_server, ticket_body, uid};

#[tokio::test]
async fn conferences_are_made_shown_and_ended_by_the_server() {
    let server = open_server().await;
    let token = server.app_token();
    let base = "/acme/meet/conferences";
    let body = json!({
        "confrType": 12, "password": "", "confrDelayMillis": 100_000, "memDefaultRole": 1,
        "allowAudienceTalk": true, "creator": uid("ann"), "maxTalkerCount": 6,
        "supportWechatMiniProgram": true, "useVCodes": ["H264"],
    });
    let made = server.call(&token, "POST", base, body).await.ok();
    assert_eq!(
        (
            &made["type"],
            &made["talkerLimit"],
            &made["audienceLimit"],
            &made["mixed"]
        ),
        (&json!(12), &json!(6), &json!(600), &json!(true))
    );
    assert_eq!(
        made["expireDate"].as_str().unwrap().len(),
        "YYYY-MM-DD hh:mm:ss".len()
    );
    let (confr, password) = (made["id"].as_str().unwrap(), made["password"].as_str().unwrap());
    assert!(password.len() >= 6);

    let body = ticket_body("bob", confr, password, 3);
    let answer = ok(&server, "/easemob/rtc/req/ticket", &body).await;
    let mut bob = Client::enter(&server, &answer["ticket"], "WEB").await;
    let shown = server
        .call(&token, "GET", &format!("{base}/{confr}"), Value::Null)
        .await
        .ok();
    assert_eq!(
        shown["mems"],
        json!([{ "memberId": bob.mem(), "memName": uid("bob"), "role": 3 }])
    );
    assert_eq!(
        (&shown["allowAudienceTalk"], &shown["password"]),
        (&json!(true), &json!(""))
    );

    for (method, path, token, status) in [
        ("GET", format!("{base}/none"), &token, 404),
        ("DELETE", format!("{base}/{confr}/nobody"), &token, 404),
        ("GET", format!("{base}/{confr}"), &server.token("bob"), 403),
        ("GET", format!("{base}/{confr}"), &server.other_app_token(), 403),
        ("GET", format!("/acme/other/conferences/{confr}"), &token, 403),
        ("GET", format!("{base}/{confr}"), &"rubbish".to_owned(), 401),
        ("DELETE", format!("{base}/{confr}"), &String::new(), 401),
    ] {
        let answer = server.call(token, method, &path, Value::Null).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.json()["error"].as_i64().unwrap() < 0);
    }
    let kick = format!("{base}/{confr}/bob");
    server.call(&token, "DELETE", &kick, Value::Null).await.ok();
    assert_eq!(bob.event(301).await["reason"], 2);
    assert_eq!(bob.close_code().await, 1000);
    // It ended with its last member.
    let gone = server
        .call(&token, "DELETE", &format!("{base}/{confr}"), Value::Null)
        .await;
    assert_eq!(gone.status, 404);
    server.finish().await;
}
