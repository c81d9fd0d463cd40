//! Child processes that never outlive their test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running program with its output in files.
pub struct Process {
    child: Child,
    name: String,
    output: tempfile::TempDir,
}

impl Process {
    /// Starts `program` with `arguments`; its input is empty.
    pub fn start<S: AsRef<std::ffi::OsStr>>(
        program: impl AsRef<Path>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Process {
        Process::start_command(Command::new(program.as_ref()).args(arguments))
    }

    /// Starts a prepared command; its input is empty and its output goes to files.
    pub fn start_command(command: &mut Command) -> Process {
        let name = command.get_program().to_string_lossy().into_owned();
        let output = tempfile::tempdir().unwrap();
        let file = |name: &str| std::fs::File::create(output.path().join(name)).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Process { child, name, output }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    pub fn stderr(&self) -> String {
        self.read("stderr")
    }

    pub fn stdout_file(&self) -> PathBuf {
        self.output.path().join("stdout")
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.output.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end; panics with its output after `limit`.
    pub async fn wait(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(
                start.elapsed() < limit,
                "{} runs after {limit:?}:\n{}",
                self.name,
                self.stderr()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for its end, panics unless it succeeded, and gives its standard output.
    pub async fn succeed(mut self, limit: Duration) -> String {
        let status = self.wait(limit).await;
        assert!(
            status.success(),
            "{} failed with {status}:\n{}\n{}",
            self.name,
            self.stdout(),
            self.stderr()
        );
        self.stdout()
    }

    /// Sends a signal, such as `libc::SIGTERM`, by the name `kill` knows.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.kill();
        }
        if std::thread::panicking() {
            let log = self.stderr();
            let tail = log.lines().rev().take(60).collect::<Vec<_>>();
            eprintln!("--- {} said:", self.name);
            for line in tail.iter().rev() {
                eprintln!("{line}");
            }
        }
    }
}

/// Processes started by this one.
pub fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task");
    let threads = std::fs::read_dir(path).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let ids = lists.map(|list| {
        list.split_whitespace()
            .filter_map(|id| id.parse().ok())
            .collect::<Vec<_>>()
    });
    ids.collect::<Vec<_>>().concat()
}
