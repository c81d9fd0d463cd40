//! `lianmai config`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lianmai_tests::Process;
use lianmai_tests::gateway::binary;

const LIMIT: Duration = Duration::from_secs(10);

/// Runs `lianmai config <what>` in an empty environment; exit code, standard output and standard error.
async fn config(what: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(binary());
    command.env_clear().args(["config", what]).args(arguments);
    command.envs(environment.iter().copied());
    let mut process = Process::start_command(&mut command);
    let status = process.wait(LIMIT).await;
    (status.code().unwrap(), process.stdout(), process.stderr())
}

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Every mistake is told with where it comes from, the key and the reason, and the exit code says so.
#[tokio::test]
async fn mistakes_name_source_key_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    for (n, (text, words)) in [
        ("[http]\nlissten = \"127.0.0.1:1\"", ["lissten", "unknown"]),
        (
            "[http]\nlisten = \"everywhere\"",
            ["http.listen", "socket address"],
        ),
        ("[stream]\ncoalesce = \"20\"", ["stream.coalesce", "duration"]),
        ("[rtmp]\nmax_message = 1", ["rtmp.max_message", "65536"]),
        ("[stream]\nring_time = \"1s\"", ["stream.max_backlog", "longer"]),
        ("[log]\nlevel = \"loud\"", ["log.level", "is no level"]),
        ("[public]\nhost = \"a b\"", ["public.host", "host name"]),
        (
            "[turn]\nservers = [\"turn:10.0.0.7:3478\"]\nsecret = \"north-of-the-river\"",
            ["turn.servers", "turn.allow_private"],
        ),
        (
            "[turn]\nstun = [\"stun:[::1]:3478\"]",
            ["turn.stun", "turn.allow_private"],
        ),
        ("[nonsense]", ["nonsense", "unknown"]),
        ("http = {", ["TOML", "line"]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&dir, &format!("{n}.toml"), text);
        let (code, out, error) = config("check", &["--config", &path], &[]).await;
        assert_eq!((code, out.as_str()), (1, ""), "{text}");
        for word in words.iter().chain([&path.as_str()]) {
            assert!(error.contains(word), "{text}: {word:?} is not in {error}");
        }
    }
    let both = file(
        &dir,
        "both.toml",
        "[http]\nlisten = \"x\"\n[rtmp]\nwrite_stall = 3",
    );
    let (code, _, error) = config("check", &["--config", &both], &[]).await;
    assert!(code == 1 && error.contains("http.listen"), "{error}");
    for (arguments, environment, source) in [
        (vec!["--set", "http.listen=x"], vec![], "--set"),
        (vec!["--set", "stream.coalesce=5s"], vec![], "--set"),
        (vec![], vec![("LIANMAI_HTTP__LISTEN", "x")], "LIANMAI_"),
        (vec![], vec![("LIANMAI_STREAM__COALESCE", "5s")], "LIANMAI_"),
    ] {
        let (code, _, error) = config("check", &arguments, &environment).await;
        assert!(code == 1 && error.contains(source), "{arguments:?}: {error}");
    }
    let (code, _, error) = config("check", &["--config", "/nowhere/x.toml"], &[]).await;
    assert!(code == 1 && error.contains("/nowhere/x.toml"), "{error}");
    let (code, out, _) = config("check", &[], &[]).await;
    assert!(code == 0 && !out.is_empty());
}

/// File, then environment, then flags; what is printed is TOML that loads to the same again.
#[tokio::test]
async fn what_is_printed_loads_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(
        &dir,
        "a.toml",
        "[http]\nlisten = \"127.0.0.1:1\"\n[rtmp]\nlisten = [\"127.0.0.1:2\"]\n[url]\npush_ttl = \"90s\"\n\
         [rtmps]\ncertificate = \"chain.pem\"\n[console]\nopen_app = \"demo\"\n[log]\nlevel = \"info,lianmai_rtmp=debug\"",
    );
    let environment = [
        ("LIANMAI_CONFIG", path.as_str()),
        ("LIANMAI_HTTP__LISTEN", "127.0.0.1:3"),
        ("LIANMAI_RTMP__LISTEN", "[\"127.0.0.1:4\", \"127.0.0.1:5\"]"),
        ("LIANMAI_HTTP__MAX_CONNECTIONS", "17"),
    ];
    let flags = ["--set", "http.max_connections=18"];
    let (code, out, error) = config("print", &flags, &environment).await;
    assert_eq!(code, 0, "{error}");
    let printed: toml::Table = toml::from_str(&out).unwrap();
    assert_eq!(printed["http"]["listen"].as_str(), Some("127.0.0.1:3"));
    assert_eq!(printed["http"]["max_connections"].as_integer(), Some(18));
    assert_eq!(printed["rtmp"]["listen"].as_array().unwrap().len(), 2);
    assert_eq!(printed["url"]["push_ttl"].as_str(), Some("90s"));

    let again = file(&dir, "again.toml", &out);
    let (code, twice, error) = config("print", &["--config", &again], &[]).await;
    assert_eq!((code, twice), (0, out), "{error}");
    assert!(Path::new(&again).is_file());
}
