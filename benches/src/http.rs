//! An HTTP/1.1 answer that never ends: head, then a plain or chunked body (RFC 9112 §7.1); and one JSON request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Takes the head of an answer away and undoes chunked coding.
#[derive(Default)]
pub(crate) struct Body {
    head: Vec<u8>,
    state: State,
    line: Vec<u8>,
}

#[derive(Default)]
enum State {
    #[default]
    Head,
    Plain,
    Size,
    Chunk(usize),
}

impl Body {
    /// Takes bytes; pieces of the body go to `sink`.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut sink: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while let Some((first, rest)) = data.split_first() {
            match &mut self.state {
                State::Plain => return sink(data),
                State::Chunk(left) => {
                    let take = (*left).min(data.len());
                    sink(&data[..take])?;
                    data = &data[take..];
                    *left -= take;
                    if *left == 0 {
                        self.state = State::Size;
                    }
                }
                State::Head => {
                    self.head.push(*first);
                    data = rest;
                    ensure!(self.head.len() < 16_384, "head of the answer too long");
                    if self.head.ends_with(b"\r\n\r\n") {
                        self.state = body_coding(&std::mem::take(&mut self.head))?;
                    }
                }
                State::Size => {
                    data = rest;
                    self.line.push(*first);
                    if *first == b'\n' {
                        self.state = chunk_size(&self.line)?;
                        self.line.clear();
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the head has arrived and said 200.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.state, State::Head)
    }
}

fn body_coding(head: &[u8]) -> Result<State> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "HTTP status {status}");
    Ok(if head.contains("transfer-encoding: chunked") {
        State::Size
    } else {
        State::Plain
    })
}

/// The line is empty after each chunk's data.
fn chunk_size(line: &[u8]) -> Result<State> {
    let text = std::str::from_utf8(line)?.trim();
    if text.is_empty() {
        return Ok(State::Size);
    }
    let size = usize::from_str_radix(text.split(';').next().unwrap_or_default(), 16).context("chunk size")?;
    ensure!(size > 0, "the stream has ended");
    Ok(State::Chunk(size))
}

/// Sends one JSON request on a connection of its own and returns the JSON answer.
pub(crate) fn json(
    server: SocketAddr,
    method: &str,
    path: &str,
    bearer: &str,
    body: &Value,
) -> Result<Value> {
    let more = format!("Authorization: Bearer {bearer}\r\nContent-Type: application/json\r\n");
    let content = request(server, method, path, &more, &body.to_string())?;
    if content.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&content).with_context(|| format!("{method} {path}: not JSON"))
}

/// Sends an offer as a WHEP client does and returns the answer.
pub(crate) fn offer(server: SocketAddr, path: &str, sdp: &str) -> Result<String> {
    let content = request(server, "POST", path, "Content-Type: application/sdp\r\n", sdp)?;
    String::from_utf8(content).context("the answer is no text")
}

/// One request on a connection of its own; the content of the answer if the status is one of success.
fn request(server: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Result<Vec<u8>> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n\
         {body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let head_ends = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .context("no answer")?
        + 4;
    if body_coding(&answer[..head_ends]).is_err() {
        bail!("{method} {path}: {}", String::from_utf8_lossy(&answer));
    }
    Ok(answer.split_off(head_ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_chunks_however_cut() {
        let wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n";
        for cut in [1, 3, wire.len()] {
            let (mut body, mut seen) = (Body::default(), Vec::new());
            for piece in wire.chunks(cut) {
                body.feed(piece, |bytes| {
                    seen.extend_from_slice(bytes);
                    Ok(())
                })
                .expect("valid");
            }
            assert_eq!(seen, b"hello, world");
        }
        assert!(
            Body::default()
                .feed(b"HTTP/1.1 404 No\r\n\r\n", |_| Ok(()))
                .is_err()
        );
    }
}
