//! Members of different SDKs in one room: each sees and hears every other, under the right name and in the right role.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use lianmai_tests::mini_program::project;
use lianmai_tests::{Gateway, MiniProgram, Process, wait};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(90);
/// CloudRoom's apps know rooms by numbers, the others by names: it has both.
const ROOM: &str = "10203040";
/// Accounts, called after their SDKs.
const NATIVE: &str = "native";
const EMEDIA: &str = "emedia";
const NETCALL: &str = "netcall";
const EMEDIA_WEB: &str = "emediaweb";
const CRVIDEO: &str = "crvideo";
const ALL: [&str; 5] = [NATIVE, EMEDIA, NETCALL, EMEDIA_WEB, CRVIDEO];

fn others(me: &str) -> BTreeSet<String> {
    let others = ALL.iter().filter(|account| **account != me);
    others.map(|account| (*account).to_owned()).collect()
}

/// A page in Node of one of the mini-program SDKs.
async fn page(gateway: &Gateway, root: &str, alias: (&str, &str), number: u8, query: String) -> MiniProgram {
    let script = project("sdk/js/dist/mini-program").join(alias.1);
    let options = json!({
        "number": number,
        "aliases": {alias.0: script},
        "config": {"file": "config.js", "gateway": format!("http://{}", gateway.http)},
    });
    let mut program = MiniProgram::launch(&project(root), options).await;
    program.open(&format!("/pages/room/room?{query}")).await;
    program
}

/// A page in Chromium of one of the web SDKs.
async fn browser(gateway: &Gateway, script: &str, account: &str) -> Process {
    let token = gateway.token(&["--account", account]).await;
    let given = json!({
        "url": format!("http://{}", gateway.http), "host": gateway.http.to_string(), "room": ROOM, "account": account,
        "tokens": {account: token}, "others": others(account),
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("browser/facades")
        .join(script);
    Process::start(
        "node",
        [path.display().to_string(), "among".to_owned(), given.to_string()],
    )
}

/// What a page in Chromium says it has seen.
async fn seen(browser: &mut Process, account: &str) {
    let said = wait::until("a page in Chromium sees everybody", LIMIT, || {
        assert!(browser.ended().is_none(), "{account}: {}", browser.stderr());
        let out = browser.stdout();
        let line = out
            .lines()
            .find(|line| line.contains("\"seen\""))
            .map(str::to_owned);
        std::future::ready(line)
    })
    .await;
    let said: Value = serde_json::from_str(&said).unwrap();
    for other in others(account) {
        assert_eq!(
            said["seen"][&other], true,
            "{account} does not see {other}: {said}"
        );
    }
}

fn names(list: &Value, field: &str) -> BTreeSet<String> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(|one| Some(one[field].as_str()?.to_owned()))
        .collect()
}

/// Players of all others, all with moving pictures and sound.
async fn plays_all(program: &mut MiniProgram, account: &str) {
    let is_fine = |live: &Value| live["frames"].as_u64() > Some(5) && live["sounds"].as_u64() > Some(5);
    wait::until_with("a page plays everybody", LIMIT, program, async |program| {
        let live = program.live().await;
        let players = live.iter().filter(|live| live["kind"] == "live-player");
        let fine = players.filter(|live| is_fine(live)).count();
        (fine == ALL.len() - 1).then_some(())
    })
    .await;
    assert_eq!(
        program.log.iter().filter(|line| line[0] == "uncaught").count(),
        0,
        "{account}"
    );
}

/// Mini-programs on the native SDK, emedia and netcall, browsers on emedia and CRVideo.
#[tokio::test]
async fn load_every_sdk_sees_every_other() {
    let gateway = Gateway::start_with(&["http.cors_origins=[\"*\"]", Gateway::WORKER]).await;
    let settings = json!({"id": ROOM, "name": ROOM, "creator": EMEDIA});
    let room = gateway.api().await.create_room(settings).await;
    let script = ("lib/lianmai", "index.js");
    let query = format!("account={NATIVE}&room={ROOM}");
    let mut native = page(&gateway, "examples/mini-program", script, 0, query).await;
    let script = ("lib/emedia", "emedia_for_miniProgram.js");
    let query = format!("account={EMEDIA}&room={ROOM}");
    let mut emedia = page(&gateway, "tests/mini-program/apps/emedia", script, 1, query).await;
    let script = ("lib/netcall", "NIM_Web_Netcall_weixin.js");
    let query = format!("account={NETCALL}&channel={ROOM}");
    let mut netcall = page(&gateway, "tests/mini-program/apps/netcall", script, 2, query).await;
    let mut web = browser(&gateway, "emedia.mjs", EMEDIA_WEB).await;
    let mut crvideo = browser(&gateway, "crvideo.mjs", CRVIDEO).await;

    plays_all(&mut native, NATIVE).await;
    plays_all(&mut emedia, EMEDIA).await;
    plays_all(&mut netcall, NETCALL).await;
    seen(&mut web, EMEDIA_WEB).await;
    seen(&mut crvideo, CRVIDEO).await;

    assert_eq!(names(&native.data("players").await, "name"), others(NATIVE));
    let members = native.data("members").await;
    assert_eq!(members.as_array().unwrap().len(), ALL.len(), "{members}");
    for member in members.as_array().unwrap() {
        let role = if member["name"] == EMEDIA {
            "admin"
        } else {
            "talker"
        };
        assert_eq!(member["role"], role, "{member}");
    }
    assert_eq!(names(&emedia.data("players").await, "name"), others(EMEDIA));
    let members = emedia.data("members").await;
    let member_names: BTreeSet<String> = ALL.iter().map(|a| format!("org#app_{a}@easemob.com")).collect();
    assert_eq!(names(&members, "name"), member_names);
    for member in members.as_array().unwrap() {
        let role = if member["name"] == format!("org#app_{EMEDIA}@easemob.com") {
            7
        } else {
            3
        };
        assert_eq!(member["role"], role, "{member}");
    }
    assert_eq!(names(&netcall.data("users").await, "account"), others(NETCALL));

    // The admin's SDK ends it for all of them.
    emedia.call("manage", json!(["destroyConference"])).await;
    for browser in [web, crvideo] {
        browser.succeed(LIMIT).await;
    }
    emedia.until_data("exit", |exit| exit["reason"] == 11).await;
    native
        .until_data("connection", |connection| connection == "out")
        .await;
    let is_end = |event: &Value| event["name"] == "liveRoomClose";
    netcall
        .until_data("events", |events| events.as_array().unwrap().iter().any(is_end))
        .await;
    let (status, _) = room.api.call("GET", &format!("/v1/rooms/{ROOM}"), None).await;
    assert!(status == 404 || status == 410, "{status}");
}
