//! How stays and channels end.

use lianmai_tests::Gateway;
use lianmai_tests::api::text;
use lianmai_tests::netcall::{
    JOINED, KEY, KICKED, LIVE_CLOSED, Netcall, REFUSED, SETTING, login_body, look_up,
};
use serde_json::{Value, json};

/// Removed by the room's management, or gone by itself through another door: told once, and the connection ends.
#[tokio::test]
async fn a_kicked_client_is_told() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "kicks"})).await;
    let mut ann = Netcall::join(&gateway, "kicks", "ann", 1, json!({})).await;
    let members = format!("/v1/rooms/{}/members", room.id);
    let listed = api.ok("GET", &members, None).await;
    let member = text(&listed["members"][0], "id");
    api.ok("DELETE", &format!("{members}/{member}"), None).await;
    assert_eq!(
        ann.told(KICKED).await,
        json!({"cid": ann.login["cid"], "reason": "kicked"})
    );
    assert_eq!(ann.closed().await, 1000);
    // A kick is no ban: who looks the channel up again is let in.
    Netcall::join(&gateway, "kicks", "ann", 1, json!({})).await;
}

/// A channel that was destroyed: those inside are told, one with a live broadcast in its own words, and a repeated
/// login finds it ended. A new look-up makes a new one.
#[tokio::test]
async fn a_destroyed_channel_is_over() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    for (channel, more, told) in [
        ("plain", json!({"liveEnable": 0}), &[KICKED][..]),
        (
            "broadcast",
            json!({"liveEnable": 0, "rtmpUrl": "rtmp://127.0.0.1:9/live/key"}),
            &[LIVE_CLOSED, KICKED],
        ),
    ] {
        let mut ann = Netcall::join(&gateway, channel, "ann", 1, more).await;
        let known = look_up(&gateway, KEY, 2, channel, "2").await;
        api.ok("DELETE", &format!("/v1/rooms/{channel}"), None).await;
        for cmd in told {
            let over = ann.told(*cmd).await;
            assert_eq!(over, json!({"cid": ann.login["cid"], "reason": "room_ended"}));
        }
        assert_eq!(ann.closed().await, 1000);
        let mut late = Netcall::dial(&gateway, "/").await;
        let refused = late.log_in(login_body("bob", 2, &known, json!({}))).await;
        assert_eq!(refused["code"], 417, "{refused}");
        let next = Netcall::join(&gateway, channel, "bob", 2, json!({})).await;
        assert_eq!(next.users.len(), 1);
        // The token of before is for the channel of before.
        let refused = late.log_in(login_body("cem", 2, &known, json!({}))).await;
        assert_eq!(refused["code"], 417, "{refused}");
    }
}

/// A room of two: the third is refused with 600, and a channel is not both kinds.
#[tokio::test]
async fn two_and_no_more() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let look = async |uid: u64, mode: &str| look_up(&gateway, KEY, uid, "pair", mode).await;
    let p2p = |account: &str, uid: u64, found: &Value| login_body(account, uid, found, json!({"scene": 0}));
    let mut ann = Netcall::with(&gateway, p2p("ann", 1, &look(1, "1").await)).await;
    let early = look(3, "1").await;
    let mut bob = Netcall::with(&gateway, p2p("bob", 2, &look(2, "1").await)).await;
    ann.told(JOINED).await;
    assert_eq!(
        look(3, "1").await,
        json!({"code": 600, "errmsg": "two_are_inside"})
    );
    assert_eq!(look(2, "1").await["code"], 200, "one of the two");
    // Versions that know it are told not to come again, before the answer.
    for (more, is_told) in [
        (json!({"scene": 0}), false),
        (json!({"scene": 0, "encryptType": 0}), true),
    ] {
        let mut cem = Netcall::dial(&gateway, "/").await;
        let third = cem.log_in(login_body("cem", 3, &early, more)).await;
        assert_eq!(third, json!({"code": 600, "errmsg": "two_are_inside"}));
        if is_told {
            let told = cem.told(REFUSED).await;
            assert_eq!(told, json!({"cid": early["cid"], "reason": "two_are_inside"}));
        }
    }
    let mut cem = Netcall::dial(&gateway, "/").await;
    assert_eq!(look(3, "2").await, json!({"code": 414, "errmsg": "mode"}));
    let wrong = cem
        .log_in(login_body("cem", 3, &early, json!({"scene": 1})))
        .await;
    assert_eq!(wrong, json!({"code": 414, "errmsg": "scene"}));
    ann.was_told_nothing().await;
    // Twenty seconds into a call clients ask who is there.
    assert_eq!(
        ann.ask_self(5, json!({})).await["userlist"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    bob.ask_self(4, json!({})).await;
    let again = cem.log_in(p2p("cem", 3, &early)).await;
    assert_eq!(again["code"], 200, "{again}");
}

/// What a room's management does not allow is refused so that clients give up at once.
#[tokio::test]
async fn a_room_may_refuse() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    api.create_room(json!({"name": "locked", "password": "let me in"}))
        .await;
    api.create_room(json!({"name": "stage", "kind": "live"})).await;
    for (channel, why) in [("locked", "password_required"), ("stage", "not_allowed")] {
        let found = look_up(&gateway, KEY, 1, channel, "2").await;
        let mut ann = Netcall::dial(&gateway, "/").await;
        let refused = ann.log_in(login_body("ann", 1, &found, json!({}))).await;
        assert_eq!(refused, json!({"code": 403, "errmsg": why}));
    }
    let eve = Netcall::join(&gateway, "stage", "eve", 2, json!({"role": 1})).await;
    assert_eq!(eve.user(2)["url"], "");
}
