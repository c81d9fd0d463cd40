//! Apps on a facade's script in headless Chromium: the scenarios in `tests/browser/facades`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Gateway, Process};

const LIMIT: Duration = Duration::from_secs(60);

/// Runs a scenario of a script with what it is given; what it gives. Pages complain about nothing.
pub async fn play(script: &str, scenario: &str, given: &Value) -> Value {
    let said = play_with_errors(script, scenario, given).await;
    assert_eq!(said["errors"], json!([]), "{said}");
    said
}

/// The same where the browser complains about answers that the page expects.
pub async fn play_with_errors(script: &str, scenario: &str, given: &Value) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/facades");
    let script = folder.join(script).to_string_lossy().into_owned();
    let arguments = [script, scenario.to_owned(), given.to_string()];
    let said = Process::start("node", arguments).succeed(LIMIT).await;
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

/// A token of the open app, as its watch page gets one.
pub async fn token(gateway: &Gateway, account: &str) -> Value {
    let url = format!("http://{}/console/session?account={account}", gateway.http);
    let answer = reqwest::get(url).await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["token"].clone()
}
