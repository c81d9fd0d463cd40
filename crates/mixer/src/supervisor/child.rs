//! One process of a job, from its start to its end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use lianmai_hub::job::{JobId, MixJob};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::job::{Command as JobCommand, Identity, MAX_LINE, Status, Work, to_line};

/// This program, also after its file was replaced.
pub(super) const PROGRAM: &str = "/proc/self/exe";
/// For a process to load and confine itself.
const READY_LIMIT: Duration = Duration::from_secs(10);
/// For a job to end by itself when told.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// Last words that are kept of a process's standard error.
const LAST_WORDS: u64 = 2_048;

/// The newest wish of how a mix is to be; `None` = as it was started.
pub(super) type Update = Option<Box<MixJob>>;

/// Starts processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launcher {
    identity: Identity,
}

impl Launcher {
    pub(super) fn new(identity: Identity) -> Launcher {
        Launcher { identity }
    }

    /// Starts a process and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started or does not become ready.
    pub(super) async fn launch(&self) -> io::Result<JobProcess> {
        let mut child = Command::new(PROGRAM)
            .arg0("lianmai-worker")
            .arg("job")
            .args(["--user", &self.identity.to_string()])
            .args(["--parent", &std::process::id().to_string()])
            // Nothing of ours, least of all the secret. One arena: address space is limited.
            .env_clear()
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal to the terminal's group is for the supervisor, which ends its jobs properly.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output), Some(words)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut process = JobProcess {
            child,
            input,
            lines: Lines {
                output: BufReader::new(output),
                line: Vec::new(),
            },
            words,
        };
        match tokio::time::timeout(READY_LIMIT, process.lines.next()).await {
            Ok(Ok(Some(Status::Ready))) => Ok(process),
            Ok(Err(error)) => Err(error),
            _ => Err(io::Error::other(format!(
                "not ready: {}",
                process.last_words().await
            ))),
        }
    }
}

/// What a job's process has to say.
#[derive(Debug)]
pub(super) enum JobEvent {
    /// It has the process of this id.
    Process(u32),
    /// Its connections stand.
    Started,
    /// How far it is.
    Progress(crate::job::Progress),
    /// It is gone; `None` when it ended as told.
    Ended(Option<String>),
}

/// Where the events of one job go: the queue of all jobs.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// Which job.
    pub(super) id: JobId,
    /// The queue.
    pub(super) queue: mpsc::Sender<(JobId, JobEvent)>,
}

impl Events {
    /// Puts an event into the queue. When nobody listens the connection is over, and the job is being ended.
    pub(super) async fn tell(&self, event: JobEvent) {
        let _ = self.queue.send((self.id, event)).await;
    }
}

/// A process that is ready for a job.
#[derive(Debug)]
pub(super) struct JobProcess {
    child: Child,
    input: ChildStdin,
    lines: Lines,
    words: ChildStderr,
}

impl JobProcess {
    /// Whether it is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end of a process without a job.
    pub(super) async fn gone(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Hands it a job and follows it to its end, which `stop` brings about; meanwhile tells it of `updates`. The last
    /// event is [`JobEvent::Ended`].
    pub(super) async fn run(
        mut self,
        work: Work,
        updates: watch::Receiver<Update>,
        stop: CancellationToken,
        events: Events,
    ) {
        let reason = match self.follow(work, updates, &stop, &events).await {
            Ok(reason) => reason,
            Err(error) => {
                let _ = self.child.start_kill();
                Some(error.to_string())
            }
        };
        events.tell(JobEvent::Ended(reason)).await;
    }

    async fn follow(
        &mut self,
        work: Work,
        mut updates: watch::Receiver<Update>,
        stop: &CancellationToken,
        events: &Events,
    ) -> io::Result<Option<String>> {
        if let Some(pid) = self.child.id() {
            events.tell(JobEvent::Process(pid)).await;
        }
        self.input.write_all(&to_line(&JobCommand::from(work))?).await?;
        let mut runs = false;
        loop {
            tokio::select! {
                status = self.lines.next() => match status? {
                    Some(Status::Started) => {
                        runs = true;
                        events.tell(JobEvent::Started).await;
                    }
                    Some(Status::Progress(progress)) => events.tell(JobEvent::Progress(progress)).await,
                    Some(Status::Failed { reason }) => return Ok(Some(reason)),
                    Some(Status::Stopped) => return Ok(Some("it stopped without being told".to_owned())),
                    Some(Status::Ready) => {}
                    None => return Ok(Some(self.obituary().await)),
                },
                // Before it runs, it would not listen. Only the newest is told.
                Ok(()) = updates.changed(), if runs => {
                    let update = updates.borrow_and_update().clone();
                    if let Some(job) = update {
                        self.input.write_all(&to_line(&JobCommand::UpdateMix { job })?).await?;
                    }
                }
                () = stop.cancelled() => {
                    self.stop().await;
                    return Ok(None);
                }
            }
        }
    }

    /// Lets the job say goodbye to the gateway; kills it when it takes too long.
    async fn stop(&mut self) {
        let goodbye = async {
            self.input.write_all(&to_line(&JobCommand::Stop)?).await?;
            self.child.wait().await
        };
        if !matches!(tokio::time::timeout(STOP_LIMIT, goodbye).await, Ok(Ok(_))) {
            let _ = self.child.kill().await;
        }
    }

    /// How a process died that said nothing.
    async fn obituary(&mut self) -> String {
        let status = tokio::time::timeout(Duration::from_millis(50), self.child.wait()).await;
        let end = match status {
            Ok(Ok(status)) => describe(status),
            _ => "it closed its output".to_owned(),
        };
        let words = self.last_words().await;
        if words.is_empty() {
            end
        } else {
            format!("{end}: {words}")
        }
    }

    async fn last_words(&mut self) -> String {
        let mut words = Vec::new();
        let mut last = (&mut self.words).take(LAST_WORDS);
        let reading = last.read_to_end(&mut words);
        let _ = tokio::time::timeout(Duration::from_millis(20), reading).await;
        let text = String::from_utf8_lossy(&words);
        text.lines().map(str::trim).collect::<Vec<_>>().join(" / ")
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (_, Some(signal)) => {
            let name = nix::sys::signal::Signal::try_from(signal);
            name.map_or_else(
                |_| format!("killed by signal {signal}"),
                |name| format!("killed by {name}"),
            )
        }
        (Some(code), None) => format!("it ended with code {code}"),
        (None, None) => "it ended".to_owned(),
    }
}

/// Statuses out of lines, each of bounded length.
#[derive(Debug)]
struct Lines {
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Lines {
    /// The next status; `None` at the end. Nothing is lost when the future is dropped.
    async fn next(&mut self) -> io::Result<Option<Status>> {
        loop {
            let available = self.output.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            self.line.extend(available.iter().take(taken));
            self.output.consume(taken);
            if self.line.len() > MAX_LINE {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if end.is_some() {
                let status = serde_json::from_slice(&self.line)?;
                self.line.clear();
                return Ok(Some(status));
            }
        }
    }
}
