//! A Node script that tests the gateway and asks the test to do what only that can, such as to kill it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::Gateway;

/// Runs `tests/<script>` with one argument of JSON until it says `{"ok": true}`. It may say `{"want": "kill"}` or
/// `{"want": "restart"}` of the gateway, and goes on when it reads `done`.
pub async fn run(script: &str, argument: &Value, gateway: &mut Gateway, limit: Duration) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let mut child = Command::new("node")
        .arg(path)
        .arg(argument.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts");
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let talk = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            let said: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            match said["want"].as_str() {
                Some("kill") => gateway.kill(),
                Some("restart") => drop(gateway.restart().await),
                Some(other) => panic!("{script} wants {other}"),
                None if said["ok"] == json!(true) => return,
                None if said["error"].is_string() => panic!("{script}: {}", said["error"].as_str().unwrap()),
                None => eprintln!("{line}"),
            }
            if said["want"].is_string() {
                input.write_all(b"done\n").await.unwrap();
            }
        }
        panic!("{script} has ended without a word");
    };
    let in_time = tokio::time::timeout(limit, talk).await;
    assert!(in_time.is_ok(), "{script} takes longer than {limit:?}");
}
