//! Bypass, layouts and recordings that clients ask for on logging in.

use lianmai_tests::Gateway;
use lianmai_tests::netcall::{JOINED, KEY, Netcall, SETTING, login_body, look_up};
use serde_json::{Value, json};

const TARGET: &str = "rtmp://127.0.0.1:9/live/key";

async fn refused(gateway: &Gateway, channel: &str, account: &str, uid: u64, more: Value) -> Value {
    let found = look_up(gateway, KEY, uid, channel, "2").await;
    let mut client = Netcall::dial(gateway, "/").await;
    client.log_in(login_body(account, uid, &found, more)).await["code"].clone()
}

fn host(more: Value) -> Value {
    let mut body = json!({"liveEnable": 1, "rtmpUrl": TARGET});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A host's login starts the mix with its layout and pushes it; guests take part; logging out ends it.
#[tokio::test]
async fn a_host_is_pushed() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    let layout = json!({"version": 0, "set_host_as_main": true, "main_width": 480, "main_height": 640,
        "background": {"rgb_r": 1, "rgb_g": 2, "rgb_b": 3}, "host_area": {"adaption": 1},
        "n_host_area_number": 1, "n_host_area_0": {"position_x": 6000, "position_y": 6000, "width_rate": 3000,
        "height_rate": 3000, "adaption": 0}});
    let more = host(json!({"splitMode": 4, "layout": layout.to_string()}));
    let mut ann = Netcall::join(&gateway, "show", "ann", 1, more).await;
    let guest = json!({"liveEnable": 1});
    Netcall::join(&gateway, "show", "bob", 2, guest).await;
    ann.told(JOINED).await;

    let mix = api.ok("GET", "/v1/rooms/show/mix", None).await;
    assert_eq!(mix["stream"]["kind"], "mix", "{mix}");
    let (canvas, regions) = (&mix["layout"]["canvas"], &mix["layout"]["arrangement"]["regions"]);
    assert_eq!((&canvas["width"], &canvas["height"]), (&json!(480), &json!(640)));
    assert_eq!(regions.as_array().unwrap().len(), 2);
    assert_eq!(mix["layout"]["main"], json!({"by": "account", "id": "ann"}));
    let pushes = api.ok("GET", "/v1/rooms/show/pushes", None).await;
    assert_eq!(
        pushes["pushes"][0]["target"], "rtmp://127.0.0.1:9/live",
        "{pushes}"
    );

    // Coming back begins nothing twice.
    let mut ann = Netcall::with(&gateway, ann.login.clone()).await;
    let again = api.ok("GET", "/v1/rooms/show/pushes", None).await;
    assert_eq!(again["pushes"].as_array().unwrap().len(), 1);
    ann.ask_self(4, json!({})).await;
    let pushes = api.ok("GET", "/v1/rooms/show/pushes", None).await;
    assert_eq!(pushes["pushes"], json!([]));
    let mix = api.ok("GET", "/v1/rooms/show/mix", None).await;
    assert_eq!(mix["stream"], Value::Null);
}

/// The rules of a broadcast with the vendor's numbers, and nothing is left of those who were refused.
#[tokio::test]
async fn the_rules_of_a_broadcast() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    let guest = || json!({"liveEnable": 1});
    let none = || json!({"liveEnable": 0});
    assert_eq!(
        refused(&gateway, "show", "bob", 2, guest()).await,
        106,
        "a host comes first"
    );
    assert_eq!(api.ok("GET", "/v1/rooms", None).await["rooms"], json!([]));
    let _ann = Netcall::join(&gateway, "show", "ann", 1, host(json!({}))).await;
    assert_eq!(
        refused(&gateway, "show", "bob", 2, none()).await,
        103,
        "another kind of channel"
    );
    assert_eq!(
        refused(&gateway, "show", "bob", 2, host(json!({}))).await,
        105,
        "one host"
    );
    for uid in 2..17 {
        Netcall::join(&gateway, "show", &format!("g{uid}"), uid, guest()).await;
    }
    assert_eq!(
        refused(&gateway, "show", "bob", 20, guest()).await,
        104,
        "too many"
    );
    let _eve = Netcall::join(&gateway, "show", "eve", 21, json!({"role": 1, "liveEnable": 0})).await;
    let _cem = Netcall::join(&gateway, "call", "cem", 1, none()).await;
    assert_eq!(refused(&gateway, "call", "bob", 2, guest()).await, 103);
    assert_eq!(refused(&gateway, "call", "bob", 2, host(json!({}))).await, 103);
    for (more, code) in [
        (
            json!({"splitMode": 4, "layout": "{\"n_host_area_number\":1}"}),
            208,
        ),
        (json!({"splitMode": 9}), 208),
        (json!({"rtmpUrl": "https://cdn.example.com/live/key"}), 400),
        (
            json!({"rtmpUrl": "rtmp://user:word@cdn.example.com/live/key"}),
            400,
        ),
    ] {
        assert_eq!(
            refused(&gateway, "other", "ann", 1, host(more.clone())).await,
            code,
            "{more}"
        );
    }
    // In a room of somebody else's management, only its admins push.
    api.create_room(json!({"name": "theirs", "id": "theirs"})).await;
    assert_eq!(refused(&gateway, "theirs", "ann", 1, host(json!({}))).await, 403);
    let members = api.ok("GET", "/v1/rooms/theirs/members", None).await;
    assert_eq!(members["members"], json!([]), "undone");
    let rooms = api.ok("GET", "/v1/rooms", None).await;
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 3);
}

/// What the channel's first member wants recorded becomes the room's flags; others' wishes do not.
#[tokio::test]
async fn wishes_for_recordings_are_the_rooms_flags() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let api = gateway.api().await;
    let flags = async |channel: &str| {
        let room = api.ok("GET", &format!("/v1/rooms/{channel}"), None).await;
        (
            room["settings"]["record"].clone(),
            room["settings"]["record_merge"].clone(),
        )
    };
    for (channel, more, expected) in [
        ("none", json!({"recordType": 1}), (false, false)),
        (
            "single",
            json!({"recordAudio": 1, "recordType": "2"}),
            (true, false),
        ),
        (
            "mixed",
            json!({"recordAudio": 1, "recordVideo": 1, "recordType": "1"}),
            (true, true),
        ),
        (
            "broadcast",
            json!({"rtmpRecord": 1, "isHostSpeaker": true}),
            (true, true),
        ),
    ] {
        let _ann = Netcall::join(&gateway, channel, "ann", 1, more).await;
        assert_eq!(
            flags(channel).await,
            (json!(expected.0), json!(expected.1)),
            "{channel}"
        );
    }
    let mix = api.ok("GET", "/v1/rooms/broadcast/mix", None).await;
    assert_eq!(mix["layout"]["main"]["id"], "ann");
    let _bob = Netcall::join(&gateway, "none", "bob", 2, json!({"recordVideo": 1})).await;
    assert_eq!(flags("none").await, (json!(false), json!(false)));
    let _both = Netcall::join(&gateway, "both", "ann", 1, json!({"recordVideo": 1})).await;
    assert_eq!(flags("both").await, (json!(true), json!(false)));
    let recordings = api.ok("GET", "/v1/recordings?room=both", None).await;
    let all = recordings["recordings"].as_array().unwrap();
    assert_eq!(all.len(), 1, "the mix beside the members: {recordings}");
}
