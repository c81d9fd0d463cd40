//! Bad input: answered in the vendor's shape, changes nothing, is counted, and costs nobody else anything.

use std::time::{Duration, Instant};

use lianmai_tests::Gateway;
use lianmai_tests::netcall::{KEY, Netcall, SETTING, login_body, look_up, post};
use serde_json::{Value, json};

/// Forms with one field changed, for each of which an answer with a code comes back.
#[tokio::test]
async fn bad_forms_are_answered_in_the_vendors_shape() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let sum = post(
        &gateway,
        "/demo/getChecksum.action",
        &[("uid", "7"), ("appkey", KEY)],
    )
    .await;
    let checksum = sum["checksum"].as_str().unwrap().to_owned();
    let long = "x".repeat(5_000);
    let hostile = [
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "' OR 1=1 --",
        "../../etc/passwd",
        "\u{0}",
        "%00",
        "🦀",
        "null",
        "[]",
        &long,
    ];
    let good = [
        ("uid", "7"),
        ("appkey", KEY),
        ("channelName", "x"),
        ("mode", "2"),
        ("checksum", checksum.as_str()),
    ];
    let mut asked = 0;
    for (path, fields) in [
        ("/demo/getChecksum.action", 2),
        ("/nrtc/getChannelInfos.action", 5),
    ] {
        for at in 0..fields {
            let missing: Vec<_> = good[..fields]
                .iter()
                .enumerate()
                .filter(|(n, _)| *n != at)
                .map(|(_, f)| *f)
                .collect();
            let answer = post(&gateway, path, &missing).await;
            assert_eq!(answer, json!({"code": 414, "errmsg": good[at].0}), "{path}");
            asked += 1;
            for value in hostile {
                let mut changed = good[..fields].to_vec();
                changed[at].1 = value;
                let answer = post(&gateway, path, &changed).await;
                // Nearly anything may be the name of a channel.
                let may_be_good = good[at].0 == "channelName" && answer["code"] == 200;
                assert!(
                    may_be_good || answer["code"] == 414,
                    "{path} {} {value:?}: {answer}",
                    good[at].0
                );
                asked += usize::from(!may_be_good);
            }
        }
    }
    let other = checksum.replace(['0', '1'], "2");
    let mut forged = good;
    forged[4].1 = &other;
    assert_eq!(
        post(&gateway, "/nrtc/getChannelInfos.action", &forged).await["errmsg"],
        "checksum"
    );
    let client = reqwest::Client::new();
    let url = format!("http://{}/nrtc/getChannelInfos.action", gateway.http);
    for (kind, body) in [
        ("application/json", "{}".to_owned()),
        ("application/x-www-form-urlencoded", "uid=7&uid=8".to_owned()),
        ("application/x-www-form-urlencoded", "x=1&".repeat(40)),
        ("application/x-www-form-urlencoded", "a".repeat(20_000)),
        ("application/x-www-form-urlencoded", "%ff%fe=%".to_owned()),
        ("\u{7f}", String::new()),
    ] {
        let Ok(kind) = reqwest::header::HeaderValue::from_str(kind) else {
            continue;
        };
        let answer = client
            .post(&url)
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], 414);
    }
    let counted = gateway
        .metric("lianmai_netcall_refused_total", "code=\"414\"")
        .await;
    assert!(counted >= asked as f64, "{counted} of {asked}");
    assert_eq!(client.get(&url).send().await.unwrap().status(), 405);
    let reported = post(&gateway, "/statistic/realtime/sdkFunctioninfo", &[("x", &long)]).await;
    assert_eq!(reported, json!({"code": 200}));
    assert_eq!(
        gateway.api().await.ok("GET", "/v1/rooms", None).await["rooms"],
        json!([]),
        "nothing is made"
    );
}

/// Logins with one field changed. None is let in, and none leaves a room or a member.
#[tokio::test]
async fn bad_logins_change_nothing() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let found = look_up(&gateway, KEY, 7, "closed", "2").await;
    let token = found["token"].as_str().unwrap();
    let (long, cut) = ("x".repeat(20_000), token[..token.len() - 2].to_owned());
    let other_app = token.replacen('.', ".e", 1);
    for (field, values, code) in [
        (
            "accid",
            vec![
                json!(null),
                json!(""),
                json!(7),
                json!("a b"),
                json!("'--"),
                json!(long),
                json!({}),
            ],
            414,
        ),
        (
            "uid",
            vec![
                json!(null),
                json!("x"),
                json!(0),
                json!(-7),
                json!(7.5),
                json!(1e300),
                json!([7]),
            ],
            414,
        ),
        ("uid", vec![json!(8), json!("9")], 403),
        (
            "cid",
            vec![json!(null), json!("x"), json!(1), json!(-1), json!({})],
            414,
        ),
        ("token", vec![json!(null), json!(7), json!(long)], 414),
        (
            "token",
            vec![
                json!("x"),
                json!("n1.."),
                json!("n1.e30.e30"),
                json!(cut),
                json!(other_app),
            ],
            403,
        ),
        ("mode", vec![json!(4), json!(-1), json!("a"), json!([])], 414),
        ("scene", vec![json!(0), json!(2), json!("x")], 414),
        ("usertype", vec![json!(0), json!(4), json!({})], 414),
        ("role", vec![json!(2), json!("host")], 414),
        ("liveEnable", vec![json!(2), json!("x")], 414),
        ("recordType", vec![json!(3), json!("x"), json!([])], 414),
        ("recordAudio", vec![json!(2), json!({})], 414),
        ("isHostSpeaker", vec![json!("yes")], 414),
        ("splitMode", vec![json!(6), json!(-1)], 208),
        (
            "layout",
            vec![json!("{"), json!("[]"), json!({"n_host_area_number": 1e9})],
            208,
        ),
        ("layout", vec![json!(7), json!(long)], 414),
        (
            "rtmpUrl",
            vec![
                json!("x"),
                json!("file:///etc/passwd"),
                json!("rtmp://"),
                json!("rtmp://h/a/b c"),
            ],
            400,
        ),
        ("rtmpUrl", vec![json!([]), json!(long)], 414),
        ("encryptType", vec![json!(2), json!(-1)], 418),
        ("encryptKey", vec![json!("k")], 418),
    ] {
        for value in values {
            let mut client = Netcall::dial(&gateway, "/netcall").await;
            let more = json!({field: value});
            let answer = client.log_in(login_body("ann", 7, &found, more.clone())).await;
            assert_eq!(answer["code"], code, "{more}: {answer}");
            assert!(
                answer["errmsg"].is_string() && answer.get("userlist").is_none(),
                "{answer}"
            );
        }
    }
    let api = gateway.api().await;
    assert_eq!(api.ok("GET", "/v1/rooms", None).await["rooms"], json!([]));
    assert!(
        gateway
            .metric("lianmai_netcall_refused_total", "at=\"login\"")
            .await
            >= 60.0
    );
    Netcall::with(&gateway, login_body("ann", 7, &found, json!({}))).await;
}

/// Whatever a client inside says, the others notice nothing.
#[tokio::test]
async fn bad_commands_change_nothing() {
    let gateway = Gateway::start_with(&[SETTING]).await;
    let mut ann = Netcall::join(&gateway, "calm", "ann", 1, json!({})).await;
    for round in [
        [
            json!({"mode": 4}),
            json!({"mode": -1}),
            json!({"mode": "x"}),
            json!({"mode": null}),
            json!({"mode": 1.5}),
        ],
        [
            json!({"mode": []}),
            json!({"uid": 2}),
            json!({"uid": "x"}),
            json!({"cid": 1}),
            json!({"cid": {}}),
        ],
    ] {
        let mut eve = Netcall::join(&gateway, "calm", "eve", 2, json!({})).await;
        ann.told_so_far().await;
        for bad in round {
            let mut more = json!({"mode": 1, "uid": 2});
            for (name, value) in bad.as_object().unwrap() {
                more[name] = value.clone();
            }
            if bad == json!({"uid": 2}) {
                more["uid"] = json!(1);
            }
            let answer = eve.ask_self(7, more.clone()).await;
            assert_eq!(answer["code"], 414, "{more}");
        }
        for cmd in [2, 4, 5] {
            let answer = eve.ask_self(cmd, json!({"uid": 1})).await;
            assert_eq!(answer["code"], 414, "for somebody else");
        }
        eve.beat().await;
        ann.was_told_nothing().await;
    }
    let mut eve = Netcall::join(&gateway, "calm", "eve", 2, json!({})).await;
    for text in [
        "",
        "x",
        "[]",
        "{}",
        "null",
        r#"{"cmd":"7"}"#,
        r#"{"cmd":99,"seq":1}"#,
        r#"{"cmd":7,"body":3}"#,
    ] {
        eve.say(text).await;
        let answer = eve.frame().await.unwrap();
        assert_eq!(answer["body"]["code"], 414, "{text}: {answer}");
    }
    let again = eve.ask(0, eve.login.clone()).await;
    assert_eq!(
        again["userlist"].as_array().unwrap().len(),
        2,
        "a second login on the socket"
    );
    ann.was_told_nothing().await;
    // Enough is enough.
    for _ in 0..8 {
        eve.say("x").await;
    }
    assert_eq!(eve.closed().await, 4029);
    let mut loud = Netcall::join(&gateway, "calm", "eve", 2, json!({})).await;
    loud.say_bytes(vec![0; 10]).await;
    assert_eq!(loud.closed().await, 1003);
    let mut huge = Netcall::join(&gateway, "calm", "eve", 2, json!({})).await;
    huge.say(&"x".repeat(100_000)).await;
    huge.closed().await;
    ann.was_told_nothing().await; // within its grace a member stays
}

/// Before the login a connection has few tries, little time, and few like it.
#[tokio::test]
async fn floods_before_the_login_are_bounded() {
    let settings = [SETTING, "netcall.max_waiting_per_ip=5"];
    let gateway = Gateway::start_with(&settings).await;
    let mut guesser = Netcall::dial(&gateway, "/").await;
    for _ in 0..3 {
        let answer = guesser
            .ask(0, json!({"accid": "ann", "uid": 1, "cid": 1, "token": "x"}))
            .await;
        assert_eq!(answer["code"], 403);
    }
    assert_eq!(guesser.closed().await, 4001);

    let mut early = Netcall::dial(&gateway, "/").await;
    for cmd in [2, 4, 5, 7] {
        assert_eq!(
            early.ask(cmd, json!({})).await,
            json!({"code": 403, "errmsg": "login_first"})
        );
    }
    for _ in 0..40 {
        early.say(r#"{"cmd":2}"#).await;
    }
    assert_eq!(early.closed().await, 4029);

    // Those who are inside do not count.
    let inside = [
        Netcall::join(&gateway, "full", "ann", 1, json!({})).await,
        Netcall::join(&gateway, "full", "bob", 2, json!({})).await,
    ];
    let mut idle = Vec::new();
    for _ in 0..5 {
        idle.push(Netcall::dial(&gateway, "/").await);
    }
    let url = format!("ws://{}/", gateway.http);
    match tokio_tungstenite::connect_async(&url).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 429),
        other => panic!("{other:?}"),
    }
    let began = Instant::now();
    drop(idle.pop());
    let next = lianmai_tests::wait::until("a place is free", Duration::from_secs(5), async || {
        tokio_tungstenite::connect_async(&url).await.ok()
    });
    drop(next.await);
    assert!(began.elapsed() < Duration::from_secs(5));
    for mut client in inside {
        client.beat().await;
    }
    assert!(
        gateway
            .metric("lianmai_netcall_refused_total", "at=\"connect\"")
            .await
            >= 1.0
    );
}
