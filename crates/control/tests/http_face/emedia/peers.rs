//! Browsers: each `rtcId` is a peer connection that the client offers.

use axum::Router;
use lianmai_bridge::BridgeConfig;
use lianmai_control::vendor::TokenPolicy;
use lianmai_control::webrtc::WebrtcConfig;
use serde_json::{Value, json};

use super::client::{Client, app, config, confr, create, exists, http, open_server, room};
use crate::harness::Server;
use crate::webrtc::scene::offer;

fn described(sdp: &str) -> String {
    json!({ "type": "OFFER", "sdp": sdp }).to_string()
}

#[tokio::test]
async fn a_browser_publishes_and_another_subscribes() {
    let server = with_webrtc().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join_web(&server, "ann", &confr, 9).await;
    let mut bob = Client::join_web(&server, "bob", &confr, 9).await;
    let publish = json!({
        "op": 102, "rtcId": "rtc-1", "sdp": described(&offer("sendonly", &["audio", "video"])),
        "pubS": { "type": 0, "voff": 0, "aoff": 1, "ext": "{\"x\":1}", "rtcId": "rtc-1" },
    });
    let answer = ann.done(publish).await;
    // Clients fail on an answer with a description; it comes by itself.
    assert!(answer.get("sdp").is_none());
    let accepted = ann.event(104).await;
    assert_eq!(accepted["rtcId"], "rtc-1");
    let sdp: Value = serde_json::from_str(accepted["sdp"].as_str().unwrap()).unwrap();
    assert_eq!(sdp["type"], "ANSWER");
    assert!(sdp["sdp"].as_str().unwrap().contains("a=candidate"));
    let published = bob.event(302).await;
    assert_eq!(
        (
            &published["pubS"]["id"],
            &published["pubS"]["aoff"],
            &published["pubS"]["rtcId"]
        ),
        (&answer["streamId"], &json!(1), &json!("rtc-1"))
    );
    ann.done(json!({ "op": 105, "rtcId": "rtc-1", "cands": ["{\"candidate\":\"\"}"] }))
        .await;

    let subscribe = json!({
        "op": 102, "rtcId": "rtc-2", "sdp": described(&offer("recvonly", &["audio", "video"])),
        "subSId": published["pubS"]["id"], "subSVideo": true, "subSAudio": true,
    });
    bob.done(subscribe).await;
    assert!(bob.event(104).await["sdp"].is_string());
    let stream = &published["pubS"]["id"];
    bob.done(json!({ "op": 205, "rtcId": "rtc-2", "subSId": stream, "subSVideo": false }))
        .await;
    bob.done(json!({ "op": 206, "rtcId": "rtc-2", "subSId": stream }))
        .await;
    let gone = bob
        .ask(json!({ "op": 205, "rtcId": "rtc-2", "subSId": stream, "subSVideo": true }))
        .await;
    assert_eq!(gone["result"], -507);

    // A shared screen beside it, and what is neither.
    let screen = json!({
        "op": 102, "rtcId": "rtc-3", "sdp": described(&offer("sendonly", &["video"])), "pubS": { "type": 1 },
    });
    ann.done(screen).await;
    assert_eq!(bob.event(302).await["pubS"]["type"], 1);
    let mixer = json!({
        "op": 102, "rtcId": "rtc-4", "sdp": described(&offer("sendonly", &["audio"])), "pubS": { "type": 2 },
    });
    assert_eq!(ann.ask(mixer).await["result"], -507);
    ann.done(json!({ "op": 107, "rtcId": "rtc-3", "endReason": 0 }))
        .await;
    bob.event(303).await;
    ann.done(json!({ "op": 107, "rtcId": "rtc-1", "endReason": 0 }))
        .await;
    assert_eq!(bob.event(303).await["pubSId"], *stream);
    assert_eq!(room(&server, &confr).await["streams"], json!([]));
    server.finish().await;
}

/// Entering and publishing in one request; and the callback for too many pictures.
#[tokio::test]
async fn a_browser_enters_publishing() {
    let server = with_webrtc().await;
    let body = json!({
        "uid": super::client::uid("ann"), "token": "t", "confrType": 10, "password": "", "maxVideoCount": 1,
    });
    let made = super::client::ok(&server, "/easemob/rtc/req/ticket", &body).await;
    let confr = confr(&made);
    let mut ann = Client::connect(&server, &made["ticket"]).await;
    let mut request = Client::entering(&made["ticket"], "WEB");
    request["rtcId"] = json!("rtc-1");
    request["pubS"] = json!({ "type": 0 });
    request["sdp"] = json!(described("rubbish"));
    let refused = ann.ask(request.clone()).await;
    assert_eq!(refused["result"], -507);
    assert_eq!(ann.close_code().await, 1000);
    assert!(!exists(&server, &confr).await, "it ended with its only member");

    let made = super::client::ok(&server, "/easemob/rtc/req/ticket", &body).await;
    let confr = super::client::confr(&made);
    let mut ann = Client::connect(&server, &made["ticket"]).await;
    request["tkt"] = Client::entering(&made["ticket"], "WEB")["tkt"].clone();
    request["sdp"] = json!(described(&offer("sendonly", &["audio", "video"])));
    let welcome = ann.ask(request).await;
    assert_eq!(welcome["result"], 0, "{welcome}");
    assert!(welcome["streamId"].is_string() && welcome["mems"].is_array());
    ann.welcome = welcome;
    ann.event(104).await;
    let mut bob = Client::join_web(&server, "bob", &confr, 3).await;
    assert_eq!(bob.welcome["streams"][0]["id"], ann.welcome["streamId"]);
    let publish = json!({
        "op": 102, "rtcId": "rtc-9", "sdp": described(&offer("sendonly", &["video"])), "pubS": { "type": 0 },
    });
    assert_eq!(bob.ask(publish).await["result"], -510);
    let end = bob.event(107).await;
    assert_eq!((&end["rtcId"], &end["endReason"]), (&json!("rtc-9"), &json!(23)));
    server.finish().await;
}

/// An offer that cannot be taken leaves nothing behind.
#[tokio::test]
async fn what_cannot_be_answered_publishes_nothing() {
    let server = with_webrtc().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join_web(&server, "ann", &confr, 9).await;
    for sdp in ["v=0\r\nm=audio 9 X 1\r\na=mid:0\r\n", "rubbish", "a=mid:0"] {
        let publish = json!({ "op": 102, "rtcId": "r", "sdp": described(sdp), "pubS": { "type": 0 } });
        assert_eq!(ann.ask(publish).await["result"], -507, "{sdp}");
        assert_eq!(room(&server, &confr).await["streams"], json!([]));
    }
    server.finish().await;
}

#[tokio::test]
async fn without_webrtc_it_is_not_accepted() {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join_web(&server, "ann", &confr, 9).await;
    let publish = json!({
        "op": 102, "rtcId": "r", "sdp": described(&offer("sendonly", &["audio"])), "pubS": { "type": 0 },
    });
    assert_eq!(ann.ask(publish).await["result"], -507);
    server.finish().await;
}

async fn with_webrtc() -> Server {
    let service = config(app(TokenPolicy::Open, None));
    let mut server = Server::with(http(), service, Router::new()).await;
    server
        .speak_webrtc(BridgeConfig::default(), WebrtcConfig::default())
        .await;
    server
}
