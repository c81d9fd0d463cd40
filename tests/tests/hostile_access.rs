//! R-K2: protocol × action × state of the token: exactly the valid ones get in, and the others are told why.
//! R-K3: a gateway that nobody configured lets nobody in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::entry::{Urls, WAYS, Way, attempt, token, with_token};
use lianmai_tests::gateway::{binary, free_ports, free_udp_port};
use lianmai_tests::{Gateway, Process, Room, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(10);

async fn assert_denied(state: &str, urls: &Urls, codes: &[&str]) {
    for way in WAYS {
        let refusal = attempt(way, urls.way(way)).await;
        let code = refusal.expect_err(&format!("{way:?} with {state} got in"));
        assert!(codes.contains(&code.as_str()), "{way:?} with {state}: {code}");
    }
}

async fn assert_granted(state: &str, urls: &Urls) {
    for way in WAYS {
        let verdict = attempt(way, urls.way(way)).await;
        assert_eq!(verdict, Ok(()), "{way:?} with {state}");
    }
}

#[tokio::test]
async fn every_protocol_action_and_token() {
    let mut gateway = Gateway::start().await;
    gateway.cli(&["app", "create", "other"]).succeed(LIMIT).await;
    let api = gateway.api().await;
    let no_overlap = json!({"timing": {"url_overlap_ms": 0}});
    let room = api.create_room(no_overlap).await;
    let (stream, good) = Urls::of(&room, "ann").await;
    let (_, bob) = Urls::of(&room, "bob").await;

    assert_granted("a valid token", &good).await;
    let cut = good.map(|url| url.replace(token(url), "").replace("&t=", "").replace("?t=", ""));
    assert_denied("no token", &cut, &["token_missing"]).await;
    let empty = good.map(|url| with_token(url, ""));
    assert_denied("an empty token", &empty, &["token_missing"]).await;
    for garbage in [
        "x",
        "v1",
        "v1.push.1.1..x",
        "........",
        "v9.pull.99999999999.1.m.mac",
    ] {
        let urls = good.map(|url| with_token(url, garbage));
        assert_denied(
            "garbage",
            &urls,
            &["token_malformed", "token_signature", "wrong_action"],
        )
        .await;
    }
    let changed = good.map(|url| {
        let last = if url.ends_with('A') { 'B' } else { 'A' };
        format!("{}{last}", &url[..url.len() - 1])
    });
    assert_denied(
        "a changed signature",
        &changed,
        &["token_signature", "token_malformed"],
    )
    .await;
    let longer = good.map(|url| {
        url.replacen("t=v1.push.", "t=v1.push.9", 1)
            .replacen("t=v1.pull.", "t=v1.pull.9", 1)
    });
    assert_denied("a changed expiry", &longer, &["token_signature"]).await;

    let mut swapped = good.map(|url| with_token(url, token(&good.push)));
    swapped.push = with_token(&good.push, token(&good.rtmp));
    assert_denied("a token for the other action", &swapped, &["wrong_action"]).await;
    let mut foreign = good.clone();
    foreign.push = with_token(&good.push, token(&bob.push));
    for url in [&mut foreign.rtmp, &mut foreign.http_flv, &mut foreign.ws_flv] {
        *url = with_token(url, token(&bob.rtmp));
    }
    assert_denied("another stream's token", &foreign, &["token_signature"]).await;

    let elsewhere = |app: &str| {
        let app = app.to_owned();
        good.map(move |url| {
            url.replace("/demo/", &format!("/{app}/"))
                .replace("app=demo", &format!("app={app}"))
        })
    };
    assert_denied("no such app", &elsewhere("nobody"), &["unknown_app"]).await;
    gateway.process().signal("-HUP");
    let other = elsewhere("other");
    wait::until("the second app is known", LIMIT, || async {
        let code = attempt(Way::HttpFlv, &other.http_flv).await.unwrap_err();
        (code != "unknown_app").then_some(())
    })
    .await;
    assert_denied("another app's token", &other, &["token_signature"]).await;
    let nowhere = good.map(|url| url.replace(&stream, "s0000000000000000"));
    assert_denied(
        "another stream's name",
        &nowhere,
        &["token_signature", "unknown_stream"],
    )
    .await;

    assert_granted("a valid token, still", &good).await;
    let path = format!("/v1/rooms/{}/streams/{stream}/push-url", room.id);
    let newer = text(&api.ok("POST", &path, None).await["push"], "url");
    assert_denied("a retired version", &good, &["epoch_retired"]).await;
    let new = Urls::new(newer, &room.pull(&stream).await);
    assert_granted("the new version", &new).await;
}

/// The right ends with the stay of whom it was given to, and with the room.
#[tokio::test]
async fn rights_end_with_members_and_rooms() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    let room = api.create_room(json!({})).await;
    let (stream, of_app) = Urls::of(&room, "bob").await;
    // Ann's own URLs: to push her camera, and to pull bob's.
    let member = room.join("ann", "talker").await;
    let (_, push) = room.publish(&member).await;
    let hers = Room {
        api: gateway.api_as("ann").await,
        id: room.id.clone(),
    };
    let ann = Urls::new(push, &hers.pull(&stream).await);
    assert_granted("a member's token", &ann).await;
    api.ok("DELETE", &format!("/v1/rooms/{}/members/{member}", room.id), None)
        .await;
    assert_denied(
        "a kicked member's token",
        &ann,
        &["holder_left", "unknown_stream"],
    )
    .await;
    assert_eq!(
        attempt(Way::HttpFlv, &ann.http_flv).await,
        Err("holder_left".to_owned())
    );
    assert_granted("another's token", &of_app).await;
    // Who comes back is somebody else: old URLs stay dead.
    room.join("ann", "talker").await;
    assert_denied(
        "a token of the last stay",
        &ann,
        &["holder_left", "unknown_stream"],
    )
    .await;
    api.ok("DELETE", &format!("/v1/rooms/{}", room.id), None).await;
    assert_denied("a token of a room that is gone", &of_app, &["unknown_stream"]).await;
}

#[tokio::test]
async fn tokens_expire() {
    let gateway = Gateway::start_with(&["url.push_ttl=2s", "url.pull_ttl=2s"]).await;
    let room = gateway.api().await.create_room(json!({})).await;
    let (_, urls) = Urls::of(&room, "ann").await;
    assert_granted("a fresh token", &urls).await;
    for way in [Way::RtmpPublish, Way::HttpFlv] {
        wait::until("the token expires", LIMIT, || async {
            let verdict = attempt(way, urls.way(way)).await;
            (verdict == Err("token_expired".to_owned())).then_some(())
        })
        .await;
    }
    assert_denied("an expired token", &urls, &["token_expired"]).await;
}

/// R-K3: default configuration, empty data: every protocol and action is denied, whatever app and token it names.
#[tokio::test]
async fn an_unconfigured_gateway_denies_everything() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let [rtmp, http] = free_ports();
    let settings = [
        format!("data.dir={}", dir.path().join("data").display()),
        format!("rtmp.listen=[\"{rtmp}\"]"),
        format!("http.listen={http}"),
        format!("metrics.listen={}", free_ports::<1>()[0]),
        format!("webrtc.listen={}", free_udp_port()),
    ];
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(settings.iter().flat_map(|s| ["--set".to_owned(), s.clone()]));
    let mut process = Process::start(binary(), arguments);
    wait::until("the gateway is ready", LIMIT, || async {
        let answer = reqwest::get(format!("http://{http}/readyz")).await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;

    for app in ["", "demo", "live", "app", "default", "lianmai"] {
        for token in ["", "v1.push.99999999999.1..AAAA", "v1.pull.99999999999.1..AAAA"] {
            let flv = format!("{http}/live/s1.flv?app={app}&t={token}");
            let urls = Urls {
                push: format!("rtmp://{rtmp}/{app}/s1?t={token}"),
                rtmp: format!("rtmp://{rtmp}/{app}/s1?t={token}"),
                http_flv: format!("http://{flv}"),
                ws_flv: format!("ws://{flv}"),
            };
            let ways = if app.is_empty() { &WAYS[2..] } else { &WAYS[..] };
            for way in ways {
                assert_eq!(
                    attempt(*way, urls.way(*way)).await,
                    Err("unknown_app".to_owned()),
                    "{app:?} {token:?}"
                );
            }
        }
    }
    let client = reqwest::Client::new();
    for (method, path) in [
        ("GET", "/v1/rooms"),
        ("POST", "/v1/rooms"),
        ("GET", "/v1/ws"),
        ("GET", "/v1/call-records"),
    ] {
        for bearer in [None, Some("x"), Some("eyJhbGciOiJub25lIn0.eyJhcHAiOiJkZW1vIn0.")] {
            let mut request = client.request(method.parse().unwrap(), format!("http://{http}{path}"));
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let status = request.send().await.unwrap().status().as_u16();
            assert!([400, 401, 426].contains(&status), "{method} {path}: {status}");
        }
    }
    let metrics = client.get(format!("http://{http}/metrics")).send().await.unwrap();
    assert!(
        metrics.status().is_client_error(),
        "metrics are not for everybody"
    );
    assert!(process.ended().is_none());
}
