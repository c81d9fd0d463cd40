//! The example mini-program, run in Node with components that move real media: the SDK in the place it is made for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::mini_program::{LIME, RED, has, project, shows};
use lianmai_tests::{Gateway, MiniProgram, Room};
use serde_json::{Value, json};

/// The program of one account, on the page of the room.
async fn enter(gateway: &Gateway, room: &Room, account: &str, number: u8) -> MiniProgram {
    let mut program = MiniProgram::launch(&project("examples/mini-program"), options(gateway, number)).await;
    let url = format!("/pages/room/room?account={account}&room={}", room.id);
    program.open(&url).await;
    program
}

/// The example's own `config.js`, pointed at this gateway; the SDK as it was built.
fn options(gateway: &Gateway, number: u8) -> Value {
    json!({
        "number": number,
        "aliases": {"lib/lianmai": project("sdk/js/dist/mini-program/index.js")},
        "config": {"file": "config.js", "gateway": format!("http://{}", gateway.http)},
    })
}

/// Enter, push, see and hear each other; camera off and on; leave.
#[tokio::test]
async fn two_pages_see_each_other() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "pages"})).await;
    let (mut ann, mut bob) = tokio::join!(enter(&gateway, &room, "ann", 0), enter(&gateway, &room, "bob", 1));
    ann.until_live("live-player", shows(LIME)).await;
    bob.until_live("live-player", shows(RED)).await;
    ann.until_data("members", |members| members.as_array().unwrap().len() == 2)
        .await;
    // The camera goes: bob sees that it is off, and hears on.
    ann.call("toggleCamera", json!([])).await;
    let stream = room_streams(&room).await.into_iter().find(|s| s["voff"] == true);
    assert!(stream.is_some(), "the camera is off");
    let before = bob.until_live("live-player", |_| true).await;
    bob.until_live("live-player", |live| {
        live["sounds"].as_u64() > before["sounds"].as_u64().map(|n| n + 5)
    })
    .await;
    ann.tap("#camera").await;
    let frames = bob.until_live("live-player", |_| true).await["frames"].as_u64();
    bob.until_live("live-player", |live| {
        live["frames"].as_u64() > frames.map(|n| n + 10)
    })
    .await;
    ann.tap("#leave").await;
    bob.until_data("members", |members| members.as_array().unwrap().len() == 1)
        .await;
    bob.until_data("players", |players| players.as_array().unwrap().is_empty())
        .await;
    assert_eq!(room_streams(&room).await.len(), 1);
}

/// The component gives up (-1307): it gets another address, and pushes again; so does a player (-2301).
#[tokio::test]
async fn a_component_that_gave_up_starts_again() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "again"})).await;
    let (mut ann, mut bob) = tokio::join!(enter(&gateway, &room, "ann", 0), enter(&gateway, &room, "bob", 1));
    bob.until_live("live-player", shows(RED)).await;
    let url = ann.until_live("live-pusher", has(1002)).await["url"].clone();
    ann.ask("break", json!({"kind": "live-pusher", "giveUp": true}))
        .await;
    let pusher = ann
        .until_live("live-pusher", |live| live["url"] != url && has(1002)(live))
        .await;
    assert!(!has(-1307)(&pusher), "another component: {pusher}");
    let player = bob.until_live("live-player", shows(RED)).await;
    let id = player["id"].clone();
    bob.ask("break", json!({"kind": "live-player", "of": id, "giveUp": true}))
        .await;
    bob.until_live("live-player", |live| {
        live["url"] != player["url"] && shows(RED)(live)
    })
    .await;
}

/// The gateway is killed and started again: everybody is in the room, seen and heard as before.
#[tokio::test]
async fn a_restart_of_the_gateway_is_survived() {
    let mut gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "killed"})).await;
    let (mut ann, mut bob) = tokio::join!(enter(&gateway, &room, "ann", 0), enter(&gateway, &room, "bob", 1));
    bob.until_live("live-player", shows(RED)).await;
    let members = room_members(&room).await;
    gateway.kill();
    for program in [&mut ann, &mut bob] {
        program
            .until_data("connection", |connection| connection == "reconnecting")
            .await;
    }
    gateway.restart().await;
    for (program, colour) in [(&mut ann, LIME), (&mut bob, RED)] {
        program
            .until_data("connection", |connection| connection == "connected")
            .await;
        let frames = program.until_live("live-player", |_| true).await["frames"].as_u64();
        program
            .until_live("live-player", |live| {
                live["frames"].as_u64() > frames.map(|n| n + 5) && shows(colour)(live)
            })
            .await;
    }
    assert_eq!(room_members(&room).await, members, "the same members as before");
}

/// The first page creates a room and enters it as its admin.
#[tokio::test]
async fn a_room_is_created_on_the_first_page() {
    let gateway = Gateway::start().await;
    let mut options = options(&gateway, 0);
    // The same functions under uni-app's name: those are the ones the SDK takes then.
    options["api"] = json!("uni");
    let mut program = MiniProgram::launch(&project("examples/mini-program"), options).await;
    program
        .open("/pages/enter/enter?account=ann&room=made-here")
        .await;
    program.tap("#create").await;
    let members = program
        .until_data("members", |members| {
            members.as_array().is_some_and(|all| !all.is_empty())
        })
        .await;
    assert_eq!(
        (&members[0]["name"], &members[0]["role"]),
        (&json!("ann"), &json!("admin"))
    );
    program.until_live("live-pusher", has(1002)).await;
}

async fn room_streams(room: &Room) -> Vec<Value> {
    let path = format!("/v1/rooms/{}/streams", room.id);
    let answer = room.api.ok("GET", &path, None).await;
    answer["streams"].as_array().unwrap().clone()
}

async fn room_members(room: &Room) -> Vec<Value> {
    let path = format!("/v1/rooms/{}/members", room.id);
    let answer = room.api.ok("GET", &path, None).await;
    let members = answer["members"].as_array().unwrap();
    members.iter().map(|member| member["id"].clone()).collect()
}
