//! The configuration as an operator meets it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use lianmai_gateway::config::{Config, Overrides, REFERENCE, load};

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn set(pairs: &[(&str, &str)]) -> Overrides {
    Overrides {
        set: pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    }
}

/// The reference file names every key with its default, so it can be copied and never lags behind.
#[test]
fn the_reference_is_the_default_and_complete() {
    let reference = file(REFERENCE);
    let loaded = load(Some(reference.path()), &Overrides::default()).unwrap();
    assert_eq!(loaded, Config::default());
    let default: toml::Table = toml::from_str(&toml::to_string(&Config::default()).unwrap()).unwrap();
    for (section, keys) in &default {
        is_named(section, keys.as_table().unwrap());
    }
}

fn is_named(section: &str, keys: &toml::Table) {
    assert!(
        REFERENCE.contains(&format!("[{section}]")),
        "[{section}] is missing"
    );
    for (key, value) in keys {
        if let Some(inner) = value.as_table() {
            is_named(&format!("{section}.{key}"), inner);
            continue;
        }
        let named = REFERENCE.lines().any(|line| {
            line.trim_start_matches("# ")
                .split_once('=')
                .is_some_and(|(name, _)| name.trim() == key)
        });
        assert!(named, "{section}.{key} is missing");
    }
}

#[test]
fn the_dev_configuration_is_sound() {
    let dev = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/dev.toml");
    let config = load(Some(&dev), &Overrides::default()).unwrap();
    assert_eq!(config.console.open_app.as_deref(), Some("demo"));
    assert!(
        config
            .rtmp
            .listen
            .iter()
            .all(|address| address.ip().is_loopback())
    );
    assert!(
        Config::default().console.open_app.is_none(),
        "production has no open app (R-K3)"
    );
}

#[test]
fn flags_win_over_the_file() {
    let file = file("[http]\nlisten = \"127.0.0.1:1\"\n[stream]\ncoalesce = \"50ms\"");
    let config = load(Some(file.path()), &set(&[("http.listen", "127.0.0.1:2")])).unwrap();
    assert_eq!(config.http.listen.port(), 2);
    assert_eq!(config.stream.coalesce.as_millis(), 50);
    let lists = load(
        None,
        &set(&[("rtmp.listen", r#"["127.0.0.1:3", "127.0.0.1:4"]"#)]),
    )
    .unwrap();
    assert_eq!(lists.rtmp.listen.len(), 2);
}

/// Errors name source, key and reason.
#[test]
fn mistakes_are_told_with_file_key_and_reason() {
    for (text, expected) in [
        ("[http]\nlissten = \"127.0.0.1:1\"", vec!["lissten", "unknown"]),
        (
            "[http]\nlisten = \"everywhere\"",
            vec!["http.listen", "socket address"],
        ),
        ("[stream]\ncoalesce = 20", vec!["stream.coalesce"]),
        ("[stream]\ncoalesce = \"20\"", vec!["stream.coalesce", "duration"]),
        (
            "[stream]\nring_time = \"1s\"",
            vec!["stream.max_backlog", "longer"],
        ),
        (
            "[rtmps]\nlisten = [\"127.0.0.1:1936\"]",
            vec!["rtmps.listen", "certificate"],
        ),
        ("[rtmp]\nlisten = []", vec!["rtmp.listen"]),
        ("[webrtc]\nmax_peers = 0", vec!["webrtc.max_peers", "zero"]),
        (
            "[turn]\nservers = [\"turn:a.example\"]",
            vec!["turn.servers", "turn.secret"],
        ),
        (
            "[turn]\nservers = [\"http://a.example\"]",
            vec!["turn.servers", "turn:"],
        ),
        ("[turn]\nservers = [\"turn:a>b\"]", vec!["turn.servers"]),
        ("[turn]\nstun = [\"turn:a.example\"]", vec!["turn.stun", "stun:"]),
        ("[turn]\nttl = \"1s\"", vec!["turn.ttl", "1m"]),
        ("[public]\nhost = \"a b\"", vec!["public.host"]),
        ("[public]\nhttp_url = \"ftp://a\"", vec!["public.http_url"]),
        (
            "[workers]\nsecret = \"too-short-to-be-one\"",
            vec!["workers.secret", "32"],
        ),
        (
            "[workers]\nrtmp_url = \"http://a\"",
            vec!["workers.rtmp_url", "rtmps"],
        ),
        (
            "[workers]\nws_url = \"ws://a/elsewhere\"",
            vec!["workers.ws_url", "/internal/worker"],
        ),
        ("[workers]\nuser = \"0:0\"", vec!["workers.user", "uid:gid"]),
        ("[workers]\ncapacity = 0.0", vec!["workers.capacity", "cores"]),
        (
            "[workers]\nopus_bitrate = 1",
            vec!["workers.opus_bitrate", "6000"],
        ),
        ("[calls]\ngrace = \"500ms\"", vec!["calls.grace", "from 1s to 1h"]),
        ("[calls]\ngrace = \"2h\"", vec!["calls.grace", "from 1s to 1h"]),
        ("[calls]\nring = \"0s\"", vec!["calls.ring", "from 1s to 2m"]),
        ("[calls]\nring = \"121s\"", vec!["calls.ring", "from 1s to 2m"]),
        (
            "[recording.upload]\nbucket = \"rec\"\naccess_key = \"a\"\nsecret_key_file = \"/x\"\nbytes_per_second = 999",
            vec!["recording.upload.bytes_per_second", "16384"],
        ),
        (
            "[recording.upload]\nbucket = \"rec\"",
            vec!["recording.upload.bucket", "access_key", "secret_key"],
        ),
        (
            "[recording.upload]\nbucket = \"rec\"\naccess_key = \"a\"\nsecret_key_file = \"/x\"\nendpoint = \"http://a\"",
            vec!["recording.upload.endpoint", "allow_http"],
        ),
        (
            "[recording.upload]\nbucket = \"rec\"\naccess_key = \"a\"\nsecret_key_file = \"/x\"\npiece_bytes = 1000",
            vec!["recording.upload.piece_bytes", "5242880"],
        ),
        (
            "[recording.upload]\nbucket = \"rec\"\naccess_key = \"a\"\nsecret_key_file = \"/x\"\nprefix = \"a/../b\"",
            vec!["recording.upload.prefix"],
        ),
        (
            "[recording.upload]\nsecret_key = \"917\"",
            vec!["recording.upload.secret_key", "16"],
        ),
        ("[nonsense]", vec!["nonsense"]),
        ("this is no TOML", vec!["toml"]),
    ] {
        let file = file(text);
        let error = load(Some(file.path()), &Overrides::default())
            .unwrap_err()
            .to_string();
        for word in expected {
            assert!(error.contains(word), "{error:?} does not mention {word:?}");
        }
    }
    let missing = load(Some(Path::new("/nowhere/lianmai.toml")), &Overrides::default()).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/lianmai.toml"));
}

/// R-K1: the one secret that is configured is not shown, neither by printing the configuration nor by a mistake in it,
/// and its mask is no secret.
#[test]
fn the_turn_secret_is_write_only() {
    let secret = "north-south-east-west";
    let text = format!("[turn]\nservers = [\"turn:a.example\"]\nsecret = \"{secret}\"");
    let config = load(Some(file(&text).path()), &Overrides::default()).unwrap();
    assert_eq!(config.turn.secret.as_ref().unwrap().expose(), secret);
    let printed = toml::to_string_pretty(&config).unwrap();
    assert!(!printed.contains(secret) && !format!("{config:?}").contains(secret));
    let again = load(Some(file(&printed).path()), &Overrides::default()).unwrap_err();
    assert!(again.to_string().contains("mask"), "{again}");
    for wrong in [
        "\"\"",
        "\"****************\"",
        "\"short-917\"",
        "917917917917917917",
        "917.25",
        "true",
        "[\"917917917917917917\"]",
    ] {
        let text = format!("[turn]\nsecret = {wrong}");
        let error = load(Some(file(&text).path()), &Overrides::default()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("turn.secret") && !error.contains("917"), "{error}");
    }
}

/// Tokens that are believed unread are for those who say so.
#[test]
fn vendors_apps_are_checked() {
    let with = |apps: &str, allow: &str| {
        let pairs = [("vendor.apps", apps), ("vendor.allow_open", allow)];
        load(None, &set(&pairs))
    };
    let app = |rest: &str| format!(r#"[{{key="o#a", app="demo"{rest}}}]"#);
    let jwt = with(&app(""), "false").unwrap();
    assert_eq!(
        jwt.vendor.apps[0].tokens,
        lianmai_control::vendor::TokenPolicy::Jwt
    );
    assert_eq!(jwt.vendor.apps[0].domain, "easemob.com");
    with(&app(r#", tokens="open""#), "true").unwrap();
    with(&app(r#", tokens="hook", hook="https://example.com/t""#), "false").unwrap();
    for (apps, word) in [
        (app(r#", tokens="open""#), "allow_open"),
        (app(r#", tokens="hook""#), "hook"),
        (app(r#", hook="https://example.com""#), "hook"),
        (app(r#", tokens="hook", hook="ftp://example.com""#), "hook"),
        (app(r#", tokens="none""#), "vendor.apps"),
        (app(r#", domain="a b""#), "domain"),
        (
            r#"[{key="a", app="demo"}, {key="a", app="demo"}]"#.to_owned(),
            "twice",
        ),
        (r#"[{key="", app="demo"}]"#.to_owned(), "key"),
        (r#"[{key="a", app="de mo"}]"#.to_owned(), "vendor.apps"),
    ] {
        let error = with(&apps, "false").unwrap_err().to_string();
        assert!(error.contains(word), "{apps}: {error}");
    }
}
