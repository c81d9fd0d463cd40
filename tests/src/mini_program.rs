//! A mini-program in Node with live components that move real media (`tests/mini-program`).
//!
//! One process per program. Every command is bounded in time. The process and what it started end with the test, by
//! their ids.

use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::process::children;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A running mini-program.
pub struct MiniProgram {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
    /// What it wrote to its console, as `[level, text…]`.
    pub log: Vec<Value>,
}

/// A folder of the project, such as `examples/mini-program`.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

impl MiniProgram {
    /// Starts the program in `root`; `options` are those of `launch` in `tests/mini-program/src/index.js`.
    pub async fn launch(root: &Path, mut options: Value) -> MiniProgram {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mini-program/run.js");
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut program = MiniProgram {
            child,
            input,
            output,
            next: 1,
            log: Vec::new(),
        };
        options["root"] = json!(root.canonicalize().unwrap());
        program.ask("launch", options).await;
        program
    }

    /// Opens a page, such as `/pages/room/room?room=r1`.
    pub async fn open(&mut self, url: &str) {
        self.ask("open", json!({ "url": url })).await;
    }

    /// Calls a method of the page on top.
    pub async fn call(&mut self, method: &str, args: Value) -> Value {
        self.ask("call", json!({"method": method, "args": args})).await
    }

    /// Taps what has this id or class on the page on top.
    pub async fn tap(&mut self, selector: &str) {
        self.ask("tap", json!({ "selector": selector })).await;
    }

    /// Data of the page on top, at a path such as `members.0.name`.
    pub async fn data(&mut self, path: &str) -> Value {
        self.ask("data", json!({ "path": path })).await
    }

    /// Waits until data of the page on top is so; gives it.
    pub async fn until_data(&mut self, path: &str, what: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let data = self.data(path).await;
            if what(&data) {
                return data;
            }
            assert!(
                start.elapsed() < LIMIT,
                "{path} is {data}; it said {:?}",
                self.log
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All live components: see `tests/mini-program/README.md`.
    pub async fn live(&mut self) -> Vec<Value> {
        serde_json::from_value(self.ask("live", json!({})).await).unwrap()
    }

    /// Waits until a component of this kind (`live-pusher`, `live-player`) is so; gives its report.
    pub async fn until_live(&mut self, kind: &str, what: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let all = self.live().await;
            if let Some(found) = all.iter().find(|live| live["kind"] == kind && what(live)) {
                return found.clone();
            }
            assert!(
                start.elapsed() < LIMIT,
                "no such {kind}: {all:?}; it said {:?}",
                self.log
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Any command of `tests/mini-program/run.js`; must succeed.
    pub async fn ask(&mut self, what: &str, fields: Value) -> Value {
        match self.try_ask(what, fields).await {
            Ok(answer) => answer,
            Err(error) => panic!("{what}: {error}; it said {:?}", self.log),
        }
    }

    /// The same; its error is what the program said.
    pub async fn try_ask(&mut self, what: &str, mut fields: Value) -> Result<Value, String> {
        let id = self.next;
        self.next += 1;
        fields["do"] = json!(what);
        fields["id"] = json!(id);
        self.input
            .write_all(format!("{fields}\n").as_bytes())
            .await
            .unwrap();
        let answer = tokio::time::timeout(LIMIT, self.answer(id)).await;
        let Ok(mut answer) = answer else {
            panic!("no answer to {fields} within {LIMIT:?}; it said {:?}", self.log);
        };
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).await.unwrap();
            assert!(read > 0, "the mini-program has ended; it said {:?}", self.log);
            let Ok(mut said) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if said["id"] == json!(id) {
                return said;
            }
            if said["log"].is_array() {
                self.log.push(said["log"].take());
            }
        }
    }
}

impl Drop for MiniProgram {
    fn drop(&mut self) {
        let started = self.child.id().map(children).unwrap_or_default();
        let _ = self.child.start_kill();
        for process in started {
            let ended = Program::new("kill")
                .args(["-KILL", &process.to_string()])
                .stderr(Stdio::null())
                .status();
            debug_assert!(ended.is_ok());
        }
    }
}

/// Whether a component has reported this code.
pub fn has(code: i64) -> impl Fn(&Value) -> bool {
    move |live| {
        let codes = live["codes"].as_array().unwrap();
        codes.iter().any(|seen| seen == code)
    }
}

/// Whether a player shows pictures in this colour, and has sound.
pub fn shows(colour: [f64; 3]) -> impl Fn(&Value) -> bool {
    move |live| {
        let Some(seen) = live["colour"].as_array() else {
            return false;
        };
        let near = |(seen, wanted): (&Value, f64)| (seen.as_f64().unwrap() - wanted).abs() < 60.0;
        seen.iter().zip(colour).all(near)
            && live["frames"].as_u64() > Some(5)
            && live["loudness"].as_f64() > Some(0.02)
    }
}

/// Colours of what the first and second pusher send.
pub const RED: [f64; 3] = [255.0, 0.0, 0.0];
pub const LIME: [f64; 3] = [0.0, 255.0, 0.0];
