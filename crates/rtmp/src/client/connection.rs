//! One connection to another server, driven by its user.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use bytes::Bytes;
use lianmai_media::Metadata;
use lianmai_media::amf0::Value;

use super::dial::{ClientError, DialOptions, dial};
use crate::protocol::{ClientEvent, ClientSession, Close, MediaKind, Output, Purpose, RtmpUrl, Seed};
use crate::transport::{OutQueue, ReadSize, Transport, read_some};

/// A connection to a server, for publishing or playing one stream.
///
/// Nothing happens by itself: call [`next_event`](Self::next_event) all the time (it answers pings and
/// acknowledges), and [`flush`](Self::flush) after queueing media. Dropping it breaks the connection;
/// [`finish`](Self::finish) ends it properly.
pub struct RtmpClient {
    io: Box<dyn Transport>,
    session: ClientSession,
    out: OutQueue,
    /// Events found while sending.
    pending: VecDeque<Output<ClientEvent>>,
    options: DialOptions,
    /// Bytes the kernel has taken from us: what liveness is judged by.
    sent: u64,
    /// Written bytes may still be held by TLS.
    unflushed: bool,
}

/// One step of [`RtmpClient::advance`].
enum Step {
    Written,
    Read(usize),
}

impl RtmpClient {
    /// Connects to `url` and asks to publish or play; returns when the server agreed.
    ///
    /// # Errors
    /// [`ClientError`]; a server's no is [`ClientError::Session`].
    pub async fn open(
        url: &RtmpUrl,
        purpose: Purpose,
        options: DialOptions,
        seed: Seed,
    ) -> Result<RtmpClient, ClientError> {
        let io = dial(url, &options).await?;
        let now = Instant::now().into_std();
        let session = ClientSession::new(options.session.clone(), url, purpose, seed, now);
        let mut client = RtmpClient {
            io,
            session,
            out: OutQueue::default(),
            pending: VecDeque::new(),
            options,
            sent: 0,
            unflushed: false,
        };
        loop {
            match client.next_event().await? {
                ClientEvent::Publishing { .. } | ClientEvent::Playing { .. } => return Ok(client),
                _ => {}
            }
        }
    }

    /// Waits for what the server has to say. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`ClientError`]; the connection is then over.
    pub async fn next_event(&mut self) -> Result<ClientEvent, ClientError> {
        loop {
            if let Some(event) = self.take_outputs()? {
                return Ok(event);
            }
            self.flush().await?;
            let deadline = self.session.deadline().map(Instant::from_std);
            let timer = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = read_some(&mut self.io, self.session.read_buf(), ReadSize::Media) => {
                    if read? == 0 {
                        return Err(ClientError::Closed);
                    }
                    self.session.handle_read(Instant::now().into_std());
                }
                () = timer => self.session.handle_timeout(Instant::now().into_std()),
            }
        }
    }

    /// Moves the bytes of what was just sent into the queue; what else there is stays for `next_event`.
    fn queue_outputs(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Write(bytes) => self.out.push(bytes),
                other => self.pending.push_back(other),
            }
        }
    }

    /// Outputs up to the next event; bytes go to the queue.
    fn take_outputs(&mut self) -> Result<Option<ClientEvent>, ClientError> {
        while let Some(output) = self.pending.pop_front().or_else(|| self.session.poll_output()) {
            match output {
                Output::Write(bytes) => self.out.push(bytes),
                Output::Event(event) => return Ok(Some(event)),
                Output::Close(Close::Failed(error)) => return Err(error.into()),
                Output::Close(Close::Finished | Close::Rejected(_)) => return Err(ClientError::Closed),
            }
        }
        Ok(None)
    }

    /// Queues `@setDataFrame onMetaData`; to be sent before any media (R-P7).
    ///
    /// # Errors
    /// [`ClientError::NotReady`].
    pub fn send_metadata(&mut self, metadata: &Metadata, timestamp: u32) -> Result<(), ClientError> {
        let value = Value::EcmaArray(metadata.properties().to_vec());
        self.session.send_metadata(&value, timestamp)?;
        self.queue_outputs();
        Ok(())
    }

    /// Queues one media message: an FLV body and its time in milliseconds.
    ///
    /// # Errors
    /// [`ClientError::NotReady`].
    pub fn send_media(&mut self, kind: MediaKind, timestamp: u32, body: &[u8]) -> Result<(), ClientError> {
        self.session.send_media(kind, timestamp, body)?;
        self.queue_outputs();
        Ok(())
    }

    /// Queues ready-made chunks, such as those shared by all readers of a stream.
    pub fn send_chunks(&mut self, chunks: Bytes) {
        self.out.push(chunks);
    }

    /// Writes what is queued. What was written is not written again when the future is dropped.
    ///
    /// # Errors
    /// [`ClientError::Io`], with `TimedOut` when the server takes nothing for the allowed time.
    pub async fn flush(&mut self) -> Result<(), ClientError> {
        self.sent += self.out.write_to(&mut self.io, self.options.write_stall).await?;
        Ok(())
    }

    /// Writes what is queued and hears the server at the same time, for as long as it takes: a server that takes
    /// nothing is the caller's to give up. Returns an event, or `None` when everything queued has been written; with
    /// nothing queued, it waits for an event. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`ClientError`]; the connection is then over.
    pub async fn advance(&mut self) -> Result<Option<ClientEvent>, ClientError> {
        loop {
            if let Some(event) = self.take_outputs()? {
                return Ok(Some(event));
            }
            let deadline = self.session.deadline().map(Instant::from_std);
            let timer = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                step = std::future::poll_fn(|cx| self.poll_step(cx)) => match step? {
                    Step::Written => return Ok(None),
                    Step::Read(0) => return Err(ClientError::Closed),
                    Step::Read(_) => self.session.handle_read(Instant::now().into_std()),
                },
                () = timer => self.session.handle_timeout(Instant::now().into_std()),
            }
        }
    }

    /// Whether something queued has not been written yet.
    pub fn has_queued(&self) -> bool {
        self.unflushed || !self.out.is_empty()
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Step>> {
        if self.has_queued()
            && let Poll::Ready(written) = self.poll_queued(cx)
        {
            return Poll::Ready(written.map(|()| Step::Written));
        }
        let read = pin!(read_some(&mut self.io, self.session.read_buf(), ReadSize::Media));
        read.poll(cx).map_ok(Step::Read)
    }

    fn poll_queued(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            self.sent += ready!(self.out.poll_write(&mut self.io, cx))? as u64;
            self.unflushed = true;
        }
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Bytes the connection has taken so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The message stream of the publication, for chunks made elsewhere.
    pub fn stream_id(&self) -> Option<u32> {
        self.session.stream_id()
    }

    /// Size of the chunks we send, for chunks made elsewhere.
    pub fn chunk_size(&self) -> u32 {
        self.session.chunk_size()
    }

    /// Ends the stream and the connection properly.
    ///
    /// # Errors
    /// [`ClientError::Io`].
    pub async fn finish(mut self) -> Result<(), ClientError> {
        self.session.finish();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Write(bytes) => self.out.push(bytes),
                Output::Event(_) => {}
                Output::Close(_) => break,
            }
        }
        self.flush().await?;
        Ok(self.io.shutdown().await?)
    }
}
