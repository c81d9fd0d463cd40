//! The job's side of the conversation with its supervisor, over standard input and output.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

use super::status::{Command, MAX_COMMAND, Status, Work, to_line};

/// A supervisor that does not read for this long is not there.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// Commands in, statuses out.
pub(super) struct Pipes {
    input: pipe::Receiver,
    output: pipe::Sender,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were searched for the end of a line.
    searched: usize,
}

impl Pipes {
    /// Takes over standard input and output, which must be pipes.
    pub(super) fn open() -> io::Result<Pipes> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Pipes {
            input: pipe::Receiver::from_owned_fd(input)?,
            output: pipe::Sender::from_owned_fd(output)?,
            buffer: Vec::new(),
            searched: 0,
        })
    }

    /// Tells the supervisor something.
    pub(super) async fn say(&mut self, status: &Status) -> io::Result<()> {
        let line = to_line(status)?;
        tokio::time::timeout(WRITE_LIMIT, self.output.write_all(&line))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Waits for the job; `None` when the supervisor went or wants none done.
    pub(super) async fn job(&mut self) -> io::Result<Option<Work>> {
        match self.next().await? {
            Some(Command::Start { job }) => Ok(Some(Work::Transcode(job))),
            Some(Command::StartMix { job }) => Ok(Some(Work::Mix(job))),
            Some(Command::UpdateMix { .. }) => Err(io::ErrorKind::InvalidData.into()),
            Some(Command::Stop) | None => Ok(None),
        }
    }

    /// Waits until the supervisor wants an end, or is gone. Nothing is lost when the future is dropped.
    pub(super) async fn stopped(&mut self) {
        while let Ok(Some(command)) = self.next().await {
            if let Command::Stop = command {
                return;
            }
        }
    }

    /// The next command; `None` at the end of the input. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> io::Result<Option<Command>> {
        loop {
            let fresh = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(end) = fresh.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=self.searched + end).collect();
                self.searched = 0;
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > MAX_COMMAND {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.input.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}
