//! Headless Chromium that publishes, plays and measures (`tests/browser/rtc.mjs`).
//!
//! One browser per test, with as many pages as it has people; each page has a profile of its own. Every command is
//! bounded in time. Browser and script end with the test, by their ids.

use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command as Program, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex as Turn, oneshot};
use tokio::task::JoinSet;

use crate::process::children;

/// How long a command may take beyond the time it says it takes.
const LIMIT: Duration = Duration::from_secs(30);

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

struct Inner {
    child: Child,
    input: Turn<ChildStdin>,
    waiting: Waiting,
    next: Mutex<u64>,
    /// Process groups that Chromium made, to be ended whatever becomes of the script.
    groups: Vec<u32>,
    /// Profiles.
    _dir: tempfile::TempDir,
    /// Hands out the answers; aborted when dropped.
    _answers: JoinSet<()>,
}

/// A running browser.
#[derive(Clone)]
pub struct Browser {
    inner: Arc<Inner>,
}

/// One page of it.
#[derive(Clone)]
pub struct Page {
    browser: Browser,
    name: String,
}

impl Browser {
    /// Starts it.
    pub async fn start() -> Browser {
        Browser::start_with(Command::new("node")).await
    }

    /// Starts it inside a network namespace.
    pub async fn start_in(namespace: &str) -> Browser {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, "node"]);
        Browser::start_with(command).await
    }

    async fn start_with(mut node: Command) -> Browser {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/rtc.mjs");
        let dir = tempfile::tempdir().unwrap();
        let mut child = node
            .arg(script)
            .env("TMPDIR", dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        let ready = tokio::time::timeout(LIMIT, lines.read_line(&mut first)).await;
        ready.expect("the browser starts in time").unwrap();
        assert!(first.contains("ready"), "the browser said {first:?}");
        let waiting = Waiting::default();
        let mut answers = JoinSet::new();
        answers.spawn(hear(lines, waiting.clone()));
        let groups = children(child.id().unwrap());
        assert!(!groups.is_empty(), "no browser process");
        Browser {
            inner: Arc::new(Inner {
                child,
                input: Turn::new(input),
                waiting,
                next: Mutex::new(1),
                groups,
                _dir: dir,
                _answers: answers,
            }),
        }
    }

    /// A new page of this name.
    pub async fn page(&self, name: &str) -> Page {
        let page = Page {
            browser: self.clone(),
            name: name.to_owned(),
        };
        page.done("open", json!({}), LIMIT).await;
        page
    }

    async fn ask(&self, mut command: Value, limit: Duration) -> Result<Value, String> {
        let id = {
            let mut next = self.inner.next.lock().unwrap();
            *next += 1;
            *next
        };
        command["id"] = json!(id);
        let (reply, answer) = oneshot::channel();
        self.inner.waiting.lock().unwrap().insert(id, reply);
        let line = format!("{command}\n");
        self.inner
            .input
            .lock()
            .await
            .write_all(line.as_bytes())
            .await
            .unwrap();
        let Ok(answer) = tokio::time::timeout(limit, answer).await else {
            panic!("the browser does not answer {command} within {limit:?}");
        };
        let mut answer = answer.expect("the browser has ended");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }
}

impl Page {
    /// A method of `tests/browser/page/main.js`; its error is what the page said.
    pub async fn try_call(&self, method: &str, args: Value) -> Result<Value, String> {
        let limit = LIMIT + Duration::from_millis(args["ms"].as_u64().unwrap_or(0));
        let command = json!({"do": "call", "page": self.name, "method": method, "args": args});
        self.browser.ask(command, limit).await
    }

    /// The same; must succeed.
    pub async fn call(&self, method: &str, args: Value) -> Value {
        let answer = self.try_call(method, args).await;
        answer.unwrap_or_else(|error| panic!("{}: {method}: {error}", self.name))
    }

    async fn done(&self, what: &str, mut fields: Value, limit: Duration) -> Value {
        fields["do"] = json!(what);
        fields["page"] = json!(self.name);
        let answer = self.browser.ask(fields, limit).await;
        answer.unwrap_or_else(|error| panic!("{}: {what}: {error}", self.name))
    }

    /// Colours on a screenshot of what `peer` plays of `stream`, at places from 0 to 1.
    pub async fn colours(&self, peer: &str, stream: &str, at: &[(f64, f64)]) -> Vec<[u8; 3]> {
        let answer = self
            .done(
                "picture",
                json!({"name": peer, "stream": stream, "at": at}),
                LIMIT,
            )
            .await;
        serde_json::from_value(answer).unwrap()
    }

    /// What the page complained about.
    pub async fn errors(&self) -> Vec<String> {
        let answer = self.done("errors", json!({}), LIMIT).await;
        serde_json::from_value(answer).unwrap()
    }

    /// Ends the page as a closed tab does.
    pub async fn shut(self) {
        self.done("shut", json!({}), LIMIT).await;
    }
}

async fn hear(mut lines: BufReader<ChildStdout>, waiting: Waiting) {
    let mut line = String::new();
    while lines.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        if let Ok(answer) = serde_json::from_str::<Value>(&line) {
            let reply = answer["id"]
                .as_u64()
                .and_then(|id| waiting.lock().unwrap().remove(&id));
            // Whoever asked may have given up.
            let _ = reply.map(|reply| reply.send(answer));
        }
        line.clear();
    }
    // Whoever waits now waits for nothing.
    waiting.lock().unwrap().clear();
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The script's own end would leave nothing behind; a test that ends does not wait for it.
        let _ = self.child.start_kill();
        for group in &self.groups {
            let ended = Program::new("kill")
                .args(["-KILL", "--", &format!("-{group}")])
                .stderr(Stdio::null())
                .process_group(0)
                .status();
            debug_assert!(ended.is_ok());
        }
    }
}
