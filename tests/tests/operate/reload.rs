//! SIGHUP: what can change does, and nobody is cut off.

use std::time::Duration;

use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::Purpose;
use lianmai_tests::api::text;
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open};
use lianmai_tests::{Gateway, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(15);

async fn logged(gateway: &mut Gateway, what: &str) {
    let process = &*gateway.process();
    wait::until(what, LIMIT, || async {
        process.stderr().contains(what).then_some(())
    })
    .await;
}

fn log(gateway: &mut Gateway) -> String {
    gateway.process().stderr()
}

/// Media keeps coming to a player, without a gap in its connection.
async fn plays_on(player: &mut RtmpClient) {
    for _ in 0..40 {
        next_media(player, LIMIT).await.unwrap();
    }
}

/// Log level, life of URLs, public host and a new app are taken over while a publisher and a player run on.
#[tokio::test]
async fn a_reload_changes_what_it_can_and_cuts_nobody() {
    let mut gateway = Gateway::start_from_file(&["log.level=info"]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "reload"})).await;
    let (_, push, pull) = room.publisher("ann").await;
    let mut publisher = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    plays_on(&mut player).await;
    assert!(!log(&mut gateway).contains("DEBUG"));

    let made = gateway.cli(&["app", "create", "shop"]).succeed(LIMIT).await;
    assert!(made.contains("shop"));
    let shop = gateway.api_of("shop").await;
    assert_eq!(
        shop.call("GET", "/v1/rooms", None).await.0,
        401,
        "not yet taken over"
    );

    gateway.configure(&[
        "log.level=debug",
        "public.host=live.example",
        "url.push_ttl=90s",
        "url.pull_ttl=120s",
        "http.max_connections=77",
    ]);
    gateway.process().signal("-HUP");
    logged(&mut gateway, "configuration reloaded").await;
    let said = log(&mut gateway);
    let warned: Vec<_> = said.lines().filter(|l| l.contains("next start")).collect();
    assert!(warned.len() == 1 && warned[0].contains("http"), "{warned:?}");

    shop.ok("GET", "/v1/rooms", None).await;
    let member = room.join("bob", "talker").await;
    let before = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let answer = api
        .ok(
            "POST",
            &format!("/v1/rooms/{}/streams", room.id),
            Some(json!({"member": member, "kind": "camera"})),
        )
        .await;
    assert!(
        text(&answer["push"], "url").starts_with("rtmp://live.example:"),
        "{answer}"
    );
    let life = answer["push"]["expires_at"].as_u64().unwrap() - before.as_millis() as u64;
    assert!((85_000..=95_000).contains(&life), "{life} ms");
    let urls = room.pull(&text(&answer["stream"], "id")).await;
    let life = urls["expires_at"].as_u64().unwrap() - before.as_millis() as u64;
    assert!((115_000..=125_000).contains(&life), "{life} ms");

    plays_on(&mut player).await;
    assert!(publisher.ended().is_none());
    // A connection lost is told at debug level only.
    drop(player);
    logged(&mut gateway, "DEBUG").await;
}

/// A file with a mistake is refused as a whole, with the reason in the log; the next good one is taken.
#[tokio::test]
async fn a_broken_file_changes_nothing() {
    let mut gateway = Gateway::start_from_file(&[]).await;
    let api = gateway.api().await;
    let room = api.create_room(json!({"name": "broken"})).await;
    let (stream, ..) = room.publisher("ann").await;
    let host = |url: &str| {
        url.split('/')
            .nth(2)
            .unwrap()
            .split(':')
            .next()
            .unwrap()
            .to_owned()
    };
    for (n, (settings, words)) in [
        (
            vec!["public.host=b.example", "log.level=loud"],
            ["log.level", "is no level"],
        ),
        (
            vec!["public.host=b.example", "stream.coalesce=9s"],
            ["stream.coalesce", "at most 1s"],
        ),
        (
            vec!["public.host=b.example", "nonsense.x=1"],
            ["nonsense", "unknown"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        gateway.configure(&settings);
        gateway.process().signal("-HUP");
        let process = &*gateway.process();
        let refusals = wait::until("the refusal is logged", LIMIT, || async {
            let log = process.stderr();
            let told: Vec<String> = log
                .lines()
                .filter(|l| l.contains("not taken over"))
                .map(str::to_owned)
                .collect();
            (told.len() == n + 1).then_some(told)
        })
        .await;
        let path = gateway.config_file().display().to_string();
        for word in words.iter().chain([&path.as_str()]) {
            assert!(refusals[n].contains(word), "{word} is not in {}", refusals[n]);
        }
        let urls = room.pull(&stream).await;
        assert_eq!(host(&text(&urls, "rtmp")), "127.0.0.1");
    }
    gateway.configure(&["public.host=good.example"]);
    gateway.process().signal("-HUP");
    logged(&mut gateway, "configuration reloaded").await;
    assert_eq!(host(&text(&room.pull(&stream).await, "rtmp")), "good.example");
}
