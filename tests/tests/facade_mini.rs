//! Pages written for the vendors' mini-program SDKs, with the scripts that take the place of the vendors' own: real
//! pages in Node, components that push and pull real media.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::mini_program::{LIME, RED, has, project, shows};
use lianmai_tests::{Gateway, MiniProgram};
use serde_json::{Value, json};

/// The vendor's page of one account.
async fn open(gateway: &Gateway, vendor: &str, number: u8, query: &str) -> MiniProgram {
    let script = match vendor {
        "emedia" => "emedia_for_miniProgram.js",
        _ => "NIM_Web_Netcall_weixin.js",
    };
    let options = json!({
        "number": number,
        "aliases": {format!("lib/{vendor}"): project("sdk/js/dist/mini-program").join(script)},
        "config": {"file": "config.js", "gateway": format!("http://{}", gateway.http)},
    });
    let root = project(&format!("tests/mini-program/apps/{vendor}"));
    let mut program = MiniProgram::launch(&root, options).await;
    program.open(&format!("/pages/room/room?{query}")).await;
    program
}

fn count(wanted: usize) -> impl Fn(&Value) -> bool {
    move |list| list.as_array().is_some_and(|list| list.len() == wanted)
}

/// More pictures than there are now.
async fn goes_on(program: &mut MiniProgram, colour: [f64; 3]) {
    let frames = program.until_live("live-player", |_| true).await["frames"].as_u64();
    program
        .until_live("live-player", |live| {
            live["frames"].as_u64() > frames.map(|n| n + 5) && shows(colour)(live)
        })
        .await;
}

/// Waits until an event of this name was told; its payload.
async fn event(program: &mut MiniProgram, name: &str) -> Value {
    let is = |event: &Value| event["name"] == name;
    let all = program
        .until_data("events", |events| {
            events.as_array().is_some_and(|all| all.iter().any(is))
        })
        .await;
    let found = all.as_array().unwrap().iter().find(|event| is(event)).unwrap();
    found["payload"].clone()
}

/// Join by name, push, see each other, camera off and on, restart after -1307, roles, attributes, leave.
#[tokio::test]
async fn emedia_pages_see_each_other() {
    let gateway = Gateway::start().await;
    let mut ann = open(&gateway, "emedia", 0, "account=ann&room=standup").await;
    let joined = ann.until_data("joined", |joined| !joined.is_null()).await;
    assert_eq!(joined["isCreator"], true);
    let mut bob = open(&gateway, "emedia", 1, "account=bob&room=standup").await;
    let joined = bob.until_data("joined", |joined| !joined.is_null()).await;
    assert_eq!(joined.get("isCreator"), None);
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    let players = bob.data("players").await;
    assert_eq!(
        (&players[0]["name"], &players[0]["voff"]),
        (&json!("ann"), &json!(0))
    );
    let members = ann.until_data("members", count(2)).await;
    assert_eq!(members[1]["name"], "org#app_bob@easemob.com");

    // Asked twice, as the page does, the component pushes to one URL.
    let pusher = ann.until_live("live-pusher", has(1002)).await;
    ann.call("toggleCamera", json!([])).await;
    let again = ann
        .until_live("live-pusher", |live| {
            live["pushes"].as_u64() > pusher["pushes"].as_u64()
        })
        .await;
    assert_eq!(again["url"], pusher["url"]);
    ann.call("toggleCamera", json!([])).await;
    goes_on(&mut bob, RED).await;
    ann.ask("break", json!({"kind": "live-pusher", "giveUp": true}))
        .await;
    goes_on(&mut bob, RED).await;

    let confr = ann.call("manage", json!(["getConferenceInfo"])).await;
    assert_eq!(
        (&confr["error"], &confr["confr"]["memTotal"]),
        (&json!(0), &json!(2))
    );
    let refused = bob
        .call("manage", json!(["kickMembersById", ["org#app_ann@easemob.com"]]))
        .await;
    assert_eq!(
        (&refused["error"], &refused["reason"]),
        (&json!(-507), &json!("not_allowed"))
    );
    ann.call("manage", json!(["grantRole", ["org#app_bob@easemob.com"], 7]))
        .await;
    bob.until_data("roles", |roles| roles == &json!([7])).await;
    bob.call("attribute", json!(["topic", "tea"])).await;
    ann.until_data("attributes", |attributes| {
        attributes == &json!([{"key": "topic", "val": "tea", "op": "UPDATE"}])
    })
    .await;

    bob.call("leave", json!([])).await;
    bob.until_data("exit", |exit| exit["reason"] == 0).await;
    ann.until_data("members", count(1)).await;
    ann.until_data("players", count(0)).await;
}

/// The gateway is killed and started again; whoever is removed is told.
#[tokio::test]
async fn emedia_pages_survive_a_restart() {
    let mut gateway = Gateway::start().await;
    let mut ann = open(&gateway, "emedia", 0, "account=ann&room=killed&password=tea").await;
    ann.until_data("joined", |joined| !joined.is_null()).await;
    let mut eve = open(&gateway, "emedia", 2, "account=eve&room=killed&password=coffee").await;
    let refused = eve.until_data("joined", |joined| !joined.is_null()).await;
    assert_eq!(
        (&refused["error"], &refused["reaseon"]["error"]),
        (&json!(-1), &json!(-500))
    );
    let mut bob = open(&gateway, "emedia", 1, "account=bob&room=killed&password=tea").await;
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    gateway.kill();
    gateway.restart().await;
    goes_on(&mut ann, LIME).await;
    goes_on(&mut bob, RED).await;
    // The signalling is back, too.
    let removed = ann
        .call("manage", json!(["kickMembersById", ["org#app_bob@easemob.com"]]))
        .await;
    assert_eq!(removed["error"], 0);
    bob.until_data("exit", |exit| exit["reason"] == 11).await;
    ann.until_data("members", count(1)).await;
}

/// Both flavours in one channel: URLs come with `syncDone`, modes are told, a component that gave up starts again.
#[tokio::test]
async fn netcall_pages_see_each_other() {
    let gateway = Gateway::start().await;
    let mut ann = open(&gateway, "netcall", 0, "account=ann&channel=standup").await;
    let joined = ann.until_data("joined", |joined| !joined.is_null()).await;
    assert_eq!(joined["account"], "ann");
    assert_eq!(joined["accountUidMap"]["ann"], joined["uid"]);
    let mut bob = open(&gateway, "netcall", 1, "account=bob&channel=standup&flavour=nrtc").await;
    let uid = bob.until_data("joined.uid", |uid| uid.is_string()).await;
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    let users = ann.data("users").await;
    assert_eq!(users[0]["account"], "bob");
    assert_eq!(
        users[0]["uid"].to_string(),
        uid.as_str().unwrap(),
        "the same number everywhere"
    );
    assert_eq!(event(&mut ann, "joinChannel").await["account"], "bob");

    // The camera goes off and on: the pusher begins anew each time, on the URL it has.
    for mode in [1, 0] {
        let pushes = bob.until_live("live-pusher", has(1002)).await["pushes"].as_u64();
        bob.call("switchMode", json!([mode])).await;
        ann.until_data("users", |users| users[0]["mode"] == mode).await;
        bob.until_live("live-pusher", |live| live["pushes"].as_u64() > pushes)
            .await;
    }
    goes_on(&mut ann, LIME).await;

    let pusher = bob.until_live("live-pusher", has(1002)).await;
    bob.ask("break", json!({"kind": "live-pusher", "giveUp": true}))
        .await;
    let again = bob
        .until_live("live-pusher", |live| {
            live["pushes"].as_u64() > pusher["pushes"].as_u64()
        })
        .await;
    assert_eq!(again["url"], pusher["url"]);
    goes_on(&mut ann, LIME).await;

    bob.call("leave", json!([])).await;
    ann.until_data("users", count(0)).await;
}

/// The gateway is killed and started again: `willreconnect`, `syncDone`, and everybody is seen as before.
#[tokio::test]
async fn netcall_pages_survive_a_restart() {
    let mut gateway = Gateway::start().await;
    let mut ann = open(&gateway, "netcall", 0, "account=ann&channel=killed").await;
    let mut bob = open(&gateway, "netcall", 1, "account=bob&channel=killed").await;
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    let syncs = ann.data("syncs").await.as_u64().unwrap();
    gateway.kill();
    event(&mut ann, "willreconnect").await;
    gateway.restart().await;
    ann.until_data("syncs", |now| now.as_u64() > Some(syncs)).await;
    goes_on(&mut ann, LIME).await;
    goes_on(&mut bob, RED).await;
}

/// Ringing: refused, then answered; both see each other; a control message; hang-up ends it for both.
#[tokio::test]
async fn netcall_pages_call_each_other() {
    let gateway = Gateway::start().await;
    let mut ann = open(&gateway, "netcall", 0, "account=ann").await;
    assert_eq!(
        ann.call("call", json!(["eve"])).await,
        11001,
        "nobody there: it rings on"
    );
    ann.call("hangup", json!([])).await;
    let mut bob = open(&gateway, "netcall", 1, "account=bob").await;
    // Being online is what the page's connection makes of it.
    loop {
        let answer = ann.call("call", json!(["bob"])).await;
        if answer.is_null() {
            break;
        }
        assert_eq!(answer, 11001);
        ann.call("hangup", json!([])).await;
    }
    let calling = bob.until_data("calling", |calling| !calling.is_null()).await;
    assert_eq!((&calling["caller"], &calling["type"]), (&json!("ann"), &json!(2)));
    bob.call("answer", json!([false])).await;
    event(&mut ann, "callRejected").await;
    event(&mut ann, "hangup").await;

    assert_eq!(ann.call("call", json!(["bob"])).await, Value::Null);
    let first = calling["cid"].clone();
    bob.until_data("calling", |calling| calling["cid"] != first).await;
    bob.call("answer", json!([true])).await;
    event(&mut ann, "callAccepted").await;
    ann.call("startRtc", json!([])).await;
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    ann.call("control", json!([4])).await;
    assert_eq!(event(&mut bob, "control").await["command"], 4);
    ann.call("hangup", json!([])).await;
    let by_ann = |event: &Value| event["name"] == "hangup" && event["payload"]["account"] == "ann";
    bob.until_data("events", |events| events.as_array().unwrap().iter().any(by_ann))
        .await;
    bob.until_data("users", count(0)).await;
}
